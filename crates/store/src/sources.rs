//! Sources: one vendor's view of one thing each, keyed by connection, kind and remote id, with the raw payload.

use tongshi_model::{Error, Id, Kind, LocalDate, Result};

use crate::{
    Evidence, Workspace,
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
    /// The record's first looked-up field, such as the employee number.
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
            "SELECT id, record, hash, gone_at FROM sources
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
            "SELECT s.id, s.remote_id, s.record, r.key1 FROM sources s LEFT JOIN records r ON r.id = s.record
             WHERE s.connection = $1 AND s.kind = $2 AND s.gone_at IS NULL AND s.id > $3
             ORDER BY s.id LIMIT $4",
            params![connection, kind, after, limit],
        )
        .await?;
    let take = |mut row: Row| {
        Ok(Subject { source: row.int()?, remote_id: row.text()?, record: row.id()?, key1: row.opt_text()? })
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

fn take_head(mut row: Row) -> Result<SourceHead> {
    Ok(SourceHead { id: row.int()?, record: row.id()?, hash: row.sixteen()?, gone: row.filled()? })
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
