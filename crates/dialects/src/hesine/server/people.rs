//! People: read and changed.

use std::collections::HashMap;

use tongshi_dialect::{Caller, Query, Record, Replacement, Workforce};
use tongshi_model::{Action, Coded, Employee, EmploymentPhase, EmploymentStatus, Error, Id, Kind, masked};

use super::{
    TRIES_MAX, accounts, busy, every,
    hiring::{Holders, TAKEN},
    names, part, roles,
};
use crate::hesine::{
    map::{self, Names},
    wire::{self, Fault, Filter, Listed, Staff, StaffFields, StaffFound, Valued},
};

/// People in one call; of those who are looked up the vendor says 100 (§2.3).
pub(super) const PEOPLE_MAX: usize = 100;

/// Said of somebody who is not there.
pub(super) const MISSING: &str = "没有查到此员工信息";

/// The words of the record for who works here.
pub(super) const WORKING: [EmploymentStatus; 5] = [
    EmploymentStatus::Active,
    EmploymentStatus::OnLeave,
    EmploymentStatus::Suspended,
    EmploymentStatus::PreHire,
    EmploymentStatus::Other,
];

pub(super) async fn list(caller: Caller, ask: wire::StaffList) -> Result<Listed<Staff>, Fault> {
    let (start, count) = part(&ask.paging)?;
    let workforce = caller.workforce()?;
    let mut query = Query::of(Kind::Employee, count);
    let words = |states: &[EmploymentStatus]| states.iter().map(|state| state.name().to_owned()).collect();
    match ask.filter.active.as_deref() {
        None => {}
        Some("true") => query.fields.push(("status", words(&WORKING))),
        Some(_) => query.fields.push(("status", words(&[EmploymentStatus::Ended]))),
    }
    // Nobody here is from outside: who asks for those gets none.
    if ask.filter.external.as_deref() == Some("true") {
        return Ok(Listed { count: Some(0), items: Vec::new() });
    }
    let (total, records) = listed(workforce, query, start, count, &ask.filter).await?;
    Ok(Listed { count: Some(total), items: show_all(&caller, &records).await? })
}

/// A part of a list that may be cut to a time of changes and turned round.
pub(super) async fn listed(
    workforce: &dyn Workforce,
    mut query: Query,
    start: u64,
    count: u32,
    filter: &Filter,
) -> Result<(u64, Vec<Record>), Fault> {
    let time = |field, text: &Option<String>| {
        map::filled(text.clone()).map(|text| map::read_wall(field, &text)).transpose()
    };
    let (from, to) = (time("startDate", &filter.start_date)?, time("endDate", &filter.end_date)?);
    let by_update = filter.order_by.as_deref() == Some("updateTime");
    if from.is_none() && to.is_none() && !by_update {
        query.offset = start;
        return Ok((workforce.count(&query).await?, workforce.list(&query).await?));
    }
    let mut found = every(workforce, query).await?;
    found.retain(|record| {
        from.is_none_or(|from| record.changed_at >= from) && to.is_none_or(|to| record.changed_at < to)
    });
    if by_update {
        found.sort_by_key(|record| (record.changed_at, record.id));
        if filter.order_by_type.as_deref().is_some_and(|way| way.eq_ignore_ascii_case("desc")) {
            found.reverse();
        }
    }
    let total = found.len() as u64;
    let start = usize::try_from(start).unwrap_or(usize::MAX);
    Ok((total, found.into_iter().skip(start).take(count as usize).collect()))
}

pub(super) fn show(names: &Names, record: &Record, employee: &Employee) -> Staff {
    map::show_staff(names, (record.id, record.created_at, record.changed_at), employee)
}

pub(super) async fn show_all(caller: &Caller, records: &[Record]) -> Result<Vec<Staff>, Fault> {
    let (names, off) = (names(caller), accounts::off(caller.workforce()?).await?);
    let shown = records.iter().map(|record| {
        let staff = show(&names, record, &record.read()?);
        Ok(Staff { auth_state: Some(staff.active && !off.contains(&record.id)), ..staff })
    });
    shown.collect::<Result<_, Error>>().map_err(Fault::from)
}

