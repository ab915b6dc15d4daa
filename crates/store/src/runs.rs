//! Runs: one sync each, claimed with a lease, checkpointed per page, resumed after a crash, with its proof.

use serde_json::Value as Json;
use tongshi_model::{Error, Id, Result, Timestamp};

use crate::{
    Workspace,
    sql::{Row, Session, json, params},
};

/// A sync.
#[derive(Clone, PartialEq)]
pub struct Run {
    /// Its id.
    pub id: Id,
    /// The connection it reads.
    pub connection: i64,
    /// What sort of sync: `full`, `changes`…
    pub mode: String,
    /// `running`, `done`, `failed` or `held`.
    pub state: String,
    /// Where it goes on.
    pub cursor: Option<Json>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// What it did.
    pub summary: Option<Json>,
    /// Why it saw everything, or did not.
    pub proof: Option<Json>,
    /// Whether it saw everything.
    pub complete: Option<bool>,
    /// When it was undone.
    pub undone_at: Option<Timestamp>,
    /// The run that it undoes.
    pub undo_of: Option<Id>,
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run")
            .field("id", &self.id)
            .field("connection", &self.connection)
            .field("mode", &self.mode)
            .field("state", &self.state)
            .field("complete", &self.complete)
            .finish_non_exhaustive()
    }
}

/// What came of the wish to sync a connection.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim {
    /// A run has begun.
    New(Run),
    /// A run that stopped in the middle goes on, in our hands.
    Resumed(Run),
    /// Somebody else is at it.
    Busy {
        /// When their lease ends unless they renew it.
        until: Timestamp,
        /// Who they are.
        holder: String,
    },
}

/// What a run saw on one page of one listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRow {
    /// The listing.
    pub listing: String,
    /// The page's number.
    pub page: i64,
    /// The rows on it.
    pub rows: i64,
    /// How many the vendor says there are in all.
    pub total: Option<i64>,
    /// A digest of the rows.
    pub digest: Vec<u8>,
    /// A digest of their keys.
    pub keys_digest: Vec<u8>,
    /// Which sources were seen.
    pub seen: Vec<u8>,
}

/// The columns that [`take`] reads.
macro_rules! columns {
    () => {
        "id, connection, mode, state, cursor, started_at, ended_at, summary, proof, complete, undone_at, undo_of"
    };
}

/// Begins a run of the connection, or takes over the one of the same mode that its holder let lapse. A lapsed run of
/// another mode ends as failed.
pub async fn claim(
    s: &mut Session,
    workspace: &Workspace,
    connection: i64,
    new_id: Id,
    mode: &str,
    holder: &str,
    lease_until: Timestamp,
) -> Result<Claim> {
    s.touch(workspace.no);
    // Two claims of one connection must not both find it free.
    let lock = format!("SELECT no FROM connections WHERE workspace = $1 AND no = $2{}", s.locked());
    s.row(lock, params![workspace.no, connection]).await?;
    let now = s.now();
    let unfinished = s
        .row(
            "SELECT id, mode, lease_until, holder FROM runs WHERE workspace = $1 AND connection = $2 AND state = 'running'
             ORDER BY no DESC LIMIT 1",
            params![workspace.no, connection],
        )
        .await?;
    if let Some(mut row) = unfinished {
        let (id, its_mode, its_lease, its_holder) =
            (row.id()?, row.text()?, row.opt_time()?, row.opt_text()?);
        if let Some(until) = its_lease.filter(|until| *until > now) {
            return Ok(Claim::Busy { until, holder: its_holder.unwrap_or_default() });
        }
        if its_mode == mode {
            let row = s
                .row(
                    concat!(
                        "UPDATE runs SET holder = $2, lease_until = $3 WHERE id = $1 RETURNING ",
                        columns!()
                    ),
                    params![id, holder, lease_until],
                )
                .await?;
            return Ok(Claim::Resumed(take(row.ok_or_else(|| Error::internal("a run disappeared"))?)?));
        }
        s.run(
            "UPDATE runs SET state = 'failed', complete = 0, ended_at = $2, lease_until = NULL WHERE id = $1",
            params![id, now],
        )
        .await?;
    }
    let no = crate::allocate(s, "runs", 1).await?;
    let row = s
        .row(
            concat!(
                "INSERT INTO runs (id, no, workspace, connection, mode, state, started_at, holder, lease_until)
                 VALUES ($1, $2, $3, $4, $5, 'running', $6, $7, $8) RETURNING ",
                columns!()
            ),
            params![new_id, no, workspace.no, connection, mode, now, holder, lease_until],
        )
        .await?;
    Ok(Claim::New(take(row.ok_or_else(|| Error::internal("a run was not stored"))?)?))
}

