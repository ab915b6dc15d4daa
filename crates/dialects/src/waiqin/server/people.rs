//! Family B: employees and organisation units.

use std::collections::HashSet;

use serde_json::Value;
use tongshi_dialect::{Caller, Query, Record, Workforce};
use tongshi_model::{Draft, Employee, EmploymentStatus, Id, Kind, LocalDate, OrgUnit, parse_date, shanghai};

use super::{every, required};
use crate::waiqin::{
    map::{self, filled},
    wire::{self, Code, EmployeeNamed, EmployeeRow, Fault, Opened, OrganizationNamed, OrganizationRow},
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

/// Adds an employee. The third-party id, or else the login, becomes the number, which nobody who works here may have.
pub(super) async fn add(caller: Caller, ask: wire::EmployeeAdd) -> Result<Opened<EmployeeNamed>, Fault> {
    let msg_id = ask.stamp.msg_id;
    let data = added(&caller, &ask.row).await.map_err(|fault| fault.of(&msg_id))?;
    Ok(Opened { msg_id, data })
}

async fn added(caller: &Caller, row: &EmployeeRow) -> Result<EmployeeNamed, Fault> {
    let workforce = caller.workforce()?;
    required("emp_name", row.emp_name.as_deref())?;
    let number = filled(row.emp_id.clone()).or(filled(row.emp_code.clone()));
    let number = number.ok_or_else(|| Fault::new(Code::Request, "emp_id or emp_code is missing"))?;
    free(workforce, &number, None).await?;
    let (department, superior) = (department_of(workforce, row).await?, superior_of(workforce, row).await?);
    let fields = map::patch(row, department, superior, None)?;
    let draft = Draft::parse(Kind::Employee, Value::Object(fields).to_string())?;
    // Named after the number, so that the same call twice makes one person.
    let ids = workforce.save(vec![(format!("waiqin.employee/{number}"), draft)]).await?;
    Ok(EmployeeNamed { id: ids.first().map(Id::to_string), emp_id: Some(number) })
}

/// Changes an employee.
pub(super) async fn modify(
    caller: Caller,
    ask: wire::EmployeeModify,
) -> Result<Opened<EmployeeNamed>, Fault> {
    let msg_id = ask.stamp.msg_id;
    let data = modified(&caller, &ask.row).await.map_err(|fault| fault.of(&msg_id))?;
    Ok(Opened { msg_id, data })
}

async fn modified(caller: &Caller, row: &EmployeeRow) -> Result<EmployeeNamed, Fault> {
    let workforce = caller.workforce()?;
    let nobody = || Fault::new(Code::NoRecord, "there is no employee with this id");
    let id: Id = required("id", row.id.as_deref())?.parse().map_err(|_| nobody())?;
    let record = workforce.get(Kind::Employee, id).await?;
    let record = record.filter(|record| !record.deleted).ok_or_else(nobody)?;
    let before: Employee = record.read()?;
    let (department, superior) = (department_of(workforce, row).await?, superior_of(workforce, row).await?);
    let fields = map::patch(row, department, superior, Some(&before))?;
    if superior == Some(record.id) {
        return Err(Fault::new(Code::Request, "nobody is their own superior"));
    }
    let number = fields.get("employee_no").and_then(Value::as_str).map(str::to_owned);
    if let Some(number) = number.as_deref().filter(|number| before.employee_no.as_deref() != Some(number)) {
        free(workforce, number, Some(record.id)).await?;
    }
    if !fields.is_empty() {
        workforce.change(Kind::Employee, record.id, fields).await?;
    }
    Ok(EmployeeNamed { id: Some(record.id.to_string()), emp_id: number.or(before.employee_no) })
}

/// Refuses a number that somebody else who works here has.
async fn free(workforce: &dyn Workforce, number: &str, except: Option<Id>) -> Result<(), Fault> {
    for record in workforce.find(Kind::Employee, "employee_no", number).await? {
        let employee: Employee = record.read()?;
        if except != Some(record.id) && employee.status != Some(EmploymentStatus::Ended) {
            return Err(Fault::new(Code::Conflict, "another employee has this emp_id"));
        }
    }
    Ok(())
}

/// The department that a row names: by the vendor's id, which wins, or by the third party's.
async fn department_of(workforce: &dyn Workforce, row: &EmployeeRow) -> Result<Option<Id>, Fault> {
    let unknown = || Fault::new(Code::Request, "there is no such department");
    let code = filled(row.emp_org_id.clone()).or(filled(row.emp_org_code.clone()));
    let found = match (filled(row.waiqin365_dept_id.clone()), code) {
        (Some(id), _) => {
            workforce.get(Kind::OrgUnit, id.parse().map_err(|_| unknown())?).await?.into_iter().collect()
        }
        (None, Some(code)) => workforce.find(Kind::OrgUnit, "code", &code).await?,
        (None, None) => return Ok(None),
    };
    let live = found.into_iter().find(|record: &Record| !record.deleted);
    live.map(|record| Some(record.id)).ok_or_else(unknown)
}

/// The superior that a row names, by either id.
async fn superior_of(workforce: &dyn Workforce, row: &EmployeeRow) -> Result<Option<Id>, Fault> {
    let unknown = || Fault::new(Code::Request, "there is no such superior");
    let number = filled(row.emp_parent_id.clone()).or(filled(row.parent_code.clone()));
    let found = match (filled(row.waiqin365_parent_id.clone()), number) {
        (Some(id), _) => {
            workforce.get(Kind::Employee, id.parse().map_err(|_| unknown())?).await?.into_iter().collect()
        }
        (None, Some(number)) => workforce.find(Kind::Employee, "employee_no", &number).await?,
        (None, None) => return Ok(None),
    };
    let live = found.into_iter().find(|record: &Record| !record.deleted);
    live.map(|record| Some(record.id)).ok_or_else(unknown)
}

/// Adds an organisation unit.
pub(super) async fn add_unit(
    caller: Caller,
    ask: wire::OrganizationAdd,
) -> Result<Opened<OrganizationNamed>, Fault> {
    let msg_id = ask.stamp.msg_id.clone();
    let data = added_unit(&caller, &ask).await.map_err(|fault| fault.of(&msg_id))?;
    Ok(Opened { msg_id, data })
}

async fn added_unit(caller: &Caller, ask: &wire::OrganizationAdd) -> Result<OrganizationNamed, Fault> {
    let workforce = caller.workforce()?;
    let code = required("org_id", ask.org_id.as_deref())?;
    if !workforce.find(Kind::OrgUnit, "code", code).await?.is_empty() {
        return Err(Fault::new(Code::Conflict, "another unit has this org_id"));
    }
    // An empty parent is the top. Units that we list are named by our ids, so either id is taken.
    let row = EmployeeRow {
        waiqin365_dept_id: filled(ask.org_parent_id.clone()).filter(|id| id.parse::<Id>().is_ok()),
        emp_org_id: filled(ask.org_parent_id.clone()),
        ..EmployeeRow::default()
    };
    let parent = department_of(workforce, &row).await?;
    let draft = Draft::of(&map::new_unit(ask, parent)?)?;
    let ids = workforce.save(vec![(format!("waiqin.organization/{code}"), draft)]).await?;
    Ok(OrganizationNamed { id: ids.first().map(Id::to_string), org_id: Some(code.to_owned()) })
}
