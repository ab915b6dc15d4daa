//! The sources of records that have more than one, with what each says in canonical words, so that such a record can be
//! folded again without asking a vendor's dialect.

use tongshi_model::{Id, Kind, Result};

use crate::{
    Evidence, Workspace,
    sql::{Bulk, Column, Row, Session, Value, json_text, params},
};

/// A source as a part of its record.
#[derive(Clone, PartialEq, Eq)]
pub struct Part {
    /// The source's number.
    pub id: i64,
    /// The connection through which it came.
    pub connection: i64,
    /// Its kind.
    pub kind: Kind,
    /// The vendor's id.
    pub remote_id: String,
    /// The record it folds into.
    pub record: Id,
    /// The hash of the payload; zeros where nothing was read yet.
    pub hash: [u8; 16],
    /// Why the vendor no longer has it.
    pub gone: Option<Evidence>,
    /// Whether `doc` is kept.
    pub shared: bool,
    /// What it says in canonical words.
    pub doc: Option<String>,
}

impl Part {
    /// Whether it was only registered and nothing was read of it yet.
    pub fn is_empty(&self) -> bool {
        self.hash == [0; 16]
    }
}

impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Part({} of {}, gone: {})", self.id, self.record, self.gone.is_some())
    }
}

/// Keeps other writers of shared records of the workspace waiting until this session ends. On SQLite there is one
/// writer anyway.
pub async fn lock(s: &mut Session, workspace: &Workspace) -> Result<()> {
    let sql = format!("SELECT no FROM workspaces WHERE no = $1{}", s.locked());
    s.row(sql, params![workspace.no]).await.map(drop)
}

/// The columns that [`take`] reads.
macro_rules! columns {
    () => {
        "id, connection, kind, remote_id, record, hash, evidence, shared, doc"
    };
}

/// Everything that folds into these records, live and gone, record by record in their order, oldest first; where
/// this session writes, kept from other writers until it ends.
pub async fn of_records(s: &mut Session, workspace: &Workspace, records: &[Id]) -> Result<Vec<Vec<Part>>> {
    let keys = records.iter().map(|id| Value::from(*id)).collect();
    let sql = format!(
        concat!(
            "SELECT ",
            columns!(),
            " FROM sources WHERE workspace = $1 AND record {{{{key}}}} ORDER BY id{}"
        ),
        s.locked()
    );
    let found = s.rows_by_keys(sql, params![workspace.no], keys).await?;
    found.into_iter().map(|rows| rows.into_iter().map(take).collect()).collect()
}

/// The sources of shared records above a number, ascending, each with its record.
pub async fn after(s: &mut Session, workspace: &Workspace, after: i64, limit: u32) -> Result<Vec<(i64, Id)>> {
    let rows = s
        .rows(
            "SELECT id, record FROM sources WHERE workspace = $1 AND shared = 1 AND id > $2 ORDER BY id LIMIT $3",
            params![workspace.no, after, limit],
        )
        .await?;
    rows.into_iter().map(|mut row| Ok((row.int()?, row.id()?))).collect()
}

/// Live sources of a connection above a number, ascending, each with what it says: its own document where that is kept,
/// else its record's.
pub async fn said(s: &mut Session, connection: i64, kind: Kind, after: i64, limit: u32) -> Result<Vec<Part>> {
    let rows = s
        .rows(
            "SELECT s.id, s.connection, s.kind, s.remote_id, s.record, s.hash, s.evidence, s.shared,
                    COALESCE(s.doc, r.doc)
             FROM sources s JOIN records r ON r.id = s.record
             WHERE s.connection = $1 AND s.kind = $2 AND s.gone_at IS NULL AND s.id > $3
             ORDER BY s.id LIMIT $4",
            params![connection, kind, after, limit],
        )
        .await?;
    rows.into_iter().map(take).collect()
}

/// Written as an insert because that is how many rows travel together; each of these sources is there already.
static SAVE: Bulk = Bulk::new(
    "sources",
    &[
        ("id", Column::Int),
        ("workspace", Column::Int),
        ("connection", Column::Int),
        ("kind", Column::Int),
        ("remote_id", Column::Text),
        ("record", Column::Bytes),
        ("hash", Column::Bytes),
        ("seen_at", Column::Int),
        ("raw", Column::Text),
        ("shared", Column::Int),
        ("doc", Column::Json),
    ],
    "ON CONFLICT (id) DO UPDATE SET record = excluded.record, shared = excluded.shared, doc = excluded.doc",
    &[0],
);

/// Notes to which records these belong, and what they say.
pub async fn save(s: &mut Session, workspace: &Workspace, parts: Vec<Part>) -> Result<()> {
    s.touch(workspace.no);
    let now = s.now();
    let mut rows = Vec::with_capacity(parts.len());
    for part in parts {
        rows.push(params![
            part.id,
            workspace.no,
            part.connection,
            part.kind,
            part.remote_id,
            part.record,
            part.hash,
            now,
            "",
            part.shared,
            part.doc.map(json_text).transpose()?,
        ]);
    }
    s.run_many(&SAVE, rows).await
}

fn take(mut row: Row) -> Result<Part> {
    Ok(Part {
        id: row.int()?,
        connection: row.int()?,
        kind: row.kind()?,
        remote_id: row.text()?,
        record: row.id()?,
        hash: row.sixteen()?,
        gone: row.opt_text()?.map(|text| text.parse()).transpose()?,
        shared: row.int()? == 1,
        doc: row.opt_text()?,
    })
}
