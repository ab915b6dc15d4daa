//! Waiqin's words and ours, both ways.

use tongshi_model::{
    Account, AccountStatus, AccountType, Coded, Employee, EmploymentPhase, EmploymentStatus, Gender, Id,
    OrgUnit, Personal, Space,
};
use tongshi_model::{Error, Kind, parse_date};

mod field;
mod written;

pub(crate) use self::{field::*, written::*};
use super::wire::{EmployeeRow, OrganizationRow, User, UserRead};

/// Sizes of §A3, in bytes of UTF-8: the vendor counts bytes, and names are Chinese.
const NAME_BYTES: usize = 100;

/// What stands behind the names of people who were deleted or stopped (§B2, seen in one program).
pub(crate) const DELETED: &str = "(删除)";
const STOPPED: &str = "(停用)";

/// A value with something in it.
pub(crate) fn filled(value: Option<String>) -> Option<String> {
    value.filter(|value| !value.trim().is_empty())
}

/// What a status of the vendor's means.
pub(crate) fn standing(word: Option<&str>) -> (EmploymentStatus, EmploymentPhase) {
    match word {
        Some("0") => (EmploymentStatus::Ended, EmploymentPhase::Left),
        Some("2") => (EmploymentStatus::Suspended, EmploymentPhase::Regular),
        _ => (EmploymentStatus::Active, EmploymentPhase::Regular),
    }
}

fn sex_word(employee: &Employee) -> Option<&'static str> {
    match employee.gender.as_ref()?.expose().value {
        Gender::Male => Some("M"),
        Gender::Female => Some("F"),
        _ => None,
    }
}

pub(crate) fn gender_of(word: &str) -> Option<Gender> {
    match word {
        "M" => Some(Gender::Male),
        "F" => Some(Gender::Female),
        _ => None,
    }
}

/// The status of an account: 1 normal, 2 disabled, 0 closed.
pub(crate) fn status_word(status: Option<EmploymentStatus>) -> &'static str {
    match status {
        Some(EmploymentStatus::Ended) => "0",
        Some(EmploymentStatus::Suspended | EmploymentStatus::PreHire) => "2",
        Some(EmploymentStatus::Active | EmploymentStatus::OnLeave | EmploymentStatus::Other) | None => "1",
    }
}

/// A text cut to so many bytes, never inside a character.
pub(crate) fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The department as a user's page shows it.
pub(crate) struct Department {
    pub(crate) id: Id,
    pub(crate) name: String,
    /// From the top, with a slash before each.
    pub(crate) path: String,
}

/// A person as §A3 shows them.
pub(crate) fn show_user(
    id: Id,
    employee: &Employee,
    department: Option<Department>,
    tenant_id: &str,
) -> User {
    let (depart_id, depart_name, full_depart_name) = match department {
        Some(found) => (Some(found.id.to_string()), Some(found.name), Some(found.path)),
        None => (None, None, None),
    };
    User {
        tenant_id: Some(tenant_id.to_owned()),
        id: Some(id.to_string()),
        name: Some(cut(employee.name.expose(), NAME_BYTES).to_owned()),
        user_type: Some("1".to_owned()),
        status: Some(status_word(employee.status).to_owned()),
        depart_id,
        depart_name,
        full_depart_name,
        thrid_id: employee.employee_no.as_deref().map(|number| cut(number, NAME_BYTES).to_owned()),
        ..User::default()
    }
}

/// A user as §A3 shows them, as an account. Its id is also the employee's in the OpenAPI (§B2).
pub(crate) fn read_user(space: Space, read: UserRead) -> Result<Account, Error> {
    let UserRead { user, third_id } = read;
    let user_id = filled(user.id).ok_or_else(|| Error::invalid("id", "a user has no id"))?;
    let kind = match user.user_type.as_deref() {
        // The value is missing in the older edition, which knew employees only.
        None | Some("") => Coded::ours(AccountType::Employee),
        Some("1") => Coded::vendor("1", Some(AccountType::Employee)),
        Some("2") => Coded::vendor("2", Some(AccountType::Customer)),
        Some("3") => Coded::vendor("3", Some(AccountType::CustomerContact)),
        Some(other) => Coded::vendor(other, None),
    };
    let status = match user.status.as_deref() {
        None | Some("") => Coded::ours(AccountStatus::Active),
        Some("1") => Coded::vendor("1", Some(AccountStatus::Active)),
        Some("2") => Coded::vendor("2", Some(AccountStatus::Disabled)),
        Some("0") => Coded::vendor("0", Some(AccountStatus::Closed)),
        Some(other) => Coded::vendor(other, None),
    };
    let employee = (kind.value == AccountType::Employee).then(|| space.id(Kind::Employee, &user_id));
    Ok(Account {
        user_id,
        login: filled(user.code).map(Personal::new),
        union_id: None,
        third_party_id: filled(user.thrid_id).or(filled(third_id)),
        name: filled(user.name).map(Personal::new),
        mobile: filled(user.mobile).map(Personal::new),
        kind,
        status,
        employee,
    })
}

