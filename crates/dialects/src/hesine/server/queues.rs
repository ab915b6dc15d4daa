//! What waits for people's decisions, what rests, what they have done.

use tongshi_dialect::{Caller, Query, Record, Workforce};
use tongshi_model::{
    Action, Approval, ApprovalAction, ApprovalResult, ApprovalStep, Id, Instant, Kind, SpendStatus,
    TaskStatus, Timestamp,
};

use super::{
    TRIES_MAX, busy,
    case::{Deed, Loaded, NOT_YOURS, attach, doc_of},
    delegates, every, flows, lists, live, names, now, part,
};
use crate::hesine::{
    map::{self, Doc, Names},
    wire::{self, Fault, Flow, Listed, Paging, Task, Valued},
};

/// The kinds of document that are decided about.
const KINDS: [Kind; 2] = [Kind::TravelRequest, Kind::ExpenseClaim];

/// Documents that rest by one call, as many as are decided about by one.
const FLOWS_MAX: usize = 10;

/// What waits for one of these people's decision.
pub(super) fn asked_of(kind: Kind, people: &[Id], limit: u32) -> Query {
    let mut query = Query::of(kind, limit).key("status", SpendStatus::Approving.name());
    query.fields.push(("approver", people.iter().map(Id::to_string).collect()));
    query
}

/// Here more than the largest page gives the largest page, where other lists refuse (the vendor's own rule).
fn queue_part(paging: &wire::QueuePaging) -> Result<(u64, u32), Fault> {
    let count = paging.count.unwrap_or(super::COUNT_MAX).min(super::COUNT_MAX);
    part(&Paging { start: paging.index, count: Some(count) })
}

async fn person(workforce: &dyn Workforce, id: &str) -> Result<Id, Fault> {
    let record = live(workforce, Kind::Employee, id).await?;
    Ok(record.ok_or_else(|| Fault::request(super::people::MISSING))?.id)
}

/// What waits for somebody, or for whom they stand in, what began to wait last first.
pub(super) async fn waiting(caller: Caller, ask: wire::QueueWaiting) -> Result<Listed<Flow>, Fault> {
    let workforce = caller.workforce()?;
    let person = person(workforce, &ask.approver_id.0).await?;
    let part = queue_part(&ask.paging)?;
    let delegated = delegates::in_force(&caller, person).await?;
    let mut found = Vec::new();
    for kind in KINDS {
        let mut people = delegated.of(if kind == Kind::TravelRequest { "requisition" } else { "expense" });
        people.push(person);
        found.extend(every(workforce, asked_of(kind, &people, 1)).await?);
    }
    newest(&caller, found, part, since).await
}

/// What waits for anybody, what began to wait last first.
pub(super) async fn all(caller: Caller, ask: wire::QueueAll) -> Result<Listed<Flow>, Fault> {
    let workforce = caller.workforce()?;
    let part = queue_part(&ask.paging)?;
    let mut found = Vec::new();
    for kind in KINDS {
        let query = Query::of(kind, 1).key("status", SpendStatus::Approving.name());
        for record in every(workforce, query).await? {
            if doc_of(&record)?.approver().is_some() {
                found.push(record);
            }
        }
    }
    // Who does not say how many learns how many there are, and nothing of them (the vendor's own rule).
    let part = if ask.paging.count.is_none() { (u64::MAX, part.1) } else { part };
    newest(&caller, found, part, since).await
}

/// What somebody has decided, what changed last first.
pub(super) async fn decided(caller: Caller, ask: wire::QueueDecided) -> Result<Listed<Flow>, Fault> {
    let time =
        |field, text: Option<String>| map::filled(text).map(|text| map::read_wall(field, &text)).transpose();
    let (from, to) = (time("startDate", ask.start_date)?, time("endDate", ask.end_date)?);
    let within = |at: Option<Instant>| {
        let at = at.map(Instant::timestamp);
        from.is_none_or(|from| at.is_some_and(|at| at >= from))
            && to.is_none_or(|to| at.is_some_and(|at| at < to))
    };
    let decides = |step: &ApprovalStep| {
        matches!(step.action.value, ApprovalAction::Approve | ApprovalAction::Reject) && within(step.at)
    };
    done(&caller, &ask.approver_id.0, &ask.paging, decides).await
}

/// What somebody has paid, what changed last first. Results that a bank tells are nobody's.
pub(super) async fn paid(caller: Caller, ask: wire::QueuePaid) -> Result<Listed<Flow>, Fault> {
    let pays = |step: &ApprovalStep| step.action.value == ApprovalAction::Pay;
    done(&caller, &ask.approver_id.0, &ask.paging, pays).await
}

