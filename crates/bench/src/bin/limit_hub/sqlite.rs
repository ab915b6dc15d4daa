//! Keeps the rows in SQLite: a write-ahead log, full syncs, one transaction a page, prepared statements.

use std::collections::HashMap;

use anyhow::Result;
use rusqlite::{Connection, TransactionBehavior, params};
use tokio::sync::mpsc;

use crate::{
    Counts, News,
    rows::{Hash, Row, hash_of},
};

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS source (
        id INTEGER PRIMARY KEY, remote_id TEXT NOT NULL UNIQUE, hash BLOB NOT NULL, document TEXT NOT NULL,
        missing INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE IF NOT EXISTS change (
        seq INTEGER PRIMARY KEY, source_id INTEGER NOT NULL, action TEXT NOT NULL, before TEXT, after TEXT);";
const INSERT: &str = "INSERT INTO source (remote_id, hash, document) VALUES (?1, ?2, ?3)";
const UPDATE: &str = "UPDATE source SET hash = ?2, document = ?3, missing = 0 WHERE id = ?1";
const MISS: &str = "UPDATE source SET missing = 1 WHERE id = ?1";
const JOURNAL_CREATED: &str = "INSERT INTO change (source_id, action, after) VALUES (?1, 'created', ?2)";
const JOURNAL_UPDATED: &str = "INSERT INTO change (source_id, action, before, after)
    SELECT id, 'updated', document, ?2 FROM source WHERE id = ?1";
const JOURNAL_MISSING: &str = "INSERT INTO change (source_id, action, before)
    SELECT id, 'missing', document FROM source WHERE id = ?1";

/// What is known of a row without reading it.
struct Known {
    id: i64,
    hash: Hash,
    missing: bool,
    seen: bool,
}

/// Keeps every page that comes, then marks the missing.
pub(crate) fn keep(path: &str, mut news: mpsc::Receiver<News>) -> Result<Counts> {
    let mut database = Connection::open(path)?;
    database.execute_batch(SCHEMA)?;
    let mut known = known(&database)?;
    let mut counts = Counts::default();
    while let Some(news) = news.blocking_recv() {
        match news {
            News::Page(rows) => page(&mut database, &mut known, &rows, &mut counts)?,
            News::Complete => miss(&mut database, &known, &mut counts)?,
        }
    }
    Ok(counts)
}

fn known(database: &Connection) -> Result<HashMap<String, Known>> {
    let mut statement = database.prepare("SELECT id, remote_id, hash, missing FROM source")?;
    let mut rows = statement.query([])?;
    let mut known = HashMap::new();
    while let Some(row) = rows.next()? {
        let hash = hash_of(row.get_ref(2)?.as_blob()?)?;
        known.insert(row.get(1)?, Known { id: row.get(0)?, hash, missing: row.get(3)?, seen: false });
    }
    Ok(known)
}

fn page(
    database: &mut Connection,
    known: &mut HashMap<String, Known>,
    rows: &[Row],
    counts: &mut Counts,
) -> Result<()> {
    let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut insert = transaction.prepare_cached(INSERT)?;
        let mut update = transaction.prepare_cached(UPDATE)?;
        let mut journal_created = transaction.prepare_cached(JOURNAL_CREATED)?;
        let mut journal_updated = transaction.prepare_cached(JOURNAL_UPDATED)?;
        for row in rows {
            let Some(old) = known.get_mut(&row.key) else {
                let id = insert.insert(params![row.key, row.hash, row.document])?;
                journal_created.execute(params![id, row.document])?;
                known.insert(row.key.clone(), Known { id, hash: row.hash, missing: false, seen: true });
                counts.created += 1;
                continue;
            };
            old.seen = true;
            if old.hash == row.hash && !old.missing {
                counts.unchanged += 1;
                continue;
            }
            journal_updated.execute(params![old.id, row.document])?;
            update.execute(params![old.id, row.hash, row.document])?;
            (old.hash, old.missing) = (row.hash, false);
            counts.updated += 1;
        }
    }
    Ok(transaction.commit()?)
}

fn miss(database: &mut Connection, known: &HashMap<String, Known>, counts: &mut Counts) -> Result<()> {
    let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for old in known.values().filter(|old| !old.seen && !old.missing) {
        transaction.prepare_cached(JOURNAL_MISSING)?.execute([old.id])?;
        transaction.prepare_cached(MISS)?.execute([old.id])?;
        counts.missing += 1;
    }
    Ok(transaction.commit()?)
}
