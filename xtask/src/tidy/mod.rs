//! The house rules as checks (STYLE.md says why each exists). A rule is one file with one function from the tree to
//! its findings; `RULES` is the list. `cargo test --workspace` runs them over the real tree.

mod allow;
mod attributes;
mod crate_arrows;
mod dialect_conformance;
mod dialect_fixtures;
mod dialect_folder;
mod dialect_names;
mod documents;
mod file_length;
mod function_length;
mod lints;
mod machine_paths;
mod module_doc;
mod sleeping_tests;
mod source;
mod sql;
mod tree;
mod unfinished;
mod unwrap;

use std::path::Path;

use anyhow::bail;

use tree::{Finding, Tree};

/// A rule's name, as messages and the allow-list use it, and its check.
type Rule = (&'static str, fn(&Tree) -> Vec<Finding>);

const RULES: &[Rule] = &[
    ("crate-arrows", crate_arrows::check),
    ("lints", lints::check),
    ("sql", sql::check),
    ("dialect-folder", dialect_folder::check),
    ("dialect-conformance", dialect_conformance::check),
    ("dialect-fixtures", dialect_fixtures::check),
    ("dialect-names", dialect_names::check),
    ("file-length", file_length::check),
    ("function-length", function_length::check),
    ("module-doc", module_doc::check),
    ("attributes", attributes::check),
    ("unfinished", unfinished::check),
    ("unwrap", unwrap::check),
    ("sleeping-tests", sleeping_tests::check),
    ("machine-paths", machine_paths::check),
    ("documents", documents::check),
];

/// Prints every finding; fails if there is one.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let tree = Tree::read(root)?;
    let findings = findings(&tree);
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("tidy: {} finding(s). STYLE.md gives the reason for each rule.", findings.len());
    }
    println!("tidy: {} rules hold over {} files", RULES.len(), tree.len());
    Ok(())
}

/// What every rule finds in the tree, less what the allow-list still permits, one line each.
fn findings(tree: &Tree) -> Vec<String> {
    let found = RULES.iter().flat_map(|(rule, check)| {
        check(tree).into_iter().map(move |finding| (*rule, finding)).collect::<Vec<_>>()
    });
    allow::apply(tree, found.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_real_tree_is_tidy() {
        let tree = Tree::read(&crate::root()).unwrap();
        let findings = findings(&tree);
        assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
    }

    #[test]
    fn a_rule_has_a_name_of_its_own() {
        let mut names: Vec<_> = RULES.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), RULES.len());
    }
}
