//! How often something was done in a period, for what vendors count.

use tongshi_model::Result;

use crate::{
    Workspace,
    sql::{Session, params},
};

/// What was counted in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Of what.
    pub what: String,
    /// When: a day or a month.
    pub period: String,
    /// How often.
    pub count: i64,
}

/// Takes one of at most `limit`; false where all are taken.
pub async fn take(
    s: &mut Session,
    workspace: &Workspace,
    what: &str,
    period: &str,
    limit: i64,
) -> Result<bool> {
    if limit < 1 {
        return Ok(false);
    }
    let count = s
        .run(
            "INSERT INTO tallies (workspace, what, period, count) VALUES ($1, $2, $3, 1)
             ON CONFLICT (workspace, what, period) DO UPDATE SET count = tallies.count + 1 WHERE tallies.count < $4",
            params![workspace.no, what, period, limit],
        )
        .await?;
    Ok(count > 0)
}

/// Adds to a tally.
pub async fn add(s: &mut Session, workspace: &Workspace, what: &str, period: &str, more: i64) -> Result<()> {
    s.run(
        "INSERT INTO tallies (workspace, what, period, count) VALUES ($1, $2, $3, $4)
         ON CONFLICT (workspace, what, period) DO UPDATE SET count = tallies.count + excluded.count",
        params![workspace.no, what, period, more],
    )
    .await
    .map(drop)
}

/// The tallies of a period whose name begins so, by name.
pub async fn of_period(
    s: &mut Session,
    workspace: &Workspace,
    prefix: &str,
    period: &str,
) -> Result<Vec<Tally>> {
    let mut found = since(s, workspace, prefix, period).await?;
    found.retain(|tally| tally.period == period);
    Ok(found)
}

/// The tallies whose name begins so, of periods from one on, in the order of name and period.
pub async fn since(s: &mut Session, workspace: &Workspace, prefix: &str, period: &str) -> Result<Vec<Tally>> {
    let rows = s
        .rows(
            "SELECT what, period, count FROM tallies WHERE workspace = $1 AND period >= $2 ORDER BY what, period",
            params![workspace.no, period],
        )
        .await?;
    let mut found = Vec::with_capacity(rows.len());
    for mut row in rows {
        found.push(Tally { what: row.text()?, period: row.text()?, count: row.int()? });
    }
    found.retain(|tally| tally.what.starts_with(prefix));
    Ok(found)
}
