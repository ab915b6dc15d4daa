//! Sources: one vendor's view of one thing each, keyed by connection, kind and remote id, with the raw payload.

use std::collections::HashMap;
use tongshi_model::{Draft, Error, Id, Kind, LocalDate, Result};

use crate::{
    Evidence, Workspace, refs,
    sql::{Bulk, Column, Row, Session, Value, params},
};

/// What must be known of a source to decide whether a row from the vendor says anything new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceHead {
    /// Its number.
    pub id: i64,
    /// The record it folds into.
    pub record: Id,
    /// The hash of its payload.
    pub hash: [u8; 16],
    /// Whether the vendor no longer has it.
    pub gone: bool,
    /// Whether its record has other sources, too.
    pub shared: bool,
}

/// A source.
#[derive(Clone, PartialEq, Eq)]
pub struct SourceRow {
    /// Its number, from [`crate::allocate`].
    pub id: i64,
    /// The connection through which it came.
    pub connection: i64,
    /// Its kind.
    pub kind: Kind,
    /// The vendor's id.
    pub remote_id: String,
    /// The record it folds into.
    pub record: Id,
    /// The hash of the payload.
    pub hash: [u8; 16],
    /// The payload.
    pub raw: String,
    /// Its business date.
    pub date: Option<LocalDate>,
    /// Why the vendor no longer has it.
    pub gone: Option<Evidence>,
}

impl std::fmt::Debug for SourceRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SourceRow")
            .field("id", &self.id)
            .field("connection", &self.connection)
            .field("kind", &self.kind)
            .field("record", &self.record)
            .field("gone", &self.gone)
            .finish_non_exhaustive()
    }
}

/// A source as something to ask the vendor about.
#[derive(Clone, PartialEq, Eq)]
pub struct Subject {
    /// The source's number.
    pub source: i64,
    /// The vendor's id.
    pub remote_id: String,
    /// The record it folds into.
    pub record: Id,
    /// The first looked-up field, such as the employee number, as this source gives it.
    pub key1: Option<String>,
}

impl std::fmt::Debug for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Subject({}, {})", self.source, self.record)
    }
}

/// The heads of these remote ids, in their order.
pub async fn heads(
    s: &mut Session,
    connection: i64,
    kind: Kind,
    remote_ids: &[&str],
) -> Result<Vec<Option<SourceHead>>> {
    let keys = remote_ids.iter().map(|id| Value::from(*id)).collect();
    let rows = s
        .one_by_keys(
            "SELECT id, record, hash, gone_at, shared FROM sources
             WHERE connection = $1 AND kind = $2 AND remote_id {{key}}",
            params![connection, kind],
            keys,
        )
        .await?;
    rows.into_iter().map(|row| row.map(take_head).transpose()).collect()
}

static UPSERT: Bulk = Bulk::new(
    "sources",
    &[
        ("id", Column::Int),
        ("workspace", Column::Int),
        ("connection", Column::Int),
        ("kind", Column::Int),
        ("remote_id", Column::Text),
        ("record", Column::Bytes),
        ("hash", Column::Bytes),
        ("gone_at", Column::Int),
        ("evidence", Column::Text),
        ("seen_at", Column::Int),
        ("on_date", Column::Int),
        ("raw", Column::Text),
    ],
    "ON CONFLICT (id) DO UPDATE SET record = excluded.record, hash = excluded.hash, gone_at = excluded.gone_at,
         evidence = excluded.evidence, seen_at = excluded.seen_at, on_date = excluded.on_date, raw = excluded.raw",
    &[0],
);

/// Writes sources, new ones and changed ones, by their numbers.
pub async fn upsert(s: &mut Session, workspace: &Workspace, rows: Vec<SourceRow>) -> Result<()> {
    if rows.iter().any(|row| row.id <= 0) {
        return Err(Error::internal("a source was written without a number"));
    }
    s.touch(workspace.no);
    let now = s.now();
    let rows = rows
        .into_iter()
        .map(|row| {
            params![
                row.id,
                workspace.no,
                row.connection,
                row.kind,
                row.remote_id,
                row.record,
                row.hash,
                row.gone.map(|_| now),
                row.gone.map(Evidence::as_str),
                now,
                row.date,
                row.raw,
            ]
        })
        .collect();
    s.run_many(&UPSERT, rows).await
}

