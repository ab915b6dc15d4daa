//! The audit trail: who did what, each entry chained to the one before it by SHA-256 (FIPS 180-4).

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use tongshi_model::{Error, Result, Timestamp};

use crate::{
    Workspace,
    sql::{Bulk, Column, Row, Session, params},
};

/// The hash before the first entry.
const BEGINNING: [u8; 32] = [0; 32];

/// Something to be noted.
#[derive(Clone, PartialEq, Eq)]
pub struct NewAudit {
    /// Who: `app:kiosk`, `cli`, `event:hr`, `person:…`.
    pub actor: String,
    /// What: `app.create`, `record.read`, `sign_in`.
    pub action: String,
    /// To what: a record's id, an app's name; empty for nothing in particular.
    pub target: String,
    /// How it ended: `done`, `refused`, `failed`.
    pub outcome: String,
    /// Further facts as a JSON object, without personal data and secrets.
    pub detail: String,
}

impl std::fmt::Debug for NewAudit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewAudit({} {})", self.action, self.outcome)
    }
}

/// An entry of the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Its number in the workspace: without gaps.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// What was noted.
    pub entry: NewAudit,
    /// Of this entry and all before it.
    pub hash: Vec<u8>,
}

/// Which entries to read. All conditions must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Behind this number.
    pub after: i64,
    /// By whom.
    pub actor: Option<String>,
    /// What; with `*` at its end whatever begins so.
    pub action: Option<String>,
    /// To what.
    pub target: Option<String>,
    /// How it ended.
    pub outcome: Option<String>,
    /// From this instant on.
    pub since: Option<Timestamp>,
    /// Up to this instant.
    pub until: Option<Timestamp>,
}

static INSERT: Bulk = Bulk::new(
    "audit",
    &[
        ("workspace", Column::Int),
        ("seq", Column::Int),
        ("at", Column::Int),
        ("actor", Column::Text),
        ("action", Column::Text),
        ("target", Column::Text),
        ("outcome", Column::Text),
        ("detail", Column::Text),
        ("hash", Column::Bytes),
    ],
    "",
    &[],
);

/// Appends entries in this order.
pub async fn append(s: &mut Session, workspace: &Workspace, entries: Vec<NewAudit>) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let now = s.now();
    let count = entries.len() as u64;
    // Taking the numbers locks the head, so that two replicas cannot chain to the same entry.
    let row = s
        .row(
            "INSERT INTO audit_heads (workspace, seq, hash) VALUES ($1, $2, $3)
             ON CONFLICT (workspace) DO UPDATE SET seq = audit_heads.seq + $2 RETURNING seq, hash",
            params![workspace.no, count, BEGINNING.to_vec()],
        )
        .await?;
    let mut row = row.ok_or_else(|| Error::internal("the audit trail has no head"))?;
    let (last, mut hash) = (row.int()?, row.bytes()?);
    let mut seq = last - entries.len() as i64;
    let mut values = Vec::with_capacity(entries.len());
    for entry in entries {
        seq += 1;
        hash = chained(&hash, workspace, seq, now, &entry);
        values.push(params![
            workspace.no,
            seq,
            now,
            entry.actor,
            entry.action,
            entry.target,
            entry.outcome,
            entry.detail,
            hash.clone(),
        ]);
    }
    s.run_many(&INSERT, values).await?;
    s.run("UPDATE audit_heads SET hash = $2 WHERE workspace = $1", params![workspace.no, hash])
        .await
        .map(drop)
}

/// Entries behind a number, ascending.
pub async fn after(s: &mut Session, workspace: &Workspace, seq: i64, limit: u32) -> Result<Vec<AuditRow>> {
    let rows = s
        .rows(
            "SELECT seq, at, actor, action, target, outcome, detail, hash FROM audit
             WHERE workspace = $1 AND seq > $2 ORDER BY seq LIMIT $3",
            params![workspace.no, seq, limit],
        )
        .await?;
    rows.into_iter().map(take).collect()
}

/// Entries that fit, ascending: the first ones behind the filter's number, or the last ones there are.
pub async fn list(
    s: &mut Session,
    workspace: &Workspace,
    filter: &AuditFilter,
    limit: u32,
    last: bool,
) -> Result<Vec<AuditRow>> {
    let mut values = params![workspace.no, filter.after];
    let mut sql = String::from(
        "SELECT seq, at, actor, action, target, outcome, detail, hash FROM audit WHERE workspace = $1 AND seq > $2",
    );
    let texts = [("actor", &filter.actor), ("target", &filter.target), ("outcome", &filter.outcome)];
    for (column, text) in texts {
        if let Some(text) = text {
            values.push(text.as_str().into());
            let _ = write!(sql, " AND {column} = ${}", values.len());
        }
    }
    if let Some(action) = &filter.action {
        let beginning = action.strip_suffix('*');
        values.push(beginning.unwrap_or(action).into());
        let place = values.len();
        let _ = match beginning {
            // Compared by its length, so that no character of it means anything else.
            Some(_) => write!(sql, " AND substr(action, 1, length(${place})) = ${place}"),
            None => write!(sql, " AND action = ${place}"),
        };
    }
    for (comparison, instant) in [(">=", filter.since), ("<=", filter.until)] {
        if let Some(instant) = instant {
            values.push(instant.into());
            let _ = write!(sql, " AND at {comparison} ${}", values.len());
        }
    }
    values.push(limit.into());
    let order = if last { "DESC" } else { "ASC" };
    let _ = write!(sql, " ORDER BY seq {order} LIMIT ${}", values.len());
    let mut rows = s.rows(sql, values).await?.into_iter().map(take).collect::<Result<Vec<_>>>()?;
    if last {
        rows.reverse();
    }
    Ok(rows)
}

/// The number and hash of the last entry, as the head has them.
pub async fn head(s: &mut Session, workspace: &Workspace) -> Result<(i64, Vec<u8>)> {
    let row = s.row("SELECT seq, hash FROM audit_heads WHERE workspace = $1", params![workspace.no]).await?;
    match row {
        Some(mut row) => Ok((row.int()?, row.bytes()?)),
        None => Ok((0, BEGINNING.to_vec())),
    }
}

/// The hash of an entry behind one with this hash: lengths stand before texts, so that no two entries read alike.
pub fn chained(before: &[u8], workspace: &Workspace, seq: i64, at: Timestamp, entry: &NewAudit) -> Vec<u8> {
    let mut sha = Sha256::new();
    sha.update(before);
    sha.update(workspace.id.as_bytes());
    sha.update(seq.to_be_bytes());
    sha.update(at.as_microsecond().to_be_bytes());
    for text in [&entry.actor, &entry.action, &entry.target, &entry.outcome, &entry.detail] {
        sha.update((text.len() as u64).to_be_bytes());
        sha.update(text.as_bytes());
    }
    sha.finalize().to_vec()
}

fn take(mut row: Row) -> Result<AuditRow> {
    Ok(AuditRow {
        seq: row.int()?,
        at: row.time()?,
        entry: NewAudit {
            actor: row.text()?,
            action: row.text()?,
            target: row.text()?,
            outcome: row.text()?,
            detail: row.text()?,
        },
        hash: row.bytes()?,
    })
}
