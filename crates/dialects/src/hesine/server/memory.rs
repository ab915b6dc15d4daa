//! What a face knows for a minute: what became of decisions (§2.5), and a number for each document that it makes.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tongshi_model::{Id, Timestamp};

use crate::hesine::wire::Progress;

/// How long the outcome of a decision can be asked for (§2.5).
const SECONDS: i64 = 60;

/// Outcomes that are kept at most; the vendor's own pace is one a minute and approver.
const OUTCOMES_MAX: usize = 10_000;

/// Kept in this process only: the decision itself is in the record, and whoever asks another process reads it there.
#[derive(Default)]
pub(super) struct Memory {
    serial: AtomicU64,
    outcomes: Mutex<HashMap<(Id, Id), (Timestamp, Progress)>>,
}

impl Memory {
    /// A number that no other document of this process has.
    pub(super) fn serial(&self) -> u64 {
        self.serial.fetch_add(1, Ordering::Relaxed)
    }

    /// Keeps what became of what this approver decided through this app.
    pub(super) fn keep(&self, app: Id, approver: Id, now: Timestamp, progress: Progress) {
        let mut outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        if outcomes.len() >= OUTCOMES_MAX {
            outcomes.retain(|_, (at, _)| is_fresh(*at, now));
        }
        if outcomes.len() < OUTCOMES_MAX {
            outcomes.insert((app, approver), (now, progress));
        }
    }

    /// What became of it, for a minute.
    pub(super) fn outcome(&self, app: Id, approver: Id, now: Timestamp) -> Option<Progress> {
        let outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, progress) = outcomes.get(&(app, approver))?;
        is_fresh(*at, now).then(|| progress.clone())
    }
}

fn is_fresh(at: Timestamp, now: Timestamp) -> bool {
    now.as_second().saturating_sub(at.as_second()) <= SECONDS
}
