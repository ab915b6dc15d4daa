//! Flows: how far a workspace's journal has been followed, and how the workspace wants it.

use tongshi_model::Result;

use crate::{
    Workspace,
    sql::{Row, Session, json_text, params},
};

/// A workspace's flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Up to which entry of the journal everything has been looked at.
    pub cursor: i64,
    /// How the workspace wants it, as JSON.
    pub settings: String,
}

/// The workspaces whose journal has more than has been looked at.
pub async fn with_work(s: &mut Session) -> Result<Vec<i64>> {
    let sql = "SELECT f.workspace FROM flows f JOIN workspaces w ON w.no = f.workspace
               WHERE w.seq > f.cursor ORDER BY f.workspace";
    s.rows(sql, params![]).await?.into_iter().map(|mut row| row.int()).collect()
}

/// The workspace's flow. In a session that writes, others who want it wait until the session ends.
pub async fn get(s: &mut Session, workspace: &Workspace) -> Result<Option<Flow>> {
    let sql = format!("SELECT cursor, settings FROM flows WHERE workspace = $1{}", s.locked());
    s.row(sql, params![workspace.no]).await?.map(take).transpose()
}

/// Begins a flow at this place of the journal. One that is there goes on where it is, with these settings.
pub async fn save(s: &mut Session, workspace: &Workspace, flow: Flow) -> Result<()> {
    let now = s.now();
    s.run(
        "INSERT INTO flows (workspace, cursor, settings, changed_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (workspace) DO UPDATE SET settings = excluded.settings, changed_at = excluded.changed_at",
        params![workspace.no, flow.cursor, json_text(flow.settings)?, now],
    )
    .await
    .map(drop)
}

/// Notes how far the journal has been looked at.
pub async fn advance(s: &mut Session, workspace: &Workspace, cursor: i64) -> Result<()> {
    let now = s.now();
    s.run(
        "UPDATE flows SET cursor = $2, changed_at = $3 WHERE workspace = $1 AND cursor < $2",
        params![workspace.no, cursor, now],
    )
    .await
    .map(drop)
}

/// Ends a flow, and says whether there was one.
pub async fn remove(s: &mut Session, workspace: &Workspace) -> Result<bool> {
    Ok(s.run("DELETE FROM flows WHERE workspace = $1", params![workspace.no]).await? > 0)
}

fn take(mut row: Row) -> Result<Flow> {
    Ok(Flow { cursor: row.int()?, settings: row.text()? })
}
