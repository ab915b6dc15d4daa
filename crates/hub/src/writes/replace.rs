//! What a face does to records that are there: all of it or nothing, and only where nobody was faster.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use tongshi_dialect::{Replacement, Target};
use tongshi_model::{Action, Draft, Error, Id, Space};
use tongshi_store::{
    Connection, Evidence, Part, RecordRow, Session, Workspace, connections, records, shared,
};

use super::{
    allowed,
    change::nowhere,
    queue::{Asked, Deed, Routed, enqueue, natural_key_of},
};
use crate::{
    AuditEntry, Hub, Scopes, audit,
    connections::LOCAL,
    ingest::{self, Item, Origin},
};

/// What becomes of one connection's own records.
#[derive(Default)]
struct Own {
    items: Vec<Item>,
    gone: Vec<i64>,
}

impl Hub {
    /// Replaces records where all of them are at the versions that are named; false where one is not.
    pub(crate) async fn replace_records(
        &self,
        workspace: &Workspace,
        actor: &str,
        scopes: &Scopes,
        items: Vec<Replacement>,
    ) -> Result<bool, Error> {
        let mut session = self.store().write().await?;
        let Some(before) = unchanged(&mut session, workspace, &items).await? else { return Ok(false) };
        for (row, item) in before.iter().zip(&items) {
            if item.draft.as_ref().is_some_and(|draft| draft.kind != row.kind) {
                return Err(Error::internal("a record was to become one of another kind"));
            }
            allowed(scopes, Target::Record(row.kind), item.action)?;
        }
        let routed = Routed::load(&mut session, workspace).await?;
        let all = connections::all(&mut session, workspace).await?;
        let ids: Vec<Id> = before.iter().map(|row| row.id).collect();
        let parts = shared::of_records(&mut session, workspace, &ids).await?;
        let mut own: BTreeMap<i64, Own> = BTreeMap::new();
        let (mut deeds, mut told) = (Vec::new(), Vec::new());
        for ((row, item), parts) in before.iter().zip(items).zip(parts) {
            let draft = item.draft.map(|draft| overlaid(row, draft, scopes)).transpose()?;
            let is_own = |no: i64| all.iter().any(|known| known.no == no && known.dialect == LOCAL);
            let own_parts = || parts.iter().filter(|part| is_own(part.connection));
            match own_parts().find(|part| part.gone.is_none()).or_else(|| own_parts().next()) {
                Some(part) => {
                    let own = own.entry(part.connection).or_default();
                    match draft {
                        Some(draft) => own.items.push(Item::canonical(part.remote_id.clone(), draft)),
                        None => own.gone.push(part.id),
                    }
                    told.push((row, item.action));
                }
                None => deeds.push(elsewhere(self, &routed, &all, row, (item.action, draft), &parts)?),
            }
        }
        self.change_own(&mut session, workspace, actor, &all, own).await?;
        let ids: Vec<Id> = told.iter().map(|(row, _)| row.id).collect();
        let after = records::many(&mut session, workspace, &ids).await?;
        for ((before, action), row) in told.into_iter().zip(after) {
            if let Some(row) = row.filter(|row| row.version != before.version) {
                deeds.push(Deed {
                    target: Target::Record(row.kind),
                    action,
                    record: row.id,
                    natural_key: Some(natural_key_of(&row, action)),
                    payload: row.doc,
                    only: None,
                });
            }
        }
        let asked = Asked { actor, fields: json!({}), bulk: None };
        enqueue(&mut session, self, workspace, &routed, &deeds, &asked).await?;
        let target = if before.len() == 1 { before[0].id.to_string() } else { String::new() };
        let entry = AuditEntry::done(actor, "record.write", target).with(json!({"records": before.len()}));
        audit::note(&mut session, workspace, entry).await?;
        session.commit().await?;
        Ok(true)
    }

    async fn change_own(
        &self,
        session: &mut Session,
        workspace: &Workspace,
        actor: &str,
        all: &[Connection],
        own: BTreeMap<i64, Own>,
    ) -> Result<(), Error> {
        for (no, Own { items, gone }) in own {
            let Some(connection) = all.iter().find(|known| known.no == no) else { continue };
            ingest::write_in(session, self, workspace, connection, items, actor).await?;
            if !gone.is_empty() {
                let space = Space { workspace: workspace.id, connection: connection.id };
                let origin =
                    Origin { workspace, connection: no, space, run: None, actor, now: session.now() };
                ingest::remove(session, &origin, &gone, Evidence::Manual).await?;
            }
        }
        Ok(())
    }
}

/// What is told of a record to the vendors that hold it; an error where no route leads to one.
fn elsewhere(
    hub: &Hub,
    routed: &Routed,
    all: &[Connection],
    row: &RecordRow,
    (action, draft): (Action, Option<Draft>),
    parts: &[Part],
) -> Result<Deed, Error> {
    let target = Target::Record(row.kind);
    let holders: Vec<i64> = parts.iter().map(|part| part.connection).collect();
    let to = routed.of(hub, target, action).into_iter().map(|(to, _)| to.no);
    let only: Vec<i64> = to.filter(|no| holders.contains(no)).collect();
    if only.is_empty() {
        let named = |no: &i64| all.iter().find(|known| known.no == *no);
        let vendors = holders.iter().filter_map(named).map(|known| (known.no, known.name.clone()));
        return Err(nowhere(target, action, &vendors.collect::<Vec<_>>()));
    }
    let payload = draft.map_or_else(|| row.doc.clone(), |draft| draft.doc);
    Ok(Deed { target, action, record: row.id, payload, natural_key: None, only: Some(only) })
}

/// The records as they are, kept from other writers until the transaction ends; none where one is at another version.
async fn unchanged(
    session: &mut Session,
    workspace: &Workspace,
    items: &[Replacement],
) -> Result<Option<Vec<RecordRow>>, Error> {
    let mut ids: Vec<Id> = items.iter().map(|item| item.id).collect();
    // In one order, or two who replace the same records could wait for each other.
    ids.sort_unstable();
    for id in ids {
        records::lock(session, workspace, id).await?;
    }
    let ids: Vec<Id> = items.iter().map(|item| item.id).collect();
    let rows = records::many(session, workspace, &ids).await?;
    let same = rows.into_iter().zip(items).map(|(row, item)| row.filter(|row| row.version == item.version));
    Ok(same.collect())
}

/// The new document with what the app may not see, and so has not said, as it was.
fn overlaid(row: &RecordRow, draft: Draft, scopes: &Scopes) -> Result<Draft, Error> {
    let hidden = |name: &str| row.kind.sensitivity(name) > scopes.sensitivity;
    let broken = |error: serde_json::Error| {
        Error::internal(format!("record {} cannot be read", row.id)).caused_by(error)
    };
    let stored: Map<String, Value> = serde_json::from_str(&row.doc).map_err(broken)?;
    if !stored.keys().any(|name| hidden(name)) {
        return Ok(draft);
    }
    let mut doc: Map<String, Value> = serde_json::from_str(&draft.doc).map_err(broken)?;
    doc.retain(|name, _| !hidden(name));
    doc.extend(stored.into_iter().filter(|(name, _)| hidden(name)));
    Draft::parse(row.kind, Value::Object(doc).to_string())
}
