//! Small arithmetic on days and wall-clock times. It saturates: a plan at the end of the calendar is no reason to fail.

use jiff::{
    Span,
    civil::{DateTime, Time, Weekday},
};
use tongshi_model::{Instant, LocalDate, Timestamp, shanghai};

/// So many days later, or earlier where negative.
pub(crate) fn plus_days(date: LocalDate, days: i64) -> LocalDate {
    date.saturating_add(Span::new().days(days))
}

/// So many minutes later, or earlier where negative.
pub(crate) fn plus_minutes(time: DateTime, minutes: i64) -> DateTime {
    time.saturating_add(Span::new().minutes(minutes))
}

/// So many seconds later, or earlier where negative.
pub(crate) fn plus_seconds(time: DateTime, seconds: i64) -> DateTime {
    time.saturating_add(Span::new().seconds(seconds))
}

/// The day at this many minutes after midnight; more than a day's worth falls on the next day.
pub(crate) fn at(date: LocalDate, minutes: i64) -> DateTime {
    plus_minutes(date.to_datetime(Time::midnight()), minutes)
}

/// What a clock in China showed.
pub(crate) fn instant(time: DateTime) -> Instant {
    let offset = shanghai();
    Instant::new(offset.to_timestamp(time).unwrap_or(Timestamp::MAX), offset)
}

/// Whether it is a Saturday or a Sunday.
pub(crate) fn weekend(date: LocalDate) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}
