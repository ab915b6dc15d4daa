//! Every fixture says where it comes from and how far it may be trusted: both sides of a dialect share code, so the
//! samples are what pins it to the world.

use serde_json::Value;

use super::tree::{File, Finding, Tree};

/// The labels of `tongshi_dialect::Contract`.
const CONTRACTS: &[&str] = &["documented", "uncertain", "sample"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for vendor in tree.vendors() {
        let fixtures = tree
            .vendor_files(vendor)
            .filter(|(path, _)| path.starts_with("fixtures/") && path.ends_with(".json"))
            .map(|(_, file)| file);
        findings.extend(fixtures.filter_map(fault).map(|(file, message)| file.finding(0, message)));
    }
    findings
}

fn fault(file: &File) -> Option<(&File, &'static str)> {
    let Ok(value) = serde_json::from_str::<Value>(&file.text) else {
        return Some((file, "is not JSON"));
    };
    let text = |key| value.get(key).and_then(Value::as_str).unwrap_or_default();
    if text("source").trim().is_empty() {
        return Some((file, "has no \"source\" at its top: name the document and the place in it"));
    }
    if !CONTRACTS.contains(&text("contract")) {
        return Some((file, "has no \"contract\" at its top: \"documented\", \"uncertain\" or \"sample\""));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{super::tree::prove, check};

    #[test]
    fn wants_a_source_and_a_contract() {
        prove(
            check,
            &[
                (
                    "crates/dialects/src/acme/fixtures/a.json",
                    r#"{"source": "manual, section 2", "contract": "sample"}"#,
                ),
                ("crates/dialects/src/acme/fixtures/curl.txt", "anything"),
            ],
            &[
                ("crates/dialects/src/acme/fixtures/a.json", r#"{"contract": "sample"}"#),
                (
                    "crates/dialects/src/acme/fixtures/b.json",
                    r#"{"source": "manual", "contract": "perhaps"}"#,
                ),
                ("crates/dialects/src/acme/fixtures/c.json", "{"),
            ],
            3,
        );
    }
}
