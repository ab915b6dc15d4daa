//! No operation escapes the conformance suite: each that `wire` implements is named in the folder's `conformance!`.

use super::{
    source::{block_end, has_word},
    tree::{Finding, Tree},
};

const CALL: &str = "conformance!";
const IMPLEMENTATION: &str = "Operation for ";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.vendors().into_iter().flat_map(|vendor| missing(tree, vendor)).collect()
}

fn missing(tree: &Tree, vendor: &str) -> Vec<Finding> {
    let folder = format!("crates/dialects/src/{vendor}");
    let finding = |line, message: String| Finding { path: folder.clone(), line, message };
    let Some(named) = named(tree, vendor) else {
        return vec![finding(0, format!("its tests have no {CALL}(…)"))];
    };
    let mut findings = Vec::new();
    let mut operations = 0;
    let wire = tree.vendor_files(vendor).filter(|(path, _)| *path == "wire.rs" || path.starts_with("wire/"));
    for (file, source) in wire.filter_map(|(_, file)| Some((file, file.source.as_ref()?))) {
        for (number, operation) in source.production().filter_map(|(n, line)| Some((n, implemented(line)?))) {
            operations += 1;
            if !has_word(&named, operation) {
                findings.push(
                    file.finding(number, format!("the operation {operation} is not named in {CALL}(…)")),
                );
            }
        }
    }
    if operations == 0 {
        findings.push(finding(0, "its wire has no `impl Operation for …`; what does it speak?".to_owned()));
    }
    findings
}

/// The text of the macro's calls in the vendor's tests; none when there is none.
fn named(tree: &Tree, vendor: &str) -> Option<String> {
    let mut named = None;
    let tests =
        tree.vendor_files(vendor).filter(|(path, _)| *path == "tests.rs" || path.starts_with("tests/"));
    for source in tests.filter_map(|(_, file)| file.source.as_ref()) {
        for (number, _) in source.numbered().filter(|(_, line)| line.contains(CALL)) {
            let end = block_end(&source.code, number - 1);
            named.get_or_insert_with(String::new).push_str(&source.code[number - 1..=end].join("\n"));
        }
    }
    named
}

/// In `impl Operation for X {`: X.
fn implemented(line: &str) -> Option<&str> {
    let (before, after) = line.split_once(IMPLEMENTATION)?;
    let name = after.split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
    (before.trim_start().starts_with("impl") && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::{super::tree::prove, check};

    const WIRE: (&str, &str) = (
        "crates/dialects/src/acme/wire/people.rs",
        "impl Operation for GetEmployee {\n}\nimpl tongshi_dialect::Operation for ListEmployees {\n}\n",
    );

    #[test]
    fn every_operation_is_held_to_the_suite() {
        prove(
            check,
            &[
                WIRE,
                (
                    "crates/dialects/src/acme/tests.rs",
                    "conformance!(Acme {\n    GetEmployee,\n    ListEmployees,\n});\n",
                ),
            ],
            &[
                WIRE,
                (
                    "crates/dialects/src/acme/tests.rs",
                    "conformance!(Acme, [GetEmployee]);\n// ListEmployees\n",
                ),
                ("crates/dialects/src/bolt/tests.rs", "// conformance!(…)\n"),
                ("crates/dialects/src/core/tests.rs", "conformance!(Core);\n"),
            ],
            3,
        );
    }
}
