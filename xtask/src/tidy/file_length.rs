//! A file is one room: at most 500 lines. Tests may be longer, since they are read one case at a time.

use super::tree::{Finding, Tree};

const LINES_MAX: usize = 500;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.sources()
        .filter(|(file, _)| !file.is_test())
        .map(|(file, _)| (file, file.text.lines().count()))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .map(|(file, lines)| {
            file.finding(0, format!("has {lines} lines, {LINES_MAX} at most; make it two files"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{super::tree::prove, check};

    #[test]
    fn a_file_is_one_room() {
        let long = "\n".repeat(501);
        prove(
            check,
            &[("crates/hub/src/a.rs", &long[1..]), ("crates/hub/src/tests.rs", &long), ("docs/x.md", &long)],
            &[("crates/hub/src/a.rs", &long)],
            1,
        );
    }
}