/// Ends the lease of a holder that is known to have died, so that its run can be resumed at once.
pub async fn release(s: &mut Session, workspace: &Workspace, connection: i64, holder: &str) -> Result<()> {
    s.run(
        "UPDATE runs SET lease_until = NULL
         WHERE workspace = $1 AND connection = $2 AND state = 'running' AND holder = $3",
        params![workspace.no, connection, holder],
    )
    .await?;
    Ok(())
}

/// Notes how far the run is and renews the lease; a conflict where the run is no longer ours.
pub async fn checkpoint(
    s: &mut Session,
    workspace: &Workspace,
    run: Id,
    holder: &str,
    cursor: &Json,
    lease_until: Timestamp,
) -> Result<()> {
    let count = s
        .run(
            "UPDATE runs SET cursor = $4, lease_until = $5
             WHERE id = $1 AND workspace = $2 AND holder = $3 AND state = 'running'",
            params![run, workspace.no, holder, json(cursor)?, lease_until],
        )
        .await?;
    ours(count)
}

/// Ends the run; a conflict where it is no longer ours.
#[expect(clippy::too_many_arguments, reason = "each is a column; a struct would only repeat them")]
pub async fn finish(
    s: &mut Session,
    workspace: &Workspace,
    run: Id,
    holder: &str,
    state: &str,
    complete: bool,
    summary: &Json,
    proof: &Json,
) -> Result<()> {
    s.touch(workspace.no);
    let now = s.now();
    let count = s
        .run(
            "UPDATE runs SET state = $4, complete = $5, summary = $6, proof = $7, ended_at = $8, lease_until = NULL
             WHERE id = $1 AND workspace = $2 AND holder = $3 AND state = 'running'",
            params![run, workspace.no, holder, state, complete, json(summary)?, json(proof)?, now],
        )
        .await?;
    ours(count)
}

fn ours(count: u64) -> Result<()> {
    if count == 0 { Err(Error::conflict("the run is in other hands")) } else { Ok(()) }
}

/// The run with this id.
pub async fn get(s: &mut Session, workspace: &Workspace, id: Id) -> Result<Option<Run>> {
    let row = s
        .row(
            concat!("SELECT ", columns!(), " FROM runs WHERE workspace = $1 AND id = $2"),
            params![workspace.no, id],
        )
        .await?;
    row.map(take).transpose()
}

/// The latest runs, newest first, of one connection where given.
pub async fn list(
    s: &mut Session,
    workspace: &Workspace,
    connection: Option<i64>,
    limit: u32,
) -> Result<Vec<Run>> {
    let rows = s
        .rows(
            concat!(
                "SELECT ",
                columns!(),
                " FROM runs
                 WHERE workspace = $1 AND (CAST($2 AS BIGINT) IS NULL OR connection = CAST($2 AS BIGINT))
                 ORDER BY no DESC LIMIT $3"
            ),
            params![workspace.no, connection, limit],
        )
        .await?;
    rows.into_iter().map(take).collect()
}

