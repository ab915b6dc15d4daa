//! The exceptions, in `xtask/tidy.allow`: `path rule`, one a line. The list may only shrink, so an entry that
//! permits nothing any more is itself a finding.

use super::tree::{Finding, Tree};

const LIST: &str = "xtask/tidy.allow";

/// One permitted exception.
struct Entry<'a> {
    line: usize,
    path: &'a str,
    rule: &'a str,
    used: bool,
}

/// The findings that the list does not permit, and the list's own faults, ready to print.
pub(super) fn apply(tree: &Tree, found: Vec<(&'static str, Finding)>) -> Vec<String> {
    let text = tree.get(LIST).map_or("", |file| &file.text);
    let mut entries = Vec::new();
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let entry = line.split('#').next().unwrap_or_default();
        match entry.split_whitespace().collect::<Vec<_>>()[..] {
            [] => {}
            [path, rule] => entries.push(Entry { line: index + 1, path, rule, used: false }),
            _ => {
                lines
                    .push(format!("[allow-list] {LIST}:{}: write 'path rule', a comment after #", index + 1));
            }
        }
    }
    for (rule, finding) in found {
        match entries.iter_mut().find(|entry| entry.path == finding.path && entry.rule == rule) {
            Some(entry) => entry.used = true,
            None => lines.push(format!("[{rule}] {finding}")),
        }
    }
    lines.extend(entries.iter().filter(|entry| !entry.used).map(|entry| {
        format!(
            "[allow-list] {LIST}:{}: '{} {}' permits nothing any more; remove it",
            entry.line, entry.path, entry.rule
        )
    }));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(path: &str) -> Finding {
        Finding { path: path.to_owned(), line: 0, message: "too long".to_owned() }
    }

    #[test]
    fn permits_what_it_names_and_nothing_else() {
        let tree = Tree::of(&[(LIST, "# why\na.rs file-length # until split\n")]);
        let found = vec![
            ("file-length", finding("a.rs")),
            ("file-length", finding("b.rs")),
            ("sql", finding("a.rs")),
        ];
        assert_eq!(apply(&tree, found), ["[file-length] b.rs: too long", "[sql] a.rs: too long"]);
    }

    #[test]
    fn may_only_shrink() {
        let tree = Tree::of(&[(LIST, "a.rs file-length\nnonsense\n")]);
        let lines = apply(&tree, vec![]);
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[1].contains("remove it"));
    }
}
