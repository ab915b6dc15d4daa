//! Where people are: every table that can hold something about a person, in one list that export and erasure read.
//!
//! A table that is in neither list below fails a test, so that nobody can add one and forget the people in it.

mod list;

use std::collections::HashSet;

use serde_json::Value as Json;
use tongshi_model::{Id, Result};

use crate::{
    Workspace,
    sql::{Row, Session, Value},
};

/// A table that can hold something about a person.
#[derive(Debug)]
pub struct Place {
    /// Its name.
    pub table: &'static str,
    /// What is in it, for people.
    pub about: &'static str,
    /// The columns that name a row.
    pub key: &'static [&'static str],
    /// Columns with the id of a record.
    pub records: &'static [&'static str],
    /// Columns with texts or documents in which somebody may be named.
    pub texts: &'static [&'static str],
    /// The other columns, shown in an export: numbers, instants, words of our own.
    pub plain: &'static [&'static str],
    /// What an erasure does with a row that holds somebody.
    pub deed: Deed,
}

/// What an erasure does with a row that holds somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// It is a matter of its own: records, sources, the journal, punches.
    Own,
    /// The row goes.
    Remove,
    /// The row stays and what names the person is taken out of its texts.
    Scrub,
    /// The row stays as it is: it names a record and nobody's data.
    Keep,
}

pub use list::{ALL, NOBODY};

/// The place with this table.
pub fn of(table: &str) -> Option<&'static Place> {
    ALL.iter().find(|place| place.table == table)
}

/// A row that holds somebody. It prints its table's columns and no value.
#[derive(Clone)]
pub struct Held {
    place: &'static Place,
    key: Vec<Value>,
    records: Vec<Option<Id>>,
    texts: Vec<Option<String>>,
    plain: Vec<Value>,
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Held({})", self.place.table)
    }
}

impl Held {
    /// A text of the row.
    pub fn text(&self, column: &str) -> Option<&str> {
        let at = self.place.texts.iter().position(|name| *name == column)?;
        self.texts[at].as_deref()
    }

    /// Its texts, in the order of the place's list.
    pub fn texts(&self) -> &[Option<String>] {
        &self.texts
    }

    /// A record that the row names.
    pub fn record(&self, column: &str) -> Option<Id> {
        let at = self.place.records.iter().position(|name| *name == column)?;
        self.records[at]
    }

    /// A number of the row.
    pub fn number(&self, column: &str) -> Option<i64> {
        let named = |names: &[&str], values: &[Value]| {
            let at = names.iter().position(|name| *name == column)?;
            match values[at] {
                Value::Int(number) => Some(number),
                Value::Null | Value::Text(_) | Value::Bytes(_) => None,
            }
        };
        named(self.place.key, &self.key).or_else(|| named(self.place.plain, &self.plain))
    }

