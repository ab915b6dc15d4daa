//! A workspace as one app may see it: what faces read and write.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use tongshi_dialect::{
    Announcement, Deed, EndpointDraft, FailedDelivery, Order, Pot, Query, Record, RegisteredEndpoint,
    Replacement, Settled, Token, Workforce, agreement, gather,
};
use tongshi_model::{Action, Draft, Error, Id, Kind, LocalDate, Punch, Space, Timestamp};
use tongshi_store::{
    App, Connection, KeyRow, RecordRow, Session, StoredPunch, Workspace, apps, punches, records, tokens,
};

use crate::{
    AuditEntry, Hub, Scopes, audit, deliveries,
    faces::Renewed,
    identity::Aliases,
    ingest::{self, Item},
    points,
    reads::{shown, to_store_query, widen},
    remembered,
    seen::{by_kind, is_restricted},
    stored_punch::punch_of,
    writes::{Asked, Routed, store_punches, tell_of_changes},
};

/// The connection that owns what apps write.
pub(crate) const WRITTEN: &str = "apps";

/// One workspace, seen by one app.
pub(crate) struct HubWorkforce {
    hub: Hub,
    workspace: Workspace,
    app_no: i64,
    app: Id,
    actor: String,
    scopes: Scopes,
}

impl HubWorkforce {
    pub(crate) fn new(hub: Hub, workspace: Workspace, app: &App, scopes: Scopes) -> Self {
        Self { hub, workspace, app_no: app.no, app: app.id, actor: format!("app:{}", app.name), scopes }
    }

    pub(crate) fn parts(&self) -> (&Hub, Id, &Scopes) {
        (&self.hub, self.app, &self.scopes)
    }

    pub(crate) fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    pub(crate) fn actor(&self) -> &str {
        &self.actor
    }

    /// Notes which of these the app reads with restricted fields: with its call, or at once where there is none.
    async fn noted(&self, records: &[&Record]) -> Result<(), Error> {
        if self.scopes.sensitivity < tongshi_model::Sensitivity::Restricted {
            return Ok(());
        }
        let restricted = records.iter().filter(|record| is_restricted(record.kind, &record.doc));
        let seen = by_kind(restricted.map(|record| (record.kind, record.id)));
        let alone: Vec<_> = seen.into_iter().filter_map(gather).collect();
        if alone.is_empty() {
            return Ok(());
        }
        self.hub.read_by(&self.workspace, &self.actor, "face", &alone.into()).await
    }

    async fn read(&self) -> Result<Session, Error> {
        self.hub.store().read().await
    }

    fn show(&self, row: RecordRow, aliases: &Aliases) -> Result<Record, Error> {
        Ok(Record {
            id: row.id,
            kind: row.kind,
            version: row.version,
            doc: shown(row.kind, row.doc, &self.scopes, aliases)?,
            created_at: row.created_at,
            changed_at: row.changed_at,
            deleted: row.deleted.is_some(),
        })
    }

    async fn aliases(&self) -> Result<Arc<Aliases>, Error> {
        self.hub.aliases(&self.workspace).await
    }

    fn may_see(&self, kind: Kind) -> Result<(), Error> {
        if self.scopes.sees(kind) {
            Ok(())
        } else {
            Err(Error::forbidden(format!("the app may not see {kind}")))
        }
    }

    /// Whether a look-up by this field finds anything: a field that the app may not see has no value for it.
    fn looks_up(&self, kind: Kind, lookup: &str) -> bool {
        self.scopes.may_filter(kind, lookup).is_ok()
    }

    /// Refuses a query that would tell by what it finds what the app may not see.
    fn may_ask(&self, query: &Query) -> Result<(), Error> {
        self.may_see(query.kind)?;
        let keys = query.keys.iter().map(|(name, _)| *name);
        let fields = query.fields.iter().map(|(name, _)| *name);
        let dates = query.field_dates.iter().map(|(name, ..)| *name);
        let order = match query.order {
            Order::Last(name) => Some(name),
            Order::Stored | Order::Dated | Order::Latest => None,
        };
        keys.chain(fields)
            .chain(dates)
            .chain(order)
            .try_for_each(|field| self.scopes.may_filter(query.kind, field))
    }

