//! Requests and claims ask for an approval, and its result comes back to them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tongshi_dialect::Target;
use tongshi_model::{
    Action, Approval, ApprovalCategory, ApprovalResult, ApprovalStatus, ApprovalTask, Coded, Error,
    ExpenseClaim, FormField, FormSection, Id, Instant, Kind, Money, Personal, Space, SpendStatus, TaskStatus,
    TravelRequest, shanghai,
};
use tongshi_store::{Part, RecordRow, Session, shared};

use super::{
    Ask,
    edits::{Decided, Edits},
    round::{Round, Seen},
};
use crate::connections::LOCAL;

/// States in which a decision is awaited.
const AWAITING: [SpendStatus; 2] = [SpendStatus::Pending, SpendStatus::Approving];

/// How the names of approvals that this workspace asks for begin; behind it stands what they are about.
const ABOUT: &str = "of/";

fn name_of(about: Id) -> String {
    format!("{ABOUT}{about}")
}

/// Which vendors hold records.
struct Held(BTreeMap<Id, Vec<i64>>);

impl Held {
    /// Those that hold what asks.
    fn holders(&self, asking: &Asking) -> Vec<i64> {
        self.0.get(&asking.row.id).cloned().unwrap_or_default()
    }

    /// Whether the approval that it has is the own affair of a vendor that holds it.
    fn is_vendors(&self, asking: &Asking) -> bool {
        let holders = self.holders(asking);
        let of_approval = asking.approval.and_then(|id| self.0.get(&id));
        of_approval.is_some_and(|all| all.iter().any(|no| holders.contains(no)))
    }
}

/// What asks for an approval: a request or a claim, as far as an approval cares.
struct Asking {
    row: RecordRow,
    number: String,
    title: Option<String>,
    category: ApprovalCategory,
    applicant: Id,
    approver: Option<Id>,
    approval: Option<Id>,
    status: SpendStatus,
    submitted_at: Option<Instant>,
    form: Vec<(&'static str, Value)>,
}

impl Asking {
    fn request(seen: Seen<TravelRequest>) -> Self {
        let request = seen.says;
        let legs: Vec<Value> = request.legs.iter().map(|leg| json!(leg)).collect();
        let mut form = vec![("legs", Value::Array(legs))];
        form.extend(request.purpose.as_ref().map(|purpose| ("purpose", json!(purpose))));
        form.extend(request.budget.map(|budget| ("budget", shown(budget))));
        Self {
            row: seen.row,
            number: request.number,
            title: request.title,
            category: ApprovalCategory::BusinessTravel,
            applicant: request.applicant,
            approver: request.approver,
            approval: request.approval,
            status: request.status.value,
            submitted_at: request.submitted_at,
            form,
        }
    }

    fn claim(seen: Seen<ExpenseClaim>) -> Self {
        let claim = seen.says;
        let lines = claim
            .lines
            .iter()
            .map(|line| json!({"fee_type": line.fee_type, "date": line.date, "amount": shown(line.amount)}));
        let form = vec![("total", shown(claim.total)), ("lines", lines.collect())];
        Self {
            row: seen.row,
            number: claim.number,
            title: claim.title,
            category: ApprovalCategory::Expense,
            applicant: claim.claimant,
            approver: claim.approver,
            approval: claim.approval,
            status: claim.status.value,
            submitted_at: claim.submitted_at,
            form,
        }
    }

