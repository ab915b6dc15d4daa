//! A function fits on a screen: at most 70 lines from its name to its closing brace.

use super::{
    source::block_end,
    tree::{Finding, Tree},
};

const LINES_MAX: usize = 70;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, source) in tree.sources().filter(|(file, _)| !file.is_test()) {
        for (number, line) in source.production().filter(|(_, line)| opens_function(line)) {
            let lines = block_end(&source.code, number - 1) + 2 - number;
            if lines > LINES_MAX {
                let name = line.trim().trim_end_matches('{').trim();
                findings
                    .push(file.finding(number, format!("`{name}` has {lines} lines, {LINES_MAX} at most")));
            }
        }
    }
    findings
}

/// Whether a function begins on this line, whatever words stand before `fn`.
fn opens_function(line: &str) -> bool {
    let mut words = line.split_whitespace();
    words.find(|word| {
        !matches!(*word, "pub" | "async" | "const" | "unsafe" | "extern") && !word.starts_with("pub(")
    }) == Some("fn")
}

#[cfg(test)]
mod tests {
    use super::{super::tree::prove, check};

    #[test]
    fn a_function_fits_on_a_screen() {
        let body = |lines: usize| {
            format!("pub(crate) async fn f(x: [u8; 2]) -> u8\n{{\n{}}}\n", "    a(\"}\");\n".repeat(lines))
        };
        let declaration = format!("trait T {{\n    fn f();\n{}}}\n", "    // a word\n".repeat(80));
        let module = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", body(90));
        prove(
            check,
            &[
                ("crates/hub/src/a.rs", &body(67)),
                ("crates/hub/src/b.rs", &declaration),
                ("crates/hub/src/c.rs", &module),
            ],
            &[("crates/hub/src/a.rs", &body(68)), ("xtask/src/b.rs", &format!("mod a {{\n{}}}\n", body(68)))],
            2,
        );
    }
}
