//! Decisions: by whoever is asked, or brought from where they were made. Approval and document change together, once.

use tongshi_dialect::{Caller, Record, Replacement};
use tongshi_model::{
    Action, Approval, ApprovalAction, ApprovalResult, ApprovalStatus, ApprovalStep, Coded, Draft,
    Entity as _, ExpenseClaim, Id, Instant, Kind, Personal, SpendStatus, TaskStatus, TravelRequest, shanghai,
};

use super::{
    fields::Fields,
    people::{Reach, named},
    trips,
};
use crate::hesine::{
    map::sample as map,
    wire::sample::{Asked as _, Refused, ResultReturn, ResultView, TripApprove, TripReject, TripView},
};

/// How often a decision is begun again where somebody else changed the document meanwhile.
const TRIES: u32 = 4;

/// A decision.
struct Decision {
    action: Action,
    by: Option<Id>,
    comment: Option<String>,
    at: Instant,
}

pub(super) async fn approve(caller: Caller, ask: TripApprove) -> Result<TripView, Refused> {
    let fields = Fields::of(ask.fields());
    let comment = fields.text("comment")?.map(str::to_owned);
    decided(&caller, &fields, Action::Approve, comment).await
}

pub(super) async fn reject(caller: Caller, ask: TripReject) -> Result<TripView, Refused> {
    let fields = Fields::of(ask.fields());
    let comment = Some(fields.some_text("comment")?.to_owned());
    decided(&caller, &fields, Action::Reject, comment).await
}

async fn decided(
    caller: &Caller,
    fields: &Fields<'_>,
    action: Action,
    comment: Option<String>,
) -> Result<TripView, Refused> {
    let id = fields.must("request_id", fields.id("request_id")?)?;
    let approver = named(caller, fields, "approver_id").await?;
    let (approver, _) = fields.must("approver_id", approver)?;
    let decision = Decision { action, by: Some(approver), comment, at: Instant::new(caller.now, shanghai()) };
    let record = carry_out(caller, Kind::TravelRequest, id, &decision).await?;
    trips::view(caller, &record).await
}

pub(super) async fn result(caller: Caller, ask: ResultReturn) -> Result<ResultView, Refused> {
    let fields = Fields::of(ask.fields());
    let id = fields.must("document_id", fields.id("document_id")?)?;
    let actions =
        [("pending", None), ("approved", Some(Action::Approve)), ("rejected", Some(Action::Reject))];
    let action = fields.must("status", fields.word("status", &actions)?)?;
    let by = named(&caller, &fields, "approver_id").await?.map(|(id, _)| id);
    let comment = fields.text("comment")?.map(str::to_owned);
    let at = fields.time("decided_at")?.unwrap_or_else(|| Instant::new(caller.now, shanghai()));
    let workforce = caller.workforce()?;
    let found = workforce.many(&[id]).await?.into_iter().flatten().find(|record| !record.deleted);
    let nothing = || Refused::new(404, "there is no such document");
    let record = found.filter(|record| is_document(record.kind)).ok_or_else(nothing)?;
    let record = match action {
        // Nothing is decided yet: whoever says so learns how far the document is.
        None => {
            Reach::of(&caller).await?.admit(&caller, Document::of(&record)?.person).await?;
            record
        }
        Some(action) => carry_out(&caller, record.kind, id, &Decision { action, by, comment, at }).await?,
    };
    let status = map::state(Document::of(&record)?.status).to_owned();
    Ok(ResultView { document_id: id.to_string(), status })
}

fn is_document(kind: Kind) -> bool {
    matches!(kind, Kind::TravelRequest | Kind::ExpenseClaim)
}

/// What a decision must know of a document.
struct Document {
    person: Id,
    approver: Option<Id>,
    approval: Option<Id>,
    status: SpendStatus,
}

impl Document {
    fn of(record: &Record) -> Result<Self, Refused> {
        if record.kind == Kind::TravelRequest {
            let says: TravelRequest = record.read()?;
            let (approver, approval, status) = (says.approver, says.approval, says.status.value);
            return Ok(Self { person: says.applicant, approver, approval, status });
        }
        let says: ExpenseClaim = record.read()?;
        let (approver, approval, status) = (says.approver, says.approval, says.status.value);
        Ok(Self { person: says.claimant, approver, approval, status })
    }
}

