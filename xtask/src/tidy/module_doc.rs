//! The first line of a file says what the file is: a reader opens many and stays in few.

use super::tree::{Finding, Tree};

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.crate_sources()
        .filter(|(file, _)| {
            let first = file.text.lines().next().unwrap_or_default();
            first.strip_prefix("//!").is_none_or(|doc| doc.trim().is_empty())
        })
        .map(|(file, _)| file.finding(1, "the first line is not a module doc: `//! What this is and why.`"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{super::tree::prove, check};

    #[test]
    fn the_first_line_speaks() {
        prove(
            check,
            &[("crates/hub/src/a.rs", "//! Runs.\n"), ("crates/hub/tests/it/main.rs", "mod a;\n")],
            &[
                ("crates/hub/src/a.rs", "use x;\n//! Runs.\n"),
                ("xtask/src/b.rs", "//!\n"),
                ("crates/hub/src/c.rs", ""),
            ],
            3,
        );
    }
}
