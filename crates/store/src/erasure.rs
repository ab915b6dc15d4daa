//! What an erasure does to the tables that are a matter of its own: records, sources, the journal, punches.

use std::collections::HashMap;

use tongshi_model::{Id, Kind, Result};

use crate::{
    Workspace,
    sql::{Session, Value, params},
};

/// Why an entry of the journal has no documents any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emptied {
    /// The person was erased.
    Erased = 1,
    /// They were older than the workspace keeps.
    Old = 2,
}

/// Removes records.
pub async fn remove_records(s: &mut Session, workspace: &Workspace, ids: &[Id]) -> Result<u64> {
    s.touch(workspace.no);
    s.run_by_keys(
        "DELETE FROM records WHERE workspace = $1 AND id {{key}}",
        params![workspace.no],
        of_ids(ids),
    )
    .await
}

/// Removes sources by their numbers.
pub async fn remove_sources(s: &mut Session, workspace: &Workspace, ids: &[i64]) -> Result<u64> {
    s.touch(workspace.no);
    let keys = ids.iter().map(|id| Value::from(*id)).collect();
    s.run_by_keys("DELETE FROM sources WHERE workspace = $1 AND id {{key}}", params![workspace.no], keys)
        .await
}

/// Takes the documents out of entries of the journal. The entries stay, and so does their order.
pub async fn empty_changes(s: &mut Session, workspace: &Workspace, seqs: &[i64]) -> Result<u64> {
    s.touch(workspace.no);
    s.run_by_keys(
        "UPDATE changes SET before = NULL, before_raw = NULL, before_hash = NULL, emptied = 1
         WHERE workspace = $1 AND seq {{key}}",
        params![workspace.no],
        seqs.iter().map(|seq| Value::from(*seq)).collect(),
    )
    .await
}

/// Removes the punches of these people.
pub async fn remove_punches(s: &mut Session, workspace: &Workspace, people: &[Id]) -> Result<u64> {
    s.touch(workspace.no);
    s.run_by_keys(
        "DELETE FROM punches WHERE workspace = $1 AND employee {{key}}",
        params![workspace.no],
        of_ids(people),
    )
    .await
}

/// Gives a source a payload from which somebody was taken out. The vendor's hash stays, so that the next sync takes the
/// vendor's row for known; the hash of what is left stands beside it.
pub async fn scrub_source(
    s: &mut Session,
    workspace: &Workspace,
    source: i64,
    raw: &str,
    hash: [u8; 16],
) -> Result<()> {
    s.run(
        "UPDATE sources SET raw = $3, doc = NULL WHERE workspace = $1 AND id = $2",
        params![workspace.no, source, raw],
    )
    .await?;
    note_scrubbed(s, workspace, source, hash).await
}

/// Notes the hash of a payload from which somebody was taken out.
pub async fn note_scrubbed(
    s: &mut Session,
    workspace: &Workspace,
    source: i64,
    hash: [u8; 16],
) -> Result<()> {
    s.run(
        "INSERT INTO scrubbed (source, workspace, hash) VALUES ($1, $2, $3)
         ON CONFLICT (source) DO UPDATE SET hash = excluded.hash",
        params![source, workspace.no, hash],
    )
    .await
    .map(drop)
}

/// The hashes of payloads from which somebody was taken out, by source.
pub async fn scrubbed(s: &mut Session, workspace: &Workspace) -> Result<HashMap<i64, [u8; 16]>> {
    let rows =
        s.rows("SELECT source, hash FROM scrubbed WHERE workspace = $1", params![workspace.no]).await?;
    rows.into_iter().map(|mut row| Ok((row.int()?, row.sixteen()?))).collect()
}

/// Every source above a number, ascending: its number, connection, kind and the vendor's id.
pub async fn names(
    s: &mut Session,
    workspace: &Workspace,
    after: i64,
    limit: u32,
) -> Result<Vec<(i64, i64, Kind, String)>> {
    let rows = s
        .rows(
            "SELECT id, connection, kind, remote_id FROM sources WHERE workspace = $1 AND id > $2 ORDER BY id LIMIT $3",
            params![workspace.no, after, limit],
        )
        .await?;
    rows.into_iter().map(|mut row| Ok((row.int()?, row.int()?, row.kind()?, row.text()?))).collect()
}

fn of_ids(ids: &[Id]) -> Vec<Value> {
    ids.iter().map(|id| Value::from(*id)).collect()
}
