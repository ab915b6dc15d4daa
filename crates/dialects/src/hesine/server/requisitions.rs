//! Approved requests, which the vendor keeps as things of their own.

use std::collections::HashMap;

use serde_json::{Value, json};
use tongshi_dialect::{Caller, Query, Record};
use tongshi_model::{
    Action, ApprovalAction, Coded, ExpenseClaim, FormField, FormSection, Id, Instant, Kind, Money,
    SpendStatus, TravelRequest,
};

use super::{
    TRIES_MAX, busy,
    case::{Deed, Loaded, attach},
    flows, live, names, now, part,
};
use crate::hesine::{
    map::{self, Doc, Names},
    wire::{self, Fault, Listed, Related, Requisition, Valued},
};

/// What people call our two templates.
const REQUEST: &str = "申请单";
const CLAIM: &str = "报销单";

/// Where those are kept with whom a request is shared.
const SHARED: &str = "sharedOwnerIds";

pub(super) async fn list(caller: Caller, ask: wire::RequisitionList) -> Result<Listed<Requisition>, Fault> {
    let workforce = caller.workforce()?;
    let (start, count) = part(&ask.paging)?;
    let person = live(workforce, Kind::Employee, &ask.staff_id).await?;
    let person = person.ok_or_else(|| {
        Fault::request(format!("ID为'{}'的员工不存在", tongshi_model::masked(&ask.staff_id)))
    })?;
    let person = person.id;
    let states: &[SpendStatus] = match ask.state.as_deref().unwrap_or("ALL") {
        "PROCESS" => &[SpendStatus::Approved, SpendStatus::Paid],
        "MANUAL_CLOSED" => &[SpendStatus::Archived],
        // Nothing closes a request by itself here.
        "FORCE_CLOSED" => return Ok(Listed { count: Some(0), items: Vec::new() }),
        "ALL" => &[SpendStatus::Approved, SpendStatus::Paid, SpendStatus::Archived],
        _ => return Err(Fault::request("state 为 PROCESS、FORCE_CLOSED、MANUAL_CLOSED 或 ALL")),
    };
    let mut query = Query::of(Kind::TravelRequest, count).key("applicant", person.to_string());
    query.fields.push(("status.value", states.iter().map(|state| state.name().to_owned()).collect()));
    let total = workforce.count(&query).await?;
    query.offset = start;
    let records = workforce.list(&query).await?;
    Ok(Listed { count: Some(total), items: show(&caller, records).await? })
}

pub(super) async fn get(caller: Caller, ask: wire::RequisitionGet) -> Result<Requisition, Fault> {
    let missing = || Fault::request("申请事项ID不存在");
    let record = live(caller.workforce()?, Kind::TravelRequest, &ask.id.0).await?.ok_or_else(missing)?;
    let loaded = attach(caller.workforce()?, vec![Some(record.clone())]).await?.pop().flatten();
    let form = loaded.map(|loaded| {
        map::show_form(&names(&caller), &loaded.record, &loaded.case.doc, loaded.case.approval.as_ref())
    });
    let details = form.and_then(|mut form| form.remove("details")?.as_array().cloned());
    let found = show(&caller, vec![record]).await?.pop().filter(|found| !found.state.is_empty());
    Ok(Requisition { details: Some(details.unwrap_or_default()), ..found.ok_or_else(missing)? })
}

/// Requests with their claims: two questions for any number of them.
async fn show(caller: &Caller, records: Vec<Record>) -> Result<Vec<Requisition>, Fault> {
    let (workforce, names) = (caller.workforce()?, names(caller));
    let ids: Vec<String> = records.iter().map(|record| record.id.to_string()).collect();
    let mut claims: HashMap<Id, Vec<(Record, ExpenseClaim)>> = HashMap::new();
    for (_, record) in workforce.find_many(Kind::ExpenseClaim, "request", &ids).await? {
        let claim: ExpenseClaim = record.read().map_err(|_| Fault::new(403, "没有查看关联单据的权限"))?;
        if let Some(request) = claim.request {
            claims.entry(request).or_default().push((record, claim));
        }
    }
    let loaded = attach(workforce, records.into_iter().map(Some).collect()).await?;
    let shown = loaded.into_iter().flatten().filter_map(|loaded| {
        let claims = claims.remove(&loaded.record.id).unwrap_or_default();
        let Doc::Request(request) = &loaded.case.doc else { return None };
        Some(requisition(&names, &loaded, request, &claims))
    });
    Ok(shown.collect())
}

