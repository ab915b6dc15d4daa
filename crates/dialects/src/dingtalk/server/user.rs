//! People, read (§4.2). What changes them is in `user_writes`.

use std::{collections::HashMap, sync::Arc};

use tongshi_dialect::{Caller, Query, Record, Server, Workforce};
use tongshi_model::{Account, Employee, EmploymentStatus, Id, Kind, Timestamp, shanghai};

use super::{
    department::{is_visible, named, seen, with_trees},
    gate::has_scope,
    required,
    tree::{Tree, Trees},
    user_writes,
};
use crate::dingtalk::{
    map::{self, ROOT, Sight},
    wire::{
        Code, Contact, Count, Cursored, DeptOrder, DingTalk, DismissionPage, Dismissions, Fault, LeaderIn,
        LeaveRecord, LeaveRecordPage, LeaveRecords, NamedUser, OnJob, OnJobPage, User, UserByMobile,
        UserByUnionId, UserCount, UserCreate, UserDelete, UserGet, UserId, UserIds, UserList, UserListId,
        UserListSimple, UserUpdate, Wrapped,
    },
};

/// The largest page of members, and where the last one may begin (§4.2).
const SIZE_MAX: i64 = 100;
const CURSOR_MAX: i64 = 100_000;
/// The largest pages of the roster's lists.
const ROSTER_SIZE_MAX: i64 = 50;
/// How long a window of leavers may be.
const LEAVERS_DAYS_MAX: i64 = 365;
/// The longest number that is looked for.
const MOBILE_CHARS_MAX: usize = 15;

/// Adds this area's operations.
pub(super) fn on(server: Server<DingTalk>, trees: &Arc<Trees>) -> Server<DingTalk> {
    server
        .on::<UserList, _, _>(with_trees!(trees, list))
        .on::<UserListSimple, _, _>(with_trees!(trees, list_simple))
        .on::<UserListId, _, _>(with_trees!(trees, list_id))
        .on::<UserGet, _, _>(with_trees!(trees, get))
        .on::<UserByMobile, _, _>(by_mobile)
        .on::<UserByUnionId, _, _>(by_unionid)
        .on::<UserCount, _, _>(count)
        .on::<UserCreate, _, _>(with_trees!(trees, user_writes::create))
        .on::<UserUpdate, _, _>(with_trees!(trees, user_writes::update))
        .on::<UserDelete, _, _>(user_writes::delete)
        .on::<LeaveRecords, _, _>(leave_records)
        .on::<OnJob, _, _>(on_job)
        .on::<Dismissions, _, _>(dismissions)
}

async fn list(caller: Caller, tree: &Tree, ask: UserList) -> Result<Wrapped<Cursored<User>>, Fault> {
    let page = members_page(&caller, tree, &ask).await?;
    let number = named(ask.dept_id)?;
    let head = tree.get(number)?.unit.head;
    let managers = managers(caller.workforce()?, page.list.iter().map(|(_, employee)| employee)).await?;
    let sight = sight(&caller);
    let show = |(place, (id, employee)): (usize, (Id, Employee))| {
        let manager = employee.manager.and_then(|manager| managers.get(&manager).cloned());
        let department = tree.of(employee.org_unit);
        User {
            // The first of a list has the greatest number.
            dept_order: i64::try_from(place).ok().map(|place| i64::from(i32::MAX) - page.start - place),
            leader: Some(head == Some(id)),
            ..map::show_user(id, employee, department, manager, sight)
        }
    };
    let list = page.list.into_iter().enumerate().map(show).collect();
    Ok(Wrapped::of(Cursored { has_more: page.next_cursor.is_some(), next_cursor: page.next_cursor, list }))
}

async fn list_simple(
    caller: Caller,
    tree: &Tree,
    ask: UserListSimple,
) -> Result<Wrapped<Cursored<NamedUser>>, Fault> {
    let page = members_page(&caller, tree, &ask.0).await?;
    let show = |(id, employee): (Id, Employee)| NamedUser {
        userid: map::userid(id, &employee),
        name: employee.name.into_inner(),
    };
    let list = page.list.into_iter().map(show).collect();
    Ok(Wrapped::of(Cursored { has_more: page.next_cursor.is_some(), next_cursor: page.next_cursor, list }))
}

/// Not limited by what the app may see of the contacts (§4.2).
async fn list_id(caller: Caller, tree: &Tree, ask: UserListId) -> Result<Wrapped<UserIds>, Fault> {
    let members = members(caller.workforce()?, tree, named(ask.dept_id)?).await?;
    let userid_list = members.iter().map(|member| map::userid(member.0.id, &member.1)).collect();
    Ok(Wrapped::of(UserIds { userid_list }))
}

