//! Erasure: everything about a person goes in one transaction, what would bring them back is kept out, and free pages and
//! logs are rewritten afterwards.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tongshi_model::{Draft, Error, Id, Kind, Space, Timestamp};
use tongshi_store::{
    NewChange, Op, RecordRow, Session, Workspace, changes, connections, erasure, meta,
    places::{self, Deed, Held},
    quarantine, records,
    tombstones::{self, Erasure, Tombstone},
    workspaces,
};

use super::{
    AtVendor, ErasedAgain, Receipt, Searched, log,
    person::{self, Holdings},
};
use crate::{
    AuditEntry, Hub, Tombstones, audit,
    erased::{Salt, links, without},
    ingest,
};

/// The longest reason that is kept.
const REASON_CHARS_MAX: usize = 500;

/// Where it is noted that pages are still to be rewritten.
const COMPACT: &str = "privacy.compact";

impl Hub {
    /// Erases a person. With `dry_run` nothing is changed and the receipt says what would be.
    pub async fn erase_person(
        &self,
        workspace: &Workspace,
        who: &str,
        reason: &str,
        actor: &str,
        dry_run: bool,
    ) -> Result<Receipt, Error> {
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > REASON_CHARS_MAX {
            let text =
                format!("a reason of at most {REASON_CHARS_MAX} characters is wanted, without personal data");
            return Err(Error::invalid("reason", text));
        }
        if dry_run {
            let mut session = self.store().read().await?;
            let person = person::find(&mut session, workspace, who).await?;
            let found = person::holdings(&mut session, workspace, &[person]).await?;
            return Ok(receipt("erase (dry run)", workspace, self.clock().now(), &found));
        }
        let mut session = self.store().write().await?;
        tombstones::take_turn(&mut session, workspace, true).await?;
        let person = person::find(&mut session, workspace, who).await?;
        let found = person::holdings(&mut session, workspace, &[person]).await?;
        let salt = Salt::ensure(&mut session, self.randomness()).await?;
        let stones = stones(&mut session, workspace, &salt, &found).await?;
        let id = self.new_id();
        let mut receipt = receipt("erase", workspace, session.now(), &found);
        receipt.erasure = Some(id);
        receipt.tombstones = stones.len() as u64;
        receipt.kept_beside_data = self.settings().data_directory.is_some();
        let digest = signed(&mut receipt)?;
        take_out(&mut session, workspace, &found, actor).await?;
        tombstones::put(&mut session, workspace, id, &stones).await?;
        let done = Erasure {
            id,
            at: receipt.at,
            actor: actor.to_owned(),
            reason: found.terms.scrub(reason),
            receipt: json!(receipt).to_string(),
            digest: digest.clone(),
            lifted_at: None,
            tombstones: receipt.tombstones,
        };
        tombstones::note(&mut session, workspace, &done).await?;
        let rows: u64 = receipt.searched.iter().map(|place| place.own + place.named).sum();
        let entry = AuditEntry::done(actor, "privacy.erase", id.to_string())
            .with(json!({"rows": rows, "tombstones": receipt.tombstones, "digest": digest}));
        audit::note(&mut session, workspace, entry).await?;
        meta::set(&mut session, COMPACT, "due").await?;
        if let Some(folder) = &self.settings().data_directory {
            // Before the commit: a tombstone too many is mended, one too few brings somebody back.
            log::append(folder, &log::Line::new(workspace.id, id, salt.text(), &stones))?;
        }
        session.commit().await?;
        receipt.compacted = self.compact_if_due().await?;
        Ok(receipt)
    }

    /// Rewrites pages and log after an erasure, unless that is done. Returns whether it is.
    pub(crate) async fn compact_if_due(&self) -> Result<bool, Error> {
        let due = meta::get(&mut self.store().read().await?, COMPACT).await?;
        if due.as_deref() != Some("due") {
            return Ok(true);
        }
        if !self.store().compact().await? {
            return Ok(false);
        }
        let mut session = self.store().write().await?;
        meta::set(&mut session, COMPACT, "done").await?;
        session.commit().await?;
        Ok(true)
    }

