//! Tests do not sleep: they move the clock, or wait for the very thing that they expect.

use super::{
    source::{Source, has_word},
    tree::{File, Finding, Tree},
};

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.sources().flat_map(|(file, source)| naps(file, source)).collect()
}

fn naps(file: &File, source: &Source) -> Vec<Finding> {
    let lines: Box<dyn Iterator<Item = (usize, &str)>> =
        if file.is_test() { Box::new(source.numbered()) } else { Box::new(source.test_modules()) };
    lines
        .filter(|(_, line)| line.contains("sleep(") && has_word(line, "sleep"))
        .map(|(number, _)| file.finding(number, "a test sleeps; move the clock or wait for the event"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{super::tree::prove, check};

    #[test]
    fn tests_do_not_sleep() {
        prove(
            check,
            &[
                ("crates/hub/src/a.rs", "async fn wait() { tokio::time::sleep(d).await }\n"),
                ("crates/hub/src/tests.rs", "clock.advance_seconds(1); // no sleep(1)\n"),
            ],
            &[
                (
                    "crates/hub/src/a.rs",
                    "#[cfg(test)]\nmod tests {\n    fn t() { std::thread::sleep(d) }\n}\n",
                ),
                ("crates/hub/tests/it/main.rs", "tokio::time::sleep(d).await;\n"),
            ],
            2,
        );
    }
}