pub(super) async fn find(caller: Caller, ask: wire::StaffFind) -> Result<Listed<StaffFound>, Fault> {
    let values: Vec<String> = ask.condition_ids.into_iter().map(|value| value.0).collect();
    if values.is_empty() {
        return Err(Fault::request("查询conditionIds不能为空"));
    }
    if values.len() > PEOPLE_MAX {
        return Err(Fault::request(format!("conditionIds 最多 {PEOPLE_MAX} 个")));
    }
    let workforce = caller.workforce()?;
    let pairs = async |lookup: &'static str| -> Result<Vec<Record>, Fault> {
        let found = workforce.find_many(Kind::Employee, lookup, &values).await?;
        Ok(found.into_iter().map(|(_, record)| record).collect())
    };
    let records = match &*ask.by {
        "STAFFID" => by_ids(workforce, &values).await?.into_iter().flatten().collect(),
        "USERID" => by_users(workforce, &values).await?,
        "CODE" => pairs("employee_no").await?,
        "CELLPHONE" => pairs("mobile").await?,
        "MAIL" => {
            let values: Vec<String> = values.iter().map(|mail| mail.to_lowercase()).collect();
            let fits = |employee: &Employee| mails_of(employee).any(|mail| values.contains(&mail));
            whoever(workforce, fits).await?
        }
        _ => return Err(Fault::request("type 为 STAFFID、CODE、CELLPHONE、MAIL 或 USERID")),
    };
    let ids: Vec<Id> = records.iter().map(|record| record.id).collect();
    let roles = roles::of_people(&caller, &ids).await?;
    let staffs = show_all(&caller, &records).await?.into_iter().zip(roles);
    // Only who works here (§2.3).
    let working = staffs.filter(|(staff, _)| staff.active);
    Ok(Listed::of(working.map(|(staff, roles)| StaffFound { staff, roles }).collect()))
}

/// Everybody whom this fits.
async fn whoever(workforce: &dyn Workforce, fits: impl Fn(&Employee) -> bool) -> Result<Vec<Record>, Fault> {
    let mut found = Vec::new();
    for record in every(workforce, Query::of(Kind::Employee, 1)).await? {
        if fits(&record.read()?) {
            found.push(record);
        }
    }
    Ok(found)
}

/// Somebody's addresses, as they are compared.
pub(super) fn mails_of(employee: &Employee) -> impl Iterator<Item = String> + '_ {
    let addresses = [&employee.work_email, &employee.email].into_iter().flatten();
    addresses.map(|mail| mail.expose().to_lowercase())
}

pub(super) fn user_of(employee: &Employee) -> Option<&str> {
    employee.accounts.get(map::THIRD_PARTY).map(|user| user.expose().as_str())
}

/// People by what another platform calls them; whom none calls anything is called by their own id.
async fn by_users(workforce: &dyn Workforce, users: &[String]) -> Result<Vec<Record>, Fault> {
    let fits = |employee: &Employee| user_of(employee).is_some_and(|user| users.iter().any(|of| of == user));
    let mut found = whoever(workforce, fits).await?;
    for record in by_ids(workforce, users).await?.into_iter().flatten() {
        if !found.iter().any(|known| known.id == record.id) {
            found.push(record);
        }
    }
    Ok(found)
}

/// The live people with these ids, in the same order.
pub(super) async fn by_ids(
    workforce: &dyn Workforce,
    texts: &[String],
) -> Result<Vec<Option<Record>>, Fault> {
    let ids: Vec<Option<Id>> = texts.iter().map(|text| map::id_in(text)).collect();
    let known: Vec<Id> = ids.iter().flatten().copied().collect();
    let mut found = workforce.many(&known).await?.into_iter();
    let is_person = |record: &Record| record.kind == Kind::Employee && !record.deleted;
    Ok(ids.into_iter().map(|id| id.and_then(|_| found.next().flatten()).filter(is_person)).collect())
}

