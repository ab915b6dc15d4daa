//! Only the store speaks to a database. SQL that turns up anywhere else skips the workspace in the query, the two
//! drivers' one test suite, and the migrations.

use super::{
    source::has_word,
    tree::{Finding, Tree},
};

/// The store is where SQL lives; the benchmarks compare it with others.
const EXEMPT: &[&str] = &["store", "bench"];
const DRIVERS: &[&str] = &["rusqlite", "tokio_postgres", "deadpool_postgres", "postgres_types"];
const STATEMENTS: &[&str] = &["SELECT", "INSERT", "UPDATE", "DELETE", "CREATE"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let outside =
        tree.sources().filter(|(file, _)| file.crate_name().is_some_and(|name| !EXEMPT.contains(&name)));
    for (file, source) in outside {
        for (number, line) in source.numbered() {
            for driver in DRIVERS.iter().filter(|driver| has_word(line, driver)) {
                findings.push(file.finding(number, format!("names {driver}; only crates/store may")));
            }
        }
        let statements = source.literals.iter().filter(|(_, text)| is_statement(text));
        findings.extend(statements.map(|(number, _)| {
            file.finding(*number, "holds a SQL statement; put it into crates/store behind a function")
        }));
    }
    findings
}

/// Whether the literal opens like a statement. `DELETE /v1/…` is HTTP.
fn is_statement(text: &str) -> bool {
    let text = text.trim_start();
    STATEMENTS.iter().filter_map(|word| text.strip_prefix(word)).any(|rest| {
        rest.starts_with(char::is_whitespace)
            && !rest.trim_start().is_empty()
            && !rest.trim_start().starts_with('/')
    })
}

#[cfg(test)]
mod tests {
    use super::{super::tree::prove, check};

    #[test]
    fn keeps_sql_in_the_store() {
        prove(
            check,
            &[
                ("crates/store/src/jobs.rs", "use rusqlite::Row;\nconst S: &str = \"SELECT 1\";\n"),
                (
                    "crates/api/src/lib.rs",
                    "// rusqlite is not here\nconst S: &str = \"DELETE /v1/x\";\nconst T: &str = \"UPDATE\";\n",
                ),
            ],
            &[(
                "crates/hub/src/sync.rs",
                "use rusqlite::Row;\nconst S: &str = \"\n  SELECT doc FROM records\";\n",
            )],
            2,
        );
    }
}
