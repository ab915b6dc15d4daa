//! Tombstones: what keeps an erased person from being brought back, and the erasures that set them.

use tongshi_model::{Error, Id, Result, Timestamp};

use crate::{
    Workspace,
    sql::{Bulk, Column, Row, Session, Value, params},
};

/// A tombstone: a salted hash and the number that the source had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tombstone {
    /// The salted hash.
    pub hash: Vec<u8>,
    /// The source's number.
    pub source: i64,
}

/// An erasure as it was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// Its id.
    pub id: Id,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub actor: String,
    /// Why, in the words of whoever did it.
    pub reason: String,
    /// The receipt as JSON.
    pub receipt: String,
    /// Of the receipt.
    pub digest: String,
    /// When its tombstones were taken away.
    pub lifted_at: Option<Timestamp>,
    /// How many tombstones it has.
    pub tombstones: u64,
}

static INSERT: Bulk = Bulk::new(
    "tombstones",
    &[
        ("workspace", Column::Int),
        ("hash", Column::Bytes),
        ("erasure", Column::Bytes),
        ("source", Column::Int),
    ],
    "ON CONFLICT (workspace, hash) DO NOTHING",
    &[],
);

/// Sets tombstones.
pub async fn put(s: &mut Session, workspace: &Workspace, erasure: Id, stones: &[Tombstone]) -> Result<()> {
    let mut seen = std::collections::HashSet::new();
    let rows = stones
        .iter()
        .filter(|stone| seen.insert(&stone.hash))
        .map(|stone| params![workspace.no, stone.hash.clone(), erasure, stone.source])
        .collect();
    s.run_many(&INSERT, rows).await
}

/// Whether the workspace has any: most have none, and need not ask further.
pub async fn any(s: &mut Session, workspace: &Workspace) -> Result<bool> {
    let row = s.row("SELECT 1 FROM tombstones WHERE workspace = $1 LIMIT 1", params![workspace.no]).await?;
    Ok(row.is_some())
}

/// For each hash the erasure and the number of its tombstone.
pub async fn find(
    s: &mut Session,
    workspace: &Workspace,
    hashes: &[Vec<u8>],
) -> Result<Vec<Option<(Id, i64)>>> {
    let rows = s
        .one_by_keys(
            "SELECT erasure, source FROM tombstones WHERE workspace = $1 AND hash {{key}}",
            params![workspace.no],
            hashes.iter().map(|hash| Value::from(hash.clone())).collect(),
        )
        .await?;
    rows.into_iter().map(|row| row.map(|mut row| Ok((row.id()?, row.int()?))).transpose()).collect()
}

/// Writes wait for an erasure that is going on and it for them: whoever comes second sees what the first has done.
/// On SQLite there is one writer anyway.
pub async fn take_turn(s: &mut Session, workspace: &Workspace, erasing: bool) -> Result<()> {
    /// Sets these locks apart from others on the same server.
    const SPACE: i64 = 0x7072_6976_0000_0000;
    if !s.is_postgres() {
        return Ok(());
    }
    let lock = if erasing {
        "SELECT CAST(pg_advisory_xact_lock($1) AS TEXT)"
    } else {
        "SELECT CAST(pg_advisory_xact_lock_shared($1) AS TEXT)"
    };
    if erasing {
        // It reads whole tables.
        s.rows("SELECT set_config('statement_timeout', '0', true)", params![]).await?;
    }
    s.rows(lock, params![SPACE + workspace.no]).await.map(drop)
}

/// Keeps what was done.
pub async fn note(s: &mut Session, workspace: &Workspace, erasure: &Erasure) -> Result<()> {
    s.run(
        "INSERT INTO erasures (id, workspace, at, actor, reason, receipt, digest) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (id) DO NOTHING",
        params![
            erasure.id,
            workspace.no,
            erasure.at,
            erasure.actor.as_str(),
            erasure.reason.as_str(),
            erasure.receipt.as_str(),
            erasure.digest.as_str()
        ],
    )
    .await
    .map(drop)
}

/// Every erasure of the workspace, oldest first.
pub async fn erasures(s: &mut Session, workspace: &Workspace) -> Result<Vec<Erasure>> {
    let rows = s
        .rows(
            "SELECT e.id, e.at, e.actor, e.reason, e.receipt, e.digest, e.lifted_at,
                    (SELECT count(*) FROM tombstones t WHERE t.erasure = e.id)
             FROM erasures e WHERE e.workspace = $1 ORDER BY e.at, e.id",
            params![workspace.no],
        )
        .await?;
    rows.into_iter().map(take).collect()
}

/// Takes the tombstones of an erasure away and says how many there were.
pub async fn lift(s: &mut Session, workspace: &Workspace, erasure: Id) -> Result<u64> {
    let now = s.now();
    let known = s
        .run(
            "UPDATE erasures SET lifted_at = $3 WHERE workspace = $1 AND id = $2 AND lifted_at IS NULL",
            params![workspace.no, erasure, now],
        )
        .await?;
    if known == 0 {
        return Err(Error::not_found("there is no such erasure, or it was lifted already"));
    }
    s.run("DELETE FROM tombstones WHERE workspace = $1 AND erasure = $2", params![workspace.no, erasure])
        .await
}

fn take(mut row: Row) -> Result<Erasure> {
    Ok(Erasure {
        id: row.id()?,
        at: row.time()?,
        actor: row.text()?,
        reason: row.text()?,
        receipt: row.text()?,
        digest: row.text()?,
        lifted_at: row.opt_time()?,
        tombstones: row.count()?,
    })
}
