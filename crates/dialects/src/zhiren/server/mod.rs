//! Zhiren's API answered from the records of the calling app's workspace. Here the list of answers and what several
//! areas share; errors become faults in `wire/fault.rs`, once.

mod approvals;
mod attendance;
mod company;
mod moka;
mod oauth;
mod organisation;
mod people;
mod recruitment;

use std::sync::Arc;

use tongshi_dialect::{Attempt, AuthFault, Caller, Desk, Face, Query, Record, Server, Workforce};
use tongshi_model::{Clock, Id, Kind, LocalDate, Timestamp, parse_date, shanghai};

use super::wire::{Fault, FaultCode, Zhiren};

/// Lists are read from the store in pieces of this size.
const CHUNK: u32 = 1000;

/// The longest range of days that a question may cover.
const RANGE_DAYS_MAX: i64 = 1100;

/// Makes the answering half.
pub(super) fn serve(desk: Arc<dyn Desk>, clock: Arc<dyn Clock>) -> Arc<dyn Face> {
    let server = Server::<Zhiren>::new(desk, clock)
        .on(organisation::sub_companies)
        .on(organisation::sub_company)
        .on(organisation::sub_company_employees)
        .on(organisation::sub_company_employee)
        .on(organisation::sub_company_departments)
        .on(organisation::sub_company_department)
        .on(organisation::departments)
        .on(organisation::department)
        .on(organisation::department_employees)
        .on(people::employees)
        .on(people::employee)
        .on(people::check_attendance)
        .on(people::notify)
        .on(attendance::import)
        .on(attendance::arrangements)
        .on(attendance::timelines)
        .on(attendance::checkings)
        .on(approvals::approvals)
        .on(approvals::approval)
        .on(company::set_salary)
        .on(company::update_token)
        .on(moka::push_candidate)
        .on(moka::bind)
        .on(moka::unbind)
        .on(moka::check)
        .on(recruitment::candidates)
        .on(recruitment::candidate)
        .on(recruitment::sources)
        .on(recruitment::source)
        .on(recruitment::vacancies)
        .on(recruitment::vacancy)
        .on(oauth::authorize)
        .on(oauth::sign_in)
        .on(oauth::access_token);
    Arc::new(server.ready())
}

/// The `token` of the document names the company, which the access key has named already. It may be absent or empty;
/// one that is given must be the app's, where the app has one (§6.6).
fn check_company(caller: &Caller, token: Option<&str>) -> Result<(), Fault> {
    let given = token.filter(|token| !token.is_empty());
    match (given, caller.setting("company_token")) {
        (Some(given), Some(expected)) if given != expected => {
            Err(Fault::new(FaultCode::NoCompany, "no company has this token"))
        }
        _ => Ok(()),
    }
}

/// An attempt to show a code or a secret that belongs to this id, unless too many have failed.
fn attempt<'a>(caller: &Caller, place: &'static str, id: &'a str) -> Result<Attempt<'a>, Fault> {
    let attempt = Attempt { peer: caller.peer, place, id };
    caller.desk.may_try(&attempt).map_err(|wait| AuthFault::Blocked(wait.seconds()))?;
    Ok(attempt)
}

/// The live record with the id that a text names.
async fn live(workforce: &dyn Workforce, kind: Kind, id: &str) -> Result<Record, Fault> {
    let missing = || Fault::no_record(format!("there is no such {}", noun(kind)));
    let id = uuid(id).ok_or_else(missing)?;
    let record = workforce.get(kind, id).await?;
    record.filter(|record| !record.deleted).ok_or_else(missing)
}

/// All live records of a query, read in pieces.
async fn every(workforce: &dyn Workforce, mut query: Query) -> Result<Vec<Record>, Fault> {
    query.limit = CHUNK;
    let mut records = Vec::new();
    loop {
        query.offset = records.len() as u64;
        let chunk = workforce.list(&query).await?;
        let last = chunk.len() < CHUNK as usize;
        records.extend(chunk);
        if last {
            return Ok(records);
        }
    }
}

/// An identifier as this vendor writes it: 32 hexadecimal digits.
fn uuid(text: &str) -> Option<Id> {
    let written = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if written { text.parse().ok() } else { None }
}

/// A day that a question names; empty is none.
fn day(field: &'static str, text: Option<&str>) -> Result<Option<LocalDate>, Fault> {
    let text = text.filter(|text| !text.is_empty());
    let date = text.map(|text| parse_date(field, text)).transpose();
    date.map_err(|error| Fault::parameter(error.public().to_owned()))
}

/// The days from one that must be given to another, both inclusive, in Shanghai (§6.18).
fn days(start: &str, end: &str) -> Result<(LocalDate, LocalDate), Fault> {
    let required = |field: &'static str, text: &str| {
        day(field, Some(text))?.ok_or_else(|| Fault::parameter(format!("{field} is missing")))
    };
    let (from, to) = (required("start_date", start)?, required("end_date", end)?);
    if from > to {
        return Err(Fault::parameter("start_date lies after end_date"));
    }
    let long = from.until(to).is_ok_and(|span| i64::from(span.get_days()) > RANGE_DAYS_MAX);
    if long {
        return Err(Fault::parameter(format!("the range is longer than {RANGE_DAYS_MAX} days")));
    }
    Ok((from, to))
}

/// The calendar day in Shanghai.
fn today(now: Timestamp) -> LocalDate {
    shanghai().to_datetime(now).date()
}

/// The vendor's noun for a kind, in error texts.
fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::LegalEntity => "sub-company",
        Kind::OrgUnit => "department",
        Kind::CandidateSource => "source",
        other => other.name(),
    }
}
