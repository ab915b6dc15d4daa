//! A document on its way: the document, its approval, and what can happen to the two. What happens is pure; reading and
//! storing stand at the end.

use tongshi_dialect::{Record, Replacement, Workforce};
use tongshi_model::{
    Action, Approval, ApprovalAction, ApprovalResult, ApprovalStatus, ApprovalStep, ApprovalTask, Coded,
    Draft, ExpenseClaim, Id, Instant, Kind, Payment, PaymentState, Personal, SpendStatus, TaskStatus,
    TravelRequest,
};

use crate::hesine::{
    map::{Doc, state_word},
    wire::Fault,
};

/// Said to whoever is not asked.
pub(super) const NOT_YOURS: &str = "您没有权限处理该待办事项";

/// Said of a document that cannot be taken back as it stands.
const NO_RETRACT: &str = "您没有权限执行此操作。可能是由于：1、单据已被撤回或驳回。2、单据当前所处审批环节根据流程配置，不允许撤回。";

/// Said of a document about which somebody has decided.
const DECIDED: &str = "单据已被审批，无法撤回。如需修改单据或有其他问题，请及时联系相应的审批人。";

/// A document on its way.
pub(super) struct Case {
    pub(super) doc: Doc,
    /// None for documents that came without one.
    pub(super) approval: Option<Approval>,
    /// How often the document was written: it tells the tasks of one submission from those of another.
    pub(super) version: i64,
}

/// Who did something, when, and what they said.
pub(super) struct Deed<'a> {
    pub(super) actor: Option<Id>,
    pub(super) at: Instant,
    pub(super) comment: Option<&'a str>,
    /// For whom else the actor may decide.
    pub(super) stands_for: &'a [Id],
}

impl Deed<'_> {
    /// Something that needs no words.
    pub(super) fn by(actor: Option<Id>, at: Instant) -> Self {
        Self { actor, at, comment: None, stands_for: &[] }
    }
}

/// Where a refused document goes when it is handed in again (§2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resubmit {
    /// Through all tasks again.
    FromStart,
    /// To whoever refused it.
    ToRejector,
}

impl Case {
    fn task(&mut self) -> Option<&mut ApprovalTask> {
        let current = self.doc.task()?.to_owned();
        self.approval.as_mut()?.tasks.iter_mut().find(|task| task.id == current)
    }

    /// Notes what was done, with the state that it led to.
    fn note(&mut self, word: &'static str, action: ApprovalAction, deed: &Deed<'_>, task: Option<String>) {
        let state = state_word(self.doc.kind(), self.doc.status()).to_owned();
        let next = self.doc.approver().into_iter().collect();
        if let Some(approval) = &mut self.approval {
            approval.updated_at = Some(deed.at);
            approval.log.push(ApprovalStep {
                action: Coded::vendor(word, Some(action)),
                actor: deed.actor,
                at: Some(deed.at),
                task,
                next,
                comment: deed
                    .comment
                    .filter(|text| !text.is_empty())
                    .map(|text| Personal::new(text.to_owned())),
                state: Some(state),
            });
        }
    }

    fn close(&mut self, status: ApprovalStatus, result: ApprovalResult) {
        if let Some(approval) = &mut self.approval {
            (approval.status, approval.result) = (Coded::ours(status), result);
        }
    }

    /// Whether it goes back to whoever refused it when it is handed in again.
    pub(super) fn returns(&self) -> bool {
        self.approval.as_ref().is_some_and(|approval| approval.tasks.iter().any(wants_it_back))
    }

    /// Hands it in: to whoever refused it and wants it back, or to these one after another, or to nobody.
    pub(super) fn submit(&mut self, approvers: &[Id], deed: &Deed<'_>) -> Result<(), Fault> {
        if !matches!(self.doc.state(), SpendStatus::Draft | SpendStatus::Rejected) {
            return Err(Fault::request("只有草稿和已驳回的单据可以提交"));
        }
        self.doc.submit(Some(deed.at));
        self.doc.decide(None);
        self.close(ApprovalStatus::Running, ApprovalResult::None);
        let version = self.version;
        let waits = self.returns();
        if let Some(approval) = &mut self.approval {
            approval.submitted_at = Some(deed.at);
            if waits {
                for task in approval.tasks.iter_mut().filter(|task| wants_it_back(task)) {
                    (task.status, task.result) = (Coded::ours(TaskStatus::Waiting), ApprovalResult::None);
                }
            } else {
                let task = |(place, approver): (usize, &Id)| ApprovalTask {
                    id: format!("FLOW:{version}:{}", place + 1),
                    name: Some(format!("审批{}", place + 1)),
                    approvers: vec![*approver],
                    status: Coded::ours(TaskStatus::Waiting),
                    result: ApprovalResult::None,
                    decided_at: None,
                };
                approval.tasks = approvers.iter().enumerate().map(task).collect();
            }
        }
        self.doc.set_state(SpendStatus::Approving);
        if self.approval.is_none() {
            self.doc.ask(approvers.first().map(|approver| (*approver, format!("FLOW:{version}:1"))));
        }
        self.advance(deed);
        self.note("freeflow.submit", ApprovalAction::Submit, deed, None);
        Ok(())
    }

