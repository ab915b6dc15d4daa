//! People and departments.

use serde_json::{Map, Value};
use tongshi_model::{
    Coded, Employee, EmploymentPhase, EmploymentStatus, Error, Id, Kind, OrgUnit, Personal, Timestamp,
};

use super::{Names, Resolve, filled, read_place, show_place, wall};
use crate::hesine::wire::{Department, DepartmentFields, Staff, StaffFields};

/// Where the id lies that another platform has for a person.
pub(in crate::hesine) const THIRD_PARTY: &str = "third_party";

/// The fields beside the vendor's own that the record has, and where somebody works.
pub(in crate::hesine) const CUSTOM: [&str; 3] = ["rankType", "postType", "base"];

/// The international code of a number that says none.
const ROAMING: &str = "86";

/// Whether somebody works here, as the vendor sees it.
pub(in crate::hesine) fn is_active(employee: &Employee) -> bool {
    employee.status != Some(EmploymentStatus::Ended)
}

/// A person as the vendor shows them.
pub(in crate::hesine) fn show_staff(
    names: &Names,
    (id, created_at, changed_at): (Id, Timestamp, Timestamp),
    employee: &Employee,
) -> Staff {
    let text = |value: &Option<Personal<String>>| value.as_ref().map(|value| value.expose().clone());
    let email = text(&employee.work_email).or_else(|| text(&employee.email));
    let mobile = text(&employee.mobile);
    let department = employee.org_unit.map(|unit| names.id(unit));
    let mut custom = Map::new();
    for (name, value) in [("rankType", &employee.job_grade), ("postType", &employee.job_title)] {
        if let Some(value) = value {
            custom.insert(name.to_owned(), Value::from(value.as_str()));
        }
    }
    if let Some(place) = &employee.work_place {
        custom.insert("base".to_owned(), show_place(place).into());
    }
    let user = employee.accounts.get(THIRD_PARTY).map(|user| user.expose().clone());
    Staff {
        id: names.id(id),
        name: Some(employee.name.expose().clone()),
        nick_name: text(&employee.nickname),
        code: Some(employee.employee_no.clone().unwrap_or_default()),
        departments: department.iter().cloned().collect(),
        default_department: department,
        global_roaming: Some(format!("+{}", roaming(mobile.as_deref().unwrap_or_default()))),
        cellphone: Some(mobile.unwrap_or_default()),
        active: is_active(employee),
        user_id: user.or_else(|| Some(id.to_string())),
        email: Some(email.as_deref().unwrap_or_default().to_lowercase()),
        show_email: Some(email.unwrap_or_default()),
        external: false,
        auth_state: Some(is_active(employee)),
        note: None,
        staff_custom_form: Some(custom),
        update_time: Some(wall(changed_at)),
        create_time: Some(wall(created_at)),
    }
}

/// The international code in a number: `(852)90000000`, and China's where there is none.
fn roaming(mobile: &str) -> &str {
    let code = mobile.strip_prefix('(').and_then(|rest| rest.split_once(')')).map(|(code, _)| code);
    code.filter(|code| !code.is_empty()).unwrap_or(ROAMING)
}

