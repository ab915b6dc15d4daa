//! People: read, added, changed, switched off.

use std::collections::HashMap;

use tongshi_dialect::{Caller, Query, Record, Replacement, Workforce};
use tongshi_model::{
    Action, Coded, Draft, Employee, EmploymentPhase, EmploymentStatus, Error, Id, Kind, shanghai,
};

use super::{TRIES_MAX, busy, every, names, part, queues::asked_of};
use crate::hesine::{
    map::{self, Names},
    wire::{self, Fault, Filter, Listed, Staff, StaffFields, Valued},
};

/// People in one call; of those who are looked up the vendor says 100 (§2.3).
const PEOPLE_MAX: usize = 100;

/// Said of somebody who is not there.
pub(super) const MISSING: &str = "员工不存在";

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
    let names = names(&caller);
    Ok(Listed { count: Some(total), items: show_all(&names, &records)? })
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
        if !filter.order_by_type.as_deref().is_some_and(|way| way.eq_ignore_ascii_case("asc")) {
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

pub(super) fn show_all(names: &Names, records: &[Record]) -> Result<Vec<Staff>, Fault> {
    let shown = records.iter().map(|record| Ok(show(names, record, &record.read()?)));
    shown.collect::<Result<_, Error>>().map_err(Fault::from)
}

pub(super) async fn find(caller: Caller, ask: wire::StaffFind) -> Result<Listed<Staff>, Fault> {
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
        "STAFFID" | "USERID" => by_ids(workforce, &values).await?.into_iter().flatten().collect(),
        "CODE" => pairs("employee_no").await?,
        "CELLPHONE" => pairs("mobile").await?,
        "MAIL" => {
            let mails: Vec<String> = values.iter().map(|mail| mail.to_lowercase()).collect();
            let mut found = Vec::new();
            for record in every(workforce, Query::of(Kind::Employee, 1)).await? {
                let employee: Employee = record.read()?;
                let addresses = [&employee.work_email, &employee.email].into_iter().flatten();
                let mut addresses = addresses.map(|mail| mail.expose().to_lowercase());
                if addresses.any(|mail| mails.contains(&mail)) {
                    found.push(record);
                }
            }
            found
        }
        _ => return Err(Fault::request("type 为 STAFFID、CODE、CELLPHONE、MAIL 或 USERID")),
    };
    // Only who works here (§2.3).
    let mut items = show_all(&names(&caller), &records)?;
    items.retain(|staff| staff.active);
    Ok(Listed::of(items))
}

/// The live people with these ids, in the same order.
async fn by_ids(workforce: &dyn Workforce, texts: &[String]) -> Result<Vec<Option<Record>>, Fault> {
    let ids: Vec<Option<Id>> = texts.iter().map(|text| map::id_in(text)).collect();
    let known: Vec<Id> = ids.iter().flatten().copied().collect();
    let mut found = workforce.many(&known).await?.into_iter();
    let is_person = |record: &Record| record.kind == Kind::Employee && !record.deleted;
    Ok(ids.into_iter().map(|id| id.and_then(|_| found.next().flatten()).filter(is_person)).collect())
}

pub(super) async fn create(caller: Caller, ask: wire::StaffCreate) -> Result<Valued<Staff>, Fault> {
    let staff = add(&caller, vec![ask.fields]).await?.pop();
    Ok(Valued { value: staff.ok_or_else(busy)? })
}

pub(super) async fn create_many(caller: Caller, ask: wire::StaffCreateMany) -> Result<Listed<Staff>, Fault> {
    if ask.staff_list.is_empty() || ask.staff_list.len() > PEOPLE_MAX {
        return Err(Fault::request(format!("staffList 为 1 到 {PEOPLE_MAX} 人")));
    }
    Ok(Listed::of(add(&caller, ask.staff_list).await?))
}

