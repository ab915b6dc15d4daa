//! Leave, trips, errands and overtime: on people's timelines here, as leaves and approvals there.

use serde_json::Number;
use tongshi_model::{
    Coded, DurationUnit, Error, Id, Instant, Kind, LocalDate, Quantity, Space, TimelineEntry, TimelineKind,
    shanghai,
};

use super::{days, instant, midnight};
use crate::dingtalk::wire::attendance::{DurationDay, LeaveStatus};

/// The vendor's three sorts of approval that attendance knows, each with the word for people (§5.5).
const SORTS: &[(i64, &str, TimelineKind)] = &[
    (1, "加班", TimelineKind::Overtime),
    (2, "出差", TimelineKind::BusinessTravel),
    (2, "外出", TimelineKind::Outing),
    (3, "请假", TimelineKind::Leave),
];

/// The longest span that is told (§5.5).
pub(in crate::dingtalk) const SPAN_DAYS_MAX: i64 = 31;

/// `biz_type` and `tag_name` of an entry. What the vendor has no word for is an errand.
pub(in crate::dingtalk) fn sort_of(kind: TimelineKind) -> (i64, &'static str) {
    let known = SORTS.iter().find(|(_, _, known)| *known == kind);
    known.map_or((2, "外出"), |(number, tag, _)| (*number, tag))
}

/// The kind that `biz_type` and `tag_name` mean; none for a number that is none of the three.
pub(in crate::dingtalk) fn kind_of(biz_type: i64, tag_name: &str) -> Option<TimelineKind> {
    let mut of_number = SORTS.iter().filter(|(number, ..)| *number == biz_type);
    let first = of_number.next()?;
    let exact = SORTS.iter().find(|(number, tag, _)| *number == biz_type && *tag == tag_name);
    Some(exact.unwrap_or(first).2)
}

/// What a leave is called: the vendor's own word, if it is one for people.
pub(in crate::dingtalk) fn leave_name(entry: &TimelineEntry) -> &str {
    let word = entry.kind.vendor_value.as_deref().filter(|word| !word.is_ascii());
    word.unwrap_or_else(|| sort_of(entry.kind.value).1)
}

/// The code of a kind of leave: its name makes it.
pub(in crate::dingtalk) fn leave_code(name: &str) -> String {
    let digits = Id::of(&["leave", name]).to_string();
    let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    parts.join("-")
}

/// Where an entry begins and ends: its times, or its whole day.
pub(in crate::dingtalk) fn bounds(entry: &TimelineEntry) -> (Instant, Instant) {
    let start = entry.start.unwrap_or_else(|| midnight(entry.date));
    let end = entry.end.unwrap_or_else(|| midnight(entry.date.tomorrow().unwrap_or(entry.date)));
    (start, end)
}

/// An entry as a leave.
pub(in crate::dingtalk) fn show_leave(entry: &TimelineEntry, userid: &str) -> LeaveStatus {
    let (start, end) = bounds(entry);
    let (hundredths, unit) = hundredths(entry);
    LeaveStatus {
        userid: Some(userid.to_owned()),
        start_time: Some(start.timestamp().as_millisecond()),
        end_time: Some(end.timestamp().as_millisecond()),
        duration_percent: Some(hundredths),
        duration_unit: Some(unit.to_owned()),
        leave_code: Some(leave_code(leave_name(entry))),
    }
}

/// How long an entry is, in hundredths of the vendor's unit.
pub(in crate::dingtalk) fn hundredths(entry: &TimelineEntry) -> (i64, &'static str) {
    let scaled = |factor: f64| {
        let number = entry.duration.as_ref().and_then(|duration| duration.number.as_f64()).unwrap_or(0.0);
        // Nobody is on leave for longer than a thousand years.
        (number * factor).round().clamp(0.0, 36_500_000.0) as i64
    };
    match entry.duration.as_ref().map(|duration| duration.unit.value) {
        Some(DurationUnit::Hours) => (scaled(100.0), "percent_hour"),
        Some(DurationUnit::Minutes) => (scaled(100.0 / 60.0), "percent_hour"),
        Some(DurationUnit::HalfDays) => (scaled(50.0), "percent_day"),
        Some(DurationUnit::Days | DurationUnit::Other) => (scaled(100.0), "percent_day"),
        None => (100, "percent_day"),
    }
}