    /// Erases again whom a restored backup still knows, by the tombstones in this `erased.log`.
    pub async fn apply_tombstones(&self, log: &Path) -> Result<ErasedAgain, Error> {
        let mut session = self.store().write().await?;
        let restored = erase_again(&mut session, log).await?;
        session.commit().await?;
        self.compact_if_due().await?;
        Ok(restored)
    }
}

/// The `erased.log` beside the data: whom a backup must not bring back.
pub struct ErasedLog(PathBuf);

impl ErasedLog {
    /// The one in this data directory.
    pub fn beside(data: &Path) -> Self {
        Self(data.join(log::NAME))
    }
}

#[async_trait]
impl Tombstones for ErasedLog {
    async fn erase_again(&self, session: &mut Session) -> Result<u64, Error> {
        Ok(erase_again(session, &self.0).await?.repeated)
    }
}

async fn erase_again(session: &mut Session, log: &Path) -> Result<ErasedAgain, Error> {
    let mut restored = ErasedAgain::default();
    let all = workspaces::all(session).await?;
    for line in log::read(log)? {
        restored.erasures += 1;
        let Some(workspace) = all.iter().find(|known| known.id == line.workspace) else { continue };
        tombstones::take_turn(session, workspace, true).await?;
        let salt = Salt::parse(&line.salt)?;
        match Salt::read(session).await? {
            None => salt.adopt(session).await?,
            Some(known) if known.text() == salt.text() => {}
            Some(_) => {
                return Err(Error::conflict("erased.log belongs to another installation: its salt differs"));
            }
        }
        let stones = stones_of(&line)?;
        let back = brought_back(session, workspace, &salt, &stones).await?;
        tombstones::put(session, workspace, line.erasure, &stones).await?;
        let now = session.now();
        let mut done = Erasure {
            id: line.erasure,
            at: now,
            actor: "restore".to_owned(),
            reason: "applied again after a restore".to_owned(),
            receipt: "{}".to_owned(),
            digest: String::new(),
            lifted_at: None,
            tombstones: 0,
        };
        if !back.is_empty() {
            restored.repeated += 1;
            let found = person::holdings(session, workspace, &back).await?;
            restored.rows += take_out(session, workspace, &found, "restore").await?;
            let mut receipt = receipt("erase", workspace, now, &found);
            done.digest = signed(&mut receipt)?;
            done.receipt = json!(receipt).to_string();
            meta::set(session, COMPACT, "due").await?;
        }
        tombstones::note(session, workspace, &done).await?;
        let entry = AuditEntry::done("restore", "privacy.erase", line.erasure.to_string())
            .with(json!({"rows": restored.rows, "tombstones": stones.len()}));
        audit::note(session, workspace, entry).await?;
    }
    Ok(restored)
}

/// What was found, for the receipt.
pub(super) fn receipt(what: &'static str, workspace: &Workspace, at: Timestamp, found: &Holdings) -> Receipt {
    let searched = places::ALL.iter().map(|place| Searched {
        table: place.table,
        about: place.about,
        own: found.own(place.table).len() as u64,
        named: found.named(place.table).len() as u64,
    });
    let vendors = found.vendors.iter().cloned();
    Receipt {
        erasure: None,
        what,
        workspace: workspace.name.clone(),
        at,
        people: found.people.clone(),
        likely_the_same: found.likely.clone(),
        shared_values: found.shared,
        searched: searched.collect(),
        vendors: vendors.map(|(connection, dialect)| AtVendor { connection, dialect }).collect(),
        tombstones: 0,
        kept_beside_data: false,
        compacted: false,
        digest: String::new(),
    }
}

fn signed(receipt: &mut Receipt) -> Result<String, Error> {
    receipt.digest.clear();
    let text = serde_json::to_vec(&receipt)
        .map_err(|error| Error::internal("a receipt does not serialise").caused_by(error))?;
    receipt.digest = hex::encode(Sha256::digest(text));
    Ok(receipt.digest.clone())
}

