//! References: ids that now mean another record, because two vendors' views turned out to be one thing.

use std::collections::HashMap;

use tongshi_model::{Error, Id, Result};

use crate::{
    Workspace,
    sql::{Bulk, Column, Session, Value, params},
};

/// How often a meaning is followed to a further meaning: more would be a circle.
const STEPS_MAX: usize = 8;

/// What these ids mean now; those that mean themselves are left out.
pub async fn resolve(s: &mut Session, workspace: &Workspace, ids: &[Id]) -> Result<HashMap<Id, Id>> {
    let mut meant: HashMap<Id, Id> = step(s, workspace, ids).await?;
    for _ in 1..STEPS_MAX {
        let targets: Vec<_> = meant.values().copied().collect();
        let further = step(s, workspace, &targets).await?;
        if further.is_empty() {
            break;
        }
        for target in meant.values_mut() {
            if let Some(next) = further.get(target) {
                *target = *next;
            }
        }
    }
    Ok(meant)
}

async fn step(s: &mut Session, workspace: &Workspace, ids: &[Id]) -> Result<HashMap<Id, Id>> {
    let rows = s
        .one_by_keys(
            "SELECT record FROM aliases WHERE workspace = $1 AND id {{key}}",
            params![workspace.no],
            ids.iter().map(|id| Value::from(*id)).collect(),
        )
        .await?;
    let mut meant = HashMap::new();
    for (id, row) in ids.iter().zip(rows) {
        if let Some(mut row) = row {
            meant.insert(*id, row.id()?);
        }
    }
    Ok(meant)
}

static UPSERT: Bulk = Bulk::new(
    "aliases",
    &[("workspace", Column::Int), ("id", Column::Bytes), ("record", Column::Bytes)],
    "ON CONFLICT (workspace, id) DO UPDATE SET record = excluded.record",
    &[0, 1],
);

/// Notes that each first id means the second.
pub async fn put(s: &mut Session, workspace: &Workspace, pairs: &[(Id, Id)]) -> Result<()> {
    s.touch(workspace.no);
    let rows = pairs.iter().map(|(id, record)| params![workspace.no, *id, *record]).collect();
    s.run_many(&UPSERT, rows).await?;
    count_change(s, workspace).await
}

/// Lets these ids mean themselves again.
pub async fn remove(s: &mut Session, workspace: &Workspace, ids: &[Id]) -> Result<()> {
    s.touch(workspace.no);
    s.run_by_keys(
        "DELETE FROM aliases WHERE workspace = $1 AND id {{key}}",
        params![workspace.no],
        ids.iter().map(|id| Value::from(*id)).collect(),
    )
    .await?;
    count_change(s, workspace).await
}

/// Every id of the workspace that means another record, with the record it means; chains are not followed.
pub async fn all(s: &mut Session, workspace: &Workspace) -> Result<Vec<(Id, Id)>> {
    let rows = s.rows("SELECT id, record FROM aliases WHERE workspace = $1", params![workspace.no]).await?;
    rows.into_iter().map(|mut row| Ok((row.id()?, row.id()?))).collect()
}

/// A number that changes whenever an id of the workspace comes to mean something else.
pub async fn generation(s: &mut Session, workspace: &Workspace) -> Result<i64> {
    let row = s.row("SELECT aliased FROM workspaces WHERE no = $1", params![workspace.no]).await?;
    row.ok_or_else(|| Error::not_found("there is no such workspace"))?.int()
}

async fn count_change(s: &mut Session, workspace: &Workspace) -> Result<()> {
    s.run("UPDATE workspaces SET aliased = aliased + 1 WHERE no = $1", params![workspace.no]).await.map(drop)
}

/// Whether any id of the workspace means another record; most workspaces have none and need not ask further.
pub async fn any(s: &mut Session, workspace: &Workspace) -> Result<bool> {
    let row = s.row("SELECT 1 FROM aliases WHERE workspace = $1 LIMIT 1", params![workspace.no]).await?;
    Ok(row.is_some())
}
