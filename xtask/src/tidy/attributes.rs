//! Two attributes switch something off and are forgotten: a permitted lint (use `#[expect(…, reason = "…")]`, which
//! complains when it is no longer needed) and an ignored test (mend it or remove it).

use super::tree::{Finding, Tree};

const PERMIT: &str = concat!("[all", "ow(");
const IGNORE: &str = concat!("#[ign", "ore");

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, source) in tree.sources() {
        for (number, line) in source.numbered() {
            if line.contains(&format!("#{PERMIT}")) || line.contains(&format!("#!{PERMIT}")) {
                findings.push(file.finding(number, "permits a lint; use #[expect(…, reason = \"…\")]"));
            }
            if line.contains(IGNORE) {
                findings.push(file.finding(number, "ignores a test; mend it or remove it"));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::{super::tree::prove, *};

    #[test]
    fn nothing_is_switched_off() {
        let bad =
            format!("#!{PERMIT}dead_code)]\n#{PERMIT}dead_code)]\nfn a() {{}}\n{IGNORE}]\nfn b() {{}}\n");
        prove(
            check,
            &[(
                "crates/hub/src/a.rs",
                "#[expect(dead_code, reason = \"used by the next step\")]\nfn a() {}\n",
            )],
            &[("crates/hub/tests/it/main.rs", &bad)],
            3,
        );
    }
}
