//! Limits before speed: a token bucket for each connection, and back-off that reads `Retry-After`.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use governor::{DefaultDirectRateLimiter, Jitter, Quota, RateLimiter};
use tongshi_dialect::Pacer;
use tongshi_model::{Error, Id};

use crate::{Settings, meters};

/// The pacers of all connections, so that everything that calls one vendor account shares its limit.
pub(crate) struct Pacers {
    settings: Settings,
    by_connection: Mutex<HashMap<Id, Arc<ConnectionPacer>>>,
}

impl Pacers {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self { settings: settings.clone(), by_connection: Mutex::default() }
    }

    /// The pacer of a connection.
    pub(crate) fn of(&self, connection: Id, name: &str) -> Arc<ConnectionPacer> {
        let mut pacers = self.by_connection.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(ConnectionPacer::new(&self.settings, name));
        Arc::clone(pacers.entry(connection).or_insert_with(new))
    }
}

/// The pace of one connection.
pub(crate) struct ConnectionPacer {
    /// The connection's name, by which calls are counted.
    name: metrics::SharedString,
    bucket: DefaultDirectRateLimiter,
    attempts_max: u32,
    delay: Duration,
    delay_max: Duration,
}

impl ConnectionPacer {
    fn new(settings: &Settings, name: &str) -> Self {
        let rate = NonZeroU32::new(settings.calls_per_second_max).unwrap_or(NonZeroU32::MIN);
        Self {
            name: name.to_owned().into(),
            bucket: RateLimiter::direct(Quota::per_second(rate)),
            attempts_max: settings.attempts_max,
            delay: Duration::from_millis(settings.retry_delay_ms),
            delay_max: Duration::from_millis(settings.retry_delay_ms_max),
        }
    }

    /// Full jitter over an exponential delay; a vendor's wish is obeyed, never undercut.
    fn wait(&self, attempt: u32, retry_after: Option<Duration>) -> Option<Duration> {
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
}

#[async_trait]
impl Pacer for ConnectionPacer {
    async fn before(&self, _operation: &'static str) -> Result<(), Error> {
        self.bucket.until_ready().await;
        Ok(())
    }

    async fn again(&self, operation: &'static str, attempt: u32, retry_after: Option<Duration>) -> bool {
        let Some(wait) = self.wait(attempt, retry_after) else { return false };
        tracing::info!(operation, attempt, wait_ms = wait.as_millis(), "a call failed and is tried again");
        let name = self.name.clone();
        metrics::counter!(meters::VENDOR_RETRIES, "connection" => name, "operation" => operation)
            .increment(1);
        tokio::time::sleep(wait).await;
        true
    }

    fn after(&self, operation: &'static str, outcome: &'static str, took: Duration) {
        let name = || self.name.clone();
        metrics::counter!(
            meters::VENDOR_CALLS, "connection" => name(), "operation" => operation, "outcome" => outcome
        )
        .increment(1);
        metrics::histogram!(meters::VENDOR_SECONDS, "connection" => name()).record(took);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backs_off_and_obeys() {
        let settings = Settings { retry_delay_ms: 100, retry_delay_ms_max: 1_000, ..Settings::default() };
        let pacer = ConnectionPacer::new(&settings, "hr");
        for attempt in 1..5 {
            let wait = pacer.wait(attempt, None).unwrap();
            let ceiling = Duration::from_millis((100 << (attempt - 1)).min(1_000));
            assert!(wait >= ceiling / 4 && wait <= ceiling, "{attempt}: {wait:?}");
        }
        assert_eq!(pacer.wait(5, None), None);
        assert_eq!(pacer.wait(1, Some(Duration::from_millis(700))), Some(Duration::from_millis(700)));
        assert_eq!(pacer.wait(1, Some(Duration::from_secs(3600))), None);
    }
}
