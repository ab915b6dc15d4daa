//! Which listings a scheduled run reads, and which days of them.

use std::collections::BTreeMap;

use jiff::Span;
use tongshi_dialect::{Listing, Window};
use tongshi_model::LocalDate;

use super::{Quota, plan};

/// After a reading that failed, the next one waits this long; each further failure doubles it.
const RETRY_SECONDS: i64 = 60 * 60;
/// At most this often.
const DOUBLED_MAX: u32 = 3;

/// What a scheduled run reads.
#[derive(Default)]
pub(crate) struct Due {
    /// The listings, in the vendor's order.
    pub(crate) listings: Vec<&'static Listing>,
    /// The days of those whose calls are counted.
    pub(crate) windows: BTreeMap<String, Window>,
    /// Whether some were passed over because their turn has not come.
    pub(crate) passed_over: bool,
}

impl Quota {
    /// Of these listings, those that are due: the ones that cost nothing always, the others by the plan.
    pub(crate) fn due(&self, listings: Vec<&'static Listing>, today: LocalDate) -> Due {
        let mut due = Due::default();
        for listing in listings {
            if !self.counts(listing) {
                due.listings.push(listing);
            } else if let Some(window) = self.window(listing, today) {
                due.listings.push(listing);
                due.windows.insert(listing.name.to_owned(), window);
            } else {
                due.passed_over = true;
            }
        }
        due
    }

    /// The days that a reading covers which is due now; none where none is. Always back to the last complete one.
    fn window(&self, listing: &Listing, today: LocalDate) -> Option<Window> {
        let of = self.counted.iter().find(|of| of.listing == listing.name)?;
        let turns = self.plan.listings.iter().find(|turns| turns.listing == listing.name)?;
        let reading = self.readings.iter().find(|reading| reading.listing == listing.name);
        if let Some(reading) = reading.filter(|reading| reading.failures > 0) {
            let doubled = (reading.failures - 1).min(DOUBLED_MAX);
            if self.now.as_second() < reading.tried_at.as_second() + (RETRY_SECONDS << doubled) {
                return None;
            }
        }
        let mark = self.ledger.limits().mark(self.now);
        // Readings that are pulled apart are a plan; one that is not paid for at all is due on its day, and held.
        let every_days = if turns.calls > self.left { of.rhythm.every_days } else { turns.every_days };
        if plan::next(of.last, every_days, mark) != mark {
            return None;
        }
        let is_wide = plan::next(of.last_wide, of.rhythm.wide_every_days, mark) == mark;
        let days = if is_wide { of.rhythm.wide_days.max(turns.window_days) } else { turns.window_days };
        let from = today.checked_sub(Span::new().days(i64::from(days) - 1)).unwrap_or(today);
        Some(Window { from: of.last.map_or(from, |last| last.min(from)), to: today })
    }

    /// Whether a reading of these days is a wide one.
    pub(crate) fn is_wide(&self, listing: &Listing, window: Window) -> bool {
        let of = self.counted.iter().find(|of| of.listing == listing.name);
        of.is_some_and(|of| days(window) >= of.rhythm.wide_days)
    }
}

/// How many days a window has.
pub(crate) fn days(window: Window) -> u32 {
    u32::try_from((window.to - window.from).get_days() + 1).unwrap_or(1)
}
