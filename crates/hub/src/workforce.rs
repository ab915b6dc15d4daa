//! A workspace as one app may see it: what faces read and write.

use async_trait::async_trait;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tongshi_dialect::{Announcement, Query, Record, Token, Workforce};
use tongshi_model::{Draft, Error, Id, Kind, LocalDate, Punch, Timestamp};
use tongshi_store::{App, PunchRow, Session, StoredPunch, Workspace, jobs, meta, punches, records, tokens};

use crate::{
    Hub, Scopes,
    ingest::{self, Item},
    reads::{to_store_query, visible},
};

/// The connection that owns what apps write.
const WRITTEN: &str = "apps";

/// One workspace, seen by one app.
pub(crate) struct HubWorkforce {
    hub: Hub,
    workspace: Workspace,
    app_no: i64,
    actor: String,
    scopes: Scopes,
}

impl HubWorkforce {
    pub(crate) fn new(hub: Hub, workspace: Workspace, app: &App, scopes: Scopes) -> Self {
        Self { hub, workspace, app_no: app.no, actor: format!("app:{}", app.name), scopes }
    }

    async fn read(&self) -> Result<Session, Error> {
        self.hub.store().read().await
    }

    fn show(&self, row: tongshi_store::RecordRow) -> Result<Record, Error> {
        Ok(Record {
            id: row.id,
            kind: row.kind,
            version: row.version,
            doc: visible(row.kind, row.doc, &self.scopes)?,
            created_at: row.created_at,
            changed_at: row.changed_at,
            deleted: row.deleted.is_some(),
        })
    }

    fn may_see(&self, kind: Kind) -> Result<(), Error> {
        if self.scopes.sees(kind) {
            Ok(())
        } else {
            Err(Error::forbidden(format!("the app may not see {kind}")))
        }
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
        let row = records::get(&mut self.read().await?, &self.workspace, id).await?;
        row.filter(|row| row.kind == kind).map(|row| self.show(row)).transpose()
    }

    async fn many(&self, ids: &[Id]) -> Result<Vec<Option<Record>>, Error> {
        let rows = records::many(&mut self.read().await?, &self.workspace, ids).await?;
        rows.into_iter()
            .map(|row| row.filter(|row| self.scopes.sees(row.kind)).map(|row| self.show(row)).transpose())
            .collect()
    }

    async fn find(&self, kind: Kind, lookup: &'static str, value: &str) -> Result<Vec<Record>, Error> {
        self.may_see(kind)?;
        let at =
            kind.lookup(lookup).ok_or_else(|| Error::internal(format!("{kind} is not found by {lookup}")))?;
        let rows = records::by_key(&mut self.read().await?, &self.workspace, kind, at, value).await?;
        rows.into_iter().map(|row| self.show(row)).collect()
    }

    async fn find_many(
        &self,
        kind: Kind,
        lookup: &'static str,
        values: &[String],
    ) -> Result<Vec<(String, Record)>, Error> {
        self.may_see(kind)?;
        let at =
            kind.lookup(lookup).ok_or_else(|| Error::internal(format!("{kind} is not found by {lookup}")))?;
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let mut session = self.read().await?;
        let found = records::by_keys(&mut session, &self.workspace, kind, at, &values).await?;
        let ids: Vec<Id> = found.iter().map(|(_, id)| *id).collect();
        let rows = records::many(&mut session, &self.workspace, &ids).await?;
        let pairs = found.into_iter().zip(rows);
        pairs.filter_map(|((value, _), row)| Some(self.show(row?).map(|record| (value, record)))).collect()
    }

    async fn list(&self, query: &Query) -> Result<Vec<Record>, Error> {
        self.may_see(query.kind)?;
        let query = to_store_query(query)?;
        let rows = records::list(&mut self.read().await?, &self.workspace, &query).await?;
        rows.into_iter().map(|row| self.show(row)).collect()
    }

    async fn count(&self, query: &Query) -> Result<u64, Error> {
        self.may_see(query.kind)?;
        records::count(&mut self.read().await?, &self.workspace, &to_store_query(query)?).await
    }

    async fn save(&self, items: Vec<(String, Draft)>) -> Result<Vec<Id>, Error> {
        self.may_write()?;
        let items = items.into_iter().map(|(name, draft)| Item::canonical(name, draft)).collect();
        let connection = self.hub.local_connection(&self.workspace, WRITTEN).await?;
        ingest::write(&self.hub, &self.workspace, &connection, items, &self.actor).await
    }

    async fn punches(&self, employee: Id, from: LocalDate, to: LocalDate) -> Result<Vec<Punch>, Error> {
        let stored = punches::of(&mut self.read().await?, &self.workspace, employee, from, to).await?;
        Ok(stored.into_iter().map(punch_of).collect())
    }