/// A person as the vendor shows them, in canonical words.
pub(in crate::hesine) fn read_staff(resolve: Resolve<'_>, staff: Staff) -> Result<Employee, Error> {
    let personal = |text: Option<String>| filled(text).map(Personal::new);
    let name = filled(staff.name).ok_or_else(|| Error::invalid("name", "a person has no name"))?;
    let (status, phase) = if staff.active {
        (EmploymentStatus::Active, EmploymentPhase::Regular)
    } else {
        (EmploymentStatus::Ended, EmploymentPhase::Left)
    };
    let custom = staff.staff_custom_form.unwrap_or_default();
    let unit = filled(staff.default_department).or_else(|| staff.departments.into_iter().next());
    let mut employee = Employee {
        name: Personal::new(name),
        employee_no: filled(staff.code),
        status: Some(status),
        phase: Some(Coded::ours(phase)),
        org_unit: unit.and_then(|unit| resolve(Kind::OrgUnit, &unit)),
        nickname: personal(staff.nick_name),
        mobile: personal(staff.cellphone),
        work_email: personal(staff.show_email).or(personal(staff.email)),
        job_grade: super::text_of(&custom, "rankType"),
        job_title: super::text_of(&custom, "postType"),
        work_place: custom.get("base").and_then(read_place),
        ..Employee::default()
    };
    if let Some(user) = filled(staff.user_id) {
        employee.accounts.insert(THIRD_PARTY.to_owned(), Personal::new(user));
    }
    Ok(employee)
}

/// Takes over what is said of a person; what is not said stays.
pub(in crate::hesine) fn apply_staff(employee: &mut Employee, fields: &StaffFields) {
    let personal = |text: &Option<String>| filled(text.clone()).map(Personal::new);
    if let Some(name) = filled(fields.name.clone()) {
        employee.name = Personal::new(name);
    }
    if fields.code.is_some() {
        employee.employee_no = filled(fields.code.clone());
    }
    if fields.nick_name.is_some() {
        employee.nickname = personal(&fields.nick_name);
    }
    if fields.cellphone.is_some() {
        employee.mobile = personal(&fields.cellphone);
    }
    if fields.email.is_some() {
        employee.work_email = personal(&fields.email);
    }
    if let Some(user) = personal(&fields.userid) {
        employee.accounts.insert(THIRD_PARTY.to_owned(), user);
    }
    if let Some(custom) = &fields.staff_custom_form {
        apply_custom(employee, custom);
    }
}

/// Takes over the fields beside the vendor's own; what is not said stays, and what is said to be nothing goes.
pub(in crate::hesine) fn apply_custom(employee: &mut Employee, custom: &Map<String, Value>) {
    if custom.contains_key("rankType") {
        employee.job_grade = super::text_of(custom, "rankType");
    }
    if custom.contains_key("postType") {
        employee.job_title = super::text_of(custom, "postType");
    }
    if let Some(base) = custom.get("base") {
        employee.work_place = read_place(base);
    }
}

/// A department as the vendor shows it.
pub(in crate::hesine) fn show_department(
    names: &Names,
    (id, created_at, changed_at): (Id, Timestamp, Timestamp),
    unit: &OrgUnit,
    active: bool,
) -> Department {
    Department {
        id: names.id(id),
        name: Some(unit.name.clone()),
        parent_id: Some(unit.parent.map(|parent| names.id(parent)).unwrap_or_default()),
        active,
        code: Some(unit.code.clone().unwrap_or_default()),
        // The record has none of the fields that could lie here.
        form: None,
        order: Some(unit.order.unwrap_or_default()),
        update_time: Some(wall(changed_at)),
        create_time: Some(wall(created_at)),
    }
}

/// A department as the vendor shows it, in canonical words.
pub(in crate::hesine) fn read_department(resolve: Resolve<'_>, raw: Department) -> Result<OrgUnit, Error> {
    Ok(OrgUnit {
        name: filled(raw.name).ok_or_else(|| Error::invalid("name", "a department has no name"))?,
        parent: filled(raw.parent_id).and_then(|parent| resolve(Kind::OrgUnit, &parent)),
        head: None,
        code: filled(raw.code),
        order: raw.order,
    })
}

/// Takes over what is said of a department beside its parent; what is not said stays.
pub(in crate::hesine) fn apply_department(unit: &mut OrgUnit, fields: &DepartmentFields) {
    if let Some(name) = filled(fields.name.clone()) {
        unit.name = name;
    }
    if fields.code.is_some() {
        unit.code = filled(fields.code.clone());
    }
    if fields.order.is_some() {
        unit.order = fields.order;
    }
}
