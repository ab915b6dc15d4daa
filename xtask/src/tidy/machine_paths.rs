//! What is public names no machine: no path of somebody's disk, no host of a package registry.

use super::tree::{Finding, Tree};

/// In pieces, so that a search for them does not find this file.
const PATHS: &[&str] =
    &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/t", "mp/")];
const HOSTS: &[&str] = &[
    concat!("static.", "crates.io"),
    concat!("index.", "crates.io"),
    concat!("pypi.org/", "simple"),
    concat!("files.", "pythonhosted"),
    concat!("registry.", "npmjs"),
    concat!("deb.", "debian.org"),
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let public = tree
        .files()
        .filter(|file| !file.path.ends_with(".lock") && !file.path.ends_with("package-lock.json"));
    for file in public {
        for (index, line) in file.text.lines().enumerate() {
            for path in PATHS.iter().filter(|path| has_root_path(line, path)) {
                findings.push(file.finding(index + 1, format!("names a path of a machine ({path})")));
            }
            for host in HOSTS.iter().filter(|host| line.contains(**host)) {
                findings.push(file.finding(index + 1, format!("names a package registry ({host})")));
            }
        }
    }
    findings
}

/// Whether the path stands at the root: in `$HOME/x/` or a URL it is a part of something longer.
fn has_root_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        !line[..at].ends_with(|c: char| {
            c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '~' | '/' | '}' | ')' | '>')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{super::tree::prove, *};

    #[test]
    fn no_machine_is_named() {
        let url = format!("see https://example.com{}x and \"${{top}}{}\"\n", PATHS[2], PATHS[3]);
        let bad = format!("cd {}x\nfrom {}\n", PATHS[0], HOSTS[0]);
        prove(check, &[("README.md", &url), ("Cargo.lock", &bad)], &[("README.md", &bad)], 2);
    }
}
