//! One round: what has changed behind the cursor is looked at as it is now, kind by kind, with one question for each
//! kind of thing that must be known beside it.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::json;
use tongshi_model::{Entity, Error, Id, Kind};
use tongshi_store::{Query, RecordRow, Session, Workspace, changes, connections, flows, records, shared};

use super::{ACTOR, FLOW, FlowSettings, edits::Edits};
use crate::{AuditEntry, Hub, audit, identity::Aliases, writes::Routed};

/// What the flow looks at.
const KINDS: [Kind; 5] =
    [Kind::TravelRequest, Kind::Approval, Kind::Booking, Kind::ExpenseClaim, Kind::AccountingEntry];

/// Changes that one round looks at.
const ENTRIES: u32 = 256;

/// Entries of the journal among which they are looked for.
const WINDOW: i64 = 50_000;

/// So many entries that do not matter are passed over in each look before it is noted that they were.
const PASSED_MAX: i64 = 2_000;

/// Records that one question may find beside those that have changed.
const FOUND_MAX: u32 = 5_000;

/// A record with what it says.
pub(super) struct Seen<E> {
    pub(super) row: RecordRow,
    pub(super) says: E,
}

/// What a round knows.
pub(super) struct Round<'a> {
    pub(super) hub: &'a Hub,
    pub(super) workspace: &'a Workspace,
    pub(super) settings: FlowSettings,
    pub(super) routed: Routed,
    pub(super) aliases: Arc<Aliases>,
    pub(super) flow: tongshi_store::Connection,
    touched: BTreeMap<Kind, Vec<RecordRow>>,
}

impl Hub {
    /// One round, in one transaction. False where there was nothing to look at.
    pub(super) async fn flow_round(&self, workspace: &Workspace) -> Result<bool, Error> {
        if !self.has_work(workspace).await? {
            return Ok(false);
        }
        // Made before the transaction, for one who holds a session asks for no other.
        let flow = self.local_connection(workspace, FLOW).await?;
        let mut session = self.store().write().await?;
        let Some(kept) = flows::get(&mut session, workspace).await? else { return Ok(false) };
        let last = changes::last_seq(&mut session, workspace).await?;
        let up_to = last.min(kept.cursor.saturating_add(WINDOW));
        if kept.cursor >= up_to {
            return Ok(false);
        }
        let found = changes::touched(&mut session, workspace, kept.cursor, up_to, &KINDS, ENTRIES).await?;
        let whole = found.len() < ENTRIES as usize;
        let cursor = found.last().filter(|_| !whole).map_or(up_to, |(seq, ..)| *seq);
        if !found.is_empty() {
            let mut round = Round {
                hub: self,
                workspace,
                settings: super::read(&kept.settings)?,
                routed: Routed::load(&mut session, workspace).await?,
                aliases: self.aliases_in(&mut session, workspace).await?,
                flow,
                touched: BTreeMap::new(),
            };
            let mut ids: Vec<Id> = found.into_iter().map(|(.., id)| round.aliases.meaning(id)).collect();
            ids.sort_unstable();
            ids.dedup();
            shared::lock(&mut session, workspace).await?;
            for row in records::many(&mut session, workspace, &ids).await?.into_iter().flatten() {
                if row.deleted.is_none() {
                    round.touched.entry(row.kind).or_default().push(row);
                }
            }
            round.run(&mut session).await?;
        }
        flows::advance(&mut session, workspace, cursor).await?;
        session.commit().await?;
        Ok(true)
    }

    /// Whether a round has something to do. A sync that brings people only must not wait for the flow to note that.
    async fn has_work(&self, workspace: &Workspace) -> Result<bool, Error> {
        let mut session = self.store().read().await?;
        let Some(kept) = flows::get(&mut session, workspace).await? else { return Ok(false) };
        let last = changes::last_seq(&mut session, workspace).await?;
        if last - kept.cursor > PASSED_MAX {
            return Ok(true);
        }
        let found = changes::touched(&mut session, workspace, kept.cursor, last, &KINDS, 1).await?;
        Ok(!found.is_empty())
    }
}

