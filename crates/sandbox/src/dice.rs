//! Chance that follows from the plan's seed, the purpose and an index, so that each draw is independent of all others.

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use crate::Plan;

/// What a draw is for; two purposes with the same index share nothing.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Standing = 1,
    Identity = 2,
    Employee = 3,
    Approval = 4,
    Form = 5,
    Attendance = 6,
    Candidate = 7,
    Vacancy = 8,
    Visit = 9,
    Salary = 10,
    OwnEvents = 11,
    Recognition = 12,
    Travel = 40,
}

/// A generator for one purpose and one index.
pub(crate) struct Dice(StdRng);

impl Dice {
    pub(crate) fn new(plan: &Plan, purpose: Purpose, index: u32) -> Self {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&plan.seed.to_le_bytes());
        seed[8] = purpose as u8;
        seed[16..20].copy_from_slice(&index.to_le_bytes());
        Self(StdRng::from_seed(seed))
    }

    /// Whether something happens that happens in so many of a hundred cases.
    pub(crate) fn percent(&mut self, chance: u32) -> bool {
        self.0.random_range(0..100_u32) < chance
    }

    /// A number from `low` to `high`, both possible.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        self.0.random_range(low..=high.max(low))
    }

    /// One of a list that is never empty.
    pub(crate) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        // The index is 32 bits wide on every machine, or the same seed would give different companies.
        let index = self.0.random_range(0..list.len() as u32);
        &list[index as usize]
    }

    /// The value, in so many of a hundred cases.
    pub(crate) fn keep<T>(&mut self, chance: u32, value: impl FnOnce() -> T) -> Option<T> {
        self.percent(chance).then(value)
    }
}
