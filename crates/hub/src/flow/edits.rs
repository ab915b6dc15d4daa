//! What a round does, collected and then written at once: new records of the flow's own, and fields of records that are
//! there. A program's record is changed where it was written. A vendor's stays the vendor's: the flow says beside it what
//! the vendor does not, and a decision is told to the vendor where a route leads.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use tongshi_dialect::Target;
use tongshi_model::{Action, Draft, Entity, Error, Id, Kind, Space};
use tongshi_store::{Connection, Part, RecordRow, Session, records, shared};

use super::{ACTOR, round::Round};
use crate::{
    connections::LOCAL,
    ingest::{self, Item},
    writes::{Asked, Deed, enqueue, natural_key, natural_key_of},
};

/// What a round does.
#[derive(Default)]
pub(super) struct Edits {
    new: Vec<New>,
    patches: BTreeMap<Id, Patch>,
}

/// A new record.
struct New {
    name: String,
    draft: Draft,
    /// Connections that are not told of it.
    but: Vec<i64>,
}

/// Fields of a record.
struct Patch {
    row: RecordRow,
    fields: Map<String, Value>,
    decided: Option<Decided>,
}

/// A decision that comes back to what it is about.
#[derive(Clone, Copy)]
pub(super) struct Decided {
    pub(super) action: Action,
    /// The approval that says so.
    pub(super) approval: Id,
}

/// Fields that say how far a thing is: of a vendor's record the vendor says that, and nobody beside it.
const VENDORS_OWN: [&str; 3] = ["status", "decided_at", "task"];

impl Edits {
    /// How many records are new or changed.
    pub(super) fn len(&self) -> usize {
        self.new.len() + self.patches.len()
    }

    /// Makes a record under this name. The same again is the same record.
    pub(super) fn make<E: Entity>(&mut self, name: String, entity: &E) -> Result<(), Error> {
        self.make_but(name, entity, Vec::new())
    }

    /// Makes a record of which these connections are not told, wherever routes lead.
    pub(super) fn make_but<E: Entity>(
        &mut self,
        name: String,
        entity: &E,
        but: Vec<i64>,
    ) -> Result<(), Error> {
        self.new.push(New { name, draft: Draft::of(entity)?, but });
        Ok(())
    }

    /// Gives a record's field a value; null takes it away.
    pub(super) fn set(&mut self, row: &RecordRow, field: &str, value: Value) {
        self.patch(row).fields.insert(field.to_owned(), value);
    }

    /// Notes that a record was decided, beside the fields that say so.
    pub(super) fn decide(&mut self, row: &RecordRow, decided: Decided) {
        self.patch(row).decided = Some(decided);
    }

    fn patch(&mut self, row: &RecordRow) -> &mut Patch {
        self.patches.entry(row.id).or_insert_with(|| Patch {
            row: row.clone(),
            fields: Map::new(),
            decided: None,
        })
    }

    /// Writes it, and queues what vendors are told of it.
    pub(super) async fn write(self, session: &mut Session, round: &Round<'_>) -> Result<(), Error> {
        let all = round.connections(session).await?;
        let space = Space { workspace: round.workspace.id, connection: round.flow.id };
        let made: Vec<Id> = self.new.iter().map(|new| space.id(new.draft.kind, &new.name)).collect();
        let untold: BTreeMap<Id, Vec<i64>> =
            made.iter().copied().zip(self.new.iter().map(|new| new.but.clone())).collect();
        let ids: Vec<Id> = self.patches.keys().copied().collect();
        let parts = shared::of_records(session, round.workspace, &ids).await?;
        let mut items: BTreeMap<i64, Vec<Item>> = BTreeMap::new();
        let mut beside: BTreeMap<Kind, Vec<(String, Id)>> = BTreeMap::new();
        for New { name, draft, .. } in self.new {
            items.entry(round.flow.no).or_default().push(Item::canonical(name, draft));
        }
        let mut deeds = Vec::new();
        let mut own = BTreeMap::new();
        for (patch, parts) in self.patches.into_values().zip(parts) {
            let is_own = |part: &&Part| {
                part.gone.is_none() && all.get(&part.connection).is_some_and(|found| found.dialect == LOCAL)
            };
            let Patch { row, mut fields, decided } = patch;
            match parts.iter().filter(is_own).find(|part| !is_beside(part, round, &row)) {
                Some(part) => {
                    let base = part.doc.as_deref().filter(|_| part.shared).unwrap_or(&row.doc);
                    let item = Item::canonical(part.remote_id.clone(), patched(row.kind, base, fields)?);
                    items.entry(part.connection).or_default().push(item);
                    own.insert(row.id, (row, decided));
                }
                None => {
                    deeds.extend(decided.and_then(|decided| told(&row, &parts, decided, round)));
                    fields.retain(|name, _| !VENDORS_OWN.contains(&name.as_str()));
                    if fields.is_empty() {
                        continue;
                    }
                    let name = row.id.to_string();
                    let part = parts.iter().find(|part| is_beside(part, round, &row));
                    if part.is_none() {
                        beside.entry(row.kind).or_default().push((name.clone(), row.id));
                    }
                    let said = part.and_then(|part| part.doc.clone()).filter(|doc| !doc.is_empty());
                    let base = said.map_or_else(|| required(&row), Ok)?;
                    let item = Item::canonical(name, patched(row.kind, &base, fields)?);
                    items.entry(round.flow.no).or_default().push(item);
                }
            }
        }
        for (kind, names) in beside {
            round.hub.adopt_many(session, round.workspace, &round.flow, kind, names, ACTOR).await?;
        }
        let before = records::many(session, round.workspace, &made).await?;
        for (connection, items) in items {
            let Some(connection): Option<&Connection> = all.get(&connection) else { continue };
            ingest::write_in(session, round.hub, round.workspace, connection, items, ACTOR).await?;
        }
        deeds.extend(own_deeds(session, round, &own).await?);
        let after = records::many(session, round.workspace, &made).await?;
        for (before, row) in before.into_iter().zip(after) {
            let Some(row) = row else { continue };
            match before {
                None => deeds.push(created(round, &row, untold.get(&row.id))),
                Some(before) if before.version != row.version => deeds.push(deed(&row, Action::Update)),
                Some(_) => {}
            }
        }
        let asked = Asked { actor: ACTOR, fields: json!({}), bulk: None };
        enqueue(session, round.hub, round.workspace, &round.routed, &deeds, &asked).await.map(drop)
    }
}

