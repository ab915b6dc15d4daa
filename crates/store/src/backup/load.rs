//! Takes a checked backup into the tables that were made for it, and brings to rest what was going on when it was made.

use std::collections::BTreeMap;

use tongshi_model::{Error, Result};

use super::{
    Checked, ERA, RESTORED_AT,
    frames::{Frame, broken},
};
use crate::{
    meta,
    schema::{self, Table},
    sql::{Insert, Session, Value, json, params},
};

/// So many rows or bytes are written in one statement.
const BATCH_ROWS: usize = 1_000;
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// Writes every row of the backup in this session, which the caller settles and commits: it is all there or nothing is.
pub async fn load(s: &mut Session, backup: &Checked, mut progress: impl FnMut(u64)) -> Result<()> {
    let tables = schema::tables(s).await?;
    let tables: BTreeMap<&str, &Table> = tables.iter().map(|table| (table.name.as_str(), table)).collect();
    if !s.is_postgres() {
        // Rows of one table may refer to each other in any order.
        s.batch("PRAGMA defer_foreign_keys = ON".to_owned()).await?;
    }
    let mut reader = backup.reader()?;
    let mut into = None::<Insert>;
    let (mut rows, mut bytes) = (Vec::new(), 0);
    loop {
        let frame = reader.next()?;
        let full = rows.len() >= BATCH_ROWS || bytes >= BATCH_BYTES;
        if let Some(into) = &into
            && (full || !matches!(frame, Frame::Row(_)))
        {
            progress(rows.len() as u64);
            s.insert(into, std::mem::take(&mut rows)).await?;
            bytes = 0;
        }
        match frame {
            Frame::Table { name, columns } => into = Some(insert(&tables, &name, &columns, s.is_postgres())?),
            Frame::Row(row) => {
                bytes += row.iter().map(size).sum::<usize>();
                rows.push(row);
            }
            Frame::EndOfTable(_) => into = None,
            Frame::End => return Ok(()),
        }
    }
}

/// The insert into a table that must be as it was when the backup was made. No name of the file gets into a statement
/// that is not a name of the database's.
fn insert(tables: &BTreeMap<&str, &Table>, name: &str, columns: &[String], postgres: bool) -> Result<Insert> {
    let table = tables.get(name).ok_or_else(broken)?;
    let find = |wanted: &String| table.columns.iter().find(|(column, _)| column == wanted).cloned();
    let found: Option<Vec<_>> = columns.iter().map(find).collect();
    let found = found.filter(|found| found.len() == table.columns.len()).ok_or_else(broken)?;
    Ok(Insert::new(name, &found, postgres))
}

fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Int(_) => 8,
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
    }
}

/// Nothing that was going on when the backup was made goes on by itself: runs that were running end as failed, whoever
/// held something does not hold it any more, nobody's kept answers count, and the next sync of each connection reads
/// everything. Gives the number of this era.
pub async fn settle(s: &mut Session) -> Result<u64> {
    let now = s.now();
    let reason = serde_json::json!({ "reason": "interrupted: the data was restored from a backup" });
    s.run(
        "UPDATE runs SET state = 'failed', complete = 0, ended_at = $1, summary = $2 WHERE state = 'running'",
        params![now, json(&reason)?],
    )
    .await?;
    for table in schema::tables(s).await? {
        if table.has(&["holder", "lease_until"]) {
            let sql = format!(
                "UPDATE \"{}\" SET holder = NULL, lease_until = NULL WHERE lease_until IS NOT NULL",
                table.name
            );
            s.run(sql, params![]).await?;
        }
    }
    s.run("UPDATE workspaces SET epoch = epoch + 1", params![]).await?;
    let era = super::era(s).await?.checked_add(1).ok_or_else(|| Error::internal("too many eras"))?;
    meta::set(s, ERA, &era.to_string()).await?;
    meta::set(s, RESTORED_AT, &now.as_microsecond().to_string()).await?;
    Ok(era)
}
