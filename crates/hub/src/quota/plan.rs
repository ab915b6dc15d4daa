//! What the rest of a month is going to cost, day by day, before a call is made; and how far readings must be pulled apart
//! for it to suffice. Pure.

use jiff::Span;
use tongshi_dialect::{Rhythm, Scale};
use tongshi_model::LocalDate;

/// Days of a month, where rows of a month are spread over days.
const MONTH_DAYS: u64 = 30;

/// A listing whose calls are counted, and what is known of it.
pub(crate) struct Counted {
    pub(crate) listing: &'static str,
    pub(crate) rhythm: Rhythm,
    /// The day for which it was last read, and last read wide.
    pub(crate) last: Option<LocalDate>,
    pub(crate) last_wide: Option<LocalDate>,
    /// Rows that a month brings.
    pub(crate) rows_per_month: u64,
    /// How many calls a reading takes.
    pub(crate) calls: Box<dyn Fn(&Scale) -> u64 + Send + Sync>,
}

impl Counted {
    /// What a reading takes that comes so many days after the last one and covers so many.
    pub(crate) fn cost(&self, people: u64, days: u32, since: u32) -> u64 {
        let rows = |days: u32| (self.rows_per_month * u64::from(days)).div_ceil(MONTH_DAYS);
        // Of what is new, three in five are open still when they are first read, and are read again when they end.
        let new_rows = (self.rows_per_month * u64::from(since.min(days)) * 8).div_ceil(MONTH_DAYS * 5);
        (self.calls)(&Scale { people, days, rows: rows(days), new_rows })
    }
}

/// How a listing is read for the rest of the month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Turns {
    pub(crate) listing: &'static str,
    pub(crate) every_days: u32,
    pub(crate) window_days: u32,
    /// What a usual reading takes, and a wide one.
    pub(crate) calls: u64,
    pub(crate) wide_calls: u64,
    /// What all readings until the end of the month take.
    pub(crate) rest: u64,
    /// The day of the next one.
    pub(crate) next: LocalDate,
}

/// A plan for the rest of a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) listings: Vec<Turns>,
    pub(crate) rest: u64,
    /// The first day whose readings are no longer paid for, if there is one.
    pub(crate) short_on: Option<LocalDate>,
}

/// Plans from a day to the last one of its month, with so many calls left. Where they do not suffice, readings are pulled
/// apart, those that matter least first.
pub(crate) fn plan(counted: &[Counted], people: u64, from: LocalDate, left: u64) -> Plan {
    let mut every: Vec<u32> = counted.iter().map(|of| of.rhythm.every_days.max(1)).collect();
    loop {
        let plan = walk(counted, &every, people, from, left, false);
        if plan.short_on.is_none() {
            return plan;
        }
        let wider = counted.iter().enumerate().filter(|(at, of)| every[*at] < of.rhythm.every_days_max);
        let Some((at, of)) = wider.min_by_key(|(_, of)| of.rhythm.weight) else { return plan };
        every[at] = (every[at] * 2).min(of.rhythm.every_days_max);
    }
}

/// What a whole month takes as it is usually read, as if nothing had been read before.
pub(crate) fn forecast(counted: &[Counted], people: u64, first: LocalDate) -> u64 {
    let every: Vec<u32> = counted.iter().map(|of| of.rhythm.every_days.max(1)).collect();
    walk(counted, &every, people, first, u64::MAX, true).rest
}

fn walk(counted: &[Counted], every: &[u32], people: u64, from: LocalDate, left: u64, anew: bool) -> Plan {
    let known = |of: &Counted| if anew { (None, None) } else { (of.last, of.last_wide) };
    let mut listings: Vec<Turns> = counted
        .iter()
        .zip(every)
        .map(|(of, every)| {
            let window_days = of.rhythm.window_days.max(every + 1);
            Turns {
                listing: of.listing,
                every_days: *every,
                window_days,
                calls: of.cost(people, window_days, *every),
                wide_calls: of.cost(people, of.rhythm.wide_days.max(window_days), *every),
                rest: 0,
                next: next(known(of).0, *every, from),
            }
        })
        .collect();
    let mut state: Vec<_> = counted.iter().map(known).collect();
    let (mut rest, mut short_on, mut day) = (0, None, from);
    while day.month() == from.month() {
        for (at, of) in counted.iter().enumerate() {
            let (last, wide) = &mut state[at];
            if next(*last, every[at], day) != day {
                continue;
            }
            let is_wide = next(*wide, of.rhythm.wide_every_days, day) == day;
            let calls = if is_wide { listings[at].wide_calls } else { listings[at].calls };
            *last = Some(day);
            if is_wide {
                *wide = Some(day);
            }
            listings[at].rest += calls;
            rest += calls;
            if rest > left && short_on.is_none() {
                short_on = Some(day);
            }
        }
        match day.tomorrow() {
            Ok(next) => day = next,
            Err(_) => break,
        }
    }
    Plan { listings, rest, short_on }
}

/// The first day from one on for which something is due that was last done for another.
pub(crate) fn next(last: Option<LocalDate>, every_days: u32, from: LocalDate) -> LocalDate {
    let due = last.and_then(|last| last.checked_add(Span::new().days(i64::from(every_days))).ok());
    due.map_or(from, |due| due.max(from))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAILY: Rhythm = Rhythm {
        every_days: 1,
        window_days: 6,
        wide_every_days: 1000,
        wide_days: 6,
        every_days_max: 4,
        weight: 9,
        rows_per_thousand: 0,
    };

    fn day(text: &str) -> LocalDate {
        text.parse().unwrap()
    }

    fn punches() -> Counted {
        Counted {
            listing: "punch",
            rhythm: DAILY,
            last: None,
            last_wide: None,
            rows_per_month: 0,
            calls: Box::new(|scale| scale.people.div_ceil(50)),
        }
    }

    fn shifts() -> Counted {
        let rhythm = Rhythm { weight: 1, every_days_max: 28, ..DAILY };
        Counted { listing: "shift", rhythm, ..punches() }
    }

    #[test]
    fn a_month_is_foreseen_day_by_day() {
        let plan = plan(&[punches()], 1000, day("2026-03-01"), 3000);
        assert_eq!((plan.rest, plan.short_on), (31 * 20, None));
        assert_eq!((plan.listings[0].calls, plan.listings[0].next), (20, day("2026-03-01")));
        let read = Counted { last: Some(day("2026-03-30")), ..punches() };
        assert_eq!(super::plan(&[read], 1000, day("2026-03-30"), 3000).rest, 20, "only the last day is left");
    }

    #[test]
    fn what_matters_least_is_pulled_apart_first() {
        let plan = plan(&[punches(), shifts()], 1000, day("2026-03-01"), 700);
        assert_eq!(plan.short_on, None);
        assert_eq!(plan.listings[0].every_days, 1);
        assert_eq!((plan.listings[1].every_days, plan.listings[1].window_days), (8, 9));
        assert!(plan.rest <= 700, "{}", plan.rest);
        let short = super::plan(&[punches(), shifts()], 1000, day("2026-03-01"), 100);
        assert_eq!((short.listings[0].every_days, short.listings[1].every_days), (4, 28));
        assert_eq!(short.short_on, Some(day("2026-03-17")));
    }
}
