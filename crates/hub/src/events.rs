//! Vendors' events, as they come in: checked at once, kept as a job in the order in which they came, taken in when no
//! sync is reading the same connection. What goes out is in `deliveries`.

use serde::{Deserialize, Serialize};
use serde_json::json;
use tongshi_dialect::{Existence, Incoming, Message, Reply, Row};
use tongshi_model::{Error, ErrorKind, Id, Kind, LocalDate, Space};
use tongshi_store::{Connection, Evidence, Job, Workspace, connections, jobs, sources, workspaces};

use crate::{
    Hub,
    connections::Opened,
    erased,
    ingest::{self, Item, Origin},
    quota::Purse,
    workforce::later,
};

/// The job that takes a vendor's event in.
pub(crate) const INCOMING: &str = "vendor_event";

/// An event waits this long before it is tried again while a sync holds its connection.
const WAIT_SECONDS: i64 = 2;

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
    /// None when it is gone, or is to be asked for.
    raw: Option<String>,
    /// Whether the event says only that there is something to ask for.
    #[serde(default)]
    asked: bool,
}

impl Hub {
    /// Takes a vendor's event for a connection: checks who sent it and keeps it.
    /// What the vendor wants to hear in return is the answer, where it wants to hear anything.
    pub async fn receive(&self, connection: Id, message: Message) -> Result<Option<Reply>, Error> {
        let (workspace, found) = self.connection_by_id(connection).await?;
        let opened = self.open_connection(&workspace, found)?;
        let incoming = opened.connector.receive(&message);
        let incoming = incoming.ok_or_else(|| Error::not_found("this vendor sends no events"))??;
        let entries = incoming.into_iter().map(|event| match event {
            Incoming::Row(kind, row) => {
                Entry { kind, remote_id: row.remote_id, date: row.date, raw: Some(row.raw), asked: false }
            }
            Incoming::Gone(kind, remote_id) => Entry { kind, remote_id, date: None, raw: None, asked: false },
            Incoming::Changed(kind, remote_id) => {
                Entry { kind, remote_id, date: None, raw: None, asked: true }
            }
        });
        let entries: Vec<Entry> = entries.collect();
        let receipt = opened.connector.receipt(&message, self.clock().now(), self.randomness());
        if entries.is_empty() {
            return Ok(receipt);
        }
        let kept = json!(Kept { connection, entries });
        let mut session = self.store().write().await?;
        jobs::enqueue(&mut session, &workspace, INCOMING, &kept, None, self.clock().now()).await?;
        session.commit().await?;
        Ok(receipt)
    }

    /// Notes that an event was refused, and says whose connection it was sent to.
    pub async fn event_refused(&self, connection: Id, error: &Error) -> Option<(Workspace, String)> {
        let (workspace, found) = self.connection_by_id(connection).await.ok()?;
        let actor = format!("event:{}", found.name);
        if matches!(error.kind(), ErrorKind::Unauthenticated | ErrorKind::Forbidden) {
            self.refused(&workspace, &actor, "hooks", error.public());
        }
        Some((workspace, actor))
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
        let opened = self.open_connection_for(&workspace, connection, Purse::Plan)?;
        let mut entries = kept.entries;
        for entry in entries.iter_mut().filter(|entry| entry.raw.is_none()) {
            // A vendor may say that somebody is gone when only its events are switched off, so it is asked.
            match opened.connector.exists(entry.kind, &entry.remote_id).await? {
                Existence::Present(row) => (entry.date, entry.raw) = (row.date, Some(row.raw)),
                Existence::Absent => entry.asked = false,
                Existence::Unknown => {}
            }
        }
        // Of what nobody knows how it looks there is nothing to take in.
        entries.retain(|entry| entry.raw.is_some() || !entry.asked);
        let mut session = self.store().write().await?;
        for entry in entries {
            take_entry_in(self, &mut session, &workspace, &opened, entry).await?;
        }
        session.commit().await?;
        Ok(true)
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
    let Some(raw) = entry.raw else {
        let head = sources::heads(session, number, entry.kind, &[&entry.remote_id]).await?.pop().flatten();
        if let Some(head) = head.filter(|head| !head.gone) {
            ingest::remove(session, &origin, &[head.id], Evidence::VendorEvent).await?;
        }
        return Ok(());
    };
    let row = Row { remote_id: entry.remote_id, date: entry.date, raw };
    take_row_in(session, &origin, opened, entry.kind, row).await
}

/// Takes one row of a vendor in that came by itself.
pub(crate) async fn take_row_in(
    session: &mut tongshi_store::Session,
    origin: &Origin<'_>,
    opened: &Opened,
    kind: Kind,
    row: Row,
) -> Result<(), Error> {
    let head = sources::heads(session, origin.connection, kind, &[&row.remote_id]).await?.pop().flatten();
    let draft = opened.connector.read(kind, &row)?;
    let hash = ingest::hash(row.raw.as_bytes());
    let item = Item { remote_id: row.remote_id, date: row.date, raw: row.raw, hash, draft, head };
    erased::apply(session, origin, kind, vec![item]).await.map(drop)
}
