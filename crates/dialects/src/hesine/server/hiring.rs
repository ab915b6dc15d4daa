//! People who are new, and people who come back.

use std::collections::HashMap;

use tongshi_dialect::{Caller, Query, Record, Replacement, Workforce};
use tongshi_model::{Action, Draft, Employee, Id, Kind};

use super::{
    accounts, busy, every,
    people::{PEOPLE_MAX, check, employ, mails_of, show_all, unit_of, units, user_of},
};
use crate::hesine::{
    map,
    wire::{self, Fault, Listed, Staff, StaffFields, Valued},
};

pub(super) async fn create(caller: Caller, ask: wire::StaffCreate) -> Result<Valued<Staff>, Fault> {
    let staff = add(&caller, Manner::One, vec![ask.fields]).await?.pop();
    Ok(Valued { value: staff.ok_or_else(busy)? })
}

pub(super) async fn create_many(caller: Caller, ask: wire::StaffCreateMany) -> Result<Listed<Staff>, Fault> {
    if ask.staff_list.is_empty() || ask.staff_list.len() > PEOPLE_MAX {
        return Err(Fault::request(format!("staffList 为 1 到 {PEOPLE_MAX} 人")));
    }
    Ok(Listed::of(add(&caller, Manner::Many, ask.staff_list).await?))
}

/// Whether people are added one by one or together: the vendor has other words for each.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    One,
    Many,
}

impl Manner {
    fn no_unit(self) -> Fault {
        let many = if self == Self::Many { "批量" } else { "" };
        Fault::request(format!("{many}新增员工数据库异常：部门ID不存在"))
    }

    /// A number, an address or another platform's id is somebody else's. The vendor shows what was sent.
    fn taken(self, account: &str, is_user: bool) -> Fault {
        match (self, is_user) {
            (Self::Many, _) => {
                Fault::request(format!("批量新增员工数据库异常：该userId已被绑定「{account}」，请勿重复绑定"))
            }
            (Self::One, true) => Fault::request("该账号已被其他员工使用，请勿重复绑定"),
            (Self::One, false) => Fault::request(format!("新增员工数据库异常：{TAKEN}")),
        }
    }
}

/// Said of a number or an address that is somebody else's.
pub(super) const TAKEN: &str = "该手机号/邮箱账号已被其他员工使用，请勿重复绑定";

/// Who has which number, address or other platform's id; of several one who works here.
#[derive(Default)]
pub(super) struct Holders {
    phones: HashMap<String, (Record, Employee)>,
    mails: HashMap<String, (Record, Employee)>,
    users: HashMap<String, (Record, Employee)>,
}

impl Holders {
    pub(super) async fn read(workforce: &dyn Workforce, list: &[StaffFields]) -> Result<Self, Fault> {
        let wanted = |of: fn(&StaffFields) -> Option<String>| -> Vec<String> {
            list.iter().filter_map(|fields| map::filled(of(fields))).collect()
        };
        let phones = wanted(|fields| fields.cellphone.clone());
        let mails = wanted(|fields| fields.email.as_ref().map(|mail| mail.to_lowercase()));
        let users = wanted(|fields| fields.userid.clone());
        let mut holders = Self::default();
        for (phone, record) in workforce.find_many(Kind::Employee, "mobile", &phones).await? {
            keep(&mut holders.phones, phone, &record, &record.read()?);
        }
        if mails.is_empty() && users.is_empty() {
            return Ok(holders);
        }
        for record in every(workforce, Query::of(Kind::Employee, 1)).await? {
            let employee: Employee = record.read()?;
            for mail in mails_of(&employee).filter(|mail| mails.contains(mail)) {
                keep(&mut holders.mails, mail, &record, &employee);
            }
            if let Some(user) = user_of(&employee).filter(|user| users.iter().any(|of| of == user)) {
                keep(&mut holders.users, user.to_owned(), &record, &employee);
            }
        }
        Ok(holders)
    }

    pub(super) fn phone(&self, fields: &StaffFields) -> Option<&(Record, Employee)> {
        self.phones.get(fields.cellphone.as_deref()?)
    }

    pub(super) fn mail(&self, fields: &StaffFields) -> Option<&(Record, Employee)> {
        self.mails.get(&fields.email.as_deref()?.to_lowercase())
    }

    fn user(&self, fields: &StaffFields) -> Option<&(Record, Employee)> {
        self.users.get(fields.userid.as_deref()?)
    }
}