    fn approval(self, now: Instant) -> Approval {
        let task = |approver| ApprovalTask {
            id: "1".to_owned(),
            name: None,
            approvers: vec![approver],
            status: Coded::ours(TaskStatus::Running),
            result: ApprovalResult::None,
            decided_at: None,
        };
        let field =
            |(name, value): (&str, Value)| FormField { name: name.to_owned(), value: Personal::new(value) };
        Approval {
            number: self.number,
            title: self.title,
            category: Coded::ours(self.category),
            applicant: Some(self.applicant),
            applicant_name: None,
            status: Coded::ours(ApprovalStatus::Running),
            status_label: None,
            result: ApprovalResult::None,
            submitted_at: self.submitted_at.or(Some(now)),
            updated_at: Some(now),
            form: vec![FormSection { name: None, fields: self.form.into_iter().map(field).collect() }],
            tasks: self.approver.map(task).into_iter().collect(),
            log: Vec::new(),
            copies: Vec::new(),
        }
    }
}

/// An amount as people write it.
fn shown(money: Money) -> Value {
    json!({"amount": money.to_string(), "currency": money.currency})
}

impl Round<'_> {
    /// Whoever is handed in and has no approval asks for one; also what has one at the vendor where it was made, if a
    /// route takes approvals elsewhere. That vendor is then told what was decided.
    pub(super) async fn ask(&self, session: &mut Session, edits: &mut Edits) -> Result<(), Error> {
        let asks_in: &[SpendStatus] = match self.settings.ask {
            Ask::Submitted => &AWAITING,
            Ask::Approved => &[SpendStatus::Approved],
            Ask::Never => return Ok(()),
        };
        let takers = self.takers();
        if !self.settings.here && takers.is_empty() {
            return Ok(());
        }
        let now = Instant::new(session.now(), shanghai());
        let requests = self.changed()?.into_iter().map(Asking::request);
        let asking = requests.chain(self.changed()?.into_iter().map(Asking::claim));
        let asking: Vec<Asking> = asking.filter(|asking| asks_in.contains(&asking.status)).collect();
        let held = self.held(session, &asking).await?;
        let mut ready = Vec::new();
        for asking in asking {
            let holders = held.holders(&asking);
            let elsewhere = takers.iter().any(|taker| !holders.contains(taker));
            let asks = match asking.approval {
                None => self.settings.here || elsewhere,
                // It was decided there, or will be; the workspace asks beside it.
                Some(_) if held.is_vendors(&asking) => {
                    elsewhere || (self.settings.here && self.settings.ask == Ask::Approved)
                }
                Some(_) => false,
            };
            if asks {
                ready.push((self.own_approval(asking.row.id), asking));
            }
        }
        // Whoever wrote the request anew without its approval must not begin a decision again that was made.
        let known = self.known::<Approval>(session, ready.iter().map(|(id, _)| *id)).await?;
        for (id, asking) in ready {
            if asking.approval.is_none() {
                edits.set(&asking.row, "approval", json!(id));
            }
            if !known.contains_key(&self.aliases.meaning(id)) {
                let but = held.holders(&asking);
                edits.make_but(name_of(asking.row.id), &asking.approval(now), but)?;
            }
        }
        Ok(())
    }

    /// The connections to which routes take new approvals.
    fn takers(&self) -> Vec<i64> {
        let routed = self.routed.of(self.hub, Target::Record(Kind::Approval), Action::Create);
        routed.into_iter().map(|(to, _)| to.no).collect()
    }

    /// The approval that this workspace asks for about a record.
    fn own_approval(&self, about: Id) -> Id {
        let space = Space { workspace: self.workspace.id, connection: self.flow.id };
        space.id(Kind::Approval, &name_of(about))
    }

    /// Which vendors hold what asks, and the approvals that it has.
    async fn held(&self, session: &mut Session, asking: &[Asking]) -> Result<Held, Error> {
        let ids: Vec<Id> = asking
            .iter()
            .flat_map(|asking| [Some(asking.row.id), asking.approval])
            .flatten()
            .map(|id| self.aliases.meaning(id))
            .collect();
        let connections = self.connections(session).await?;
        let vendors = |part: &&Part| {
            let found = connections.get(&part.connection);
            part.gone.is_none() && found.is_some_and(|found| found.dialect != LOCAL)
        };
        let parts = shared::of_records(session, self.workspace, &ids).await?;
        let holders =
            parts.iter().map(|parts| parts.iter().filter(vendors).map(|part| part.connection).collect());
        Ok(Held(ids.iter().copied().zip(holders).collect()))
    }

