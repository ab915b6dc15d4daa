//! Vendors' events, both ways: what a vendor tells a connection, and what a face tells an app that asked for it.
//!
//! In: checked at once, kept as a job in the order in which they came, taken in when no sync is reading the same
//! connection. Out: each app follows the journal from where it is; the cursor moves when the app has answered 2xx.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;
use tongshi_dialect::{Descriptor, Existence, Incoming, Message, Record, Row};
use tongshi_model::{Error, Id, Kind, LocalDate, Secret, Space};
use tongshi_store::{
    App, Connection, Evidence, Job, Op, Workspace, apps, changes, connections, jobs, meta, sources,
    workspaces,
};

use crate::{
    Hub,
    apps::{key_place, scopes_of},
    connections::Opened,
    ingest::{self, Item, Origin},
    reads::visible,
    workforce::later,
};

/// The job that takes a vendor's event in.
pub(crate) const INCOMING: &str = "vendor_event";

/// An event waits this long before it is tried again while a sync holds its connection.
const WAIT_SECONDS: i64 = 2;

/// Changes that one app is told of in one round.
const ROUND: u32 = 100;

/// What is kept of a vendor's event.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    connection: Id,
    entries: Vec<Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    kind: Kind,
    remote_id: String,
    date: Option<LocalDate>,
    /// None when it is gone.
    raw: Option<String>,
}

impl Hub {
    /// Takes a vendor's event for a connection: checks who sent it and keeps it.
    pub async fn receive(&self, connection: Id, message: Message) -> Result<(), Error> {
        let (workspace, found) = self.connection_by_id(connection).await?;
        let opened = self.open_connection(&workspace, found)?;
        let incoming = opened.connector.receive(&message);
        let incoming = incoming.ok_or_else(|| Error::not_found("this vendor sends no events"))??;
        let entries = incoming.into_iter().map(|event| match event {
            Incoming::Row(kind, row) => {
                Entry { kind, remote_id: row.remote_id, date: row.date, raw: Some(row.raw) }
            }
            Incoming::Gone(kind, remote_id) => Entry { kind, remote_id, date: None, raw: None },
        });
        let kept = json!(Kept { connection, entries: entries.collect() });
        let mut session = self.store().write().await?;
        jobs::enqueue(&mut session, &workspace, INCOMING, &kept, None, self.clock().now()).await?;
        session.commit().await
    }

    async fn connection_by_id(&self, id: Id) -> Result<(Workspace, Connection), Error> {
        let mut session = self.store().read().await?;
        for workspace in workspaces::all(&mut session).await? {
            let all = connections::all(&mut session, &workspace).await?;
            if let Some(found) = all.into_iter().find(|found| found.id == id && !found.disabled) {
                return Ok((workspace, found));
            }
        }
        Err(Error::not_found("there is no such connection"))
    }

    /// Takes the oldest kept event in. Returns whether there may be more to take now.
    pub(crate) async fn take_events_in(&self, holder: &str) -> Result<bool, Error> {
        let mut session = self.store().write().await?;
        let claimed = jobs::claim(&mut session, &[INCOMING], holder, self.lease(), 1).await?;
        session.commit().await?;
        let Some(job) = claimed.into_iter().next() else { return Ok(false) };
        let result = self.take_event_in(&job).await;
        let mut session = self.store().write().await?;
        match result {
            Ok(true) => jobs::done(&mut session, job.id, holder).await?,
            // Nothing else of this connection can be taken in before; other connections' events have their turn later.
            Ok(false) => {
                let then = later(self.clock().now(), WAIT_SECONDS);
                jobs::retry(&mut session, job.id, holder, then, "a sync reads this connection").await?;
            }
            Err(error) if error.retryable() && job.attempts < 100 => {
                let then = later(self.clock().now(), WAIT_SECONDS << job.attempts.clamp(0, 10));
                jobs::retry(&mut session, job.id, holder, then, error.public()).await?;
            }
            Err(error) => jobs::fail(&mut session, job.id, holder, error.public()).await?,
        }
        session.commit().await?;
        Ok(true)
    }

    /// Takes one event in; false when a sync is reading the connection.
    async fn take_event_in(&self, job: &Job) -> Result<bool, Error> {
        let kept: Kept = serde_json::from_value(job.payload.clone())
            .map_err(|error| Error::internal("a kept event cannot be read").caused_by(error))?;
        let (workspace, connection) = self.connection_by_id(kept.connection).await?;
        let last = self.runs(&workspace, Some(&connection.name), 1).await?.into_iter().next();
        if last.is_some_and(|run| run.state == "running") {
            return Ok(false);
        }
        let opened = self.open_connection(&workspace, connection)?;
        let mut entries = kept.entries;
        for entry in entries.iter_mut().filter(|entry| entry.raw.is_none()) {
            // A vendor may say that somebody is gone when only its events are switched off, so it is asked.
            if let Existence::Present(row) = opened.connector.exists(entry.kind, &entry.remote_id).await? {
                (entry.date, entry.raw) = (row.date, Some(row.raw));
            }
        }
        let mut session = self.store().write().await?;
        for entry in entries {
            take_entry_in(self, &mut session, &workspace, &opened, entry).await?;
        }
        session.commit().await?;
        Ok(true)
    }

    /// Tells each app that asked for its vendor's events what has changed since it was last told.
    pub(crate) async fn send_events(&self) -> Result<(), Error> {
        let mut session = self.store().read().await?;
        let all = workspaces::all(&mut session).await?;
        let mut followers = Vec::new();
        for workspace in all {
            for app in apps::all(&mut session, &workspace).await? {
                if !app.disabled && app.settings.get("webhook_url").is_some_and(serde_json::Value::is_string)
                {
                    followers.push((workspace.clone(), app));
                }
            }
        }
        drop(session);
        for (workspace, app) in followers {
            if let Err(error) = self.tell(&workspace, &app).await {
                tracing::warn!(app = %app.id, reason = %error, "an app was not told of a change; it will be");
            }
        }
        Ok(())
    }

