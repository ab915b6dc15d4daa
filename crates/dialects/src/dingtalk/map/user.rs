//! People.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use tongshi_model::{Employee, EmploymentStatus, Error, Id, Instant, Kind, Personal, Space, shanghai};

use super::{at, filled, personal, plain};
use crate::dingtalk::wire::User;

/// Under this name an employee keeps the userid that an app of the face gave them.
pub(in crate::dingtalk) const GIVEN: &str = "dingtalk_userid";
/// Under this name an employee keeps their userid at DingTalk itself.
const LIVE: &str = "dingtalk";

/// What a user's fields depend on beside the record.
#[derive(Clone, Copy, Default)]
pub(in crate::dingtalk) struct Sight {
    /// Mobile numbers may be shown.
    pub(in crate::dingtalk) mobile: bool,
    /// Mail addresses may be shown.
    pub(in crate::dingtalk) email: bool,
}

/// The id by which the face knows somebody.
pub(in crate::dingtalk) fn userid(id: Id, employee: &Employee) -> String {
    let given = employee.accounts.get(GIVEN);
    given.map_or_else(|| id.to_string(), |given| given.expose().clone())
}

/// The id that is the same for all apps: the record's, written so that nobody takes it for a userid.
pub(in crate::dingtalk) fn unionid(id: Id) -> String {
    URL_SAFE_NO_PAD.encode(id.as_bytes())
}

/// The id of the company's own scope, another one for each app.
pub(in crate::dingtalk) fn openid(app: Id, id: Id) -> String {
    unionid(Id::of(&["openid", &app.to_string(), &id.to_string()]))
}

/// Whose union id this is.
pub(in crate::dingtalk) fn by_unionid(unionid: &str) -> Option<Id> {
    let bytes: [u8; 16] = URL_SAFE_NO_PAD.decode(unionid).ok()?.try_into().ok()?;
    let id = Id::from_bytes(bytes);
    // An id is written in one way only.
    (*id.as_bytes() == bytes).then_some(id)
}

/// Whether somebody has left, and so is in no department any more.
pub(in crate::dingtalk) fn has_left(employee: &Employee) -> bool {
    employee.status == Some(EmploymentStatus::Ended)
        || employee.phase.as_ref().is_some_and(|phase| phase.value.status() == EmploymentStatus::Ended)
}

/// Whether somebody has taken the account into use: those who have not begun have not.
pub(in crate::dingtalk) fn is_active(employee: &Employee) -> bool {
    !has_left(employee) && employee.status != Some(EmploymentStatus::PreHire)
}

/// A person as the face shows them, without what depends on their departments.
pub(in crate::dingtalk) fn show_user(
    id: Id,
    employee: Employee,
    department: i64,
    manager: Option<String>,
    sight: Sight,
) -> User {
    let hired = employee
        .hire_date
        .and_then(|day| shanghai().to_timestamp(day.to_datetime(jiff::civil::Time::midnight())).ok());
    User {
        userid: Some(userid(id, &employee)),
        unionid: Some(unionid(id)),
        active: Some(is_active(&employee)),
        name: Some(employee.name.into_inner()),
        avatar: Some(plain(employee.avatar).unwrap_or_default()),
        manager_userid: manager,
        state_code: employee.mobile.as_ref().filter(|_| sight.mobile).map(|_| "86".to_owned()),
        mobile: plain(employee.mobile).filter(|_| sight.mobile),
        hide_mobile: Some(false),
        telephone: plain(employee.phone).filter(|_| sight.mobile),
        job_number: employee.employee_no,
        title: employee.job_title,
        email: plain(employee.email).filter(|_| sight.email),
        org_email: plain(employee.work_email).filter(|_| sight.email),
        hired_date: hired.map(tongshi_model::Timestamp::as_millisecond),
        dept_id_list: vec![department],
        admin: Some(false),
        boss: Some(false),
        exclusive_account: Some(false),
        ..User::default()
    }
}

/// A person as they are read. Of several departments the main one counts, where it is told; else the least number, so
/// that the order of a list decides nothing (§4.3).
pub(in crate::dingtalk) fn read_user(raw: User, space: Space) -> Result<Employee, Error> {
    let userid = filled(raw.userid).ok_or_else(|| Error::invalid("row", "a person has no userid"))?;
    let main = raw.dept_position_list.iter().flatten().find(|position| position.is_main == Some(true));
    let department = main.and_then(|position| position.dept_id);
    let department = department.or_else(|| raw.dept_id_list.iter().copied().min());
    let hire_date = raw.hired_date.and_then(at).map(|hired| Instant::new(hired, shanghai()).date());
    Ok(Employee {
        name: raw.name.unwrap_or_default().into(),
        employee_no: filled(raw.job_number),
        // DingTalk's contacts say that somebody is there, not on what terms.
        status: Some(EmploymentStatus::Active),
        org_unit: department.map(|department| space.id(Kind::OrgUnit, &department.to_string())),
        manager: filled(raw.manager_userid).map(|manager| space.id(Kind::Employee, &manager)),
        job_title: filled(raw.title),
        hire_date,
        mobile: personal(raw.mobile),
        phone: personal(raw.telephone),
        email: personal(raw.email),
        work_email: personal(raw.org_email),
        avatar: personal(raw.avatar),
        accounts: [(LIVE.to_owned(), Personal::new(userid))].into(),
        ..Employee::default()
    })
}
