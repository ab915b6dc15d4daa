//! What apps may do to records and punches: change what is ours at once, and queue in the same transaction what
//! vendors must be told. What belongs to a vendor is changed there only; the record follows when the vendor shows it.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value, json};
use tongshi_dialect::Target;
use tongshi_model::{Action, Draft, Error, Id, Kind, Space};
use tongshi_store::{Connection, Evidence, RecordRow, Session, SourceRow, Workspace, apps, records, refs};

use super::{
    allowed,
    effect::{after, has_effect_here},
    holders::{Held, holders},
    queue::{Asked, Deed, QueuedView, Routed, enqueue, natural_key_of},
};
use crate::{
    AuditEntry, Hub, Principal, RecordView, audit,
    idempotency::{Begun, Once},
    ingest::{self, Item, Origin},
    reads::record_view,
};

/// A document, or a part of one, whose fields have been looked at.
#[derive(Clone, Default)]
pub struct NewRecord {
    /// The fields.
    pub fields: Map<String, Value>,
    /// What they refer to: the field, the kind it must be of, the id.
    pub refers: Vec<(String, Kind, Id)>,
}

/// What goes with an action.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Act {
    /// A remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// To whom, by the record's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Id>,
}

/// A record and the writes that a change of it made necessary.
#[derive(Debug, Serialize)]
pub struct WrittenView {
    /// The record as it is now.
    #[serde(flatten)]
    pub record: RecordView,
    /// What vendors are told.
    pub writes: Vec<QueuedView>,
}

/// What became of a change.
#[derive(Debug)]
pub enum Applied {
    /// The record is new.
    Created(WrittenView),
    /// The record has changed.
    Changed(WrittenView),
    /// The record is a vendor's: nothing has changed here yet.
    Queued(WrittenView),
    /// The record is at another version than the one that was named.
    Stale(i64),
}

impl Hub {
    /// Makes records, all that can be made in one transaction; what cannot is answered in its place.
    pub async fn create_records(
        &self,
        once: &mut Once,
        principal: &Principal,
        kind: Kind,
        items: Vec<Result<NewRecord, Error>>,
        bulk: Option<Id>,
    ) -> Result<Vec<Result<Applied, Error>>, Error> {
        let actor = actor(principal);
        let items = self.checked(once, principal, kind, items).await?;
        let space = Space { workspace: once.workspace.id, connection: once.apps.id };
        let mut drafts = Vec::with_capacity(items.len());
        let mut outcomes = Vec::with_capacity(items.len());
        for item in items {
            let named = item.and_then(|item| {
                let name = self.name_of(kind, &item.fields);
                Ok((name, draft(kind, item.fields)?))
            });
            outcomes.push(named.map(|(name, draft)| {
                let id = space.id(kind, &name);
                drafts.push(Item::canonical(name, draft));
                id
            }));
        }
        let ids: Vec<Id> = outcomes.iter().flatten().copied().collect();
        let before = records::many(&mut once.session, &once.workspace, &ids).await?;
        ingest::write_in(&mut once.session, self, &once.workspace, &once.apps, drafts, &actor).await?;
        let after = records::many(&mut once.session, &once.workspace, &ids).await?;
        let after: Vec<RecordRow> = after
            .into_iter()
            .map(|row| row.ok_or_else(|| Error::internal("a record was not stored")))
            .collect::<Result<_, _>>()?;
        let asked = Asked { actor: &actor, fields: json!({}), bulk };
        let queued =
            tell_of_changes(&mut once.session, self, &once.workspace, &before, &after, &asked).await?;
        let count = after.len();
        let target = if count == 1 { ids[0].to_string() } else { String::new() };
        if count > 0 {
            let entry = AuditEntry::done(actor.as_str(), "record.create", target)
                .with(json!({"kind": kind, "count": count, "bulk": bulk}));
            audit::note(&mut once.session, &once.workspace, entry).await?;
        }
        let aliases = self.aliases_in(&mut once.session, &once.workspace).await?;
        let mut made = before.into_iter().zip(after).zip(queued);
        let answers = outcomes.into_iter().map(|outcome| {
            outcome.and_then(|_| {
                let ((before, row), writes) =
                    made.next().ok_or_else(|| Error::internal("a record has no answer"))?;
                let view = WrittenView { record: record_view(row, &principal.scopes, &aliases)?, writes };
                Ok(if before.is_none() { Applied::Created(view) } else { Applied::Changed(view) })
            })
        });
        Ok(answers.collect())
    }

