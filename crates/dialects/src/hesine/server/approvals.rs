//! Decisions: asked for, done, and what became of them; and the callback of an outbound message.

use std::sync::Arc;

use tongshi_dialect::{Caller, lenient::Text};
use tongshi_model::{Action, Id, Kind, Secret, SpendStatus};
use tongshi_oauth::same_secret;

use super::{
    TRIES_MAX, busy,
    case::{Deed, Loaded, NOT_YOURS, Resubmit},
    delegates, flows, lists, live,
    memory::Memory,
    messages::{MANNER, SIGN_KEY},
    now,
};
use crate::hesine::{
    map,
    wire::{self, Fault, Progress, ProgressError, Told, Valued},
};

/// Documents in one call (§2.1).
const FLOWS_MAX: usize = 10;

/// What is asked for.
pub(super) enum Wanted<'a> {
    Agree,
    Reject { to: Option<&'a str>, resubmit: Resubmit },
    Nullify,
}

impl Wanted<'_> {
    pub(super) fn action(&self) -> Action {
        match self {
            Self::Agree => Action::Approve,
            Self::Reject { .. } => Action::Reject,
            Self::Nullify => Action::Cancel,
        }
    }

    pub(super) fn happen(&self, loaded: &mut Loaded, deed: &Deed<'_>) -> Result<(), Fault> {
        match self {
            Self::Agree => loaded.case.agree(deed),
            Self::Reject { to, resubmit } => loaded.case.reject(deed, *to, *resubmit),
            Self::Nullify => loaded.case.nullify(deed),
        }
    }
}

/// Decides at once and says, as the vendor does, that all of it is still to be done: what became of it is asked for
/// afterwards. One transaction for all documents of the call.
pub(super) async fn decide(
    caller: Caller,
    ask: wire::Decide,
    memory: Arc<Memory>,
) -> Result<Valued<Progress>, Fault> {
    if ask.approve_id.is_empty() {
        return Err(Fault::precondition("审批人必填"));
    }
    if ask.flow_ids.0.len() > FLOWS_MAX {
        return Err(Fault::request(format!("一次最多审批 {FLOWS_MAX} 个单据")));
    }
    let wanted = wanted(&ask.action)?;
    let workforce = caller.workforce()?;
    let approver = live(workforce, Kind::Employee, &ask.approve_id).await?;
    let approver = approver.ok_or_else(|| Fault::request("未设置指定人员"))?.id;
    let ids: Vec<Id> = ask.flow_ids.0.iter().filter_map(|id| map::id_in(id)).collect();
    let delegated = delegates::in_force(&caller, approver).await?;
    for _ in 0..TRIES_MAX {
        let loaded = lists::by_ids(&caller, &ids).await?;
        if !loaded.iter().flatten().any(|found| found.case.doc.state() == SpendStatus::Approving) {
            return Err(Fault::request("无待办审批事项"));
        }
        let (mut items, mut errors) = (Vec::new(), Vec::new());
        for (mut found, id) in loaded.into_iter().zip(&ids) {
            match &mut found {
                None => errors.push(not_decided(*id, None, flows::missing().text.into_owned())),
                Some(found) => {
                    let stands_for = &delegated.of(found.case.doc.form_type());
                    let comment = ask.action.comment.as_deref();
                    let deed = Deed { comment, stands_for, ..Deed::by(Some(approver), now(&caller)) };
                    match wanted.happen(found, &deed) {
                        Ok(()) => items.extend(found.replaced(wanted.action())?),
                        Err(fault) => errors.push(not_decided(*id, Some(found), fault.text.into_owned())),
                    }
                }
            }
        }
        if items.is_empty() || workforce.replace(items).await? {
            let total = ask.flow_ids.0.len() as u64;
            let error = errors.len() as u64 + (total - ids.len() as u64);
            let done = Progress {
                total,
                success: total - error,
                error,
                residue: 0,
                error_msg: (!errors.is_empty()).then_some(errors),
                ..Progress::default()
            };
            if let Some(grant) = &caller.grant {
                memory.keep(grant.app, approver, caller.now, done);
            }
            return Ok(Valued { value: Progress { total, residue: total, ..Progress::default() } });
        }
    }
    Err(busy())
}

