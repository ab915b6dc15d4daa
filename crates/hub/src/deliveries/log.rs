//! What was sent, what waits and what was given up, and sending it again under the same ids.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;
use serde_json::json;
use tongshi_model::{Error, Id, Kind, Timestamp};
use tongshi_store::{Delivery, DeliveryState, Session, Workspace, changes, deliveries};

use super::{WebhookOwner, batch::WAITING_MAX, message::Told};
use crate::{AuditEntry, Hub, audit, reads::limited};

/// Messages that one replay may name.
const IDS_MAX: usize = 1000;

/// Changes that one replay may span.
const SPAN_MAX: i64 = 10_000;

/// Changes that one transaction of a replay takes.
const REPLAY_ROWS: u32 = 500;

/// A page of an endpoint's messages.
#[derive(Debug, Serialize)]
pub struct DeliveryPage {
    /// The messages, newest first.
    pub data: Vec<DeliveryView>,
    /// Where the next page begins; none at the end.
    pub next: Option<String>,
}

/// A message as it is shown.
#[derive(Debug, Serialize)]
pub struct DeliveryView {
    /// Its id, as in the header `webhook-id`.
    pub id: String,
    /// What happened.
    #[serde(rename = "type")]
    pub topic: String,
    /// About which record.
    pub record: Option<Id>,
    /// Of which kind.
    pub kind: Option<Kind>,
    /// The change's number.
    pub seq: i64,
    /// `waiting`, `delivered` or `dead`.
    pub state: &'static str,
    /// How often it was sent.
    pub attempts: i64,
    /// When it is sent next; none behind another of its record.
    pub next_at: Option<Timestamp>,
    /// The last answer's status.
    pub status: Option<i64>,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// When it was first noted.
    pub created_at: Timestamp,
    /// When it was last sent.
    pub changed_at: Timestamp,
}

/// What is to be sent again.
#[derive(Clone, Debug)]
pub enum Replay {
    /// Messages by their ids.
    Ids(Vec<String>),
    /// What the changes from one number up to another are to the endpoint.
    Changes {
        /// The first.
        from_seq: i64,
        /// The last.
        to_seq: i64,
    },
}

/// What is sent again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// How many messages.
    pub replayed: u64,
}

