//! Who is who: why sources were linked, which pairs somebody took apart, which pairs wait for a decision, and whose
//! values win.

use tongshi_model::{Error, Id, Result, Timestamp};

use crate::{
    Workspace,
    sql::{Bulk, Column, Session, Value, json, params},
};

/// Why a source belongs to a record that another source made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The source.
    pub source: i64,
    /// By what: a rule's name, or `manual`.
    pub method: String,
    /// How sure that is, in percent.
    pub confidence: i64,
    /// Who decided.
    pub actor: String,
    /// When.
    pub at: Timestamp,
}

/// Two records that may be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// One record.
    pub one: Id,
    /// The other.
    pub other: Id,
    /// Why they are not linked, by its short name.
    pub reason: String,
    /// How sure it would be, in percent.
    pub confidence: i64,
    /// When it was found.
    pub at: Timestamp,
}

static LINKS: Bulk = Bulk::new(
    "identity_links",
    &[
        ("workspace", Column::Int),
        ("source", Column::Int),
        ("method", Column::Text),
        ("confidence", Column::Int),
        ("actor", Column::Text),
        ("at", Column::Int),
    ],
    "ON CONFLICT (workspace, source) DO UPDATE SET method = excluded.method, confidence = excluded.confidence,
         actor = excluded.actor, at = excluded.at",
    &[0, 1],
);

/// Notes why these sources were linked; a later reason replaces an earlier one.
pub async fn put_links(s: &mut Session, workspace: &Workspace, links: Vec<Link>) -> Result<()> {
    let rows = links
        .into_iter()
        .map(|link| params![workspace.no, link.source, link.method, link.confidence, link.actor, link.at])
        .collect();
    s.run_many(&LINKS, rows).await
}

/// Why these sources were linked, in their order; none for those that made their record.
pub async fn links(s: &mut Session, workspace: &Workspace, sources: &[i64]) -> Result<Vec<Option<Link>>> {
    let rows = s
        .one_by_keys(
            "SELECT source, method, confidence, actor, at FROM identity_links
             WHERE workspace = $1 AND source {{key}}",
            params![workspace.no],
            sources.iter().map(|id| Value::from(*id)).collect(),
        )
        .await?;
    let take = |mut row: crate::sql::Row| {
        Ok(Link {
            source: row.int()?,
            method: row.text()?,
            confidence: row.int()?,
            actor: row.text()?,
            at: row.time()?,
        })
    };
    rows.into_iter().map(|row| row.map(take).transpose()).collect()
}

/// Forgets why these sources were linked.
pub async fn remove_links(s: &mut Session, workspace: &Workspace, sources: &[i64]) -> Result<()> {
    s.run_by_keys(
        "DELETE FROM identity_links WHERE workspace = $1 AND source {{key}}",
        params![workspace.no],
        sources.iter().map(|id| Value::from(*id)).collect(),
    )
    .await
    .map(drop)
}

/// Notes that these two are not to be linked by a rule.
pub async fn put_apart(
    s: &mut Session,
    workspace: &Workspace,
    one: Id,
    other: Id,
    actor: &str,
) -> Result<()> {
    let (one, other) = (one.min(other), one.max(other));
    let now = s.now();
    s.run(
        "INSERT INTO identity_apart (workspace, one, other, actor, at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (workspace, one, other) DO UPDATE SET actor = excluded.actor, at = excluded.at",
        params![workspace.no, one, other, actor, now],
    )
    .await
    .map(drop)
}

/// Lets a rule link these two again.
pub async fn remove_apart(s: &mut Session, workspace: &Workspace, one: Id, other: Id) -> Result<()> {
    let (one, other) = (one.min(other), one.max(other));
    s.run(
        "DELETE FROM identity_apart WHERE workspace = $1 AND one = $2 AND other = $3",
        params![workspace.no, one, other],
    )
    .await
    .map(drop)
}

