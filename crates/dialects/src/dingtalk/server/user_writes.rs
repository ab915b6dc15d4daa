//! People, changed (§4.2).

use tongshi_dialect::Caller;
use tongshi_model::{
    Account, AccountStatus, AccountType, Coded, Draft, Employee, EmploymentStatus, Id, Instant, Kind,
    shanghai,
};

use super::{changed, required, tree::Tree, user::found};
use crate::dingtalk::{
    map::{self, GIVEN},
    wire::{Code, Done, Fault, UserCreate, UserDelete, UserMade, UserUpdate, Wrapped},
};

/// The longest of each text, in characters.
const NAME_MAX: usize = 80;
const USERID_MAX: usize = 64;
const SHORT_MAX: usize = 50;
const TITLE_MAX: usize = 200;
const LONG_MAX: usize = 100;
const REMARK_MAX: usize = 2000;
/// The most departments of one person.
const DEPARTMENTS_MAX: usize = 100;

pub(super) async fn create(caller: Caller, tree: &Tree, ask: UserCreate) -> Result<Wrapped<UserMade>, Fault> {
    let name = required("name", &ask.name)?.to_owned();
    let mobile = required("mobile", &ask.mobile)?.to_owned();
    let departments = required("dept_id_list", &ask.dept_id_list)?;
    let org_unit = first_department(tree, departments)?;
    let workforce = caller.workforce()?;
    let userid = map::filled(ask.userid.clone());
    if let Some(userid) = &userid {
        fits("userid", userid, USERID_MAX)?;
        if found(&caller, userid).await.is_ok() {
            return Err(Fault::new(Code::UserIdTaken, "UserID在公司中已存在: somebody has this userid"));
        }
    }
    mobile_of_nobody(&caller, &mobile, None).await?;
    let mut employee = Employee {
        name: name.clone().into(),
        mobile: Some(mobile.clone().into()),
        status: Some(EmploymentStatus::Active),
        org_unit,
        ..Employee::default()
    };
    let changes = UserUpdate {
        name: Some(name),
        telephone: ask.telephone,
        job_number: ask.job_number,
        title: ask.title,
        email: ask.email,
        org_email: ask.org_email,
        work_place: ask.work_place,
        remark: ask.remark,
        hired_date: ask.hired_date,
        manager_userid: ask.manager_userid,
        ..UserUpdate::default()
    };
    apply(&caller, &changes, &mut employee).await?;
    if let Some(userid) = &userid {
        employee.accounts.insert(GIVEN.to_owned(), userid.clone().into());
    }
    // Without a userid the instant tells two people of one number apart, one of whom has left.
    let key = match &userid {
        Some(userid) => format!("dingtalk/user/{userid}"),
        None => format!("dingtalk/user/{}", Id::of(&[&mobile, &caller.now.as_microsecond().to_string()])),
    };
    let made = workforce.save(vec![(key, Draft::of(&employee)?)]).await?;
    let id = made.first().copied().ok_or_else(|| Fault::new(Code::Busy, "the person was not stored"))?;
    if let Some(userid) = &userid {
        let account = Account {
            user_id: userid.clone(),
            login: None,
            union_id: Some(map::unionid(id)),
            third_party_id: None,
            name: None,
            mobile: None,
            kind: Coded::ours(AccountType::Employee),
            status: Coded::ours(AccountStatus::Active),
            employee: Some(id),
        };
        workforce.save(vec![(format!("dingtalk/account/{userid}"), Draft::of(&account)?)]).await?;
    }
    let userid = userid.unwrap_or_else(|| id.to_string());
    Ok(Wrapped::of(UserMade { userid, union_id: map::unionid(id) }))
}

pub(super) async fn update(caller: Caller, tree: &Tree, ask: UserUpdate) -> Result<Done, Fault> {
    let (record, before) = found(&caller, required("userid", &ask.userid)?).await?;
    let mut employee = before.clone();
    if let Some(departments) = map::filled(ask.dept_id_list.clone()) {
        employee.org_unit = first_department(tree, &departments)?;
    }
    // Not on the vendor's page, but in its SDK (§4.2).
    if let Some(mobile) = map::filled(ask.mobile.clone()) {
        mobile_of_nobody(&caller, &mobile, Some(record.id)).await?;
        employee.mobile = Some(mobile.into());
    }
    apply(&caller, &ask, &mut employee).await?;
    if employee != before {
        caller.workforce()?.change(Kind::Employee, record.id, changed(&before, &employee)?).await?;
    }
    Ok(Done {})
}

