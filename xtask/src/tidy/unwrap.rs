//! Outside tests nothing is unwrapped: a panic takes down a request that an error would have answered.

use super::tree::{Finding, Tree};

const CALL: &str = ".unwrap()";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let ours = tree.sources().filter(|(file, _)| file.crate_name().is_some() && !file.is_test());
    ours.flat_map(|(file, source)| {
        let calls = source.production().filter(|(_, line)| line.contains(CALL));
        calls
            .map(|(number, _)| {
                file.finding(number, "unwraps; answer with an error, or prove it with a pattern")
            })
            .collect::<Vec<_>>()
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::{super::tree::prove, check};

    #[test]
    fn nothing_is_unwrapped_outside_tests() {
        prove(
            check,
            &[
                (
                    "crates/hub/src/a.rs",
                    "// .unwrap() is bad\nlet a = \".unwrap()\";\n#[cfg(test)]\nmod tests {\n    fn t() { a.unwrap(); }\n}\n",
                ),
                ("crates/hub/src/tests.rs", "a.unwrap();\n"),
            ],
            &[("crates/hub/src/a.rs", "fn a() { b.unwrap(); }\n")],
            1,
        );
    }
}