    /// Asks the next, or ends it with a yes.
    fn advance(&mut self, deed: &Deed<'_>) {
        if let Some(approval) = &mut self.approval {
            let next = approval.tasks.iter_mut().find(|task| task.status.value == TaskStatus::Waiting);
            let next = next.and_then(|task| {
                task.status = Coded::ours(TaskStatus::Running);
                Some((*task.approvers.first()?, task.id.clone()))
            });
            self.doc.ask(next);
        }
        if self.doc.approver().is_none() {
            self.finish(deed);
        }
    }

    /// All have agreed. A claim goes on to be paid: the vendor's cashier would choose a channel by hand; here it goes the
    /// way of payments whose results come back (§2.7).
    fn finish(&mut self, deed: &Deed<'_>) {
        self.doc.decide(Some(deed.at));
        self.close(ApprovalStatus::Completed, ApprovalResult::Approved);
        match &mut self.doc {
            Doc::Request(request) => request.status = Coded::vendor("paid", Some(SpendStatus::Approved)),
            Doc::Claim(claim) if claim.total.minor > 0 => {
                claim.status = Coded::ours(SpendStatus::Processing);
                claim.payment = Some(Payment {
                    state: Coded::ours(PaymentState::Processing),
                    paid_at: None,
                    reference: Some(format!("PAY{}", claim.number)),
                    reason: None,
                });
            }
            Doc::Claim(claim) => claim.status = Coded::ours(SpendStatus::Paid),
        }
    }

    /// Whether whoever is asked does it, or somebody who stands for them.
    pub(super) fn asked(&self, deed: &Deed<'_>) -> Result<(), Fault> {
        let asked = self.doc.approver().filter(|_| self.doc.state() == SpendStatus::Approving);
        let may = |asked| deed.actor == Some(asked) || deed.stands_for.contains(&asked);
        if asked.is_some_and(may) { Ok(()) } else { Err(Fault::request(NOT_YOURS)) }
    }

    /// Whoever is asked agrees.
    pub(super) fn agree(&mut self, deed: &Deed<'_>) -> Result<(), Fault> {
        self.asked(deed)?;
        let at = deed.at;
        if let Some(task) = self.task() {
            (task.status, task.result) = (Coded::ours(TaskStatus::Completed), ApprovalResult::Approved);
            task.decided_at = Some(at);
        }
        let task = self.doc.task().map(str::to_owned);
        self.doc.ask(None);
        self.advance(deed);
        self.note("freeflow.agree", ApprovalAction::Approve, deed, task);
        if self.doc.state() == SpendStatus::Processing {
            self.note("freeflow.paying", ApprovalAction::Paying, &Deed::by(None, at), None);
        }
        Ok(())
    }

    /// Whoever is asked refuses: back to the submitter, or to an earlier task.
    pub(super) fn reject(
        &mut self,
        deed: &Deed<'_>,
        reject_to: Option<&str>,
        resubmit: Resubmit,
    ) -> Result<(), Fault> {
        self.asked(deed)?;
        let task = self.doc.task().map(str::to_owned);
        if let Some(node) = reject_to {
            self.back_to(node)?;
            self.note("freeflow.reject", ApprovalAction::Reject, deed, task);
            return Ok(());
        }
        let at = deed.at;
        if let Some(task) = self.task() {
            // Paused: it comes back here and not to the beginning.
            let status =
                if resubmit == Resubmit::ToRejector { TaskStatus::Paused } else { TaskStatus::Completed };
            (task.status, task.result) = (Coded::ours(status), ApprovalResult::Rejected);
            task.decided_at = Some(at);
        }
        self.doc.ask(None);
        self.doc.set_state(SpendStatus::Rejected);
        self.doc.decide(Some(at));
        self.close(ApprovalStatus::Completed, ApprovalResult::Rejected);
        self.note("freeflow.reject", ApprovalAction::Reject, deed, task);
        Ok(())
    }