/// Who is taken out has left the company; the record stays, so that what refers to it stays true.
pub(super) async fn delete(caller: Caller, ask: UserDelete) -> Result<Done, Fault> {
    let (record, before) = found(&caller, required("userid", &ask.userid)?).await?;
    let mut employee = before.clone();
    employee.status = Some(EmploymentStatus::Ended);
    employee.phase = None;
    employee.leave_date = employee.leave_date.or(Some(shanghai().to_datetime(caller.now).date()));
    caller.workforce()?.change(Kind::Employee, record.id, changed(&before, &employee)?).await?;
    Ok(Done {})
}

/// Puts into an employee what a call says. What our record has no place for is checked and not kept.
async fn apply(caller: &Caller, ask: &UserUpdate, employee: &mut Employee) -> Result<(), Fault> {
    for (name, text, max) in [
        ("name", &ask.name, NAME_MAX),
        ("telephone", &ask.telephone, SHORT_MAX),
        ("job_number", &ask.job_number, SHORT_MAX),
        ("title", &ask.title, TITLE_MAX),
        ("email", &ask.email, SHORT_MAX),
        ("org_email", &ask.org_email, LONG_MAX),
        ("work_place", &ask.work_place, LONG_MAX),
        ("remark", &ask.remark, REMARK_MAX),
    ] {
        fits(name, text.as_deref().unwrap_or_default(), max)?;
    }
    if let Some(name) = map::filled(ask.name.clone()) {
        employee.name = name.into();
    }
    let emptied: Vec<&str> =
        ask.force_update_fields.as_deref().unwrap_or_default().split(',').map(str::trim).collect();
    let set = |name: &str, given: &Option<String>, known: Option<String>| match map::filled(given.clone()) {
        None if emptied.contains(&name) => None,
        None => known,
        given => given,
    };
    let plain = |text: Option<tongshi_model::Personal<String>>| text.map(tongshi_model::Personal::into_inner);
    employee.phone = set("telephone", &ask.telephone, plain(employee.phone.take())).map(Into::into);
    employee.employee_no = set("job_number", &ask.job_number, employee.employee_no.take());
    employee.job_title = set("title", &ask.title, employee.job_title.take());
    employee.email = set("email", &ask.email, plain(employee.email.take())).map(Into::into);
    employee.work_email = set("org_email", &ask.org_email, plain(employee.work_email.take())).map(Into::into);
    if let Some(hired) = ask.hired_date {
        let at = map::at(hired).ok_or_else(|| Fault::parameter("hired_date is a time in milliseconds"))?;
        employee.hire_date = Some(Instant::new(at, shanghai()).date());
    }
    match map::filled(ask.manager_userid.clone()) {
        Some(manager) => employee.manager = Some(found(caller, &manager).await?.0.id),
        None if emptied.contains(&"manager_userid") => employee.manager = None,
        None => {}
    }
    Ok(())
}

/// Our record knows one department; the first that is named is it. All of them must be there.
fn first_department(tree: &Tree, departments: &str) -> Result<Option<Id>, Fault> {
    let numbers: Vec<i64> = departments
        .split(',')
        .map(|text| text.trim().parse())
        .collect::<Result<_, _>>()
        .map_err(|_| Fault::parameter("dept_id_list holds numbers with commas between them"))?;
    if numbers.len() > DEPARTMENTS_MAX {
        return Err(Fault::parameter("dept_id_list has at most 100 numbers"));
    }
    let mut units = Vec::with_capacity(numbers.len());
    for number in numbers {
        units.push(tree.get(number)?.id);
    }
    Ok(units.first().copied().flatten())
}

/// A mobile number is one person's who is there.
async fn mobile_of_nobody(caller: &Caller, mobile: &str, but: Option<Id>) -> Result<(), Fault> {
    let digits = mobile.bytes().filter(u8::is_ascii_digit).count();
    let plain = mobile.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-'));
    if !plain || !(5..=20).contains(&digits) {
        return Err(Fault::new(Code::Mobile, "手机号码不合法: this is no mobile number"));
    }
    for record in caller.workforce()?.find(Kind::Employee, "mobile", mobile).await? {
        if Some(record.id) != but && !map::has_left(&record.read()?) {
            return Err(Fault::new(
                Code::MobileTaken,
                "手机号码在公司中已存在: somebody has this mobile number",
            ));
        }
    }
    Ok(())
}

fn fits(name: &str, text: &str, max: usize) -> Result<(), Fault> {
    if text.chars().count() <= max {
        return Ok(());
    }
    Err(Fault::parameter(format!("{name} has at most {max} characters")))
}