async fn get(caller: Caller, tree: &Tree, ask: UserGet) -> Result<Wrapped<User>, Fault> {
    let (record, employee) = found(&caller, required("userid", &ask.userid)?).await?;
    let department = tree.of(employee.org_unit);
    if !is_visible(&caller, tree, department) {
        let text = "请求的员工userid不在授权范围内: the person is outside of what the app may see";
        return Err(Fault::new(Code::UserOutside, text));
    }
    let managers = managers(caller.workforce()?, std::iter::once(&employee)).await?;
    let manager = employee.manager.and_then(|manager| managers.get(&manager).cloned());
    let leader = tree.get(department)?.unit.head == Some(record.id);
    let shown = map::show_user(record.id, employee, department, manager, sight(&caller));
    Ok(Wrapped::of(User {
        dept_order_list: Some(vec![DeptOrder { dept_id: department, order: i64::from(i32::MAX) }]),
        leader_in_dept: Some(vec![LeaderIn { dept_id: department, leader }]),
        real_authed: Some(true),
        senior: Some(false),
        ..shown
    }))
}

async fn by_mobile(caller: Caller, ask: UserByMobile) -> Result<Wrapped<UserId>, Fault> {
    let mobile = required("mobile", &ask.mobile)?;
    let plain = mobile.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-'));
    if mobile.chars().count() > MOBILE_CHARS_MAX || !plain {
        return Err(Fault::new(Code::MobileForm, "无效手机号: this is no mobile number"));
    }
    if is_isv(&caller) {
        return Err(Fault::scope("qyapi_get_member_by_mobile"));
    }
    // Leavers are not found.
    let mut present = Vec::new();
    for record in caller.workforce()?.find(Kind::Employee, "mobile", mobile).await? {
        let employee: Employee = record.read()?;
        if !map::has_left(&employee) {
            present.push(map::userid(record.id, &employee));
        }
    }
    match present.pop() {
        Some(userid) if present.is_empty() => Ok(Wrapped::of(UserId { userid })),
        _ => Err(nobody()),
    }
}

async fn by_unionid(caller: Caller, ask: UserByUnionId) -> Result<Wrapped<Contact>, Fault> {
    let id = map::by_unionid(required("unionid", &ask.unionid)?).ok_or_else(nobody)?;
    let record = caller.workforce()?.get(Kind::Employee, id).await?;
    let record = record.filter(|record| !record.deleted).ok_or_else(nobody)?;
    let employee: Employee = record.read()?;
    if map::has_left(&employee) {
        return Err(nobody());
    }
    Ok(Wrapped::of(Contact { contact_type: 0, userid: map::userid(record.id, &employee) }))
}

/// Everybody who has not left; of them those who have begun, where only active ones are counted.
async fn count(caller: Caller, ask: UserCount) -> Result<Wrapped<Count>, Fault> {
    let mut count = 0;
    for record in super::every(caller.workforce()?, Query::of(Kind::Employee, 0)).await? {
        let employee: Employee = record.read()?;
        let counts =
            if ask.only_active == Some(true) { map::is_active(&employee) } else { !map::has_left(&employee) };
        count += u64::from(counts);
    }
    Ok(Wrapped::of(Count { count }))
}

async fn leave_records(caller: Caller, ask: LeaveRecords) -> Result<LeaveRecordPage, Fault> {
    let time = |name: &'static str, text: &str| {
        let read = text.parse::<Timestamp>();
        read.map_err(|_| Fault::parameter(format!("{name} is a time such as 2024-01-01T00:00:00Z")))
    };
    let start = time("startTime", required("startTime", &ask.start_time)?)?;
    let end = ask.end_time.as_deref().map(|text| time("endTime", text)).transpose()?.unwrap_or(caller.now);
    if end < start || end.as_second() - start.as_second() > LEAVERS_DAYS_MAX * 86_400 {
        return Err(Fault::parameter("the window has at most 365 days"));
    }
    let offset = ask.next_token.as_deref().filter(|token| !token.is_empty()).unwrap_or("0");
    let offset: u64 = offset.parse().map_err(|_| Fault::parameter("nextToken begins with 0"))?;
    let size = ranged("maxResults", ask.max_results.unwrap_or(ROSTER_SIZE_MAX), ROSTER_SIZE_MAX)?;
    let day = |at: Timestamp| shanghai().to_datetime(at).date();
    let mut query = Query::of(Kind::Employee, size + 1);
    query.fields.push(("status", vec![EmploymentStatus::Ended.name().to_owned()]));
    query.field_dates.push(("leave_date", Some(day(start)), Some(day(end))));
    query.offset = offset;
    let mut records = caller.workforce()?.list(&query).await?;
    let more = records.len() > size as usize;
    records.truncate(size as usize);
    let sight = sight(&caller);
    let show = |record: &Record| {
        let employee: Employee = record.read()?;
        let left = employee.leave_date.map_or(record.changed_at, |day| {
            shanghai().to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(record.changed_at)
        });
        Ok(LeaveRecord {
            user_id: map::userid(record.id, &employee),
            state_code: employee.mobile.as_ref().filter(|_| sight.mobile).map(|_| "86".to_owned()),
            mobile: employee.mobile.clone().filter(|_| sight.mobile).map(tongshi_model::Personal::into_inner),
            name: employee.name.into_inner(),
            leave_time: left.to_string(),
            // Our record does not know who took them out.
            leave_reason: "unknown".to_owned(),
        })
    };
    let records: Vec<LeaveRecord> = records.iter().map(show).collect::<Result<_, Fault>>()?;
    let next_token = more.then(|| (offset + u64::from(size)).to_string());
    Ok(LeaveRecordPage { records, next_token })
}

