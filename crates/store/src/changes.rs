//! Changes: the journal. It keeps what was replaced; what came after is read from the next entry or the record.

use tongshi_model::{Error, Id, Kind, Result, Timestamp};

use crate::{
    Emptied, Workspace,
    sql::{Bulk, Column, Row, Session, json_text, params},
};

/// What happened to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// It came into being.
    Created = 1,
    /// It changed.
    Updated = 2,
    /// It went.
    Deleted = 3,
    /// It came back.
    Restored = 4,
    /// It turned out to be another record, and its id means that one now. Nobody went.
    Linked = 5,
}

/// A change to be noted.
#[derive(Clone, PartialEq, Eq)]
pub struct NewChange {
    /// Which record.
    pub record: Id,
    /// Its kind.
    pub kind: Kind,
    /// What happened.
    pub op: Op,
    /// The record's version afterwards.
    pub version: i64,
    /// The document that was replaced.
    pub before: Option<String>,
    /// The source that brought the change.
    pub source: Option<i64>,
    /// That source's payload before.
    pub before_raw: Option<String>,
    /// The hash of that payload.
    pub before_hash: Option<[u8; 16]>,
    /// The run in which it happened.
    pub run: Option<Id>,
    /// Who did it.
    pub actor: String,
}

impl std::fmt::Debug for NewChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewChange({:?} {} {} v{})", self.op, self.kind, self.record, self.version)
    }
}

/// An entry of the journal.
#[derive(Clone, PartialEq, Eq)]
pub struct Change {
    /// Its number in the workspace: without gaps, in the order of the commits.
    pub seq: i64,
    /// Which record.
    pub record: Id,
    /// Its kind.
    pub kind: Kind,
    /// What happened.
    pub op: Op,
    /// The record's version afterwards.
    pub version: i64,
    /// The document before.
    pub before: Option<String>,
    /// The document after; none after a deletion or a link.
    pub after: Option<String>,
    /// The run in which it happened.
    pub run: Option<Id>,
    /// Who did it.
    pub actor: String,
    /// When.
    pub at: Timestamp,
    /// The source that brought the change.
    pub source: Option<i64>,
    /// That source's payload before.
    pub before_raw: Option<String>,
    /// The hash of that payload.
    pub before_hash: Option<[u8; 16]>,
    /// Whether its documents were taken out, and why.
    pub emptied: Option<Emptied>,
}

impl std::fmt::Debug for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Change({} {:?} {} {} v{})", self.seq, self.op, self.kind, self.record, self.version)
    }
}

static INSERT: Bulk = Bulk::new(
    "changes",
    &[
        ("workspace", Column::Int),
        ("seq", Column::Int),
        ("record", Column::Bytes),
        ("kind", Column::Int),
        ("op", Column::Int),
        ("version", Column::Int),
        ("at", Column::Int),
        ("actor", Column::Text),
        ("run", Column::Bytes),
        ("source", Column::Int),
        ("before_hash", Column::Bytes),
        ("before", Column::Json),
        ("before_raw", Column::Text),
    ],
    "",
    &[],
);

/// Notes changes in this order and gives the last number. The numbers are taken in the same transaction, so there is
/// no gap and a reader never sees a number before a smaller one.
pub async fn append(s: &mut Session, workspace: &Workspace, rows: Vec<NewChange>) -> Result<i64> {
    if rows.is_empty() {
        return last_seq(s, workspace).await;
    }
    s.touch(workspace.no);
    let now = s.now();
    let count = rows.len() as u64;
    let row = s
        .row("UPDATE workspaces SET seq = seq + $2 WHERE no = $1 RETURNING seq", params![workspace.no, count])
        .await?;
    let last = row.ok_or_else(|| Error::not_found("there is no such workspace"))?.int()?;
    let mut seq = last - rows.len() as i64;
    let mut values = Vec::with_capacity(rows.len());
    for row in rows {
        seq += 1;
        values.push(params![
            workspace.no,
            seq,
            row.record,
            row.kind,
            row.op as i64,
            row.version,
            now,
            row.actor,
            row.run,
            row.source,
            row.before_hash,
            row.before.map(json_text).transpose()?,
            row.before_raw,
        ]);
    }
    s.run_many(&INSERT, values).await?;
    Ok(last)
}