/// Takes a person out of everything, and says of how many rows.
async fn take_out(
    session: &mut Session,
    workspace: &Workspace,
    found: &Holdings,
    actor: &str,
) -> Result<u64, Error> {
    let mut rows = 0;
    let owned = found.owned();
    let first = note_departure(session, workspace, &owned, actor).await?;
    let last = changes::last_seq(session, workspace).await?;
    let mut seqs: Vec<i64> = found.own("changes").iter().filter_map(|row| row.number("seq")).collect();
    seqs.extend(first..=last);
    rows += erasure::empty_changes(session, workspace, &seqs).await?;
    rows += erasure::remove_records(session, workspace, &owned).await?;
    let mut names: BTreeMap<(i64, Kind), Vec<&str>> = BTreeMap::new();
    for row in found.own("sources") {
        let kind = row.number("kind").and_then(Kind::from_number);
        if let (Some(connection), Some(kind), Some(name)) =
            (row.number("connection"), kind, row.text("remote_id"))
        {
            names.entry((connection, kind)).or_default().push(name);
        }
    }
    for ((connection, kind), names) in names {
        quarantine::clear(session, connection, kind, &names).await?;
    }
    let sources: Vec<i64> = found.own("sources").iter().filter_map(|row| row.number("id")).collect();
    rows += erasure::remove_sources(session, workspace, &sources).await?;
    rows += erasure::remove_punches(session, workspace, &found.people).await?;
    for place in places::ALL {
        for held in [found.own(place.table), found.named(place.table)] {
            match place.deed {
                Deed::Remove => rows += places::remove(session, workspace, held).await?,
                Deed::Scrub => rows += scrub(session, workspace, found, held).await?,
                Deed::Own | Deed::Keep => {}
            }
        }
    }
    rows += scrub(session, workspace, found, found.named("punches")).await?;
    rows += scrub(session, workspace, found, found.named("changes")).await?;
    for row in found.named("sources") {
        let (Some(id), Some(raw)) = (row.number("id"), row.text("raw")) else { continue };
        let raw = found.terms.scrub(raw);
        erasure::scrub_source(session, workspace, id, &raw, ingest::hash(raw.as_bytes())).await?;
        rows += 1;
    }
    rows += leave_out(session, workspace, found, actor).await?;
    Ok(rows)
}

/// Takes what names the person out of the texts of rows that stay.
async fn scrub(
    session: &mut Session,
    workspace: &Workspace,
    found: &Holdings,
    rows: &[Held],
) -> Result<u64, Error> {
    for row in rows {
        let texts = row.texts().iter().map(|text| text.as_deref().map(|text| found.terms.scrub(text)));
        places::rewrite(session, workspace, row, texts.collect()).await?;
    }
    Ok(rows.len() as u64)
}

/// Notes in the journal that the records went; returns the number of the first such entry, which is above the last
/// where there is none.
async fn note_departure(
    session: &mut Session,
    workspace: &Workspace,
    owned: &[Id],
    actor: &str,
) -> Result<i64, Error> {
    let last = changes::last_seq(session, workspace).await?;
    let rows = records::many(session, workspace, owned).await?;
    let live = rows.into_iter().flatten().filter(|row| row.deleted.is_none());
    let gone = live.map(|row| entry(&row, Op::Deleted, None, actor)).collect();
    changes::append(session, workspace, gone).await?;
    Ok(last + 1)
}

