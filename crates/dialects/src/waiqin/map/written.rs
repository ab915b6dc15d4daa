//! People and units on their way into the record from a vendor's app, and out to the vendor. All of it pure.

use serde_json::{Map, Value, json};
use tongshi_model::{Coded, Employee, Error, Id, OrgUnit, parse_date};

use super::{gender_of, sex_word, standing, status_word};
use crate::waiqin::wire::{EmployeeRow, OrganizationAdd};

/// What a row says of a person, as fields of the record. What is empty is not said. The status is left alone where the
/// record, whose words are finer, says the same already.
pub(crate) fn patch(
    row: &EmployeeRow,
    department: Option<Id>,
    superior: Option<Id>,
    before: Option<&Employee>,
) -> Result<Map<String, Value>, Error> {
    let given = |value: &Option<String>| value.clone().filter(|value| !value.trim().is_empty());
    let mut fields = Map::new();
    let texts = [
        ("employee_no", given(&row.emp_id).or(given(&row.emp_code))),
        ("name", given(&row.emp_name)),
        ("mobile", given(&row.emp_mobile)),
        ("phone", given(&row.emp_tel)),
        ("id_number", given(&row.emp_idcard)),
        ("work_email", given(&row.emp_email)),
        ("address", given(&row.emp_addr)),
        ("job_title", given(&row.emp_position).or(given(&row.emp_job))),
        ("org_unit", department.map(|id| id.to_string())),
        ("manager", superior.map(|id| id.to_string())),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            fields.insert(name.to_owned(), text.into());
        }
    }
    if let Some(sex) = given(&row.emp_sex) {
        let known = gender_of(&sex).ok_or_else(|| Error::invalid("emp_sex", "emp_sex is M or F"))?;
        fields.insert("gender".to_owned(), json!(Coded::vendor(&sex, Some(known))));
    }
    if let Some(day) = given(&row.emp_birthday) {
        fields.insert("birth_date".to_owned(), json!(parse_date("emp_birthday", &day)?));
    }
    if let Some(word) = given(&row.emp_status) {
        if !matches!(&*word, "0" | "1" | "2") {
            return Err(Error::invalid("emp_status", "emp_status is 0, 1 or 2"));
        }
        if before.is_none_or(|before| status_word(before.status) != word) {
            let (status, phase) = standing(Some(&word));
            fields.insert("status".to_owned(), json!(status));
            fields.insert("phase".to_owned(), json!(Coded::vendor(&word, Some(phase))));
        }
    } else if before.is_none() {
        let (status, phase) = standing(None);
        fields.insert("status".to_owned(), json!(status));
        fields.insert("phase".to_owned(), json!(Coded::ours(phase)));
    }
    Ok(fields)
}

/// A new unit.
pub(crate) fn new_unit(ask: &OrganizationAdd, parent: Option<Id>) -> Result<OrgUnit, Error> {
    let given = |value: &Option<String>| value.clone().filter(|value| !value.trim().is_empty());
    let order = given(&ask.org_sequence).map(|text| text.parse()).transpose();
    Ok(OrgUnit {
        name: given(&ask.org_name).ok_or_else(|| Error::invalid("org_name", "org_name is missing"))?,
        parent,
        head: None,
        code: given(&ask.org_id),
        order: order.map_err(|_| Error::invalid("org_sequence", "org_sequence is a whole number"))?,
    })
}

/// A person as the vendor is told of them; `remote` says what the vendor calls what the person refers to.
pub(crate) fn write_employee<'a>(employee: &Employee, remote: impl Fn(Id) -> Option<&'a str>) -> EmployeeRow {
    let named = |id: Option<Id>| id.and_then(&remote).map(str::to_owned);
    let text =
        |value: &Option<tongshi_model::Personal<String>>| value.as_ref().map(|text| text.expose().clone());
    EmployeeRow {
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
        waiqin365_dept_id: named(employee.org_unit),
        waiqin365_parent_id: named(employee.manager),
        emp_position: employee.job_title.clone(),
        emp_status: Some(status_word(employee.status).to_owned()),
        ..EmployeeRow::default()
    }
}

/// The names of the fields in which what the vendor shows differs from what it was told.
pub(crate) fn differing(told: &EmployeeRow, shown: &EmployeeRow) -> Vec<&'static str> {
    macro_rules! differing {
        ($($field:ident),*) => {
            [$((stringify!($field), &told.$field, &shown.$field)),*]
        };
    }
    // The number, the login and the superior may be kept in the vendor's own manner.
    differing!(
        emp_name,
        emp_sex,
        emp_mobile,
        emp_tel,
        emp_idcard,
        emp_birthday,
        emp_email,
        emp_addr,
        waiqin365_dept_id,
        emp_position,
        emp_status
    )
    .into_iter()
    .filter(|(_, told, shown)| told.is_some() && told != shown)
    .map(|(name, ..)| name)
    .collect()
}
