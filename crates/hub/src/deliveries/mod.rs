//! Everything the hub tells somebody outside goes through here: Standard Webhooks to endpoints that apps register, and
//! what vendors would send to those that asked at their faces. The journal is the queue and each endpoint follows it.

mod address;
mod announce;
mod batch;
mod endpoints;
mod faces;
mod log;
mod message;
mod pump;
mod retry;
mod route;
mod send;

use std::{collections::HashSet, time::Duration};

use futures_util::{StreamExt as _, stream};
use tokio::task::JoinSet;
use tongshi_model::Error;
use tongshi_store::{deliveries, endpoints as stored};

pub use address::{is_public, may_go_to};
pub(crate) use announce::announce;
pub(crate) use endpoints::follow_setting;
pub use endpoints::{NewWebhook, NewWebhookSecret, WebhookChange, WebhookOwner, WebhookTest, WebhookView};
pub use log::{DeliveryPage, DeliveryView, Replay, Replayed};
pub(crate) use route::place;

use self::pump::Round;
use crate::{Hub, meters, sync::holder, workforce::later};

/// How often it is looked whether another process has left something to do, or an attempt is due.
const TICK: Duration = Duration::from_millis(500);

/// Endpoints that are sent to at the same time. Each has a window of its own, so a dead one holds up no other.
const ENDPOINTS_AT_ONCE: usize = 256;

/// Ticks between two counts of what waits, and between two sweeps.
const TICKS: (u64, u64) = (20, 7200);

/// How long the log keeps what was delivered, and what was given up.
const KEPT_DAYS: (i64, i64) = (7, 30);

/// Rows that one transaction sweeps.
const SWEEP_ROWS: u32 = 5000;

impl Hub {
    /// Sends what there is to send, all endpoints side by side, until nothing is due.
    pub async fn deliver(&self) -> Result<(), Error> {
        let holder = self.delivery_holder();
        let work = stored::with_work(&mut self.store().read().await?).await?;
        let rounds = stream::iter(work).map(|no| self.deliver_to(no, &holder));
        let ended: Vec<_> = rounds.buffer_unordered(ENDPOINTS_AT_ONCE).collect().await;
        ended.into_iter().collect::<Result<Vec<bool>, _>>().map(drop)
    }

    /// Sends to one endpoint until nothing is due. Returns whether there was anything.
    async fn deliver_to(&self, no: i64, holder: &str) -> Result<bool, Error> {
        let Some(_alone) = self.0.delivering.enter(no) else { return Ok(false) };
        let mut worked = false;
        loop {
            match self.round(no, holder).await? {
                Round::Idle => return Ok(worked),
                Round::Done => return Ok(true),
                Round::More => worked = true,
            }
        }
    }

    /// Sends whenever something was committed here, and looks regularly for the rest, until it is dropped.
    pub(crate) async fn run_deliveries(&self) {
        let holder = self.delivery_holder();
        let mut commits = self.store().commits();
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut tasks: JoinSet<(i64, bool)> = JoinSet::new();
        let (mut running, mut count) = (HashSet::new(), 0);
        loop {
            tokio::select! {
                _ = ticks.tick() => {
                    count += 1;
                    self.tidy_deliveries(count).await;
                }
                Ok(()) = commits.changed() => {}
                Some(ended) = tasks.join_next() => {
                    // Looked at again only where there was something to do: an endpoint in other hands stays due.
                    match ended {
                        Ok((no, worked)) => {
                            running.remove(&no);
                            if !worked {
                                continue;
                            }
                        }
                        Err(error) => {
                            tracing::error!(%error, "a delivery ended badly");
                            running.clear();
                            tasks.abort_all();
                        }
                    }
                }
            }
            let work = match self.store().read().await {
                Ok(mut session) => stored::with_work(&mut session).await,
                Err(error) => Err(error),
            };
            let work = work.unwrap_or_else(|error| {
                tracing::warn!(reason = %error, cause = %error.private(), "what is to be sent cannot be read");
                Vec::new()
            });
            for no in work {
                if tasks.len() < ENDPOINTS_AT_ONCE && running.insert(no) {
                    let (hub, holder) = (self.clone(), holder.clone());
                    tasks.spawn(async move { (no, hub.deliver_or_complain(no, &holder).await) });
                }
            }
        }
    }

    async fn deliver_or_complain(&self, no: i64, holder: &str) -> bool {
        self.deliver_to(no, holder).await.unwrap_or_else(|error| {
            tracing::warn!(endpoint = no, reason = %error, cause = %error.private(), "a round of sending failed");
            false
        })
    }

    /// Counts what waits and removes what is old, each now and then.
    async fn tidy_deliveries(&self, tick: u64) {
        let tidied = async {
            if tick % TICKS.0 == 1 {
                let waiting = deliveries::waiting_in_all(&mut self.store().read().await?).await?;
                metrics::gauge!(meters::DELIVERIES_WAITING).set(waiting as f64);
            }
            if tick % TICKS.1 == 1 {
                self.sweep_deliveries().await?;
            }
            Ok::<(), Error>(())
        };
        if let Err(error) = tidied.await {
            tracing::warn!(reason = %error, cause = %error.private(), "deliveries were not tidied");
        }
    }

    /// Removes what the log has kept long enough, and says how many rows that were.
    pub async fn sweep_deliveries(&self) -> Result<u64, Error> {
        const DAY: i64 = 24 * 60 * 60;
        let now = self.clock().now();
        let (delivered, dead) = (later(now, -KEPT_DAYS.0 * DAY), later(now, -KEPT_DAYS.1 * DAY));
        let mut swept = 0;
        loop {
            let mut session = self.store().write().await?;
            let count = deliveries::sweep(&mut session, delivered, dead, SWEEP_ROWS).await?;
            session.commit().await?;
            swept += count;
            if count < u64::from(SWEEP_ROWS) {
                return Ok(swept);
            }
        }
    }

    /// This hub as a holder of endpoints: the process, and which hub in it.
    fn delivery_holder(&self) -> String {
        format!("{}#{:p}", holder::current(), std::sync::Arc::as_ptr(&self.0))
    }
}

/// The endpoints to which this hub is sending.
#[derive(Default)]
pub(crate) struct Delivering(std::sync::Mutex<HashSet<i64>>);

/// Leaves when it is dropped.
struct Alone<'a>(&'a Delivering, i64);

impl Delivering {
    /// Enters, unless somebody is in already.
    fn enter(&self, no: i64) -> Option<Alone<'_>> {
        let mut inside = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // Made only by who enters: one that is made is dropped, and then the other would be put out.
        inside.insert(no).then(|| Alone(self, no))
    }
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(&self.1);
    }
}
