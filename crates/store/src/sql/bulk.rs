//! Many rows into one table: declared once, written out as each database is fastest.
//!
//! SQLite runs a prepared statement per row inside the transaction; PostgreSQL takes one statement with an array per
//! column.

use std::{collections::HashSet, sync::OnceLock};

use super::Value;

/// What a column holds, as far as PostgreSQL must be told.
#[derive(Clone, Copy)]
pub(crate) enum Column {
    Int,
    Text,
    Json,
    Bytes,
}

/// An insert of many rows.
pub(crate) struct Bulk {
    table: &'static str,
    columns: &'static [(&'static str, Column)],
    tail: &'static str,
    /// The places of the columns that the tail's `DO UPDATE` conflicts on: PostgreSQL refuses to update a row twice
    /// in one statement, so of twins only the last is sent, which is what a row at a time would leave behind.
    key: &'static [usize],
    sqlite: OnceLock<String>,
    postgres: OnceLock<String>,
}

impl Bulk {
    pub(crate) const fn new(
        table: &'static str,
        columns: &'static [(&'static str, Column)],
        tail: &'static str,
        key: &'static [usize],
    ) -> Self {
        Self { table, columns, tail, key, sqlite: OnceLock::new(), postgres: OnceLock::new() }
    }

    pub(crate) fn width(&self) -> usize {
        self.columns.len()
    }

    /// One row a statement.
    pub(crate) fn sqlite(&self) -> &str {
        self.sqlite.get_or_init(|| {
            let places: Vec<_> = (1..=self.columns.len()).map(|number| format!("?{number}")).collect();
            format!(
                "INSERT INTO {} ({}) VALUES ({}) {}",
                self.table,
                self.names(),
                places.join(", "),
                self.tail
            )
        })
    }

    /// All rows in one statement.
    pub(crate) fn postgres(&self) -> &str {
        self.postgres.get_or_init(|| {
            let arrays: Vec<_> = self
                .columns
                .iter()
                .enumerate()
                .map(|(place, (_, column))| format!("${}::{}[]", place + 1, column.postgres()))
                .collect();
            format!(
                "INSERT INTO {} ({}) SELECT * FROM UNNEST({}) {}",
                self.table,
                self.names(),
                arrays.join(", "),
                self.tail
            )
        })
    }

    /// Drops all but the last of the rows that share a key.
    pub(crate) fn without_twins(&self, rows: &mut Vec<Vec<Value>>) {
        if self.key.is_empty() {
            return;
        }
        let mut seen = HashSet::with_capacity(rows.len());
        let mut keep = vec![false; rows.len()];
        for (row, keep) in rows.iter().zip(&mut keep).rev() {
            *keep = seen.insert(self.key.iter().map(|place| &row[*place]).collect::<Vec<_>>());
        }
        drop(seen);
        if keep.contains(&false) {
            let mut keep = keep.into_iter();
            rows.retain(|_| keep.next().unwrap_or(true));
        }
    }

    fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }
}

/// An insert into a table that is known only when the program runs.
pub(crate) struct Insert {
    pub(super) sql: String,
    pub(super) width: usize,
}

impl Insert {
    /// Into these columns; each has its name and, on PostgreSQL, its type. Both are the database's own words.
    pub(crate) fn new(table: &str, columns: &[(String, String)], postgres: bool) -> Self {
        let names: Vec<_> = columns.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let places: Vec<_> = columns
            .iter()
            .enumerate()
            .map(|(place, (_, form))| match postgres {
                true => format!("${}::{form}[]", place + 1),
                false => format!("?{}", place + 1),
            })
            .collect();
        let (names, places) = (names.join(", "), places.join(", "));
        let sql = if postgres {
            format!("INSERT INTO \"{table}\" ({names}) SELECT * FROM UNNEST({places})")
        } else {
            format!("INSERT INTO \"{table}\" ({names}) VALUES ({places})")
        };
        Self { sql, width: columns.len() }
    }
}

impl Column {
    const fn postgres(self) -> &'static str {
        match self {
            Column::Int => "bigint",
            Column::Text => "text",
            Column::Json => "json",
            Column::Bytes => "bytea",
        }
    }
}
