//! Where encrypted values lie: walked in batches when the key changes, each replaced only if nobody changed it since.

use tongshi_model::{Error, Id, Result};

use crate::{
    schema,
    sql::{Session, Value, params},
};

/// A table with a column of encrypted values. Every such column is called `sealed` and is listed where the key is
/// rotated; a test compares that list with the database.
#[derive(Clone, Copy, Debug)]
pub struct SealedTable {
    /// The table; it has a column `workspace`.
    pub table: &'static str,
    /// The columns of its primary key.
    pub key: &'static [&'static str],
    /// The columns that say where a value is sealed, from which its place is made.
    pub place: &'static [&'static str],
}

/// An encrypted value and whose it is.
pub struct SealedRow {
    /// The workspace's public id.
    pub workspace: Id,
    /// What the place's columns hold: texts as they are, numbers in digits, ids in their text form.
    pub place: Vec<String>,
    /// The encrypted value.
    pub sealed: Vec<u8>,
    key: Vec<Value>,
}

/// The next rows after one, or the first.
pub async fn page(
    s: &mut Session,
    table: &SealedTable,
    after: Option<&SealedRow>,
    limit: u32,
) -> Result<Vec<SealedRow>> {
    let named =
        |columns: &[&str]| columns.iter().map(|name| format!("t.{name}")).collect::<Vec<_>>().join(", ");
    let (key, place) = (named(table.key), named(table.place));
    let mut values = after.map(|row| row.key.clone()).unwrap_or_default();
    let places: Vec<_> = (1..=values.len()).map(|number| format!("${number}")).collect();
    let beyond =
        if values.is_empty() { String::new() } else { format!("AND ({key}) > ({})", places.join(", ")) };
    values.push(limit.into());
    let sql = format!(
        "SELECT w.id, t.sealed, {key}, {place} FROM {} t JOIN workspaces w ON w.no = t.workspace
         WHERE t.sealed IS NOT NULL AND length(t.sealed) > 0 {beyond} ORDER BY {key} LIMIT ${}",
        table.table,
        values.len()
    );
    let mut found = Vec::new();
    for mut row in s.rows(sql, values).await? {
        let (workspace, sealed) = (row.id()?, row.bytes()?);
        let key = table.key.iter().map(|_| row.value()).collect::<Result<_>>()?;
        let place = table.place.iter().map(|_| text(row.value()?)).collect::<Result<_>>()?;
        found.push(SealedRow { workspace, place, sealed, key });
    }
    Ok(found)
}

/// Puts the value sealed anew in place of the one that was read. Says whether it was still there.
pub async fn replace(s: &mut Session, table: &SealedTable, row: &SealedRow, sealed: Vec<u8>) -> Result<bool> {
    let conditions: Vec<_> =
        table.key.iter().enumerate().map(|(place, name)| format!("{name} = ${}", place + 3)).collect();
    let sql =
        format!("UPDATE {} SET sealed = $1 WHERE sealed = $2 AND {}", table.table, conditions.join(" AND "));
    let mut values = params![sealed, row.sealed.clone()];
    values.extend(row.key.iter().cloned());
    Ok(s.run(sql, values).await? > 0)
}

/// The tables that have a column for encrypted values, by name.
pub async fn tables(s: &mut Session) -> Result<Vec<String>> {
    let all = schema::tables(s).await?;
    let mut names: Vec<_> =
        all.into_iter().filter(|table| table.has(&["sealed"])).map(|table| table.name).collect();
    names.sort();
    Ok(names)
}

fn text(value: Value) -> Result<String> {
    match value {
        Value::Text(text) => Ok(text),
        Value::Int(number) => Ok(number.to_string()),
        Value::Bytes(bytes) => match <[u8; 16]>::try_from(bytes) {
            Ok(bytes) => Ok(Id::from_bytes(bytes).to_string()),
            Err(_) => Err(Error::internal("a column that names a place holds no id")),
        },
        Value::Null => Err(Error::internal("a column that names a place holds nothing")),
    }
}
