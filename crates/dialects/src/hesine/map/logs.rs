//! What was done to a document, as the vendor's log shows it.

use serde_json::{Map, Value, json};
use tongshi_model::{Approval, ApprovalAction, ApprovalResult, ApprovalStep, ApprovalTask, Id, TaskStatus};

use super::{Doc, Names, action_word, millis};
use crate::hesine::wire::FlowLog;

/// How what is paid here is paid: outside, with results that come back (§2.7).
pub(super) const CHANNEL: &str = "OFFLINE";

/// The node at which a document is handed in.
const SUBMIT: &str = "SUBMIT";

/// What people call the node at which money is paid.
pub(in crate::hesine) const PAY_NODE: &str = "出纳支付";

/// The log of an approval.
pub(super) fn show_logs(names: &Names, doc: &Doc, approval: &Approval) -> Vec<FlowLog> {
    let show = |(place, step): (usize, &ApprovalStep)| {
        let mut next: Vec<String> = step.next.iter().map(|id| names.id(*id)).collect();
        if next.is_empty() && step.action.value == ApprovalAction::Reject {
            next.push(names.id(doc.owner()));
        }
        FlowLog {
            action: action_word(&step.action).to_owned(),
            state: step.state.clone(),
            operator_id: Some(step.actor.map_or_else(|| "ebot".to_owned(), |actor| names.id(actor))),
            by_delegate_id: stood_for(approval, place).map(|person| names.id(person)),
            // Whoever shows the log knows people's departments; the approval does not.
            operator_default_department: None,
            next_operator_id: next.first().cloned(),
            next_operator_ids: if next.len() > 1 { next } else { Vec::new() },
            time: step.at.map_or(0, |at| millis(at.timestamp())),
            attributes: attributes(doc, approval, step),
            modify_flow_log: None,
            attachments: Some(Vec::new()),
        }
    };
    approval.log.iter().enumerate().map(show).collect()
}

/// Whether a document was handed in with the word that it is urgent, and why.
pub(in crate::hesine) fn urgent_reason(step: &ApprovalStep) -> Option<&str> {
    let submits = step.action.value == ApprovalAction::Submit;
    step.comment.as_ref().filter(|_| submits).map(|comment| comment.expose().as_str())
}

fn attributes(doc: &Doc, approval: &Approval, step: &ApprovalStep) -> Map<String, Value> {
    let comment = step.comment.as_ref().map(|comment| comment.expose().as_str()).unwrap_or_default();
    let node = step.task.as_deref();
    let name = |task: Option<&ApprovalTask>| task.and_then(|task| task.name.clone());
    let next = next_of(doc, approval, step);
    // Refused to an earlier node; else to whoever handed it in.
    let back = step.next.first();
    let back = back.and_then(|person| approval.tasks.iter().find(|task| task.approvers.contains(person)));
    let known = match step.action.value {
        ApprovalAction::Submit => json!({
            "nextId": next.0, "nodeId": SUBMIT, "comment": "", "isUrgent": urgent_reason(step).is_some(),
            "nextName": next.1, "urgentReason": urgent_reason(step), "resubmitMethod": "FROM_START",
            "nextCounterSign": false, "sensitiveContent": null, "resubmitOperatorIds": [],
        }),
        ApprovalAction::Approve => json!({
            "nextId": next.0, "nodeId": node, "comment": comment, "complete": true, "nextName": next.1,
            "nodeName": name(task_of(approval, node)), "expressNum": null, "isEbotNode": step.actor.is_none(),
            "counterSign": false, "isRecalNode": false, "oldFlowPlanId": null, "nextCounterSign": false,
            "autographImageId": null,
        }),
        ApprovalAction::Reject => json!({
            "isAuto": false, "nextId": back.map(|task| &task.id), "nodeId": node, "comment": comment,
            "nodeName": back.map_or_else(|| Some("提交人".to_owned()), |task| task.name.clone()),
            "isEbotNode": step.actor.is_none(), "isStaffExit": false,
            "resubmitMethod": resubmit_method(task_of(approval, node)), "isCostControlCheck": false,
        }),
        ApprovalAction::Paying | ApprovalAction::Pay => {
            let payment = match doc {
                Doc::Claim(claim) => claim.payment.as_ref(),
                Doc::Request(_) => None,
            };
            json!({
                "nodeId": node, "comment": comment, "failureReason": failure(doc, step),
                "channelTradeNo": payment.and_then(|payment| payment.reference.as_deref()),
                "paymentChannel": CHANNEL, "autographImageId": null, "paymentAccountId": null,
            })
        }
        _ => json!({ "nodeId": node, "comment": comment }),
    };
    match known {
        Value::Object(known) => known,
        _ => Map::new(),
    }
}

fn task_of<'a>(approval: &'a Approval, task: Option<&str>) -> Option<&'a ApprovalTask> {
    approval.tasks.iter().find(|known| Some(&*known.id) == task)
}

/// The node that came next, as far as the approval still has it: its id and its name.
fn next_of(doc: &Doc, approval: &Approval, step: &ApprovalStep) -> (Option<String>, Option<String>) {
    let task = step.next.first().and_then(|person| {
        let here = approval.tasks.iter().position(|task| Some(&task.id) == step.task.as_ref());
        approval.tasks.iter().skip(here.map_or(0, |at| at + 1)).find(|task| task.approvers.contains(person))
    });
    match task {
        Some(task) => (Some(task.id.clone()), task.name.clone()),
        None if step.next.is_empty() && goes_to_pay(doc, step) => (None, Some(PAY_NODE.to_owned())),
        None => (None, None),
    }
}

fn goes_to_pay(doc: &Doc, step: &ApprovalStep) -> bool {
    matches!(doc, Doc::Claim(_)) && matches!(step.state.as_deref(), Some("PROCESSING" | "paying"))
}

/// Where a refused document goes when it is handed in again.
fn resubmit_method(task: Option<&ApprovalTask>) -> &'static str {
    let returns = |task: &ApprovalTask| {
        task.status.value == TaskStatus::Paused && task.result == ApprovalResult::Rejected
    };
    if task.is_some_and(returns) { "TO_REJECTOR" } else { "FROM_START" }
}

/// Why money did not go, of the step that says so.
fn failure<'a>(doc: &'a Doc, step: &'a ApprovalStep) -> &'a str {
    let failed = step.action.value == ApprovalAction::Pay && goes_to_pay(doc, step);
    let comment = step.comment.as_ref().map(|comment| comment.expose().as_str());
    comment.filter(|_| failed).unwrap_or_default()
}

/// For whom somebody decided who was not asked: whoever was, unless the task was handed over afterwards.
fn stood_for(approval: &Approval, place: usize) -> Option<Id> {
    let step = &approval.log[place];
    let decides =
        |action| matches!(action, ApprovalAction::Approve | ApprovalAction::Reject | ApprovalAction::Void);
    let task = approval.tasks.iter().find(|task| step.task.as_ref() == Some(&task.id))?;
    let later = &approval.log[place + 1..];
    let moved =
        |later: &ApprovalStep| later.action.value == ApprovalAction::Transfer && later.task == step.task;
    let asked = step.actor.is_none_or(|actor| task.approvers.contains(&actor));
    if asked || !decides(step.action.value) || later.iter().any(moved) {
        return None;
    }
    task.approvers.first().copied()
}
