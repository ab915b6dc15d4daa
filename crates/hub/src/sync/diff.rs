//! Finds what is new or different among rows, and stores it with its page and checkpoint in one transaction.

use std::{
    collections::{HashMap, HashSet},
    sync::atomic::Ordering,
};

use tongshi_dialect::Row;
use tongshi_model::{Error, ErrorKind, Kind};
use tongshi_store::{PageRow, Session, SourceHead, quarantine, records, runs, sources};

use super::{
    SharedConnector,
    page::Print,
    proof::{Counts, Difference},
    run::{Checkpoint, Place},
    seen::pack,
};
use crate::{
    Hub, erased,
    ingest::Item,
    reads::{differing, op_name},
};

/// Rows of one page, to be compared with what is stored.
pub(super) struct Rows {
    /// Names the page in the proof.
    pub(super) page: i64,
    pub(super) total: Option<u64>,
    pub(super) print: Print,
    pub(super) rows: Vec<(Row, [u8; 16])>,
}

/// What some pages bring.
pub(super) struct Diff {
    kind: Kind,
    items: Vec<Item>,
    rejected: Vec<(String, String, String)>,
    /// Sources that say what is known, by name.
    known: HashMap<String, i64>,
    pages: Vec<PageOutline>,
    pub(super) counts: Counts,
    /// New things that could not be taken in, by name: they have no source.
    pub(super) rejected_new: Vec<String>,
}

struct PageOutline {
    page: i64,
    total: Option<u64>,
    print: Print,
    names: Vec<String>,
}

/// A page as stored: what the proof needs of it.
pub(super) struct StoredPage {
    pub(super) page: i64,
    pub(super) seen: Vec<u8>,
}

impl Diff {
    /// The names of all rows, page by page.
    pub(super) fn names(&self) -> impl Iterator<Item = &[String]> {
        self.pages.iter().map(|page| &*page.names)
    }

