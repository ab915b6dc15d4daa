//! Takes what is new or different into the record: sources, records and journal in one transaction.
//!
//! Everything that changes a record goes through here: syncs, vendors' events, apps, the sandbox.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};
use tongshi_model::{Draft, Error, Id, Kind, LocalDate, Space, Timestamp};
use tongshi_store::{
    Connection, Evidence, NewChange, Op, RecordRow, Session, SourceHead, SourceRow, Workspace, changes,
    records, shared, sources,
};

use crate::{
    Hub,
    identity::{Folding, Ownership},
    trace,
};

/// One thing to be taken in.
pub(crate) struct Item {
    /// The vendor's id.
    pub(crate) remote_id: String,
    /// The day it belongs to.
    pub(crate) date: Option<LocalDate>,
    /// The vendor's JSON.
    pub(crate) raw: String,
    /// Of the vendor's JSON.
    pub(crate) hash: [u8; 16],
    /// What it says in canonical words.
    pub(crate) draft: Draft,
    /// What is stored of it, if anything is.
    pub(crate) head: Option<SourceHead>,
}

impl Item {
    /// A thing whose raw payload is the canonical document itself.
    pub(crate) fn canonical(remote_id: String, draft: Draft) -> Self {
        let raw = draft.doc.clone();
        Self { remote_id, date: draft.date, hash: hash(raw.as_bytes()), raw, draft, head: None }
    }
}

/// What taking in did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Applied {
    pub(crate) created: u64,
    pub(crate) updated: u64,
    pub(crate) restored: u64,
    /// The vendor's JSON differs, what it says does not.
    pub(crate) same: u64,
}

/// On whose behalf something is taken in.
pub(crate) struct Origin<'a> {
    pub(crate) workspace: &'a Workspace,
    pub(crate) connection: i64,
    pub(crate) space: Space,
    pub(crate) run: Option<Id>,
    pub(crate) actor: &'a str,
    pub(crate) now: Timestamp,
}

/// Recognises unchanged payloads: the first half of SHA-256 (FIPS 180-4).
pub(crate) fn hash(raw: &[u8]) -> [u8; 16] {
    let mut first = [0; 16];
    first.copy_from_slice(&Sha256::digest(raw)[..16]);
    first
}

impl Applied {
    fn count(&mut self, op: Option<Op>) {
        match op {
            Some(Op::Created) => self.created += 1,
            Some(Op::Restored) => self.restored += 1,
            Some(Op::Updated | Op::Deleted | Op::Linked) => self.updated += 1,
            None => self.same += 1,
        }
    }
}

impl Origin<'_> {
    /// Whether a source belongs to a record that has others, or that another source made.
    pub(crate) fn is_shared(&self, kind: Kind, remote_id: &str, record: Id, shared: bool) -> bool {
        shared || record != self.space.id(kind, remote_id)
    }

    pub(crate) async fn folding(&self, session: &mut Session) -> Result<Folding<'_>, Error> {
        let owners = Ownership::load(session, self.workspace).await?;
        Ok(Folding::new(self.workspace, owners, self.actor, self.run, self.now))
    }
}

/// Takes items of one kind in; returns the ids of their sources in the same order. No two items may have the same
/// remote id.
pub(crate) async fn apply(
    session: &mut Session,
    origin: &Origin<'_>,
    kind: Kind,
    items: Vec<Item>,
) -> Result<(Applied, Vec<i64>), Error> {
    if items.is_empty() {
        return Ok((Applied::default(), Vec::new()));
    }
    let mut applied = Applied::default();
    let known = Known::read(session, origin, kind, &items).await?;
    let new_sources = items.iter().filter(|item| item.head.is_none()).count() as u64;
    let mut next_source = tongshi_store::allocate(session, "sources", new_sources).await?;
    let lacks_record = |at: &usize| known.before[*at].is_none() && !known.shared[*at];
    let new_records = (0..items.len()).filter(lacks_record).count() as u64;
    let mut next_ord = tongshi_store::allocate(session, "records", new_records).await?;

    let mut write = Batch::with_capacity(items.len());
    let (mut ids, mut of_shared) = (Vec::with_capacity(items.len()), Vec::new());
    let Known { before, sources, shared } = known;
    for (((item, before), known), shared) in items.into_iter().zip(before).zip(sources).zip(shared) {
        let source = match &item.head {
            Some(head) => head.id,
            None => {
                next_source += 1;
                next_source - 1
            }
        };
        ids.push(source);
        let known = match known {
            Some(known) if shared => {
                of_shared.push((item, known));
                continue;
            }
            known => known,
        };
        let ord = match &before {
            Some(row) => row.ord,
            None => {
                next_ord += 1;
                next_ord - 1
            }
        };
        let record = match (&known, &item.head) {
            (Some(known), _) => known.record,
            (None, Some(head)) => head.record,
            (None, None) => origin.space.id(kind, &item.remote_id),
        };
        applied.count(write.take(origin, kind, item, Places { source, record, ord }, before, known));
    }
    write.store(session, origin).await?;
    if !of_shared.is_empty() {
        // Rare, and larger than the usual way.
        Box::pin(apply_shared(session, origin, of_shared, &mut applied)).await?;
    }
    Ok((applied, ids))
}