fn requisition(
    names: &Names,
    loaded: &Loaded,
    request: &TravelRequest,
    claims: &[(Record, ExpenseClaim)],
) -> Requisition {
    let state = match request.status.value {
        SpendStatus::Approved | SpendStatus::Paid => "PROCESS",
        SpendStatus::Archived => "MANUAL_CLOSED",
        _ => "",
    };
    let id = loaded.record.id.to_string();
    let title = request.title.clone().unwrap_or_default();
    let template = map::template_of(&loaded.case.doc, loaded.case.approval.as_ref());
    let mut related = vec![Related {
        id: id.clone(),
        code: request.number.clone(),
        name: title.clone(),
        state: state.to_owned(),
        form_type: "requisition".to_owned(),
        submit_date: request.submitted_at.map(|at| map::millis(at.timestamp())),
        is_requisition: true,
        specification_id: unversioned(&template),
        specification_name: REQUEST.to_owned(),
        ..worth(request.budget)
    }];
    related.extend(claims.iter().map(|(record, claim)| settling(record, claim)));
    let (done, process) = settled(claims);
    let owner = names.id(request.applicant);
    let created = Instant::new(loaded.record.created_at, tongshi_model::shanghai());
    let day = kept(loaded, "requisitionDate").and_then(Value::as_i64);
    Requisition {
        pipeline: 1,
        grayver: Some(String::new()),
        version: loaded.record.version,
        code: request.number.clone(),
        name: title.clone(),
        name_spell: title.to_uppercase(),
        change_logs: changes(names, loaded, request, &owner),
        title,
        state: state.to_owned(),
        active: true,
        flow_id: id.clone(),
        id,
        owner_id: owner.clone(),
        submitter_id: owner,
        shared_owner_ids: shared(loaded),
        related,
        create_time: map::millis(loaded.record.created_at),
        update_time: map::millis(loaded.record.changed_at),
        corporation_id: Some(names.corporation.clone()),
        apply_close_rule: "manual".to_owned(),
        requisition_date: Some(day.unwrap_or_else(|| map::day_millis(created.date()))),
        specification_id: template,
        specification_name: REQUEST.to_owned(),
        requisition_money: request.budget.map(|money| yuan(money.minor)),
        requisition_money_node: request.budget.map(map::show_money),
        expense_money_done: yuan(done),
        expense_money_process: yuan(process),
        ..Requisition::default()
    }
}

/// A claim that settles a request.
fn settling(record: &Record, claim: &ExpenseClaim) -> Related {
    Related {
        id: record.id.to_string(),
        code: claim.number.clone(),
        name: claim.title.clone().unwrap_or_default(),
        state: map::state_word(Kind::ExpenseClaim, &claim.status).to_owned(),
        form_type: "expense".to_owned(),
        submit_date: claim.submitted_at.map(|at| map::millis(at.timestamp())),
        is_requisition: false,
        specification_id: "tongshi0expense".to_owned(),
        specification_name: CLAIM.to_owned(),
        ..worth(Some(claim.total))
    }
}

/// What was claimed and paid, and what was claimed and is not yet.
fn settled(claims: &[(Record, ExpenseClaim)]) -> (i64, i64) {
    let (mut done, mut process) = (0, 0);
    for (_, claim) in claims {
        match claim.status.value {
            SpendStatus::Paid | SpendStatus::Archived => done += claim.total.minor,
            SpendStatus::Draft | SpendStatus::Rejected | SpendStatus::Voided => {}
            _ => process += claim.total.minor,
        }
    }
    (done, process)
}

/// What a document is worth, as a number and as the vendor writes money.
fn worth(money: Option<Money>) -> Related {
    Related {
        money: money.map(|money| yuan(money.minor)),
        money_node: money.map(map::show_money),
        ..Related::default()
    }
}

fn unversioned(template: &str) -> String {
    template.split(':').next().unwrap_or_default().to_owned()
}

/// When it was approved, and the last time with whom it was shared: of earlier times only the last list is kept.
fn changes(
    names: &Names,
    loaded: &Loaded,
    request: &TravelRequest,
    owner: &str,
) -> Vec<wire::RequisitionChange> {
    let log = loaded.case.approval.iter().flat_map(|approval| &approval.log);
    let agreed = log.clone().rev().find(|step| step.action.value == ApprovalAction::Approve);
    let title = request.title.as_deref().unwrap_or_default();
    let mut changes = vec![wire::RequisitionChange {
        action: "CREATE".to_owned(),
        reason: format!("申请单「{title}（{}）」审批通过", request.number),
        create_time: millis(request.decided_at, loaded),
        operator_id: agreed.and_then(|step| step.actor).map_or_else(|| owner.to_owned(), |id| names.id(id)),
        ..wire::RequisitionChange::default()
    }];
    let people = shared(loaded);
    if !people.is_empty() {
        let edited = log.rev().find(|step| step.action.value == ApprovalAction::Change);
        changes.push(wire::RequisitionChange {
            action: "SHARE".to_owned(),
            to_staffs: people,
            from_staff: owner.to_owned(),
            create_time: millis(edited.and_then(|step| step.at), loaded),
            operator_id: owner.to_owned(),
            ..wire::RequisitionChange::default()
        });
    }
    changes
}