    fn back_to(&mut self, node: &str) -> Result<(), Fault> {
        let missing = || Fault::request("驳回目标节点不存在");
        let approval = self.approval.as_mut().ok_or_else(missing)?;
        let place = approval.tasks.iter().position(|task| task.id == node).ok_or_else(missing)?;
        if approval.tasks[place].status.value != TaskStatus::Completed {
            return Err(missing());
        }
        for task in &mut approval.tasks[place..] {
            (task.status, task.result) = (Coded::ours(TaskStatus::Waiting), ApprovalResult::None);
            task.decided_at = None;
        }
        let task = &mut approval.tasks[place];
        task.status = Coded::ours(TaskStatus::Running);
        let next = task.approvers.first().map(|approver| (*approver, task.id.clone()));
        self.doc.ask(next);
        Ok(())
    }

    /// Whoever is asked makes it void.
    pub(super) fn nullify(&mut self, deed: &Deed<'_>) -> Result<(), Fault> {
        self.asked(deed)?;
        let task = self.doc.task().map(str::to_owned);
        self.doc.ask(None);
        self.doc.set_state(SpendStatus::Voided);
        self.close(ApprovalStatus::Voided, ApprovalResult::None);
        self.note("freeflow.nullify", ApprovalAction::Void, deed, task);
        Ok(())
    }

    /// Whoever is asked lets it rest: it stays with them, and a decision ends the rest.
    pub(super) fn rest(&mut self, deed: &Deed<'_>) -> Result<(), Fault> {
        self.asked(deed)?;
        let task = self.task().ok_or_else(|| Fault::request("单据没有可暂挂的待办"))?;
        task.status = Coded::ours(TaskStatus::Paused);
        Ok(())
    }

    /// What somebody is asked here, now or later, goes to somebody else. False where they are not asked.
    pub(super) fn hand_over(&mut self, from: Id, to: Id, deed: &Deed<'_>) -> bool {
        if self.doc.state() != SpendStatus::Approving {
            return false;
        }
        let current = self.doc.task().map(str::to_owned);
        let mut moved = false;
        let open = |task: &&mut ApprovalTask| task.result == ApprovalResult::None;
        let tasks = self.approval.iter_mut().flat_map(|approval| &mut approval.tasks).filter(open);
        for approver in tasks.flat_map(|task| &mut task.approvers).filter(|approver| **approver == from) {
            *approver = to;
            moved = true;
        }
        if self.doc.approver() == Some(from) {
            let task = current.clone().unwrap_or_else(|| format!("FLOW:{}:1", self.version));
            self.doc.ask(Some((to, task)));
            moved = true;
        }
        if moved {
            self.note("freeflow.shiftApprove", ApprovalAction::Transfer, deed, current);
        }
        moved
    }

    /// The submitter takes it back, as long as nobody has decided.
    pub(super) fn retract(&mut self, deed: &Deed<'_>) -> Result<(), Fault> {
        if self.doc.state() != SpendStatus::Approving {
            return Err(Fault::new(403, NO_RETRACT));
        }
        let decided = self.approval.as_ref().is_some_and(|approval| {
            approval.tasks.iter().any(|task| task.status.value == TaskStatus::Completed)
        });
        if decided {
            return Err(Fault::request(DECIDED));
        }
        self.doc.ask(None);
        self.doc.set_state(SpendStatus::Draft);
        self.close(ApprovalStatus::Withdrawn, ApprovalResult::None);
        if let Some(approval) = &mut self.approval {
            approval.tasks.clear();
        }
        self.note("freeflow.retract", ApprovalAction::Withdraw, deed, None);
        Ok(())
    }

    /// An approved request is opened again.
    pub(super) fn alter(&mut self, deed: &Deed<'_>) -> Result<(), Fault> {
        let open =
            matches!(self.doc.state(), SpendStatus::Approved | SpendStatus::Paid | SpendStatus::Archived);
        if !matches!(self.doc, Doc::Request(_)) || !open {
            return Err(Fault::request("单据处于变更过程中,不可再次变更"));
        }
        if self.doc.state() == SpendStatus::Archived {
            return Err(Fault::request("关联的申请事项已关闭，无法使用"));
        }
        self.doc.set_state(SpendStatus::Draft);
        self.doc.decide(None);
        self.close(ApprovalStatus::Draft, ApprovalResult::None);
        self.note("freeflow.alter", ApprovalAction::Change, deed, None);
        Ok(())
    }

    /// Somebody changed the form.
    pub(super) fn edited(&mut self, deed: &Deed<'_>) {
        self.note("freeflow.modify", ApprovalAction::Change, deed, None);
    }

