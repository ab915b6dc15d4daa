//! Documents read: one, many, those that wait for somebody, where they are.

use std::collections::{BTreeSet, HashMap};

use tongshi_dialect::{Caller, Query, Record, Workforce};
use tongshi_model::{Approval, Employee, Id, Instant, Kind, SpendStatus, Timestamp};

use super::{
    case::{Loaded, attach, load},
    every,
    flows::{missing, one},
    live, names, part,
    queues::asked_of,
};
use crate::hesine::{
    map::{self, Doc},
    wire::{self, Fault, Flow, Listed, Valued},
};

/// The sorts of document that the vendor has (§2.4); those without a kind here are empty.
const EMPTY_TYPES: &[&str] =
    &["loan", "repayment", "payment", "receipt", "permit", "custom", "corpPayment", "reimbursement"];

pub(super) async fn get(caller: Caller, ask: wire::FlowGet) -> Result<Valued<Flow>, Fault> {
    let loaded = one(caller.workforce()?, &ask.flow_id).await?;
    Ok(Valued { value: show(&caller, &loaded).await? })
}

pub(super) async fn by_code(caller: Caller, ask: wire::FlowByCode) -> Result<Valued<Flow>, Fault> {
    let workforce = caller.workforce()?;
    first(&caller, by(workforce, "number", &ask.code).await?).await
}

pub(super) async fn by_outer_code(caller: Caller, ask: wire::FlowByOuterCode) -> Result<Valued<Flow>, Fault> {
    first(&caller, by_outer(caller.workforce()?, &ask.outer_code).await?).await
}

/// Documents to which a program gave this number.
pub(super) async fn by_outer(workforce: &dyn Workforce, outer: &str) -> Result<Vec<Record>, Fault> {
    by(workforce, "external_no", outer).await
}

async fn by(workforce: &dyn Workforce, lookup: &'static str, value: &str) -> Result<Vec<Record>, Fault> {
    if value.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = workforce.find(Kind::ExpenseClaim, lookup, value).await?;
    found.extend(workforce.find(Kind::TravelRequest, lookup, value).await?);
    Ok(found)
}

async fn first(caller: &Caller, found: Vec<Record>) -> Result<Valued<Flow>, Fault> {
    let record = found.into_iter().next().ok_or_else(missing)?;
    let loaded = attach(caller.workforce()?, vec![Some(record)]).await?.pop().flatten();
    Ok(Valued { value: show(caller, &loaded.ok_or_else(missing)?).await? })
}

/// A document as the vendor shows it.
pub(super) async fn show(caller: &Caller, loaded: &Loaded) -> Result<Flow, Fault> {
    show_many(caller, &[loaded]).await?.pop().ok_or_else(missing)
}

/// Records as the vendor shows them.
pub(super) async fn show_all(caller: &Caller, records: Vec<Record>) -> Result<Vec<Flow>, Fault> {
    let loaded = attach(caller.workforce()?, records.into_iter().map(Some).collect()).await?;
    show_many(caller, &loaded.iter().flatten().collect::<Vec<_>>()).await
}

/// Documents as the vendor shows them, with the departments of all who have to do with them: one question for all.
pub(super) async fn show_many(caller: &Caller, loaded: &[&Loaded]) -> Result<Vec<Flow>, Fault> {
    let (workforce, names) = (caller.workforce()?, names(caller));
    let show = |loaded: &&Loaded| {
        map::show_flow(&names, &loaded.record, &loaded.case.doc, loaded.case.approval.as_ref())
    };
    let mut flows: Vec<Flow> = loaded.iter().map(show).collect();
    let operators = flows.iter().flat_map(|flow| &flow.logs).filter_map(|log| log.operator_id.as_ref());
    let people = flows.iter().filter_map(|flow| flow.owner_id.as_ref()).chain(operators);
    let people: BTreeSet<Id> = people.filter_map(|id| map::id_in(id)).collect();
    let people: Vec<Id> = people.into_iter().collect();
    let mut departments = HashMap::new();
    for record in workforce.many(&people).await?.into_iter().flatten() {
        if record.kind == Kind::Employee
            && let Some(unit) = record.read::<Employee>()?.org_unit
        {
            departments.insert(names.id(record.id), names.id(unit));
        }
    }
    let of = |person: &Option<String>| departments.get(person.as_ref()?).cloned();
    for flow in &mut flows {
        flow.owner_default_department = of(&flow.owner_id);
        for log in &mut flow.logs {
            log.operator_default_department = of(&log.operator_id);
        }
    }
    Ok(flows)
}

/// By what a list is ordered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Created,
    Updated,
    Submitted,
    Paid,
}

