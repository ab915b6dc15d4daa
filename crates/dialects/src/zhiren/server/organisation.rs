//! Sub-companies and departments.

use std::collections::HashSet;

use tongshi_dialect::{Caller, Query, Record, Workforce};
use tongshi_model::{Employee, Id, Kind, LegalEntity};

use super::{
    every, live,
    people::{Shown, list},
};
use crate::zhiren::{map, wire, wire::Fault};

pub(super) async fn sub_companies(
    caller: Caller,
    _: wire::SubCompanyList,
) -> Result<Vec<wire::SubCompany>, Fault> {
    let records = every(caller.workforce()?, Query::of(Kind::LegalEntity, 0)).await?;
    records.iter().map(|record| Ok(map::show_sub_company(record.id, record.read()?))).collect()
}

pub(super) async fn sub_company(caller: Caller, ask: wire::SubCompanyGet) -> Result<wire::SubCompany, Fault> {
    let record = live(caller.workforce()?, Kind::LegalEntity, &ask.sub_company_uuid).await?;
    Ok(map::show_sub_company(record.id, record.read()?))
}

pub(super) async fn sub_company_employees(
    caller: Caller,
    ask: wire::SubCompanyEmployees,
) -> Result<Vec<wire::Employee>, Fault> {
    let workforce = caller.workforce()?;
    let entity = live(workforce, Kind::LegalEntity, &ask.sub_company_uuid).await?;
    let records = employees_of(workforce, &entity).await?;
    Shown::default().show(workforce, &records).await
}

pub(super) async fn sub_company_employee(
    caller: Caller,
    ask: wire::SubCompanyEmployee,
) -> Result<wire::Single<wire::Employee>, Fault> {
    let workforce = caller.workforce()?;
    let entity = live(workforce, Kind::LegalEntity, &ask.sub_company_uuid).await?;
    let record = live(workforce, Kind::Employee, &ask.uuid).await?;
    if !works_for(&record.read()?, entity.id, &entity.read()?) {
        return Err(Fault::no_record("this employee belongs to another sub-company"));
    }
    Shown::default().one(workforce, &record).await.map(wire::Single)
}

/// Removed in 2017, so it answers only apps that live in that time (§6.26). A department belongs to no sub-company
/// any more: those are listed in which somebody of it works.
pub(super) async fn sub_company_departments(
    caller: Caller,
    ask: wire::SubCompanyDepartments,
) -> Result<Vec<wire::Department>, Fault> {
    lives_in_2017(&caller)?;
    let workforce = caller.workforce()?;
    let entity = live(workforce, Kind::LegalEntity, &ask.sub_company_uuid).await?;
    let name = entity.read::<LegalEntity>()?.name;
    let units = units_of(workforce, &entity).await?;
    units.iter().map(|record| Ok(map::show_department(record.id, record.read()?, Some(&name)))).collect()
}

pub(super) async fn sub_company_department(
    caller: Caller,
    ask: wire::SubCompanyDepartment,
) -> Result<wire::Single<wire::Department>, Fault> {
    lives_in_2017(&caller)?;
    let workforce = caller.workforce()?;
    let entity = live(workforce, Kind::LegalEntity, &ask.sub_company_uuid).await?;
    let unit = live(workforce, Kind::OrgUnit, &ask.uuid).await?;
    if !units_of(workforce, &entity).await?.iter().any(|record| record.id == unit.id) {
        return Err(Fault::no_record("this department belongs to another sub-company"));
    }
    let name = entity.read::<LegalEntity>()?.name;
    Ok(wire::Single(map::show_department(unit.id, unit.read()?, Some(&name))))
}

pub(super) async fn departments(
    caller: Caller,
    _: wire::DepartmentList,
) -> Result<Vec<wire::Department>, Fault> {
    let records = every(caller.workforce()?, Query::of(Kind::OrgUnit, 0)).await?;
    records.iter().map(|record| Ok(map::show_department(record.id, record.read()?, None))).collect()
}

pub(super) async fn department(caller: Caller, ask: wire::DepartmentGet) -> Result<wire::Department, Fault> {
    let record = live(caller.workforce()?, Kind::OrgUnit, &ask.uuid).await?;
    Ok(map::show_department(record.id, record.read()?, None))
}

pub(super) async fn department_employees(
    caller: Caller,
    ask: wire::DepartmentEmployees,
) -> Result<wire::Employees, Fault> {
    let unit = live(caller.workforce()?, Kind::OrgUnit, &ask.uuid).await?;
    list(&caller, Query::of(Kind::Employee, 0).key("org_unit", unit.id.to_string()), ask.pagination).await
}

fn lives_in_2017(caller: &Caller) -> Result<(), Fault> {
    let settings = caller.grant.as_deref().map(|grant| &grant.settings);
    if settings.is_some_and(|settings| settings["zhiren_2017"] == true) {
        return Ok(());
    }
    Err(Fault::no_record("this address was removed on 2017-06-06"))
}

/// The employees of a sub-company. This vendor's own employees name theirs only by its name, so both the id and the
/// name are looked for.
async fn employees_of(workforce: &dyn Workforce, entity: &Record) -> Result<Vec<Record>, Fault> {
    let mut records =
        every(workforce, Query::of(Kind::Employee, 0).key("legal_entity", entity.id.to_string())).await?;
    let mut by_name = Query::of(Kind::Employee, 0);
    by_name.fields.push(("legal_entity_name", vec![entity.read::<LegalEntity>()?.name]));
    let known: HashSet<Id> = records.iter().map(|record| record.id).collect();
    for record in every(workforce, by_name).await? {
        // Whoever has the id of another entity belongs there, whatever the name says.
        if !known.contains(&record.id) && record.read::<Employee>()?.legal_entity.is_none() {
            records.push(record);
        }
    }
    Ok(records)
}

fn works_for(employee: &Employee, entity_id: Id, entity: &LegalEntity) -> bool {
    match employee.legal_entity {
        Some(id) => id == entity_id,
        None => employee.legal_entity_name.as_deref() == Some(&entity.name),
    }
}

/// The departments in which somebody of a sub-company works, each once.
async fn units_of(workforce: &dyn Workforce, entity: &Record) -> Result<Vec<Record>, Fault> {
    let mut seen = HashSet::new();
    let mut ids = Vec::new();
    for record in employees_of(workforce, entity).await? {
        ids.extend(record.read::<Employee>()?.org_unit.filter(|id| seen.insert(*id)));
    }
    let found = workforce.many(&ids).await?;
    let unit = |record: &Record| record.kind == Kind::OrgUnit && !record.deleted;
    Ok(found.into_iter().flatten().filter(unit).collect())
}
