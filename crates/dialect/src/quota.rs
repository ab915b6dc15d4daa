//! How much an app may call: a bucket for each app and purpose, filled at an even pace (GCRA), kept in memory.

use std::{
    fmt,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use governor::{
    RateLimiter,
    clock::Clock as Ticking,
    middleware::StateInformationMiddleware,
    nanos::Nanos,
    state::{InMemoryState, NotKeyed},
};
use moka::sync::Cache;
use tongshi_model::{Clock, Id};

/// Buckets that are remembered. One that is forgotten is full again.
const BUCKETS_MAX: u64 = 65_536;

/// A clock that was set back by more than this would keep buckets empty for as long; they are filled instead.
const SET_BACK_MICROSECONDS: i64 = 1_000_000;

/// So many calls in so much time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Calls.
    pub calls: NonZeroU32,
    /// In this time.
    pub per: Duration,
    /// Calls that may come at once.
    pub burst: NonZeroU32,
}

impl Quota {
    /// So many calls in this time, all of them at once if need be.
    pub fn new(calls: NonZeroU32, per: Duration) -> Self {
        Self { calls, per, burst: calls }
    }

    fn paced(self) -> Option<governor::Quota> {
        let each = self.per / self.calls.get();
        governor::Quota::with_period(each).map(|quota| quota.allow_burst(self.burst))
    }
}

/// What is left of a quota after a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Calls that may come at once now.
    pub remaining: u32,
    /// After this time all of the burst may come at once.
    pub full_in: Duration,
}

/// How long to wait before another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait(pub Duration);

impl Wait {
    /// Whole seconds, at least one.
    pub fn seconds(self) -> u64 {
        self.0.as_secs() + u64::from(self.0.subsec_nanos() > 0 || self.0.is_zero())
    }
}

/// The buckets of all apps.
pub struct Limiter {
    ticks: Ticks,
    last: AtomicI64,
    buckets: Cache<(Id, &'static str), Arc<Bucket>>,
}

struct Bucket {
    quota: Quota,
    limiter: RateLimiter<NotKeyed, InMemoryState, Ticks, StateInformationMiddleware>,
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Limiter({} buckets)", self.buckets.entry_count())
    }
}

impl Limiter {
    /// No bucket yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { ticks: Ticks(clock), last: AtomicI64::new(i64::MIN), buckets: Cache::new(BUCKETS_MAX) }
    }

    /// Takes one call out of the app's bucket for this purpose.
    pub fn take(&self, app: Id, what: &'static str, quota: Quota) -> Result<Standing, Wait> {
        let now = self.ticks.0.now().as_microsecond();
        if now < self.last.swap(now, Ordering::Relaxed).saturating_sub(SET_BACK_MICROSECONDS) {
            self.buckets.invalidate_all();
        }
        let Some(bucket) = self.bucket(app, what, quota) else {
            return Ok(Standing { remaining: quota.burst.get(), full_in: Duration::ZERO });
        };
        match bucket.limiter.check() {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                let used = quota.burst.get().saturating_sub(remaining);
                Ok(Standing { remaining, full_in: quota.per / quota.calls.get() * used })
            }
            Err(not_until) => Err(Wait(not_until.wait_time_from(self.ticks.now()))),
        }
    }

    /// The app's bucket; a quota that was changed begins a new one.
    fn bucket(&self, app: Id, what: &'static str, quota: Quota) -> Option<Arc<Bucket>> {
        let key = (app, what);
        if let Some(bucket) = self.buckets.get(&key).filter(|bucket| bucket.quota == quota) {
            return Some(bucket);
        }
        let paced = quota.paced()?;
        let fresh = || {
            let limiter = RateLimiter::direct_with_clock(paced, self.ticks.clone())
                .with_middleware::<StateInformationMiddleware>();
            Arc::new(Bucket { quota, limiter })
        };
        let entry = self.buckets.entry(key).or_insert_with_if(fresh, |kept| kept.quota != quota);
        Some(entry.into_value())
    }
}

/// The hub's clock as the buckets read it.
#[derive(Clone)]
struct Ticks(Arc<dyn Clock>);

impl Ticking for Ticks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let microseconds = u64::try_from(self.0.now().as_microsecond()).unwrap_or_default();
        Nanos::from(microseconds.saturating_mul(1000))
    }
}

#[cfg(test)]
mod tests {
    use tongshi_model::FixedClock;

    use super::*;

    fn number(number: u32) -> NonZeroU32 {
        NonZeroU32::new(number).unwrap()
    }

    #[test]
    fn each_app_and_purpose_has_its_own_bucket_which_fills_evenly() {
        let clock = Arc::new(FixedClock::at("2026-03-16T02:00:00Z".parse().unwrap()));
        let limiter = Limiter::new(clock.clone());
        let quota = Quota::new(number(6), Duration::from_secs(60));
        let (one, other) = (Id::of(&["one"]), Id::of(&["other"]));
        for left in (0..6).rev() {
            let standing = limiter.take(one, "v1", quota).unwrap();
            assert_eq!(standing.remaining, left);
            assert_eq!(standing.full_in, Duration::from_secs(10) * (6 - left));
        }
        assert_eq!(limiter.take(one, "v1", quota), Err(Wait(Duration::from_secs(10))));
        assert!(limiter.take(one, "user.get", quota).is_ok());
        assert!(limiter.take(other, "v1", quota).is_ok());
        clock.advance_seconds(9);
        assert_eq!(limiter.take(one, "v1", quota).unwrap_err().seconds(), 1);
        clock.advance_seconds(1);
        assert_eq!(limiter.take(one, "v1", quota).unwrap().remaining, 0);
        assert!(limiter.take(one, "v1", quota).is_err());
        let wider = Quota { burst: number(2), ..Quota::new(number(60), Duration::from_secs(60)) };
        assert_eq!(limiter.take(one, "v1", wider).unwrap().remaining, 1, "a changed quota begins anew");
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let clock = Arc::new(FixedClock::at("2026-03-16T02:00:00Z".parse().unwrap()));
        let limiter = Limiter::new(clock.clone());
        let quota = Quota::new(number(1), Duration::from_secs(60));
        let app = Id::of(&["app"]);
        limiter.take(app, "v1", quota).unwrap();
        limiter.take(app, "v1", quota).unwrap_err();
        clock.advance_seconds(-3600);
        limiter.take(app, "v1", quota).unwrap();
        assert_eq!(limiter.take(app, "v1", quota).unwrap_err().seconds(), 60);
    }
}
