//! Guessing is slow: who has shown wrong credentials too often is not listened to for a while, and each further failure
//! doubles the while. Counted by address and key together, so that a stranger cannot lock an app out by naming its key;
//! by address alone and by key alone with wider bounds, from which those are exempt who were right before.

use std::{
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use moka::sync::Cache;
use tongshi_model::{Id, Timestamp};

use crate::Wait;

/// Addresses and keys that are remembered, each.
const REMEMBERED_MAX: u64 = 100_000;

/// An address may fail so many times as often as one key from there: behind it there may be an office.
const ADDRESS_FACTOR: u32 = 10;

/// A key may fail so many times as often from everywhere: a stranger must not be able to lock it.
const KEY_FACTOR: u32 = 1000;

/// Whoever holds one IPv6 address mostly holds all with the same first 64 bits.
const SUBSCRIBER_MASK: u128 = !0 << 64;

/// Somebody tries to prove who they are.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    /// From where; a call within the process has no address and is not limited.
    pub peer: Option<IpAddr>,
    /// Where: `v1`, a dialect, a dialect's sign-in page.
    pub place: &'static str,
    /// The key that is named, or a hash of one that names itself.
    pub id: &'a str,
}

/// When failures have consequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Failures after which one key from one address is not listened to.
    pub failures_max: u32,
    /// For how long, the first time.
    pub block: Duration,
    /// For how long at most.
    pub block_max: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { failures_max: 10, block: Duration::from_secs(30), block_max: Duration::from_secs(3600) }
    }
}

/// A block that begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Who is blocked: `address and key`, `address` or `key`.
    pub whom: &'static str,
    /// For how long.
    pub wait: Wait,
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Timestamp,
    until: Timestamp,
}

/// What is remembered of failures.
pub struct Attempts {
    patience: Patience,
    pairs: Cache<(IpAddr, Id), Failures>,
    addresses: Cache<IpAddr, Failures>,
    keys: Cache<Id, Failures>,
    /// Who was right, noted only while there are failures.
    right: Cache<(IpAddr, Id), ()>,
    /// Until then failures are remembered, in microseconds. Where nobody guesses, nothing is looked up.
    armed_until: AtomicI64,
}

impl Attempts {
    /// Nothing has failed yet.
    pub fn new(patience: Patience) -> Self {
        Self {
            patience,
            pairs: Cache::new(REMEMBERED_MAX),
            addresses: Cache::new(REMEMBERED_MAX),
            keys: Cache::new(REMEMBERED_MAX),
            right: Cache::new(REMEMBERED_MAX),
            armed_until: AtomicI64::new(i64::MIN),
        }
    }

    /// Whether the attempt is listened to.
    pub fn check(&self, attempt: &Attempt<'_>, now: Timestamp) -> Result<(), Wait> {
        let Some((network, key)) = self.armed(attempt, now) else { return Ok(()) };
        self.open(self.pairs.get(&(network, key)), now)?;
        if self.right.contains_key(&(network, key)) {
            return Ok(());
        }
        self.open(self.addresses.get(&network), now)?;
        self.open(self.keys.get(&key), now)
    }

    /// Counts a failure; the block that it begins, if it begins one.
    pub fn failed(&self, attempt: &Attempt<'_>, now: Timestamp) -> Option<Block> {
        let network = network(attempt.peer?);
        let key = key_of(attempt);
        let memory = i64::try_from(self.memory().as_micros()).unwrap_or(i64::MAX);
        self.armed_until.fetch_max(now.as_microsecond().saturating_add(memory), Ordering::Relaxed);
        let bound = self.patience.failures_max;
        let pair = self.count(&self.pairs, (network, key), bound, now);
        let address = self.count(&self.addresses, network, bound.saturating_mul(ADDRESS_FACTOR), now);
        let everywhere = self.count(&self.keys, key, bound.saturating_mul(KEY_FACTOR), now);
        let block = |whom, failures: Failures| {
            let seconds = failures.until.as_second().saturating_sub(now.as_second());
            let wait = u64::try_from(seconds).ok().filter(|seconds| *seconds > 0)?;
            Some(Block { whom, wait: Wait(Duration::from_secs(wait)) })
        };
        block("key", everywhere)
            .or_else(|| block("address", address))
            .or_else(|| block("address and key", pair))
    }

