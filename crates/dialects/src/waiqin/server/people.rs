//! Family B: employees and organisation units.

use std::collections::HashSet;

use tongshi_dialect::{Caller, Query, Record};
use tongshi_model::{Employee, Id, Kind, LocalDate, OrgUnit, parse_date, shanghai};

use super::every;
use crate::waiqin::{
    map,
    wire::{self, Code, EmployeeRow, Fault, Opened, OrganizationRow},
};

/// Employees by any of the conditions; all of them without one.
pub(super) async fn employees(
    caller: Caller,
    ask: wire::EmployeeQuery,
) -> Result<Opened<Vec<EmployeeRow>>, Fault> {
    let msg_id = ask.stamp.msg_id.clone();
    let data = found(&caller, &ask).await.map_err(|fault| fault.of(&msg_id))?;
    Ok(Opened { msg_id, data })
}

async fn found(caller: &Caller, ask: &wire::EmployeeQuery) -> Result<Vec<EmployeeRow>, Fault> {
    let workforce = caller.workforce()?;
    let given = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
    let created = day("create_date", given(&ask.create_date))?;
    let modified = day("modify_date", given(&ask.modify_date))?;
    let status = given(&ask.emp_status);
    if status.as_deref().is_some_and(|status| !matches!(status, "0" | "1" | "2")) {
        return Err(Fault::new(Code::Request, "emp_status is 0, 1 or 2"));
    }
    let mut records: Vec<Record> = match (given(&ask.id), given(&ask.emp_id).or(given(&ask.emp_code))) {
        (Some(id), _) => match id.parse::<Id>() {
            Ok(id) => workforce.get(Kind::Employee, id).await?.into_iter().collect(),
            Err(_) => Vec::new(),
        },
        (None, Some(number)) => workforce.find(Kind::Employee, "employee_no", &number).await?,
        (None, None) => every(workforce, Query::of(Kind::Employee, 1)).await?,
    };
    let on = |at: tongshi_model::Timestamp| shanghai().to_datetime(at).date();
    records.retain(|record| {
        !record.deleted
            && created.is_none_or(|day| on(record.created_at) >= day)
            && modified.is_none_or(|day| on(record.changed_at) >= day)
    });
    let heads = heads(caller).await?;
    let mut rows = Vec::with_capacity(records.len());
    for record in records {
        let employee: Employee = record.read()?;
        if status.as_deref().is_none_or(|status| status == map::status_word(employee.status)) {
            rows.push(map::show_employee(record.id, &employee, heads.contains(&record.id)));
        }
    }
    Ok(rows)
}

/// Everybody who heads a unit.
async fn heads(caller: &Caller) -> Result<HashSet<Id>, Fault> {
    let mut heads = HashSet::new();
    for record in every(caller.workforce()?, Query::of(Kind::OrgUnit, 1)).await? {
        heads.extend(record.read::<OrgUnit>()?.head);
    }
    Ok(heads)
}

fn day(name: &'static str, text: Option<String>) -> Result<Option<LocalDate>, Fault> {
    // A day, or a day with a time behind it.
    let day = text.map(|text| parse_date(name, text.split(' ').next().unwrap_or_default())).transpose();
    day.map_err(|error| Fault::new(Code::Request, error.public().to_owned()))
}

/// Organisation units. The record knows only living ones: whoever asks for stopped ones gets none.
pub(super) async fn organizations(
    caller: Caller,
    ask: wire::OrganizationQuery,
) -> Result<Opened<Vec<OrganizationRow>>, Fault> {
    let msg_id = ask.stamp.msg_id;
    let mut data = Vec::new();
    if ask.org_status.as_deref().is_none_or(|status| matches!(status, "" | "1")) {
        let workforce = caller.workforce().map_err(Fault::from)?;
        for record in
            every(workforce, Query::of(Kind::OrgUnit, 1)).await.map_err(|fault| fault.of(&msg_id))?
        {
            data.push(map::show_unit(record.id, &record.read()?));
        }
    }
    Ok(Opened { msg_id, data })
}
