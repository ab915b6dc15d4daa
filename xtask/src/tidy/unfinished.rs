//! Unfinished work does not land: no macro that panics in place of an answer, no note to oneself.

use super::{
    source::has_word,
    tree::{Finding, Tree},
};

/// In pieces, so that a search for them does not find this file.
const MACROS: &[&str] = &[concat!("to", "do!("), concat!("unimple", "mented!(")];
const NOTES: &[&str] = &[concat!("FIX", "ME"), concat!("X", "XX")];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, source) in tree.sources() {
        let code_lines = source.code.iter().zip(&source.uncommented).zip(file.text.lines());
        for (index, ((code, uncommented), line)) in code_lines.enumerate() {
            for name in MACROS.iter().filter(|name| code.contains(**name)) {
                findings.push(
                    file.finding(index + 1, format!("{name}…) is not an answer; finish it or leave it out")),
                );
            }
            // A note is a word of a comment; in a literal it may be data.
            for note in NOTES.iter().filter(|note| has_word(line, note) && !has_word(uncommented, note)) {
                findings.push(
                    file.finding(index + 1, format!("{note} belongs into an issue, not into the tree")),
                );
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::{super::tree::prove, *};

    #[test]
    fn nothing_is_left_for_later() {
        let good = format!("// prefixed{0} is one word\nlet a = \"{0}\";\n", NOTES[1]);
        let bad = format!(
            "fn a() {{ {}) }}\nfn b() {{ {}\"later\") }}\n// {}: later\n",
            MACROS[0], MACROS[1], NOTES[0]
        );
        prove(check, &[("crates/hub/src/a.rs", &good)], &[("crates/hub/src/a.rs", &bad)], 3);
    }
}