/// The pairs that somebody took apart.
pub async fn apart(s: &mut Session, workspace: &Workspace) -> Result<Vec<(Id, Id)>> {
    let rows =
        s.rows("SELECT one, other FROM identity_apart WHERE workspace = $1", params![workspace.no]).await?;
    rows.into_iter().map(|mut row| Ok((row.id()?, row.id()?))).collect()
}

static CONFLICTS: Bulk = Bulk::new(
    "identity_conflicts",
    &[
        ("workspace", Column::Int),
        ("one", Column::Bytes),
        ("other", Column::Bytes),
        ("reason", Column::Text),
        ("confidence", Column::Int),
        ("at", Column::Int),
    ],
    "ON CONFLICT (workspace, one, other) DO UPDATE SET reason = excluded.reason,
         confidence = excluded.confidence, at = excluded.at",
    &[0, 1, 2],
);

/// Puts these in the place of all conflicts that are known.
pub async fn replace_conflicts(
    s: &mut Session,
    workspace: &Workspace,
    conflicts: Vec<Conflict>,
) -> Result<()> {
    s.run("DELETE FROM identity_conflicts WHERE workspace = $1", params![workspace.no]).await?;
    let rows = conflicts
        .into_iter()
        .map(|found| params![workspace.no, found.one, found.other, found.reason, found.confidence, found.at])
        .collect();
    s.run_many(&CONFLICTS, rows).await
}

/// The conflicts, surest first.
pub async fn conflicts(s: &mut Session, workspace: &Workspace) -> Result<Vec<Conflict>> {
    let rows = s
        .rows(
            "SELECT one, other, reason, confidence, at FROM identity_conflicts
             WHERE workspace = $1 ORDER BY confidence DESC, one, other",
            params![workspace.no],
        )
        .await?;
    let take = |mut row: crate::sql::Row| {
        Ok(Conflict {
            one: row.id()?,
            other: row.id()?,
            reason: row.text()?,
            confidence: row.int()?,
            at: row.time()?,
        })
    };
    rows.into_iter().map(take).collect()
}

/// Forgets the conflict between these two, whichever stands first.
pub async fn remove_conflict(s: &mut Session, workspace: &Workspace, one: Id, other: Id) -> Result<()> {
    s.run(
        "DELETE FROM identity_conflicts
         WHERE workspace = $1 AND ((one = $2 AND other = $3) OR (one = $3 AND other = $2))",
        params![workspace.no, one, other],
    )
    .await
    .map(drop)
}

/// Whose values win, by field, as numbers of connections.
pub async fn owners(s: &mut Session, workspace: &Workspace) -> Result<Vec<(String, Vec<i64>)>> {
    let rows = s
        .rows(
            "SELECT field, connections FROM owners WHERE workspace = $1 ORDER BY field",
            params![workspace.no],
        )
        .await?;
    let take = |mut row: crate::sql::Row| {
        let field = row.text()?;
        let connections = serde_json::from_value(row.json()?)
            .map_err(|error| Error::internal("a stored owner cannot be read").caused_by(error))?;
        Ok((field, connections))
    };
    rows.into_iter().map(take).collect()
}

/// Says whose value of a field wins.
pub async fn put_owners(
    s: &mut Session,
    workspace: &Workspace,
    field: &str,
    connections: &[i64],
) -> Result<()> {
    let list = json(&serde_json::json!(connections))?;
    s.run(
        "INSERT INTO owners (workspace, field, connections) VALUES ($1, $2, $3)
         ON CONFLICT (workspace, field) DO UPDATE SET connections = excluded.connections",
        params![workspace.no, field, list],
    )
    .await
    .map(drop)
}

/// Leaves a field to the usual order again; says whether there was a rule.
pub async fn remove_owners(s: &mut Session, workspace: &Workspace, field: &str) -> Result<bool> {
    let count =
        s.run("DELETE FROM owners WHERE workspace = $1 AND field = $2", params![workspace.no, field]).await?;
    Ok(count > 0)
}