/// A leave as it is read; its code stands for a name where the kinds of leave are known.
pub(in crate::dingtalk) fn read_leave(
    row: &LeaveStatus,
    name: Option<&str>,
    space: Space,
) -> Result<TimelineEntry, Error> {
    let userid = row.userid.as_deref().ok_or_else(|| Error::invalid("userid", "userid is missing"))?;
    let start = row.start_time.and_then(instant);
    let start = start.ok_or_else(|| Error::invalid("start_time", "start_time is no time in milliseconds"))?;
    let word = name.or(row.leave_code.as_deref()).unwrap_or("请假");
    let unit = match row.duration_unit.as_deref() {
        Some(word @ "percent_hour") => Coded::vendor(word, Some(DurationUnit::Hours)),
        Some(word @ "percent_day") => Coded::vendor(word, Some(DurationUnit::Days)),
        Some(word) => Coded::vendor(word, None),
        None => Coded::ours(DurationUnit::Other),
    };
    let number = row.duration_percent.map(|hundredths| plain(hundredths, 100));
    Ok(TimelineEntry {
        employee: space.id(Kind::Employee, userid),
        kind: Coded::vendor(word, Some(TimelineKind::Leave)),
        date: start.date(),
        start: Some(start),
        end: row.end_time.and_then(instant),
        duration: number.map(|number| Quantity { number, unit }),
        approval: None,
        note: None,
    })
}

/// A fraction as a JSON number: whole where it is.
fn plain(numerator: i64, denominator: i64) -> Number {
    if numerator % denominator == 0 {
        return Number::from(numerator / denominator);
    }
    Number::from_f64(numerator as f64 / denominator as f64).unwrap_or_else(|| Number::from(0))
}

/// The forms in which a span is given, which are also what it is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dingtalk) enum Unit {
    /// `2019-08-15`.
    Day,
    /// `2019-08-15 AM`.
    HalfDay,
    /// `2019-08-15 12:43`.
    Hour,
}

impl Unit {
    pub(in crate::dingtalk) fn read(word: &str) -> Option<Self> {
        match word {
            "day" => Some(Self::Day),
            "halfDay" => Some(Self::HalfDay),
            "hour" => Some(Self::Hour),
            _ => None,
        }
    }

    pub(in crate::dingtalk) const fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::HalfDay => "halfDay",
            Self::Hour => "hour",
        }
    }

    /// Where a time in this form begins and ends; none where it is in another.
    fn moment(self, text: &str) -> Option<(Instant, Instant)> {
        let noon = |day: LocalDate| {
            let at = shanghai().to_timestamp(day.to_datetime(jiff::civil::time(12, 0, 0, 0))).ok()?;
            Some(Instant::new(at, shanghai()))
        };
        let day = |text: &str| tongshi_model::parse_date("from_time", text).ok();
        match self {
            Self::Day => {
                let day = day(text)?;
                Some((midnight(day), midnight(day.tomorrow().ok()?)))
            }
            Self::HalfDay => {
                let (date, half) = text.split_once(' ')?;
                let day = day(date)?;
                match half {
                    "AM" => Some((midnight(day), noon(day)?)),
                    "PM" => Some((noon(day)?, midnight(day.tomorrow().ok()?))),
                    _ => None,
                }
            }
            Self::Hour => {
                let at = Instant::parse(text, shanghai()).ok().filter(|_| text.len() == 16)?;
                Some((at, at))
            }
        }
    }
}

/// A span of time as it was told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::dingtalk) struct Told {
    pub(in crate::dingtalk) from: Instant,
    pub(in crate::dingtalk) to: Instant,
    pub(in crate::dingtalk) unit: Unit,
}

/// Why a span cannot be taken, by the new host's codes (§5.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dingtalk) enum SpanFault {
    /// Another form than the unit says.
    Form,
    /// The end lies before the beginning.
    Order,
    /// Longer than the vendor takes.
    TooLong,
}

impl Told {
    /// Reads a span; the form of both times is the unit's.
    pub(in crate::dingtalk) fn read(from: &str, to: &str, unit: Unit) -> Result<Self, SpanFault> {
        let (from, _) = unit.moment(from).ok_or(SpanFault::Form)?;
        let (_, to) = unit.moment(to).ok_or(SpanFault::Form)?;
        let told = Self { from, to, unit };
        match to.timestamp().as_second() - from.timestamp().as_second() {
            ..=0 => Err(SpanFault::Order),
            seconds if seconds > SPAN_DAYS_MAX * 24 * 60 * 60 => Err(SpanFault::TooLong),
            _ => Ok(told),
        }
    }