    fn may_write(&self) -> Result<(), Error> {
        if self.scopes.write { Ok(()) } else { Err(Error::forbidden("the app may not write")) }
    }
}

#[async_trait]
impl Workforce for HubWorkforce {
    async fn epoch(&self) -> Result<u64, Error> {
        self.hub.store().epoch(&self.workspace).await
    }

    async fn get(&self, kind: Kind, id: Id) -> Result<Option<Record>, Error> {
        self.may_see(kind)?;
        let aliases = self.aliases().await?;
        let row = records::get(&mut self.read().await?, &self.workspace, id).await?;
        let record = row.filter(|row| row.kind == kind).map(|row| self.show(row, &aliases)).transpose()?;
        self.noted(&record.iter().collect::<Vec<_>>()).await?;
        Ok(record)
    }

    async fn many(&self, ids: &[Id]) -> Result<Vec<Option<Record>>, Error> {
        let aliases = self.aliases().await?;
        let meant: Vec<Id> = ids.iter().map(|id| aliases.meaning(*id)).collect();
        let rows = records::many(&mut self.read().await?, &self.workspace, &meant).await?;
        let seen = |row: &RecordRow| self.scopes.sees(row.kind);
        let records = rows
            .into_iter()
            .map(|row| row.filter(seen).map(|row| self.show(row, &aliases)).transpose())
            .collect::<Result<Vec<_>, _>>()?;
        self.noted(&records.iter().flatten().collect::<Vec<_>>()).await?;
        Ok(records)
    }

    async fn find(&self, kind: Kind, lookup: &'static str, value: &str) -> Result<Vec<Record>, Error> {
        self.may_see(kind)?;
        if !self.looks_up(kind, lookup) {
            return Ok(Vec::new());
        }
        let at =
            kind.lookup(lookup).ok_or_else(|| Error::internal(format!("{kind} is not found by {lookup}")))?;
        let aliases = self.aliases().await?;
        let mut session = self.read().await?;
        let rows = match aliases.values(value) {
            None => records::by_key(&mut session, &self.workspace, kind, at, value).await?,
            Some(values) => {
                let query =
                    tongshi_store::Query { any: vec![(at, values)], ..tongshi_store::Query::of(kind) };
                records::list(&mut session, &self.workspace, &query).await?
            }
        };
        drop(session);
        let records = rows.into_iter().map(|row| self.show(row, &aliases)).collect::<Result<Vec<_>, _>>()?;
        self.noted(&records.iter().collect::<Vec<_>>()).await?;
        Ok(records)
    }

    async fn find_many(
        &self,
        kind: Kind,
        lookup: &'static str,
        values: &[String],
    ) -> Result<Vec<(String, Record)>, Error> {
        self.may_see(kind)?;
        if !self.looks_up(kind, lookup) {
            return Ok(Vec::new());
        }
        let at =
            kind.lookup(lookup).ok_or_else(|| Error::internal(format!("{kind} is not found by {lookup}")))?;
        let aliases = self.aliases().await?;
        let mut session = self.read().await?;
        let (mut asked, mut stored) = (Vec::new(), Vec::new());
        for value in values {
            for name in aliases.values(value).unwrap_or_else(|| vec![value.clone()]) {
                asked.push(value);
                stored.push(name);
            }
        }
        let stored: Vec<&str> = stored.iter().map(String::as_str).collect();
        let found = records::by_keys(&mut session, &self.workspace, kind, at, &stored).await?;
        let ids: Vec<Id> = found.iter().map(|(_, id)| *id).collect();
        let rows = records::many(&mut session, &self.workspace, &ids).await?;
        // What was found under another name was asked for under the one that was given.
        let given: HashMap<&str, &String> = stored.into_iter().zip(asked).collect();
        let given = |value: String| given.get(value.as_str()).map_or(value.clone(), |given| (*given).clone());
        let pairs = found.into_iter().zip(rows);
        drop(session);
        let pairs = pairs.filter_map(|((value, _), row)| {
            Some(self.show(row?, &aliases).map(|record| (given(value), record)))
        });
        let pairs = pairs.collect::<Result<Vec<_>, _>>()?;
        self.noted(&pairs.iter().map(|(_, record)| record).collect::<Vec<_>>()).await?;
        Ok(pairs)
    }

