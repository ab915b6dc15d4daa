//! Workspaces: one organisation's data each.

use tongshi_model::{Error, Id, Result};

use crate::sql::{Row, Session, Value, params};

/// One organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// Its number in the tables.
    pub no: i64,
    /// Its public id.
    pub id: Id,
    /// Its name.
    pub name: String,
}

impl Workspace {
    /// What belongs to no organisation: the hub's own audit trail, and calls with keys that nobody has. It is no row of
    /// the table.
    pub fn nobodys() -> Self {
        Self { no: 0, id: Id::of(&["hub"]), name: String::new() }
    }
}

/// The workspace of this name, made if absent.
pub async fn ensure(s: &mut Session, name: &str) -> Result<Workspace> {
    if let Some(workspace) = find(s, name).await? {
        return Ok(workspace);
    }
    let no = crate::allocate(s, "workspaces", 1).await?;
    let now = s.now();
    s.run(
        "INSERT INTO workspaces (no, id, name, seq, epoch, created_at) VALUES ($1, $2, $3, 0, 1, $4)
         ON CONFLICT DO NOTHING",
        params![no, Id::of(&["workspace", name]), name, now],
    )
    .await?;
    find(s, name).await?.ok_or_else(|| Error::internal("a workspace was not stored"))
}

/// The workspace of this name.
pub async fn find(s: &mut Session, name: &str) -> Result<Option<Workspace>> {
    let row = s.row("SELECT no, id, name FROM workspaces WHERE name = $1", params![name]).await?;
    row.map(take).transpose()
}

/// The workspace with this number.
pub async fn by_no(s: &mut Session, no: i64) -> Result<Option<Workspace>> {
    let row = s.row("SELECT no, id, name FROM workspaces WHERE no = $1", params![no]).await?;
    row.map(take).transpose()
}

/// Every workspace.
pub async fn all(s: &mut Session) -> Result<Vec<Workspace>> {
    let rows = s.rows("SELECT no, id, name FROM workspaces ORDER BY no", params![]).await?;
    rows.into_iter().map(take).collect()
}

/// How often something changed that could be shown.
pub(crate) async fn epoch(s: &mut Session, workspace: &Workspace) -> Result<u64> {
    let row = s.row("SELECT epoch FROM workspaces WHERE no = $1", params![workspace.no]).await?;
    row.ok_or_else(|| Error::not_found("there is no such workspace"))?.count()
}

/// The epochs of these workspaces, in their order; 0 for one that is not there.
pub(crate) async fn epochs(s: &mut Session, numbers: &[i64]) -> Result<Vec<u64>> {
    let keys = numbers.iter().copied().map(Value::from).collect();
    let rows = s.one_by_keys("SELECT epoch FROM workspaces WHERE no {{key}}", params![], keys).await?;
    rows.into_iter().map(|row| row.map_or(Ok(0), |mut row| row.count())).collect()
}

fn take(mut row: Row) -> Result<Workspace> {
    Ok(Workspace { no: row.int()?, id: row.id()?, name: row.text()? })
}