    /// Changes a record: each field that is given takes the place of the stored one, null takes it away.
    pub async fn update_record(
        &self,
        once: &mut Once,
        principal: &Principal,
        kind: Kind,
        id: Id,
        expected: Option<i64>,
        patch: NewRecord,
    ) -> Result<Applied, Error> {
        let checked = self.checked_for(once, principal, kind, Action::Update, vec![Ok(patch)]).await?;
        let patch = checked.into_iter().next().ok_or_else(|| Error::internal("a patch was lost"))??;
        let found = find(once, principal, kind, id).await?;
        if expected.is_some_and(|expected| expected != found.row.version) {
            return Ok(Applied::Stale(found.row.version));
        }
        let mut doc = document(&found.row)?;
        let changed: Vec<String> = patch.fields.keys().cloned().collect();
        for (name, value) in patch.fields {
            match value {
                Value::Null => drop(doc.remove(&name)),
                value => drop(doc.insert(name, value)),
            }
        }
        let draft = draft(kind, doc)?;
        let fields = json!({"changed": changed});
        self.put(once, principal, found, Action::Update, Some(draft), fields).await
    }

    /// Changes a record for an app that calls through a face, whose words the face has looked at.
    pub(crate) async fn change_for(
        &self,
        workspace: &Workspace,
        app_no: i64,
        kind: Kind,
        id: Id,
        fields: Map<String, Value>,
    ) -> Result<(), Error> {
        let found = apps::by_no(&mut self.store().read().await?, workspace, app_no).await?;
        let app = found.ok_or_else(|| Error::not_found("there is no such app"))?;
        let app = Arc::new(crate::apps::view(&app, Vec::new())?);
        let principal = Principal { scopes: app.scopes.clone(), app, workspace: workspace.clone() };
        let Begun::Now(mut once) = self.begin(&principal, None).await? else {
            return Err(Error::internal("a change without a key was begun before"));
        };
        let patch = NewRecord { fields, refers: Vec::new() };
        self.update_record(&mut once, &principal, kind, id, None, patch).await?;
        once.commit().await
    }

    /// Takes a record away.
    pub async fn delete_record(
        &self,
        once: &mut Once,
        principal: &Principal,
        kind: Kind,
        id: Id,
        expected: Option<i64>,
    ) -> Result<Applied, Error> {
        allowed(&principal.scopes, Target::Record(kind), Action::Delete)?;
        let found = find(once, principal, kind, id).await?;
        if expected.is_some_and(|expected| expected != found.row.version) {
            return Ok(Applied::Stale(found.row.version));
        }
        self.put(once, principal, found, Action::Delete, None, json!({})).await
    }

    /// Does something to a record: approves it, calls it off.
    pub async fn act_on_record(
        &self,
        once: &mut Once,
        principal: &Principal,
        kind: Kind,
        id: Id,
        action: Action,
        act: &Act,
    ) -> Result<Applied, Error> {
        allowed(&principal.scopes, Target::Record(kind), action)?;
        let found = find(once, principal, kind, id).await?;
        if let Some(to) = act.to {
            refer(once, &[("to".to_owned(), Kind::Employee, to)]).await?;
        }
        let draft = if found.own.is_some() && has_effect_here(kind, action) {
            Some(draft(kind, after(kind, action, document(&found.row)?, once.session.now())?)?)
        } else {
            None
        };
        let fields = serde_json::to_value(act)
            .map_err(|error| Error::internal("an action does not serialise").caused_by(error))?;
        self.put(once, principal, found, action, draft, fields).await
    }

    async fn checked(
        &self,
        once: &mut Once,
        principal: &Principal,
        kind: Kind,
        items: Vec<Result<NewRecord, Error>>,
    ) -> Result<Vec<Result<NewRecord, Error>>, Error> {
        self.checked_for(once, principal, kind, Action::Create, items).await
    }

    /// Whether the app may write these fields, and whether what they refer to is there.
    async fn checked_for(
        &self,
        once: &mut Once,
        principal: &Principal,
        kind: Kind,
        action: Action,
        items: Vec<Result<NewRecord, Error>>,
    ) -> Result<Vec<Result<NewRecord, Error>>, Error> {
        let scopes = &principal.scopes;
        allowed(scopes, Target::Record(kind), action)?;
        let refers: Vec<(String, Kind, Id)> =
            items.iter().flatten().flat_map(|item| item.refers.iter().cloned()).collect();
        let unknown = missing(once, &refers).await?;
        let check = |item: NewRecord| {
            for name in item.fields.keys() {
                if kind.sensitivity(name) > scopes.sensitivity {
                    let text = format!("this key may not see {name}, so it may not write it");
                    return Err(Error::forbidden(text));
                }
            }
            for (field, _, id) in &item.refers {
                known(&unknown, field, *id)?;
            }
            Ok(item)
        };
        Ok(items.into_iter().map(|item| item.and_then(check)).collect())
    }