/// Adds people, all or none. Whoever has the number or mail of somebody who has left is that person again (§2.3).
async fn add(caller: &Caller, list: Vec<StaffFields>) -> Result<Vec<Staff>, Fault> {
    let (workforce, names) = (caller.workforce()?, names(caller));
    for fields in &list {
        check(fields, true)?;
    }
    let units = units(workforce, &list).await?;
    let phones: Vec<String> =
        list.iter().filter_map(|fields| map::filled(fields.cellphone.clone())).collect();
    let known: HashMap<String, Record> =
        workforce.find_many(Kind::Employee, "mobile", &phones).await?.into_iter().collect();
    let (mut new, mut back, mut order) = (Vec::new(), Vec::new(), Vec::new());
    for fields in &list {
        let phone = fields.cellphone.as_deref().unwrap_or_default();
        let before = known
            .get(phone)
            .map(|record| Ok::<_, Error>((record, record.read::<Employee>()?)))
            .transpose()?;
        let revived = match before {
            Some((_, employee)) if map::is_active(&employee) => {
                return Err(Fault::request(
                    "新增员工数据库异常:该手机号/邮箱账号已被其他员工使用,请勿重复绑定",
                ));
            }
            Some(found) if fields.use_new_account != Some(true) => Some(found),
            _ => None,
        };
        let (mut employee, record) = match revived {
            Some((record, employee)) => (employee, Some(record)),
            None => (Employee::default(), None),
        };
        map::apply_staff(&mut employee, fields);
        employee.org_unit = unit_of(fields, &units);
        employ(&mut employee, true);
        match record {
            Some(record) => {
                order.push(Some(record.id));
                back.push(Replacement::of(record, Action::Update, &employee)?);
            }
            None => {
                order.push(None);
                // A program that repeats itself adds nobody twice.
                let marks = [phone, fields.email.as_deref().unwrap_or_default(), employee.name.expose()];
                let name = format!("staff/{}", Id::of(&marks));
                new.push((name, Draft::of(&employee)?));
            }
        }
    }
    if !back.is_empty() && !workforce.replace(back).await? {
        return Err(busy());
    }
    let mut saved = if new.is_empty() { Vec::new() } else { workforce.save(new).await? }.into_iter();
    let ids: Vec<Id> = order.into_iter().filter_map(|id| id.or_else(|| saved.next())).collect();
    let records: Vec<Record> = workforce.many(&ids).await?.into_iter().flatten().collect();
    show_all(&names, &records)
}

