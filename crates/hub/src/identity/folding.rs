//! Records that have several sources, taken into memory, changed, folded again and written back with their journal.
//!
//! Whatever happens to a source of such a record (its vendor says something else, it goes, it is linked, taken apart,
//! or undone) ends in [`Folding::refold`], so that a record is always the fold of its live sources.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tongshi_model::{Draft, Error, Id, Kind, Timestamp};
use tongshi_store::{
    Evidence, NewChange, Op, Part, RecordRow, Session, Workspace, changes,
    identity::{self, Link},
    records, refs, shared,
};

use super::fold::{Ownership, Said};

/// Some records with their sources, on their way to being written.
pub(crate) struct Folding<'a> {
    workspace: &'a Workspace,
    actor: &'a str,
    run: Option<Id>,
    now: Timestamp,
    pub(crate) owners: Ownership,
    states: BTreeMap<Id, State>,
    /// The sources as they are stored.
    stored: HashMap<i64, Part>,
    written: BTreeSet<Id>,
    journal: Vec<NewChange>,
    meanings: Vec<(Id, Id)>,
    freed: Vec<Id>,
    links: Vec<Link>,
    unlinked: Vec<i64>,
}

#[derive(Default)]
struct State {
    row: Option<RecordRow>,
    parts: Vec<Part>,
}

/// What made a fold necessary, for the journal.
#[derive(Default)]
pub(crate) struct Cause {
    pub(crate) source: Option<i64>,
    /// The source's payload before; none where the source did not count before, so that an undo takes it out again.
    pub(crate) before: Option<(String, [u8; 16])>,
}

/// How sure a link is.
#[derive(Clone, Copy)]
pub(crate) struct Basis {
    pub(crate) method: &'static str,
    pub(crate) confidence: i64,
}

impl<'a> Folding<'a> {
    pub(crate) fn new(
        workspace: &'a Workspace,
        owners: Ownership,
        actor: &'a str,
        run: Option<Id>,
        now: Timestamp,
    ) -> Self {
        Self {
            workspace,
            actor,
            run,
            now,
            owners,
            states: BTreeMap::new(),
            stored: HashMap::new(),
            written: BTreeSet::new(),
            journal: Vec::new(),
            meanings: Vec::new(),
            freed: Vec::new(),
            links: Vec::new(),
            unlinked: Vec::new(),
        }
    }

    /// Takes records with their sources in. Those that are not there may come into being.
    pub(crate) async fn load(&mut self, session: &mut Session, ids: &[Id]) -> Result<(), Error> {
        let new: BTreeSet<Id> = ids.iter().copied().filter(|id| !self.states.contains_key(id)).collect();
        let new: Vec<Id> = new.into_iter().collect();
        // The sources are kept from other writers first, so the records are read as the last of those left them.
        let parts = shared::of_records(session, self.workspace, &new).await?;
        let rows = records::many(session, self.workspace, &new).await?;
        for ((id, mut parts), row) in new.into_iter().zip(parts).zip(rows) {
            for part in &mut parts {
                self.stored.insert(part.id, part.clone());
                if !part.shared && !part.is_empty() {
                    // The only source so far: the record says what it says.
                    part.doc = row.as_ref().map(|row| row.doc.clone());
                }
            }
            self.states.insert(id, State { row, parts });
        }
        Ok(())
    }

    /// The record as it is now.
    pub(crate) fn row(&self, id: Id) -> Option<&RecordRow> {
        self.states.get(&id).and_then(|state| state.row.as_ref())
    }

    /// Its sources as they are now.
    pub(crate) fn parts(&self, id: Id) -> &[Part] {
        self.states.get(&id).map_or(&[], |state| &state.parts)
    }

    /// What a record's live sources fold to, with its kind; none where nothing lives.
    pub(crate) fn folded(&self, id: Id) -> Result<Option<(Kind, String)>, Error> {
        let said: Vec<Said<'_>> = self.parts(id).iter().filter_map(said).collect();
        let Some(kind) = self.parts(id).first().map(|part| part.kind).filter(|_| !said.is_empty()) else {
            return Ok(None);
        };
        Ok(Some((kind, self.owners.fold(kind, &said)?)))
    }

    /// A source says this now.
    pub(crate) fn hear(
        &mut self,
        record: Id,
        source: i64,
        doc: String,
        hash: [u8; 16],
        before: Option<(String, [u8; 16])>,
    ) -> Result<Option<Op>, Error> {
        let Some(part) = self.part(record, source) else { return Ok(None) };
        let counted = said(part).is_some();
        let registered = part.is_empty();
        (part.doc, part.hash, part.gone) = (Some(doc), hash, None);
        if registered {
            let own = self.own_id(record, source)?;
            self.mean(own, record);
        }
        self.refold(record, Cause { source: Some(source), before: before.filter(|_| counted) })
    }

