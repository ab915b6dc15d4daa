//! Takes a run back: every record and source that it changed is as before, by changes of their own.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::json;
use tongshi_model::{Draft, Error, Id, Timestamp};
use tongshi_store::{
    Change, Evidence, NewChange, Op, RecordRow, Session, SourceRow, Workspace, changes, punches, records,
    runs, sources,
};

use crate::Hub;

/// Changes looked at together.
const STEP: u32 = 1000;

/// How an undo went.
#[derive(Clone, Debug, Serialize)]
pub struct Undone {
    /// The run that did it.
    pub run: Id,
    /// Records that are as before.
    pub undone: u64,
    /// Records that somebody changed since; they were left alone.
    pub conflicts: Vec<Id>,
    /// Punches taken back.
    pub punches: u64,
}

/// What a run did to one record, all its changes together.
struct Footprint {
    /// The record's version after the run's last change.
    last_version: i64,
    /// The run's first change: what was there before the run.
    first: Change,
}

impl Hub {
    /// Undoes a run. What was changed after it is left alone and reported.
    pub async fn undo(&self, workspace: &Workspace, run: Id) -> Result<Undone, Error> {
        let mut session = self.store().read().await?;
        let found = runs::get(&mut session, workspace, run).await?;
        let found = found.ok_or_else(|| Error::not_found("there is no such run"))?;
        if found.state == "running" {
            return Err(Error::conflict("the run is still going on"));
        }
        if found.undone_at.is_some() || found.undo_of.is_some() {
            return Err(Error::conflict("the run has been undone already, or is an undo itself"));
        }
        let footprints = footprints(&mut session, workspace, run).await?;
        drop(session);
        let undo = self.begin_undo(workspace, found.connection, run).await?;
        let mut report = Undone { run: undo.id, undone: 0, conflicts: Vec::new(), punches: 0 };
        let mut rest: Vec<Footprint> = footprints.into_values().collect();
        rest.sort_by_key(|footprint| footprint.first.seq);
        while !rest.is_empty() {
            let some = rest.split_off(rest.len().saturating_sub(STEP as usize));
            let mut session = self.store().write().await?;
            self.take_back(&mut session, workspace, undo.id, some, &mut report).await?;
            session.commit().await?;
        }
        self.end_undo(workspace, &undo, run, &mut report).await?;
        Ok(report)
    }

    async fn begin_undo(
        &self,
        workspace: &Workspace,
        connection: i64,
        run: Id,
    ) -> Result<tongshi_store::Run, Error> {
        let mut session = self.store().write().await?;
        let id = self.new_id();
        let claim =
            runs::claim(&mut session, workspace, connection, id, "undo", "undo", self.lease()).await?;
        let tongshi_store::Claim::New(undo) = claim else {
            return Err(Error::conflict("another run holds the connection; undo when it has ended"));
        };
        runs::mark_undo_of(&mut session, workspace, undo.id, run).await?;
        session.commit().await?;
        Ok(undo)
    }

    async fn end_undo(
        &self,
        workspace: &Workspace,
        undo: &tongshi_store::Run,
        run: Id,
        report: &mut Undone,
    ) -> Result<(), Error> {
        let mut session = self.store().write().await?;
        report.punches = punches::void_of_run(&mut session, workspace, run).await?;
        runs::mark_undone(&mut session, workspace, run).await?;
        let complete = report.conflicts.is_empty();
        let reason = (!complete).then(|| format!("{} records were changed since", report.conflicts.len()));
        let summary = json!({"undone": report.undone, "conflicts": report.conflicts, "reason": reason});
        runs::finish(&mut session, workspace, undo.id, "undo", "done", complete, &summary, &json!([]))
            .await?;
        session.commit().await
    }

    async fn take_back(
        &self,
        session: &mut Session,
        workspace: &Workspace,
        undo: Id,
        footprints: Vec<Footprint>,
        report: &mut Undone,
    ) -> Result<(), Error> {
        let now = self.clock().now();
        let ids: Vec<Id> = footprints.iter().map(|footprint| footprint.first.record).collect();
        let rows = records::many(session, workspace, &ids).await?;
        let source_ids: Vec<i64> =
            footprints.iter().map(|footprint| footprint.first.source.unwrap_or(0)).collect();
        let source_rows = sources::raw_of(session, workspace, &source_ids).await?;
        let (mut new_rows, mut new_sources, mut journal) = (Vec::new(), Vec::new(), Vec::new());
        for ((footprint, row), source) in footprints.into_iter().zip(rows).zip(source_rows) {
            let Some(row) = row.filter(|row| row.version == footprint.last_version) else {
                report.conflicts.push(footprint.first.record);
                continue;
            };
            let (row, change) = record_before(&footprint.first, row, undo, now)?;
            if let Some(source) = source {
                new_sources.push(source_before(footprint.first, source));
            }
            new_rows.push(row);
            journal.push(change);
            report.undone += 1;
        }
        sources::upsert(session, workspace, new_sources).await?;
        records::upsert(session, workspace, new_rows).await?;
        changes::append(session, workspace, journal).await.map(drop)
    }
}

/// What the run did, record by record.
async fn footprints(
    session: &mut Session,
    workspace: &Workspace,
    run: Id,
) -> Result<HashMap<Id, Footprint>, Error> {
    let mut found: HashMap<Id, Footprint> = HashMap::new();
    let mut before = i64::MAX;
    loop {
        let some = changes::of_run(session, workspace, run, before, STEP).await?;
        let Some(last) = some.last() else { return Ok(found) };
        before = last.seq;
        for mut change in some {
            change.after = None;
            let version = change.version;
            let last_version = found.get(&change.record).map_or(version, |footprint| footprint.last_version);
            // Newest first, so the one that stays is the first.
            found.insert(change.record, Footprint { last_version, first: change });
        }
    }
}

/// The record as it was before this change, and the change that says so.
fn record_before(
    first: &Change,
    mut row: RecordRow,
    undo: Id,
    now: Timestamp,
) -> Result<(RecordRow, NewChange), Error> {
    let was_deleted = row.deleted.is_some();
    let present = std::mem::take(&mut row.doc);
    row.doc = first.before.clone().unwrap_or_else(|| present.clone());
    let draft = Draft::parse(row.kind, row.doc)?;
    (row.doc, row.keys, row.date) = (draft.doc, draft.keys, draft.date);
    row.version += 1;
    row.changed_at = now;
    row.deleted = match first.op {
        Op::Created | Op::Restored => Some((now, Evidence::Undone)),
        Op::Updated | Op::Deleted => None,
    };
    let op = match (was_deleted, row.deleted.is_some()) {
        (_, true) => Op::Deleted,
        (true, false) => Op::Restored,
        (false, false) => Op::Updated,
    };
    let change = NewChange {
        record: row.id,
        kind: row.kind,
        op,
        version: row.version,
        before: Some(present),
        source: None,
        before_raw: None,
        before_hash: None,
        run: Some(undo),
        actor: "undo".to_owned(),
    };
    Ok((row, change))
}

/// The source as it was before this change. One that the run had made is gone, so that the next sync takes it anew.
fn source_before(first: Change, mut source: SourceRow) -> SourceRow {
    if let (Some(raw), Some(hash)) = (first.before_raw, first.before_hash) {
        (source.raw, source.hash) = (raw, hash);
    }
    source.gone = match first.op {
        Op::Created | Op::Restored => Some(Evidence::Undone),
        Op::Updated | Op::Deleted => None,
    };
    source
}
