//! Family B: attendance details and tracks, told from punches and from what stands on people's timelines.

use std::collections::BTreeMap;

use tongshi_dialect::{Caller, Query, Record, Workforce};
use tongshi_model::{
    Direction, Employee, Id, Instant, Kind, LocalDate, Punch, TimelineEntry, TimelineKind, parse_date,
};

use super::{department, every, required};
use crate::waiqin::wire::{self, AttendanceRow, AttendanceRows, Code, Fault, Opened, Track};

/// Rows on a page: the vendor's default and maximum of tracks (§B3); for attendance it gives neither.
const ROWS_MAX: usize = 1000;

/// The longest range of days that a question may cover; the vendor gives no figure.
const DAYS_MAX: i64 = 92;

/// The days that one question covers.
struct Days {
    from: LocalDate,
    to: LocalDate,
}

impl Days {
    fn read(from: (&'static str, &str), to: (&'static str, &str)) -> Result<Self, Fault> {
        let day = |(name, text): (&'static str, &str)| {
            let text = required(name, Some(text))?;
            parse_date(name, text).map_err(|error| Fault::new(Code::Request, error.public().to_owned()))
        };
        let (from, to) = (day(from)?, day(to)?);
        let days = from.until(to).map_or(i64::MAX, |span| i64::from(span.get_days()));
        if !(0..=DAYS_MAX).contains(&days) {
            let text = format!("from the first to the last day there are between 0 and {DAYS_MAX} days");
            return Err(Fault::new(Code::Request, text));
        }
        Ok(Self { from, to })
    }
}

/// The rows of one page, counted from 1.
fn page<T>(rows: Vec<T>, page: Option<&str>, size: Option<&str>) -> Result<Vec<T>, Fault> {
    let number = |name: &str, text: Option<&str>, usual: usize, max: usize| {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(usual) };
        let number: Option<usize> = text.parse().ok().filter(|number| (1..=max).contains(number));
        number.ok_or_else(|| Fault::new(Code::Request, format!("{name} is between 1 and {max}")))
    };
    let size = number("size", size, ROWS_MAX, ROWS_MAX)?;
    let page = number("page", page, 1, 1_000_000)?;
    Ok(rows.into_iter().skip((page - 1).saturating_mul(size)).take(size).collect())
}

/// A person's days, each with what the punches say.
pub(super) async fn attendance(
    caller: Caller,
    ask: wire::AttendanceQuery,
) -> Result<Opened<AttendanceRows>, Fault> {
    let msg_id = ask.stamp.msg_id.clone();
    let data = days(&caller, &ask).await.map_err(|fault| fault.of(&msg_id))?;
    Ok(Opened { msg_id, data })
}

async fn days(caller: &Caller, ask: &wire::AttendanceQuery) -> Result<AttendanceRows, Fault> {
    let workforce = caller.workforce()?;
    let days = Days::read(("startDate", &ask.start_date), ("endDate", &ask.end_date))?;
    let mut rows = Vec::new();
    for record in asked(workforce, ask).await? {
        let employee: Employee = record.read()?;
        let unit = department(workforce, employee.org_unit).await?;
        let mut by_day: BTreeMap<LocalDate, Vec<Punch>> = BTreeMap::new();
        for punch in workforce.punches(record.id, days.from, days.to).await? {
            by_day.entry(punch.working_day()).or_default().push(punch);
        }
        for (day, punches) in by_day {
            rows.push(AttendanceRow {
                dept_id: unit.as_ref().map(|unit| unit.id.to_string()),
                dept_name: unit.as_ref().map(|unit| unit.name.clone()),
                emp_id: Some(record.id.to_string()),
                emp_code: employee.employee_no.clone(),
                emp_name: Some(employee.name.expose().clone()),
                emp_source_code: employee.employee_no.clone(),
                register_date: Some(day.to_string()),
                first_on_rq_time: edge(&punches, Direction::In),
                first_off_rq_time: edge(&punches, Direction::Out),
                ..AttendanceRow::default()
            });
        }
    }
    let data = page(rows, ask.page.as_deref(), ask.size.as_deref())?;
    Ok(AttendanceRows { max_frequnce: 1, data })
}

/// The first coming or the last going of a day. Where the vendor of the punches does not say which is which, the first
/// is the coming and the last the going.
fn edge(punches: &[Punch], direction: Direction) -> Option<String> {
    let fits = |punch: &&Punch| punch.direction == direction || punch.direction == Direction::Unknown;
    let found = match direction {
        Direction::In => punches.iter().find(fits),
        _ => punches.iter().rfind(fits).filter(|last| last.direction == direction || punches.len() > 1),
    };
    found.map(|punch| punch.at.format("%Y-%m-%d %H:%M:%S"))
}

/// The people that a question is about: empId wins over empSourceCode, neither means everybody.
async fn asked(workforce: &dyn Workforce, ask: &wire::AttendanceQuery) -> Result<Vec<Record>, Fault> {
    let given = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
    let live = |records: Vec<Record>| records.into_iter().filter(|record| !record.deleted).collect();
    Ok(match (given(&ask.emp_id), given(&ask.emp_source_code)) {
        (Some(id), _) => match id.parse::<Id>() {
            Ok(id) => live(workforce.get(Kind::Employee, id).await?.into_iter().collect()),
            Err(_) => Vec::new(),
        },
        (None, Some(number)) => live(workforce.find(Kind::Employee, "employee_no", &number).await?),
        (None, None) => every(workforce, Query::of(Kind::Employee, 1)).await?,
    })
}

/// Reports from the field: errands and field work, by the minute at which they began.
pub(super) async fn tracks(caller: Caller, ask: wire::TrackQuery) -> Result<Opened<Vec<Track>>, Fault> {
    let msg_id = ask.stamp.msg_id.clone();
    let data = reports(&caller, &ask).await.map_err(|fault| fault.of(&msg_id))?;
    Ok(Opened { msg_id, data })
}

async fn reports(caller: &Caller, ask: &wire::TrackQuery) -> Result<Vec<Track>, Fault> {
    let workforce = caller.workforce()?;
    let days = Days::read(("date_start", &ask.date_start), ("date_end", &ask.date_end))?;
    let mut query = Query::of(Kind::TimelineEntry, 1);
    (query.date_from, query.date_to) = (Some(days.from), Some(days.to));
    let words = [TimelineKind::FieldWork, TimelineKind::Outing];
    query.fields.push(("kind.value", words.map(|kind| kind.name().to_owned()).to_vec()));
    let mut entries: Vec<TimelineEntry> = Vec::new();
    for record in every(workforce, query).await? {
        entries.push(record.read()?);
    }
    entries.sort_by_key(|entry| entry.start.map(Instant::timestamp));
    let entries = page(entries, ask.page_number.as_deref(), ask.page_size.as_deref())?;
    let ids: Vec<Id> = entries.iter().map(|entry| entry.employee).collect();
    let people = workforce.many(&ids).await?;
    let mut tracks = Vec::with_capacity(entries.len());
    for (entry, person) in entries.into_iter().zip(people) {
        let Some(person) = person else { continue };
        let employee: Employee = person.read()?;
        tracks.push(Track {
            emp_id: Some(person.id.to_string()),
            emp_name: Some(employee.name.into_inner()),
            emp_code: employee.employee_no,
            location: entry.note,
            submit_time: entry.start.map(|start| start.format("%Y-%m-%d %H:%M")),
            kind: Some("客户签到".to_owned()),
            ..Track::default()
        });
    }
    Ok(tracks)
}