    /// A source is gone.
    pub(crate) fn lose(
        &mut self,
        record: Id,
        source: i64,
        evidence: Evidence,
        before: (String, [u8; 16]),
    ) -> Result<Option<Op>, Error> {
        let Some(part) = self.part(record, source) else { return Ok(None) };
        part.gone = part.gone.or(Some(evidence));
        self.refold(record, Cause { source: Some(source), before: Some(before) })
    }

    /// A source is put back to what it was; to nothing where it did not count.
    pub(crate) fn put_back(&mut self, record: Id, source: i64, doc: Option<String>, hash: [u8; 16]) {
        let Some(part) = self.part(record, source) else { return };
        part.gone = doc.is_none().then_some(Evidence::Undone);
        if doc.is_some() {
            (part.doc, part.hash) = (doc, hash);
        }
    }

    /// Makes one record of two and says which id stays: that of the record that was there first.
    pub(crate) fn link(&mut self, one: Id, other: Id, basis: Basis) -> Result<Id, Error> {
        let place = |id| self.row(id).map_or(i64::MAX, |row| row.ord);
        let (stays, goes) = if place(one) <= place(other) { (one, other) } else { (other, one) };
        let moved = self.states.get_mut(&goes).map(|state| std::mem::take(&mut state.parts));
        let moved = moved.unwrap_or_default();
        self.mean(goes, stays);
        for part in &moved {
            let own = self.owners.own_id(part.connection, part.kind, &part.remote_id)?;
            if own != stays {
                self.mean(own, stays);
            }
            self.links.push(Link {
                source: part.id,
                method: basis.method.to_owned(),
                confidence: basis.confidence,
                actor: self.actor.to_owned(),
                at: self.now,
            });
        }
        let state = self.states.entry(stays).or_default();
        state.parts.extend(moved.into_iter().map(|part| Part { record: stays, ..part }));
        state.parts.sort_by_key(|part| part.id);
        // No source says anything else than before, so there is none to be put back when the run is undone.
        self.end(goes, Op::Linked, Evidence::Linked, Cause::default());
        self.refold(stays, Cause::default())?;
        Ok(stays)
    }

    /// Which record a source would have when it is taken out of this one. A source that made the record keeps it, and
    /// the others leave together.
    pub(crate) fn target(&self, record: Id, source: i64) -> Result<Id, Error> {
        let own = self.own_id(record, source)?;
        if own != record {
            return Ok(own);
        }
        let first = self.parts(record).iter().find(|part| part.id != source);
        let first = first.ok_or_else(|| Error::conflict("the record has no other source"))?;
        self.owners.own_id(first.connection, first.kind, &first.remote_id)
    }

    /// Takes a source out of a record that has others. `target` must be loaded, too.
    pub(crate) fn unlink(&mut self, record: Id, source: i64, target: Id) -> Result<(), Error> {
        let alone = self.own_id(record, source)? != record;
        let Some(state) = self.states.get_mut(&record) else { return Ok(()) };
        let leaves = |part: &Part| (part.id == source) == alone;
        let (leaving, staying): (Vec<Part>, Vec<Part>) =
            std::mem::take(&mut state.parts).into_iter().partition(leaves);
        state.parts = staying;
        self.freed.push(target);
        for part in &leaving {
            let own = self.owners.own_id(part.connection, part.kind, &part.remote_id)?;
            if own == target {
                self.unlinked.push(part.id);
            } else {
                self.mean(own, target);
            }
        }
        let state = self.states.entry(target).or_default();
        state.parts.extend(leaving.into_iter().map(|part| Part { record: target, ..part }));
        self.refold(record, Cause::default())?;
        self.refold(target, Cause::default()).map(drop)
    }