    /// The names of what is new or different.
    pub(super) fn stored_names(&self) -> impl Iterator<Item = &str> {
        self.items.iter().map(|item| &*item.remote_id)
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> u64 {
        self.pages.iter().map(|page| page.names.len() as u64).sum()
    }

    /// How much there is to store, in rows that are new or different: one that says what is known costs next to nothing,
    /// and what differs here and there is stored the better the more of it comes together.
    pub(super) fn weight(&self) -> u64 {
        (self.items.len() + self.rejected.len()) as u64 + self.rows() / 8
    }

    /// Adds what another page brings. The two must not name the same things.
    pub(super) fn add(&mut self, other: Self) {
        self.items.extend(other.items);
        self.rejected.extend(other.rejected);
        self.known.extend(other.known);
        self.pages.extend(other.pages);
        self.counts.unchanged += other.counts.unchanged;
        self.counts.quarantined += other.counts.quarantined;
        self.counts.erased += other.counts.erased;
        self.rejected_new.extend(other.rejected_new);
    }
}

/// Compares the rows of a page with what is stored. Only what differs is translated.
pub(super) async fn compare(
    hub: &Hub,
    connector: SharedConnector,
    connection: i64,
    kind: Kind,
    page: Rows,
) -> Result<Diff, Error> {
    let Rows { page, total, print, rows: all } = page;
    let names: Vec<String> = all.iter().map(|(row, _)| row.remote_id.clone()).collect();
    let rows = last_named(all);
    let asked: Vec<&str> = rows.iter().map(|(row, _)| row.remote_id.as_str()).collect();
    let mut session = hub.store().read().await?;
    let heads = sources::heads(&mut session, connection, kind, &asked).await?;
    drop(session);
    translate(&*connector, kind, rows, heads, PageOutline { page, total, print, names })
}

/// Leaves rows of erased people alone that cannot be read: they are neither kept in quarantine nor missing.
pub(super) async fn pass_erased(hub: &Hub, place: &Place, diff: &mut Diff) -> Result<(), Error> {
    if diff.rejected.is_empty() {
        return Ok(());
    }
    let mut session = hub.store().read().await?;
    let names = diff.rejected.iter().map(|(name, ..)| name.as_str());
    let known = erased::known(&mut session, &place.workspace, place.space, diff.kind, names).await?;
    drop(session);
    let mut stones = known.into_iter();
    for (name, reason, raw) in std::mem::take(&mut diff.rejected) {
        match stones.next().flatten() {
            Some(source) => {
                diff.rejected_new.retain(|rejected| *rejected != name);
                diff.counts.quarantined -= 1;
                diff.counts.erased += 1;
                diff.known.insert(name, source);
            }
            None => diff.rejected.push((name, reason, raw)),
        }
    }
    Ok(())
}

/// A thing named twice counts as it was named last.
fn last_named(rows: Vec<(Row, [u8; 16])>) -> Vec<(Row, [u8; 16])> {
    let mut place: HashMap<&str, usize> = HashMap::with_capacity(rows.len());
    for (at, (row, _)) in rows.iter().enumerate() {
        place.insert(&row.remote_id, at);
    }
    if place.len() == rows.len() {
        return rows;
    }
    let last: HashSet<usize> = place.into_values().collect();
    rows.into_iter().enumerate().filter(|(at, _)| last.contains(at)).map(|(_, row)| row).collect()
}

fn translate(
    connector: &dyn tongshi_dialect::Connector,
    kind: Kind,
    rows: Vec<(Row, [u8; 16])>,
    heads: Vec<Option<SourceHead>>,
    page: PageOutline,
) -> Result<Diff, Error> {
    let mut diff = Diff {
        kind,
        items: Vec::new(),
        rejected: Vec::new(),
        known: HashMap::with_capacity(rows.len()),
        pages: vec![page],
        counts: Counts::default(),
        rejected_new: Vec::new(),
    };
    for ((row, hash), head) in rows.into_iter().zip(heads) {
        if let Some(head) = &head {
            diff.known.insert(row.remote_id.clone(), head.id);
            if head.hash == hash && !head.gone {
                diff.counts.unchanged += 1;
                continue;
            }
        }
        match connector.read(kind, &row) {
            Ok(draft) => {
                let Row { remote_id, date, raw } = row;
                diff.items.push(Item { remote_id, date, raw, hash, draft, head });
            }
            Err(error) if matches!(error.kind(), ErrorKind::Invalid(_)) => {
                diff.counts.quarantined += 1;
                if head.is_none() {
                    diff.rejected_new.push(row.remote_id.clone());
                }
                diff.rejected.push((row.remote_id, error.public().to_owned(), row.raw));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(diff)
}

/// Stores what pages bring, with their proof and the checkpoint that says so.
pub(super) async fn store(
    session: &mut Session,
    place: &Place,
    listing: &str,
    diff: Diff,
    checkpoint: &mut Checkpoint,
) -> Result<Vec<StoredPage>, Error> {
    let Diff { kind, items, rejected, mut known, pages, mut counts, .. } = diff;
    let origin = place.origin();
    let names: Vec<String> = items.iter().map(|item| item.remote_id.clone()).collect();
    if place.quarantined.load(Ordering::Relaxed) {
        let cleared: Vec<&str> = names.iter().map(String::as_str).collect();
        quarantine::clear(session, place.connection, kind, &cleared).await?;
    }
    let (applied, ids, passed) = erased::apply(session, &origin, kind, items).await?;
    known.extend(names.into_iter().zip(ids));
    counts.erased += passed;
    if !rejected.is_empty() {
        place.quarantined.store(true, Ordering::Relaxed);
        quarantine::put(session, &place.workspace, place.run, place.connection, kind, rejected).await?;
    }
    counts.created += applied.created;
    counts.updated += applied.updated;
    counts.restored += applied.restored;
    counts.unchanged += applied.same;
    checkpoint.add(&counts);
    let mut stored = Vec::with_capacity(pages.len());
    for page in pages {
        let seen = pack(page.names.iter().filter_map(|name| known.get(name).copied()).collect());
        let row = PageRow {
            listing: listing.to_owned(),
            page: page.page,
            rows: page.names.len() as i64,
            total: page.total.and_then(|total| i64::try_from(total).ok()),
            digest: page.print.digest.to_vec(),
            keys_digest: page.print.keys_digest.to_vec(),
            seen: seen.clone(),
        };
        runs::put_page(session, place.run, row).await?;
        stored.push(StoredPage { page: page.page, seen });
    }
    Ok(stored)
}

/// What a dry run says of the same pages.
pub(super) async fn describe(
    hub: &Hub,
    place: &Place,
    diff: Diff,
    room: usize,
) -> Result<(Counts, Vec<Difference>, Vec<i64>), Error> {
    let mut session = hub.store().read().await?;
    let (mut counts, mut differences) = (diff.counts, Vec::new());
    let heads: Vec<_> =
        diff.items.iter().filter_map(|item| item.head.as_ref().map(|head| head.record)).collect();
    let names = diff.items.iter().map(|item| item.remote_id.as_str());
    let mut stones =
        erased::known(&mut session, &place.workspace, place.space, diff.kind, names).await?.into_iter();
    let mut before = records::many(&mut session, &place.workspace, &heads).await?.into_iter();
    let origin = place.origin();
    let of_shared = |item: &Item| {
        let head = item.head.as_ref()?;
        let shared = origin.is_shared(diff.kind, &item.remote_id, head.record, head.shared);
        shared.then_some(head.record)
    };
    // Folded in memory, and never written.
    let mut folding = origin.folding(&mut session).await?;
    let shared: Vec<_> = diff.items.iter().filter_map(of_shared).collect();
    folding.load(&mut session, &shared).await?;
    for mut item in diff.items {
        if stones.next().flatten().is_some() {
            counts.erased += 1;
            continue;
        }
        let record = match &item.head {
            Some(_) => before.next().flatten(),
            None => None,
        };
        if let Some((id, head)) = of_shared(&item).zip(item.head.as_ref()) {
            folding.hear(id, head.id, std::mem::take(&mut item.draft.doc), item.hash, None)?;
            item.draft.doc = folding.row(id).map(|row| row.doc.clone()).unwrap_or_default();
        }
        let op = match &record {
            None => tongshi_store::Op::Created,
            Some(row) if row.deleted.is_some() => tongshi_store::Op::Restored,
            Some(row) if row.doc != item.draft.doc => tongshi_store::Op::Updated,
            Some(_) => {
                counts.unchanged += 1;
                continue;
            }
        };
        match op {
            tongshi_store::Op::Created => counts.created += 1,
            tongshi_store::Op::Restored => counts.restored += 1,
            tongshi_store::Op::Updated | tongshi_store::Op::Deleted | tongshi_store::Op::Linked => {
                counts.updated += 1;
            }
        }
        if differences.len() < room {
            let fields = differing(record.as_ref().map(|row| row.doc.as_str()), Some(&item.draft.doc))?;
            differences.push(Difference {
                op: op_name(op),
                kind: diff.kind,
                record: record.map_or_else(|| place.space.id(diff.kind, &item.remote_id), |row| row.id),
                remote_id: item.remote_id,
                fields,
            });
        }
    }
    Ok((counts, differences, diff.known.into_values().collect()))
}