    async fn list(&self, query: &Query) -> Result<Vec<Record>, Error> {
        self.may_ask(query)?;
        let aliases = self.aliases().await?;
        let mut query = to_store_query(query)?;
        widen(&mut query, &aliases);
        let rows = records::list(&mut self.read().await?, &self.workspace, &query).await?;
        let records = rows.into_iter().map(|row| self.show(row, &aliases)).collect::<Result<Vec<_>, _>>()?;
        self.noted(&records.iter().collect::<Vec<_>>()).await?;
        Ok(records)
    }

    async fn count(&self, query: &Query) -> Result<u64, Error> {
        self.may_ask(query)?;
        let mut query = to_store_query(query)?;
        widen(&mut query, &*self.aliases().await?);
        records::count(&mut self.read().await?, &self.workspace, &query).await
    }

    async fn save(&self, items: Vec<(String, Draft)>) -> Result<Vec<Id>, Error> {
        self.may_write()?;
        items.iter().try_for_each(|(_, draft)| self.may_see(draft.kind))?;
        let items = items.into_iter().map(|(name, draft)| Item::canonical(name, draft)).collect();
        let connection = self.hub.local_connection(&self.workspace, WRITTEN).await?;
        let mut session = self.hub.store().write().await?;
        let ids = self.save_in(&mut session, &connection, items).await?;
        let named = if ids.len() == 1 { ids[0].to_string() } else { String::new() };
        let entry = AuditEntry::done(&self.actor, "record.write", named).with(json!({"records": ids.len()}));
        audit::note(&mut session, &self.workspace, entry).await?;
        session.commit().await?;
        Ok(ids)
    }

    async fn settle(&self, deed: Deed) -> Result<Settled, Error> {
        self.may_write()?;
        let kinds = deed.made.iter().map(|draft| draft.kind);
        kinds.chain(deed.changed.iter().map(|change| change.kind)).try_for_each(|kind| self.may_see(kind))?;
        points::settle(self, deed).await
    }

    async fn holdings(&self, pots: &[Pot]) -> Result<Vec<i64>, Error> {
        self.may_see(Kind::PointsEntry)?;
        self.scopes.may_filter(Kind::PointsEntry, "amount")?;
        points::holdings(self, pots).await
    }

    async fn remove(&self, kind: Kind, id: Id) -> Result<(), Error> {
        self.may_write()?;
        self.hub.remove_for(&self.workspace, self.app_no, kind, id).await
    }

    async fn replace(&self, items: Vec<Replacement>) -> Result<bool, Error> {
        self.may_write()?;
        self.hub.replace_records(&self.workspace, &self.actor, &self.scopes, items).await
    }

    async fn change(&self, kind: Kind, id: Id, fields: Map<String, Value>) -> Result<(), Error> {
        self.may_write()?;
        self.hub.change_for(&self.workspace, self.app_no, kind, id, fields).await
    }

    async fn saved(&self, kind: Kind, name: &str) -> Result<Option<Record>, Error> {
        let connection = self.hub.local_connection(&self.workspace, WRITTEN).await?;
        let space = Space { workspace: self.workspace.id, connection: connection.id };
        Ok(self.get(kind, space.id(kind, name)).await?.filter(|record| !record.deleted))
    }

    async fn act(&self, kind: Kind, id: Id, action: Action, comment: Option<String>) -> Result<(), Error> {
        self.may_write()?;
        self.hub.act_for(&self.workspace, self.app_no, (kind, id), action, comment).await
    }

    async fn punches(&self, employee: Id, from: LocalDate, to: LocalDate) -> Result<Vec<Punch>, Error> {
        self.punches_of(&[employee], from, to).await
    }

