//! Accounts that are switched on and off: people who leave and come back, and the use of the product, which the record
//! has no field for. Whose account is off lies among the workspace's settings.

use std::collections::HashMap;

use tongshi_dialect::{Caller, Query, Record, Replacement, Workforce, lenient::Text};
use tongshi_model::{Action, Employee, Id, Kind, SpendStatus, shanghai};

use super::{
    TRIES_MAX, busy, every, kept, part,
    people::{self, PEOPLE_MAX},
    queues::asked_of,
};
use crate::hesine::{
    map,
    wire::{self, Fault, Listed, Staff, Valued},
};

/// Under which name those lie whose account is off.
const SETTING: &str = "hesine.accounts_off";

/// How far a document is that somebody must still see to before its owner leaves.
const UNDER_WAY: [SpendStatus; 6] = [
    SpendStatus::Pending,
    SpendStatus::Approving,
    SpendStatus::Sending,
    SpendStatus::Receiving,
    SpendStatus::Paying,
    SpendStatus::Processing,
];

/// Whose account is off though they work here.
pub(super) async fn off(workforce: &dyn Workforce) -> Result<Vec<Id>, Fault> {
    kept::list(workforce, SETTING).await
}

/// Switches accounts on. Nothing is written where all of them are.
pub(super) async fn switch_on(workforce: &dyn Workforce, people: &[Id]) -> Result<(), Fault> {
    if off(workforce).await?.iter().any(|id| people.contains(id)) {
        turn(workforce, people, &[]).await?;
    }
    Ok(())
}

async fn turn(workforce: &dyn Workforce, on: &[Id], away: &[Id]) -> Result<(), Fault> {
    kept::change(workforce, SETTING, |all: &mut Vec<Id>| {
        all.retain(|id| !on.contains(id) && !away.contains(id));
        all.extend(away);
        Ok(())
    })
    .await
}

/// People whose account is on.
pub(super) async fn authorised(caller: Caller, ask: wire::StaffAuthorised) -> Result<Listed<Staff>, Fault> {
    let (start, count) = part(&ask.paging)?;
    let workforce = caller.workforce()?;
    let mut query = Query::of(Kind::Employee, count);
    let working = people::WORKING.map(|state| state.name().to_owned());
    query.fields.push(("status", working.to_vec()));
    let off = off(workforce).await?;
    let (total, records) = if off.is_empty() {
        let total = workforce.count(&query).await?;
        query.offset = start;
        (total, workforce.list(&query).await?)
    } else {
        let mut all = every(workforce, query).await?;
        all.retain(|record| !off.contains(&record.id));
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        (all.len() as u64, all.into_iter().skip(start).take(count as usize).collect())
    };
    Ok(Listed { count: Some(total), items: people::show_all(&caller, &records).await? })
}

/// Switches accounts on and off.
pub(super) async fn authorise(caller: Caller, ask: wire::StaffAuthorise) -> Result<Valued<bool>, Fault> {
    let workforce = caller.workforce()?;
    let texts = |list: Vec<Text>| -> Vec<String> { list.into_iter().map(|text| text.0).collect() };
    let on = named(workforce, &ask.by, &texts(ask.add_staff)).await?;
    let away = named(workforce, &ask.by, &texts(ask.del_staff)).await?;
    turn(workforce, &on, &away).await?;
    Ok(Valued { value: true })
}

async fn named(workforce: &dyn Workforce, by: &str, keys: &[String]) -> Result<Vec<Id>, Fault> {
    let ids = |records: Vec<Record>| records.into_iter().map(|record| record.id).collect();
    match by {
        "id" | "code" => people::people(workforce, Some(by), keys).await.map(ids),
        "cellphone" => {
            let found = workforce.find_many(Kind::Employee, "mobile", keys).await?;
            let found: HashMap<String, Record> = found.into_iter().collect();
            let missing = || Fault::request(people::MISSING);
            keys.iter().map(|key| found.get(key).map(|record| record.id).ok_or_else(missing)).collect()
        }
        _ => Err(Fault::request("未知的type类型")),
    }
}

/// Switches people off or on: one that is not there is passed over as long as others are (the vendor's own rule). Whoever
/// comes back so has an account that is still off.
pub(super) async fn switch(caller: Caller, ask: wire::StaffSwitch) -> Result<Listed<Staff>, Fault> {
    let workforce = caller.workforce()?;
    let active = match ask.active.as_deref() {
        Some("true") => true,
        Some("false") => false,
        _ => return Err(Fault::request("输入存在错误:\n- 开启或是停用参数不能为空")),
    };
    if ask.ids.0.is_empty() || ask.ids.0.len() > PEOPLE_MAX {
        return Err(Fault::request(format!("员工为 1 到 {PEOPLE_MAX} 人")));
    }
    for _ in 0..TRIES_MAX {
        let records = switched(workforce, ask.by.as_deref(), &ask.ids.0).await?;
        let (mut items, mut back) = (Vec::with_capacity(records.len()), Vec::new());
        for record in &records {
            if !active && ask.do_check.as_deref() != Some("false") {
                free(workforce, record.id).await?;
            }
            let mut employee: Employee = record.read()?;
            if active && !map::is_active(&employee) {
                back.push(record.id);
            }
            people::employ(&mut employee, active);
            if !active {
                employee.leave_date = Some(shanghai().to_datetime(caller.now).date());
            }
            items.push(Replacement::of(record, Action::Update, &employee)?);
        }
        // First the account, so that nobody is let in between the two.
        if !back.is_empty() {
            turn(workforce, &[], &back).await?;
        }
        if workforce.replace(items).await? {
            return Ok(Listed::of(people::again(&caller, &records).await?));
        }
    }
    Err(busy())
}

async fn switched(
    workforce: &dyn Workforce,
    by: Option<&str>,
    keys: &[String],
) -> Result<Vec<Record>, Fault> {
    let (records, none): (Vec<Record>, _) = match by.unwrap_or("id") {
        "id" => {
            let found = people::by_ids(workforce, keys).await?.into_iter().flatten();
            (found.collect(), "无效的员工信息".to_owned())
        }
        "code" => {
            let found = workforce.find_many(Kind::Employee, "employee_no", keys).await?;
            let found = found.into_iter().map(|(_, record)| record);
            (found.collect(), format!("根据工号（[{}]）找不到员工", keys.join(", ")))
        }
        _ => return Err(Fault::request("type 为 id 或 code")),
    };
    if records.is_empty() { Err(Fault::new(403, none)) } else { Ok(records) }
}

/// Refuses to let somebody go who is asked for something, or whose own documents are under way.
async fn free(workforce: &dyn Workforce, person: Id) -> Result<(), Fault> {
    for (kind, owner) in [(Kind::TravelRequest, "applicant"), (Kind::ExpenseClaim, "claimant")] {
        let mut own = Query::of(kind, 1).key(owner, person.to_string());
        own.fields.push(("status.value", UNDER_WAY.map(|state| state.name().to_owned()).to_vec()));
        let waits = workforce.count(&asked_of(kind, &[person], 1)).await? > 0;
        if waits || workforce.count(&own).await? > 0 {
            let text = "抱歉无法移除，原因：\n1.有待审批或待支付的单据需要被移除人处理\n2.被移除人名下还存在待处理的单据";
            return Err(Fault::new(403, text));
        }
    }
    Ok(())
}
