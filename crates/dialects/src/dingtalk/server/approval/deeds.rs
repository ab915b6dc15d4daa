//! What is done to an approval: a task is decided, the whole is ended, somebody remarks (§6).

use tongshi_dialect::{Caller, Server};
use tongshi_model::{Action, Approval, ApprovalStatus, ErrorKind, Id, Instant, Kind, shanghai};

use super::{Host, found, remember, user};
use crate::dingtalk::{
    map::approval::{Course, Deed, TaskState},
    wire::{
        DingTalk, Fault,
        approval::{
            ApprovalComment, ApprovalExecute, ApprovalTerminate, Flagged, OldComment, OldExecute, OldFlagged,
            OldTerminate,
        },
    },
};

/// The longest remark.
const REMARK_CHARS_MAX: usize = 1024;
/// So long after it began an approval cannot be ended (§6).
const FIRST_SECONDS: i64 = 15;

/// Adds these operations.
pub(super) fn on(server: Server<DingTalk>) -> Server<DingTalk> {
    server
        .on::<ApprovalExecute, _, _>(execute)
        .on::<OldExecute, _, _>(execute_old)
        .on::<ApprovalTerminate, _, _>(terminate)
        .on::<OldTerminate, _, _>(terminate_old)
        .on::<ApprovalComment, _, _>(comment)
        .on::<OldComment, _, _>(comment_old)
}

const DONE: Flagged = Flagged { result: Some(true), success: Some(true) };
const OLD_DONE: OldFlagged = OldFlagged { result: Some(true), success: Some(true) };

/// A decision, from either host.
struct Decision {
    instance: Option<String>,
    task: Option<i64>,
    by: Option<String>,
    result: Option<String>,
    remark: Option<String>,
}

async fn execute(caller: Caller, ask: ApprovalExecute) -> Result<Flagged, Fault> {
    let decision = Decision {
        instance: ask.process_instance_id,
        task: ask.task_id,
        by: ask.actioner_user_id,
        result: ask.result,
        remark: ask.remark,
    };
    decide(&caller, Host::New, decision).await.map(|()| DONE)
}

async fn execute_old(caller: Caller, ask: OldExecute) -> Result<OldFlagged, Fault> {
    let ask = ask.request.ok_or_else(|| Fault::parameter("缺少参数 request: it is missing"))?;
    let decision = Decision {
        instance: ask.process_instance_id,
        task: ask.task_id,
        by: ask.actioner_userid,
        result: ask.result,
        remark: ask.remark,
    };
    decide(&caller, Host::Old, decision).await.map(|()| OLD_DONE)
}

/// Decides a task. With the last step the approval itself is decided; a refusal ends it at once.
async fn decide(caller: &Caller, host: Host, decision: Decision) -> Result<(), Fault> {
    let agrees = match decision.result.as_deref() {
        Some("agree") => true,
        Some("refuse") => false,
        _ => return Err(host.invalid("result is agree or refuse")),
    };
    let task = decision.task.ok_or_else(|| host.invalid("taskId is missing"))?;
    let by = host.required("actionerUserId", &decision.by)?;
    let remark = remark(host, decision.remark)?;
    let (id, approval, mut course) = found(caller, host, &decision.instance).await?;
    user::found(caller, &by).await?;
    let over = || host.fault("aflowProcessInstStatusException", "the task is not there to be decided");
    let turns = course.turns(&id.to_string(), &approval);
    let turn =
        turns.iter().find(|turn| turn.number == task).ok_or_else(|| host.invalid("there is no such task"))?;
    if turn.userid != by {
        return Err(host.invalid("the task is somebody else's"));
    }
    if turn.state != TaskState::Running {
        return Err(over());
    }
    course.done.push(Deed {
        userid: by,
        at: Instant::new(caller.now, shanghai()),
        operation: "EXECUTE_TASK_NORMAL".to_owned(),
        result: if agrees { "AGREE" } else { "REFUSE" }.to_owned(),
        remark: remark.clone(),
        step: Some(turn.step),
    });
    let action = match (agrees, course.current() >= course.steps.len()) {
        (false, _) => Some(Action::Reject),
        (true, true) => Some(Action::Approve),
        (true, false) => None,
    };
    // The approval first: of two who decide at once one is told that it is over.
    if let Some(action) = action {
        act(caller, host, id, action, remark).await?;
    }
    remember(caller, id, &course).await
}

