//! Connections: a workspace's accounts at vendors.

use serde_json::Value as Json;
use tongshi_model::{Error, Id, Result, Timestamp};

use crate::{
    Workspace,
    sql::{Row, Session, json, params},
};

/// An account at a vendor.
#[derive(Clone, PartialEq)]
pub struct Connection {
    /// Its number in the tables.
    pub no: i64,
    /// Its public id.
    pub id: Id,
    /// The workspace's number.
    pub workspace: i64,
    /// Its name in the workspace.
    pub name: String,
    /// The vendor.
    pub dialect: String,
    /// Where the vendor is reached.
    pub base_url: String,
    /// What else the workspace decided.
    pub settings: Json,
    /// The credentials, encrypted.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether it rests.
    pub disabled: bool,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("no", &self.no)
            .field("name", &self.name)
            .field("dialect", &self.dialect)
            .field("disabled", &self.disabled)
            .finish_non_exhaustive()
    }
}

/// Makes the connection, or gives the one of this name new contents.
pub async fn save(
    s: &mut Session,
    workspace: &Workspace,
    name: &str,
    dialect: &str,
    base_url: &str,
    settings: &Json,
    sealed: &[u8],
) -> Result<Connection> {
    let no = match find(s, workspace, name).await? {
        Some(connection) => connection.no,
        None => crate::allocate(s, "connections", 1).await?,
    };
    let id = Id::of(&["connection", &workspace.id.to_string(), name]);
    let now = s.now();
    s.touch(workspace.no);
    let row = s
        .row(
            "INSERT INTO connections (no, id, workspace, name, dialect, base_url, settings, sealed, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (workspace, name) DO UPDATE SET dialect = excluded.dialect, base_url = excluded.base_url,
                 settings = excluded.settings, sealed = excluded.sealed
             RETURNING no, id, workspace, name, dialect, base_url, settings, sealed, created_at, disabled_at",
            params![no, id, workspace.no, name, dialect, base_url, json(settings)?, sealed, now],
        )
        .await?;
    take(row.ok_or_else(|| Error::internal("a connection was not stored"))?)
}

/// The connection of this name.
pub async fn find(s: &mut Session, workspace: &Workspace, name: &str) -> Result<Option<Connection>> {
    let row = s
        .row(
            "SELECT no, id, workspace, name, dialect, base_url, settings, sealed, created_at, disabled_at
             FROM connections WHERE workspace = $1 AND name = $2",
            params![workspace.no, name],
        )
        .await?;
    row.map(take).transpose()
}

/// The connection with this number.
pub async fn by_no(s: &mut Session, workspace: &Workspace, no: i64) -> Result<Option<Connection>> {
    let row = s
        .row(
            "SELECT no, id, workspace, name, dialect, base_url, settings, sealed, created_at, disabled_at
             FROM connections WHERE workspace = $1 AND no = $2",
            params![workspace.no, no],
        )
        .await?;
    row.map(take).transpose()
}

/// Every connection of the workspace, oldest first.
pub async fn all(s: &mut Session, workspace: &Workspace) -> Result<Vec<Connection>> {
    let rows = s
        .rows(
            "SELECT no, id, workspace, name, dialect, base_url, settings, sealed, created_at, disabled_at
             FROM connections WHERE workspace = $1 ORDER BY no",
            params![workspace.no],
        )
        .await?;
    rows.into_iter().map(take).collect()
}

/// Puts the connection to rest, or wakes it.
pub async fn disable(s: &mut Session, workspace: &Workspace, no: i64, disabled: bool) -> Result<()> {
    let at = disabled.then_some(s.now());
    s.touch(workspace.no);
    let count = s
        .run(
            "UPDATE connections SET disabled_at = $3 WHERE workspace = $1 AND no = $2",
            params![workspace.no, no, at],
        )
        .await?;
    if count == 0 { Err(Error::not_found("there is no such connection")) } else { Ok(()) }
}

fn take(mut row: Row) -> Result<Connection> {
    Ok(Connection {
        no: row.int()?,
        id: row.id()?,
        workspace: row.int()?,
        name: row.text()?,
        dialect: row.text()?,
        base_url: row.text()?,
        settings: row.json()?,
        sealed: row.bytes()?,
        created_at: row.time()?,
        disabled: row.filled()?,
    })
}
