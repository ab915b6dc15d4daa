//! Takes a run back: every record and source that it changed is as before, by changes of their own.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::json;
use tongshi_dialect::Row;
use tongshi_model::{Draft, Error, Id, Timestamp};
use tongshi_store::{
    Change, Evidence, NewChange, Op, RecordRow, Session, SourceRow, Workspace, changes, punches, records,
    runs, shared, sources,
};

use crate::{
    AuditEntry, Hub, audit,
    identity::{Cause, Folding, Ownership},
};

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
    /// The run's first change of each source, the very first one last: what was there before the run.
    firsts: Vec<Change>,
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
        rest.sort_by_key(|footprint| footprint.firsts.last().map(|first| first.seq));
        while !rest.is_empty() {
            let some = rest.split_off(rest.len().saturating_sub(STEP as usize));
            let mut session = self.store().write().await?;
            self.take_back(&mut session, workspace, &undo, some, &mut report).await?;
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
        let entry =
            AuditEntry::done("cli", "run.undo", run.to_string()).with(json!({"undone": report.undone}));
        audit::note(&mut session, workspace, entry).await?;
        session.commit().await
    }

    async fn take_back(
        &self,
        session: &mut Session,
        workspace: &Workspace,
        undo: &tongshi_store::Run,
        footprints: Vec<Footprint>,
        report: &mut Undone,
    ) -> Result<(), Error> {
        let now = self.clock().now();
        let firsts = || footprints.iter().filter_map(|footprint| footprint.firsts.last());
        let ids: Vec<Id> = firsts().map(|first| first.record).collect();
        let known = self.sources_of(session, workspace, &footprints).await?;
        let rows = records::many(session, workspace, &ids).await?;
        let (mut new_rows, mut new_sources, mut journal) = (Vec::new(), Vec::new(), Vec::new());
        let mut of_shared: HashMap<i64, (SourceRow, Change)> = HashMap::new();
        for (mut footprint, row) in footprints.into_iter().zip(rows) {
            let Some(record) = footprint.firsts.last().map(|first| first.record) else { continue };
            // What was there before is known only as long as the journal keeps it.
            let known_before = footprint.firsts.iter().all(|first| first.emptied.is_none());
            let Some(row) = row.filter(|row| known_before && row.version == footprint.last_version) else {
                report.conflicts.push(record);
                continue;
            };
            // What only a link changed was said by nobody in this run.
            footprint.firsts.retain(|first| first.source.is_some());
            report.undone += u64::from(!footprint.firsts.is_empty());
            let sourced = |first: &Change| first.source.and_then(|source| known.get(&source));
            if footprint.firsts.iter().any(|first| sourced(first).is_some_and(|(_, shared)| *shared)) {
                for first in footprint.firsts {
                    let Some((source, _)) = sourced(&first) else { continue };
                    // A source that was linked in this run has changed two records: what it was at first counts.
                    let earlier = of_shared.get(&source.id).is_some_and(|(_, other)| other.seq < first.seq);
                    if !earlier {
                        of_shared.insert(source.id, (source.clone(), first));
                    }
                }
                continue;
            }
            let Some(first) = footprint.firsts.pop() else { continue };
            let source = sourced(&first).map(|(source, _)| source.clone());
            let (row, change) = record_before(&first, row, undo.id, now)?;
            if let Some(source) = source {
                new_sources.push(source_before(first, source));
            }
            new_rows.push(row);
            journal.push(change);
        }
        sources::upsert(session, workspace, new_sources).await?;
        records::upsert(session, workspace, new_rows).await?;
        changes::append(session, workspace, journal).await?;
        self.take_back_shared(session, workspace, undo, of_shared.into_values().collect()).await
    }

    /// The sources that these changes came from, each with whether its record has others.
    async fn sources_of(
        &self,
        session: &mut Session,
        workspace: &Workspace,
        footprints: &[Footprint],
    ) -> Result<HashMap<i64, (SourceRow, bool)>, Error> {
        let owners = Ownership::load(session, workspace).await?;
        let ids: Vec<i64> = footprints
            .iter()
            .flat_map(|footprint| &footprint.firsts)
            .filter_map(|first| first.source)
            .collect();
        let mut known = HashMap::with_capacity(ids.len());
        for (row, flag) in sources::current(session, workspace, &ids).await?.into_iter().flatten() {
            let own = owners.own_id(row.connection, row.kind, &row.remote_id)?;
            let shared = flag || own != row.record;
            known.insert(row.id, (row, shared));
        }
        Ok(known)
    }

    /// Puts sources back whose records have others, and folds these again.
    async fn take_back_shared(
        &self,
        session: &mut Session,
        workspace: &Workspace,
        undo: &tongshi_store::Run,
        taken: Vec<(SourceRow, Change)>,
    ) -> Result<(), Error> {
        if taken.is_empty() {
            return Ok(());
        }
        shared::lock(session, workspace).await?;
        let owners = Ownership::load(session, workspace).await?;
        let connection = owners.connections.iter().find(|found| found.no == undo.connection).cloned();
        let connection = connection.ok_or_else(|| Error::internal("a run names no connection"))?;
        let opened = self.open_connection(workspace, connection)?;
        let mut folding = Folding::new(workspace, owners, "undo", Some(undo.id), self.clock().now());
        let ids: Vec<Id> = taken.iter().map(|(source, _)| source.record).collect();
        folding.load(session, &ids).await?;
        let mut new_sources = Vec::with_capacity(taken.len());
        for (source, first) in taken {
            let (record, id) = (source.record, source.id);
            let before = source_before(first, source);
            let doc = match before.gone {
                Some(_) => None,
                None => {
                    let SourceRow { remote_id, date, raw, .. } = before.clone();
                    Some(opened.connector.read(before.kind, &Row { remote_id, date, raw })?.doc)
                }
            };
            folding.put_back(record, id, doc, before.hash);
            new_sources.push(before);
        }
        sources::upsert(session, workspace, new_sources).await?;
        for id in ids {
            folding.refold(id, Cause::default())?;
        }
        folding.write(session).await
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
            let new = || Footprint { last_version: change.version, firsts: Vec::with_capacity(1) };
            let footprint = found.entry(change.record).or_insert_with(new);
            // Newest first, so the one that stays is the first.
            footprint.firsts.retain(|later| later.source != change.source);
            footprint.firsts.push(change);
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
        Op::Updated | Op::Deleted | Op::Linked => None,
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

/// The source as it was before this change. One that the run had made, or had added to a record, is gone, so that the
/// next sync takes it anew.
fn source_before(first: Change, mut source: SourceRow) -> SourceRow {
    let counted = first.before_raw.is_some();
    if let (Some(raw), Some(hash)) = (first.before_raw, first.before_hash) {
        (source.raw, source.hash) = (raw, hash);
    }
    source.gone = match first.op {
        Op::Created | Op::Restored => Some(Evidence::Undone),
        Op::Updated | Op::Deleted | Op::Linked => (!counted).then_some(Evidence::Undone),
    };
    source
}
