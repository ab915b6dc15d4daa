//! Instants keep the offset they came in; local dates stay dates.

use std::fmt;

use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Error;

/// A point in time, UTC, to the microsecond and finer.
pub type Timestamp = jiff::Timestamp;

/// A day on somebody's calendar, without a zone.
pub type LocalDate = jiff::civil::Date;

/// UTC+8, where the Chinese vendors' unmarked times are read.
pub fn shanghai() -> Offset {
    Offset::constant(8)
}

/// Reads `YYYY-MM-DD`; the error names the field.
pub fn parse_date(field: &'static str, text: &str) -> Result<LocalDate, Error> {
    let well_formed = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let date = if well_formed { text.parse().ok() } else { None };
    date.ok_or_else(|| Error::invalid(field, format!("{field} must be a date such as 2017-10-01")))
}

/// Reads the date of an HTTP header (RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
pub fn parse_http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp())
}

/// A point in time with the offset of the clock that showed it. Written as RFC 3339 with that offset.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    at: Timestamp,
    offset: Offset,
}

impl Instant {
    /// The instant as shown by a clock with this offset.
    pub fn new(at: Timestamp, offset: Offset) -> Self {
        Self { at, offset }
    }

    /// The instant itself.
    pub fn timestamp(self) -> Timestamp {
        self.at
    }

    /// The offset in which it was written.
    pub fn offset(self) -> Offset {
        self.offset
    }

    /// The day on the calendar beside that clock.
    pub fn date(self) -> LocalDate {
        self.offset.to_datetime(self.at).date()
    }

    /// Reads what vendors write: RFC 3339, with `T` or a space, with or without seconds. A text without an offset
    /// is read in `unmarked`.
    pub fn parse(text: &str, unmarked: Offset) -> Result<Self, Error> {
        let invalid = || Error::invalid("time", "this is no date and time");
        let pieces = jiff::fmt::temporal::Pieces::parse(text).map_err(|_| invalid())?;
        let offset = pieces.to_numeric_offset().unwrap_or(unmarked);
        let time = pieces.time().ok_or_else(invalid)?;
        let at = offset.to_timestamp(pieces.date().to_datetime(time)).map_err(|_| invalid())?;
        Ok(Self { at, offset })
    }

    /// Written with a `strftime` format, in its own offset.
    pub fn format(self, format: &str) -> String {
        self.at.to_zoned(TimeZone::fixed(self.offset)).strftime(format).to_string()
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.at.display_with_offset(self.offset))
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text, Offset::UTC).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_offset() {
        let instant = Instant::parse("2017-07-12T17:29:30.000+08:00", Offset::UTC).unwrap();
        assert_eq!(instant.to_string(), "2017-07-12T17:29:30+08:00");
        assert_eq!(instant.timestamp().to_string(), "2017-07-12T09:29:30Z");
        assert_eq!(instant.format("%Y-%m-%dT%H:%M:%S%.3f%:z"), "2017-07-12T17:29:30.000+08:00");
        let json = serde_json::to_string(&instant).unwrap();
        assert_eq!(serde_json::from_str::<Instant>(&json).unwrap(), instant);
    }

    #[test]
    fn reads_times_without_an_offset_where_told() {
        let punch = Instant::parse("2017-02-03 08:00", shanghai()).unwrap();
        assert_eq!(punch.to_string(), "2017-02-03T08:00:00+08:00");
        assert_eq!(punch.date().to_string(), "2017-02-03");
    }

    #[test]
    fn reads_http_dates() {
        let date = parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        assert_eq!(date.to_string(), "1994-11-06T08:49:37Z");
        assert!(parse_http_date("yesterday").is_none());
    }

    #[test]
    fn refuses_days_that_do_not_exist() {
        assert!(parse_date("join_date_start", "2017-02-30").is_err());
        assert!(parse_date("join_date_start", "").is_err());
        assert!(parse_date("join_date_start", "2017-2-3").is_err());
        assert!(Instant::parse("2017-02-30 08:00", shanghai()).is_err());
        assert!(Instant::parse("2017-02-03", shanghai()).is_err());
    }
}
