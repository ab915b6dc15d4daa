//! Candidates, sources, vacancies: reads only.

use tongshi_dialect::{Caller, Query, Record};
use tongshi_model::{Kind, OrgUnit, Vacancy};

use super::{every, live};
use crate::zhiren::{map, wire, wire::Fault};

pub(super) async fn candidates(
    caller: Caller,
    _: wire::CandidateList,
) -> Result<Vec<wire::Candidate>, Fault> {
    let records = every(caller.workforce()?, Query::of(Kind::Candidate, 0)).await?;
    records.iter().map(|record| Ok(map::show_candidate(record.id, record.read()?))).collect()
}

pub(super) async fn candidate(caller: Caller, ask: wire::CandidateGet) -> Result<wire::Candidate, Fault> {
    let record = live(caller.workforce()?, Kind::Candidate, &ask.id).await?;
    Ok(map::show_candidate(record.id, record.read()?))
}

pub(super) async fn sources(
    caller: Caller,
    _: wire::SourceList,
) -> Result<Vec<wire::CandidateSource>, Fault> {
    let records = every(caller.workforce()?, Query::of(Kind::CandidateSource, 0)).await?;
    records.iter().map(|record| Ok(map::show_source(record.id, record.read()?))).collect()
}

pub(super) async fn source(caller: Caller, ask: wire::SourceGet) -> Result<wire::CandidateSource, Fault> {
    let record = live(caller.workforce()?, Kind::CandidateSource, &ask.id).await?;
    Ok(map::show_source(record.id, record.read()?))
}

pub(super) async fn vacancies(caller: Caller, _: wire::VacancyList) -> Result<Vec<wire::Vacancy>, Fault> {
    let records = every(caller.workforce()?, Query::of(Kind::Vacancy, 0)).await?;
    show(&caller, &records).await
}

pub(super) async fn vacancy(caller: Caller, ask: wire::VacancyGet) -> Result<wire::Vacancy, Fault> {
    let record = live(caller.workforce()?, Kind::Vacancy, &ask.id).await?;
    let shown = show(&caller, std::slice::from_ref(&record)).await?;
    shown.into_iter().next().ok_or_else(|| Fault::no_record("there is no such vacancy"))
}

/// Shows vacancies; the names of departments that they do not carry are looked up all at once.
async fn show(caller: &Caller, records: &[Record]) -> Result<Vec<wire::Vacancy>, Fault> {
    let vacancies: Vec<Vacancy> = records.iter().map(Record::read).collect::<Result<_, _>>()?;
    let nameless = |vacancy: &Vacancy| vacancy.org_unit.filter(|_| vacancy.org_unit_name.is_none());
    let mut wanted: Vec<_> = vacancies.iter().filter_map(nameless).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let mut units = Vec::with_capacity(wanted.len());
    for record in caller.workforce()?.many(&wanted).await?.into_iter().flatten() {
        if record.kind == Kind::OrgUnit {
            units.push((record.id, record.read::<OrgUnit>()?));
        }
    }
    let shown = records.iter().zip(vacancies).map(|(record, vacancy)| {
        let id = nameless(&vacancy);
        let unit = units.iter().find(|(unit, _)| Some(*unit) == id).map(|(_, unit)| unit);
        map::show_vacancy(record.id, vacancy, unit)
    });
    Ok(shown.collect())
}