/// The sources with these numbers, in their order.
pub async fn raw_of(s: &mut Session, workspace: &Workspace, ids: &[i64]) -> Result<Vec<Option<SourceRow>>> {
    let rows = s
        .one_by_keys(
            "SELECT id, connection, kind, remote_id, record, hash, raw, on_date, evidence FROM sources
             WHERE workspace = $1 AND id {{key}}",
            params![workspace.no],
            ids.iter().map(|id| Value::from(*id)).collect(),
        )
        .await?;
    rows.into_iter().map(|row| row.map(take).transpose()).collect()
}

/// The sources with these numbers, in their order, each with whether its record has others, too; kept from other
/// writers until this session ends, since a source may be linked to another record between reading and writing.
pub async fn current(
    s: &mut Session,
    workspace: &Workspace,
    ids: &[i64],
) -> Result<Vec<Option<(SourceRow, bool)>>> {
    let sql = format!(
        "SELECT shared, id, connection, kind, remote_id, record, hash, raw, on_date, evidence FROM sources
         WHERE workspace = $1 AND id {{{{key}}}}{}",
        s.locked()
    );
    let keys = ids.iter().map(|id| Value::from(*id)).collect();
    let rows = s.one_by_keys(sql, params![workspace.no], keys).await?;
    let with_flag = |mut row: Row| {
        let shared = row.int()? == 1;
        Ok((take(row)?, shared))
    };
    rows.into_iter().map(|row| row.map(with_flag).transpose()).collect()
}

/// Everything that folds into a record, live and gone, oldest first.
pub async fn of_record(s: &mut Session, workspace: &Workspace, record: Id) -> Result<Vec<SourceRow>> {
    let rows = s
        .rows(
            "SELECT id, connection, kind, remote_id, record, hash, raw, on_date, evidence FROM sources
             WHERE workspace = $1 AND record = $2 ORDER BY id",
            params![workspace.no, record],
        )
        .await?;
    rows.into_iter().map(take).collect()
}

/// The numbers of live sources above `after`, ascending; with dates, only of those that have one in between.
pub async fn live_ids(
    s: &mut Session,
    connection: i64,
    kind: Kind,
    from: Option<LocalDate>,
    to: Option<LocalDate>,
    after: i64,
    limit: u32,
) -> Result<Vec<i64>> {
    let rows = s
        .rows(
            "SELECT id FROM sources
             WHERE connection = $1 AND kind = $2 AND gone_at IS NULL AND id > $3
               AND (CAST($4 AS BIGINT) IS NULL OR on_date >= CAST($4 AS BIGINT))
               AND (CAST($5 AS BIGINT) IS NULL OR on_date <= CAST($5 AS BIGINT))
             ORDER BY id LIMIT $6",
            params![connection, kind, after, from, to, limit],
        )
        .await?;
    rows.into_iter().map(|mut row| row.int()).collect()
}

/// Live sources above `after`, ascending by number, as things to ask the vendor about.
pub async fn subjects(
    s: &mut Session,
    connection: i64,
    kind: Kind,
    after: i64,
    limit: u32,
) -> Result<Vec<Subject>> {
    let rows = s
        .rows(
            "SELECT s.id, s.remote_id, s.record, r.key1, s.doc FROM sources s LEFT JOIN records r ON r.id = s.record
             WHERE s.connection = $1 AND s.kind = $2 AND s.gone_at IS NULL AND s.id > $3
             ORDER BY s.id LIMIT $4",
            params![connection, kind, after, limit],
        )
        .await?;
    let take = |mut row: Row| {
        let (source, remote_id, record) = (row.int()?, row.text()?, row.id()?);
        let (of_record, doc) = (row.opt_text()?, row.opt_text()?);
        // The record's number may be another vendor's.
        let key1 = match doc {
            Some(doc) => Draft::parse(kind, doc)?.keys.into_iter().next().flatten(),
            None => of_record,
        };
        Ok(Subject { source, remote_id, record, key1 })
    };
    rows.into_iter().map(take).collect()
}