    async fn tell(&self, workspace: &Workspace, app: &App) -> Result<(), Error> {
        let address = app.settings.get("webhook_url").and_then(serde_json::Value::as_str).unwrap_or_default();
        let origin = origin_of(address)?;
        let name = format!("events/{}", app.id);
        let mut session = self.store().read().await?;
        let (makers, scopes) = (self.event_makers(&mut session, workspace, app).await?, scopes_of(app)?);
        let cursor = meta::get(&mut session, &name).await?.and_then(|text| text.parse().ok());
        let Some(mut cursor) = cursor else {
            // An app is told of what changes from the moment on in which it asked.
            let last = changes::last_seq(&mut session, workspace).await?;
            return self.follow(&name, last).await;
        };
        let some = changes::after(&mut session, workspace, cursor, None, ROUND).await?;
        drop(session);
        let transport = self.0.parts.transports.open(&origin)?;
        let begun: i64 = cursor;
        let mut result = Ok(());
        'changes: for change in some {
            let doc = change.after.or(change.before);
            let doc = doc
                .filter(|_| scopes.sees(change.kind))
                .map(|doc| visible(change.kind, doc, &scopes))
                .transpose()?;
            let record = doc.map(|doc| Record {
                id: change.record,
                kind: change.kind,
                version: change.version,
                doc,
                created_at: change.at,
                changed_at: change.at,
                deleted: change.op == Op::Deleted,
            });
            for (dialect, secret) in makers.iter().filter(|_| record.is_some()) {
                let Some((maker, record)) = dialect.event.zip(record.as_ref()) else { continue };
                let Some(message) = maker(topic(change.op), record, address, secret) else { continue };
                let told = match transport.send(message?).await {
                    Ok(reply) if reply.status.is_success() => Ok(()),
                    Ok(reply) => Err(Error::upstream(format!("it answered {}", reply.status.as_u16()))),
                    Err(error) => Err(Error::unavailable(error.text)),
                };
                if told.is_err() {
                    result = told;
                    break 'changes;
                }
            }
            cursor = change.seq;
        }
        if cursor != begun {
            self.follow(&name, cursor).await?;
        }
        result
    }

    async fn follow(&self, name: &str, cursor: i64) -> Result<(), Error> {
        let mut session = self.store().write().await?;
        meta::set(&mut session, name, &cursor.to_string()).await?;
        session.commit().await
    }

    /// The vendors in whose manner the app is told, each with the secret that signs.
    async fn event_makers(
        &self,
        session: &mut tongshi_store::Session,
        workspace: &Workspace,
        app: &App,
    ) -> Result<Vec<(&'static Descriptor, Secret)>, Error> {
        let mut keys: BTreeMap<String, Secret> = BTreeMap::new();
        for key in apps::keys(session, workspace, app.no).await? {
            let Ok(dialect) = self.dialect(&key.face) else { continue };
            let first = dialect.face_keys.first();
            if key.revoked || first.is_none_or(|first| !key.key_id.starts_with(first.prefix)) {
                continue;
            }
            let secret = self.vault().open(&key_place(&key.face, &key.key_id), &key.sealed)?;
            let secret = String::from_utf8(secret).map_err(|_| Error::internal("a key is not UTF-8"))?;
            keys.insert(key.face, Secret::new(secret));
        }
        let makers = keys.into_iter().filter_map(|(face, secret)| Some((self.dialect(&face).ok()?, secret)));
        Ok(makers.filter(|(dialect, _)| dialect.event.is_some()).collect())
    }
}

async fn take_entry_in(
    hub: &Hub,
    session: &mut tongshi_store::Session,
    workspace: &Workspace,
    opened: &Opened,
    entry: Entry,
) -> Result<(), Error> {
    let number = opened.connection.no;
    let actor = format!("event:{}", opened.connection.name);
    let space = Space { workspace: workspace.id, connection: opened.connection.id };
    let now = hub.clock().now();
    let origin = Origin { workspace, connection: number, space, run: None, actor: &actor, now };
    let head = sources::heads(session, number, entry.kind, &[&entry.remote_id]).await?.pop().flatten();
    let Some(raw) = entry.raw else {
        if let Some(head) = head.filter(|head| !head.gone) {
            ingest::remove(session, &origin, &[head.id], Evidence::VendorEvent).await?;
        }
        return Ok(());
    };
    let row = Row { remote_id: entry.remote_id, date: entry.date, raw };
    let draft = opened.connector.read(entry.kind, &row)?;
    let hash = ingest::hash(row.raw.as_bytes());
    let item = Item { remote_id: row.remote_id, date: row.date, raw: row.raw, hash, draft, head };
    ingest::apply(session, &origin, entry.kind, vec![item]).await.map(drop)
}

/// Where a transport to this address leads: its scheme, host and port.
fn origin_of(address: &str) -> Result<String, Error> {
    let invalid = || Error::invalid("webhook_url", "webhook_url must be an http or https address");
    let (scheme, rest) = address.split_once("://").ok_or_else(invalid)?;
    if !matches!(scheme, "http" | "https") {
        return Err(invalid());
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    Ok(format!("{scheme}://{authority}"))
}

/// What vendors call a change: to those who were told that something had gone, its return is something new.
fn topic(op: Op) -> &'static str {
    match op {
        Op::Created | Op::Restored => "created",
        Op::Updated => "updated",
        Op::Deleted => "deleted",
    }
}
