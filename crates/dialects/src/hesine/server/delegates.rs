//! Delegation: whoever is asked may let somebody else decide, for a time and for some documents (§2.5).

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tongshi_dialect::{Caller, Workforce};
use tongshi_model::{Employee, Id, Kind};

use super::{flows, kept, live, names};
use crate::hesine::{
    map::{self, FormType, Names},
    wire::{self, Delegation, DelegationId, Fault, Listed, Valued},
};

/// Under which name delegations lie.
const SETTING: &str = "hesine.delegations";

/// The longest name and remark.
const TEXT_CHARS_MAX: usize = 200;

/// Somebody lets somebody else decide.
#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    id: Id,
    staff: Id,
    delegatee: Id,
    name: String,
    remark: Option<String>,
    /// In milliseconds.
    start: Option<i64>,
    end: Option<i64>,
    /// For documents of these templates only.
    templates: Vec<String>,
}

/// For whom somebody may decide now, and about which sorts of document; no sort means all.
pub(super) struct InForce(Vec<(Id, Vec<FormType>)>);

impl InForce {
    /// For whom about this sort.
    pub(super) fn of(&self, form_type: &str) -> Vec<Id> {
        let sort = if form_type == "requisition" { FormType::Requisition } else { FormType::Expense };
        let covers = |sorts: &[FormType]| sorts.is_empty() || sorts.contains(&sort);
        self.0.iter().filter(|(_, sorts)| covers(sorts)).map(|(staff, _)| *staff).collect()
    }
}

/// What others have delegated to this person and what holds now.
pub(super) async fn in_force(caller: &Caller, person: Id) -> Result<InForce, Fault> {
    let now = map::millis(caller.now);
    let all: Vec<Kept> = kept::list(caller.workforce()?, SETTING).await?;
    let holds = |kept: &Kept| {
        kept.delegatee == person
            && kept.start.is_none_or(|start| start <= now)
            && kept.end.is_none_or(|end| now < end)
    };
    let of = |kept: Kept| {
        let sorts = kept.templates.iter().filter_map(|template| flows::sort_of(caller, template)).collect();
        (kept.staff, sorts, kept.templates.is_empty())
    };
    // Templates that this app no longer knows cover nothing, and not everything.
    let known = all.into_iter().filter(holds).map(of);
    let known = known.filter(|(_, sorts, any): &(Id, Vec<FormType>, bool)| *any || !sorts.is_empty());
    Ok(InForce(known.map(|(staff, sorts, _)| (staff, sorts)).collect()))
}

pub(super) async fn create(caller: Caller, ask: wire::DelegateCreate) -> Result<DelegationId, Fault> {
    let workforce = caller.workforce()?;
    let serial = caller.now.as_nanosecond().to_string();
    let draft = read(&caller, &ask.fields, None).await?;
    let draft = Kept { id: Id::of(&["hesine.delegation", &draft.id.to_string(), &serial]), ..draft };
    let id = kept::change(workforce, SETTING, |all: &mut Vec<Kept>| {
        once(all, &draft, None)?;
        all.push(draft.clone());
        Ok(draft.id)
    })
    .await?;
    Ok(DelegationId { id: id.to_string() })
}

pub(super) async fn update(caller: Caller, ask: wire::DelegateUpdate) -> Result<Valued<Delegation>, Fault> {
    let id = ask.fields.id.as_deref().and_then(map::id_in).ok_or_else(missing)?;
    let workforce = caller.workforce()?;
    let known: Vec<Kept> = kept::list(workforce, SETTING).await?;
    let name = known.into_iter().find(|kept| kept.id == id).ok_or_else(missing)?.name;
    let draft = Kept { id, ..read(&caller, &ask.fields, Some(name)).await? };
    kept::change(workforce, SETTING, |all: &mut Vec<Kept>| {
        once(all, &draft, Some(id))?;
        let found = all.iter_mut().find(|kept| kept.id == id).ok_or_else(missing)?;
        *found = draft.clone();
        Ok(())
    })
    .await?;
    Ok(Valued { value: show(&names(&caller), &draft) })
}

pub(super) async fn list(caller: Caller, _ask: wire::DelegateList) -> Result<Listed<Delegation>, Fault> {
    shown(&caller, |_| true).await
}

pub(super) async fn of(caller: Caller, ask: wire::DelegateOf) -> Result<Listed<Delegation>, Fault> {
    // Of somebody whom nobody knows there is none, with status 200 (the vendor's own rule).
    let staff = map::id_in(&ask.id.0);
    shown(&caller, |kept| Some(kept.staff) == staff).await
}