    /// The span of an entry in the finest unit that it needs, and its two ends as texts.
    pub(in crate::dingtalk) fn of(entry: &TimelineEntry) -> (Unit, String, String) {
        let (start, end) = bounds(entry);
        let local = |at: Instant| Instant::new(at.timestamp(), shanghai());
        let (start, end) = (local(start), local(end));
        let clock = |at: Instant| at.format("%H:%M");
        let last = Instant::new(end.timestamp() - jiff::SignedDuration::from_secs(1), shanghai());
        match (clock(start).as_str(), clock(end).as_str()) {
            ("00:00", "00:00") => (Unit::Day, start.date().to_string(), last.date().to_string()),
            (from @ ("00:00" | "12:00"), to @ ("00:00" | "12:00")) => {
                let from = if from == "00:00" { "AM" } else { "PM" };
                let to = if to == "12:00" { "AM" } else { "PM" };
                (Unit::HalfDay, format!("{} {from}", start.date()), format!("{} {to}", last.date()))
            }
            _ => (Unit::Hour, start.format("%Y-%m-%d %H:%M"), end.format("%Y-%m-%d %H:%M")),
        }
    }

    /// The days that it touches.
    pub(in crate::dingtalk) fn days(&self) -> impl Iterator<Item = LocalDate> {
        let last = Instant::new(self.to.timestamp() - jiff::SignedDuration::from_secs(1), shanghai());
        days(self.from.date(), last.date())
    }

    /// How much it is, day by day and in all. `working` says when there is work on a day; without it every day counts
    /// whole. Days and half days are counted in half days, hours in minutes.
    pub(in crate::dingtalk) fn measure(
        &self,
        working: Option<&dyn Fn(LocalDate) -> Vec<(Instant, Instant)>>,
    ) -> (String, Vec<DurationDay>) {
        let mut total = 0;
        let (mut parts, per_unit) = (Vec::new(), if self.unit == Unit::Hour { 60 } else { 2 });
        for day in self.days() {
            let hours = match working {
                Some(working) => working(day),
                None => vec![(midnight(day), midnight(day.tomorrow().unwrap_or(day)))],
            };
            let seconds = |(from, to): &(Instant, Instant)| {
                let from = from.timestamp().max(self.from.timestamp());
                (to.timestamp().min(self.to.timestamp()).as_second() - from.as_second()).max(0)
            };
            let covered: i64 = hours.iter().map(seconds).sum();
            let part = match self.unit {
                Unit::Hour => covered / 60,
                Unit::Day | Unit::HalfDay if covered == 0 => 0,
                Unit::Day | Unit::HalfDay => self.halves(day),
            };
            total += part;
            let detail = DurationDay {
                date: Some(day.to_string()),
                duration: Some(plain(part, per_unit).to_string()),
            };
            parts.push(detail);
        }
        (plain(total, per_unit).to_string(), parts)
    }

    fn halves(&self, day: LocalDate) -> i64 {
        let noon = midnight(day).timestamp() + jiff::SignedDuration::from_hours(12);
        i64::from(self.from.timestamp() < noon) + i64::from(self.to.timestamp() > noon)
            - i64::from(self.to.timestamp() <= midnight(day).timestamp())
    }
}