/// Decides once: of many who decide one is right, and the others learn how it ended.
async fn carry_out(caller: &Caller, kind: Kind, id: Id, decision: &Decision) -> Result<Record, Refused> {
    let workforce = caller.workforce()?;
    let reach = Reach::of(caller).await?;
    for _ in 0..TRIES {
        let found = workforce.get(kind, id).await?.filter(|record| !record.deleted);
        let record = found.ok_or_else(|| Refused::new(404, "there is no such document"))?;
        let document = Document::of(&record)?;
        reach.admit(caller, document.person).await?;
        let asked = document.approver.zip(decision.by).is_none_or(|(asked, by)| asked == by);
        if !asked {
            return Err(Refused::new(403, "somebody else is asked to decide"));
        }
        let wanted = if decision.action == Action::Approve { "approved" } else { "rejected" };
        match map::state(document.status) {
            "pending" if document.status != SpendStatus::Draft => {}
            "pending" => return Err(Refused::new(409, "the document has not been handed in")),
            // The same decision again has happened already.
            state if state == wanted => return Ok(record),
            state => return Err(Refused::new(409, format!("the document is {state} already"))),
        }
        let mut replacements = vec![replaced(&record, decision)?];
        if let Some(approval) = document.approval {
            let found = workforce.get(Kind::Approval, approval).await?.filter(|record| !record.deleted);
            replacements.extend(found.map(|record| approval_of(&record, decision)).transpose()?.flatten());
        }
        if workforce.replace(replacements).await? {
            let now = workforce.get(kind, id).await?;
            return now.ok_or_else(|| Refused::new(404, "there is no such document"));
        }
    }
    Err(Refused::new(409, "others change the document at the same time; try again"))
}

fn replaced(record: &Record, decision: &Decision) -> Result<Replacement, Refused> {
    let status = match decision.action {
        Action::Approve => Coded::ours(SpendStatus::Approved),
        _ => Coded::ours(SpendStatus::Rejected),
    };
    let draft = if record.kind == Kind::TravelRequest {
        let mut says: TravelRequest = record.read()?;
        (says.status, says.decided_at, says.task) = (status, Some(decision.at), None);
        Draft::of(&says)?
    } else {
        let mut says: ExpenseClaim = record.read()?;
        (says.status, says.decided_at, says.task) = (status, Some(decision.at), None);
        Draft::of(&says)?
    };
    Ok(Replacement { id: record.id, version: record.version, action: decision.action, draft: Some(draft) })
}

/// The approval as it is after the decision; none where it was decided elsewhere already.
fn approval_of(record: &Record, decision: &Decision) -> Result<Option<Replacement>, Refused> {
    let mut approval: Approval = record.read()?;
    if approval.status.value != ApprovalStatus::Running {
        return Ok(None);
    }
    let (result, action) = match decision.action {
        Action::Approve => (ApprovalResult::Approved, ApprovalAction::Approve),
        _ => (ApprovalResult::Rejected, ApprovalAction::Reject),
    };
    let mut at_task = None;
    for task in approval.tasks.iter_mut().filter(|task| task.status.value == TaskStatus::Running) {
        at_task.get_or_insert_with(|| task.id.clone());
        (task.status, task.result) = (Coded::ours(TaskStatus::Completed), result);
        task.decided_at = Some(decision.at);
    }
    approval.status = Coded::ours(ApprovalStatus::Completed);
    approval.result = result;
    approval.updated_at = Some(decision.at);
    approval.log.push(ApprovalStep {
        action: Coded::ours(action),
        actor: decision.by,
        at: Some(decision.at),
        task: at_task,
        next: Vec::new(),
        comment: decision.comment.as_deref().map(Personal::from),
        state: None,
    });
    debug_assert_eq!(Approval::KIND, record.kind);
    Ok(Some(Replacement::of(record, decision.action, &approval)?))
}