/// What is stored of some items.
struct Known {
    before: Vec<Option<RecordRow>>,
    sources: Vec<Option<SourceRow>>,
    shared: Vec<bool>,
}

impl Known {
    /// Reads it in the transaction that writes: since an item was compared, its source may have been linked elsewhere.
    async fn read(
        session: &mut Session,
        origin: &Origin<'_>,
        kind: Kind,
        items: &[Item],
    ) -> Result<Self, Error> {
        let mut known = Self {
            before: vec![None; items.len()],
            sources: vec![None; items.len()],
            shared: vec![false; items.len()],
        };
        let heads = || items.iter().enumerate().filter_map(|(at, item)| Some((at, item.head.as_ref()?)));
        let ids: Vec<i64> = heads().map(|(_, head)| head.id).collect();
        if ids.is_empty() {
            return Ok(known);
        }
        let is_shared = |at: usize, record, flag| origin.is_shared(kind, &items[at].remote_id, record, flag);
        if heads().any(|(at, head)| is_shared(at, head.record, head.shared)) {
            shared::lock(session, origin.workspace).await?;
        }
        let rows = sources::current(session, origin.workspace, &ids).await?;
        let mut alone = Vec::with_capacity(ids.len());
        for ((at, head), row) in heads().zip(rows) {
            let record = row.as_ref().map_or(head.record, |(row, _)| row.record);
            if let Some((row, flag)) = row {
                known.shared[at] = is_shared(at, record, flag);
                known.sources[at] = Some(row);
            }
            if !known.shared[at] {
                alone.push((at, record));
            }
        }
        let ids: Vec<Id> = alone.iter().map(|(_, record)| *record).collect();
        let rows = records::many(session, origin.workspace, &ids).await?;
        for ((at, _), row) in alone.into_iter().zip(rows) {
            known.before[at] = row;
        }
        Ok(known)
    }
}

/// Takes in what belongs to records with several sources: each is folded again.
async fn apply_shared(
    session: &mut Session,
    origin: &Origin<'_>,
    items: Vec<(Item, SourceRow)>,
    applied: &mut Applied,
) -> Result<(), Error> {
    shared::lock(session, origin.workspace).await?;
    let mut folding = origin.folding(session).await?;
    let ids: Vec<Id> = items.iter().map(|(_, known)| known.record).collect();
    folding.load(session, &ids).await?;
    let mut rows = Vec::with_capacity(items.len());
    for (item, known) in items {
        let Item { remote_id, date, raw, hash, draft, .. } = item;
        if folding.row(known.record).is_some_and(is_erased) {
            applied.count(None);
            continue;
        }
        let SourceRow { id, record, connection, kind, .. } = known;
        let before = Some((known.raw, known.hash));
        applied.count(folding.hear(record, id, draft.doc, hash, before)?);
        rows.push(SourceRow { id, connection, kind, remote_id, record, hash, raw, date, gone: None });
    }
    sources::upsert(session, origin.workspace, rows).await?;
    folding.write(session).await
}

/// Who was erased stays erased, whatever a vendor says: the rest of the record is there to know that.
fn is_erased(row: &RecordRow) -> bool {
    matches!(row.deleted, Some((_, Evidence::Erased)))
}

#[derive(Clone, Copy)]
struct Places {
    source: i64,
    record: Id,
    ord: i64,
}