/// The columns that [`take`] reads; the payload before only where it is asked for. What came after a change is what the
/// next change of that record replaced, or what
/// the record says now. A change that comes after another makes a version above 1, and only those are indexed;
/// the plus keeps SQLite from walking the workspace's whole journal instead. Where the next change's documents were taken
/// out, nobody knows what came after; an empty text keeps the record's document from standing in.
macro_rules! select {
    () => {
        select!("c.before_raw")
    };
    ($before_raw:literal) => {
        concat!("SELECT c.seq, c.record, c.kind, c.op, c.version, c.before,
                CASE WHEN c.op IN (3, 5) OR c.emptied IS NOT NULL THEN NULL ELSE COALESCE(
                    (SELECT CASE WHEN n.emptied IS NULL THEN CAST(n.before AS TEXT) ELSE '' END FROM changes n
                     WHERE n.record = c.record AND +n.workspace = c.workspace AND n.seq > c.seq AND n.version > 1
                     ORDER BY n.seq LIMIT 1),
                    (SELECT CAST(r.doc AS TEXT) FROM records r WHERE r.id = c.record)) END,
                c.run, c.actor, c.at, c.source, ", $before_raw, ", c.before_hash, c.emptied
         FROM changes c ")
    };
}

/// The changes behind a number, ascending.
pub async fn after(
    s: &mut Session,
    workspace: &Workspace,
    seq: i64,
    kind: Option<Kind>,
    limit: u32,
) -> Result<Vec<Change>> {
    let rows = s
        .rows(
            concat!(
                select!(),
                "WHERE c.workspace = $1 AND c.seq > $2
                   AND (CAST($3 AS BIGINT) IS NULL OR c.kind = CAST($3 AS BIGINT))
                 ORDER BY c.seq LIMIT $4"
            ),
            params![workspace.no, seq, kind, limit],
        )
        .await?;
    rows.into_iter().map(take).collect()
}

/// The records of these kinds that changed behind a number and up to another, with the numbers of the changes, ascending.
pub async fn touched(
    s: &mut Session,
    workspace: &Workspace,
    after: i64,
    up_to: i64,
    kinds: &[Kind],
    limit: u32,
) -> Result<Vec<(i64, Kind, Id)>> {
    let sql = format!(
        "SELECT seq, kind, record FROM changes WHERE workspace = $1 AND seq > $2 AND seq <= $3 AND kind IN ({})
         ORDER BY seq LIMIT $4",
        numbers(kinds)
    );
    let rows = s.rows(sql, params![workspace.no, after, up_to, limit]).await?;
    rows.into_iter().map(|mut row| Ok((row.int()?, row.kind()?, row.id()?))).collect()
}

/// Whether anything of this kind changed behind a number.
pub async fn any_after(s: &mut Session, workspace: &Workspace, seq: i64, kind: Kind) -> Result<bool> {
    let row = s
        .row(
            "SELECT 1 FROM changes WHERE workspace = $1 AND seq > $2 AND kind = $3 LIMIT 1",
            params![workspace.no, seq, kind],
        )
        .await?;
    Ok(row.is_some())
}

/// The changes behind a number and up to another, ascending; only of these kinds, where there are any named. The
/// numbers have no gaps, so the second bounds what is looked at. Without the payloads before.
pub async fn between(
    s: &mut Session,
    workspace: &Workspace,
    after: i64,
    up_to: i64,
    kinds: &[Kind],
    limit: u32,
) -> Result<Vec<Change>> {
    let mut sql =
        concat!(select!("NULL"), "WHERE c.workspace = $1 AND c.seq > $2 AND c.seq <= $3").to_owned();
    if !kinds.is_empty() {
        sql += &format!(" AND c.kind IN ({})", numbers(kinds));
    }
    sql += " ORDER BY c.seq LIMIT $4";
    let rows = s.rows(sql, params![workspace.no, after, up_to, limit]).await?;
    rows.into_iter().map(take).collect()
}

/// The changes of a run before a number, newest first: the order in which they are undone.
pub async fn of_run(
    s: &mut Session,
    workspace: &Workspace,
    run: Id,
    before_seq: i64,
    limit: u32,
) -> Result<Vec<Change>> {
    let rows = s
        .rows(
            concat!(
                select!(),
                "WHERE c.run = $2 AND c.workspace = $1 AND c.seq < $3 ORDER BY c.seq DESC LIMIT $4"
            ),
            params![workspace.no, run, before_seq, limit],
        )
        .await?;
    rows.into_iter().map(take).collect()
}

/// The changes with these numbers, each where its number stands; none where it is not there any more.
pub async fn at(s: &mut Session, workspace: &Workspace, seqs: &[i64]) -> Result<Vec<Option<Change>>> {
    let keys = seqs.iter().map(|seq| (*seq).into()).collect();
    let sql = concat!(select!(), "WHERE c.workspace = $1 AND c.seq {{key}}");
    let rows = s.one_by_keys(sql, params![workspace.no], keys).await?;
    rows.into_iter().map(|row| row.map(take).transpose()).collect()
}

/// The number of the latest change; 0 where there is none.
pub async fn last_seq(s: &mut Session, workspace: &Workspace) -> Result<i64> {
    let row = s.row("SELECT seq FROM workspaces WHERE no = $1", params![workspace.no]).await?;
    row.ok_or_else(|| Error::not_found("there is no such workspace"))?.int()
}

/// How many changes a run made.
pub async fn count_run(s: &mut Session, workspace: &Workspace, run: Id) -> Result<u64> {
    let row = s
        .row("SELECT count(*) FROM changes WHERE run = $2 AND workspace = $1", params![workspace.no, run])
        .await?;
    row.ok_or_else(|| Error::internal("a count gives no row"))?.count()
}

/// Kinds as a list in a statement: the numbers are our own integers, so the text is safe.
fn numbers(kinds: &[Kind]) -> String {
    kinds.iter().map(|kind| kind.number().to_string()).collect::<Vec<_>>().join(",")
}

fn take(mut row: Row) -> Result<Change> {
    Ok(Change {
        seq: row.int()?,
        record: row.id()?,
        kind: row.kind()?,
        op: match row.int()? {
            1 => Op::Created,
            2 => Op::Updated,
            3 => Op::Deleted,
            4 => Op::Restored,
            5 => Op::Linked,
            _ => return Err(Error::internal("a stored change is of no known sort")),
        },
        version: row.int()?,
        before: row.opt_text()?,
        after: row.opt_text()?.filter(|after| !after.is_empty()),
        run: row.opt_id()?,
        actor: row.text()?,
        at: row.time()?,
        source: row.opt_int()?,
        before_raw: row.opt_text()?,
        before_hash: row.opt_sixteen()?,
        emptied: match row.opt_int()? {
            None => None,
            Some(1) => Some(Emptied::Erased),
            Some(_) => Some(Emptied::Old),
        },
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tongshi_model::SystemClock;

    use crate::{Location, Store};

    /// A page of the journal once walked the whole journal for each of its changes.
    #[tokio::test]
    async fn what_came_after_is_found_by_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tongshi.db");
        let store = Store::open(Location::Sqlite(file.clone()), Arc::new(SystemClock)).await.unwrap();
        store.migrate().await.unwrap();
        let connection = rusqlite::Connection::open(file).unwrap();
        let sql =
            concat!("EXPLAIN QUERY PLAN ", select!(), "WHERE c.workspace = 1 AND c.seq > 0 ORDER BY c.seq");
        let mut statement = connection.prepare(sql).unwrap();
        let plan = statement.query_map([], |row| row.get::<_, String>(3)).unwrap();
        let plan: Vec<String> = plan.map(Result::unwrap).collect();
        assert!(plan.iter().any(|step| step.contains("n USING INDEX changes_record (record=?")), "{plan:#?}");
    }
}