/// What vendors are told of records that programs wrote here.
async fn own_deeds(
    session: &mut Session,
    round: &Round<'_>,
    own: &BTreeMap<Id, (RecordRow, Option<Decided>)>,
) -> Result<Vec<Deed>, Error> {
    let ids: Vec<Id> = own.keys().copied().collect();
    let mut deeds = Vec::new();
    for row in records::many(session, round.workspace, &ids).await?.into_iter().flatten() {
        let Some((was, decided)) = own.get(&row.id) else { continue };
        let action = decided.map_or(Action::Update, |decided| decided.action);
        if row.version != was.version {
            deeds.push(deed(&row, action));
        } else if let Some(decided) = decided {
            // A vendor shows the record too and still says the old state: it is told all the same, once.
            deeds.push(Deed { natural_key: Some(decided_key(&row, *decided)), ..deed(&row, action) });
        }
    }
    Ok(deeds)
}

/// Whether this is what the flow says beside a vendor.
fn is_beside(part: &Part, round: &Round<'_>, row: &RecordRow) -> bool {
    part.connection == round.flow.no && part.remote_id == row.id.to_string()
}

fn deed(row: &RecordRow, action: Action) -> Deed {
    Deed {
        target: Target::Record(row.kind),
        action,
        record: row.id,
        payload: row.doc.clone(),
        natural_key: Some(natural_key_of(row, action)),
        only: None,
    }
}

/// A new record is told wherever routes lead, but not to these.
fn created(round: &Round<'_>, row: &RecordRow, but: Option<&Vec<i64>>) -> Deed {
    let to = round.routed.of(round.hub, Target::Record(row.kind), Action::Create);
    let only = to.into_iter().map(|(to, _)| to.no).filter(|no| but.is_none_or(|but| !but.contains(no)));
    Deed { only: Some(only.collect()), ..deed(row, Action::Create) }
}

/// A decision is told to the vendors that hold what was decided, once.
fn told(row: &RecordRow, parts: &[Part], decided: Decided, round: &Round<'_>) -> Option<Deed> {
    let target = Target::Record(row.kind);
    let holds = |no: &i64| parts.iter().any(|part| part.connection == *no && part.gone.is_none());
    let to = round.routed.of(round.hub, target, decided.action);
    let only: Vec<i64> = to.into_iter().map(|(to, _)| to.no).filter(holds).collect();
    let natural_key = Some(decided_key(row, decided));
    (!only.is_empty()).then(|| Deed { natural_key, only: Some(only), ..deed(row, decided.action) })
}

fn decided_key(row: &RecordRow, decided: Decided) -> [u8; 16] {
    natural_key(&[ACTOR, decided.action.name(), &row.id.to_string(), &decided.approval.to_string()])
}

/// The document with these fields in place of the stored ones.
fn patched(kind: Kind, doc: &str, fields: Map<String, Value>) -> Result<Draft, Error> {
    let mut doc: Map<String, Value> = serde_json::from_str(doc).map_err(unreadable)?;
    for (name, value) in fields {
        match value {
            Value::Null => drop(doc.remove(&name)),
            value => drop(doc.insert(name, value)),
        }
    }
    Draft::parse(kind, Value::Object(doc).to_string())
}

/// As little as makes a document of this kind. What else a vendor says must not be kept alive here once the vendor says
/// it no more.
fn required(row: &RecordRow) -> Result<String, Error> {
    let needed: &[&str] = match row.kind {
        Kind::Booking => &["type", "order_no", "status"],
        Kind::TravelRequest => &["number", "applicant", "status"],
        Kind::ExpenseClaim => &["number", "claimant", "status", "total"],
        kind => return Err(Error::internal(format!("the flow says nothing beside a {kind}"))),
    };
    let mut doc: Map<String, Value> = serde_json::from_str(&row.doc).map_err(unreadable)?;
    doc.retain(|name, _| needed.contains(&name.as_str()));
    Ok(Value::Object(doc).to_string())
}

fn unreadable(error: serde_json::Error) -> Error {
    Error::internal("a record's document cannot be read").caused_by(error)
}