/// The rows that one page writes.
struct Batch {
    sources: Vec<SourceRow>,
    records: Vec<RecordRow>,
    changes: Vec<NewChange>,
}

impl Batch {
    fn with_capacity(rows: usize) -> Self {
        Self {
            sources: Vec::with_capacity(rows),
            records: Vec::with_capacity(rows),
            changes: Vec::with_capacity(rows),
        }
    }

    fn take(
        &mut self,
        origin: &Origin<'_>,
        kind: Kind,
        item: Item,
        places: Places,
        before: Option<RecordRow>,
        before_raw: Option<SourceRow>,
    ) -> Option<Op> {
        let Places { source, record, ord } = places;
        if before.as_ref().is_some_and(is_erased) {
            return None;
        }
        self.sources.push(SourceRow {
            id: source,
            connection: origin.connection,
            kind,
            remote_id: item.remote_id,
            record,
            hash: item.hash,
            raw: item.raw,
            date: item.date,
            gone: None,
        });
        // A record with one source says what that source says; those with several are folded elsewhere.
        let draft = item.draft;
        let op = match &before {
            None => Op::Created,
            Some(row) if row.deleted.is_some() => Op::Restored,
            Some(row) if row.doc != draft.doc => Op::Updated,
            Some(_) => return None,
        };
        let version = before.as_ref().map_or(1, |row| row.version + 1);
        let created_at = before.as_ref().map_or(origin.now, |row| row.created_at);
        self.changes.push(NewChange {
            record,
            kind,
            op,
            version,
            before: before.map(|row| row.doc),
            source: Some(source),
            before_hash: before_raw.as_ref().map(|row| row.hash),
            before_raw: before_raw.map(|row| row.raw),
            run: origin.run,
            actor: origin.actor.to_owned(),
        });
        self.records.push(RecordRow {
            ord,
            id: record,
            kind,
            version,
            doc: draft.doc,
            keys: draft.keys,
            date: draft.date,
            created_at,
            changed_at: origin.now,
            deleted: None,
        });
        Some(op)
    }

    async fn store(self, session: &mut Session, origin: &Origin<'_>) -> Result<(), Error> {
        sources::upsert(session, origin.workspace, self.sources).await?;
        if !self.records.is_empty() {
            records::upsert(session, origin.workspace, self.records).await?;
            let count = self.changes.len();
            let last = changes::append(session, origin.workspace, self.changes).await?;
            trace::note(session, origin.workspace, origin.run, last, count).await?;
        }
        Ok(())
    }
}

/// Takes sources out: they are gone by this evidence. A record whose last source is gone is deleted. Returns how
/// many records were.
pub(crate) async fn remove(
    session: &mut Session,
    origin: &Origin<'_>,
    ids: &[i64],
    evidence: Evidence,
) -> Result<u64, Error> {
    let rows: Vec<SourceRow> =
        sources::raw_of(session, origin.workspace, ids).await?.into_iter().flatten().collect();
    let (rows, mut deleted) = Box::pin(remove_shared(session, origin, rows, evidence)).await?;
    sources::mark_gone(session, origin.workspace, ids, evidence).await?;
    let records_of: Vec<Id> = rows.iter().map(|row| row.record).collect();
    let found = records::many(session, origin.workspace, &records_of).await?;
    let (mut gone, mut journal) = (Vec::new(), Vec::new());
    for (source, record) in rows.into_iter().zip(found) {
        let Some(mut record) = record.filter(|record| record.deleted.is_none()) else { continue };
        record.version += 1;
        record.changed_at = origin.now;
        record.deleted = Some((origin.now, evidence));
        journal.push(NewChange {
            record: record.id,
            kind: record.kind,
            op: Op::Deleted,
            version: record.version,
            before: Some(record.doc.clone()),
            source: Some(source.id),
            before_hash: Some(source.hash),
            before_raw: Some(source.raw),
            run: origin.run,
            actor: origin.actor.to_owned(),
        });
        gone.push(record);
        deleted += 1;
    }
    if !gone.is_empty() {
        records::upsert(session, origin.workspace, gone).await?;
        let count = journal.len();
        let last = changes::append(session, origin.workspace, journal).await?;
        trace::note(session, origin.workspace, origin.run, last, count).await?;
    }
    Ok(deleted)
}