/// What was decided elsewhere as an entry of the timeline.
pub(in crate::dingtalk) fn decided(
    employee: Id,
    kind: TimelineKind,
    word: &str,
    told: &Told,
    duration: &str,
) -> TimelineEntry {
    let unit = match told.unit {
        Unit::Hour => DurationUnit::Hours,
        Unit::Day | Unit::HalfDay => DurationUnit::Days,
    };
    TimelineEntry {
        employee,
        kind: Coded::vendor(word, Some(kind)),
        date: told.from.date(),
        start: Some(told.from),
        end: Some(told.to),
        duration: duration
            .parse()
            .ok()
            .map(|number| Quantity { number, unit: Coded::vendor(told.unit.word(), Some(unit)) }),
        approval: None,
        note: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(from: &str, to: &str, unit: Unit) -> TimelineEntry {
        let told = Told::read(from, to, unit).unwrap();
        let (duration, _) = told.measure(None);
        decided(Id::of(&["e"]), TimelineKind::Leave, "年假", &told, &duration)
    }

    #[test]
    fn spans_are_measured() {
        let measure = |from, to, unit| Told::read(from, to, unit).map(|told| told.measure(None).0);
        assert_eq!(measure("2026-03-02", "2026-03-04", Unit::Day).as_deref(), Ok("3"));
        assert_eq!(measure("2026-03-02 PM", "2026-03-03 AM", Unit::HalfDay).as_deref(), Ok("1"));
        assert_eq!(measure("2026-03-02 AM", "2026-03-02 AM", Unit::HalfDay).as_deref(), Ok("0.5"));
        assert_eq!(measure("2026-03-02 09:00", "2026-03-02 16:30", Unit::Hour).as_deref(), Ok("7.5"));
        assert_eq!(measure("2026-03-02", "2026-03-02 AM", Unit::Day), Err(SpanFault::Form));
        assert_eq!(measure("2026-03-02 AM", "2026-03-02 09:00", Unit::HalfDay), Err(SpanFault::Form));
        assert_eq!(measure("2026-03-04", "2026-03-02", Unit::Day), Err(SpanFault::Order));
        assert_eq!(measure("2026-03-01", "2026-04-02", Unit::Day), Err(SpanFault::TooLong));
        // Only the first of two days is worked.
        let worked = |day: LocalDate| {
            let at = |hour: i64| {
                Instant::new(midnight(day).timestamp() + jiff::SignedDuration::from_hours(hour), shanghai())
            };
            if day.day() == 2 { vec![(at(9), at(18))] } else { Vec::new() }
        };
        let told = Told::read("2026-03-02", "2026-03-03", Unit::Day).unwrap();
        assert_eq!(told.measure(Some(&worked)).0, "1");
        let told = Told::read("2026-03-02 10:00", "2026-03-03 10:00", Unit::Hour).unwrap();
        assert_eq!(told.measure(Some(&worked)).0, "8");
    }

    #[test]
    fn spans_go_round() {
        for (from, to, unit) in [
            ("2026-03-02", "2026-03-04", Unit::Day),
            ("2026-03-02 PM", "2026-03-03 AM", Unit::HalfDay),
            ("2026-03-02 AM", "2026-03-03 PM", Unit::HalfDay),
            ("2026-03-02 09:00", "2026-03-02 16:30", Unit::Hour),
        ] {
            let (read, first, last) = Told::of(&entry(from, to, unit));
            // Whole days told as halves come back as days: the same span.
            assert_eq!(
                Told::read(&first, &last, read).map(|told| (told.from, told.to)),
                Told::read(from, to, unit).map(|told| (told.from, told.to))
            );
        }
    }

    #[test]
    fn leaves_go_round() {
        let space = Space { workspace: Id::of(&["w"]), connection: Id::of(&["c"]) };
        for (from, to, unit) in
            [("2026-03-02", "2026-03-04", Unit::Day), ("2026-03-02 09:00", "2026-03-02 16:30", Unit::Hour)]
        {
            let before = entry(from, to, unit);
            let row = show_leave(&before, "u1");
            let after = read_leave(&row, Some("年假"), space).unwrap();
            assert_eq!((after.start, after.end, after.kind), (before.start, before.end, before.kind.clone()));
            let (after, before) = (after.duration.unwrap(), before.duration.unwrap());
            assert_eq!((after.number, after.unit.value), (before.number, before.unit.value));
        }
        assert!(read_leave(&LeaveStatus::default(), None, space).is_err());
    }

    #[test]
    fn kinds_have_numbers() {
        assert_eq!(kind_of(2, "出差"), Some(TimelineKind::BusinessTravel));
        assert_eq!(kind_of(2, "外出"), Some(TimelineKind::Outing));
        assert_eq!(kind_of(3, "whatever"), Some(TimelineKind::Leave));
        assert_eq!(kind_of(4, "请假"), None);
        for kind in TimelineKind::ALL {
            let (number, tag) = sort_of(*kind);
            assert!(kind_of(number, tag).is_some());
        }
        assert_eq!(leave_code("年假").len(), 36);
    }
}
