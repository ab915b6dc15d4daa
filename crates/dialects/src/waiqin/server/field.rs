//! Family B: attendance details, told from punches and shifts; reports from the field and visits, told from what stands on
//! people's timelines.

use std::collections::{HashMap, HashSet};

use tongshi_dialect::{Caller, Query, Record, Workforce};
use tongshi_model::{
    Employee, EmploymentStatus, Id, Instant, Kind, LocalDate, OrgUnit, Punch, ShiftAssignment, TimelineEntry,
    parse_date, shanghai,
};

use super::{every, required};
use crate::waiqin::{
    map::{self, Day, filled},
    wire::{self, AttendanceRows, Code, Fault, Opened, Track, VisitRow},
};

/// Rows on a page: the vendor's default and maximum of tracks and visits (§B3); for attendance it gives neither.
const ROWS_MAX: usize = 1000;

/// The longest range of days that a question may cover; the vendor gives no figure.
const DAYS_MAX: i64 = 92;

/// The days that one question covers.
#[derive(Clone, Copy)]
struct Days {
    from: LocalDate,
    to: LocalDate,
}

impl Days {
    fn read(
        from: (&'static str, &Option<String>),
        to: (&'static str, &Option<String>),
    ) -> Result<Self, Fault> {
        let day = |(name, text): (&'static str, &Option<String>)| {
            let text = required(name, text.as_deref())?;
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

    fn all(self) -> Vec<LocalDate> {
        self.from.series(jiff::Span::new().days(1)).take_while(|day| *day <= self.to).collect()
    }
}

/// A page, counted from 1: how many rows come before it, and how many it has at most.
fn page(
    page: (&'static str, &Option<String>),
    size: (&'static str, &Option<String>),
) -> Result<(usize, usize), Fault> {
    let number = |(name, text): (&'static str, &Option<String>), usual: usize, max: usize| {
        let Some(text) = text.as_deref().filter(|text| !text.is_empty()) else { return Ok(usual) };
        let number: Option<usize> = text.parse().ok().filter(|number| (1..=max).contains(number));
        number.ok_or_else(|| Fault::new(Code::Request, format!("{name} is between 1 and {max}")))
    };
    let size = number(size, ROWS_MAX, ROWS_MAX)?;
    Ok(((number(page, 1, 1_000_000)? - 1).saturating_mul(size), size))
}

/// Days of one person or of all who work here, person by person, each with what the punches say.
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
    let asked = Days::read(("startDate", &ask.start_date), ("endDate", &ask.end_date))?;
    let (before, size) = page(("page", &ask.page), ("size", &ask.size))?;
    // Nothing is known of days that have not begun.
    let today = Instant::new(caller.now, shanghai()).date();
    let asked = Days { to: asked.to.min(today), ..asked };
    let dates = asked.all();
    if dates.is_empty() {
        return Ok(AttendanceRows { max_frequnce: 1, data: Vec::new() });
    }
    // Everybody has a row for each day, so a page is known by whose rows it holds, and only those are read.
    let (first, last) = (before / dates.len(), (before + size).div_ceil(dates.len()));
    let people = people(workforce, ask, first, last - first).await?;
    let ids: Vec<Id> = people.iter().map(|(id, _)| *id).collect();
    let facts = Facts::read(workforce, &people, &ids, asked).await?;
    let rows = people.iter().enumerate().flat_map(|(place, (id, employee))| {
        let before = (first + place) * dates.len();
        dates.iter().enumerate().map(move |(day, date)| (before + day, *id, employee, *date))
    });
    let on_page = rows.filter(|(row, ..)| (before..before + size).contains(row));
    let found: Vec<Day<'_>> = on_page.map(|(_, id, employee, date)| facts.day(id, employee, date)).collect();
    let shifts = found.iter().map(|day| map::pairs(day.punches).len()).max().unwrap_or(0).max(1);
    let data = found.iter().map(|day| map::show_day(day, shifts)).collect();
    Ok(AttendanceRows { max_frequnce: u32::try_from(shifts).unwrap_or(1), data })
}

/// The people that a question is about: empId wins over empSourceCode, neither means everybody who works here.
async fn people(
    workforce: &dyn Workforce,
    ask: &wire::AttendanceQuery,
    offset: usize,
    limit: usize,
) -> Result<Vec<(Id, Employee)>, Fault> {
    let records = match (filled(ask.emp_id.clone()), filled(ask.emp_source_code.clone())) {
        (Some(id), _) => match id.parse::<Id>() {
            Ok(id) => workforce.get(Kind::Employee, id).await?.into_iter().skip(offset).collect(),
            Err(_) => Vec::new(),
        },
        (None, Some(number)) => {
            workforce.find(Kind::Employee, "employee_no", &number).await?.into_iter().skip(offset).collect()
        }
        (None, None) => {
            let mut query = Query::of(Kind::Employee, u32::try_from(limit).unwrap_or(u32::MAX));
            query.offset = offset as u64;
            let working = [EmploymentStatus::Active, EmploymentStatus::OnLeave, EmploymentStatus::Suspended];
            query.fields.push(("status", working.map(|status| status.name().to_owned()).to_vec()));
            workforce.list(&query).await?
        }
    };
    let live = records.into_iter().filter(|record| !record.deleted).take(limit);
    live.map(|record| Ok((record.id, record.read()?))).collect()
}

/// What is known of some people's days, read in one question each.
struct Facts {
    units: HashMap<Id, OrgUnit>,
    punches: HashMap<(Id, LocalDate), Vec<Punch>>,
    shifts: HashMap<(Id, LocalDate), ShiftAssignment>,
    away: HashSet<(Id, LocalDate)>,
}

impl Facts {
    async fn read(
        workforce: &dyn Workforce,
        people: &[(Id, Employee)],
        ids: &[Id],
        days: Days,
    ) -> Result<Self, Fault> {
        let mut facts = Self {
            units: HashMap::new(),
            punches: HashMap::new(),
            shifts: HashMap::new(),
            away: HashSet::new(),
        };
        let mut units: Vec<Id> = people.iter().filter_map(|(_, employee)| employee.org_unit).collect();
        units.sort_unstable();
        units.dedup();
        for (id, record) in units.iter().zip(workforce.many(&units).await?) {
            if let Some(record) = record.filter(|record| record.kind == Kind::OrgUnit) {
                facts.units.insert(*id, record.read()?);
            }
        }
        for punch in workforce.punches_of(ids, days.from, days.to).await? {
            facts.punches.entry((punch.employee, punch.working_day())).or_default().push(punch);
        }
        for record in every(workforce, of_people(Kind::ShiftAssignment, ids, days)).await? {
            let shift: ShiftAssignment = record.read()?;
            facts.shifts.insert((shift.employee, shift.date), shift);
        }
        for record in every(workforce, of_people(Kind::TimelineEntry, ids, days)).await? {
            let entry: TimelineEntry = record.read()?;
            facts.away.insert((entry.employee, entry.date));
        }
        Ok(facts)
    }

    fn day<'a>(&'a self, id: Id, employee: &'a Employee, date: LocalDate) -> Day<'a> {
        let at = (id, date);
        Day {
            id,
            employee,
            unit: employee.org_unit.and_then(|unit| Some((unit, self.units.get(&unit)?))),
            date,
            punches: self.punches.get(&at).map(Vec::as_slice).unwrap_or_default(),
            shift: self.shifts.get(&at),
            away: self.away.contains(&at),
        }
    }
}

fn of_people(kind: Kind, ids: &[Id], days: Days) -> Query {
    let mut query = Query::of(kind, 1);
    (query.date_from, query.date_to) = (Some(days.from), Some(days.to));
    match ids {
        // What is looked up has an index; what is compared is read.
        [only] => query.keys.push(("employee", only.to_string())),
        _ => query.fields.push(("employee", ids.iter().map(Id::to_string).collect())),
    }
    query
}

/// The field work of some days.
fn field_work(days: Days) -> Query {
    let mut query = Query::of(Kind::TimelineEntry, 1);
    (query.date_from, query.date_to) = (Some(days.from), Some(days.to));
    query.fields.push(("kind.value", map::VISITS.map(|kind| kind.name().to_owned()).to_vec()));
    query
}

/// Reports from the field, by time: where somebody came, and that they left.
pub(super) async fn tracks(caller: Caller, ask: wire::TrackQuery) -> Result<Opened<Vec<Track>>, Fault> {
    let msg_id = ask.stamp.msg_id.clone();
    let data = reports(&caller, &ask).await.map_err(|fault| fault.of(&msg_id))?;
    Ok(Opened { msg_id, data })
}

async fn reports(caller: &Caller, ask: &wire::TrackQuery) -> Result<Vec<Track>, Fault> {
    let workforce = caller.workforce()?;
    let days = Days::read(("date_start", &ask.date_start), ("date_end", &ask.date_end))?;
    let (before, size) = page(("page_number", &ask.page_number), ("page_size", &ask.page_size))?;
    let mut entries: Vec<TimelineEntry> = Vec::new();
    for record in every(workforce, field_work(days)).await? {
        entries.push(record.read()?);
    }
    let people = visitors(workforce, &entries).await?;
    let mut tracks: Vec<Track> = entries
        .iter()
        .filter_map(|entry| Some(map::show_tracks(entry, entry.employee, people.get(&entry.employee)?)))
        .flatten()
        .collect();
    tracks.sort_by(|one, other| one.submit_time.cmp(&other.submit_time));
    Ok(tracks.into_iter().skip(before).take(size).collect())
}

/// Those whose entries these are.
async fn visitors(
    workforce: &dyn Workforce,
    entries: &[TimelineEntry],
) -> Result<HashMap<Id, Employee>, Fault> {
    let mut ids: Vec<Id> = entries.iter().map(|entry| entry.employee).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut people = HashMap::with_capacity(ids.len());
    for (id, record) in ids.iter().zip(workforce.many(&ids).await?) {
        if let Some(record) = record.filter(|record| record.kind == Kind::Employee) {
            people.insert(*id, record.read()?);
        }
    }
    Ok(people)
}

/// Visits: one by id, or those of some days.
pub(super) async fn visits(caller: Caller, ask: wire::VisitQuery) -> Result<Opened<Vec<VisitRow>>, Fault> {
    let msg_id = ask.stamp.msg_id.clone();
    let data = visited(&caller, &ask).await.map_err(|fault| fault.of(&msg_id))?;
    Ok(Opened { msg_id, data })
}

async fn visited(caller: &Caller, ask: &wire::VisitQuery) -> Result<Vec<VisitRow>, Fault> {
    let workforce = caller.workforce()?;
    required("page", ask.page.as_deref())?;
    required("rows", ask.rows.as_deref())?;
    let (before, size) = page(("page", &ask.page), ("rows", &ask.rows))?;
    let records = match filled(ask.id.clone()) {
        Some(id) => one(workforce, &id).await?.into_iter().skip(before).take(size).collect(),
        None => some(workforce, ask, before, size).await?,
    };
    let mut entries: Vec<TimelineEntry> = Vec::with_capacity(records.len());
    for record in &records {
        entries.push(record.read()?);
    }
    let people = visitors(workforce, &entries).await?;
    let rows = records.iter().zip(&entries);
    Ok(rows
        .map(|(record, entry)| map::show_visit(record, entry, entry.employee, people.get(&entry.employee)))
        .collect())
}

/// The visit of this id, if it is one.
async fn one(workforce: &dyn Workforce, id: &str) -> Result<Option<Record>, Fault> {
    let Ok(id) = id.parse() else { return Ok(None) };
    let Some(record) = workforce.get(Kind::TimelineEntry, id).await? else { return Ok(None) };
    let entry: TimelineEntry = record.read()?;
    Ok(Some(record).filter(|record| !record.deleted && map::VISITS.contains(&entry.kind.value)))
}

/// A page of the visits that fit. Only what cannot be asked of the record is looked at row by row.
async fn some(
    workforce: &dyn Workforce,
    ask: &wire::VisitQuery,
    before: usize,
    size: usize,
) -> Result<Vec<Record>, Fault> {
    let days = Days::read(("date_start", &ask.date_start), ("date_end", &ask.date_end))?;
    let mut query = field_work(days);
    if let Some(number) = filled(ask.visitor_code.clone()) {
        let found = workforce.find(Kind::Employee, "employee_no", &number).await?;
        let [only] = &*found else { return Ok(Vec::new()) };
        query.keys.push(("employee", only.id.to_string()));
    }
    // All visits here are ad hoc (2).
    if filled(ask.visit_type.clone()).is_some_and(|wanted| !wanted.split(',').any(|word| word.trim() == "2"))
    {
        return Ok(Vec::new());
    }
    let modified = Span::read(("modify_start", &ask.modify_start), ("modify_end", &ask.modify_end))?;
    let visited = (("visit_time_start", &ask.visit_time_start), ("visit_time_end", &ask.visit_time_end));
    let visited = Span::read(visited.0, visited.1)?;
    if modified.is_open() && visited.is_open() {
        (query.offset, query.limit) = (before as u64, u32::try_from(size).unwrap_or(u32::MAX));
        return Ok(workforce.list(&query).await?);
    }
    let mut fitting = Vec::new();
    for record in every(workforce, query).await? {
        let entry: TimelineEntry = record.read()?;
        let start = entry.start.map(Instant::timestamp);
        if modified.holds(Some(record.changed_at)) && visited.holds(start) {
            fitting.push(record);
        }
    }
    Ok(fitting.into_iter().skip(before).take(size).collect())
}

/// From when to when, to the second; either may be missing.
struct Span {
    from: Option<Instant>,
    to: Option<Instant>,
}

impl Span {
    fn read(
        from: (&'static str, &Option<String>),
        to: (&'static str, &Option<String>),
    ) -> Result<Self, Fault> {
        let time = |(name, text): (&'static str, &Option<String>), usual: &str| {
            let Some(text) = filled(text.clone()) else { return Ok(None) };
            // A day alone is its beginning, or its end.
            let whole = if text.len() == "2000-01-01".len() { format!("{text} {usual}") } else { text };
            let wrong = || Fault::new(Code::Request, format!("{name} is like 2000-01-01 08:00:00"));
            Instant::parse(&whole, shanghai()).map(Some).map_err(|_| wrong())
        };
        Ok(Self { from: time(from, "00:00:00")?, to: time(to, "23:59:59")? })
    }

    fn is_open(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }

    fn holds(&self, at: Option<tongshi_model::Timestamp>) -> bool {
        let fits = |at: tongshi_model::Timestamp| {
            let second = at.as_second();
            self.from.is_none_or(|from| from.timestamp().as_second() <= second)
                && self.to.is_none_or(|to| second <= to.timestamp().as_second())
        };
        self.is_open() || at.is_some_and(fits)
    }
}
