//! What readings cost in calls that the vendor counts by the month (§8.3), and how often they are worth it. Contacts cost
//! nothing; of the rest a thousand people are complete each morning for about half of what the standard edition has.

use tongshi_dialect::{Rhythm, Scale};

use super::{
    approval::{IDS, WINDOW_DAYS},
    attendance::{LEAVE_DAYS, LEAVE_PEOPLE, LEAVES, PEOPLE, PUNCH_DAYS, RESULTS, SHIFT_DAYS},
};

/// Calls for what shifts, groups and kinds of leave are called.
const NAMES: u64 = 3;
/// Slots of a person's day, for the rows of results.
const SLOTS: u64 = 2;

/// What a connection's settings make of readings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Habits {
    /// Whether results are read beside punches.
    pub(super) results: bool,
    /// Whether names are asked for.
    pub(super) operator: bool,
    /// How many forms are read.
    pub(super) forms: u64,
}

/// How often a listing is read.
pub(super) fn rhythm(listing: &str) -> Option<Rhythm> {
    Some(match listing {
        // Six days cost as much as one: what comes late is found the next morning.
        "punch" => Rhythm {
            every_days: 1,
            window_days: 6,
            wide_every_days: 30,
            wide_days: 6,
            every_days_max: 5,
            weight: 9,
            rows_per_thousand: 0,
        },
        "approval" => Rhythm {
            every_days: 1,
            window_days: 3,
            wide_every_days: 7,
            wide_days: 30,
            every_days_max: 4,
            weight: 7,
            rows_per_thousand: 700,
        },
        "leave" => Rhythm {
            every_days: 1,
            window_days: 3,
            wide_every_days: 7,
            wide_days: 31,
            every_days_max: 7,
            weight: 5,
            rows_per_thousand: 700,
        },
        // Shifts are set for weeks ahead.
        "shift" => Rhythm {
            every_days: 6,
            window_days: 7,
            wide_every_days: 28,
            wide_days: 7,
            every_days_max: 28,
            weight: 1,
            rows_per_thousand: 0,
        },
        _ => return None,
    })
}

/// How many counted calls a reading takes.
pub(super) fn of(listing: &str, scale: &Scale, habits: Habits) -> u64 {
    let days = u64::from(scale.days);
    let groups = |people: u32| scale.people.div_ceil(u64::from(people));
    let pieces = |length: i64| days.div_ceil(length.unsigned_abs());
    let names = if habits.operator { NAMES } else { 0 };
    match listing {
        "punch" => {
            let records = groups(PEOPLE) * pieces(PUNCH_DAYS);
            let slots = scale.people.min(u64::from(PEOPLE)) * SLOTS * days.min(PUNCH_DAYS.unsigned_abs());
            let results = slots.div_ceil(RESULTS.unsigned_abs()).max(1);
            records + if habits.results { records * results } else { 0 }
        }
        "leave" => {
            let groups = groups(LEAVE_PEOPLE);
            // Whoever is away on a day of the window is listed, also when it began before; pages fill unevenly.
            let pages = (scale.rows * 5 / 4).div_ceil(groups.max(1)).div_ceil(LEAVES.unsigned_abs()).max(1);
            names + groups * pieces(LEAVE_DAYS) * pages
        }
        "shift" => names + groups(PEOPLE) * pieces(SHIFT_DAYS),
        "approval" => {
            // All ids, those that run still, and each approval that is new or has ended.
            let lists = habits.forms * pieces(WINDOW_DAYS);
            2 * lists + scale.rows.div_ceil(IDS.unsigned_abs()) + scale.new_rows
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HABITS: Habits = Habits { results: false, operator: true, forms: 1 };

    fn scale(people: u64, days: u32) -> Scale {
        Scale { people, days, rows: 0, new_rows: 0 }
    }

    #[test]
    fn readings_cost_what_the_vendor_s_limits_make_of_them() {
        assert_eq!(of("punch", &scale(1000, 6), HABITS), 20);
        assert_eq!(of("punch", &scale(1001, 6), HABITS), 21);
        assert_eq!(of("punch", &scale(1000, 7), HABITS), 40);
        // 50 people, 2 slots, 6 days: 600 rows on 12 pages beside each call for punches.
        assert_eq!(of("punch", &scale(1000, 6), Habits { results: true, ..HABITS }), 20 + 240);
        assert_eq!(of("leave", &scale(1000, 3), HABITS), 3 + 10);
        assert_eq!(of("leave", &Scale { rows: 170, ..scale(1000, 3) }, HABITS), 3 + 20);
        assert_eq!(of("shift", &scale(1000, 7), HABITS), 3 + 20);
        let approvals = Scale { rows: 60, new_rows: 28, ..scale(1000, 3) };
        assert_eq!(of("approval", &approvals, HABITS), 2 + 3 + 28);
        assert_eq!(of("user", &scale(1000, 1), HABITS), 0);
    }
}
