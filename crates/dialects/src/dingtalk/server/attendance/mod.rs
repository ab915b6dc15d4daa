//! Attendance (§5), told from shifts, punches and what stands on people's timelines. Here what all of it needs: who is
//! asked about, for which days, and everything of theirs read at once.

mod decided;
mod leave;
mod punches;
mod report;
mod roster;
mod schedule;

use std::collections::{HashMap, HashSet};

use tongshi_dialect::{Caller, Query, Record, Server, Workforce};
use tongshi_model::{Account, Employee, Id, Instant, Kind, LocalDate, Punch, ShiftAssignment, TimelineEntry};

use super::{company, every, required, user};
use crate::dingtalk::{
    map::{
        self,
        attendance::{Judged, Planned, group_name, group_number, judge, planned, read_time, unplanned},
    },
    wire::{Code, DingTalk, Fault},
};

/// Days in one question (§5.2, §5.4).
const DAYS_MAX: i32 = 7;
/// People in one question (§5.2).
const PEOPLE_MAX: usize = 50;

/// Adds this area's operations.
pub(super) fn on(server: Server<DingTalk>) -> Server<DingTalk> {
    let server = punches::on(server);
    let server = report::on(server);
    let server = leave::on(server);
    let server = schedule::on(server);
    let server = roster::on(server);
    decided::on(server)
}

/// Days, both included.
#[derive(Clone, Copy)]
struct Span {
    from: LocalDate,
    to: LocalDate,
}

impl Span {
    fn of(day: LocalDate) -> Self {
        Self { from: day, to: day }
    }

    /// Checks a window: the right way round, no longer than so many days.
    fn checked(from: LocalDate, to: LocalDate, days_max: i32) -> Result<Self, Fault> {
        let days = from.until(to).map_or(i32::MAX, |span| span.get_days());
        if days < 0 {
            return Err(Fault::parameter("the window ends before it begins"));
        }
        if days >= days_max {
            let text = format!("时间跨度超过限制: the window has at most {days_max} days");
            return Err(Fault::new(Code::Window, text));
        }
        Ok(Self { from, to })
    }

    fn has(&self, day: LocalDate) -> bool {
        (self.from..=self.to).contains(&day)
    }
}

/// A time of the request; which form it has is the vendor's affair (41100).
fn time(name: &'static str, text: &Option<String>) -> Result<Instant, Fault> {
    let text = required(name, text)?;
    read_time(text).ok_or_else(|| {
        Fault::new(Code::Time, format!("时间格式错误: {name} is no time such as 2019-08-15 12:43:00"))
    })
}

/// A time in milliseconds.
fn millis(name: &'static str, value: Option<i64>) -> Result<Instant, Fault> {
    let value = value.ok_or_else(|| missing(name))?;
    map::attendance::instant(value)
        .ok_or_else(|| Fault::parameter(format!("{name} is a time in milliseconds")))
}

fn missing(name: &'static str) -> Fault {
    Fault::parameter(format!("缺少参数 {name}: it is missing"))
}