    async fn punches_of(
        &self,
        employees: &[Id],
        from: LocalDate,
        to: LocalDate,
    ) -> Result<Vec<Punch>, Error> {
        self.scopes.may_see_punches()?;
        let aliases = self.aliases().await?;
        let (mut names, mut merged) = (HashMap::new(), HashSet::new());
        for employee in employees {
            let all = aliases.all(*employee);
            if all.len() > 1 {
                merged.insert(*employee);
            }
            names.extend(all.into_iter().map(|name| (name, *employee)));
        }
        let known: Vec<Id> = names.keys().copied().collect();
        let mut stored = punches::of_any(&mut self.read().await?, &self.workspace, &known, from, to).await?;
        for punch in &mut stored {
            punch.employee = names.get(&punch.employee).copied().unwrap_or(punch.employee);
        }
        if !merged.is_empty() {
            // Two vendors that read the same machine tell of one punch.
            stored.sort_by_key(|punch| (punch.at, punch.employee, punch.direction.name()));
            stored.dedup_by(|one, other| {
                let key = |punch: &StoredPunch| (punch.at, punch.employee, punch.direction);
                merged.contains(&one.employee) && key(one) == key(other)
            });
        }
        Ok(stored.into_iter().map(punch_of).collect())
    }

    async fn record_punches(&self, punches: Vec<Punch>) -> Result<Vec<bool>, Error> {
        self.may_write()?;
        let connection = self.hub.local_connection(&self.workspace, WRITTEN).await?;
        let asked = Asked { actor: &self.actor, fields: json!({}), bulk: None };
        let mut session = self.hub.store().write().await?;
        let stored =
            store_punches(&mut session, &self.hub, &self.workspace, &connection, punches, &asked).await?;
        let count = stored.iter().filter(|(new, _)| *new).count();
        let entry = AuditEntry::done(&self.actor, "punch.write", "").with(json!({"punches": count}));
        audit::note(&mut session, &self.workspace, entry).await?;
        session.commit().await?;
        Ok(stored.into_iter().map(|(new, _)| new).collect())
    }

    async fn announce(&self, announcement: Announcement) -> Result<(), Error> {
        let mut session = self.hub.store().write().await?;
        deliveries::announce(&mut session, &self.workspace, &announcement).await?;
        session.commit().await
    }

    async fn save_endpoint(&self, endpoint: EndpointDraft) -> Result<(), Error> {
        self.hub.save_face_endpoint(&self.workspace, self.app_no, endpoint).await
    }

    async fn endpoints(&self, manner: &'static str) -> Result<Vec<RegisteredEndpoint>, Error> {
        self.hub.face_endpoints(&self.workspace, self.app_no, manner).await
    }

    async fn delete_endpoint(&self, manner: &'static str, name: &str) -> Result<bool, Error> {
        self.hub.delete_face_endpoint(&self.workspace, self.app_no, manner, name).await
    }

    async fn try_endpoint(&self, endpoint: &EndpointDraft, topic: &str) -> Result<(), Error> {
        self.hub.try_face_endpoint(&self.workspace, self.app_no, endpoint, topic).await
    }

    async fn failed_deliveries(
        &self,
        manner: &'static str,
        limit: u32,
    ) -> Result<Vec<FailedDelivery>, Error> {
        self.hub.failed_face_deliveries(&self.workspace, self.app_no, manner, limit).await
    }

    async fn issue_token(
        &self,
        purpose: &'static str,
        payload: Value,
        lifetime_seconds: Option<i64>,
    ) -> Result<String, Error> {
        self.hub
            .issue_token_for(
                &self.workspace,
                (Some(self.app_no), &self.actor),
                purpose,
                &payload,
                lifetime_seconds,
            )
            .await
    }

    async fn renew_token(
        &self,
        purpose: &'static str,
        name: &str,
        payload: Value,
        lifetime_seconds: i64,
    ) -> Result<String, Error> {
        let which = Renewed { purpose, name, app: self.app_no, actor: &self.actor };
        self.hub.renew_token(&self.workspace, which, &payload, lifetime_seconds).await
    }