pub(super) async fn list(caller: Caller, ask: wire::FlowList) -> Result<Listed<Flow>, Fault> {
    let (start, count) = part(&ask.paging)?;
    let kind = match &*ask.form_type {
        "requisition" => Kind::TravelRequest,
        "expense" => Kind::ExpenseClaim,
        other if EMPTY_TYPES.contains(&other) => return Ok(Listed { count: Some(0), items: Vec::new() }),
        _ => return Err(Fault::request("参数type无法识别")),
    };
    // Absent means all, "true" those that are there, anything else the deleted ones: of those no list is kept.
    if ask.filter.active.as_deref().is_some_and(|active| active != "true") {
        return Ok(Listed { count: Some(0), items: Vec::new() });
    }
    let mut query = Query::of(kind, count);
    if let Some(uid) = map::filled(ask.filter.uid.clone()) {
        let Some(person) = map::id_in(&uid) else { return Ok(Listed { count: Some(0), items: Vec::new() }) };
        let lookup = if kind == Kind::TravelRequest { "applicant" } else { "claimant" };
        query = query.key(lookup, person.to_string());
    }
    if let Some(states) = map::filled(ask.filter.state.clone()) {
        let states = states.trim_matches(['[', ']']).split(',').map(|word| word.trim().trim_matches('"'));
        let values: Vec<String> =
            states.flat_map(|word| map::states_of(kind, word)).map(|state| state.name().to_owned()).collect();
        if values.is_empty() {
            return Ok(Listed { count: Some(0), items: Vec::new() });
        }
        query.fields.push(("status.value", values));
    }
    let order = match ask.filter.order_by.as_deref() {
        None | Some("" | "createTime") => Order::Created,
        Some("updateTime") => Order::Updated,
        Some("submitDate") => Order::Submitted,
        Some("payDate") => Order::Paid,
        Some(_) => return Err(Fault::request("orderBy(查询字段)不正确")),
    };
    let ascending = ask.filter.order_by_type.as_deref().is_some_and(|way| way.eq_ignore_ascii_case("asc"));
    let from = time("startDate", &ask.filter.start_date)?;
    let to = time("endDate", &ask.filter.end_date)?;
    // The time of payment counts only together with a time (the vendor's own rule).
    let order = if order == Order::Paid && from.is_none() && to.is_none() { Order::Created } else { order };
    let workforce = caller.workforce()?;
    let templates = templates(&ask.filter);
    let (total, records) =
        if order == Order::Created && from.is_none() && to.is_none() && templates.is_empty() {
            page(workforce, query, start, count, ascending).await?
        } else {
            let order = Ordered { order, from, to, ascending };
            ordered(workforce, query, &templates, (start, count), order).await?
        };
    Ok(Listed { count: Some(total), items: show_all(&caller, records).await? })
}

/// The templates that are asked for, without their versions.
fn templates(filter: &wire::FlowFilter) -> Vec<String> {
    let asked = filter.specification_id.as_deref().unwrap_or_default().split(',').map(str::trim);
    asked.filter(|template| !template.is_empty()).map(str::to_owned).collect()
}

fn time(field: &'static str, text: &Option<String>) -> Result<Option<Timestamp>, Fault> {
    let text = map::filled(text.clone());
    Ok(text.map(|text| map::read_wall(field, &text)).transpose()?)
}

/// A part of a list in the order in which things were made: the store's own, or the other way round.
async fn page(
    workforce: &dyn Workforce,
    mut query: Query,
    start: u64,
    count: u32,
    ascending: bool,
) -> Result<(u64, Vec<Record>), Fault> {
    let total = workforce.count(&query).await?;
    if start >= total {
        return Ok((total, Vec::new()));
    }
    let wanted = u64::from(count).min(total - start);
    query.offset = if ascending { start } else { total - start - wanted };
    query.limit = u32::try_from(wanted).unwrap_or(count);
    let mut records = workforce.list(&query).await?;
    if !ascending {
        records.reverse();
    }
    Ok((total, records))
}

#[derive(Clone, Copy)]
struct Ordered {
    order: Order,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    ascending: bool,
}

/// A part of a list in another order: all that fits is read, and each looked at once.
async fn ordered(
    workforce: &dyn Workforce,
    query: Query,
    templates: &[String],
    (start, count): (u64, u32),
    Ordered { order, from, to, ascending }: Ordered,
) -> Result<(u64, Vec<Record>), Fault> {
    let mut found = Vec::new();
    for record in of_templates(workforce, every(workforce, query).await?, templates).await? {
        let at = match order {
            Order::Created => Some(record.created_at),
            Order::Updated => Some(record.changed_at),
            Order::Submitted => super::case::doc_of(&record)?.submitted_at().map(Instant::timestamp),
            Order::Paid => match super::case::doc_of(&record)? {
                Doc::Claim(claim) => {
                    claim.payment.and_then(|payment| payment.paid_at).map(Instant::timestamp)
                }
                Doc::Request(_) => None,
            },
        };
        // From the first moment on and before the last (§2.1).
        let within = from.is_none_or(|from| at.is_some_and(|at| at >= from))
            && to.is_none_or(|to| at.is_some_and(|at| at < to));
        if within && (order != Order::Paid || at.is_some()) {
            found.push((at, record));
        }
    }
    found.sort_by_key(|(at, record)| (*at, record.id));
    if !ascending {
        found.reverse();
    }
    let total = found.len() as u64;
    let start = usize::try_from(start).unwrap_or(usize::MAX);
    Ok((total, found.into_iter().skip(start).take(count as usize).map(|(_, record)| record).collect()))
}

