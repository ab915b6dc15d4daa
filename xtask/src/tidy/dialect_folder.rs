//! Every vendor's folder holds the same eight things, so that whoever knows one vendor finds their way in the next.

use std::collections::BTreeSet;

use super::tree::{Finding, Tree};

/// The seven that are a file or, once they outgrow it, a folder of the same name; the eighth is `fixtures/`.
const ROOMS: &[&str] = &["mod", "wire", "auth", "client", "server", "map", "tests"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.vendors().into_iter().flat_map(|vendor| folder(tree, vendor)).collect()
}

fn folder(tree: &Tree, vendor: &str) -> Vec<Finding> {
    let entries: BTreeSet<&str> =
        tree.vendor_files(vendor).map(|(path, _)| path.split_inclusive('/').next().unwrap_or(path)).collect();
    let finding = |message| Finding { path: format!("crates/dialects/src/{vendor}"), line: 0, message };
    let mut findings = Vec::new();
    for room in ROOMS {
        let names = [format!("{room}.rs"), format!("{room}/")];
        if !names.iter().any(|name| entries.contains(name.as_str())) {
            findings.push(finding(format!(
                "{room}.rs is missing; a vendor's folder has the same eight parts everywhere"
            )));
        }
    }
    if !entries.contains("fixtures/") {
        findings.push(finding("fixtures/ is missing; it holds a sample for each operation".to_owned()));
    }
    for entry in entries {
        let room = entry.strip_suffix(".rs").or_else(|| entry.strip_suffix('/')).unwrap_or_default();
        let known =
            entry == "fixtures/" || entry != "mod/" && entry != "fixtures.rs" && ROOMS.contains(&room);
        if !known {
            findings.push(finding(format!(
                "'{entry}' is none of the eight parts of a vendor's folder; find it a place in one"
            )));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::{super::tree::prove, check};

    #[test]
    fn wants_the_eight_and_no_ninth() {
        prove(
            check,
            &[
                ("crates/dialects/src/lib.rs", ""),
                ("crates/dialects/src/acme/mod.rs", ""),
                ("crates/dialects/src/acme/wire/mod.rs", ""),
                ("crates/dialects/src/acme/wire/people.rs", ""),
                ("crates/dialects/src/acme/auth.rs", ""),
                ("crates/dialects/src/acme/client.rs", ""),
                ("crates/dialects/src/acme/server.rs", ""),
                ("crates/dialects/src/acme/map.rs", ""),
                ("crates/dialects/src/acme/tests.rs", ""),
                ("crates/dialects/src/acme/fixtures/employee.json", "{}"),
            ],
            &[
                ("crates/dialects/src/acme/mod.rs", ""),
                ("crates/dialects/src/acme/wire.rs", ""),
                ("crates/dialects/src/acme/auth.rs", ""),
                ("crates/dialects/src/acme/client.rs", ""),
                ("crates/dialects/src/acme/map.rs", ""),
                ("crates/dialects/src/acme/tests.rs", ""),
                ("crates/dialects/src/acme/helpers.rs", ""),
            ],
            3,
        );
    }
}