/// A person as §B2 shows them.
pub(crate) fn show_employee(id: Id, employee: &Employee, heads: bool) -> EmployeeRow {
    let text = |value: &Option<Personal<String>>| value.as_ref().map(|value| value.expose().clone());
    EmployeeRow {
        id: Some(id.to_string()),
        emp_id: employee.employee_no.clone(),
        emp_code: employee.employee_no.clone(),
        emp_name: Some(employee.name.expose().clone()),
        emp_sex: sex_word(employee).map(str::to_owned),
        emp_mobile: text(&employee.mobile),
        emp_tel: text(&employee.phone),
        emp_idcard: text(&employee.id_number),
        emp_birthday: employee.birth_date.as_ref().map(|date| date.expose().to_string()),
        emp_email: text(&employee.work_email).or_else(|| text(&employee.email)),
        emp_addr: text(&employee.address),
        waiqin365_dept_id: employee.org_unit.map(|unit| unit.to_string()),
        waiqin365_parent_id: employee.manager.map(|manager| manager.to_string()),
        emp_is_org_learder: Some(if heads { "1" } else { "0" }.to_owned()),
        emp_imsi_binding: Some("1".to_owned()),
        emp_position: employee.job_title.clone(),
        emp_job: employee.job_title.clone(),
        emp_status: Some(status_word(employee.status).to_owned()),
        ..EmployeeRow::default()
    }
}

/// A person as the vendor shows them, in canonical words.
pub(crate) fn read_employee(space: Space, row: EmployeeRow) -> Result<Employee, Error> {
    let personal = |value: Option<String>| filled(value).map(Personal::new);
    let name = filled(row.emp_name).ok_or_else(|| Error::invalid("emp_name", "a person has no name"))?;
    let (status, phase) = standing(row.emp_status.as_deref());
    let sex = row.emp_sex.as_deref().filter(|sex| !sex.is_empty());
    let sex = sex.map(|sex| Personal::new(Coded::vendor(sex, gender_of(sex))));
    let birth_date = filled(row.emp_birthday)
        .map(|text| parse_date("emp_birthday", &text).map(Personal::new))
        .transpose()?;
    Ok(Employee {
        name: Personal::new(name.trim_end_matches(DELETED).trim_end_matches(STOPPED).to_owned()),
        employee_no: filled(row.emp_id).or(filled(row.emp_code)),
        status: Some(status),
        phase: Some(Coded { value: phase, vendor_value: row.emp_status }),
        org_unit: filled(row.waiqin365_dept_id).map(|id| space.id(Kind::OrgUnit, &id)),
        manager: filled(row.waiqin365_parent_id).map(|id| space.id(Kind::Employee, &id)),
        job_title: filled(row.emp_position),
        mobile: personal(row.emp_mobile),
        phone: personal(row.emp_tel),
        work_email: personal(row.emp_email),
        gender: sex,
        birth_date,
        address: personal(row.emp_addr),
        id_number: personal(row.emp_idcard),
        ..Employee::default()
    })
}

/// A unit as §B2 shows it.
pub(crate) fn show_unit(id: Id, unit: &OrgUnit) -> OrganizationRow {
    OrganizationRow {
        id: Some(id.to_string()),
        org_id: unit.code.clone(),
        org_code: unit.code.clone(),
        org_name: Some(unit.name.clone()),
        org_parent_id: Some(unit.parent.map_or_else(String::new, |parent| parent.to_string())),
        waiqin365_parent_id: unit.parent.map(|parent| parent.to_string()),
        org_sequence: unit.order.map(|order| order.to_string()),
        org_status: Some("1".to_owned()),
    }
}

/// A unit as the vendor shows it, in canonical words.
pub(crate) fn read_unit(space: Space, row: OrganizationRow) -> Result<OrgUnit, Error> {
    Ok(OrgUnit {
        name: filled(row.org_name).ok_or_else(|| Error::invalid("org_name", "a unit has no name"))?,
        parent: filled(row.waiqin365_parent_id)
            .or(filled(row.org_parent_id))
            .map(|id| space.id(Kind::OrgUnit, &id)),
        head: None,
        code: filled(row.org_code).or(filled(row.org_id)),
        order: filled(row.org_sequence).and_then(|text| text.parse().ok()),
    })
}
