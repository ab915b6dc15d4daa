//! Takes what is new or different into the record: sources, records and journal in one transaction.
//!
//! Everything that changes a record goes through here: syncs, vendors' events, apps, the sandbox.

use sha2::{Digest as _, Sha256};
use tongshi_model::{Draft, Error, Id, Kind, LocalDate, Space, Timestamp};
use tongshi_store::{
    Connection, Evidence, NewChange, Op, RecordRow, Session, SourceHead, SourceRow, Workspace, changes,
    records, sources,
};

use crate::Hub;

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
    let known: Vec<(usize, Id, i64)> = items
        .iter()
        .enumerate()
        .filter_map(|(at, item)| item.head.as_ref().map(|head| (at, head.record, head.id)))
        .collect();
    let mut before: Vec<Option<RecordRow>> = vec![None; items.len()];
    let mut before_raw: Vec<Option<SourceRow>> = vec![None; items.len()];
    if !known.is_empty() {
        let ids: Vec<Id> = known.iter().map(|(_, record, _)| *record).collect();
        let rows = records::many(session, origin.workspace, &ids).await?;
        let sources: Vec<i64> = known.iter().map(|(_, _, source)| *source).collect();
        let raws = sources::raw_of(session, origin.workspace, &sources).await?;
        for (((at, _, _), row), raw) in known.iter().zip(rows).zip(raws) {
            before[*at] = row;
            before_raw[*at] = raw;
        }
    }
    let new_sources = items.iter().filter(|item| item.head.is_none()).count() as u64;
    let mut next_source = tongshi_store::allocate(session, "sources", new_sources).await?;
    let new_records = before.iter().filter(|row| row.is_none()).count() as u64;
    let mut next_ord = tongshi_store::allocate(session, "records", new_records).await?;

    let mut write = Batch::with_capacity(items.len());
    let mut applied = Applied::default();
    for ((item, before), before_raw) in items.into_iter().zip(before).zip(before_raw) {
        let source = match &item.head {
            Some(head) => head.id,
            None => {
                next_source += 1;
                next_source - 1
            }
        };
        let ord = match &before {
            Some(row) => row.ord,
            None => {
                next_ord += 1;
                next_ord - 1
            }
        };
        let record =
            item.head.as_ref().map_or_else(|| origin.space.id(kind, &item.remote_id), |head| head.record);
        match write.take(origin, kind, item, Places { source, record, ord }, before, before_raw) {
            Some(Op::Created) => applied.created += 1,
            Some(Op::Restored) => applied.restored += 1,
            Some(Op::Updated | Op::Deleted) => applied.updated += 1,
            None => applied.same += 1,
        }
    }
    let ids = write.sources.iter().map(|source| source.id).collect();
    write.store(session, origin).await?;
    Ok((applied, ids))
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
        // A record has one source today, and its document is that source's. Identity links between vendors will bring
        // a second one; then field ownership decides here.
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
            changes::append(session, origin.workspace, self.changes).await?;
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
    sources::mark_gone(session, origin.workspace, ids, evidence).await?;
    let mut deleted = 0;
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
    if deleted > 0 {
        records::upsert(session, origin.workspace, gone).await?;
        changes::append(session, origin.workspace, journal).await?;
    }
    Ok(deleted)
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
    let space = Space { workspace: workspace.id, connection: connection.id };
    let origin =
        Origin { workspace, connection: connection.no, space, run: None, actor, now: hub.clock().now() };
    let ids = items.iter().map(|item| space.id(item.draft.kind, &item.remote_id)).collect();
    let mut session = hub.store().write().await?;
    let mut rest = items;
    while let Some(kind) = rest.first().map(|item| item.draft.kind) {
        let (mut of_kind, others): (Vec<Item>, Vec<Item>) =
            rest.into_iter().partition(|item| item.draft.kind == kind);
        rest = others;
        last_wins(&mut of_kind);
        let remote_ids: Vec<&str> = of_kind.iter().map(|item| item.remote_id.as_str()).collect();
        let heads = sources::heads(&mut session, connection.no, kind, &remote_ids).await?;
        let changed = of_kind.into_iter().zip(heads).filter_map(|(mut item, head)| {
            let unchanged = head.as_ref().is_some_and(|head| head.hash == item.hash && !head.gone);
            item.head = head;
            (!unchanged).then_some(item)
        });
        apply(&mut session, &origin, kind, changed.collect()).await?;
    }
    session.commit().await?;
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