/// The documents to which somebody has done this.
async fn done(
    caller: &Caller,
    who: &str,
    paging: &wire::QueuePaging,
    deed: impl Fn(&ApprovalStep) -> bool,
) -> Result<Listed<Flow>, Fault> {
    let workforce = caller.workforce()?;
    let person = person(workforce, who).await?;
    let part = queue_part(paging)?;
    let mut wanted: Vec<String> = Vec::new();
    for category in ["business_travel", "expense"] {
        for record in every(workforce, Query::of(Kind::Approval, 1).key("category", category)).await? {
            let approval: Approval = record.read()?;
            if approval.log.iter().any(|step| step.actor == Some(person) && deed(step)) {
                wanted.push(approval.number);
            }
        }
    }
    let mut records: Vec<Record> = Vec::new();
    for kind in KINDS {
        let found = workforce.find_many(kind, "number", &wanted).await?;
        records.extend(found.into_iter().map(|(_, record)| record));
    }
    newest(caller, records, part, |loaded| loaded.record.changed_at).await
}

/// A part of these documents, newest first by this time of theirs.
async fn newest(
    caller: &Caller,
    records: Vec<Record>,
    (start, count): (u64, u32),
    time: impl Fn(&Loaded) -> Timestamp,
) -> Result<Listed<Flow>, Fault> {
    let records = records.into_iter().map(Some).collect();
    let mut found: Vec<Loaded> = attach(caller.workforce()?, records).await?.into_iter().flatten().collect();
    found.sort_by_key(|loaded| std::cmp::Reverse((time(loaded), loaded.record.id)));
    let total = found.len() as u64;
    let start = usize::try_from(start).unwrap_or(usize::MAX);
    let page: Vec<&Loaded> = found.iter().skip(start).take(count as usize).collect();
    Ok(Listed { count: Some(total), items: lists::show_many(caller, &page).await? })
}

/// Since when a document waits for whoever is asked: since it came to them.
fn since(loaded: &Loaded) -> Timestamp {
    let comes = |step: &&ApprovalStep| {
        matches!(
            step.action.value,
            ApprovalAction::Submit
                | ApprovalAction::Approve
                | ApprovalAction::Reject
                | ApprovalAction::Transfer
                | ApprovalAction::Return
        )
    };
    let log = loaded.case.approval.iter().flat_map(|approval| approval.log.iter().rev());
    let came = log.filter(comes).find_map(|step| step.at);
    came.map_or(loaded.record.changed_at, Instant::timestamp)
}

/// Lets documents rest with whoever is asked: all of them or none. Whoever is not asked learns it with status 200.
pub(super) async fn hang_up(
    caller: Caller,
    ask: wire::HangUp,
) -> Result<Valued<serde_json::Map<String, serde_json::Value>>, Fault> {
    let workforce = caller.workforce()?;
    let staff = live(workforce, Kind::Employee, &ask.staff_id).await?;
    let staff = staff.ok_or_else(|| Fault::request("未设置指定人员"))?.id;
    if ask.flow_ids.0.is_empty() || ask.flow_ids.0.len() > FLOWS_MAX {
        return Err(Fault::request(format!("单据为 1 到 {FLOWS_MAX} 个")));
    }
    let delegated = delegates::in_force(&caller, staff).await?;
    for _ in 0..TRIES_MAX {
        let mut items = Vec::new();
        for id in &ask.flow_ids.0 {
            let mut loaded = flows::one(workforce, id).await?;
            let stands_for = &delegated.of(loaded.case.doc.form_type());
            let deed = Deed { stands_for, ..Deed::by(Some(staff), now(&caller)) };
            loaded.case.rest(&deed).map_err(|fault| match &*fault.text {
                NOT_YOURS => Fault::new(200, "无此待办的操作权限"),
                _ => fault,
            })?;
            items.extend(loaded.replaced(Action::Update)?);
        }
        if workforce.replace(items).await? {
            return Ok(Valued { value: serde_json::Map::new() });
        }
    }
    Err(busy())
}

/// Everything that somebody was asked about a document, done or not; nothing of a draft.
pub(super) async fn tasks(caller: Caller, ask: wire::TaskList) -> Result<Listed<Task>, Fault> {
    let names = names(&caller);
    let loaded = flows::one(caller.workforce()?, &ask.flow_id).await?;
    let items = tasks_of(&names, &loaded);
    Ok(Listed { count: Some(items.len() as u64), items })
}