/// How many sources the vendor still has.
pub async fn count_live(s: &mut Session, connection: i64, kind: Kind) -> Result<u64> {
    let row = s
        .row(
            "SELECT count(*) FROM sources WHERE connection = $1 AND kind = $2 AND gone_at IS NULL",
            params![connection, kind],
        )
        .await?;
    row.ok_or_else(|| Error::internal("a count gives no row"))?.count()
}

/// How many of these sources belong to days from one on.
pub async fn count_since(s: &mut Session, connection: i64, kind: Kind, from: LocalDate) -> Result<u64> {
    let row = s
        .row(
            "SELECT count(*) FROM sources WHERE connection = $1 AND kind = $2 AND gone_at IS NULL AND on_date >= $3",
            params![connection, kind, from],
        )
        .await?;
    row.ok_or_else(|| Error::internal("a count gives no row"))?.count()
}

/// Notes that the vendor no longer has these, and how we know. Those already gone keep their evidence.
pub async fn mark_gone(
    s: &mut Session,
    workspace: &Workspace,
    ids: &[i64],
    evidence: Evidence,
) -> Result<()> {
    s.touch(workspace.no);
    let now = s.now();
    s.run_by_keys(
        "UPDATE sources SET gone_at = $2, evidence = $3 WHERE workspace = $1 AND gone_at IS NULL AND id {{key}}",
        params![workspace.no, now, evidence.as_str()],
        ids.iter().map(|id| Value::from(*id)).collect(),
    )
    .await
    .map(drop)
}

/// What a connection's vendor calls these records, and their first looked-up field; what is unknown is left out.
pub async fn names(
    s: &mut Session,
    workspace: &Workspace,
    connection: i64,
    ids: &[Id],
) -> Result<HashMap<Id, (Option<String>, Option<String>)>> {
    let meant = refs::resolve(s, workspace, ids).await?;
    let now: Vec<Id> = ids.iter().map(|id| meant.get(id).copied().unwrap_or(*id)).collect();
    let values = |ids: &[Id]| ids.iter().map(|id| Value::from(*id)).collect();
    let remote = s
        .rows_by_keys(
            "SELECT remote_id FROM sources WHERE connection = $1 AND gone_at IS NULL AND record {{key}} ORDER BY id",
            params![connection],
            values(&now),
        )
        .await?;
    let keys = s
        .one_by_keys(
            "SELECT key1 FROM records WHERE workspace = $1 AND id {{key}}",
            params![workspace.no],
            values(&now),
        )
        .await?;
    let mut names = HashMap::with_capacity(ids.len());
    for ((id, remote), key) in ids.iter().zip(remote).zip(keys) {
        let remote = remote.into_iter().next().map(|mut row| row.text()).transpose()?;
        let key = key.map(|mut row| row.opt_text()).transpose()?.flatten();
        if remote.is_some() || key.is_some() {
            names.insert(*id, (remote, key));
        }
    }
    Ok(names)
}

fn take_head(mut row: Row) -> Result<SourceHead> {
    Ok(SourceHead {
        id: row.int()?,
        record: row.id()?,
        hash: row.sixteen()?,
        gone: row.filled()?,
        shared: row.int()? == 1,
    })
}

fn take(mut row: Row) -> Result<SourceRow> {
    Ok(SourceRow {
        id: row.int()?,
        connection: row.int()?,
        kind: row.kind()?,
        remote_id: row.text()?,
        record: row.id()?,
        hash: row.sixteen()?,
        raw: row.text()?,
        date: row.opt_date()?,
        gone: row.opt_text()?.map(|text| text.parse()).transpose()?,
    })
}
