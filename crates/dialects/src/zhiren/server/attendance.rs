//! Punches that come in; shifts, absences and days that go out.

use std::collections::HashMap;

use tongshi_dialect::{Caller, Query, Record};
use tongshi_model::{
    Direction, Id, Instant, Kind, Punch, PunchSource, ShiftAssignment, TimelineEntry, TimelineKind, shanghai,
};

use super::{days, every, live, people::only};
use crate::zhiren::{map, wire, wire::Fault};

/// The most punches in one call, and the most people in one question.
const PUNCHES_MAX: usize = 10_000;
const PEOPLE_MAX: usize = 1000;

/// A row of answer for each punch, in the order in which they came; a punch that is there twice is stored once and
/// answered twice (§6.11).
pub(super) async fn import(caller: Caller, ask: wire::PunchImport) -> Result<Vec<wire::PunchRow>, Fault> {
    if ask.attendances.len() > PUNCHES_MAX {
        return Err(Fault::object(format!("attendances holds more than {PUNCHES_MAX} punches")));
    }
    let workforce = caller.workforce()?;
    let numbers = ask.attendances.iter().filter_map(|punch| punch.empno.clone());
    let people = by_number(&caller, numbers).await?;
    // The document spells the code with a zero; an app that was written against a server which does not can say so
    // (§6.10).
    let taken = caller.setting("zhiren_punch_ok").unwrap_or("0k");
    let mut punches = Vec::with_capacity(ask.attendances.len());
    let mut rows = Vec::with_capacity(ask.attendances.len());
    for sent in ask.attendances {
        let (code, error_message) = match punch(&sent, &people) {
            Ok(punch) => {
                punches.push(punch);
                (taken, None)
            }
            Err(message) => ("error", Some(message.to_owned())),
        };
        rows.push(wire::PunchRow { code: Some(code.to_owned()), empno: sent.empno, error_message });
    }
    workforce.record_punches(punches).await?;
    Ok(rows)
}

pub(super) async fn arrangements(
    caller: Caller,
    ask: wire::ArrangementList,
) -> Result<Vec<wire::Arrangement>, Fault> {
    let (from, to) = days(&ask.start_date, &ask.end_date)?;
    if ask.empnoes.len() > PEOPLE_MAX {
        return Err(Fault::parameter(format!("empnoes holds more than {PEOPLE_MAX} numbers")));
    }
    let workforce = caller.workforce()?;
    let numbers: Vec<String> = ask.empnoes.into_iter().map(|number| number.0).collect();
    let people = by_number(&caller, numbers.iter().cloned()).await?;
    let mut answer = Vec::new();
    let mut seen = std::collections::HashSet::new();
    // Who is not known has no shifts: the answer has no place for an error.
    for number in numbers.iter().filter(|number| seen.insert(number.as_str())) {
        let Some(Ok(employee)) = people.get(number) else { continue };
        let mut query = Query::of(Kind::ShiftAssignment, 0).key("employee", employee.to_string());
        (query.date_from, query.date_to) = (Some(from), Some(to));
        for record in every(workforce, query).await? {
            answer.push(map::show_arrangement(record.read::<ShiftAssignment>()?, number));
        }
    }
    Ok(answer)
}

pub(super) async fn timelines(
    caller: Caller,
    ask: wire::EmployeeTimelines,
) -> Result<Vec<wire::Timeline>, Fault> {
    let (from, to) = days(&ask.start_date, &ask.end_date)?;
    let kind: TimelineKind = map::TIMELINES
        .known(&ask.category)
        .ok_or_else(|| Fault::parameter("category must be leave or business_trip"))?;
    let workforce = caller.workforce()?;
    let employee = live(workforce, Kind::Employee, &ask.guid).await?;
    let mut query =
        Query::of(Kind::TimelineEntry, 0).key("employee", employee.id.to_string()).key("kind", kind.name());
    (query.date_from, query.date_to) = (Some(from), Some(to));
    let records = every(workforce, query).await?;
    records.iter().map(|record| Ok(map::show_timeline(record.read::<TimelineEntry>()?))).collect()
}

pub(super) async fn checkings(
    caller: Caller,
    ask: wire::EmployeeAttendanceCheckings,
) -> Result<Vec<wire::AttendanceChecking>, Fault> {
    let (from, to) = days(&ask.start_date, &ask.end_date)?;
    let workforce = caller.workforce()?;
    let employee = live(workforce, Kind::Employee, &ask.guid).await?;
    Ok(map::show_checkings(&workforce.punches(employee.id, from, to).await?))
}

/// Whom each number means, all looked up at once. A number that several people have means the one who has not left.
async fn by_number(
    caller: &Caller,
    numbers: impl Iterator<Item = String>,
) -> Result<HashMap<String, Result<Id, Fault>>, Fault> {
    let mut wanted: Vec<String> = numbers.filter(|number| !number.is_empty()).collect();
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let mut found: HashMap<String, Vec<Record>> = HashMap::with_capacity(wanted.len());
    for (number, record) in caller.workforce()?.find_many(Kind::Employee, "employee_no", &wanted).await? {
        found.entry(number).or_default().push(record);
    }
    Ok(found.into_iter().map(|(number, records)| (number, only(records).map(|record| record.id))).collect())
}

/// A punch as it was sent, or what is wrong with it.
fn punch(sent: &wire::PunchIn, people: &HashMap<String, Result<Id, Fault>>) -> Result<Punch, &'static str> {
    let employee = match sent.empno.as_ref().and_then(|number| people.get(number)) {
        Some(Ok(employee)) => *employee,
        Some(Err(_)) => return Err("several employees have this number"),
        None => return Err("employee not found"),
    };
    let at = Instant::parse(sent.punched_at.as_deref().unwrap_or_default(), shanghai())
        .map_err(|_| "punched_at is no time such as 2017-02-03 08:00")?;
    Ok(Punch {
        employee,
        at,
        direction: Direction::Unknown,
        source: PunchSource::Import,
        day: None,
        detail: None,
    })
}