    /// Forgets the failures of a key from an address that has shown the right credentials.
    pub fn passed(&self, attempt: &Attempt<'_>, now: Timestamp) {
        let Some((network, key)) = self.armed(attempt, now) else { return };
        self.pairs.invalidate(&(network, key));
        let watched = self.addresses.contains_key(&network) || self.keys.contains_key(&key);
        if watched && !self.right.contains_key(&(network, key)) {
            self.right.insert((network, key), ());
        }
    }

    /// Address and key, while failures are remembered.
    fn armed(&self, attempt: &Attempt<'_>, now: Timestamp) -> Option<(IpAddr, Id)> {
        if now.as_microsecond() >= self.armed_until.load(Ordering::Relaxed) {
            return None;
        }
        Some((network(attempt.peer?), key_of(attempt)))
    }

    fn open(&self, failures: Option<Failures>, now: Timestamp) -> Result<(), Wait> {
        let Some(failures) = failures.filter(|failures| failures.until > now) else { return Ok(()) };
        let wait = Duration::try_from(failures.until.duration_since(now)).unwrap_or_default();
        // Longer than any block: the clock was set back.
        if wait > self.patience.block_max { Ok(()) } else { Err(Wait(wait)) }
    }

    fn count<K>(&self, cache: &Cache<K, Failures>, key: K, bound: u32, now: Timestamp) -> Failures
    where
        K: Hash + Eq + Send + Sync + 'static,
    {
        let entry = cache.entry(key).and_upsert_with(|kept| {
            let before = kept.map(moka::Entry::into_value);
            self.counted(before, bound, now)
        });
        entry.into_value()
    }

    fn counted(&self, before: Option<Failures>, bound: u32, now: Timestamp) -> Failures {
        let memory = self.memory();
        let recent = |failures: &Failures| {
            Duration::try_from(now.duration_since(failures.last)).is_ok_and(|since| since < memory)
        };
        let count = before.filter(recent).map_or(0, |failures| failures.count).saturating_add(1);
        let until = match count.checked_sub(bound) {
            None => now,
            Some(over) => {
                let wait = self.patience.block.saturating_mul(1 << over.min(20)).min(self.patience.block_max);
                now.checked_add(wait).unwrap_or(Timestamp::MAX)
            }
        };
        Failures { count, last: now, until }
    }

    /// How long a failure counts: longer than the longest block, which would else be followed by a short one.
    fn memory(&self) -> Duration {
        self.patience.block_max.saturating_mul(2)
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & SUBSCRIBER_MASK)),
    }
}

fn key_of(attempt: &Attempt<'_>) -> Id {
    Id::of(&["attempt", attempt.place, attempt.id])
}

#[cfg(test)]
mod tests {
    use tongshi_model::{Clock as _, FixedClock};

    use super::*;