    /// Somebody remarks on it.
    pub(super) fn comment(&mut self, deed: &Deed<'_>) {
        self.note("freeflow.comment", ApprovalAction::Comment, deed, None);
    }

    /// What the bank said of a claim that is being paid.
    pub(super) fn paid(&mut self, good: bool, deed: &Deed<'_>) {
        let Doc::Claim(claim) = &mut self.doc else { return };
        let reference = claim.payment.take().and_then(|payment| payment.reference);
        let (status, state) = if good {
            (SpendStatus::Paid, PaymentState::Paid)
        } else {
            (SpendStatus::Paying, PaymentState::Failed)
        };
        claim.status = Coded::ours(status);
        claim.payment = Some(Payment {
            state: Coded::ours(state),
            paid_at: good.then_some(deed.at),
            reference,
            reason: deed.comment.filter(|text| !good && !text.is_empty()).map(str::to_owned),
        });
        self.note("freeflow.pay", ApprovalAction::Pay, deed, None);
    }
}

/// Whether whoever refused it here wants it back. A task that only rests was not refused.
fn wants_it_back(task: &ApprovalTask) -> bool {
    task.status.value == TaskStatus::Paused && task.result == ApprovalResult::Rejected
}

/// A document as it is stored, on its way.
pub(super) struct Loaded {
    pub(super) record: Record,
    pub(super) approval_record: Option<Record>,
    pub(super) case: Case,
}

impl Loaded {
    /// What is to be stored of it, all or nothing.
    pub(super) fn replaced(&self, action: Action) -> Result<Vec<Replacement>, Fault> {
        let mut items = vec![Replacement {
            id: self.record.id,
            version: self.record.version,
            action,
            draft: Some(self.case.doc.draft()?),
        }];
        if let (Some(record), Some(approval)) = (&self.approval_record, &self.case.approval) {
            let draft = Some(Draft::of(approval)?);
            items.push(Replacement { id: record.id, version: record.version, action, draft });
        }
        Ok(items)
    }

    /// What takes it away.
    pub(super) fn removed(&self) -> Vec<Replacement> {
        let gone = |record: &Record| Replacement {
            id: record.id,
            version: record.version,
            action: Action::Delete,
            draft: None,
        };
        [Some(&self.record), self.approval_record.as_ref()].into_iter().flatten().map(gone).collect()
    }
}

/// A record as a document. One of which the app may not see what it must to say anything is refused.
pub(super) fn doc_of(record: &Record) -> Result<Doc, Fault> {
    let doc = match record.kind {
        Kind::TravelRequest => record.read::<TravelRequest>().map(|request| Doc::Request(Box::new(request))),
        _ => record.read::<ExpenseClaim>().map(|claim| Doc::Claim(Box::new(claim))),
    };
    doc.map_err(|_| Fault::new(403, "没有查看此单据的权限"))
}

/// Documents with their approvals, in the same order: two questions for any number of them.
pub(super) async fn load(workforce: &dyn Workforce, ids: &[Id]) -> Result<Vec<Option<Loaded>>, Fault> {
    let records = workforce.many(ids).await?;
    let is_doc =
        |record: &Record| matches!(record.kind, Kind::TravelRequest | Kind::ExpenseClaim) && !record.deleted;
    attach(workforce, records.into_iter().map(|record| record.filter(is_doc)).collect()).await
}

/// Records with their approvals, in the same order.
pub(super) async fn attach(
    workforce: &dyn Workforce,
    records: Vec<Option<Record>>,
) -> Result<Vec<Option<Loaded>>, Fault> {
    let docs = records.iter().map(|record| record.as_ref().map(doc_of).transpose());
    let docs = docs.collect::<Result<Vec<_>, _>>()?;
    let wanted: Vec<Id> = docs.iter().flatten().filter_map(Doc::approval).collect();
    let mut approvals = Vec::new();
    if !wanted.is_empty() {
        approvals = workforce.many(&wanted).await?;
    }
    let mut approvals = wanted.into_iter().zip(approvals).collect::<std::collections::HashMap<_, _>>();
    let mut loaded = Vec::with_capacity(records.len());
    for (record, doc) in records.into_iter().zip(docs) {
        let (Some(record), Some(doc)) = (record, doc) else {
            loaded.push(None);
            continue;
        };
        let found = doc.approval().and_then(|id| approvals.remove(&id)).flatten();
        let approval_record = found.filter(|record| record.kind == Kind::Approval && !record.deleted);
        let approval = approval_record.as_ref().map(Record::read::<Approval>).transpose()?;
        let case = Case { doc, approval, version: record.version };
        loaded.push(Some(Loaded { record, approval_record, case }));
    }
    Ok(loaded)
}
