//! Shifts, punches, timelines.

use tongshi_model::{
    Coded, Direction, DurationUnit, Error, Id, Instant, LocalDate, Punch, PunchSource, Quantity,
    ShiftAssignment, TimelineEntry, TimelineKind, shanghai,
};

use super::{TIMELINES, UNITS, date, filled, time, time_text};
use crate::zhiren::wire;

/// A shift as it is read.
pub(in crate::zhiren) fn read_arrangement(
    raw: wire::Arrangement,
    employee: Id,
) -> Result<ShiftAssignment, Error> {
    Ok(ShiftAssignment {
        employee,
        date: date("date", raw.date)?.ok_or_else(|| Error::invalid("date", "date is missing"))?,
        shift: filled(raw.workshift_name),
        rule: filled(raw.attenance_rule_name),
        time_range: filled(raw.time_range),
    })
}

/// A shift as it is shown.
pub(in crate::zhiren) fn show_arrangement(shift: ShiftAssignment, empno: &str) -> wire::Arrangement {
    wire::Arrangement {
        attenance_rule_name: shift.rule,
        workshift_name: shift.shift,
        empno: Some(empno.to_owned()),
        date: Some(shift.date.to_string()),
        time_range: shift.time_range,
    }
}

/// A timeline entry as it is read. Where the day is missing it is the day on which it starts.
pub(in crate::zhiren) fn read_timeline(raw: wire::Timeline, employee: Id) -> Result<TimelineEntry, Error> {
    let start = time("start_time", raw.start_time)?;
    let day = date("date", raw.date)?.or_else(|| start.map(Instant::date));
    let unit = UNITS.read(raw.duration_unit).unwrap_or_else(|| Coded::ours(DurationUnit::Other));
    Ok(TimelineEntry {
        employee,
        kind: TIMELINES.read(raw.category).unwrap_or_else(|| Coded::ours(TimelineKind::Other)),
        date: day.ok_or_else(|| Error::invalid("date", "date is missing"))?,
        start,
        end: time("end_time", raw.end_time)?,
        duration: raw.duration.map(|number| Quantity { number, unit }),
        approval: None,
        note: None,
    })
}

/// A timeline entry as it is shown.
pub(in crate::zhiren) fn show_timeline(entry: TimelineEntry) -> wire::Timeline {
    let (duration, duration_unit) = match entry.duration {
        Some(Quantity { number, unit }) if unit.value == DurationUnit::HalfDays => {
            let days = number.as_f64().and_then(|halves| serde_json::Number::from_f64(halves / 2.0));
            (days, UNITS.word(DurationUnit::HalfDays).map(str::to_owned))
        }
        Some(Quantity { number, unit }) => (Some(number), UNITS.write(&unit)),
        None => (None, None),
    };
    wire::Timeline {
        date: Some(entry.date.to_string()),
        category: TIMELINES.write(&entry.kind),
        duration,
        duration_unit,
        start_time: entry.start.map(time_text),
        end_time: entry.end.map(time_text),
    }
}

/// A day's coming and going as punches. The form of the two times is documented nowhere: a whole time and a bare
/// time of day are read, and a bare time of going that lies before that of coming is on the next day.
pub(in crate::zhiren) fn read_checking(
    raw: wire::AttendanceChecking,
    employee: Id,
) -> Result<Vec<Punch>, Error> {
    let day = date("date", raw.date)?.ok_or_else(|| Error::invalid("date", "date is missing"))?;
    let came = clock_time("check_in_time", raw.check_in_time, day, None)?;
    let went = clock_time("check_out_time", raw.check_out_time, day, came)?;
    let punch = |at, direction| Punch {
        employee,
        at,
        direction,
        source: PunchSource::Unknown,
        day: Some(day),
        detail: None,
    };
    let came = came.map(|at| punch(at, Direction::In));
    Ok(came.into_iter().chain(went.map(|at| punch(at, Direction::Out))).collect())
}

fn clock_time(
    field: &'static str,
    text: Option<String>,
    day: LocalDate,
    after: Option<Instant>,
) -> Result<Option<Instant>, Error> {
    let Some(text) = filled(text) else { return Ok(None) };
    if text.len() > 8 {
        return time(field, Some(text));
    }
    let invalid = || Error::invalid(field, format!("{field} is no time"));
    let clock: jiff::civil::Time = text.trim().parse().map_err(|_| invalid())?;
    let on = |day: LocalDate| {
        shanghai().to_timestamp(day.to_datetime(clock)).ok().map(|at| Instant::new(at, shanghai()))
    };
    let at = on(day).ok_or_else(invalid)?;
    if after.is_some_and(|after| at < after) {
        return Ok(day.tomorrow().ok().and_then(on));
    }
    Ok(Some(at))
}

/// Punches as days, each with its coming and its going. Where a punch does not say which it is, the first of a day is
/// the coming and the last the going; one punch alone is a coming, unless it says that it is a going.
pub(in crate::zhiren) fn show_checkings(punches: &[Punch]) -> Vec<wire::AttendanceChecking> {
    let mut by_day: Vec<(LocalDate, Vec<&Punch>)> = Vec::new();
    let mut sorted: Vec<&Punch> = punches.iter().collect();
    sorted.sort_by_key(|punch| (punch.working_day(), punch.at));
    for punch in sorted {
        match by_day.last_mut() {
            Some((day, of_day)) if *day == punch.working_day() => of_day.push(punch),
            _ => by_day.push((punch.working_day(), vec![punch])),
        }
    }
    let checking = |(day, of_day): &(LocalDate, Vec<&Punch>)| {
        let came = of_day.iter().position(|punch| punch.direction != Direction::Out);
        let went =
            of_day.iter().rposition(|punch| punch.direction != Direction::In).filter(|at| Some(*at) != came);
        let text = |at: Option<usize>| at.map(|at| time_text(of_day[at].at));
        wire::AttendanceChecking {
            date: Some(day.to_string()),
            check_in_time: text(came),
            check_out_time: text(went),
        }
    };
    by_day.iter().map(checking).collect()
}