/// Does something to the record; what it is in no state for is the vendor's fault for it.
async fn act(
    caller: &Caller,
    host: Host,
    id: Id,
    action: Action,
    remark: Option<String>,
) -> Result<(), Fault> {
    match caller.workforce()?.act(Kind::Approval, id, action, remark).await {
        Err(error) if matches!(error.kind(), ErrorKind::Conflict) => {
            Err(host.fault("aflowProcessInstStatusException", error.public().to_owned()))
        }
        outcome => Ok(outcome?),
    }
}

fn remark(host: Host, text: Option<String>) -> Result<Option<String>, Fault> {
    if text.as_deref().unwrap_or_default().chars().count() > REMARK_CHARS_MAX {
        return Err(host.invalid(format!("a remark has at most {REMARK_CHARS_MAX} characters")));
    }
    Ok(text.filter(|text| !text.is_empty()))
}

async fn terminate(caller: Caller, ask: ApprovalTerminate) -> Result<Flagged, Fault> {
    let system = ask.is_system == Some(true);
    end(&caller, Host::New, &ask.process_instance_id, system, &ask.operating_user_id, ask.remark).await?;
    Ok(DONE)
}

async fn terminate_old(caller: Caller, ask: OldTerminate) -> Result<OldFlagged, Fault> {
    let ask = ask.request.ok_or_else(|| Fault::parameter("缺少参数 request: it is missing"))?;
    let system = ask.is_system == Some(true);
    end(&caller, Host::Old, &ask.process_instance_id, system, &ask.operating_userid, ask.remark).await?;
    Ok(OLD_DONE)
}

/// Ends an approval: by the system, or by somebody; its own applicant takes it back.
async fn end(
    caller: &Caller,
    host: Host,
    instance: &Option<String>,
    system: bool,
    by: &Option<String>,
    text: Option<String>,
) -> Result<(), Fault> {
    let text = remark(host, text)?;
    let (id, approval, mut course) = found(caller, host, instance).await?;
    let mut action = Action::Cancel;
    let mut userid = String::new();
    if !system {
        userid = host.required("operatingUserId", by)?;
        let (record, _) = user::found(caller, &userid).await?;
        if approval.applicant == Some(record.id) {
            action = Action::Withdraw;
        }
    }
    if is_young(caller, &approval) {
        let text = format!("an approval cannot be ended in its first {FIRST_SECONDS} seconds");
        return Err(host.fault("aflowProcessInstStatusException", text));
    }
    act(caller, host, id, action, text.clone()).await?;
    course.done.push(deed(caller, userid, "TERMINATE_PROCESS_INSTANCE", text));
    remember(caller, id, &course).await
}

fn is_young(caller: &Caller, approval: &Approval) -> bool {
    let running = approval.status.value == ApprovalStatus::Running;
    let begun = approval.submitted_at.filter(|_| running);
    begun.is_some_and(|at| caller.now.as_second() - at.timestamp().as_second() < FIRST_SECONDS)
}

fn deed(caller: &Caller, userid: String, operation: &str, remark: Option<String>) -> Deed {
    Deed {
        userid,
        at: Instant::new(caller.now, shanghai()),
        operation: operation.to_owned(),
        result: "NONE".to_owned(),
        remark,
        step: None,
    }
}

async fn comment(caller: Caller, ask: ApprovalComment) -> Result<Flagged, Fault> {
    say(&caller, Host::New, &ask.process_instance_id, &ask.comment_user_id, ask.text).await?;
    Ok(DONE)
}

async fn comment_old(caller: Caller, ask: OldComment) -> Result<OldFlagged, Fault> {
    let ask = ask.request.ok_or_else(|| Fault::parameter("缺少参数 request: it is missing"))?;
    say(&caller, Host::Old, &ask.process_instance_id, &ask.comment_userid, ask.text).await?;
    Ok(OLD_DONE)
}

/// Remarks on an approval. One that is a vendor's is remarked on there, where a route leads; here it is kept anyway.
async fn say(
    caller: &Caller,
    host: Host,
    instance: &Option<String>,
    by: &Option<String>,
    text: Option<String>,
) -> Result<(), Fault> {
    let userid = host.required("commentUserId", by)?;
    let text = remark(host, text)?.ok_or_else(|| host.invalid("text is missing"))?;
    let (id, _, mut course): (Id, Approval, Course) = found(caller, host, instance).await?;
    user::found(caller, &userid).await?;
    match caller.workforce()?.act(Kind::Approval, id, Action::Comment, Some(text.clone())).await {
        Err(error) if !matches!(error.kind(), ErrorKind::Conflict) => return Err(error.into()),
        _ => {}
    }
    course.done.push(deed(caller, userid, "ADD_REMARK", Some(text)));
    remember(caller, id, &course).await
}