impl Round<'_> {
    async fn run(&self, session: &mut Session) -> Result<(), Error> {
        let mut edits = Edits::default();
        self.ask(session, &mut edits).await?;
        self.bring_results_back(session, &mut edits).await?;
        self.attach_bookings(session, &mut edits).await?;
        self.link_claims(session, &mut edits).await?;
        self.keep_books(session, &mut edits).await?;
        let count = edits.len();
        if count == 0 {
            return Ok(());
        }
        edits.write(session, self).await?;
        let entry = AuditEntry::done(ACTOR, "record.write", "").with(json!({"records": count}));
        audit::note(session, self.workspace, entry).await
    }

    /// What has changed of this kind, as it is now.
    pub(super) fn changed<E: Entity>(&self) -> Result<Vec<Seen<E>>, Error> {
        self.touched.get(&E::KIND).into_iter().flatten().map(|row| self.see(row.clone())).collect()
    }

    /// A record with what it says, its references as they are meant now.
    fn see<E: Entity>(&self, row: RecordRow) -> Result<Seen<E>, Error> {
        let says = serde_json::from_str(&self.aliases.lead(row.doc.clone()))
            .map_err(|error| Error::internal(format!("record {} cannot be read", row.id)).caused_by(error))?;
        Ok(Seen { row, says })
    }

    /// The live records of a kind among these ids.
    pub(super) async fn known<E: Entity>(
        &self,
        session: &mut Session,
        ids: impl IntoIterator<Item = Id>,
    ) -> Result<BTreeMap<Id, Seen<E>>, Error> {
        let mut ids: Vec<Id> = ids.into_iter().map(|id| self.aliases.meaning(id)).collect();
        ids.sort_unstable();
        ids.dedup();
        let rows = records::many(session, self.workspace, &ids).await?;
        let live = rows.into_iter().flatten().filter(|row| row.kind == E::KIND && row.deleted.is_none());
        live.map(|row| Ok((row.id, self.see(row)?))).collect()
    }

    /// The live records of a kind that name one of these in a looked-up field.
    pub(super) async fn naming<E: Entity>(
        &self,
        session: &mut Session,
        field: &str,
        ids: impl IntoIterator<Item = Id>,
    ) -> Result<BTreeMap<Id, Seen<E>>, Error> {
        let place = E::KIND.lookup(field);
        let place = place.ok_or_else(|| Error::internal(format!("{} is not found by {field}", E::KIND)))?;
        let mut names: Vec<String> =
            ids.into_iter().flat_map(|id| self.aliases.all(id)).map(|id| id.to_string()).collect();
        names.sort_unstable();
        names.dedup();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let found = records::by_keys(session, self.workspace, E::KIND, place, &names).await?;
        self.known(session, found.into_iter().map(|(_, id)| id)).await
    }

    /// The live records of a kind in one of these states that name one of these in a field that is not looked up.
    pub(super) async fn open_naming<E: Entity>(
        &self,
        session: &mut Session,
        states: &[&str],
        field: &str,
        ids: impl IntoIterator<Item = Id>,
    ) -> Result<BTreeMap<Id, Seen<E>>, Error> {
        let names: Vec<String> =
            ids.into_iter().flat_map(|id| self.aliases.all(id)).map(|id| id.to_string()).collect();
        let place = E::KIND.lookup("status").filter(|_| !names.is_empty());
        let Some(place) = place else { return Ok(BTreeMap::new()) };
        let query = Query {
            any: vec![(place, states.iter().map(|state| (*state).to_owned()).collect())],
            fields: vec![(field.to_owned(), names)],
            limit: FOUND_MAX,
            ..Query::of(E::KIND)
        };
        let rows = records::list(session, self.workspace, &query).await?;
        rows.into_iter().map(|row| Ok((row.id, self.see(row)?))).collect()
    }

    /// Every connection of the workspace.
    pub(super) async fn connections(
        &self,
        session: &mut Session,
    ) -> Result<BTreeMap<i64, tongshi_store::Connection>, Error> {
        let all = connections::all(session, self.workspace).await?;
        Ok(all.into_iter().map(|found| (found.no, found)).collect())
    }
}
