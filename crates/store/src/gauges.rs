//! Gauges: what the database says of the hub's state, for `/metrics`. A few indexed questions, no scan of records.

use tongshi_model::{Error, Result, Timestamp};

use crate::sql::{Session, params};

/// What is there, over all workspaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Jobs that are neither done nor given up.
    pub jobs_waiting: u64,
    /// Since when the oldest due job waits.
    pub oldest_due: Option<Timestamp>,
    /// Rows in quarantine.
    pub quarantined: u64,
    /// Runs in progress.
    pub runs_running: u64,
    /// For each workspace and connection of a vendor: when its last complete run ended.
    pub synced: Vec<(String, String, Option<Timestamp>)>,
}

/// Reads them; connections of the dialect `local` are no vendors and left out.
pub async fn read(s: &mut Session, local: &str) -> Result<Gauges> {
    let now = s.now();
    let row = s
        .row(
            "SELECT (SELECT count(*) FROM jobs WHERE done_at IS NULL AND failed_at IS NULL),
                    (SELECT min(run_at) FROM jobs WHERE done_at IS NULL AND failed_at IS NULL AND run_at <= $1),
                    (SELECT count(*) FROM quarantine)",
            params![now],
        )
        .await?;
    let mut row = row.ok_or_else(|| Error::internal("a count gives no row"))?;
    let (jobs_waiting, oldest_due) = (row.count()?, row.opt_time()?);
    let quarantined = row.count()?;
    let rows = s
        .rows(
            "SELECT w.name, c.name,
                    (SELECT r.ended_at FROM runs r WHERE r.connection = c.no AND r.state = 'done' AND r.complete = 1
                     ORDER BY r.no DESC LIMIT 1),
                    (SELECT r.state FROM runs r WHERE r.connection = c.no ORDER BY r.no DESC LIMIT 1)
             FROM connections c JOIN workspaces w ON w.no = c.workspace
             WHERE c.dialect <> $1 AND c.disabled_at IS NULL ORDER BY c.no",
            params![local],
        )
        .await?;
    let (mut synced, mut runs_running) = (Vec::with_capacity(rows.len()), 0);
    for mut row in rows {
        synced.push((row.text()?, row.text()?, row.opt_time()?));
        runs_running += u64::from(row.opt_text()?.as_deref() == Some("running"));
    }
    Ok(Gauges { jobs_waiting, oldest_due, quarantined, runs_running, synced })
}
