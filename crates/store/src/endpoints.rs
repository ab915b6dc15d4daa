//! Endpoints: where apps want to be told of changes, each with its place in the journal and the lease of whoever sends.

use serde_json::Value as Json;
use tongshi_model::{Error, Id, Result, Timestamp};

use crate::{
    Workspace,
    sql::{Row, Session, json, params},
};

/// An endpoint.
#[derive(Clone, PartialEq)]
pub struct Endpoint {
    /// Its number in the tables.
    pub no: i64,
    /// Its public id.
    pub id: Id,
    /// The workspace's number.
    pub workspace: i64,
    /// The app's number.
    pub app: i64,
    /// What people call it.
    pub name: String,
    /// Where messages go.
    pub url: String,
    /// How they look: `standard` or a dialect.
    pub manner: String,
    /// Which events are wanted.
    pub events: Json,
    /// `thin` or `full`.
    pub payload: String,
    /// Secrets and settings, encrypted.
    pub sealed: Vec<u8>,
    /// Up to which change everything has been taken over.
    pub cursor: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was switched off.
    pub disabled_at: Option<Timestamp>,
    /// Why.
    pub disabled_reason: Option<String>,
    /// Since when nothing has arrived there.
    pub failing_since: Option<Timestamp>,
    /// Until when nothing new is tried there.
    pub rest_until: Option<Timestamp>,
    /// Who sends to it.
    pub holder: Option<String>,
    /// Until when nobody else may.
    pub lease_until: Option<Timestamp>,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The address may carry a token.
        write!(f, "Endpoint({} {}, cursor {})", self.id, self.manner, self.cursor)
    }
}

/// What a round of sending leaves behind.
#[derive(Clone, Debug, Default)]
pub struct Settled {
    /// Up to which change everything has been taken over.
    pub cursor: i64,
    /// Until when nobody else may send.
    pub lease_until: Timestamp,
    /// Since when nothing has arrived there.
    pub failing_since: Option<Timestamp>,
    /// Until when nothing new is tried there.
    pub rest_until: Option<Timestamp>,
    /// Why it is switched off now, if it is.
    pub disabled_reason: Option<String>,
}

/// The columns that [`take`] reads.
macro_rules! columns {
    () => {
        "e.no, e.id, e.workspace, e.app, e.name, e.url, e.manner, e.events, e.payload, e.sealed, e.cursor,
         e.created_at, e.disabled_at, e.disabled_reason, e.failing_since, e.rest_until, e.holder, e.lease_until"
    };
}

/// Makes an endpoint, or gives the one with this id new contents; its place in the journal stays.
pub async fn save(s: &mut Session, workspace: &Workspace, endpoint: &Endpoint) -> Result<Endpoint> {
    s.touch(workspace.no);
    let no = match find(s, workspace, endpoint.id).await? {
        Some(known) => known.no,
        None => crate::allocate(s, "endpoints", 1).await?,
    };
    s.run(
        "INSERT INTO endpoints (no, id, workspace, app, name, url, manner, events, payload, sealed, cursor, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, url = excluded.url, events = excluded.events,
             payload = excluded.payload, sealed = excluded.sealed",
        params![
            no,
            endpoint.id,
            workspace.no,
            endpoint.app,
            endpoint.name.as_str(),
            endpoint.url.as_str(),
            endpoint.manner.as_str(),
            json(&endpoint.events)?,
            endpoint.payload.as_str(),
            endpoint.sealed.as_slice(),
            endpoint.cursor,
            endpoint.created_at,
        ],
    )
    .await?;
    find(s, workspace, endpoint.id).await?.ok_or_else(|| Error::internal("an endpoint was not stored"))
}

/// The endpoint with this id.
pub async fn find(s: &mut Session, workspace: &Workspace, id: Id) -> Result<Option<Endpoint>> {
    let sql = concat!("SELECT ", columns!(), " FROM endpoints e WHERE e.workspace = $1 AND e.id = $2");
    s.row(sql, params![workspace.no, id]).await?.map(take).transpose()
}

/// The endpoint with this number.
pub async fn by_no(s: &mut Session, no: i64) -> Result<Option<Endpoint>> {
    let sql = concat!("SELECT ", columns!(), " FROM endpoints e WHERE e.no = $1");
    s.row(sql, params![no]).await?.map(take).transpose()
}

/// The workspace's endpoints, or those of one app, oldest first.
pub async fn all(s: &mut Session, workspace: &Workspace, app: Option<i64>) -> Result<Vec<Endpoint>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM endpoints e WHERE e.workspace = $1 AND (CAST($2 AS BIGINT) IS NULL OR e.app = CAST($2 AS BIGINT))
          ORDER BY e.no"
    );
    s.rows(sql, params![workspace.no, app]).await?.into_iter().map(take).collect()
}

