//! Work in the field: days of attendance, reports of where somebody was, visits to customers. All of it pure.

use serde_json::{Value, json};
use tongshi_dialect::Record;
use tongshi_model::{
    Coded, Direction, Employee, Error, Id, Instant, Kind, LocalDate, OrgUnit, Punch, PunchSource,
    ShiftAssignment, Space, TimelineEntry, TimelineKind, parse_date, shanghai,
};

use super::filled;
use crate::waiqin::wire::{AttendanceRow, EDGES, SHIFTS, SLOTS, Track, VisitRow, slot};

const SECOND: &str = "%Y-%m-%d %H:%M:%S";
const MINUTE: &str = "%Y-%m-%d %H:%M";

/// Reports of the field as the vendor calls them (§B3), and what they are to us. A report of attendance is no field work:
/// the attendance details have it too.
const CHECK_IN: &str = "客户签到";
const LEAVING: &str = "拜访-离开登记";

/// What is on people's timelines that Waiqin would show as a visit.
pub(crate) const VISITS: [TimelineKind; 2] = [TimelineKind::FieldWork, TimelineKind::Outing];

/// Somebody's day.
pub(crate) struct Day<'a> {
    pub(crate) id: Id,
    pub(crate) employee: &'a Employee,
    pub(crate) unit: Option<(Id, &'a OrgUnit)>,
    pub(crate) date: LocalDate,
    /// By time.
    pub(crate) punches: &'a [Punch],
    pub(crate) shift: Option<&'a ShiftAssignment>,
    /// Whether something on their timeline keeps them away.
    pub(crate) away: bool,
}

/// One coming and going.
type Pair<'a> = [Option<&'a Punch>; 2];

/// The comings and goings of a day. Where the vendor of the punches does not say which is which, the first is the coming
/// and the last the going.
pub(crate) fn pairs(punches: &[Punch]) -> Vec<Pair<'_>> {
    let known = |punch: &Punch| matches!(punch.direction, Direction::In | Direction::Out);
    if !punches.iter().all(known) {
        return match punches {
            [] => Vec::new(),
            [only] => vec![[Some(only), None]],
            [first, .., last] => vec![[Some(first), Some(last)]],
        };
    }
    let mut pairs: Vec<Pair<'_>> = Vec::new();
    for punch in punches {
        let full = pairs.len() == SHIFTS.len();
        match (punch.direction, pairs.last_mut()) {
            // Who comes twice has come; who goes twice has gone the second time.
            (Direction::In, Some([Some(_), None])) => {}
            (Direction::In, _) if !full => pairs.push([Some(punch), None]),
            (Direction::Out, Some([_, going])) => *going = Some(punch),
            (Direction::Out, None) => pairs.push([None, Some(punch)]),
            _ => {}
        }
    }
    pairs
}

/// A day as the attendance details show it, with room for so many shifts.
pub(crate) fn show_day(day: &Day<'_>, shifts: usize) -> AttendanceRow {
    let pairs = pairs(day.punches);
    let planned = day.shift.and_then(|shift| shift.time_range.as_deref()).and_then(|range| {
        let (from, to) = range.split_once('-')?;
        Some([from.trim().to_owned(), to.trim().to_owned()])
    });
    let mut row = AttendanceRow {
        dept_id: day.unit.map(|(id, _)| id.to_string()),
        dept_name: day.unit.map(|(_, unit)| unit.name.clone()),
        dept_code: day.unit.and_then(|(_, unit)| unit.code.clone()),
        dept_source_code: day.unit.and_then(|(_, unit)| unit.code.clone()),
        emp_code: day.employee.employee_no.clone(),
        emp_id: Some(day.id.to_string()),
        emp_name: Some(day.employee.name.expose().clone()),
        emp_source_code: day.employee.employee_no.clone(),
        group_name: day.shift.and_then(|shift| shift.rule.clone().or(shift.shift.clone())),
        position_name: day.employee.job_title.clone(),
        register_date: Some(day.date.to_string()),
        sex: super::sex_word(day.employee).map(str::to_owned),
        absent_day: Some(if is_absent(day) { "1.00" } else { "0.00" }.to_owned()),
        absent_times: None,
        work_times: Some(minutes(&pairs).to_string()),
        ..AttendanceRow::default()
    };
    for shift in 0..shifts {
        for edge in 0..EDGES.len() {
            let punch = pairs.get(shift).and_then(|pair| pair[edge]);
            for what in SLOTS {
                let text = match (what, punch) {
                    ("RgTime", Some(punch)) => punch.at.format("%H:%M:%S"),
                    ("RqTime", _) if shift == 0 => {
                        planned.as_ref().map_or_else(String::new, |planned| planned[edge].clone())
                    }
                    ("LocationA", Some(punch)) => place(punch),
                    // In place: of somebody off their post the record knows nothing.
                    ("LcError", Some(_)) => "0".to_owned(),
                    _ => String::new(),
                };
                row.shifts.insert(slot(shift, edge, what), Value::from(text));
            }
        }
    }
    row
}

