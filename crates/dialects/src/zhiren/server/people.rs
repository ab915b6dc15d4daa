//! Employees: lists, the shared look-up by uuid, number or mobile, presence, visitors.

use std::collections::{HashMap, HashSet};

use tongshi_dialect::{Announcement, Caller, Query, Record, Workforce};
use tongshi_model::{
    Draft, Employee, EmploymentPhase, EmploymentStatus, Id, Instant, Kind, LegalEntity, Visit, VisitStatus,
    shanghai,
};

use super::{CHUNK, check_company, day, live, today, uuid};
use crate::zhiren::{
    map,
    wire::{self, Fault, FaultCode},
};

/// The page size where the app's settings say nothing; the document names none (§6.17).
const PAGE_SIZE: u32 = 100;
const PAGE_SIZE_MAX: u32 = 1000;

/// The shortest text that is looked for among mobile numbers.
const MOBILE_DIGITS_MIN: usize = 7;

pub(super) async fn employees(caller: Caller, ask: wire::EmployeeList) -> Result<wire::Employees, Fault> {
    check_company(&caller, ask.token.as_deref())?;
    let mut query = Query::of(Kind::Employee, 0);
    for (field, from, to) in [
        ("hire_date", ("join_date_start", ask.join_date_start), ("join_date_end", ask.join_date_end)),
        ("leave_date", ("leave_date_start", ask.leave_date_start), ("leave_date_end", ask.leave_date_end)),
    ] {
        let (from, to) = (day(from.0, from.1.as_deref())?, day(to.0, to.1.as_deref())?);
        if from.is_some() || to.is_some() {
            query.field_dates.push((field, from, to));
        }
    }
    if let Some(name) = ask.name.filter(|name| !name.is_empty()) {
        query = query.key("name", name);
    }
    query.fields.extend(standing(ask.status.as_deref().unwrap_or("all"))?);
    list(&caller, query, ask.pagination).await
}

pub(super) async fn employee(caller: Caller, ask: wire::EmployeeGet) -> Result<wire::Employee, Fault> {
    check_company(&caller, ask.token.as_deref())?;
    let workforce = caller.workforce()?;
    let record = resolve(workforce, &ask.key).await?;
    Shown::default().one(workforce, &record).await
}

/// The answer holds no word for present or absent, so it is 200 for the one and 1102 for the other (§6.19).
pub(super) async fn check_attendance(
    caller: Caller,
    ask: wire::EmployeeCheckAttendance,
) -> Result<wire::Employee, Fault> {
    check_company(&caller, ask.token.as_deref())?;
    let workforce = caller.workforce()?;
    let record = live(workforce, Kind::Employee, &ask.uuid).await?;
    let today = today(caller.now);
    // A punch of today may count for yesterday's night shift or for tomorrow's.
    let from = today.yesterday().unwrap_or(today);
    let to = today.tomorrow().unwrap_or(today);
    let punches = workforce.punches(record.id, from, to).await?;
    let present = punches.iter().any(|punch| super::today(punch.at.timestamp()) == today);
    if !present {
        return Err(Fault::no_record("this employee has not punched today"));
    }
    Shown::default().one(workforce, &record).await
}

/// Remembers the visit, tells whoever listens, and answers with the host, as the vendor's older page has it (§6.20).
pub(super) async fn notify(caller: Caller, ask: wire::EmployeeNotify) -> Result<wire::Employee, Fault> {
    check_company(&caller, ask.token.as_deref())?;
    let required = |field: &str, text: Option<String>| {
        map::filled(text).ok_or_else(|| Fault::object(format!("{field} is missing")))
    };
    let (name, time) = (required("name", ask.name)?, required("time", ask.time)?);
    let workforce = caller.workforce()?;
    let host = live(workforce, Kind::Employee, &ask.guid).await?;
    // The same visitor at the same time is the same visit: a repeated call tells nobody twice.
    let visit_name = format!("visit/{}", Id::of(&[&host.id.to_string(), &name, &time]));
    let visit = Visit {
        host: host.id,
        visitor_name: name.into(),
        expected_at: Instant::parse(&time, shanghai()).ok(),
        expected_text: time,
        status: VisitStatus::Notified,
        notified_at: Some(Instant::new(caller.now, shanghai())),
    };
    let saved = workforce.save(vec![(visit_name.clone(), Draft::of(&visit)?)]).await?;
    if let Some(record) = saved.first().copied() {
        workforce.announce(Announcement { topic: "visit.notified", record, key: visit_name }).await?;
    }
    Shown::default().one(workforce, &host).await
}

/// A list of employees: a page of it, or all.
pub(super) async fn list(
    caller: &Caller,
    mut query: Query,
    pagination: Option<wire::Pagination>,
) -> Result<wire::Employees, Fault> {
    let workforce = caller.workforce()?;
    let mut shown = Shown::default();
    let Some(pagination) = pagination else {
        let mut employees = Vec::new();
        query.limit = CHUNK;
        loop {
            query.offset = employees.len() as u64;
            let records = workforce.list(&query).await?;
            employees.extend(shown.show(workforce, &records).await?);
            if records.len() < CHUNK as usize {
                return Ok(wire::Employees::All(employees));
            }
        }
    };
    let page_size = page_size(caller);
    let total_count = workforce.count(&query).await?;
    query.limit = page_size;
    query.offset = u64::from(pagination.page - 1) * u64::from(page_size);
    // Beyond the last page the list is empty and the totals are the same (§6.17).
    let records = if query.offset < total_count { workforce.list(&query).await? } else { Vec::new() };
    Ok(wire::Employees::Page(wire::EmployeePage {
        current_page: u64::from(pagination.page),
        page_size: u64::from(page_size),
        total_pages: total_count.div_ceil(u64::from(page_size)),
        total_count,
        employees: shown.show(workforce, &records).await?,
    }))
}