    /// Folds a record again and notes what that changes.
    pub(crate) fn refold(&mut self, record: Id, cause: Cause) -> Result<Option<Op>, Error> {
        let deleted = self.row(record).and_then(|row| row.deleted).map(|(_, evidence)| evidence);
        if deleted == Some(Evidence::Erased) {
            return Ok(None);
        }
        let Some((kind, doc)) = self.folded(record)? else {
            let parts = self.parts(record);
            let gone = parts.iter().find(|part| Some(part.id) == cause.source).or(parts.last());
            let Some(evidence) = gone.and_then(|part| part.gone) else { return Ok(None) };
            if deleted.is_some_and(|before| before != Evidence::Linked) {
                return Ok(None);
            }
            return Ok(self.end(record, Op::Deleted, evidence, cause));
        };
        let op = match self.row(record) {
            None => Op::Created,
            Some(row) if row.deleted.is_some() => Op::Restored,
            Some(row) if row.doc != doc => Op::Updated,
            Some(_) => return Ok(None),
        };
        let draft = Draft::parse(kind, doc)?;
        let (now, state) = (self.now, self.states.entry(record).or_default());
        let before = state.row.as_ref().map(|row| row.doc.clone());
        let row = state.row.get_or_insert_with(|| RecordRow {
            ord: 0,
            id: record,
            kind,
            version: 0,
            doc: String::new(),
            keys: draft.keys.clone(),
            date: draft.date,
            created_at: now,
            changed_at: now,
            deleted: None,
        });
        (row.doc, row.keys, row.date, row.deleted) = (draft.doc, draft.keys, draft.date, None);
        (row.version, row.changed_at) = (row.version + 1, now);
        let version = row.version;
        self.note(record, kind, op, version, before, cause);
        Ok(Some(op))
    }

    fn end(&mut self, record: Id, op: Op, evidence: Evidence, cause: Cause) -> Option<Op> {
        let now = self.now;
        let row = self.states.get_mut(&record)?.row.as_mut()?;
        (row.version, row.changed_at, row.deleted) = (row.version + 1, now, Some((now, evidence)));
        let (kind, version, before) = (row.kind, row.version, Some(row.doc.clone()));
        self.note(record, kind, op, version, before, cause);
        Some(op)
    }

    fn note(&mut self, record: Id, kind: Kind, op: Op, version: i64, before: Option<String>, cause: Cause) {
        self.written.insert(record);
        let (before_raw, before_hash) = cause.before.unzip();
        self.journal.push(NewChange {
            record,
            kind,
            op,
            version,
            before,
            source: cause.source,
            before_raw,
            before_hash,
            run: self.run,
            actor: self.actor.to_owned(),
        });
    }

    fn part(&mut self, record: Id, source: i64) -> Option<&mut Part> {
        self.states.get_mut(&record)?.parts.iter_mut().find(|part| part.id == source)
    }

    fn own_id(&self, record: Id, source: i64) -> Result<Id, Error> {
        let part = self.parts(record).iter().find(|part| part.id == source);
        let part = part.ok_or_else(|| Error::not_found("the record has no such source"))?;
        self.owners.own_id(part.connection, part.kind, &part.remote_id)
    }

    fn mean(&mut self, id: Id, record: Id) {
        if id != record {
            self.freed.retain(|freed| *freed != id);
            self.meanings.push((id, record));
        }
    }

    /// How many entries the journal will have.
    pub(crate) fn changes(&self) -> usize {
        self.journal.len()
    }

    /// Writes everything that differs from what is stored.
    pub(crate) async fn write(mut self, session: &mut Session) -> Result<(), Error> {
        let mut parts = Vec::new();
        for (id, state) in &mut self.states {
            let several = state.parts.len() > 1;
            for part in &mut state.parts {
                let own = self.owners.own_id(part.connection, part.kind, &part.remote_id)?;
                part.shared = several || own != *id;
                if !part.shared {
                    part.doc = None;
                }
                let as_stored = |stored: &Part| {
                    (stored.record, stored.shared, &stored.doc) == (part.record, part.shared, &part.doc)
                };
                if !self.stored.get(&part.id).is_some_and(as_stored) {
                    parts.push(part.clone());
                }
            }
        }
        let mut rows: Vec<RecordRow> =
            self.written.iter().filter_map(|id| self.states.get(id)?.row.clone()).collect();
        let new = rows.iter().filter(|row| row.ord == 0).count() as u64;
        let mut next = if new > 0 { tongshi_store::allocate(session, "records", new).await? } else { 0 };
        for row in rows.iter_mut().filter(|row| row.ord == 0) {
            row.ord = next;
            next += 1;
        }
        shared::save(session, self.workspace, parts).await?;
        records::upsert(session, self.workspace, rows).await?;
        if !self.journal.is_empty() {
            changes::append(session, self.workspace, self.journal).await?;
        }
        if !self.freed.is_empty() {
            refs::remove(session, self.workspace, &self.freed).await?;
        }
        if !self.meanings.is_empty() {
            refs::put(session, self.workspace, &self.meanings).await?;
        }
        identity::put_links(session, self.workspace, self.links).await?;
        identity::remove_links(session, self.workspace, &self.unlinked).await
    }
}

/// What a source says, if it counts.
fn said(part: &Part) -> Option<Said<'_>> {
    let doc = part.doc.as_deref().filter(|_| part.gone.is_none())?;
    Some(Said { source: part.id, connection: part.connection, doc })
}