    async fn record_punches(&self, punches: Vec<Punch>) -> Result<Vec<bool>, Error> {
        self.may_write()?;
        let connection = self.hub.local_connection(&self.workspace, WRITTEN).await?;
        let rows = punches.into_iter().map(punch_row).collect();
        let mut session = self.hub.store().write().await?;
        let new = punches::insert(&mut session, &self.workspace, connection.no, None, rows).await?;
        session.commit().await?;
        Ok(new)
    }

    async fn announce(&self, announcement: Announcement) -> Result<(), Error> {
        let payload =
            json!({"topic": announcement.topic, "record": announcement.record, "actor": self.actor});
        let now = self.hub.clock().now();
        let mut session = self.hub.store().write().await?;
        jobs::enqueue(&mut session, &self.workspace, "announce", &payload, Some(&announcement.key), now)
            .await?;
        session.commit().await
    }

    async fn issue_token(
        &self,
        purpose: &'static str,
        payload: Value,
        lifetime_seconds: Option<i64>,
    ) -> Result<String, Error> {
        self.hub
            .issue_token_for(&self.workspace, Some(self.app_no), purpose, &payload, lifetime_seconds)
            .await
    }

    async fn token(&self, purpose: &'static str, token: &str) -> Result<Option<Token>, Error> {
        let found = tokens::peek(&mut self.read().await?, purpose, &token_hash(token)).await?;
        Ok(found.filter(|found| found.workspace == self.workspace.no).map(shown))
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
        session.commit().await?;
        Ok(used.map(shown))
    }

    async fn recall(&self, name: &str) -> Result<Option<Value>, Error> {
        let text = meta::get(&mut self.read().await?, &self.setting_name(name)).await?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    async fn remember(&self, name: &str, value: &Value) -> Result<(), Error> {
        self.may_write()?;
        let mut session = self.hub.store().write().await?;
        meta::set(&mut session, &self.setting_name(name), &value.to_string()).await?;
        session.commit().await
    }
}

impl HubWorkforce {
    fn setting_name(&self, name: &str) -> String {
        format!("workspace/{}/{name}", self.workspace.id)
    }
}

impl Hub {
    /// Makes a token for a purpose, outside of any app.
    pub async fn issue_token(
        &self,
        workspace: &Workspace,
        purpose: &'static str,
        payload: &Value,
        lifetime_seconds: Option<i64>,
    ) -> Result<String, Error> {
        self.issue_token_for(workspace, None, purpose, payload, lifetime_seconds).await
    }

    /// Makes a code of a kind that one of the dialects knows, to be handed to somebody.
    pub async fn issue_code(
        &self,
        workspace: &Workspace,
        purpose: &str,
        lifetime_seconds: Option<i64>,
    ) -> Result<String, Error> {
        let mut kinds = self.dialects().iter().flat_map(|dialect| dialect.codes);
        let Some(kind) = kinds.find(|kind| kind.purpose == purpose) else {
            let known = self.dialects().iter().flat_map(|dialect| dialect.codes).map(|kind| kind.purpose);
            let known: Vec<&str> = known.collect();
            let text = format!("there is no kind of code '{purpose}'; there are: {}", known.join(", "));
            return Err(Error::not_found(text));
        };
        let lifetime = lifetime_seconds.unwrap_or(kind.lifetime_seconds);
        self.issue_token(workspace, kind.purpose, &Value::Null, Some(lifetime)).await
    }

    async fn issue_token_for(
        &self,
        workspace: &Workspace,
        app: Option<i64>,
        purpose: &'static str,
        payload: &Value,
        lifetime_seconds: Option<i64>,
    ) -> Result<String, Error> {
        let token = self.token();
        let end = lifetime_seconds.map(|seconds| later(self.clock().now(), seconds));
        let mut session = self.store().write().await?;
        tokens::put(&mut session, workspace, purpose, &token_hash(&token), app, None, payload, end).await?;
        session.commit().await?;
        Ok(token)
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

/// A punch as the store takes it.
pub(crate) fn punch_row(punch: Punch) -> PunchRow {
    PunchRow {
        employee: punch.employee,
        at: punch.at.timestamp(),
        offset_seconds: punch.at.offset().seconds(),
        direction: punch.direction,
        source: punch.source,
        day: punch.working_day(),
        detail: punch.detail.map(|detail| detail.to_string()),
    }
}

/// A punch as the model knows it.
pub(crate) fn punch_of(stored: StoredPunch) -> Punch {
    let offset = jiff::tz::Offset::from_seconds(stored.offset_seconds).unwrap_or(jiff::tz::Offset::UTC);
    Punch {
        employee: stored.employee,
        at: tongshi_model::Instant::new(stored.at, offset),
        direction: stored.direction,
        source: stored.source,
        day: Some(stored.day),
        detail: stored.detail.and_then(|detail| serde_json::from_str(&detail).ok()),
    }
}

fn shown(token: tokens::Token) -> Token {
    Token { payload: token.payload, expires_at: token.expires_at, used_at: token.used_at }
}