/// Those of the records that were made by one of these templates; all of them where none is named.
async fn of_templates(
    workforce: &dyn Workforce,
    records: Vec<Record>,
    templates: &[String],
) -> Result<Vec<Record>, Fault> {
    if templates.is_empty() {
        return Ok(records);
    }
    let loaded = attach(workforce, records.into_iter().map(Some).collect()).await?;
    let fits = |loaded: &Loaded| {
        let template = map::template_of(&loaded.case.doc, loaded.case.approval.as_ref());
        let template = template.split(':').next().unwrap_or_default().to_owned();
        templates.contains(&template)
    };
    Ok(loaded.into_iter().flatten().filter(fits).map(|loaded| loaded.record).collect())
}

pub(super) async fn states(
    caller: Caller,
    ask: wire::ApproveStates,
) -> Result<Listed<wire::ApproveState>, Fault> {
    let (workforce, names) = (caller.workforce()?, names(&caller));
    let ids: Vec<Id> = ask.ids.0.iter().filter_map(|id| map::id_in(id)).collect();
    let records = workforce.many(&ids).await?;
    let is_doc = |record: &Record| matches!(record.kind, Kind::TravelRequest | Kind::ExpenseClaim);
    let records: Vec<Record> = records.into_iter().flatten().filter(is_doc).collect();
    let loaded = attach(workforce, records.into_iter().map(Some).collect()).await?;
    let approver = |loaded: &Option<Loaded>| loaded.as_ref().and_then(|loaded| loaded.case.doc.approver());
    let people: Vec<Id> = loaded.iter().filter_map(approver).collect();
    let found = workforce.many(&people).await?;
    let people: std::collections::HashMap<Id, Option<Record>> = people.into_iter().zip(found).collect();
    let mut items = Vec::with_capacity(loaded.len());
    for Loaded { record, case, .. } in loaded.into_iter().flatten() {
        let mut operators = Vec::new();
        let stage = stage(&record, &case.doc, case.approval.as_ref());
        if let Some(person) = case.doc.approver().filter(|_| !record.deleted) {
            let employee =
                people.get(&person).and_then(Option::as_ref).map(Record::read::<Employee>).transpose()?;
            operators.push(wire::Operator {
                id: names.id(person),
                name: employee.as_ref().map(|employee| employee.name.expose().clone()),
                code: employee.and_then(|employee| employee.employee_no),
            });
        }
        let delegate_data = Vec::new();
        items.push(wire::ApproveState {
            flow_id: record.id.to_string(),
            stage_name: stage,
            operators,
            delegate_data,
        });
    }
    Ok(Listed::of(items))
}

/// Where a document is, in the vendor's words (§2.5).
pub(super) fn stage(record: &Record, doc: &Doc, approval: Option<&Approval>) -> String {
    let task = || {
        let current = doc.task()?;
        approval?.tasks.iter().find(|task| task.id == current)?.name.clone()
    };
    let word = match doc.state() {
        _ if record.deleted => "已删除",
        SpendStatus::Draft | SpendStatus::Pending => "尚未提交",
        SpendStatus::Rejected => "拒绝",
        SpendStatus::Paying | SpendStatus::Processing => map::PAY_NODE,
        SpendStatus::Approved | SpendStatus::Paid | SpendStatus::Archived | SpendStatus::Voided => "完成",
        SpendStatus::Approving | SpendStatus::Sending | SpendStatus::Receiving | SpendStatus::Other => {
            return task().unwrap_or_else(|| "审批".to_owned());
        }
    };
    word.to_owned()
}

pub(super) async fn backlog(caller: Caller, ask: wire::StaffBacklog) -> Result<wire::Backlog, Fault> {
    let workforce = caller.workforce()?;
    let person = match &*ask.by.0 {
        "id" => live(workforce, Kind::Employee, &ask.staff_param).await?,
        "code" => workforce.find(Kind::Employee, "employee_no", &ask.staff_param).await?.into_iter().next(),
        "cellphone" => workforce.find(Kind::Employee, "mobile", &ask.staff_param).await?.into_iter().next(),
        _ => return Err(Fault::request("查询方式为 id、code 或 cellphone")),
    };
    let person = person.ok_or_else(|| Fault::precondition("未查找到此员工信息"))?.id;
    let mut approving = 0;
    for kind in [Kind::TravelRequest, Kind::ExpenseClaim] {
        approving += workforce.count(&asked_of(kind, &[person], 1)).await?;
    }
    let carbon_copy = super::copies::unread(workforce, person).await?;
    let by_type = wire::BacklogTypes { approving, carbon_copy, ..wire::BacklogTypes::default() };
    Ok(wire::Backlog { items: wire::BacklogCounts { count: approving, by_type } })
}

/// Documents by id, those that are there.
pub(super) async fn by_ids(caller: &Caller, ids: &[Id]) -> Result<Vec<Option<Loaded>>, Fault> {
    load(caller.workforce()?, ids).await
}
