//! Limits before speed: so many calls a second to a connection and to each of a vendor's operations, back-off that reads
//! `Retry-After`, and an account of the calls that the vendor counts by the month.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use governor::Jitter;
use serde_json::Value;
use tongshi_dialect::{Descriptor, Pacer};
use tongshi_model::{Clock, Error, Id};

use crate::{
    Settings, meters,
    quota::{Ledger, Purse},
};

/// A clock that was set back by more than this would keep everybody waiting for as long.
const SET_BACK_MICROSECONDS: i64 = 60_000_000;

/// How the hub waits: for a vendor's pace, between attempts.
#[async_trait]
pub trait Waiting: Send + Sync + 'static {
    /// Returns when the time is over.
    async fn wait(&self, time: Duration);
}

/// Waits in real time.
#[derive(Clone, Copy, Debug)]
pub struct RealTime;

#[async_trait]
impl Waiting for RealTime {
    async fn wait(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// The pacers of all connections, so that everything that calls one vendor account shares its limit.
pub(crate) struct Pacers {
    settings: Settings,
    clock: Arc<dyn Clock>,
    waits: Arc<dyn Waiting>,
    by_connection: Mutex<HashMap<Id, (Own, Arc<ConnectionPacer>)>>,
}

/// What a connection's pacer is made of; when it changes, another is made.
#[derive(PartialEq)]
struct Own {
    calls_per_second: Option<u32>,
    ledger: Option<crate::quota::Limits>,
}

impl Pacers {
    pub(crate) fn new(settings: &Settings, clock: Arc<dyn Clock>, waits: Arc<dyn Waiting>) -> Self {
        Self { settings: settings.clone(), clock, waits, by_connection: Mutex::default() }
    }

    /// The pacer of a connection. The ledger is made only where there is none with these limits.
    pub(crate) fn of(
        &self,
        connection: Id,
        name: &str,
        dialect: &'static Descriptor,
        settings: &Value,
        ledger: Option<(crate::quota::Limits, impl FnOnce() -> Ledger)>,
    ) -> Arc<ConnectionPacer> {
        let set = settings["calls_per_second"].as_u64().map(|set| u32::try_from(set).unwrap_or(u32::MAX));
        let calls_per_second = set.or(dialect.calls_per_second).filter(|set| *set > 0);
        let own = Own { calls_per_second, ledger: ledger.as_ref().map(|(limits, _)| limits.clone()) };
        let mut pacers = self.by_connection.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, pacer)) = pacers.get(&connection)
            && *known == own
        {
            return Arc::clone(pacer);
        }
        let all = self.settings.calls_per_second_max.max(1);
        let pacer = Arc::new(ConnectionPacer {
            name: name.to_owned().into(),
            all: Spacing::new(all, i64::from(all)),
            // One at a time: a burst and what follows it would be more than the vendor lets through in a second.
            each: calls_per_second.map(|each| Spacing::new(each, 1)),
            ledger: ledger.map(|(_, make)| Arc::new(make())),
            attempts_max: self.settings.attempts_max,
            delay: Duration::from_millis(self.settings.retry_delay_ms),
            delay_max: Duration::from_millis(self.settings.retry_delay_ms_max),
            clock: Arc::clone(&self.clock),
            waits: Arc::clone(&self.waits),
        });
        pacers.insert(connection, (own, Arc::clone(&pacer)));
        pacer
    }
}

/// The pace of one connection.
pub(crate) struct ConnectionPacer {
    /// The connection's name, by which calls are counted.
    name: metrics::SharedString,
    /// For all operations together.
    all: Spacing,
    /// For each operation, where the vendor bounds it.
    each: Option<Spacing>,
    /// Where the vendor counts by the month.
    ledger: Option<Arc<Ledger>>,
    attempts_max: u32,
    delay: Duration,
    delay_max: Duration,
    clock: Arc<dyn Clock>,
    waits: Arc<dyn Waiting>,
}

impl ConnectionPacer {
    /// The account of counted calls.
    pub(crate) fn ledger(&self) -> Option<&Arc<Ledger>> {
        self.ledger.as_ref()
    }

    /// Full jitter over an exponential delay; a vendor's wish is obeyed, never undercut.
    fn pause(&self, attempt: u32, retry_after: Option<Duration>) -> Option<Duration> {
        if attempt >= self.attempts_max {
            return None;
        }
        match retry_after {
            Some(wish) if wish > self.delay_max => None,
            Some(wish) => Some(wish),
            None => {
                let ceiling =
                    self.delay.saturating_mul(1 << attempt.min(16).saturating_sub(1)).min(self.delay_max);
                Some(Jitter::new(ceiling / 4, ceiling - ceiling / 4) + Duration::ZERO)
            }
        }
    }

    async fn keep_pace(&self, operation: &'static str) {
        let now = self.clock.now().as_microsecond();
        let all = self.all.take("", now);
        let each = self.each.as_ref().map_or(Duration::ZERO, |each| each.take(operation, now));
        let wait = all.max(each);
        if !wait.is_zero() {
            self.waits.wait(wait).await;
        }
    }
}

/// Evenly spaced turns (GCRA), with so many at once after a rest.
struct Spacing {
    microseconds: i64,
    burst: i64,
    /// When the turn after the last one given would be, if all were spaced.
    next: Mutex<HashMap<&'static str, i64>>,
}