    /// What an approval decided becomes the state of what asked for it, whichever of the two changed last.
    pub(super) async fn bring_results_back(
        &self,
        session: &mut Session,
        edits: &mut Edits,
    ) -> Result<(), Error> {
        let mut approvals: BTreeMap<Id, Seen<Approval>> =
            self.changed::<Approval>()?.into_iter().map(|seen| (seen.row.id, seen)).collect();
        let decided: Vec<Id> =
            approvals.values().filter(|seen| outcome(&seen.says).is_some()).map(|seen| seen.row.id).collect();
        let asked_here = self.asked_here(session, &decided).await?;
        let mut requests: BTreeMap<Id, Seen<TravelRequest>> =
            self.changed()?.into_iter().map(|seen: Seen<TravelRequest>| (seen.row.id, seen)).collect();
        let mut claims: BTreeMap<Id, Seen<ExpenseClaim>> =
            self.changed()?.into_iter().map(|seen: Seen<ExpenseClaim>| (seen.row.id, seen)).collect();
        if !decided.is_empty() {
            requests.extend(self.naming(session, "approval", decided.iter().copied()).await?);
            let open = ["pending", "approving", "approved"];
            claims.extend(self.open_naming(session, &open, "approval", decided).await?);
            requests.extend(self.known(session, asked_here.iter().copied()).await?);
            claims.extend(self.known(session, asked_here).await?);
        }
        let asking: Vec<Asking> = requests
            .into_values()
            .map(Asking::request)
            .chain(claims.into_values().map(Asking::claim))
            .filter(|asking| asking.approval.is_some() && self.awaits(asking))
            .collect();
        let own = asking.iter().map(|asking| self.own_approval(asking.row.id));
        let named = asking.iter().filter_map(|asking| asking.approval).chain(own);
        let lacking: Vec<Id> = named.filter(|id| !approvals.contains_key(id)).collect();
        approvals.extend(self.known(session, lacking).await?);
        for asking in asking {
            // What the workspace asked for counts before what the vendor has of its own.
            let own = approvals.get(&self.aliases.meaning(self.own_approval(asking.row.id)));
            let found = own.or_else(|| asking.approval.and_then(|id| approvals.get(&id)));
            let Some((approval, action)) = found.and_then(|seen| Some((seen, outcome(&seen.says)?))) else {
                continue;
            };
            let status = match action {
                Action::Approve => SpendStatus::Approved,
                _ => SpendStatus::Rejected,
            };
            if status == asking.status {
                continue;
            }
            let at = approval.says.updated_at;
            let at = at.unwrap_or_else(|| Instant::new(approval.row.changed_at, shanghai()));
            edits.set(&asking.row, "status", json!(Coded::ours(status)));
            edits.set(&asking.row, "decided_at", json!(at));
            edits.set(&asking.row, "task", Value::Null);
            edits.decide(&asking.row, Decided { action, approval: approval.row.id });
        }
        Ok(())
    }

    /// What these approvals were asked for about, as far as this workspace asked for them.
    async fn asked_here(&self, session: &mut Session, approvals: &[Id]) -> Result<Vec<Id>, Error> {
        let parts = shared::of_records(session, self.workspace, approvals).await?;
        let own = parts.iter().flatten().filter(|part| part.connection == self.flow.no);
        Ok(own.filter_map(|part| part.remote_id.strip_prefix(ABOUT)?.parse().ok()).collect())
    }

    /// Whether a decision still changes something. Where the workspace has the last word, it may refuse what was agreed to.
    fn awaits(&self, asking: &Asking) -> bool {
        AWAITING.contains(&asking.status)
            || (self.settings.ask == Ask::Approved && asking.status == SpendStatus::Approved)
    }
}

/// How an approval ended, if it has. One that somebody ended or made void refuses.
fn outcome(approval: &Approval) -> Option<Action> {
    match (approval.status.value, approval.result) {
        (ApprovalStatus::Completed, ApprovalResult::Approved) => Some(Action::Approve),
        (ApprovalStatus::Completed, ApprovalResult::Rejected)
        | (ApprovalStatus::Terminated | ApprovalStatus::Voided, _) => Some(Action::Reject),
        _ => None,
    }
}
