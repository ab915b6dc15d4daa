//! Punches between the store and the model.

use tongshi_model::{Instant, Punch};
use tongshi_store::{PunchRow, StoredPunch};

/// A punch as the store takes it.
pub(crate) fn punch_row(punch: Punch) -> PunchRow {
    PunchRow {
        employee: punch.employee,
        at: punch.at.timestamp(),
        offset_seconds: punch.at.offset().seconds(),
        direction: punch.direction,
        source: punch.source,
        day: punch.working_day(),
        detail: punch.detail.map(|detail| detail.to_string()),
    }
}

/// A punch as the model knows it.
pub(crate) fn punch_of(stored: StoredPunch) -> Punch {
    let offset = jiff::tz::Offset::from_seconds(stored.offset_seconds).unwrap_or(jiff::tz::Offset::UTC);
    Punch {
        employee: stored.employee,
        at: Instant::new(stored.at, offset),
        direction: stored.direction,
        source: stored.source,
        day: Some(stored.day),
        detail: stored.detail.and_then(|detail| serde_json::from_str(&detail).ok()),
    }
}
