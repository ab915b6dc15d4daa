//! Punches, shifts and leave: DingTalk's words and ours, both ways.

mod leave;
mod punches;
mod shifts;

use jiff::ToSpan as _;
use tongshi_model::{Id, Instant, LocalDate, Timestamp, shanghai};

pub(in crate::dingtalk) use self::{leave::*, punches::*, shifts::*};

/// How the old host writes a time; all its times are of UTC+8 (§1).
const SECONDS: &str = "%Y-%m-%d %H:%M:%S";

/// Milliseconds in the year 2200: nothing that people do lies beyond.
const MILLISECONDS_MAX: i64 = 7_258_118_400_000;

/// A time as the old host writes it.
pub(in crate::dingtalk) fn time_text(at: Instant) -> String {
    Instant::new(at.timestamp(), shanghai()).format(SECONDS)
}

/// The first moment of a day, where the vendor's people are.
pub(in crate::dingtalk) fn midnight(day: LocalDate) -> Instant {
    let at = shanghai().to_timestamp(day.to_datetime(jiff::civil::Time::midnight()));
    Instant::new(at.unwrap_or(Timestamp::UNIX_EPOCH), shanghai())
}

/// The first moment of a day in milliseconds: `workDate`.
pub(in crate::dingtalk) fn work_date(day: LocalDate) -> i64 {
    midnight(day).timestamp().as_millisecond()
}

/// An instant from milliseconds; none where they make no sense.
pub(in crate::dingtalk) fn instant(milliseconds: i64) -> Option<Instant> {
    let sensible = (0..=MILLISECONDS_MAX).contains(&milliseconds);
    let at = Timestamp::from_millisecond(milliseconds).ok().filter(|_| sensible);
    at.map(|at| Instant::new(at, shanghai()))
}

/// A time in any form in which the old host takes one: with the time of day, or a day alone.
pub(in crate::dingtalk) fn read_time(text: &str) -> Option<Instant> {
    let text = text.trim();
    match text.len() {
        10 => text.parse().ok().map(midnight),
        _ if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            instant(text.parse().ok()?)
        }
        _ => Instant::parse(text, shanghai()).ok(),
    }
}

/// A number that stands for something that has none here: the same each time, exact in JavaScript, never small, because
/// small numbers mean something to the vendor (0 and 1 are rest).
pub(in crate::dingtalk) fn numbered(parts: &[&str]) -> i64 {
    let id = Id::of(parts);
    let mut bytes = [0; 8];
    bytes[3..].copy_from_slice(&id.as_bytes()[..5]);
    i64::from_be_bytes(bytes) | (1 << 40)
}

/// The days from one to another, both included.
pub(in crate::dingtalk) fn days(from: LocalDate, to: LocalDate) -> impl Iterator<Item = LocalDate> {
    from.series(1.day()).take_while(move |day| *day <= to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_working_day_is_the_documents_number() {
        // §5.2 prints 1599321600000 for the midnight of 2020-09-06 at UTC+8.
        assert_eq!(work_date("2020-09-06".parse().unwrap()), 1_599_321_600_000);
        assert_eq!(time_text(instant(1_599_321_600_000).unwrap()), "2020-09-06 00:00:00");
        for text in ["2020-09-06", "2020-09-06 00:00:00", "1599321600000"] {
            assert_eq!(read_time(text).unwrap().timestamp().as_millisecond(), 1_599_321_600_000, "{text}");
        }
        for text in ["", "yesterday", "2020-09-31", "99999999999999999999", "-1"] {
            assert!(read_time(text).is_none(), "{text}");
        }
    }

    #[test]
    fn numbers_are_stable_and_safe() {
        let number = numbered(&["shift", "白班"]);
        assert_eq!(number, numbered(&["shift", "白班"]));
        assert_ne!(number, numbered(&["shift", "夜班"]));
        assert!(number > 1 << 39 && number < 1 << 53);
    }
}
