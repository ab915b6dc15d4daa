//! Routes: which connections are told of what, and connections whose writes rest.

use tongshi_model::{Kind, Result, Timestamp};

use crate::{
    Workspace,
    sql::{Row, Session, params},
};

/// A route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The kind; none for punches.
    pub kind: Option<Kind>,
    /// What is done, or `*` for all that the vendor can.
    pub action: String,
    /// Where.
    pub connection: i64,
    /// Whether a second person must agree.
    pub second_person: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Why a connection's writes rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// The connection.
    pub connection: i64,
    /// Until when.
    pub until: Timestamp,
    /// Whether a person must do something.
    pub attention: bool,
    /// Why.
    pub reason: String,
}

/// Makes a route, or changes the one that is there.
pub async fn save(s: &mut Session, workspace: &Workspace, route: &Route) -> Result<()> {
    s.run(
        "INSERT INTO routes (workspace, target, action, connection, second_person, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (workspace, target, action, connection) DO UPDATE SET second_person = excluded.second_person",
        params![
            workspace.no,
            target(route.kind),
            route.action.as_str(),
            route.connection,
            route.second_person,
            route.created_at,
        ],
    )
    .await
    .map(drop)
}

/// Removes a route and says whether there was one.
pub async fn remove(
    s: &mut Session,
    workspace: &Workspace,
    kind: Option<Kind>,
    action: &str,
    connection: i64,
) -> Result<bool> {
    let count = s
        .run(
            "DELETE FROM routes WHERE workspace = $1 AND target = $2 AND action = $3 AND connection = $4",
            params![workspace.no, target(kind), action, connection],
        )
        .await?;
    Ok(count > 0)
}

/// Every route of the workspace.
pub async fn all(s: &mut Session, workspace: &Workspace) -> Result<Vec<Route>> {
    let rows = s
        .rows(
            "SELECT target, action, connection, second_person, created_at FROM routes WHERE workspace = $1
             ORDER BY target, action, connection",
            params![workspace.no],
        )
        .await?;
    rows.into_iter().map(take).collect()
}

/// Lets a connection's writes rest until this time.
pub async fn pause(s: &mut Session, workspace: &Workspace, pause: &Pause) -> Result<()> {
    s.run(
        "INSERT INTO write_pauses (connection, workspace, until, attention, reason) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (connection) DO UPDATE SET until = excluded.until, attention = excluded.attention,
             reason = excluded.reason",
        params![pause.connection, workspace.no, pause.until, pause.attention, pause.reason.as_str()],
    )
    .await
    .map(drop)
}

/// Lets a connection's writes go on.
pub async fn resume(s: &mut Session, workspace: &Workspace, connection: i64) -> Result<()> {
    s.run(
        "DELETE FROM write_pauses WHERE workspace = $1 AND connection = $2",
        params![workspace.no, connection],
    )
    .await
    .map(drop)
}

/// The workspace's connections whose writes rest or rested.
pub async fn pauses(s: &mut Session, workspace: &Workspace) -> Result<Vec<Pause>> {
    let rows = s
        .rows(
            "SELECT connection, until, attention, reason FROM write_pauses WHERE workspace = $1 ORDER BY connection",
            params![workspace.no],
        )
        .await?;
    let take = |mut row: Row| {
        Ok(Pause {
            connection: row.int()?,
            until: row.time()?,
            attention: row.int()? == 1,
            reason: row.text()?,
        })
    };
    rows.into_iter().map(take).collect()
}

fn target(kind: Option<Kind>) -> i64 {
    kind.map_or(0, |kind| kind.number().into())
}

fn take(mut row: Row) -> Result<Route> {
    let target = row.int()?;
    Ok(Route {
        kind: Kind::from_number(target),
        action: row.text()?,
        connection: row.int()?,
        second_person: row.int()? == 1,
        created_at: row.time()?,
    })
}
