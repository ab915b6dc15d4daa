//! Which crate may use which: the arrows of the design, read from every `crates/*/Cargo.toml`. The hub that cannot
//! name a vendor and the model that cannot name a database stay that way because this fails.

use super::tree::{File, Finding, Tree};

/// A crate and what of ours it may use.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("dialect", &["model"]),
    ("dialects", &["model", "dialect", "oauth"]),
    ("oauth", &["model"]),
    ("store", &["model"]),
    ("sandbox", &["model"]),
    ("hub", &["model", "dialect", "store", "oauth"]),
    ("api", &["model", "dialect", "hub"]),
    ("console", &["model", "hub"]),
    ("testkit", &["model", "dialect", "dialects", "store", "oauth", "sandbox", "hub"]),
    ("cli", &["model", "dialect", "dialects", "store", "oauth", "sandbox", "hub", "api", "console"]),
    (
        "bench",
        &[
            "model", "dialect", "dialects", "store", "oauth", "sandbox", "hub", "api", "console", "testkit",
            "cli",
        ],
    ),
];

/// Those whose tests may use the testkit beside their ordinary arrows. The others lie below it.
const TESTKIT_IN_TESTS: &[&str] = &["dialects", "hub", "api", "console", "cli"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.files()
        .filter_map(|file| Some((file, manifest_of(file)?)))
        .flat_map(|(file, name)| arrows(file, name))
        .collect()
}

/// For `crates/<name>/Cargo.toml`: the name.
fn manifest_of(file: &File) -> Option<&str> {
    file.path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml").filter(|name| !name.contains('/'))
}

fn arrows(file: &File, name: &str) -> Vec<Finding> {
    let Some((_, allowed)) = ARROWS.iter().find(|(known, _)| *known == name) else {
        return vec![
            file.finding(0, format!("the crate '{name}' has no arrows; give it a line in crate_arrows.rs")),
        ];
    };
    let manifest = match file.text.parse::<toml::Table>() {
        Ok(manifest) => manifest,
        Err(error) => return vec![file.finding(0, format!("is not TOML: {}", error.message()))],
    };
    let mut findings = Vec::new();
    for (used, for_tests) in uses(&manifest) {
        // A crate's own tests may ask for its features.
        let permitted = allowed.contains(&used.as_str())
            || for_tests && used == name
            || for_tests && used == "testkit" && TESTKIT_IN_TESTS.contains(&name);
        if !permitted {
            let kind = if for_tests { " in its tests" } else { "" };
            let may = if allowed.is_empty() { "nothing of ours".to_owned() } else { allowed.join(", ") };
            findings.push(file.finding(0, format!("'{name}' may not use '{used}'{kind}; it may use {may}")));
        }
    }
    findings
}

/// Our crates among the dependencies, and whether only tests use them. Tables for a target count like the others.
fn uses(manifest: &toml::Table) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    for (key, value) in manifest {
        let Some(table) = value.as_table() else { continue };
        match key.as_str() {
            "dependencies" | "build-dependencies" | "dev-dependencies" => {
                let names = table.iter().map(|(name, given)| {
                    given.get("package").and_then(toml::Value::as_str).unwrap_or(name).to_owned()
                });
                let ours = names.filter_map(|name| Some(name.strip_prefix("tongshi-")?.to_owned()));
                found.extend(ours.map(|name| (name, key == "dev-dependencies")));
            }
            "target" => found.extend(table.values().filter_map(toml::Value::as_table).flat_map(uses)),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{super::tree::prove, check};

    #[test]
    fn follows_the_arrows() {
        prove(
            check,
            &[
                (
                    "crates/hub/Cargo.toml",
                    "[dependencies]\ntongshi-store.workspace = true\nserde.workspace = true\n\n[dev-dependencies]\ntongshi-testkit.workspace = true\n",
                ),
                ("crates/model/Cargo.toml", "[dependencies]\nserde.workspace = true\n"),
            ],
            &[
                (
                    "crates/hub/Cargo.toml",
                    "[dependencies]\ntongshi-dialects.workspace = true\ntongshi-testkit.workspace = true\n",
                ),
                ("crates/model/Cargo.toml", "[dev-dependencies]\ntongshi-testkit.workspace = true\n"),
                (
                    "crates/store/Cargo.toml",
                    "[target.'cfg(unix)'.dependencies]\nkit = { package = \"tongshi-dialect\", path = \"../dialect\" }\n",
                ),
                ("crates/stray/Cargo.toml", "[dependencies]\n"),
            ],
            5,
        );
    }
}