    fn attempt<'a>(peer: &str, id: &'a str) -> Attempt<'a> {
        Attempt { peer: Some(peer.parse().unwrap()), place: "v1", id }
    }

    fn clock() -> FixedClock {
        FixedClock::at("2026-03-16T02:00:00Z".parse().unwrap())
    }

    #[test]
    fn waits_grow_and_the_right_key_from_elsewhere_works_on() {
        let (clock, attempts) = (clock(), Attempts::new(Patience::default()));
        let (thief, owner) = (attempt("192.0.2.1", "ak-1"), attempt("192.0.2.2", "ak-1"));
        for _ in 1..10 {
            assert_eq!(attempts.failed(&thief, clock.now()), None);
            assert_eq!(attempts.check(&thief, clock.now()), Ok(()));
        }
        for wait in [30, 60, 120, 240, 480, 960, 1920, 3600, 3600] {
            let block = attempts.failed(&thief, clock.now()).unwrap();
            assert_eq!(block, Block { whom: "address and key", wait: Wait(Duration::from_secs(wait)) });
            assert_eq!(attempts.check(&thief, clock.now()), Err(block.wait));
            assert_eq!(attempts.check(&owner, clock.now()), Ok(()));
            clock.advance_seconds(i64::try_from(wait).unwrap() - 1);
            assert!(attempts.check(&thief, clock.now()).is_err());
            clock.advance_seconds(1);
            assert_eq!(attempts.check(&thief, clock.now()), Ok(()));
        }
        attempts.passed(&thief, clock.now());
        assert_eq!(attempts.failed(&thief, clock.now()), None);
    }

    #[test]
    fn many_keys_from_one_address_are_one_guess_after_the_other() {
        let (clock, attempts) = (clock(), Attempts::new(Patience::default()));
        let right = attempt("2001:db8::7", "ak-right");
        let ids: Vec<String> = (0..100).map(|number| format!("ak-{number}")).collect();
        for id in &ids {
            assert_eq!(attempts.check(&attempt("2001:db8::1", id), clock.now()), Ok(()));
            attempts.failed(&attempt("2001:db8::1", id), clock.now());
            attempts.passed(&right, clock.now());
        }
        assert!(
            attempts.check(&attempt("2001:db8::ffff", "ak-new"), clock.now()).is_err(),
            "the same network"
        );
        assert_eq!(attempts.check(&right, clock.now()), Ok(()), "it was right before");
        assert_eq!(attempts.check(&attempt("2001:db8:0:1::1", "ak-new"), clock.now()), Ok(()));
    }

    #[test]
    fn one_key_from_many_addresses_has_a_far_bound_and_its_owner_is_exempt() {
        let patience = Patience { failures_max: 2, ..Patience::default() };
        let (clock, attempts) = (clock(), Attempts::new(patience));
        let owner = attempt("198.51.100.1", "ak-1");
        for number in 0..2000u32 {
            let address = IpAddr::from(std::net::Ipv4Addr::from_bits(0xC612_0000 + number));
            let thief = Attempt { peer: Some(address), place: "v1", id: "ak-1" };
            attempts.check(&thief, clock.now()).unwrap();
            attempts.failed(&thief, clock.now());
            attempts.passed(&owner, clock.now());
        }
        assert!(attempts.check(&attempt("203.0.113.9", "ak-1"), clock.now()).is_err());
        assert_eq!(attempts.check(&owner, clock.now()), Ok(()));
        assert_eq!(attempts.check(&attempt("203.0.113.9", "ak-2"), clock.now()), Ok(()));
    }

    #[test]
    fn failures_are_forgotten_and_a_clock_set_back_blocks_nobody() {
        let (clock, attempts) = (clock(), Attempts::new(Patience::default()));
        let thief = attempt("192.0.2.1", "ak-1");
        (0..9).for_each(|_| assert_eq!(attempts.failed(&thief, clock.now()), None));
        clock.advance_seconds(2 * 3600);
        assert_eq!(attempts.failed(&thief, clock.now()), None, "the nine are forgotten");
        let last = (0..9).filter_map(|_| attempts.failed(&thief, clock.now())).count();
        assert_eq!(last, 1, "the tenth begins a block");
        assert!(attempts.check(&thief, clock.now()).is_err());
        clock.advance_seconds(-86_400);
        assert_eq!(attempts.check(&thief, clock.now()), Ok(()));
        let inside = Attempt { peer: None, place: "v1", id: "ak-1" };
        (0..99).for_each(|_| assert_eq!(attempts.failed(&inside, clock.now()), None));
    }
}