/// The offset and the size of a page.
fn page(offset: Option<i64>, size: (&'static str, Option<i64>), max: i64) -> Result<(usize, usize), Fault> {
    let offset =
        usize::try_from(offset.unwrap_or(0)).map_err(|_| Fault::parameter("offset begins with 0"))?;
    let asked = size.1.ok_or_else(|| missing(size.0))?;
    let many = usize::try_from(asked).ok().filter(|_| (1..=max).contains(&asked));
    Ok((offset, many.ok_or_else(|| Fault::parameter(format!("{} is 1 to {max}", size.0)))?))
}

/// A part of a list, and whether there is more.
fn part<T>(all: Vec<T>, (offset, size): (usize, usize)) -> (Vec<T>, bool) {
    let more = all.len() > offset.saturating_add(size);
    (all.into_iter().skip(offset).take(size).collect(), more)
}

/// The company's id.
async fn corp(caller: &Caller) -> Result<Option<String>, Fault> {
    match caller.grant.as_deref() {
        Some(grant) => company(grant).await,
        None => Ok(None),
    }
}

/// Somebody who acts must be named and there; who they are decides nothing here.
async fn operator(caller: &Caller, name: &'static str, userid: &Option<String>) -> Result<(), Fault> {
    user::found(caller, required(name, userid)?).await.map(drop)
}

/// People by their userids; who is not known is left out, as the vendor does (§5.2).
async fn people(caller: &Caller, userids: &[String], max: usize) -> Result<Vec<(String, Id)>, Fault> {
    if userids.is_empty() {
        return Err(Fault::parameter("缺少用户: the list of users is missing"));
    }
    if userids.len() > max {
        return Err(Fault::parameter(format!("用户数超过限制: at most {max} users at a time")));
    }
    let workforce = caller.workforce()?;
    let ours = |userid: &String| userid.parse::<Id>().ok().filter(|_| userid.len() == 32);
    let ids: Vec<Id> = userids.iter().filter_map(ours).collect();
    let mut known: HashMap<String, Id> = HashMap::with_capacity(userids.len());
    for (id, record) in ids.iter().zip(workforce.many(&ids).await?) {
        if record.is_some_and(|record| record.kind == Kind::Employee && !record.deleted) {
            known.insert(id.to_string(), *id);
        }
    }
    let others: Vec<String> = userids.iter().filter(|userid| !known.contains_key(*userid)).cloned().collect();
    if !others.is_empty() {
        for (userid, account) in workforce.find_many(Kind::Account, "user_id", &others).await? {
            if let Some(employee) = account.read::<Account>()?.employee {
                known.insert(userid, employee);
            }
        }
    }
    let mut seen = HashSet::new();
    let found = userids.iter().filter_map(|userid| Some((userid.clone(), *known.get(userid)?)));
    Ok(found.filter(|(_, id)| seen.insert(*id)).collect())
}

/// The userids of these people.
async fn userids(workforce: &dyn Workforce, ids: &[Id]) -> Result<HashMap<Id, String>, Fault> {
    let mut names = HashMap::with_capacity(ids.len());
    for (id, record) in ids.iter().zip(workforce.many(ids).await?) {
        if let Some(record) = record.filter(|record| record.kind == Kind::Employee && !record.deleted) {
            let employee: Employee = record.read()?;
            names.insert(*id, map::userid(record.id, &employee));
        }
    }
    Ok(names)
}

/// Narrows a query to days.
fn within(mut query: Query, span: Span) -> Query {
    (query.date_from, query.date_to) = (Some(span.from), Some(span.to));
    query
}

/// Narrows a query to people, some at a time where they are many.
fn of_people(mut query: Query, people: &[Id]) -> Query {
    query.fields.push(("employee", people.iter().map(Id::to_string).collect()));
    query
}

/// The shifts of some people, or of everybody, in some days. Of two for one day the one that was written last counts.
async fn shifts(
    workforce: &dyn Workforce,
    people: Option<&[Id]>,
    span: Span,
) -> Result<Vec<ShiftAssignment>, Fault> {
    let query = within(Query::of(Kind::ShiftAssignment, 0), span);
    let query = match people {
        Some([only]) => query.key("employee", only.to_string()),
        Some(people) => of_people(query, people),
        None => query,
    };
    let mut records: Vec<Record> = every(workforce, query).await?;
    records.sort_by_key(|record| record.changed_at);
    let mut places: HashMap<(Id, LocalDate), usize> = HashMap::with_capacity(records.len());
    let mut found: Vec<ShiftAssignment> = Vec::with_capacity(records.len());
    for record in &records {
        let shift: ShiftAssignment = record.read()?;
        match places.get(&(shift.employee, shift.date)) {
            Some(place) => found[*place] = shift,
            None => {
                places.insert((shift.employee, shift.date), found.len());
                found.push(shift);
            }
        }
    }
    // What was taken away has neither a name nor hours.
    found.retain(|shift| shift.shift.is_some() || shift.time_range.is_some());
    found.sort_by_key(|shift| (shift.date, shift.employee));
    Ok(found)
}

/// What stands on the timelines of some people and touches some days. An app that may not see timelines sees nothing on
/// them.
async fn entries(
    workforce: &dyn Workforce,
    people: &[Id],
    span: Span,
) -> Result<Vec<(Id, TimelineEntry)>, Fault> {
    // An entry has the date of its first day and lasts for at most a month.
    let first =
        span.from.checked_sub(jiff::Span::new().days(map::attendance::SPAN_DAYS_MAX)).unwrap_or(span.from);
    let query =
        of_people(within(Query::of(Kind::TimelineEntry, 0), Span { from: first, to: span.to }), people);
    match every(workforce, query).await {
        Ok(records) => {
            let mut found = Vec::with_capacity(records.len());
            for record in &records {
                let entry: TimelineEntry = record.read()?;
                let (_, end) = map::attendance::bounds(&entry);
                if end.timestamp() > map::attendance::midnight(span.from).timestamp() {
                    found.push((record.id, entry));
                }
            }
            Ok(found)
        }
        Err(fault) if fault.code == Code::Scope => Ok(Vec::new()),
        Err(fault) => Err(fault),
    }
}

/// Everything about some people in some days.
struct Sheet {
    shifts: HashMap<(Id, LocalDate), ShiftAssignment>,
    punches: HashMap<(Id, LocalDate), Vec<Punch>>,
    entries: HashMap<Id, Vec<(Id, TimelineEntry)>>,
}

impl Sheet {
    /// Reads it with three questions, however many people and days there are.
    async fn read(workforce: &dyn Workforce, people: &[Id], span: Span) -> Result<Self, Fault> {
        let mut sheet = Self { shifts: HashMap::new(), punches: HashMap::new(), entries: HashMap::new() };
        if people.is_empty() {
            return Ok(sheet);
        }
        let own = match shifts(workforce, Some(people), span).await {
            Err(fault) if fault.code == Code::Scope => Vec::new(),
            found => found?,
        };
        for shift in own {
            sheet.shifts.insert((shift.employee, shift.date), shift);
        }
        for punch in workforce.punches_of(people, span.from, span.to).await? {
            sheet.punches.entry((punch.employee, punch.working_day())).or_default().push(punch);
        }
        for (id, entry) in entries(workforce, people, span).await? {
            sheet.entries.entry(entry.employee).or_default().push((id, entry));
        }
        Ok(sheet)
    }

    /// Somebody's day held against their shift, or against itself where there is none.
    fn judged(&self, employee: Id, day: LocalDate) -> Vec<Judged<'_>> {
        let punches: Vec<&Punch> = self.punches.get(&(employee, day)).into_iter().flatten().collect();
        let mut slots: Vec<Planned> = self.shifts.get(&(employee, day)).map(planned).unwrap_or_default();
        if slots.is_empty() {
            slots = unplanned(employee, day, &punches);
        }
        judge(&slots, &punches)
    }

    fn group(&self, employee: Id, day: LocalDate) -> Option<i64> {
        self.shifts.get(&(employee, day)).map(|shift| group_number(group_name(shift)))
    }

    /// What was approved for this moment.
    fn approved(&self, employee: Id, at: Instant) -> Option<&(Id, TimelineEntry)> {
        let covers = |(_, entry): &&(Id, TimelineEntry)| {
            let (start, end) = map::attendance::bounds(entry);
            (start.timestamp()..=end.timestamp()).contains(&at.timestamp())
        };
        self.entries.get(&employee)?.iter().find(covers)
    }
}
