//! What a newcomer reads first is there: how to run it, how to test it, and what changed.

use super::tree::{Finding, Tree};

/// A document and what it must say.
const MUST_SAY: &[(&str, &str)] = &[
    ("README.md", "cargo run --release -- demo"),
    ("README.md", "cargo test --workspace"),
    ("CHANGELOG.md", "## [Unreleased]"),
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    MUST_SAY
        .iter()
        .filter(|(path, text)| tree.get(path).is_none_or(|file| !file.text.contains(text)))
        .map(|(path, text)| Finding {
            path: (*path).to_owned(),
            line: 0,
            message: format!("does not say: {text}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{super::tree::prove, check};

    #[test]
    fn the_first_pages_are_there() {
        prove(
            check,
            &[
                ("README.md", "    cargo run --release -- demo\n    cargo test --workspace\n"),
                ("CHANGELOG.md", "## [Unreleased]\n"),
            ],
            &[("README.md", "    cargo test --workspace\n")],
            2,
        );
    }
}
