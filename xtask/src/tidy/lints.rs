//! Every crate takes the workspace's lints; one that does not would be free of all of them, silently.

use super::tree::{Finding, Tree};

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let manifests = tree.files().filter(|file| {
        file.path == "xtask/Cargo.toml"
            || file.path.starts_with("crates/") && file.path.ends_with("/Cargo.toml")
    });
    manifests
        .filter(|file| {
            let manifest = file.text.parse::<toml::Table>().unwrap_or_default();
            let inherited = manifest.get("lints").and_then(|lints| lints.get("workspace"));
            inherited.and_then(toml::Value::as_bool) != Some(true)
        })
        .map(|file| {
            file.finding(0, "does not take the workspace's lints; add `[lints]` with `workspace = true`")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{super::tree::prove, check};

    #[test]
    fn wants_the_lints_of_the_workspace() {
        prove(
            check,
            &[("crates/hub/Cargo.toml", "[lints]\nworkspace = true\n"), ("Cargo.toml", "[workspace]\n")],
            &[("crates/hub/Cargo.toml", "[package]\n"), ("xtask/Cargo.toml", "[lints]\nworkspace = false\n")],
            2,
        );
    }
}