/// How the roster counts: 2 trial, 3 regular, 5 leaving, -1 none of them.
fn roster_status(employee: &Employee) -> &'static str {
    use tongshi_model::EmploymentPhase as Phase;
    match employee.phase.as_ref().map(|phase| phase.value) {
        Some(Phase::Probation) => "2",
        Some(Phase::Regular) => "3",
        Some(Phase::Notice) => "5",
        _ => "-1",
    }
}

async fn on_job(caller: Caller, ask: OnJob) -> Result<Wrapped<OnJobPage>, Fault> {
    let wanted: Vec<&str> = required("status_list", &ask.status_list)?.split(',').map(str::trim).collect();
    if wanted.iter().any(|status| !matches!(*status, "2" | "3" | "5" | "-1")) {
        return Err(Fault::parameter("status_list holds 2, 3, 5 and -1"));
    }
    let offset = ask.offset.ok_or_else(|| Fault::parameter("缺少参数 offset: it is missing"))?;
    let offset = usize::try_from(offset).map_err(|_| Fault::parameter("offset begins with 0"))?;
    let size = ranged(
        "size",
        ask.size.ok_or_else(|| Fault::parameter("缺少参数 size: it is missing"))?,
        ROSTER_SIZE_MAX,
    )? as usize;
    let mut ids = Vec::new();
    for record in super::every(caller.workforce()?, Query::of(Kind::Employee, 0)).await? {
        let employee: Employee = record.read()?;
        if !map::has_left(&employee) && wanted.contains(&roster_status(&employee)) {
            ids.push(map::userid(record.id, &employee));
        }
    }
    let next = offset.saturating_add(size);
    let next_cursor = if next < ids.len() { i64::try_from(next).ok() } else { None };
    Ok(Wrapped::of(OnJobPage { data_list: ids.into_iter().skip(offset).take(size).collect(), next_cursor }))
}

async fn dismissions(caller: Caller, ask: Dismissions) -> Result<DismissionPage, Fault> {
    let offset = u64::try_from(ask.next_token.unwrap_or(0))
        .map_err(|_| Fault::parameter("nextToken begins with 0"))?;
    let size = ranged("maxResults", ask.max_results.unwrap_or(30), ROSTER_SIZE_MAX)?;
    let mut query = Query::of(Kind::Employee, size + 1);
    query.fields.push(("status", vec![EmploymentStatus::Ended.name().to_owned()]));
    query.offset = offset;
    let mut records = caller.workforce()?.list(&query).await?;
    let has_more = records.len() > size as usize;
    records.truncate(size as usize);
    let id = |record: &Record| Ok(map::userid(record.id, &record.read()?));
    let user_id_list = records.iter().map(id).collect::<Result<_, Fault>>()?;
    let next_token = if has_more { i64::try_from(offset + u64::from(size)).ok() } else { None };
    Ok(DismissionPage { user_id_list, next_token, has_more })
}

/// A page of a department's members.
struct MembersPage {
    start: i64,
    list: Vec<(Id, Employee)>,
    next_cursor: Option<i64>,
}