/// The numbers of endpoints for which there is something to do now: changes to take over, or attempts that are due.
pub async fn with_work(s: &mut Session) -> Result<Vec<i64>> {
    let now = s.now();
    let rows = s
        .rows(
            "SELECT e.no FROM endpoints e JOIN workspaces w ON w.no = e.workspace JOIN apps a ON a.no = e.app
             WHERE e.disabled_at IS NULL AND a.disabled_at IS NULL
               AND ((w.seq > e.cursor AND (e.rest_until IS NULL OR e.rest_until <= $1))
                    OR EXISTS (SELECT 1 FROM deliveries d
                               WHERE d.endpoint = e.no AND d.state = 1 AND d.next_at <= $1))
             ORDER BY e.no",
            params![now],
        )
        .await?;
    rows.into_iter().map(|mut row| row.int()).collect()
}

/// Takes the endpoint for this holder, unless another holds it whose lease has not ended and who is not `dead`.
pub async fn claim(
    s: &mut Session,
    no: i64,
    holder: &str,
    dead: Option<&str>,
    lease_until: Timestamp,
) -> Result<bool> {
    let now = s.now();
    let count = s
        .run(
            "UPDATE endpoints SET holder = $2, lease_until = $4
             WHERE no = $1 AND disabled_at IS NULL
               AND (holder IS NULL OR holder = $2 OR holder = $3 OR lease_until IS NULL OR lease_until <= $5)",
            params![no, holder, dead, lease_until, now],
        )
        .await?;
    Ok(count > 0)
}

/// Keeps the endpoint for this holder; false where it is no longer its.
pub async fn keep(s: &mut Session, no: i64, holder: &str, lease_until: Timestamp) -> Result<bool> {
    let sql = "UPDATE endpoints SET lease_until = $3 WHERE no = $1 AND holder = $2";
    Ok(s.run(sql, params![no, holder, lease_until]).await? > 0)
}

/// Notes where a round has ended; a conflict where the endpoint is in other hands, or gone.
pub async fn settle(s: &mut Session, no: i64, holder: &str, settled: &Settled) -> Result<()> {
    let disabled_at = settled.disabled_reason.as_ref().map(|_| s.now());
    let count = s
        .run(
            "UPDATE endpoints SET cursor = $3, lease_until = $4, failing_since = $5, rest_until = $6,
                 disabled_reason = COALESCE(CAST($7 AS TEXT), disabled_reason),
                 disabled_at = COALESCE(CAST($8 AS BIGINT), disabled_at)
             WHERE no = $1 AND holder = $2",
            params![
                no,
                holder,
                settled.cursor,
                settled.lease_until,
                settled.failing_since,
                settled.rest_until,
                settled.disabled_reason.as_deref(),
                disabled_at,
            ],
        )
        .await?;
    if count == 0 { Err(Error::conflict("the endpoint is in other hands")) } else { Ok(()) }
}

/// Switches it off with a reason, or on again.
pub async fn switch(s: &mut Session, workspace: &Workspace, no: i64, off: Option<&str>) -> Result<()> {
    s.touch(workspace.no);
    let at = off.map(|_| s.now());
    s.run(
        "UPDATE endpoints SET disabled_at = $3, disabled_reason = $4, failing_since = NULL, rest_until = NULL
         WHERE workspace = $1 AND no = $2",
        params![workspace.no, no, at, off],
    )
    .await
    .map(drop)
}

/// Removes the endpoint with all that was noted of it.
pub async fn remove(s: &mut Session, workspace: &Workspace, no: i64) -> Result<()> {
    s.touch(workspace.no);
    s.run("DELETE FROM endpoints WHERE workspace = $1 AND no = $2", params![workspace.no, no]).await?;
    s.run("DELETE FROM deliveries WHERE endpoint = $1", params![no]).await.map(drop)
}

fn take(mut row: Row) -> Result<Endpoint> {
    Ok(Endpoint {
        no: row.int()?,
        id: row.id()?,
        workspace: row.int()?,
        app: row.int()?,
        name: row.text()?,
        url: row.text()?,
        manner: row.text()?,
        events: row.json()?,
        payload: row.text()?,
        sealed: row.bytes()?,
        cursor: row.int()?,
        created_at: row.time()?,
        disabled_at: row.opt_time()?,
        disabled_reason: row.opt_text()?,
        failing_since: row.opt_time()?,
        rest_until: row.opt_time()?,
        holder: row.opt_text()?,
        lease_until: row.opt_time()?,
    })
}
