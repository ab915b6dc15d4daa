//! What is known of people beside their entry: numbers, the company's own fields.

use tongshi_dialect::{Caller, Record, Replacement};
use tongshi_model::{Action, Employee, Kind};

use super::{TRIES_MAX, busy, people};
use crate::hesine::{
    map,
    wire::{self, Fault, Listed, Property, PropertyType, Staff, Valued},
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