/// The latest run of the connection that is done, saw everything and was not undone; of one mode where given.
pub async fn last_complete(
    s: &mut Session,
    workspace: &Workspace,
    connection: i64,
    mode: Option<&str>,
) -> Result<Option<Run>> {
    let row = s
        .row(
            concat!(
                "SELECT ",
                columns!(),
                " FROM runs
                 WHERE workspace = $1 AND connection = $2 AND state = 'done' AND complete = 1
                   AND undone_at IS NULL AND (CAST($3 AS TEXT) IS NULL OR mode = CAST($3 AS TEXT))
                 ORDER BY no DESC LIMIT 1"
            ),
            params![workspace.no, connection, mode],
        )
        .await?;
    row.map(take).transpose()
}

/// Notes that the run was undone.
pub async fn mark_undone(s: &mut Session, workspace: &Workspace, id: Id) -> Result<()> {
    s.touch(workspace.no);
    let now = s.now();
    let count = s
        .run(
            "UPDATE runs SET undone_at = $3 WHERE workspace = $1 AND id = $2 AND undone_at IS NULL",
            params![workspace.no, id, now],
        )
        .await?;
    if count == 0 { Err(Error::not_found("there is no such run, or it was undone before")) } else { Ok(()) }
}

/// Notes that this run undoes another.
pub async fn mark_undo_of(s: &mut Session, workspace: &Workspace, id: Id, undone: Id) -> Result<()> {
    s.touch(workspace.no);
    s.run("UPDATE runs SET undo_of = $3 WHERE workspace = $1 AND id = $2", params![workspace.no, id, undone])
        .await
        .map(drop)
}

/// Notes what a run saw on a page, in place of what it saw there before.
pub async fn put_page(s: &mut Session, run: Id, page: PageRow) -> Result<()> {
    s.run(
        "INSERT INTO run_pages (run, listing, page, rows, total, digest, keys_digest, seen)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (run, listing, page) DO UPDATE SET rows = excluded.rows, total = excluded.total,
             digest = excluded.digest, keys_digest = excluded.keys_digest, seen = excluded.seen",
        params![
            run,
            page.listing,
            page.page,
            page.rows,
            page.total,
            page.digest,
            page.keys_digest,
            page.seen
        ],
    )
    .await
    .map(drop)
}

/// What a run saw of a listing, page by page.
pub async fn pages(s: &mut Session, run: Id, listing: &str) -> Result<Vec<PageRow>> {
    let rows = s
        .rows(
            "SELECT listing, page, rows, total, digest, keys_digest, seen FROM run_pages
             WHERE run = $1 AND listing = $2 ORDER BY page",
            params![run, listing],
        )
        .await?;
    let take = |mut row: Row| {
        Ok(PageRow {
            listing: row.text()?,
            page: row.int()?,
            rows: row.int()?,
            total: row.opt_int()?,
            digest: row.bytes()?,
            keys_digest: row.bytes()?,
            seen: row.bytes()?,
        })
    };
    rows.into_iter().map(take).collect()
}

/// The listings of which a run saw something, by name.
pub async fn listings(s: &mut Session, run: Id) -> Result<Vec<String>> {
    let rows = s.rows("SELECT DISTINCT listing FROM run_pages WHERE run = $1", params![run]).await?;
    let mut names = rows.into_iter().map(|mut row| row.text()).collect::<Result<Vec<_>>>()?;
    // Sorted here: the two databases collate text differently.
    names.sort();
    Ok(names)
}

fn take(mut row: Row) -> Result<Run> {
    Ok(Run {
        id: row.id()?,
        connection: row.int()?,
        mode: row.text()?,
        state: row.text()?,
        cursor: row.opt_json()?,
        started_at: row.time()?,
        ended_at: row.opt_time()?,
        summary: row.opt_json()?,
        proof: row.opt_json()?,
        complete: row.opt_int()?.map(|complete| complete != 0),
        undone_at: row.opt_time()?,
        undo_of: row.opt_id()?,
    })
}