impl Spacing {
    fn new(per_second: u32, burst: i64) -> Self {
        let microseconds = (1_000_000 / i64::from(per_second.max(1))).max(1);
        Self { microseconds, burst, next: Mutex::default() }
    }

    /// Takes the next turn, and says how long it is until then.
    fn take(&self, what: &'static str, now: i64) -> Duration {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let place = next.entry(what).or_insert(now);
        if *place - now > SET_BACK_MICROSECONDS {
            *place = now;
        }
        let turn = now.max(*place - (self.burst - 1) * self.microseconds);
        *place = now.max(*place) + self.microseconds;
        Duration::from_micros(u64::try_from(turn - now).unwrap_or(0))
    }
}

/// The pacer of a connection, for calls that are paid out of one purse.
pub(crate) struct Paced {
    pacer: Arc<ConnectionPacer>,
    purse: Purse,
    /// Whether a call was not made because the purse is empty.
    refused: Arc<AtomicBool>,
}

impl Paced {
    pub(crate) fn new(pacer: Arc<ConnectionPacer>, purse: Purse, refused: Arc<AtomicBool>) -> Self {
        Self { pacer, purse, refused }
    }
}

#[async_trait]
impl Pacer for Paced {
    async fn before(&self, operation: &'static str) -> Result<(), Error> {
        self.pacer.keep_pace(operation).await;
        // Counted last: what is counted is sent.
        let Some(ledger) = self.pacer.ledger() else { return Ok(()) };
        let taken = ledger.take(self.purse, operation).await;
        self.refused.fetch_or(taken.is_err(), Ordering::Relaxed);
        taken
    }

    async fn again(&self, operation: &'static str, attempt: u32, retry_after: Option<Duration>) -> bool {
        let Some(wait) = self.pacer.pause(attempt, retry_after) else { return false };
        tracing::info!(operation, attempt, wait_ms = wait.as_millis(), "a call failed and is tried again");
        let name = self.pacer.name.clone();
        metrics::counter!(meters::VENDOR_RETRIES, "connection" => name, "operation" => operation)
            .increment(1);
        self.pacer.waits.wait(wait).await;
        true
    }

    fn after(&self, operation: &'static str, outcome: &'static str, took: Duration) {
        if let Some(ledger) = self.pacer.ledger() {
            match outcome {
                // The vendor counts neither what it throttles nor what never arrived.
                "hurried" | "unsent" => ledger.give_back(self.purse, operation),
                "used_up" => ledger.vendor_says_used_up(),
                _ => {}
            }
        }
        let name = || self.pacer.name.clone();
        metrics::counter!(
            meters::VENDOR_CALLS, "connection" => name(), "operation" => operation, "outcome" => outcome
        )
        .increment(1);
        metrics::histogram!(meters::VENDOR_SECONDS, "connection" => name()).record(took);
    }
}

#[cfg(test)]
mod tests {
    use tongshi_model::FixedClock;

    use super::*;

    fn pacer(settings: &Settings) -> ConnectionPacer {
        ConnectionPacer {
            name: "hr".into(),
            all: Spacing::new(1000, 1000),
            each: None,
            ledger: None,
            attempts_max: settings.attempts_max,
            delay: Duration::from_millis(settings.retry_delay_ms),
            delay_max: Duration::from_millis(settings.retry_delay_ms_max),
            clock: Arc::new(FixedClock::at("2026-03-16T02:00:00Z".parse().unwrap())),
            waits: Arc::new(RealTime),
        }
    }

    #[test]
    fn backs_off_and_obeys() {
        let settings = Settings { retry_delay_ms: 100, retry_delay_ms_max: 1_000, ..Settings::default() };
        let pacer = pacer(&settings);
        for attempt in 1..5 {
            let wait = pacer.pause(attempt, None).unwrap();
            let ceiling = Duration::from_millis((100 << (attempt - 1)).min(1_000));
            assert!(wait >= ceiling / 4 && wait <= ceiling, "{attempt}: {wait:?}");
        }
        assert_eq!(pacer.pause(5, None), None);
        assert_eq!(pacer.pause(1, Some(Duration::from_millis(700))), Some(Duration::from_millis(700)));
        assert_eq!(pacer.pause(1, Some(Duration::from_secs(3600))), None);
    }

    #[test]
    fn no_second_has_more_turns_than_the_vendor_lets_through() {
        let each = Spacing::new(20, 1);
        let turns: Vec<i64> =
            (0..100).map(|_| i64::try_from(each.take("user.list", 5_000_000).as_micros()).unwrap()).collect();
        for from in &turns {
            let within = turns.iter().filter(|turn| (*from..from + 1_000_000).contains(turn)).count();
            assert!(within <= 20, "{within} in the second from {from}");
        }
        assert_eq!(each.take("user.get", 5_000_000), Duration::ZERO, "another operation has its own turns");
        assert_eq!(each.take("user.list", 60_000_000), Duration::ZERO, "who rested need not wait");
        assert_eq!(each.take("user.list", 60_000_000), Duration::from_millis(50));
    }

    #[test]
    fn a_burst_may_come_at_once_and_a_clock_set_back_stops_nobody() {
        let all = Spacing::new(10, 10);
        let now = 500_000_000;
        assert!((0..10).all(|_| all.take("", now).is_zero()));
        assert_eq!(all.take("", now), Duration::from_millis(100));
        assert_eq!(all.take("", now - 3_600_000_000), Duration::ZERO);
    }
}
