//! What is known of people beside their entry: numbers, the company's own fields, papers.

use serde_json::Value;
use tongshi_dialect::{Caller, Query, Record, Replacement};
use tongshi_model::{Action, Employee, Gender, Kind};

use super::{TRIES_MAX, busy, names, part, people};
use crate::hesine::{
    map::{self, Names},
    wire::{self, Certificate, Fault, Listed, Property, PropertyType, Staff, Valued},
};

/// The fields that the company has beside the vendor's own, as people read them. The record has two.
const PROPERTIES: [(&str, &str); 2] = [("rankType", "职级"), ("postType", "岗位")];

/// The longest number.
const CODE_CHARS_MAX: usize = 100;

/// People who may use the product: features are not sold here, so whoever works here.
pub(super) async fn authorised(caller: Caller, ask: wire::StaffAuthorised) -> Result<Listed<Staff>, Fault> {
    let (start, count) = part(&ask.paging)?;
    let workforce = caller.workforce()?;
    let mut query = Query::of(Kind::Employee, count);
    let working = people::WORKING.map(|state| state.name().to_owned());
    query.fields.push(("status", working.to_vec()));
    let total = workforce.count(&query).await?;
    query.offset = start;
    let records = workforce.list(&query).await?;
    Ok(Listed { count: Some(total), items: people::show_all(&names(&caller), &records)? })
}

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
        if holders.iter().any(|holder| holder.id != record.id) {
            return Err(Fault::precondition("此工号已被其他员工占用,工号不允许重复,请检查"));
        }
        employee.employee_no = Some(code.clone());
        Ok(())
    })
    .await
}

/// Changes the fields that the record has; one that it does not have is refused before anything changes.
pub(super) async fn custom(caller: Caller, ask: wire::StaffCustom) -> Result<Valued<Staff>, Fault> {
    for (name, value) in &ask.fields {
        let known = PROPERTIES.iter().any(|(property, _)| property == name);
        if !known || !(value.is_string() || value.is_null()) {
            let name = tongshi_model::masked(name);
            return Err(Fault::request(format!("字段{name}不合法,没有找到对应的数据")));
        }
    }
    change(&caller, ask.by.as_deref(), &ask.staff_id.0, |_, employee| {
        let text = |value: &Value| map::filled(value.as_str().map(str::to_owned));
        if let Some(value) = ask.fields.get("rankType") {
            employee.job_grade = text(value);
        }
        if let Some(value) = ask.fields.get("postType") {
            employee.job_title = text(value);
        }
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
            let after = workforce.get(Kind::Employee, record.id).await?.ok_or_else(busy)?;
            return Ok(Valued { value: people::show(&names(caller), &after, &after.read()?) });
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

/// A person's identity card, where the record has its number and the app may see it.
pub(super) async fn certificates(
    caller: Caller,
    ask: wire::StaffCertificates,
) -> Result<Listed<Certificate>, Fault> {
    let unknown = || Fault::precondition("未查找到此员工信息");
    let found = people::people(caller.workforce()?, ask.by.as_deref(), &[ask.staff_id.0]).await;
    let found = found.map_err(|fault| if fault.text == people::MISSING { unknown() } else { fault });
    let record = found?.pop().ok_or_else(unknown)?;
    let employee: Employee = record.read()?;
    let names = names(&caller);
    Ok(Listed::of(card(&names, &record, &employee).into_iter().collect()))
}

fn card(names: &Names, record: &Record, employee: &Employee) -> Option<Certificate> {
    let number = employee.id_number.as_ref()?.expose().clone();
    let staff_id = names.id(record.id);
    let gender = employee.gender.as_ref().and_then(|gender| match gender.expose().value {
        Gender::Male => Some("MALE".to_owned()),
        Gender::Female => Some("FEMALE".to_owned()),
        _ => None,
    });
    let born = employee.birth_date.as_ref().map(|day| map::day_millis(*day.expose()));
    Some(Certificate {
        id: format!("{staff_id}:ID_CARD"),
        version: record.version,
        active: true,
        create_time: map::millis(record.created_at),
        update_time: map::millis(record.changed_at),
        corporation_id: Some(names.corporation.clone()),
        staff_id,
        kind: "ID_CARD".to_owned(),
        number,
        birth_date: born.unwrap_or_default(),
        gender,
        ..Certificate::default()
    })
}
