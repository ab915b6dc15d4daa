//! One round for one endpoint: messages go out side by side and each record's in order, then one transaction moves the
//! endpoint's place in the journal and notes what became of each. Killed between the two, the same messages go again
//! under the same ids.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use futures_util::{StreamExt as _, stream};
use serde_json::json;
use tongshi_model::{Error, Id, Timestamp};
use tongshi_store::{Delivery, DeliveryState, Settled, deliveries, endpoints};

use super::{
    batch::{Batch, Item, LEASE_SECONDS, WINDOW},
    message::Told,
    retry,
    send::Outcome,
};
use crate::{AuditEntry, Hub, audit, meters, workforce::later};

/// After so many failures and no success the rest of a round is left for later.
const FAILURES_MAX: usize = 8;

/// An endpoint to which nothing has arrived for so long is switched off.
const FAILING_SECONDS_MAX: i64 = 5 * 24 * 60 * 60;

/// While nothing arrives, new entries of the journal rest at least and at most so long between two tries.
const REST_SECONDS: (i64, i64) = (5, 30 * 60);

/// How a round ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Round {
    /// There was nothing to do.
    Idle,
    /// All that was due has been done.
    Done,
    /// There is more to do at once.
    More,
}

/// What became of a message.
enum Fate {
    Taken(u16),
    Nothing,
    Gone,
    /// None where there is no further attempt.
    Failed {
        status: Option<u16>,
        error: String,
        next_at: Option<Timestamp>,
    },
    /// It was not sent: something of its record before it waits, or the endpoint does not answer.
    Untried,
}

/// What a round has seen so far.
#[derive(Default)]
struct Seen {
    taken: AtomicUsize,
    failed: AtomicUsize,
    gone: AtomicBool,
}

impl Seen {
    fn hopeless(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
            || (self.taken.load(Ordering::Relaxed) == 0
                && self.failed.load(Ordering::Relaxed) >= FAILURES_MAX)
    }
}

impl Hub {
    /// One round for one endpoint.
    pub(super) async fn round(&self, no: i64, holder: &str) -> Result<Round, Error> {
        let Some(mut batch) = self.batch(no, holder).await? else { return Ok(Round::Idle) };
        if batch.is_empty() {
            return Ok(Round::Idle);
        }
        self.note_told(&batch).await?;
        let seen = Seen::default();
        let lanes = std::mem::take(&mut batch.lanes);
        let fates = {
            let sending = stream::iter(lanes)
                .map(|lane| self.send_lane(&batch, lane, &seen))
                .buffer_unordered(WINDOW)
                .collect::<Vec<_>>();
            self.while_held(no, holder, sending).await?
        };
        let more = batch.more && !seen.hopeless();
        self.settle(holder, batch, fates, &seen).await?;
        Ok(if more { Round::More } else { Round::Done })
    }

    /// Notes whose restricted fields are about to be told, before they are.
    async fn note_told(&self, batch: &Batch) -> Result<(), Error> {
        let told = batch.lanes.iter().flatten().filter_map(|item| item.told.discloses());
        self.note_seen(&batch.workspace, &batch.route.actor, "webhook", told).await
    }

    /// Sends the messages of one record, in order.
    async fn send_lane(&self, batch: &Batch, lane: Vec<Item>, seen: &Seen) -> Vec<(Item, Fate)> {
        let mut fates = Vec::with_capacity(lane.len());
        let mut blocked = false;
        for item in lane {
            if blocked || seen.hopeless() {
                blocked = true;
                fates.push((item, Fate::Untried));
                continue;
            }
            let fate = match self.attempt(&batch.route, &item.told).await {
                Outcome::Taken(status) => {
                    seen.taken.fetch_add(1, Ordering::Relaxed);
                    Fate::Taken(status)
                }
                Outcome::Nothing => Fate::Nothing,
                Outcome::Gone => {
                    seen.gone.store(true, Ordering::Relaxed);
                    Fate::Gone
                }
                Outcome::Failed { status, error, retry_after } => {
                    seen.failed.fetch_add(1, Ordering::Relaxed);
                    let (now, attempts) = (self.clock().now(), item.told.attempts + 1);
                    let delays = batch.route.delays();
                    let next_at = retry::next(delays, attempts, retry_after, now, self.randomness());
                    Fate::Failed { status, error, next_at }
                }
            };
            // What was given up blocks nothing behind it.
            blocked = matches!(fate, Fate::Gone | Fate::Failed { next_at: Some(_), .. });
            fates.push((item, fate));
        }
        fates
    }

