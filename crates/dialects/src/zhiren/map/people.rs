//! Employees: thirty fields, each way.

use std::collections::BTreeMap;

use tongshi_model::{
    Coded, Employee, EmploymentPhase, EmploymentStatus, Error, Id, Kind, LocalDate, Personal, Space,
};

use super::{GENDERS, MARITALS, PHASES, TYPES, date, filled, reference};
use crate::zhiren::wire;

/// An employee as it is read. The contract company comes by name only, so it is kept by name.
pub(in crate::zhiren) fn read_employee(raw: wire::Employee, space: Space) -> Result<Employee, Error> {
    let phase = PHASES.read(raw.status);
    let mut accounts = BTreeMap::new();
    for (system, account) in [("dingtalk", raw.dingtalk_id), ("wework", raw.wework_id)] {
        if let Some(account) = filled(account) {
            accounts.insert(system.to_owned(), account.into());
        }
    }
    Ok(Employee {
        name: raw.name.unwrap_or_default().into(),
        employee_no: filled(raw.empno),
        status: phase.as_ref().map(|phase| phase.value.status()),
        phase,
        employment_type: TYPES.read(raw.category),
        org_unit: reference(space, Kind::OrgUnit, raw.department_uuid),
        legal_entity: None,
        legal_entity_name: filled(raw.sub_company),
        manager: reference(space, Kind::Employee, raw.leader_uuid),
        dotted_manager: reference(space, Kind::Employee, raw.virtual_leader_uuid),
        job_title: filled(raw.job_title),
        job_grade: filled(raw.job_grade),
        hire_date: date("join_date", raw.join_date)?,
        probation_end_date: date("probation_end_date", raw.probation_end_date)?,
        leave_date: date("leave_date", raw.leave_date)?,
        nickname: personal(raw.nickname),
        phone: personal(second(raw.phone_number, raw.mobile.as_deref())),
        mobile: personal(raw.mobile),
        email: personal(raw.email),
        work_email: personal(raw.exmail),
        accounts,
        gender: GENDERS.read(raw.sex).map(Into::into),
        marital: MARITALS.read(raw.marriage).map(Into::into),
        birth_date: date("birthday", raw.birthday)?.map(Into::into),
        address: personal(raw.address),
        work_place: None,
        avatar: personal(second(raw.avatar, raw.photo.as_deref())),
        photo: personal(raw.photo),
        id_number: personal(raw.id_number),
        identity_documents: Vec::new(),
        bank_name: personal(raw.bank_name),
        bank_card: personal(raw.bank_card),
        rehire_of: None,
    })
}

/// An employee as it is shown. `entity_name` is the name of the legal entity's record, where it has one.
///
/// The document has two fields for a mobile number and two for a portrait and explains neither pair: the second shows
/// the first where it has nothing of its own (§6.22), and is read as nothing of its own where it does. Never the other
/// way round: by `mobile` people are found, and a number from elsewhere would make them found falsely. What the app may
/// not see is absent from the record already, and null here (§6.25).
pub(in crate::zhiren) fn show_employee(
    id: Id,
    employee: Employee,
    entity_name: Option<&str>,
) -> wire::Employee {
    let mut accounts = employee.accounts;
    let mut account = |system| accounts.remove(system).map(Personal::into_inner);
    let (mobile, phone_number) = mirrored(plain(employee.mobile), plain(employee.phone));
    let (photo, avatar) = mirrored(plain(employee.photo), plain(employee.avatar));
    wire::Employee {
        uuid: Some(id.to_string()),
        name: Some(employee.name.into_inner()),
        sex: employee.gender.and_then(|gender| GENDERS.write(gender.expose())),
        email: plain(employee.email),
        mobile,
        empno: employee.employee_no,
        phone_number,
        id_number: plain(employee.id_number),
        address: plain(employee.address),
        bank_name: plain(employee.bank_name),
        bank_card: plain(employee.bank_card),
        photo,
        marriage: employee.marital.and_then(|marital| MARITALS.write(marital.expose())),
        birthday: employee.birth_date.map(|date| date.expose().to_string()),
        join_date: day(employee.hire_date),
        probation_end_date: day(employee.probation_end_date),
        avatar,
        leave_date: day(employee.leave_date),
        category: employee.employment_type.as_ref().and_then(|category| TYPES.write(category)),
        status: status(employee.phase.as_ref(), employee.status),
        department_uuid: employee.org_unit.map(|id| id.to_string()),
        exmail: plain(employee.work_email),
        job_title: employee.job_title,
        job_grade: employee.job_grade,
        nickname: plain(employee.nickname),
        dingtalk_id: account("dingtalk"),
        wework_id: account("wework"),
        leader_uuid: employee.manager.map(|id| id.to_string()),
        virtual_leader_uuid: employee.dotted_manager.map(|id| id.to_string()),
        sub_company: entity_name.map(str::to_owned).or(employee.legal_entity_name),
    }
}

/// Whether somebody has left: such a person no longer stands in the way of another with the same number.
pub(in crate::zhiren) fn has_left(employee: &Employee) -> bool {
    employee.status == Some(EmploymentStatus::Ended)
        || employee.phase.as_ref().is_some_and(|phase| phase.value.status() == EmploymentStatus::Ended)
}

/// The status, from the phase or, where a vendor gives only that, from the coarse status.
fn status(phase: Option<&Coded<EmploymentPhase>>, status: Option<EmploymentStatus>) -> Option<String> {
    if let Some(phase) = phase {
        return PHASES.write(phase);
    }
    let phase = match status? {
        EmploymentStatus::PreHire => EmploymentPhase::Waiting,
        EmploymentStatus::Active | EmploymentStatus::OnLeave | EmploymentStatus::Suspended => {
            EmploymentPhase::Regular
        }
        EmploymentStatus::Ended => EmploymentPhase::Left,
        EmploymentStatus::Other => return None,
    };
    PHASES.word(phase).map(str::to_owned)
}

/// What the second field of a pair says beyond the first.
fn second(second: Option<String>, first: Option<&str>) -> Option<String> {
    second.filter(|second| Some(second.as_str()) != first)
}

/// What both fields of a pair show.
fn mirrored(first: Option<String>, second: Option<String>) -> (Option<String>, Option<String>) {
    let second = second.or_else(|| first.clone());
    (first, second)
}

fn personal(text: Option<String>) -> Option<Personal<String>> {
    filled(text).map(Into::into)
}

fn plain(text: Option<Personal<String>>) -> Option<String> {
    text.map(Personal::into_inner)
}

fn day(date: Option<LocalDate>) -> Option<String> {
    date.map(|date| date.to_string())
}