impl Hub {
    /// A page of an endpoint's messages, newest first.
    pub async fn webhook_deliveries(
        &self,
        owner: &WebhookOwner,
        id: Id,
        state: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<DeliveryPage, Error> {
        let state = state.map(read_state).transpose()?;
        let invalid = || Error::invalid("after", "after is the `next` of an earlier answer, taken as it was");
        let before = after.map(|text| text.parse().map_err(|_| invalid())).transpose()?;
        let limit = limited(limit)?;
        let mut session = self.store().read().await?;
        let (endpoint, _) = self.owned(&mut session, owner, id).await?;
        let mut rows = deliveries::list(&mut session, endpoint.no, state, before, limit + 1).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
        Ok(DeliveryPage { data: rows.into_iter().map(view).collect(), next })
    }

    /// Sends messages again, under the same ids and with new times. Those of one record go in their order.
    pub async fn replay_webhook(
        &self,
        owner: &WebhookOwner,
        id: Id,
        replay: Replay,
    ) -> Result<Replayed, Error> {
        owner.may_change()?;
        let (replayed, detail) = match replay {
            Replay::Ids(ids) => (self.replay_ids(owner, id, &ids).await?, json!({"ids": ids.len()})),
            Replay::Changes { from_seq, to_seq } => {
                if from_seq < 1 || to_seq < from_seq || to_seq - from_seq >= SPAN_MAX {
                    let text = format!(
                        "a replay spans 1 to {SPAN_MAX} changes: from_seq up to to_seq, both included"
                    );
                    return Err(Error::invalid("to_seq", text));
                }
                let replayed = self.replay_changes(owner, id, from_seq, to_seq).await?;
                (replayed, json!({"from_seq": from_seq, "to_seq": to_seq}))
            }
        };
        let mut session = self.store().write().await?;
        let entry = AuditEntry::done(&owner.actor, "webhook.replay", id.to_string()).with(detail);
        audit::note(&mut session, &owner.workspace, entry).await?;
        session.commit().await?;
        Ok(Replayed { replayed })
    }

    async fn replay_ids(&self, owner: &WebhookOwner, id: Id, ids: &[String]) -> Result<u64, Error> {
        if ids.is_empty() || ids.len() > IDS_MAX {
            return Err(Error::invalid("ids", format!("a replay names 1 to {IDS_MAX} messages")));
        }
        let mut session = self.store().write().await?;
        let (endpoint, _) = self.owned(&mut session, owner, id).await?;
        let found = deliveries::find(&mut session, endpoint.no, ids).await?;
        if found.iter().any(Option::is_none) {
            return Err(Error::not_found(
                "there is no such message in the log; replay it by the number of its change",
            ));
        }
        let rows: BTreeMap<i64, Delivery> = found.into_iter().flatten().map(|row| (row.id, row)).collect();
        let now = session.now();
        let rows = rows.into_values().map(|row| again(row, now)).collect();
        let count = self.queue(&mut session, &owner.workspace, endpoint.no, rows).await?;
        session.commit().await?;
        Ok(count)
    }

    async fn replay_changes(&self, owner: &WebhookOwner, id: Id, from: i64, to: i64) -> Result<u64, Error> {
        let (mut after, mut count) = (from - 1, 0);
        loop {
            let mut session = self.store().write().await?;
            let (endpoint, app) = self.owned(&mut session, owner, id).await?;
            // What lies behind the endpoint's place is still to come by itself.
            let to = to.min(endpoint.cursor);
            let page = changes::after(&mut session, &owner.workspace, after, None, REPLAY_ROWS).await?;
            let page: Vec<_> = page.into_iter().filter(|change| change.seq <= to).collect();
            let Some(last) = page.last().map(|change| change.seq) else { return Ok(count) };
            let no = endpoint.no;
            let route = self.route(&mut session, &owner.workspace, &app, endpoint).await?;
            let now = session.now();
            let mut told = Vec::new();
            for change in page {
                told.extend(Told::of_change(&route, change, now)?);
            }
            let ids: Vec<String> = told.iter().map(|told| told.id.clone()).collect();
            let known = deliveries::find(&mut session, no, &ids).await?;
            let rows = told.into_iter().zip(known).map(|(told, known)| match known {
                Some(known) => again(known, now),
                None => told.waiting(now),
            });
            let rows = rows.collect();
            count += self.queue(&mut session, &owner.workspace, no, rows).await?;
            session.commit().await?;
            after = last;
        }
    }

    /// Puts messages in line, each record's in order.
    async fn queue(
        &self,
        session: &mut Session,
        workspace: &Workspace,
        endpoint: i64,
        rows: Vec<Delivery>,
    ) -> Result<u64, Error> {
        let count = rows.len() as u64;
        if deliveries::waiting(session, endpoint).await? + count > WAITING_MAX {
            return Err(Error::conflict(format!(
                "no more than {WAITING_MAX} messages wait for one webhook; replay fewer, or wait until some have arrived"
            )));
        }
        let records: HashSet<Id> = rows.iter().filter_map(|row| row.record).collect();
        let records: Vec<Id> = records.into_iter().collect();
        deliveries::save(session, endpoint, rows).await?;
        deliveries::arrange(session, endpoint, &records).await?;
        deliveries::wake(session, workspace);
        Ok(count)
    }
}

impl Told {
    /// The message in line, as new.
    fn waiting(self, now: Timestamp) -> Delivery {
        Delivery {
            id: 0,
            message: self.id,
            record: self.record,
            kind: self.kind,
            topic: self.topic,
            seq: self.seq,
            state: DeliveryState::Waiting,
            attempts: 0,
            next_at: self.record.is_none().then_some(now),
            status: None,
            error: None,
            created_at: now,
            changed_at: now,
            body: self.body,
        }
    }
}

/// A message in line once more, with all its attempts.
fn again(row: Delivery, now: Timestamp) -> Delivery {
    Delivery {
        state: DeliveryState::Waiting,
        attempts: 0,
        next_at: row.record.is_none().then_some(now),
        changed_at: now,
        ..row
    }
}

fn read_state(text: &str) -> Result<DeliveryState, Error> {
    let all = [DeliveryState::Waiting, DeliveryState::Delivered, DeliveryState::Dead];
    let found = all.into_iter().find(|state| state.name() == text);
    found.ok_or_else(|| Error::invalid("state", "state is waiting, delivered or dead"))
}

fn view(row: Delivery) -> DeliveryView {
    DeliveryView {
        id: row.message,
        topic: row.topic,
        record: row.record,
        kind: row.kind,
        seq: row.seq,
        state: row.state.name(),
        attempts: row.attempts,
        next_at: row.next_at,
        status: row.status,
        error: row.error,
        created_at: row.created_at,
        changed_at: row.changed_at,
    }
}