/// Brings somebody in, or lets them go.
pub(super) fn employ(employee: &mut Employee, active: bool) {
    let (status, phase) = if active {
        (EmploymentStatus::Active, EmploymentPhase::Regular)
    } else {
        (EmploymentStatus::Ended, EmploymentPhase::Left)
    };
    if map::is_active(employee) != active || employee.status.is_none() {
        (employee.status, employee.phase) = (Some(status), Some(Coded::ours(phase)));
        employee.leave_date = None;
    }
}

pub(super) fn check(fields: &StaffFields) -> Result<(), Fault> {
    let phone = fields.cellphone.as_deref().unwrap_or_default();
    if !phone.chars().all(|digit| digit.is_ascii_digit() || matches!(digit, '(' | ')')) || phone.len() > 20 {
        return Err(Fault::request("手机号格式不正确，只能包含数字和英文括号"));
    }
    if fields.email.as_deref() == Some("") {
        return Err(Fault::request("email 可以不传，但是不可以传空串"));
    }
    match map::filled(fields.name.clone()) {
        Some(_) => Ok(()),
        None => Err(Fault::request("员工名称不能为空")),
    }
}

/// The departments that are named, by id or by code: one question for all. Each must be there.
pub(super) async fn units(
    workforce: &dyn Workforce,
    by: Option<&str>,
    list: &[StaffFields],
    missing: impl Fn() -> Fault,
) -> Result<HashMap<String, Id>, Fault> {
    let named = |fields: &StaffFields| -> Vec<(&'static str, String)> {
        let default = fields.default_department.iter().map(|unit| ("defaultDepartment", unit.clone()));
        let all = fields.departments.iter().flatten().map(|unit| ("departments", unit.clone()));
        default.chain(all).collect()
    };
    let wanted: Vec<(&'static str, String)> = list.iter().flat_map(named).collect();
    let mut known = HashMap::new();
    if by == Some("code") {
        let codes: Vec<String> = wanted.iter().map(|(_, code)| code.clone()).collect();
        let found = workforce.find_many(Kind::OrgUnit, "code", &codes).await?;
        for (field, code) in wanted {
            let fitting: Vec<Id> =
                found.iter().filter(|(value, _)| *value == code).map(|(_, unit)| unit.id).collect();
            let [unit] = fitting[..] else {
                let code = masked(&code);
                let text = format!("根据字段[{field}]的code[{code}]不能定位到唯一部门");
                return Err(Fault::request(text));
            };
            known.insert(code, unit);
        }
        return Ok(known);
    }
    let ids: Vec<Id> = wanted.iter().filter_map(|(_, text)| map::id_in(text)).collect();
    let found = workforce.many(&ids).await?.into_iter().flatten();
    let found: Vec<Id> = found
        .filter(|record| record.kind == Kind::OrgUnit && !record.deleted)
        .map(|record| record.id)
        .collect();
    for (_, text) in wanted {
        let unit = map::id_in(&text).filter(|id| found.contains(id)).ok_or_else(&missing)?;
        known.insert(text, unit);
    }
    Ok(known)
}

/// The department where somebody is: the first where the default one is not among them (the vendor's own rule).
pub(super) fn unit_of(fields: &StaffFields, known: &HashMap<String, Id>) -> Option<Id> {
    let departments = fields.departments.clone().unwrap_or_default();
    let default = fields
        .default_department
        .as_ref()
        .filter(|unit| fields.departments.is_none() || departments.contains(unit));
    default.or(departments.first()).and_then(|text| known.get(text)).copied()
}

pub(super) async fn update(caller: Caller, ask: wire::StaffUpdate) -> Result<Valued<Staff>, Fault> {
    let fields = StaffFields { id: Some(ask.staff_id.0), ..ask.fields };
    let staff = alter(&caller, ask.by.as_deref(), vec![fields]).await?.pop();
    Ok(Valued { value: staff.ok_or_else(busy)? })
}

pub(super) async fn update_many(caller: Caller, ask: wire::StaffUpdateMany) -> Result<Listed<Staff>, Fault> {
    if ask.staff_list.is_empty() || ask.staff_list.len() > PEOPLE_MAX {
        return Err(Fault::request(format!("staffList 为 1 到 {PEOPLE_MAX} 人")));
    }
    Ok(Listed::of(alter(&caller, ask.by.as_deref(), ask.staff_list).await?))
}

/// Changes people, all or none.
async fn alter(caller: &Caller, by: Option<&str>, list: Vec<StaffFields>) -> Result<Vec<Staff>, Fault> {
    let workforce = caller.workforce()?;
    for fields in &list {
        check(fields)?;
        let custom = fields.staff_custom_form.iter().flatten();
        check_custom(custom, |name| format!("staffCustomForm中的{name}字段不属于员工自定义字段"))?;
    }
    let units = units(workforce, by, &list, || Fault::request("部门ID不存在")).await?;
    let keys: Vec<String> = list.iter().map(|fields| fields.id.clone().unwrap_or_default()).collect();
    for _ in 0..TRIES_MAX {
        let records = people(workforce, by, &keys).await?;
        let holders = Holders::read(workforce, &list).await?;
        let mut items = Vec::with_capacity(records.len());
        for (fields, record) in list.iter().zip(&records) {
            let other =
                |holder: Option<&(Record, Employee)>| holder.is_some_and(|(of, _)| of.id != record.id);
            if other(holders.phone(fields)) {
                return Err(match fields.modify_account_phone {
                    Some(true) => {
                        Fault::precondition("此用户无法进行修改账户手机号，因修改的手机号在系统中已经注册")
                    }
                    _ => Fault::request(TAKEN),
                });
            }
            if other(holders.mail(fields)) {
                return Err(Fault::request(TAKEN));
            }
            let mut employee: Employee = record.read()?;
            map::apply_staff(&mut employee, fields);
            employee.org_unit = unit_of(fields, &units).or(employee.org_unit);
            items.push(Replacement::of(record, Action::Update, &employee)?);
        }
        if workforce.replace(items).await? {
            return again(caller, &records).await;
        }
    }
    Err(busy())
}

/// Refuses a field that is none of those beside the vendor's own, and a value that is no text.
pub(super) fn check_custom<'a>(
    fields: impl IntoIterator<Item = (&'a String, &'a serde_json::Value)>,
    unknown: impl Fn(&str) -> String,
) -> Result<(), Fault> {
    for (name, value) in fields {
        if !map::CUSTOM.contains(&name.as_str()) {
            return Err(Fault::request(unknown(&masked(name))));
        }
        if !(value.is_string() || value.is_null()) {
            return Err(Fault::request(format!("字段{name}不合法，没有找到对应的数据")));
        }
    }
    Ok(())
}

/// People by id or code; each must be there.
pub(super) async fn people(
    workforce: &dyn Workforce,
    by: Option<&str>,
    keys: &[String],
) -> Result<Vec<Record>, Fault> {
    let missing = || Fault::request(MISSING);
    match by.unwrap_or("id") {
        "id" => by_ids(workforce, keys).await?.into_iter().map(|found| found.ok_or_else(missing)).collect(),
        "code" => {
            let found = workforce.find_many(Kind::Employee, "employee_no", keys).await?;
            let found: HashMap<String, Record> = found.into_iter().collect();
            keys.iter().map(|key| found.get(key).cloned().ok_or_else(missing)).collect()
        }
        _ => Err(Fault::request("type 为 id 或 code")),
    }
}

pub(super) async fn again(caller: &Caller, records: &[Record]) -> Result<Vec<Staff>, Fault> {
    let ids: Vec<Id> = records.iter().map(|record| record.id).collect();
    let records: Vec<Record> = caller.workforce()?.many(&ids).await?.into_iter().flatten().collect();
    show_all(caller, &records).await
}