fn is_absent(day: &Day<'_>) -> bool {
    day.shift.is_some() && day.punches.is_empty() && !day.away
}

fn minutes(pairs: &[Pair<'_>]) -> i64 {
    let of = |pair: &Pair<'_>| match pair {
        [Some(on), Some(off)] => (off.at.timestamp().as_second() - on.at.timestamp().as_second()) / 60,
        _ => 0,
    };
    pairs.iter().map(of).sum::<i64>().max(0)
}

fn place(punch: &Punch) -> String {
    let detail = punch.detail.as_ref();
    let named = detail.and_then(|detail| detail["location"].as_str().or(detail["place"].as_str()));
    named.unwrap_or_default().to_owned()
}

/// The punches of a day. One that goes before it comes goes on the next day.
pub(crate) fn read_day(row: &AttendanceRow, employee: Id) -> Result<Vec<Punch>, Error> {
    let day = row.register_date.as_deref().unwrap_or_default();
    let day = parse_date("registerDate", day.split(' ').next().unwrap_or_default())?;
    let mut punches: Vec<Punch> = Vec::new();
    for shift in 0..SHIFTS.len() {
        let mut came: Option<Instant> = None;
        for (edge, direction) in [Direction::In, Direction::Out].into_iter().enumerate() {
            let text = |what| row.shifts.get(&slot(shift, edge, what)).and_then(Value::as_str);
            let given = |what| text(what).map(str::trim).filter(|text| !text.is_empty());
            let Some(time) = given("RgTime") else { continue };
            let at = instant(day, time, came)?;
            came = Some(at);
            let detail = given("LocationA").map(|location| json!({ "location": location }));
            punches.push(Punch {
                employee,
                at,
                direction,
                source: PunchSource::Unknown,
                day: Some(day),
                detail,
            });
        }
    }
    Ok(punches)
}

/// A time of a day, or a whole date and time.
fn instant(day: LocalDate, text: &str, after: Option<Instant>) -> Result<Instant, Error> {
    if text.len() > "00:00:00".len() {
        return Instant::parse(text, shanghai());
    }
    let wrong = || Error::invalid("time", "a time is like 09:01 or 09:01:30");
    let time: jiff::civil::Time = text.parse().map_err(|_| wrong())?;
    let at = |day: LocalDate| {
        let at = shanghai().to_timestamp(day.to_datetime(time)).map_err(|_| wrong())?;
        Ok::<_, Error>(Instant::new(at, shanghai()))
    };
    let same_day = at(day)?;
    match after {
        Some(after) if same_day < after => at(day.tomorrow().map_err(|_| wrong())?),
        _ => Ok(same_day),
    }
}