    /// The name of a new record among those that apps write. A pay subject has one by nature: the last value counts.
    fn name_of(&self, kind: Kind, fields: &Map<String, Value>) -> String {
        let text = |name: &str| fields.get(name).and_then(Value::as_str);
        match (kind, text("employee"), text("month"), text("subject")) {
            (Kind::SalaryItem, Some(employee), Some(month), Some(subject)) => {
                format!("salary/{employee}/{month}/{subject}")
            }
            _ => self.new_id().to_string(),
        }
    }

    /// Changes what is ours and tells vendors; or, where it is a vendor's, tells that vendor only.
    async fn put(
        &self,
        once: &mut Once,
        principal: &Principal,
        found: Found,
        action: Action,
        draft: Option<Draft>,
        fields: Value,
    ) -> Result<Applied, Error> {
        let actor = actor(principal);
        let routed = Routed::load(&mut once.session, &once.workspace).await?;
        let before = found.row;
        let target = Target::Record(before.kind);
        let (payload, mut natural_key, mut only) = (doc_after(&before, &draft), None, None);
        let changes_here = found.own.is_some() && (draft.is_some() || action == Action::Delete);
        match found.own {
            Some((connection, source)) if changes_here => {
                change_own(once, self, &connection, source, draft, &actor).await?;
            }
            Some(_) if routed.of(self, target, action).is_empty() => {
                let text =
                    format!("no vendor is told of {target}:{action}; {}", advice(target, action, "NAME"));
                return Err(Error::conflict(text));
            }
            Some(_) => {}
            None => {
                let to: Vec<i64> = routed.of(self, target, action).iter().map(|(to, _)| to.no).collect();
                let holds = |no: &i64| found.vendors.iter().any(|(known, _)| known == no);
                let to: Vec<i64> = to.into_iter().filter(holds).collect();
                if to.is_empty() {
                    return Err(nowhere(target, action, &found.vendors));
                }
                only = Some(to);
            }
        }
        let row = records::many(&mut once.session, &once.workspace, &[before.id]).await?.pop().flatten();
        let row = row.ok_or_else(|| Error::internal("a record is gone"))?;
        if changes_here {
            natural_key = Some(natural_key_of(&row, action));
        }
        let changed = row.version != before.version;
        let deed = Deed { target, action, record: row.id, payload, natural_key, only };
        let deeds = if changed || !changes_here { vec![deed] } else { Vec::new() };
        let asked = Asked { actor: &actor, fields, bulk: None };
        let queued = enqueue(&mut once.session, self, &once.workspace, &routed, &deeds, &asked).await?;
        let entry = AuditEntry::done(actor.as_str(), deed_name(action), row.id.to_string())
            .with(json!({"kind": row.kind, "action": action, "here": changes_here}));
        audit::note(&mut once.session, &once.workspace, entry).await?;
        let writes = queued.into_iter().flatten().collect();
        let aliases = self.aliases_in(&mut once.session, &once.workspace).await?;
        let view = WrittenView { record: record_view(row, &principal.scopes, &aliases)?, writes };
        Ok(if changes_here { Applied::Changed(view) } else { Applied::Queued(view) })
    }
}

/// Queues what vendors must be told of records of ours that are new or have changed; for each in order the writes.
pub(crate) async fn tell_of_changes(
    session: &mut Session,
    hub: &Hub,
    workspace: &Workspace,
    before: &[Option<RecordRow>],
    after: &[RecordRow],
    asked: &Asked<'_>,
) -> Result<Vec<Vec<QueuedView>>, Error> {
    let mut told = vec![Vec::new(); after.len()];
    let routed = Routed::load(session, workspace).await?;
    let (mut deeds, mut places) = (Vec::new(), Vec::new());
    for (place, (before, row)) in before.iter().zip(after).enumerate() {
        let action = match before {
            Some(before) if before.version == row.version => continue,
            Some(before) if before.deleted.is_none() => Action::Update,
            Some(_) | None => Action::Create,
        };
        places.push(place);
        deeds.push(Deed {
            target: Target::Record(row.kind),
            action,
            record: row.id,
            payload: row.doc.clone(),
            natural_key: Some(natural_key_of(row, action)),
            only: None,
        });
    }
    let queued = enqueue(session, hub, workspace, &routed, &deeds, asked).await?;
    for (place, queued) in places.into_iter().zip(queued) {
        told[place] = queued;
    }
    Ok(told)
}

/// A record and who owns it.
struct Found {
    row: RecordRow,
    /// The source that is ours, with its connection.
    own: Option<Held>,
    /// The vendors' connections that show it, by number and name.
    vendors: Vec<(i64, String)>,
}