async fn members_page(caller: &Caller, tree: &Tree, ask: &UserList) -> Result<MembersPage, Fault> {
    let number = named(ask.dept_id)?;
    let start = ask.cursor.ok_or_else(|| Fault::parameter("缺少参数 cursor: it is missing"))?;
    let size = ask.size.ok_or_else(|| Fault::parameter("缺少参数 size: it is missing"))?;
    if !(0..=CURSOR_MAX).contains(&start) {
        return Err(Fault::new(Code::PageStart, "不合法的分页游标: cursor is 0 to 100000"));
    }
    if !(1..=SIZE_MAX).contains(&size) {
        return Err(Fault::new(Code::PageSize, "不合法的分页大小: size is 1 to 100"));
    }
    seen(caller, tree, number)?;
    let mut members = members(caller.workforce()?, tree, number).await?;
    match ask.order_field.as_deref().unwrap_or("custom") {
        "" | "custom" | "entry_asc" => {}
        "entry_desc" => members.reverse(),
        "modify_asc" => members.sort_by_key(|(record, _)| record.changed_at),
        "modify_desc" => members.sort_by_key(|(record, _)| std::cmp::Reverse(record.changed_at)),
        _ => {
            return Err(Fault::parameter(
                "order_field is entry_asc, entry_desc, modify_asc, modify_desc or custom",
            ));
        }
    }
    let (from, many) = (usize::try_from(start).unwrap_or(usize::MAX), usize::try_from(size).unwrap_or(0));
    let more = members.len() > from.saturating_add(many);
    let list = members.into_iter().skip(from).take(many).map(|(record, employee)| (record.id, employee));
    Ok(MembersPage { start, list: list.collect(), next_cursor: more.then_some(start + size) })
}

/// The direct members of a department, oldest first; of the root also those whom no living unit has.
async fn members(
    workforce: &dyn Workforce,
    tree: &Tree,
    number: i64,
) -> Result<Vec<(Record, Employee)>, Fault> {
    let node = tree.get(number)?;
    let mut records = match node.id {
        Some(id) => {
            super::every(workforce, Query::of(Kind::Employee, 0).key("org_unit", id.to_string())).await?
        }
        None => Vec::new(),
    };
    if number == ROOT {
        records.extend(workforce.many(tree.strays(workforce).await?).await?.into_iter().flatten());
    }
    let mut members = Vec::with_capacity(records.len());
    for record in records.into_iter().filter(|record| !record.deleted) {
        let employee: Employee = record.read()?;
        if !map::has_left(&employee) {
            members.push((record, employee));
        }
    }
    Ok(members)
}

/// What managers are called, each looked up once.
async fn managers<'a>(
    workforce: &dyn Workforce,
    employees: impl Iterator<Item = &'a Employee>,
) -> Result<HashMap<Id, String>, Fault> {
    let mut wanted: Vec<Id> = employees.filter_map(|employee| employee.manager).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let mut names = HashMap::with_capacity(wanted.len());
    if wanted.is_empty() {
        return Ok(names);
    }
    for (id, record) in wanted.iter().zip(workforce.many(&wanted).await?) {
        if let Some(record) = record.filter(|record| record.kind == Kind::Employee && !record.deleted) {
            names.insert(*id, map::userid(record.id, &record.read()?));
        }
    }
    Ok(names)
}

/// The person with this userid: one that an app gave, or ours.
pub(super) async fn found(caller: &Caller, userid: &str) -> Result<(Record, Employee), Fault> {
    let workforce = caller.workforce()?;
    let missing = || Fault::new(Code::UserId, "无效的USERID: there is nobody with this userid");
    let ours = userid.len() == 32 && userid.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut record = match userid.parse::<Id>() {
        Ok(id) if ours => workforce.get(Kind::Employee, id).await?,
        _ => None,
    };
    if record.is_none() {
        record = by_account(workforce, userid).await?;
    }
    let record = record.filter(|record| !record.deleted).ok_or_else(missing)?;
    let employee: Employee = record.read()?;
    if map::has_left(&employee) {
        return Err(missing());
    }
    Ok((record, employee))
}

/// The person to whom an app gave this userid.
async fn by_account(workforce: &dyn Workforce, userid: &str) -> Result<Option<Record>, Fault> {
    for account in workforce.find(Kind::Account, "user_id", userid).await? {
        let Some(employee) = account.read::<Account>()?.employee else { continue };
        let Some(record) = workforce.get(Kind::Employee, employee).await? else { continue };
        if !record.deleted && map::userid(record.id, &record.read()?) == userid {
            return Ok(Some(record));
        }
    }
    Ok(None)
}

/// What of people the app may see beside the usual. Apps of other companies see neither numbers nor addresses (§4.3).
fn sight(caller: &Caller) -> Sight {
    let may = |scope| caller.grant.as_deref().is_some_and(|grant| has_scope(grant, scope)) && !is_isv(caller);
    Sight { mobile: may("fieldMobile"), email: may("fieldEmail") }
}

/// Whether the app is another company's (setting `isv`).
fn is_isv(caller: &Caller) -> bool {
    caller.grant.as_deref().is_some_and(|grant| grant.settings["isv"] == true)
}

pub(super) fn nobody() -> Fault {
    Fault::new(Code::Nobody, "找不到该用户: nobody is found")
}

fn ranged(name: &'static str, value: i64, max: i64) -> Result<u32, Fault> {
    let value = u32::try_from(value).ok().filter(|value| (1..=max).contains(&i64::from(*value)));
    value.ok_or_else(|| Fault::parameter(format!("{name} is 1 to {max}")))
}