/// Takes the person out of records that are about others, by changes of their own.
async fn leave_out(
    session: &mut Session,
    workspace: &Workspace,
    found: &Holdings,
    actor: &str,
) -> Result<u64, Error> {
    let ids: Vec<Id> = found.named("records").iter().filter_map(|row| row.record("id")).collect();
    let (mut rows, mut journal) = (Vec::new(), Vec::new());
    let now = session.now();
    for mut row in records::many(session, workspace, &ids).await?.into_iter().flatten() {
        let draft = Draft { kind: row.kind, doc: row.doc, keys: row.keys, date: row.date };
        let links = links(row.kind, &draft.doc);
        let named: Vec<_> = links.iter().filter(|link| found.people.contains(&link.to)).collect();
        let doc = found.terms.scrub(&without(draft, &named)?.doc);
        let draft = Draft::parse(row.kind, doc)?;
        (row.doc, row.keys, row.date) = (draft.doc, draft.keys, draft.date);
        (row.version, row.changed_at) = (row.version + 1, now);
        let before = row.doc.clone();
        journal.push(entry(&row, Op::Updated, Some(before), actor));
        rows.push(row);
    }
    let count = rows.len() as u64;
    records::upsert(session, workspace, rows).await?;
    changes::append(session, workspace, journal).await?;
    Ok(count)
}

fn entry(row: &RecordRow, op: Op, before: Option<String>, actor: &str) -> NewChange {
    let version = if op == Op::Deleted { row.version + 1 } else { row.version };
    NewChange {
        record: row.id,
        kind: row.kind,
        op,
        version,
        before,
        source: None,
        before_raw: None,
        before_hash: None,
        run: None,
        actor: actor.to_owned(),
    }
}

/// What keeps the person out: the records, and whatever a vendor may send again.
async fn stones(
    session: &mut Session,
    workspace: &Workspace,
    salt: &Salt,
    found: &Holdings,
) -> Result<Vec<Tombstone>, Error> {
    let spaces = spaces(session, workspace).await?;
    let mut stones: BTreeMap<Vec<u8>, i64> = BTreeMap::new();
    for row in found.own("sources") {
        let kind = row.number("kind").and_then(Kind::from_number);
        let space = row.number("connection").and_then(|number| spaces.get(&number));
        if let (Some(id), Some(kind), Some(space), Some(name)) =
            (row.number("id"), kind, space, row.text("remote_id"))
        {
            stones.insert(salt.hash(space.id(kind, name)), id);
        }
    }
    for id in found.owned() {
        if let Entry::Vacant(place) = stones.entry(salt.hash(id)) {
            place.insert(tongshi_store::allocate(session, "sources", 1).await?);
        }
    }
    Ok(stones.into_iter().map(|(hash, source)| Tombstone { hash, source }).collect())
}

fn stones_of(line: &log::Line) -> Result<Vec<Tombstone>, Error> {
    let stone = |(hash, source): &(String, i64)| {
        let hash = hex::decode(hash).map_err(|_| Error::conflict("erased.log is damaged: a hash is none"))?;
        Ok(Tombstone { hash, source: *source })
    };
    line.tombstones.iter().map(stone).collect()
}

/// The records that the database knows although these tombstones hide them.
async fn brought_back(
    session: &mut Session,
    workspace: &Workspace,
    salt: &Salt,
    stones: &[Tombstone],
) -> Result<Vec<Id>, Error> {
    /// Sources looked at together.
    const STEP: u32 = 10_000;
    let hidden: std::collections::HashSet<&[u8]> = stones.iter().map(|stone| &*stone.hash).collect();
    let spaces = spaces(session, workspace).await?;
    let (mut back, mut after) = (Vec::new(), 0);
    loop {
        let names = erasure::names(session, workspace, after, STEP).await?;
        let Some((last, ..)) = names.last() else { return Ok(back) };
        after = *last;
        for (_, connection, kind, name) in names {
            let Some(space) = spaces.get(&connection) else { continue };
            let id = space.id(kind, &name);
            if hidden.contains(&*salt.hash(id)) {
                back.push(id);
            }
        }
    }
}

async fn spaces(session: &mut Session, workspace: &Workspace) -> Result<BTreeMap<i64, Space>, Error> {
    let all = connections::all(session, workspace).await?;
    let space = |id| Space { workspace: workspace.id, connection: id };
    Ok(all.into_iter().map(|found| (found.no, space(found.id))).collect())
}