async fn find(once: &mut Once, principal: &Principal, kind: Kind, id: Id) -> Result<Found, Error> {
    let nobody = || Error::not_found(format!("there is no such {kind}"));
    if !principal.scopes.sees(kind) {
        return Err(nobody());
    }
    let (session, workspace) = (&mut once.session, &once.workspace);
    let known = records::get(session, workspace, id).await?.ok_or_else(nobody)?;
    // Others who change it wait, so that the version that is compared is the one that is replaced.
    records::lock(session, workspace, known.id).await?;
    let row = records::many(session, workspace, &[known.id]).await?.pop().flatten();
    let row = row.filter(|row| row.kind == kind).ok_or_else(nobody)?;
    if row.deleted.is_some() {
        return Err(Error::new(tongshi_model::ErrorKind::Gone, format!("this {kind} has been deleted")));
    }
    let (own, vendors) = holders(session, workspace, row.id).await?;
    Ok(Found { row, own, vendors })
}

async fn change_own(
    once: &mut Once,
    hub: &Hub,
    connection: &Connection,
    source: SourceRow,
    draft: Option<Draft>,
    actor: &str,
) -> Result<(), Error> {
    let (session, workspace) = (&mut once.session, &once.workspace);
    if let Some(draft) = draft {
        let items = vec![Item::canonical(source.remote_id, draft)];
        return ingest::write_in(session, hub, workspace, connection, items, actor).await.map(drop);
    }
    let space = Space { workspace: workspace.id, connection: connection.id };
    let now = session.now();
    let origin = Origin { workspace, connection: connection.no, space, run: None, actor, now };
    ingest::remove(session, &origin, &[source.id], Evidence::Manual).await.map(drop)
}

/// Those of the ids that no live record of the right kind has.
pub(super) async fn missing(once: &mut Once, refers: &[(String, Kind, Id)]) -> Result<Vec<Id>, Error> {
    let ids: Vec<Id> = refers.iter().map(|(_, _, id)| *id).collect();
    let meant = refs::resolve(&mut once.session, &once.workspace, &ids).await?;
    let now: Vec<Id> = ids.iter().map(|id| meant.get(id).copied().unwrap_or(*id)).collect();
    let rows = records::many(&mut once.session, &once.workspace, &now).await?;
    let lacking = refers.iter().zip(rows).filter(|((_, kind, _), row)| {
        row.as_ref().is_none_or(|row| row.kind != *kind || row.deleted.is_some())
    });
    Ok(lacking.map(|((_, _, id), _)| *id).collect())
}

pub(super) fn known(missing: &[Id], field: &str, id: Id) -> Result<(), Error> {
    if !missing.contains(&id) {
        return Ok(());
    }
    Err(Error::invalid(field.to_owned(), format!("{field} names a record that is not there")))
}

async fn refer(once: &mut Once, refers: &[(String, Kind, Id)]) -> Result<(), Error> {
    let unknown = missing(once, refers).await?;
    refers.iter().try_for_each(|(field, _, id)| known(&unknown, field, *id))
}

pub(super) fn actor(principal: &Principal) -> String {
    format!("app:{}", principal.app.name)
}

fn document(row: &RecordRow) -> Result<Map<String, Value>, Error> {
    serde_json::from_str(&row.doc)
        .map_err(|error| Error::internal(format!("record {} cannot be read", row.id)).caused_by(error))
}

/// The fields as a draft; what the model does not take is refused without quoting it.
fn draft(kind: Kind, mut fields: Map<String, Value>) -> Result<Draft, Error> {
    fields.retain(|_, value| !value.is_null());
    Draft::parse(kind, Value::Object(fields).to_string()).map_err(|_| {
        Error::invalid("body", format!("the document is no {kind}: a field is missing or of another sort"))
    })
}

fn doc_after(before: &RecordRow, draft: &Option<Draft>) -> String {
    draft.as_ref().map_or_else(|| before.doc.clone(), |draft| draft.doc.clone())
}

pub(super) fn nowhere(target: Target, action: Action, vendors: &[(i64, String)]) -> Error {
    let Some((_, name)) = vendors.first() else {
        return Error::conflict(format!("nobody has this {target} any more"));
    };
    Error::conflict(format!(
        "this {target} comes from the connection '{name}' and can be changed only there; {}",
        advice(target, action, name)
    ))
}

fn advice(target: Target, action: Action, name: &str) -> String {
    format!("an administrator adds a route with `tongshi routes add {target} {name} --action {action}`")
}

fn deed_name(action: Action) -> &'static str {
    match action {
        Action::Update => "record.update",
        Action::Delete => "record.delete",
        _ => "record.act",
    }
}
