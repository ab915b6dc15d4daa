//! What is known of people beside their entry: numbers, the company's own fields, accounts that they are paid to.

use tongshi_dialect::{Caller, Query, Record, Replacement};
use tongshi_model::{Action, Employee, Kind, Personal};

use super::{TRIES_MAX, busy, every, names, part, people};
use crate::hesine::{
    map::{self, Names},
    wire::{self, Fault, Listed, Payee, Property, PropertyType, Staff, Valued},
};

/// The fields that the company has beside the vendor's own, as people read them. The record has two; where somebody works
/// is the vendor's own.
const PROPERTIES: [(&str, &str); 2] = [("rankType", "职级"), ("postType", "岗位")];

/// The longest number.
const CODE_CHARS_MAX: usize = 100;

pub(super) async fn code(caller: Caller, ask: wire::StaffCode) -> Result<Valued<Staff>, Fault> {
    let code = map::filled(ask.code).ok_or_else(|| Fault::request("员工编号code不允许为空"))?;
    let allowed = |letter: char| letter.is_alphanumeric() || "@-_.".contains(letter);
    if !code.chars().all(allowed) || code.chars().count() > CODE_CHARS_MAX {
        return Err(Fault::request("员工编号只能包含汉字、数字、字母、@、-、_、."));
    }
    let holders = caller.workforce()?.find(Kind::Employee, "employee_no", &code).await?;
    change(&caller, None, &ask.staff_id.0, |record, employee| {
        if !map::is_active(employee) {
            return Err(Fault::request("不可操作已离职的员工"));
        }
        if let Some(holder) = holders.iter().find(|holder| holder.id != record.id) {
            return Err(Fault::precondition(format!(
                "此工号已被姓名为{}的员工占用，工号不允许重复，请检查",
                holder.read::<Employee>()?.name.expose()
            )));
        }
        employee.employee_no = Some(code.clone());
        Ok(())
    })
    .await
}

/// Changes the fields that the record has; one that it does not have is refused before anything changes.
pub(super) async fn custom(caller: Caller, ask: wire::StaffCustom) -> Result<Valued<Staff>, Fault> {
    people::check_custom(&ask.fields, |name| format!("字段{name}不合法，没有找到对应的数据"))?;
    change(&caller, ask.by.as_deref(), &ask.staff_id.0, |_, employee| {
        map::apply_custom(employee, &ask.fields);
        Ok(())
    })
    .await
}

/// Changes one person, once for all who do it at the same time.
async fn change(
    caller: &Caller,
    by: Option<&str>,
    key: &str,
    deed: impl Fn(&Record, &mut Employee) -> Result<(), Fault>,
) -> Result<Valued<Staff>, Fault> {
    let workforce = caller.workforce()?;
    for _ in 0..TRIES_MAX {
        let found = people::people(workforce, by, &[key.to_owned()]).await?.pop();
        let record = found.ok_or_else(|| Fault::request(people::MISSING))?;
        let mut employee: Employee = record.read()?;
        deed(&record, &mut employee)?;
        if workforce.replace(vec![Replacement::of(&record, Action::Update, &employee)?]).await? {
            let value = people::again(caller, &[record]).await?.pop();
            return Ok(Valued { value: value.ok_or_else(busy)? });
        }
    }
    Err(busy())
}

pub(super) async fn properties(
    caller: Caller,
    _ask: wire::StaffProperties,
) -> Result<Listed<Property>, Fault> {
    caller.workforce()?;
    let property = |(name, label): (&str, &str)| Property {
        name: name.to_owned(),
        label: label.to_owned(),
        active: true,
        can_as_dimension: false,
        data_type: PropertyType { kind: "text".to_owned() },
    };
    Ok(Listed::of(PROPERTIES.map(property).to_vec()))
}

/// Accounts that people are paid to: the record has one for a person, and none of companies.
pub(super) async fn payees(caller: Caller, ask: wire::PayeeList) -> Result<Listed<Payee>, Fault> {
    let (start, count) = part(&ask.paging)?;
    let filter = &ask.filter;
    let (Some(ids), Some(accounts), Some(cards)) = (&filter.ids, &filter.names, &filter.card_nos) else {
        return Err(Fault::new(404, "ids、names、cardNos 可以为空,但必须传"));
    };
    let list = |text: &str| -> Vec<String> {
        text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    let (ids, accounts, cards) = (list(ids), list(accounts), list(cards));
    let time = |field, text: &Option<String>| {
        map::filled(text.clone()).map(|text| map::read_wall(field, &text)).transpose()
    };
    let (from, to) = (time("startDate", &filter.start_date)?, time("endDate", &filter.end_date)?);
    let names = names(&caller);
    let mut found = Vec::new();
    for record in every(caller.workforce()?, Query::of(Kind::Employee, 1)).await? {
        let within =
            from.is_none_or(|from| record.changed_at >= from) && to.is_none_or(|to| record.changed_at < to);
        if let Some(payee) = payee(&names, &record, &record.read()?).filter(|_| within) {
            // Ids before names before numbers; with none of them all (the vendor's own rule).
            let fits = match (&*ids, &*accounts, &*cards) {
                ([], [], []) => true,
                ([], [], cards) => cards.contains(&payee.card_no),
                ([], accounts, _) => accounts.contains(&payee.name),
                (ids, ..) => ids.contains(&payee.id),
            };
            let wanted = filter.active.as_deref().is_none_or(|active| (active == "true") == payee.active);
            if fits && wanted {
                found.push(payee);
            }
        }
    }
    if filter.order_by.as_deref() == Some("updateTime") {
        found.sort_by_key(|payee| payee.update_time);
        if filter.order_by_type.as_deref().is_some_and(|way| way.eq_ignore_ascii_case("desc")) {
            found.reverse();
        }
    }
    let total = found.len() as u64;
    let start = usize::try_from(start).unwrap_or(usize::MAX);
    let items = found.into_iter().skip(start).take(count as usize).collect();
    Ok(Listed { count: Some(total), items })
}

/// A person's account; that of somebody who has left is no longer used.
fn payee(names: &Names, record: &Record, employee: &Employee) -> Option<Payee> {
    let text = |value: &Option<Personal<String>>| value.as_ref().map(|value| value.expose().clone());
    Some(Payee {
        sort: "BANK".to_owned(),
        id: format!("payee{}", record.id),
        name: employee.name.expose().clone(),
        card_no: text(&employee.bank_card)?,
        kind: "个人账户".to_owned(),
        create_time: map::millis(record.created_at),
        update_time: map::millis(record.changed_at),
        bank: text(&employee.bank_name).unwrap_or_default(),
        active: map::is_active(employee),
        staff_id: names.id(record.id),
        owner: "INDIVIDUAL".to_owned(),
        ..Payee::default()
    })
}
