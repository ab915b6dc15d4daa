//! Jobs: work that is to be done later, enqueued in the transaction that made it necessary, claimed with a lease.

use serde_json::Value as Json;
use tongshi_model::{Error, Result, Timestamp};

use crate::{
    Workspace,
    sql::{Session, json, params},
};

/// A claimed job.
#[derive(Clone, PartialEq)]
pub struct Job {
    /// Its number.
    pub id: i64,
    /// The workspace's number.
    pub workspace: i64,
    /// What is to be done.
    pub name: String,
    /// With what.
    pub payload: Json,
    /// How often it has been claimed, this time included.
    pub attempts: i64,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Job({} {}, attempt {})", self.id, self.name, self.attempts)
    }
}

/// Puts a job in the queue; none where a job of this name and unique key waits already.
pub async fn enqueue(
    s: &mut Session,
    workspace: &Workspace,
    name: &str,
    payload: &Json,
    unique_key: Option<&str>,
    run_at: Timestamp,
) -> Result<Option<i64>> {
    let id = crate::allocate(s, "jobs", 1).await?;
    let now = s.now();
    let count = s
        .run(
            "INSERT INTO jobs (id, workspace, name, payload, unique_key, run_at, attempts, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, 0, $7)
             ON CONFLICT (workspace, name, unique_key)
                 WHERE done_at IS NULL AND failed_at IS NULL AND unique_key IS NOT NULL
             DO NOTHING",
            params![id, workspace.no, name, json(payload)?, unique_key, run_at, now],
        )
        .await?;
    Ok((count > 0).then_some(id))
}

/// Takes due jobs of these names that nobody holds, or whose holder let the lease lapse; the oldest first.
pub async fn claim(
    s: &mut Session,
    names: &[&str],
    holder: &str,
    lease_until: Timestamp,
    limit: u32,
) -> Result<Vec<Job>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let mut values = params![s.now(), holder, lease_until, limit];
    let mut places = Vec::with_capacity(names.len());
    for name in names {
        values.push((*name).into());
        places.push(format!("${}", values.len()));
    }
    let sql = format!(
        "UPDATE jobs SET holder = $2, lease_until = $3, attempts = attempts + 1
         WHERE id IN (
             SELECT id FROM jobs
             WHERE done_at IS NULL AND failed_at IS NULL AND run_at <= $1
               AND (lease_until IS NULL OR lease_until <= $1) AND name IN ({})
             ORDER BY run_at, id LIMIT $4{})
         RETURNING run_at, id, workspace, name, payload, attempts",
        places.join(", "),
        s.locked_or_skipped()
    );
    let mut jobs = Vec::new();
    for mut row in s.rows(sql, values).await? {
        let run_at = row.time()?;
        let job = Job {
            id: row.int()?,
            workspace: row.int()?,
            name: row.text()?,
            payload: row.json()?,
            attempts: row.int()?,
        };
        jobs.push((run_at, job));
    }
    // What an update returns has no order of its own.
    jobs.sort_by_key(|(run_at, job)| (*run_at, job.id));
    Ok(jobs.into_iter().map(|(_, job)| job).collect())
}

/// Notes that the job is done; a conflict where it is no longer ours.
pub async fn done(s: &mut Session, id: i64, holder: &str) -> Result<()> {
    let now = s.now();
    let count = s
        .run(
            "UPDATE jobs SET done_at = $3, lease_until = NULL
             WHERE id = $1 AND holder = $2 AND done_at IS NULL AND failed_at IS NULL",
            params![id, holder, now],
        )
        .await?;
    ours(count)
}

/// Puts the job back for later; a conflict where it is no longer ours.
pub async fn retry(s: &mut Session, id: i64, holder: &str, run_at: Timestamp, error: &str) -> Result<()> {
    let count = s
        .run(
            "UPDATE jobs SET run_at = $3, last_error = $4, holder = NULL, lease_until = NULL
             WHERE id = $1 AND holder = $2 AND done_at IS NULL AND failed_at IS NULL",
            params![id, holder, run_at, error],
        )
        .await?;
    ours(count)
}

/// Gives the job up; a conflict where it is no longer ours.
pub async fn fail(s: &mut Session, id: i64, holder: &str, error: &str) -> Result<()> {
    let now = s.now();
    let count = s
        .run(
            "UPDATE jobs SET failed_at = $3, last_error = $4, lease_until = NULL
             WHERE id = $1 AND holder = $2 AND done_at IS NULL AND failed_at IS NULL",
            params![id, holder, now, error],
        )
        .await?;
    ours(count)
}

/// How many jobs are neither done nor given up.
pub async fn waiting(s: &mut Session) -> Result<u64> {
    let row =
        s.row("SELECT count(*) FROM jobs WHERE done_at IS NULL AND failed_at IS NULL", params![]).await?;
    row.ok_or_else(|| Error::internal("a count gives no row"))?.count()
}

/// Removes jobs that were done or given up before this instant, and says how many.
pub async fn sweep(s: &mut Session, before: Timestamp) -> Result<u64> {
    s.run("DELETE FROM jobs WHERE done_at < $1 OR failed_at < $1", params![before]).await
}

fn ours(count: u64) -> Result<()> {
    if count == 0 { Err(Error::conflict("the job is in other hands")) } else { Ok(()) }
}
