//! First answers: what a request with an Idempotency-Key was answered, stored in the transaction of its effect.

use tongshi_model::{Error, Id, Result, Timestamp};

use crate::{
    Workspace,
    sql::{Session, params},
};

/// An answer that was given.
#[derive(Clone, PartialEq, Eq)]
pub struct Kept {
    /// Recognises the request.
    pub request: Vec<u8>,
    /// The status, as the surface counts them.
    pub status: u16,
    /// The body.
    pub body: String,
    /// When.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The body holds personal data.
        write!(f, "Kept({})", self.status)
    }
}

/// Keeps others from this number until the transaction ends; false where somebody else has it. On SQLite there is one
/// writing transaction at a time, and nothing to ask.
pub async fn lock(s: &mut Session, number: i64) -> Result<bool> {
    if !s.is_postgres() {
        return Ok(true);
    }
    let row = s.row("SELECT CAST(pg_try_advisory_xact_lock($1) AS TEXT)", params![number]).await?;
    Ok(row.ok_or_else(|| Error::internal("a lock gives no row"))?.text()? == "true")
}

/// The answer that was given under this key.
pub async fn find(s: &mut Session, workspace: &Workspace, app: Id, name: &str) -> Result<Option<Kept>> {
    let row = s
        .row(
            "SELECT request, status, body, created_at FROM idempotency
             WHERE workspace = $1 AND app = $2 AND name = $3",
            params![workspace.no, app, name],
        )
        .await?;
    let Some(mut row) = row else { return Ok(None) };
    Ok(Some(Kept {
        request: row.bytes()?,
        status: u16::try_from(row.int()?).unwrap_or(500),
        body: row.text()?,
        created_at: row.time()?,
    }))
}

/// Stores an answer, in place of one that is no longer valid.
pub async fn keep(s: &mut Session, workspace: &Workspace, app: Id, name: &str, kept: Kept) -> Result<()> {
    s.run(
        "INSERT INTO idempotency (workspace, app, name, request, status, body, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (workspace, app, name) DO UPDATE SET request = excluded.request, status = excluded.status,
             body = excluded.body, created_at = excluded.created_at",
        params![workspace.no, app, name, kept.request, u32::from(kept.status), kept.body, kept.created_at],
    )
    .await
    .map(drop)
}

/// Removes answers that were given before this instant, and says how many.
pub async fn sweep(s: &mut Session, before: Timestamp) -> Result<u64> {
    s.run("DELETE FROM idempotency WHERE created_at < $1", params![before]).await
}