    /// Every column with its value: numbers, texts, bytes in hexadecimal digits; what is null is left out.
    pub fn columns(&self) -> Vec<(&'static str, Json)> {
        let plain = |value: &Value| match value {
            Value::Null => None,
            Value::Int(number) => Some((*number).into()),
            Value::Text(text) => Some(text.clone().into()),
            Value::Bytes(bytes) => Some(hex::encode(bytes).into()),
        };
        let keys = self.place.key.iter().zip(&self.key).map(|(name, value)| (*name, plain(value)));
        let records = self.place.records.iter().zip(&self.records);
        let records = records.map(|(name, id)| (*name, id.map(|id| id.to_string().into())));
        let texts = self.place.texts.iter().zip(&self.texts);
        let texts = texts.map(|(name, text)| (*name, text.clone().map(Json::from)));
        let others = self.place.plain.iter().zip(&self.plain).map(|(name, value)| (*name, plain(value)));
        let mut columns: Vec<(&'static str, Json)> = Vec::new();
        for (name, value) in keys.chain(records).chain(texts).chain(others) {
            if let Some(value) = value
                && !columns.iter().any(|(known, _)| *known == name)
            {
                columns.push((name, value));
            }
        }
        columns
    }
}

/// Ids or patterns in one statement.
const TERMS_MAX: usize = 300;

/// The rows of a place that name one of these records in a column of its own or hold one of these texts somewhere.
/// Texts are looked for in every row of the workspace, so it takes as long as reading the table does.
pub async fn holding(
    s: &mut Session,
    workspace: &Workspace,
    place: &'static Place,
    ids: &[Id],
    patterns: &[String],
) -> Result<Vec<Held>> {
    let mut found = Vec::new();
    let mut known: HashSet<Vec<Value>> = HashSet::new();
    let mut terms: Vec<(Vec<String>, Vec<Value>)> = Vec::new();
    for chunk in ids.chunks(TERMS_MAX).filter(|_| !place.records.is_empty()) {
        let places: Vec<String> = (0..chunk.len()).map(|at| format!("${}", at + 2)).collect();
        let list = places.join(", ");
        let conditions = place.records.iter().map(|column| format!("{column} IN ({list})")).collect();
        terms.push((conditions, chunk.iter().map(|id| Value::from(*id)).collect()));
    }
    let find = if s.is_postgres() { "strpos" } else { "instr" };
    for chunk in patterns.chunks(TERMS_MAX).filter(|_| !place.texts.is_empty()) {
        let conditions = place.texts.iter().flat_map(|column| {
            (0..chunk.len()).map(move |at| format!("{find}(CAST({column} AS TEXT), ${}) > 0", at + 2))
        });
        terms.push((conditions.collect(), chunk.iter().map(|text| Value::from(text.as_str())).collect()));
    }
    for (conditions, values) in terms {
        let sql = format!(
            "SELECT {} FROM {} WHERE {} AND ({}) ORDER BY {}",
            columns(place),
            place.table,
            scope(place),
            conditions.join(" OR "),
            place.key.join(", ")
        );
        let mut params = vec![scoped(place, workspace)];
        params.extend(values);
        for row in s.rows(sql, params).await? {
            let held = take(place, row)?;
            if known.insert(held.key.clone()) {
                found.push(held);
            }
        }
    }
    Ok(found)
}

/// Removes rows of a place.
pub async fn remove(s: &mut Session, workspace: &Workspace, rows: &[Held]) -> Result<u64> {
    let mut count = 0;
    for row in rows {
        let (condition, mut params) = (named(row.place, 2), vec![scoped(row.place, workspace)]);
        params.extend(row.key.iter().cloned());
        let sql = format!("DELETE FROM {} WHERE {} AND {condition}", row.place.table, scope(row.place));
        count += s.run(sql, params).await?;
    }
    s.touch(workspace.no);
    Ok(count)
}

/// Gives a row other texts, in the order of the place's list. A text that belongs to the key stays.
pub async fn rewrite(
    s: &mut Session,
    workspace: &Workspace,
    row: &Held,
    texts: Vec<Option<String>>,
) -> Result<()> {
    let mut params = vec![scoped(row.place, workspace)];
    params.extend(row.key.iter().cloned());
    let json = ["payload", "cursor", "summary", "proof", "doc", "before", "detail"];
    let mut set = Vec::new();
    for (column, text) in row.place.texts.iter().zip(texts) {
        if row.place.key.contains(column) {
            continue;
        }
        params.push(text.into());
        // PostgreSQL takes a text for JSON only where it is told so.
        let cast = if s.is_postgres() && json.contains(column) { "AS JSON" } else { "AS TEXT" };
        set.push(format!("{column} = CAST(${} {cast})", params.len()));
    }
    if set.is_empty() {
        return Ok(());
    }
    s.touch(workspace.no);
    let condition = named(row.place, 2);
    let sql = format!(
        "UPDATE {} SET {} WHERE {} AND {condition}",
        row.place.table,
        set.join(", "),
        scope(row.place)
    );
    s.run(sql, params).await.map(drop)
}

/// The names in `meta` begin with the workspace's where they are a workspace's.
fn scope(place: &Place) -> &'static str {
    match place.table {
        "meta" => "substr(name, 1, 42) = $1",
        "deliveries" => "endpoint IN (SELECT no FROM endpoints WHERE workspace = $1)",
        _ => "workspace = $1",
    }
}

fn scoped(place: &Place, workspace: &Workspace) -> Value {
    if place.table == "meta" {
        Value::Text(format!("workspace/{}", workspace.id))
    } else {
        Value::Int(workspace.no)
    }
}

fn named(place: &Place, first: usize) -> String {
    let parts: Vec<String> =
        place.key.iter().enumerate().map(|(at, column)| format!("{column} = ${}", at + first)).collect();
    parts.join(" AND ")
}

fn columns(place: &Place) -> String {
    let texts = place.texts.iter().map(|column| format!("CAST({column} AS TEXT)"));
    let named = place.key.iter().chain(place.records).map(|column| (*column).to_owned());
    let plain = place.plain.iter().map(|column| (*column).to_owned());
    named.chain(texts).chain(plain).collect::<Vec<_>>().join(", ")
}

fn take(place: &'static Place, mut row: Row) -> Result<Held> {
    let key = place.key.iter().map(|_| row.value()).collect::<Result<_>>()?;
    let records = place.records.iter().map(|_| row.opt_id()).collect::<Result<_>>()?;
    let texts = place.texts.iter().map(|_| row.opt_text()).collect::<Result<_>>()?;
    let plain = place.plain.iter().map(|_| row.value()).collect::<Result<_>>()?;
    Ok(Held { place, key, records, texts, plain })
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, sync::Arc};

    use tongshi_model::SystemClock;

    use super::*;
    use crate::{Location, Store};

    /// A new table must say whether it holds people, and a new column of a place what it holds.
    #[tokio::test]
    async fn no_table_and_no_column_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tongshi.db");
        let store = Store::open(Location::Sqlite(file.clone()), Arc::new(SystemClock)).await.unwrap();
        store.migrate().await.unwrap();
        let connection = rusqlite::Connection::open(file).unwrap();
        let names = |sql: &str| {
            let mut statement = connection.prepare(sql).unwrap();
            let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
            rows.map(Result::unwrap).collect::<BTreeSet<String>>()
        };
        let tables =
            names("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
        let known = ALL.iter().map(|place| place.table).chain(NOBODY.iter().map(|(table, _)| *table));
        assert_eq!(tables, known.map(str::to_owned).collect(), "say in places.rs what these tables hold");
        for place in ALL {
            let columns = names(&format!("SELECT name FROM pragma_table_info('{}')", place.table));
            let listed = [place.key, place.records, place.texts, place.plain].concat();
            let mut listed: BTreeSet<String> = listed.into_iter().map(str::to_owned).collect();
            if !matches!(place.table, "meta" | "deliveries") {
                listed.insert("workspace".to_owned());
            }
            assert_eq!(columns, listed, "{}", place.table);
        }
    }
}