    /// Waits for the work and keeps the endpoint meanwhile. Lost, the work is dropped: whoever has the endpoint now
    /// sends the same again, and nothing of ours may follow.
    async fn while_held<T>(&self, no: i64, holder: &str, work: impl Future<Output = T>) -> Result<T, Error> {
        let between = Duration::from_secs(LEASE_SECONDS as u64 / 4);
        let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + between, between);
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                _ = ticks.tick() => {
                    let mut session = self.store().write().await?;
                    let kept = endpoints::keep(&mut session, no, holder, self.delivery_lease()).await?;
                    session.commit().await?;
                    if !kept {
                        return Err(Error::conflict("the endpoint is in other hands"));
                    }
                }
            }
        }
    }

    async fn settle(
        &self,
        holder: &str,
        batch: Batch,
        fates: Vec<Vec<(Item, Fate)>>,
        seen: &Seen,
    ) -> Result<(), Error> {
        let now = self.clock().now();
        let mut noted = Noted { rows: batch.lost, ..Noted::default() };
        noted.records.extend(noted.rows.iter().filter_map(|row| row.record));
        for lane in fates {
            noted.lane(lane, now, &batch.route.endpoint.manner);
        }
        let behind = !batch.behind.is_empty();
        noted.rows.extend(batch.behind.into_iter().map(|told| row(told, DeliveryState::Waiting, now)));
        let endpoint = &batch.route.endpoint;
        let (taken, failed) = (seen.taken.load(Ordering::Relaxed), seen.failed.load(Ordering::Relaxed));
        let (failing_since, rest_until) = match (taken, failed) {
            // What only goes behind what fails would move the whole backlog out of the journal.
            (0, 0) if behind => {
                (endpoint.failing_since, endpoint.failing_since.map(|since| rest(since, now)))
            }
            (0, 0) => (endpoint.failing_since, endpoint.rest_until),
            (0, _) => {
                // The first failure may be the message's; when the next round has none taken either, it is the endpoint's.
                let since = endpoint.failing_since;
                (Some(since.unwrap_or(batch.now)), since.map(|since| rest(since, now)))
            }
            _ => (None, None),
        };
        let disabled_reason = if seen.gone.load(Ordering::Relaxed) {
            Some("the address answered 410 Gone".to_owned())
        } else {
            failing_since
                .filter(|since| failed > 0 && now.as_second() - since.as_second() >= FAILING_SECONDS_MAX)
                .map(|_| "nothing has arrived there for 5 days".to_owned())
        };
        let mut session = self.store().write().await?;
        if let Some(reason) = &disabled_reason {
            tracing::warn!(endpoint = %endpoint.id, reason, "an endpoint is switched off");
            let entry = AuditEntry::done("hub", "webhook.disable", endpoint.id.to_string())
                .with(json!({"reason": reason}));
            audit::note(&mut session, &batch.workspace, entry).await?;
        }
        let settled = Settled {
            cursor: batch.cursor,
            lease_until: self.delivery_lease(),
            failing_since,
            rest_until,
            disabled_reason,
        };
        endpoints::settle(&mut session, endpoint.no, holder, &settled).await?;
        deliveries::save(&mut session, endpoint.no, noted.rows).await?;
        deliveries::forget(&mut session, endpoint.no, &noted.forgotten).await?;
        deliveries::arrange(&mut session, endpoint.no, &noted.records).await?;
        session.commit().await
    }
}

/// What a round leaves in the table.
#[derive(Default)]
struct Noted {
    rows: Vec<Delivery>,
    /// Records whose waiting messages may stand in another order now.
    records: Vec<Id>,
    /// Messages for which nothing is sent after all.
    forgotten: Vec<String>,
}

impl Noted {
    fn lane(&mut self, lane: Vec<(Item, Fate)>, now: Timestamp, manner: &str) {
        let mut first_waiting = true;
        for (Item { mut told, waited }, fate) in lane {
            let record = told.record;
            if !matches!(fate, Fate::Untried | Fate::Nothing) {
                told.attempts += 1;
            }
            let waits = matches!(fate, Fate::Untried | Fate::Gone | Fate::Failed { next_at: Some(_), .. });
            if waited || waits {
                self.records.extend(record);
            }
            let row = match fate {
                Fate::Nothing => {
                    if waited {
                        self.forgotten.push(told.id);
                    }
                    continue;
                }
                Fate::Taken(status) => {
                    delivered(&told, now, manner);
                    Delivery { status: Some(status.into()), ..row(told, DeliveryState::Delivered, now) }
                }
                Fate::Gone => Delivery {
                    next_at: Some(now),
                    status: Some(410),
                    error: Some("it answered 410".to_owned()),
                    ..row(told, DeliveryState::Waiting, now)
                },
                Fate::Failed { status, error, next_at } => {
                    let state = if next_at.is_some() { DeliveryState::Waiting } else { DeliveryState::Dead };
                    if next_at.is_none() {
                        count(manner, "dead");
                    }
                    Delivery {
                        next_at,
                        status: status.map(i64::from),
                        error: Some(error),
                        ..row(told, state, now)
                    }
                }
                // A message that was not even tried is tried as soon as the endpoint is tried again.
                Fate::Untried => Delivery {
                    next_at: first_waiting.then(|| later(now, REST_SECONDS.0)),
                    ..row(told, DeliveryState::Waiting, now)
                },
            };
            first_waiting &= !waits;
            self.rows.push(row);
        }
    }
}

fn row(told: Told, state: DeliveryState, now: Timestamp) -> Delivery {
    Delivery {
        id: 0,
        message: told.id,
        record: told.record,
        kind: told.kind,
        topic: told.topic,
        seq: told.seq,
        state,
        attempts: told.attempts,
        next_at: None,
        status: None,
        error: None,
        created_at: told.created_at,
        changed_at: now,
        body: told.body,
    }
}

fn delivered(told: &Told, now: Timestamp, manner: &str) {
    count(manner, "delivered");
    let seconds = (now.as_millisecond() - told.at.as_millisecond()).max(0) as f64 / 1000.0;
    metrics::histogram!(meters::DELIVERY_DELAY, "manner" => manner.to_owned()).record(seconds);
}

fn count(manner: &str, outcome: &'static str) {
    metrics::counter!(meters::DELIVERIES, "manner" => manner.to_owned(), "outcome" => outcome).increment(1);
}

/// Until when new entries rest: half as long as nothing has arrived already.
fn rest(since: Timestamp, now: Timestamp) -> Timestamp {
    let seconds = (now.as_second() - since.as_second()) / 2;
    later(now, seconds.clamp(REST_SECONDS.0, REST_SECONDS.1))
}