fn wanted(decision: &wire::Decision) -> Result<Wanted<'_>, Fault> {
    let to = decision.reject_to.as_deref().filter(|to| !to.is_empty());
    Ok(match &*decision.name {
        "freeflow.agree" => Wanted::Agree,
        "freeflow.nullify" => Wanted::Nullify,
        "freeflow.reject" => Wanted::Reject { to, resubmit: resubmit(decision.resubmit_method.as_deref())? },
        _ => {
            return Err(Fault::request("action.name 为 freeflow.agree、freeflow.reject 或 freeflow.nullify"));
        }
    })
}

/// Where it goes when it is handed in again must be said with a refusal (§2.5).
fn resubmit(method: Option<&str>) -> Result<Resubmit, Fault> {
    match method {
        Some("FROM_START") => Ok(Resubmit::FromStart),
        Some("TO_REJECTOR") => Ok(Resubmit::ToRejector),
        _ => Err(Fault::request("驳回时 resubmitMethod 必填: FROM_START 或 TO_REJECTOR")),
    }
}

fn not_decided(id: Id, found: Option<&mut Loaded>, msg: String) -> ProgressError {
    let doc = found.map(|found| &found.case.doc);
    ProgressError {
        flow_code: doc.map(|doc| doc.number().to_owned()).unwrap_or_default(),
        flow_title: doc.map(|doc| doc.title().to_owned()).unwrap_or_default(),
        msg,
        flow_id: id.to_string(),
        backlog_id: doc.and_then(|doc| doc.task()).unwrap_or_default().to_owned(),
    }
}

pub(super) async fn result(
    caller: Caller,
    ask: wire::DecisionResult,
    memory: Arc<Memory>,
) -> Result<Valued<Progress>, Fault> {
    let nobody = || Fault::request("未设置指定人员");
    let approver = live(caller.workforce()?, Kind::Employee, &ask.approve_id).await?.ok_or_else(nobody)?.id;
    let app = caller.grant.as_ref().map(|grant| grant.app);
    let outcome = app.and_then(|app| memory.outcome(app, approver, caller.now));
    Ok(Valued { value: outcome.unwrap_or_default() })
}

/// A robot's decision at the node that a message named (§2.8). Its own failures lie inside HTTP 200.
pub(super) async fn callback(caller: Caller, ask: wire::Callback) -> Result<Valued<Told>, Fault> {
    let needed = [&ask.sign_key, &ask.flow_id, &ask.node_id, &ask.action, &ask.comment];
    if needed.into_iter().any(|value| value.as_deref().unwrap_or_default().is_empty()) {
        return Err(Fault::request("请求参数错误"));
    }
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let endpoints = caller.workforce()?.endpoints(MANNER).await?;
    let shown = text(&ask.sign_key);
    let known = endpoints.iter().filter_map(|endpoint| endpoint.settings[SIGN_KEY].as_str());
    let mut valid = caller.setting(SIGN_KEY).is_some_and(|key| same_secret(&Secret::new(key), &shown));
    for key in known {
        valid |= same_secret(&Secret::new(key), &shown);
    }
    if !valid {
        return Err(Fault::new(401, "签名秘钥错误企业"));
    }
    let to = ask.reject_to.as_deref().filter(|to| !to.is_empty());
    let method = ask.resubmit_method.as_deref().filter(|method| !method.is_empty());
    let wanted = match ask.action.as_deref() {
        Some("accept") => Wanted::Agree,
        Some("refuse") => Wanted::Reject { to, resubmit: resubmit(method.or(Some("FROM_START")))? },
        _ => return Err(Fault::request("请求参数错误")),
    };
    let node = text(&ask.node_id);
    let flow = text(&ask.flow_id);
    let decided = flows::change(&caller, &flow, wanted.action(), |loaded| {
        if loaded.case.doc.task() != Some(&node) || loaded.case.doc.state() != SpendStatus::Approving {
            let node = tongshi_model::masked(&node);
            return Err(Fault::precondition(format!("当前的审批节点不为:{node}，请检查")));
        }
        let actor = loaded.case.doc.approver();
        wanted.happen(loaded, &Deed { comment: ask.comment.as_deref(), ..Deed::by(actor, now(&caller)) })
    });
    match decided.await {
        Ok(_) => {
            let message = Some("EBot执行完成".to_owned());
            Ok(Valued { value: Told { code: Text("204".to_owned()), message } })
        }
        Err(fault) if fault.text == NOT_YOURS => Err(Fault::new(500, "EBot审批失败")),
        Err(fault) => Err(fault),
    }
}