/// Shows employees, looking each legal entity up once.
#[derive(Default)]
pub(super) struct Shown {
    entity_names: HashMap<Id, Option<String>>,
}

impl Shown {
    pub(super) async fn show(
        &mut self,
        workforce: &dyn Workforce,
        records: &[Record],
    ) -> Result<Vec<wire::Employee>, Fault> {
        let employees: Vec<Employee> = records.iter().map(Record::read).collect::<Result<_, _>>()?;
        let mut wanted: Vec<Id> = employees
            .iter()
            .filter_map(|employee| employee.legal_entity)
            .filter(|id| !self.entity_names.contains_key(id))
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        if !wanted.is_empty() {
            for (id, record) in wanted.iter().zip(workforce.many(&wanted).await?) {
                let entity = record.filter(|record| record.kind == Kind::LegalEntity && !record.deleted);
                let entity = entity.map(|record| record.read::<LegalEntity>()).transpose()?;
                self.entity_names.insert(*id, entity.map(|entity| entity.name));
            }
        }
        let show = |(record, employee): (&Record, Employee)| {
            let entity = employee.legal_entity.and_then(|id| self.entity_names.get(&id)?.as_deref());
            map::show_employee(record.id, employee, entity)
        };
        Ok(records.iter().zip(employees).map(show).collect())
    }

    pub(super) async fn one(
        mut self,
        workforce: &dyn Workforce,
        record: &Record,
    ) -> Result<wire::Employee, Fault> {
        let shown = self.show(workforce, std::slice::from_ref(record)).await?;
        shown.into_iter().next().ok_or_else(|| Fault::no_record("there is no such employee"))
    }
}

/// Finds the employee whom a text means. The order is fixed: uuid, then number, then mobile (§6.7). What fits one
/// person's number and another's mobile is answered 1102, not with a guess.
async fn resolve(workforce: &dyn Workforce, key: &str) -> Result<Record, Fault> {
    if uuid(key).is_some() {
        return live(workforce, Kind::Employee, key).await;
    }
    let by_number = workforce.find(Kind::Employee, "employee_no", key).await?;
    let like_mobile = key.bytes().filter(u8::is_ascii_digit).count() >= MOBILE_DIGITS_MIN;
    let by_mobile =
        if like_mobile { workforce.find(Kind::Employee, "mobile", key).await? } else { Vec::new() };
    if by_number.is_empty() && by_mobile.is_empty() && like_identity_number(key) {
        // The document has a code for bad identity items and no place for it (2003). Somebody who asks by identity
        // number should learn that this is none, and not to put such numbers in addresses.
        return Err(Fault::new(
            FaultCode::IdentityItem,
            "an identity number is no key; ask by uuid, employee number or mobile",
        ));
    }
    if by_number.is_empty() {
        return only(by_mobile);
    }
    let numbered: HashSet<Id> = by_number.iter().map(|record| record.id).collect();
    if by_mobile.iter().any(|record| !numbered.contains(&record.id)) {
        return Err(Fault::no_record(
            "ambiguous: it is one employee's number and another's mobile; ask by uuid",
        ));
    }
    only(by_number)
}

/// Whether a text has the form of a resident identity number (GB 11643): 17 digits and a check character.
fn like_identity_number(key: &str) -> bool {
    let (digits, check) = key.split_at_checked(17).unwrap_or_default();
    let digit = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digit(digits) && check.len() == 1 && (digit(check) || check.eq_ignore_ascii_case("x"))
}

/// The one record, or the one of them who has not left.
pub(super) fn only(mut records: Vec<Record>) -> Result<Record, Fault> {
    if records.len() > 1 {
        let mut staying = Vec::new();
        for record in records {
            if !map::has_left(&record.read()?) {
                staying.push(record);
            }
        }
        if staying.len() != 1 {
            return Err(Fault::no_record("ambiguous: several employees have this number; ask by uuid"));
        }
        records = staying;
    }
    records.pop().ok_or_else(|| Fault::no_record("there is no such employee"))
}

/// The condition that a status filter stands for. `joined` is from 2017 and means everybody who is here (§6.21).
/// The coarse words ask for the coarse status, which every vendor's employees have.
fn standing(word: &str) -> Result<Option<(&'static str, Vec<String>)>, Fault> {
    let coarse = |statuses: &[EmploymentStatus]| {
        Ok(Some(("status", statuses.iter().map(|status| status.name().to_owned()).collect())))
    };
    match word {
        "" | "all" => Ok(None),
        "joined" => {
            coarse(&[EmploymentStatus::Active, EmploymentStatus::OnLeave, EmploymentStatus::Suspended])
        }
        "waiting" => coarse(&[EmploymentStatus::PreHire]),
        "dimission" => coarse(&[EmploymentStatus::Ended]),
        "probation" | "regular" | "internship" => {
            let phases = map::PHASES.values(word, EmploymentPhase::ALL);
            Ok(Some(("phase.value", phases.map(|phase| phase.name().to_owned()).collect())))
        }
        _ => Err(Fault::parameter(
            "status must be all, joined, waiting, probation, regular, dimission or internship",
        )),
    }
}

/// How many employees a page has for this app.
fn page_size(caller: &Caller) -> u32 {
    let settings = caller.grant.as_deref().map(|grant| &grant.settings);
    let wanted = settings.and_then(|settings| settings["zhiren_page_size"].as_u64());
    wanted
        .and_then(|wanted| u32::try_from(wanted).ok())
        .map_or(PAGE_SIZE, |wanted| wanted.clamp(1, PAGE_SIZE_MAX))
}