fn tasks_of(names: &Names, loaded: &Loaded) -> Vec<Task> {
    let Some(approval) = &loaded.case.approval else { return Vec::new() };
    if loaded.case.doc.state() == SpendStatus::Draft {
        return Vec::new();
    }
    let mut tasks: Vec<Task> = approval
        .log
        .iter()
        .enumerate()
        .filter_map(|(place, step)| Some(past(names, loaded, approval, (place, step), state_of(step)?)))
        .collect();
    tasks.extend(present(names, loaded, approval));
    tasks
}

/// What became of the task at which something was done; none for what is no task's end.
fn state_of(step: &ApprovalStep) -> Option<&'static str> {
    match step.action.value {
        ApprovalAction::Approve | ApprovalAction::Reject | ApprovalAction::Void | ApprovalAction::Pay => {
            Some("PROCESSED")
        }
        // It was somebody's and is somebody else's.
        ApprovalAction::Transfer => Some("CANCELED"),
        _ => None,
    }
}

fn past(
    names: &Names,
    loaded: &Loaded,
    approval: &Approval,
    (place, step): (usize, &ApprovalStep),
    state: &str,
) -> Task {
    let since = approval.log[..place].iter().rev().find_map(|before| before.at).or(approval.submitted_at);
    let task = step.task.as_deref().unwrap_or_default();
    Task {
        owner_id: step.actor.map_or_else(|| "ebot".to_owned(), |actor| names.id(actor)),
        log_id: i64::try_from(place).unwrap_or(i64::MAX),
        action: Some(map::action_word(&step.action).to_owned()),
        create_time: millis(since.or(step.at)),
        update_time: millis(step.at),
        ..task_of(names, loaded, approval, task, &format!("{place}"), state)
    }
}

/// What is being waited for.
fn present(names: &Names, loaded: &Loaded, approval: &Approval) -> Option<Task> {
    let doc = &loaded.case.doc;
    let state = match doc.state() {
        SpendStatus::Pending | SpendStatus::Approving => "APPROVING",
        SpendStatus::Paying => "PAYING",
        SpendStatus::Processing => "PROCESSING",
        SpendStatus::Sending => "SENDING",
        SpendStatus::Receiving => "RECEIVING",
        _ => return None,
    };
    let waits = doc.approver().filter(|_| state == "APPROVING");
    let last = approval.log.iter().rev().find_map(|step| step.at).or(approval.submitted_at);
    Some(Task {
        owner_id: waits.map_or_else(|| "ebot".to_owned(), |person| names.id(person)),
        log_id: -1,
        create_time: millis(last),
        update_time: map::millis(loaded.record.changed_at),
        ..task_of(names, loaded, approval, doc.task().unwrap_or_default(), "now", state)
    })
}

fn task_of(
    names: &Names,
    loaded: &Loaded,
    approval: &Approval,
    task: &str,
    place: &str,
    state: &str,
) -> Task {
    let known = approval.tasks.iter().find(|known| known.id == task);
    let pays = matches!(loaded.case.doc, Doc::Claim(_)) && task.is_empty();
    let urgent = approval.log.iter().rev().find(|step| step.action.value == ApprovalAction::Submit);
    Task {
        pipeline: 1,
        grayver: Some(String::new()),
        id: Id::of(&["hesine.backlog", &loaded.record.id.to_string(), place]).to_string(),
        version: loaded.record.version,
        active: true,
        corporation_id: Some(names.corporation.clone()),
        flow_id: loaded.record.id.to_string(),
        kind: loaded.case.doc.form_type().to_owned(),
        state: state.to_owned(),
        node_id: task.to_owned(),
        node_name: match known.and_then(|known| known.name.clone()) {
            Some(name) => name,
            None if pays => map::PAY_NODE.to_owned(),
            None => String::new(),
        },
        auto_approve_type: Some("NONE".to_owned()),
        add_count_report: true,
        is_urgent: urgent.and_then(map::urgent_reason).is_some(),
        ..Task::default()
    }
}

fn millis(at: Option<Instant>) -> i64 {
    at.map_or(0, |at| map::millis(at.timestamp()))
}

/// Whether a task rests with whoever is asked.
pub(super) fn rests(loaded: &Loaded) -> bool {
    let current = loaded.case.doc.task();
    let tasks = loaded.case.approval.iter().flat_map(|approval| &approval.tasks);
    tasks
        .filter(|task| Some(&*task.id) == current)
        .any(|task| task.status.value == TaskStatus::Paused && task.result == ApprovalResult::None)
}
