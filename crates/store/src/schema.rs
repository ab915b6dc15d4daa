//! What tables there are, as the database itself tells: a backup covers each, also those of a later migration.

use std::collections::BTreeMap;

use tongshi_model::{Error, Result};

use crate::sql::{Session, params};

/// The table that says which migrations ran. It is made by migrating, never copied.
pub(crate) const MIGRATIONS: &str = "migrations";

/// A table.
pub(crate) struct Table {
    /// Its name.
    pub(crate) name: String,
    /// Each column's name and type in the database's words, in their order.
    pub(crate) columns: Vec<(String, String)>,
    /// The places of the columns of the primary key, in the key's order.
    pub(crate) key: Vec<usize>,
}

impl Table {
    /// Whether it has all these columns.
    pub(crate) fn has(&self, names: &[&str]) -> bool {
        names.iter().all(|wanted| self.columns.iter().any(|(name, _)| name == wanted))
    }
}

const SQLITE_COLUMNS: &str = "SELECT m.name, p.name, p.type, p.pk - 1
     FROM sqlite_schema m JOIN pragma_table_info(m.name) p
     WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite~_%' ESCAPE '~'
     ORDER BY m.name, p.cid";
const SQLITE_REFERENCES: &str = "SELECT m.name, f.\"table\"
     FROM sqlite_schema m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'";
const POSTGRES_COLUMNS: &str = "SELECT CAST(c.relname AS TEXT), CAST(a.attname AS TEXT),
         CAST(format_type(a.atttypid, NULL) AS TEXT),
         CAST(COALESCE(array_position(CAST(i.indkey AS SMALLINT[]), a.attnum), -1) AS BIGINT)
     FROM pg_class c
     JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema()
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
     LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
     WHERE c.relkind = 'r' ORDER BY c.relname, a.attnum";
const POSTGRES_REFERENCES: &str = "SELECT CAST(t.relname AS TEXT), CAST(r.relname AS TEXT)
     FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid JOIN pg_class r ON r.oid = k.confrelid
     JOIN pg_namespace n ON n.oid = k.connamespace AND n.nspname = current_schema()
     WHERE k.contype = 'f'";

/// Every table but the one of the migrations; what others refer to comes first.
pub(crate) async fn tables(s: &mut Session) -> Result<Vec<Table>> {
    let (columns, references) = match s.is_postgres() {
        true => (POSTGRES_COLUMNS, POSTGRES_REFERENCES),
        false => (SQLITE_COLUMNS, SQLITE_REFERENCES),
    };
    let mut found: BTreeMap<String, (Table, Vec<(i64, usize)>)> = BTreeMap::new();
    for mut row in s.rows(columns, params![]).await? {
        let (name, column, form, place) = (row.text()?, row.text()?, row.text()?, row.int()?);
        let empty = || (Table { name: name.clone(), columns: Vec::new(), key: Vec::new() }, Vec::new());
        let (table, key) = found.entry(name.clone()).or_insert_with(empty);
        if place >= 0 {
            key.push((place, table.columns.len()));
        }
        table.columns.push((column, form));
    }
    found.remove(MIGRATIONS);
    let mut waiting = Vec::with_capacity(found.len());
    for (_, (mut table, mut key)) in found {
        if key.is_empty() {
            return Err(Error::internal(format!("the table {} has no primary key", table.name)));
        }
        key.sort_unstable();
        table.key = key.into_iter().map(|(_, column)| column).collect();
        waiting.push(table);
    }
    let mut refers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for mut row in s.rows(references, params![]).await? {
        let (from, to) = (row.text()?, row.text()?);
        if from != to {
            refers.entry(from).or_default().push(to);
        }
    }
    in_order(waiting, &refers)
}

/// What others refer to comes first, else by name.
fn in_order(mut waiting: Vec<Table>, refers: &BTreeMap<String, Vec<String>>) -> Result<Vec<Table>> {
    let mut ordered: Vec<Table> = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let stands = |name: &String| ordered.iter().any(|table| table.name == *name);
        let free = |table: &Table| refers.get(&table.name).is_none_or(|others| others.iter().all(stands));
        let next = waiting.iter().position(free);
        let next = next.ok_or_else(|| Error::internal("tables refer to each other in a circle"))?;
        ordered.push(waiting.remove(next));
    }
    Ok(ordered)
}