fn millis(at: Option<Instant>, loaded: &Loaded) -> i64 {
    map::millis(at.map_or(loaded.record.changed_at, Instant::timestamp))
}

/// The vendor writes these two as plain numbers.
fn yuan(minor: i64) -> f64 {
    minor as f64 / 100.0
}

fn shared(loaded: &Loaded) -> Vec<String> {
    let ids = kept(loaded, SHARED).and_then(Value::as_array);
    ids.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A field that is kept with the approval.
fn kept<'a>(loaded: &'a Loaded, name: &str) -> Option<&'a Value> {
    let sections = loaded.case.approval.iter().flat_map(|approval| &approval.form);
    let field = sections.flat_map(|section| &section.fields).find(|field| field.name == name);
    field.map(|field| field.value.expose())
}

pub(super) async fn close(caller: Caller, ask: wire::RequisitionClose) -> Result<Valued<String>, Fault> {
    let ids: Vec<Id> = ask.ids.0.iter().filter_map(|id| map::id_in(id)).collect();
    let workforce = caller.workforce()?;
    let (mut found, mut closed) = (0, 0);
    let mut reasons = Vec::new();
    for _ in 0..TRIES_MAX {
        (found, closed) = (0, 0);
        reasons.clear();
        let mut items = Vec::new();
        for mut loaded in super::lists::by_ids(&caller, &ids).await?.into_iter().flatten() {
            let Doc::Request(request) = &mut loaded.case.doc else { continue };
            found += 1;
            if !matches!(request.status.value, SpendStatus::Approved | SpendStatus::Paid) {
                let place = reasons.len() + 1;
                let (code, id) = (&request.number, loaded.record.id);
                reasons.push(format!("{place}、code为[{code}],id为[{id}]的申请单已关闭或删除，无法使用。"));
                continue;
            }
            closed += 1;
            request.status = Coded::vendor("archived", Some(SpendStatus::Archived));
            items.extend(loaded.replaced(Action::Update)?);
        }
        if items.is_empty() || workforce.replace(items).await? {
            // What cannot be closed is told with status 200 (§2.1).
            let value = match (found, reasons.is_empty()) {
                (0, _) => "关闭申请事项,传入的ids查询不到数据".to_owned(),
                (_, true) => format!("关闭申请事项，成功关闭了[{closed}]条"),
                _ => {
                    format!("关闭申请事项，成功关闭了[{closed}]条,未删除成功的原因为:{}", reasons.concat())
                }
            };
            return Ok(Valued { value });
        }
    }
    tracing::warn!(found, closed, "requests are changed faster than they can be closed");
    Err(busy())
}

pub(super) async fn share(caller: Caller, ask: wire::RequisitionShare) -> Result<Valued<Value>, Fault> {
    let (workforce, names) = (caller.workforce()?, names(&caller));
    // A request that is not there and a person whose request it is not are the same to the vendor.
    let missing = || Fault::request("申请事项不存在");
    let by = live(workforce, Kind::Employee, &ask.staff_id).await?.ok_or_else(missing)?.id;
    live(workforce, Kind::TravelRequest, &ask.flow_id.0).await?.ok_or_else(missing)?;
    let mut people = Vec::new();
    for id in &ask.staff_ids.0 {
        let person = live(workforce, Kind::Employee, id).await?;
        people.push(names.id(person.ok_or_else(|| Fault::request("共享对象不存在"))?.id));
    }
    flows::change(&caller, &ask.flow_id.0, Action::Update, |loaded| {
        let Doc::Request(request) = &loaded.case.doc else { return Err(missing()) };
        if request.applicant != by {
            return Err(missing());
        }
        let approval = loaded.case.approval.as_mut().ok_or_else(missing)?;
        if approval.form.is_empty() {
            approval.form.push(FormSection { name: Some("form".to_owned()), fields: Vec::new() });
        }
        let fields = &mut approval.form[0].fields;
        fields.retain(|field| field.name != SHARED);
        fields.push(FormField { name: SHARED.to_owned(), value: json!(people).into() });
        loaded.case.edited(&Deed::by(Some(by), now(&caller)));
        Ok(())
    })
    .await?;
    Ok(Valued { value: true.into() })
}