/// Takes those sources out whose records have others, and folds these again. Returns the other sources, and how many
/// records were deleted because none of their sources is left.
async fn remove_shared(
    session: &mut Session,
    origin: &Origin<'_>,
    rows: Vec<SourceRow>,
    evidence: Evidence,
) -> Result<(Vec<SourceRow>, u64), Error> {
    let records: Vec<Id> = rows.iter().map(|row| row.record).collect();
    let parts = shared::of_records(session, origin.workspace, &records).await?;
    let several = |(row, parts): &(SourceRow, Vec<tongshi_store::Part>)| {
        parts.len() > 1 || origin.is_shared(row.kind, &row.remote_id, row.record, false)
    };
    let (of_shared, alone): (Vec<_>, Vec<_>) = rows.into_iter().zip(parts).partition(several);
    let alone = alone.into_iter().map(|(row, _)| row).collect();
    if of_shared.is_empty() {
        return Ok((alone, 0));
    }
    shared::lock(session, origin.workspace).await?;
    let mut folding = origin.folding(session).await?;
    let ids: Vec<Id> = of_shared.iter().map(|(row, _)| row.record).collect();
    folding.load(session, &ids).await?;
    let mut deleted = 0;
    for (row, _) in of_shared {
        let op = folding.lose(row.record, row.id, evidence, (row.raw, row.hash))?;
        deleted += u64::from(op == Some(Op::Deleted));
    }
    folding.write(session).await?;
    Ok((alone, deleted))
}

/// Writes canonical items through a connection of the workspace's own, kind by kind, and returns their records' ids
/// in the order given. An item that says nothing new changes nothing.
pub(crate) async fn write(
    hub: &Hub,
    workspace: &Workspace,
    connection: &Connection,
    items: Vec<Item>,
    actor: &str,
) -> Result<Vec<Id>, Error> {
    let mut session = hub.store().write().await?;
    let ids = write_in(&mut session, hub, workspace, connection, items, actor).await?;
    session.commit().await?;
    Ok(ids)
}

/// As [`write`], in a transaction that holds more.
pub(crate) async fn write_in(
    session: &mut Session,
    hub: &Hub,
    workspace: &Workspace,
    connection: &Connection,
    items: Vec<Item>,
    actor: &str,
) -> Result<Vec<Id>, Error> {
    let space = Space { workspace: workspace.id, connection: connection.id };
    let origin =
        Origin { workspace, connection: connection.no, space, run: None, actor, now: hub.clock().now() };
    let mut ids: Vec<Id> = items.iter().map(|item| space.id(item.draft.kind, &item.remote_id)).collect();
    let mut linked: HashMap<Id, Id> = HashMap::new();
    let mut rest = items;
    while let Some(kind) = rest.first().map(|item| item.draft.kind) {
        let (mut of_kind, others): (Vec<Item>, Vec<Item>) =
            rest.into_iter().partition(|item| item.draft.kind == kind);
        rest = others;
        last_wins(&mut of_kind);
        let remote_ids: Vec<&str> = of_kind.iter().map(|item| item.remote_id.as_str()).collect();
        let heads = sources::heads(session, connection.no, kind, &remote_ids).await?;
        let changed = of_kind.into_iter().zip(heads).filter_map(|(mut item, head)| {
            let unchanged = head.as_ref().is_some_and(|head| head.hash == item.hash && !head.gone);
            let own = space.id(kind, &item.remote_id);
            if let Some(head) = head.as_ref().filter(|head| head.record != own) {
                linked.insert(own, head.record);
            }
            item.head = head;
            (!unchanged).then_some(item)
        });
        let changed: Vec<Item> = changed.collect();
        crate::erased::apply(session, &origin, kind, changed).await?;
    }
    if !linked.is_empty() {
        ids.iter_mut().for_each(|id| *id = linked.get(id).copied().unwrap_or(*id));
    }
    Ok(ids)
}

/// Of items with the same name the last one counts.
fn last_wins(items: &mut Vec<Item>) {
    let mut seen = std::collections::HashSet::new();
    let mut kept: Vec<Item> = Vec::with_capacity(items.len());
    for item in items.drain(..).rev() {
        if seen.insert(item.remote_id.clone()) {
            kept.push(item);
        }
    }
    kept.reverse();
    *items = kept;
}
