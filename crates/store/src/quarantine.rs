//! Quarantine: what a vendor sent that could not be taken, kept with the reason until it can.

use tongshi_model::{Id, Kind, Result, Timestamp};

use crate::{
    Workspace,
    sql::{Bulk, Column, Row, Session, Value, params},
};

/// Something that could not be taken.
#[derive(Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// The connection through which it came.
    pub connection: i64,
    /// Its kind.
    pub kind: Kind,
    /// The vendor's id.
    pub remote_id: String,
    /// The run that met it last.
    pub run: Id,
    /// Why it could not be taken.
    pub reason: String,
    /// The payload.
    pub raw: String,
    /// When it was met last.
    pub at: Timestamp,
}

impl std::fmt::Debug for Quarantined {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Quarantined({} of connection {})", self.kind, self.connection)
    }
}

static UPSERT: Bulk = Bulk::new(
    "quarantine",
    &[
        ("connection", Column::Int),
        ("kind", Column::Int),
        ("remote_id", Column::Text),
        ("workspace", Column::Int),
        ("run", Column::Bytes),
        ("at", Column::Int),
        ("reason", Column::Text),
        ("raw", Column::Text),
    ],
    "ON CONFLICT (connection, kind, remote_id) DO UPDATE SET run = excluded.run, at = excluded.at,
         reason = excluded.reason, raw = excluded.raw",
    &[0, 1, 2],
);

/// Keeps rows (remote id, reason, payload) that could not be taken. A payload with NUL keeps its other characters.
pub async fn put(
    s: &mut Session,
    workspace: &Workspace,
    run: Id,
    connection: i64,
    kind: Kind,
    rows: Vec<(String, String, String)>,
) -> Result<()> {
    s.touch(workspace.no);
    let now = s.now();
    let rows = rows
        .into_iter()
        .map(|(remote_id, reason, raw)| {
            params![
                connection,
                kind,
                storable(remote_id),
                workspace.no,
                run,
                now,
                storable(reason),
                storable(raw)
            ]
        })
        .collect();
    s.run_many(&UPSERT, rows).await
}

/// What is in quarantine, of one connection where given; oldest first.
pub async fn list(
    s: &mut Session,
    workspace: &Workspace,
    connection: Option<i64>,
) -> Result<Vec<Quarantined>> {
    let rows = s
        .rows(
            "SELECT connection, kind, remote_id, run, reason, raw, at FROM quarantine
             WHERE workspace = $1 AND (CAST($2 AS BIGINT) IS NULL OR connection = CAST($2 AS BIGINT))",
            params![workspace.no, connection],
        )
        .await?;
    let take = |mut row: Row| {
        Ok(Quarantined {
            connection: row.int()?,
            kind: row.kind()?,
            remote_id: row.text()?,
            run: row.id()?,
            reason: row.text()?,
            raw: row.text()?,
            at: row.time()?,
        })
    };
    let mut list = rows.into_iter().map(take).collect::<Result<Vec<_>>>()?;
    // Sorted here: the two databases collate text differently.
    list.sort_by(|a, b| {
        (a.at, a.connection, a.kind, &a.remote_id).cmp(&(b.at, b.connection, b.kind, &b.remote_id))
    });
    Ok(list)
}

/// Lets these out: they have been taken, or the vendor no longer has them.
pub async fn clear(s: &mut Session, connection: i64, kind: Kind, remote_ids: &[&str]) -> Result<()> {
    s.run_by_keys(
        "DELETE FROM quarantine WHERE connection = $1 AND kind = $2 AND remote_id {{key}}",
        params![connection, kind],
        remote_ids.iter().map(|id| Value::from(storable((*id).to_owned()))).collect(),
    )
    .await
    .map(drop)
}

/// NUL is one of the reasons for being here, so it must not keep anything out.
fn storable(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}