async fn shown(caller: &Caller, wanted: impl Fn(&Kept) -> bool) -> Result<Listed<Delegation>, Fault> {
    let names = names(caller);
    let all: Vec<Kept> = kept::list(caller.workforce()?, SETTING).await?;
    Ok(Listed::of(all.iter().filter(|kept| wanted(kept)).map(|kept| show(&names, kept)).collect()))
}

pub(super) async fn delete(caller: Caller, ask: wire::DelegateDelete) -> Result<DelegationId, Fault> {
    let id = map::id_in(&ask.id.0).ok_or_else(missing)?;
    kept::change(caller.workforce()?, SETTING, |all: &mut Vec<Kept>| {
        let place = all.iter().position(|kept| kept.id == id).ok_or_else(missing)?;
        all.remove(place);
        Ok(())
    })
    .await?;
    Ok(DelegationId { id: id.to_string() })
}

fn missing() -> Fault {
    Fault::request("对应的委托关系不存在")
}

/// Two people have one delegation in each direction at most.
fn once(all: &[Kept], draft: &Kept, but: Option<Id>) -> Result<(), Fault> {
    let same =
        |kept: &&Kept| Some(kept.id) != but && (kept.staff, kept.delegatee) == (draft.staff, draft.delegatee);
    match all.iter().find(same) {
        Some(_) => Err(Fault::request("委托发起人与被委托人已存在委托关系")),
        None => Ok(()),
    }
}

/// A delegation from its fields. Its id says between whom it is, until it has one of its own.
async fn read(caller: &Caller, fields: &Delegation, known: Option<String>) -> Result<Kept, Fault> {
    let workforce = caller.workforce()?;
    let staff = person(workforce, fields.staff_id.as_deref()).await?;
    let delegatee = person(workforce, fields.delegatee_id.as_deref()).await?;
    if staff == delegatee {
        return Err(Fault::request("存在非法的人员id: 不能委托给本人"));
    }
    let name = map::filled(fields.name.clone()).or(known);
    let name = name.ok_or_else(|| Fault::request("name(授权名称)不能为空"))?;
    let long = |text: &str| text.chars().count() > TEXT_CHARS_MAX;
    if long(&name) || fields.remark.as_deref().is_some_and(long) {
        return Err(Fault::request(format!("授权名称和备注最多 {TEXT_CHARS_MAX} 个字符")));
    }
    let (start, end) = (time("startTime", &fields.start_time)?, time("endTime", &fields.end_time)?);
    if start.zip(end).is_some_and(|(start, end)| end <= start) {
        return Err(Fault::request("endTime 必须晚于 startTime"));
    }
    let templates = fields.original_ids.clone().unwrap_or_default();
    if templates.iter().any(|template| flows::sort_of(caller, template).is_none()) {
        return Err(Fault::request("存在非法的源模板id"));
    }
    let id = Id::of(&["between", &staff.to_string(), &delegatee.to_string()]);
    Ok(Kept { id, staff, delegatee, name, remark: fields.remark.clone(), start, end, templates })
}

async fn person(workforce: &dyn Workforce, text: Option<&str>) -> Result<Id, Fault> {
    let unknown = || Fault::request("存在非法的人员id");
    let record = live(workforce, Kind::Employee, text.unwrap_or_default()).await?.ok_or_else(unknown)?;
    if map::is_active(&record.read::<Employee>()?) { Ok(record.id) } else { Err(unknown()) }
}

fn time(field: &str, value: &Value) -> Result<Option<i64>, Fault> {
    if value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty()) {
        return Ok(None);
    }
    let at = map::read_instant(value).map(|at| map::millis(at.timestamp()));
    at.map(Some).ok_or_else(|| Fault::request(format!("{field} 为毫秒级时间戳")))
}

fn show(names: &Names, kept: &Kept) -> Delegation {
    Delegation {
        id: Some(kept.id.to_string()),
        corporation_id: Some(names.corporation.clone()),
        staff_id: Some(names.id(kept.staff)),
        delegatee_id: Some(names.id(kept.delegatee)),
        name: Some(kept.name.clone()),
        remark: Some(kept.remark.clone().unwrap_or_default()),
        start_time: kept.start.into(),
        end_time: kept.end.into(),
        original_ids: Some(kept.templates.clone()),
    }
}