fn keep(
    known: &mut HashMap<String, (Record, Employee)>,
    account: String,
    record: &Record,
    employee: &Employee,
) {
    if map::is_active(employee) || !known.contains_key(&account) {
        known.insert(account, (record.clone(), employee.clone()));
    }
}

/// Adds people, all or none. Whoever has the number or mail of somebody who has left is that person again (§2.3).
async fn add(caller: &Caller, manner: Manner, list: Vec<StaffFields>) -> Result<Vec<Staff>, Fault> {
    let workforce = caller.workforce()?;
    for fields in &list {
        check(fields)?;
        check_new(fields, manner)?;
    }
    let units = units(workforce, None, &list, || manner.no_unit()).await?;
    let holders = Holders::read(workforce, &list).await?;
    let (mut new, mut back, mut order) = (Vec::new(), Vec::new(), Vec::new());
    for fields in &list {
        let before = revived(&holders, fields, manner)?;
        let mut employee = before.map(|(_, employee)| employee.clone()).unwrap_or_default();
        let known_phone = before.is_some() && holders.phone(fields).is_some();
        // Of a number that is known the other platform's id is known, too, and stays (the vendor's own rule).
        let userid = fields.userid.clone().filter(|_| !known_phone);
        map::apply_staff(&mut employee, &StaffFields { userid, ..fields.clone() });
        employee.org_unit = unit_of(fields, &units);
        employ(&mut employee, true);
        match before {
            Some((record, _)) => {
                order.push(Some(record.id));
                back.push(Replacement::of(record, Action::Update, &employee)?);
            }
            None => {
                order.push(None);
                // A program that repeats itself adds nobody twice.
                let text = |text: &Option<String>| text.clone().unwrap_or_default();
                let (phone, mail) = (text(&fields.cellphone), text(&fields.email));
                let name = format!("staff/{}", Id::of(&[&phone, &mail, employee.name.expose()]));
                new.push((name, Draft::of(&employee)?));
            }
        }
    }
    let again: Vec<Id> = order.iter().flatten().copied().collect();
    if !back.is_empty() && !workforce.replace(back).await? {
        return Err(busy());
    }
    let mut saved = if new.is_empty() { Vec::new() } else { workforce.save(new).await? }.into_iter();
    accounts::switch_on(workforce, &again).await?;
    let ids: Vec<Id> = order.into_iter().filter_map(|id| id.or_else(|| saved.next())).collect();
    let records: Vec<Record> = workforce.many(&ids).await?.into_iter().flatten().collect();
    show_all(caller, &records).await
}

/// Who has left and comes back by a number or an address. Whoever works here keeps theirs.
fn revived<'a>(
    holders: &'a Holders,
    fields: &StaffFields,
    manner: Manner,
) -> Result<Option<&'a (Record, Employee)>, Fault> {
    let sent = |text: &Option<String>| text.clone().unwrap_or_default();
    for (holder, account) in
        [(holders.phone(fields), &fields.cellphone), (holders.mail(fields), &fields.email)]
    {
        if holder.is_some_and(|(_, employee)| map::is_active(employee)) {
            return Err(manner.taken(&sent(account), false));
        }
    }
    let before = holders.phone(fields).or_else(|| holders.mail(fields));
    let before = before.filter(|_| fields.use_new_account != Some(true));
    let other = |(holder, _): &&(Record, Employee)| before.is_none_or(|(record, _)| record.id != holder.id);
    if holders.user(fields).filter(other).is_some() {
        return Err(manner.taken(&sent(&fields.userid), true));
    }
    Ok(before)
}

/// What somebody new must have. People from outside belong to departments from outside, and here there are none.
fn check_new(fields: &StaffFields, manner: Manner) -> Result<(), Fault> {
    let phone = map::filled(fields.cellphone.clone());
    let listed = fields.departments.as_ref().is_some_and(|units| !units.is_empty());
    let no_unit = || Fault::new(403, "部门不能为空");
    if fields.external == Some(true) {
        return Err(match (phone, listed || fields.default_department.is_some()) {
            (None, _) => Fault::request("新增外部员工手机号不能为空"),
            (Some(_), false) => no_unit(),
            (Some(_), true) => manner.no_unit(),
        });
    }
    if phone.is_none() && fields.email.is_none() {
        return Err(Fault::request("手机号或邮箱必须至少填一个"));
    }
    if listed && fields.default_department.is_some() { Ok(()) } else { Err(no_unit()) }
}