/// Brings somebody in, or lets them go.
fn employ(employee: &mut Employee, active: bool) {
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

fn check(fields: &StaffFields, new: bool) -> Result<(), Fault> {
    let phone = fields.cellphone.as_deref().unwrap_or_default();
    if !phone.chars().all(|digit| digit.is_ascii_digit() || matches!(digit, '(' | ')')) || phone.len() > 20 {
        return Err(Fault::request("手机号格式不正确,只能包含数字和英文括号"));
    }
    if fields.email.as_deref() == Some("") {
        return Err(Fault::request("email 可以不传,但是不可以传空串"));
    }
    if !new {
        return Ok(());
    }
    if map::filled(fields.name.clone()).is_none() {
        return Err(Fault::request("员工姓名不能为空"));
    }
    if phone.is_empty() && fields.email.is_none() {
        return Err(Fault::request("手机号或邮箱必须至少填一个"));
    }
    if fields.departments.as_ref().is_none_or(Vec::is_empty) || fields.default_department.is_none() {
        return Err(Fault::new(403, "部门不能为空"));
    }
    Ok(())
}

/// The departments that are named, as far as they are there: one question for all.
async fn units(workforce: &dyn Workforce, list: &[StaffFields]) -> Result<Vec<Id>, Fault> {
    let named = |fields: &StaffFields| {
        fields
            .default_department
            .iter()
            .chain(fields.departments.iter().flatten())
            .cloned()
            .collect::<Vec<_>>()
    };
    let wanted: Vec<String> = list.iter().flat_map(named).collect();
    let ids: Vec<Id> = wanted.iter().filter_map(|text| map::id_in(text)).collect();
    let found = workforce.many(&ids).await?.into_iter().flatten();
    let found: Vec<Id> = found
        .filter(|record| record.kind == Kind::OrgUnit && !record.deleted)
        .map(|record| record.id)
        .collect();
    let lacking = wanted.iter().find(|text| map::id_in(text).is_none_or(|id| !found.contains(&id)));
    match lacking {
        Some(_) => Err(Fault::request("部门不存在")),
        None => Ok(found),
    }
}

/// The department where somebody is: the first where the default one is not among them (the vendor's own rule).
fn unit_of(fields: &StaffFields, known: &[Id]) -> Option<Id> {
    let departments = fields.departments.clone().unwrap_or_default();
    let default = fields
        .default_department
        .as_ref()
        .filter(|unit| fields.departments.is_none() || departments.contains(unit));
    let unit = default.or(departments.first()).and_then(|text| map::id_in(text));
    unit.filter(|unit| known.contains(unit))
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
        check(fields, false)?;
    }
    let units = units(workforce, &list).await?;
    let keys: Vec<String> = list.iter().map(|fields| fields.id.clone().unwrap_or_default()).collect();
    let phones: Vec<String> =
        list.iter().filter_map(|fields| map::filled(fields.cellphone.clone())).collect();
    for _ in 0..TRIES_MAX {
        let records = people(workforce, by, &keys).await?;
        let holders = workforce.find_many(Kind::Employee, "mobile", &phones).await?;
        let mut items = Vec::with_capacity(records.len());
        for (fields, record) in list.iter().zip(&records) {
            let taken = |(phone, holder): &(String, Record)| {
                fields.cellphone.as_ref() == Some(phone) && holder.id != record.id
            };
            if holders.iter().any(taken) {
                return Err(Fault::request("该手机号/邮箱账号已被其他员工使用,请勿重复绑定"));
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

async fn again(caller: &Caller, records: &[Record]) -> Result<Vec<Staff>, Fault> {
    let ids: Vec<Id> = records.iter().map(|record| record.id).collect();
    let records: Vec<Record> = caller.workforce()?.many(&ids).await?.into_iter().flatten().collect();
    show_all(&names(caller), &records)
}

/// Switches people off or on: one that is not there is passed over (the vendor's own rule).
pub(super) async fn switch(caller: Caller, ask: wire::StaffSwitch) -> Result<Listed<Staff>, Fault> {
    let workforce = caller.workforce()?;
    let active = match ask.active.as_deref() {
        Some("true") => true,
        Some("false") => false,
        _ => return Err(Fault::request("输入存在错误: 开启或是停用参数不能为空")),
    };
    if ask.ids.0.is_empty() || ask.ids.0.len() > PEOPLE_MAX {
        return Err(Fault::request(format!("员工为 1 到 {PEOPLE_MAX} 人")));
    }
    for _ in 0..TRIES_MAX {
        let records: Vec<Record> = match ask.by.as_deref().unwrap_or("id") {
            "id" => by_ids(workforce, &ask.ids.0).await?.into_iter().flatten().collect(),
            "code" => {
                let found = workforce.find_many(Kind::Employee, "employee_no", &ask.ids.0).await?;
                found.into_iter().map(|(_, record)| record).collect()
            }
            _ => return Err(Fault::request("type 为 id 或 code")),
        };
        let mut items = Vec::with_capacity(records.len());
        for record in &records {
            if !active && ask.do_check.as_deref() != Some("false") {
                for kind in [Kind::TravelRequest, Kind::ExpenseClaim] {
                    if workforce.count(&asked_of(kind, &[record.id], 1)).await? > 0 {
                        return Err(Fault::precondition("员工名下有待办事项,请处理后再停用"));
                    }
                }
            }
            let mut employee: Employee = record.read()?;
            employ(&mut employee, active);
            if !active {
                employee.leave_date = Some(shanghai().to_datetime(caller.now).date());
            }
            items.push(Replacement::of(record, Action::Update, &employee)?);
        }
        if items.is_empty() || workforce.replace(items).await? {
            return Ok(Listed::of(again(&caller, &records).await?));
        }
    }
    Err(busy())
}

/// Features are not sold here: everybody who is there may use them.
pub(super) async fn authorise(caller: Caller, ask: wire::StaffAuthorise) -> Result<Valued<bool>, Fault> {
    if ask.what.is_empty() {
        return Err(Fault::request("type 不能为空"));
    }
    let all: Vec<String> = ask.add_staff.into_iter().chain(ask.del_staff).collect();
    people(caller.workforce()?, None, &all).await?;
    Ok(Valued { value: true })
}