    async fn key_id(&self, face: &'static str, name: &'static str) -> Result<Option<String>, Error> {
        let keys = apps::keys(&mut self.read().await?, &self.workspace, self.app_no).await?;
        let fits = |key: &KeyRow| key.face == face && key.name == name && !key.revoked;
        Ok(keys.into_iter().rfind(fits).map(|key| key.key_id))
    }

    async fn tally(&self, what: &str, period: &str, limit: u64) -> Result<bool, Error> {
        self.hub.tally(&self.workspace, what, period, limit).await
    }

    async fn token(&self, purpose: &'static str, token: &str) -> Result<Option<Token>, Error> {
        let found = tokens::peek(&mut self.read().await?, purpose, &token_hash(token)).await?;
        Ok(found.filter(|found| found.workspace == self.workspace.no).map(token_of))
    }

    async fn use_token(&self, purpose: &'static str, token: &str) -> Result<Option<Token>, Error> {
        let hash = token_hash(token);
        let mut session = self.hub.store().write().await?;
        // Looked at first: somebody else's token must not be used up.
        let found = tokens::peek(&mut session, purpose, &hash).await?;
        let now = self.hub.clock().now();
        let usable = found.is_some_and(|found| {
            found.workspace == self.workspace.no && found.expires_at.is_none_or(|end| end > now)
        });
        if !usable {
            return Ok(None);
        }
        let used = tokens::use_once(&mut session, purpose, &hash).await?;
        if used.is_some() {
            audit::note(&mut session, &self.workspace, AuditEntry::done(&self.actor, "token.use", purpose))
                .await?;
        }
        session.commit().await?;
        Ok(used.map(token_of))
    }

    async fn recall(&self, name: &str) -> Result<Option<Value>, Error> {
        remembered::recall(&mut self.read().await?, &self.workspace, name).await
    }

    async fn remember(&self, name: &str, value: &Value) -> Result<(), Error> {
        self.may_write()?;
        remembered::remember(&self.hub, &self.workspace, &self.actor, (name, value)).await
    }

    async fn revise(&self, name: &str, before: Option<&Value>, value: &Value) -> Result<bool, Error> {
        self.may_write()?;
        remembered::revise(&self.hub, &self.workspace, &self.actor, before, (name, value)).await
    }

    async fn agree(&self, person: Id, app: &str) -> Result<(), Error> {
        let setting = (&*agreement(person, app), &Value::Bool(true));
        remembered::remember(&self.hub, &self.workspace, &self.actor, setting).await
    }

    fn inner(&self) -> Option<tongshi_dialect::Inner<'_>> {
        Some(self)
    }
}

impl HubWorkforce {
    /// Stores items and queues what vendors must be told of them.
    async fn save_in(
        &self,
        session: &mut Session,
        connection: &Connection,
        items: Vec<Item>,
    ) -> Result<Vec<Id>, Error> {
        let (hub, workspace) = (&self.hub, &self.workspace);
        let space = Space { workspace: workspace.id, connection: connection.id };
        let told: Vec<Id> = items.iter().map(|item| space.id(item.draft.kind, &item.remote_id)).collect();
        if Routed::load(session, workspace).await?.is_empty() {
            return ingest::write_in(session, hub, workspace, connection, items, &self.actor).await;
        }
        let before = records::many(session, workspace, &told).await?;
        let ids = ingest::write_in(session, hub, workspace, connection, items, &self.actor).await?;
        let after = records::many(session, workspace, &ids).await?;
        let (before, after): (Vec<_>, Vec<_>) =
            before.into_iter().zip(after).filter_map(|(before, after)| Some((before, after?))).unzip();
        let asked = Asked { actor: &self.actor, fields: json!({}), bulk: None };
        tell_of_changes(session, hub, workspace, &before, &after, &asked).await?;
        Ok(ids)
    }
}

/// What is stored of a token.
pub(crate) fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// An instant some seconds later.
pub(crate) fn later(instant: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_second(instant.as_second().saturating_add(seconds)).unwrap_or(Timestamp::MAX)
}

fn token_of(token: tokens::Token) -> Token {
    Token { payload: token.payload, expires_at: token.expires_at, used_at: token.used_at }
}