/// A visit as §B3 shows it. The record names no customer: the remark says where somebody was.
pub(crate) fn show_visit(
    record: &Record,
    entry: &TimelineEntry,
    visitor: Id,
    employee: Option<&Employee>,
) -> VisitRow {
    let at = |at: tongshi_model::Timestamp| Instant::new(at, shanghai()).format(SECOND);
    let text = |value: &str| Some(value.to_owned());
    let name = employee.map(|employee| employee.name.expose().clone());
    let number = employee.and_then(|employee| employee.employee_no.clone());
    VisitRow {
        id: Some(record.id.to_string()),
        status: text("1"),
        creator_id: Some(visitor.to_string()),
        creator_name: name.clone(),
        creator_sourcecode: number.clone(),
        create_time: Some(at(record.created_at)),
        modify_time: Some(at(record.changed_at)),
        visitor: Some(visitor.to_string()),
        visitor_name: name,
        visitor_sourcecode: number,
        customer_name: entry.note.clone(),
        visit_date: Some(entry.date.to_string()),
        visit_time: entry.start.map(|start| start.format(SECOND)),
        leave_time: entry.end.map(|end| end.format(SECOND)),
        // Ad hoc, and a plain visit: nothing in the record plans visits.
        visit_type: text("2"),
        flow_type: text("1"),
        plan_source: text("0"),
        approval_status: text("0"),
        ..VisitRow::default()
    }
}

/// A visit as an entry on the visitor's timeline.
pub(crate) fn read_visit(space: Space, row: VisitRow) -> Result<TimelineEntry, Error> {
    let visitor = filled(row.visitor).ok_or_else(|| Error::invalid("visitor", "a visit has no visitor"))?;
    let time = |text: Option<String>| filled(text).map(|text| Instant::parse(&text, shanghai())).transpose();
    let (start, end) = (time(row.visit_time)?, time(row.leave_time)?);
    let day = match filled(row.visit_date) {
        Some(day) => Some(parse_date("visit_date", day.split(' ').next().unwrap_or_default())?),
        None => start.map(Instant::date),
    };
    let said: Vec<String> = [filled(row.customer_name), filled(row.summary)].into_iter().flatten().collect();
    Ok(TimelineEntry {
        employee: space.id(Kind::Employee, &visitor),
        kind: Coded::ours(TimelineKind::FieldWork),
        date: day.ok_or_else(|| Error::invalid("visit_date", "a visit has no day"))?,
        start,
        end,
        duration: None,
        approval: None,
        note: Some(said.join(":")).filter(|note| !note.is_empty()),
    })
}

/// The reports that an entry stands for: where somebody came, and that they left.
pub(crate) fn show_tracks(entry: &TimelineEntry, visitor: Id, employee: &Employee) -> Vec<Track> {
    let report = |at: Option<Instant>, kind: &str| {
        Some(Track {
            emp_id: Some(visitor.to_string()),
            emp_name: Some(employee.name.expose().clone()),
            emp_code: employee.employee_no.clone(),
            location: entry.note.clone(),
            submit_time: Some(at?.format(MINUTE)),
            kind: Some(kind.to_owned()),
            ..Track::default()
        })
    };
    [report(entry.start, CHECK_IN), report(entry.end, LEAVING)].into_iter().flatten().collect()
}

/// A report as an entry on somebody's timeline: a moment, not a stay.
pub(crate) fn read_track(space: Space, track: Track) -> Result<TimelineEntry, Error> {
    let who = filled(track.emp_id).ok_or_else(|| Error::invalid("empId", "a report names nobody"))?;
    let when = filled(track.submit_time);
    let when = when.ok_or_else(|| Error::invalid("submitTime", "a report has no time"))?;
    let start = Instant::parse(&when, shanghai())?;
    let word = track.kind.unwrap_or_default();
    let known = matches!(&*word, CHECK_IN | LEAVING).then_some(TimelineKind::FieldWork);
    let said: Vec<String> = [filled(track.cus_name), filled(track.location)].into_iter().flatten().collect();
    Ok(TimelineEntry {
        employee: space.id(Kind::Employee, &who),
        kind: Coded::vendor(&word, known),
        date: start.date(),
        start: Some(start),
        end: None,
        duration: None,
        approval: None,
        note: Some(said.join(":")).filter(|note| !note.is_empty()),
    })
}
