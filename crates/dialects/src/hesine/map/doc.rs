//! A document of either sort: a travel request or a claim, with what the two have in common.

use tongshi_model::{
    Approval, ApprovalCategory, ApprovalResult, ApprovalStatus, Coded, Draft, Error, ExpenseClaim, Id,
    Instant, Kind, SpendStatus, TravelRequest,
};

/// The documents that are known here. The vendor has seven more sorts (§2.4), of which nothing is kept.
#[derive(Clone, Debug)]
pub(in crate::hesine) enum Doc {
    /// A travel request (requisition).
    Request(Box<TravelRequest>),
    /// A claim (expense).
    Claim(Box<ExpenseClaim>),
}

/// Picks the same field of either sort.
macro_rules! either {
    ($doc:expr, $request:ident => $of_request:expr, $claim:ident => $of_claim:expr) => {
        match $doc {
            Doc::Request($request) => $of_request,
            Doc::Claim($claim) => $of_claim,
        }
    };
}

impl Doc {
    pub(in crate::hesine) fn kind(&self) -> Kind {
        either!(self, _r => Kind::TravelRequest, _c => Kind::ExpenseClaim)
    }

    /// The vendor's word for the sort.
    pub(in crate::hesine) fn form_type(&self) -> &'static str {
        either!(self, _r => "requisition", _c => "expense")
    }

    pub(in crate::hesine) fn number(&self) -> &str {
        either!(self, r => &r.number, c => &c.number)
    }

    pub(in crate::hesine) fn title(&self) -> &str {
        either!(self, r => r.title.as_deref(), c => c.title.as_deref()).unwrap_or_default()
    }

    pub(in crate::hesine) fn owner(&self) -> Id {
        either!(self, r => r.applicant, c => c.claimant)
    }

    pub(in crate::hesine) fn org_unit(&self) -> Option<Id> {
        either!(self, r => r.org_unit, c => c.org_unit)
    }

    pub(in crate::hesine) fn set_org_unit(&mut self, unit: Option<Id>) {
        *either!(self, r => &mut r.org_unit, c => &mut c.org_unit) = unit;
    }

    pub(in crate::hesine) fn status(&self) -> &Coded<SpendStatus> {
        either!(self, r => &r.status, c => &c.status)
    }

    pub(in crate::hesine) fn state(&self) -> SpendStatus {
        self.status().value
    }

    pub(in crate::hesine) fn approval(&self) -> Option<Id> {
        either!(self, r => r.approval, c => c.approval)
    }

    pub(in crate::hesine) fn approver(&self) -> Option<Id> {
        either!(self, r => r.approver, c => c.approver)
    }

    pub(in crate::hesine) fn task(&self) -> Option<&str> {
        either!(self, r => r.task.as_deref(), c => c.task.as_deref())
    }

    pub(in crate::hesine) fn submitted_at(&self) -> Option<Instant> {
        either!(self, r => r.submitted_at, c => c.submitted_at)
    }

    pub(in crate::hesine) fn set_state(&mut self, status: SpendStatus) {
        *either!(self, r => &mut r.status, c => &mut c.status) = Coded::ours(status);
    }

    /// Who is asked next, and at which task; nobody where it is decided.
    pub(in crate::hesine) fn ask(&mut self, next: Option<(Id, String)>) {
        let (approver, task) = next.unzip();
        either!(self, r => (r.approver, r.task) = (approver, task), c => (c.approver, c.task) = (approver, task));
    }

    pub(in crate::hesine) fn set_approval(&mut self, approval: Id) {
        *either!(self, r => &mut r.approval, c => &mut c.approval) = Some(approval);
    }

    pub(in crate::hesine) fn submit(&mut self, at: Option<Instant>) {
        *either!(self, r => &mut r.submitted_at, c => &mut c.submitted_at) = at;
    }

    pub(in crate::hesine) fn decide(&mut self, at: Option<Instant>) {
        *either!(self, r => &mut r.decided_at, c => &mut c.decided_at) = at;
    }

    pub(in crate::hesine) fn set_number(&mut self, number: String) {
        *either!(self, r => &mut r.number, c => &mut c.number) = number;
    }

    pub(in crate::hesine) fn draft(&self) -> Result<Draft, Error> {
        either!(self, r => Draft::of(&**r), c => Draft::of(&**c))
    }

    /// The approval that a new document gets.
    pub(in crate::hesine) fn new_approval(&self) -> Approval {
        Approval {
            number: self.number().to_owned(),
            title: Some(self.title().to_owned()),
            category: Coded::ours(match self {
                Self::Request(_) => ApprovalCategory::BusinessTravel,
                Self::Claim(_) => ApprovalCategory::Expense,
            }),
            applicant: Some(self.owner()),
            applicant_name: None,
            status: Coded::ours(ApprovalStatus::Draft),
            status_label: None,
            result: ApprovalResult::None,
            submitted_at: None,
            updated_at: None,
            form: Vec::new(),
            tasks: Vec::new(),
            log: Vec::new(),
            copies: Vec::new(),
        }
    }

    /// Takes over from the stored document what its form does not say.
    pub(in crate::hesine) fn keep_of(&mut self, stored: &Self) {
        match (self, stored) {
            (Self::Request(new), Self::Request(old)) => {
                new.number.clone_from(&old.number);
                new.status.clone_from(&old.status);
                (new.approval, new.approver) = (old.approval, old.approver);
                new.task.clone_from(&old.task);
                (new.submitted_at, new.decided_at) = (old.submitted_at, old.decided_at);
                new.external_no = new.external_no.take().or_else(|| old.external_no.clone());
            }
            (Self::Claim(new), Self::Claim(old)) => {
                new.number.clone_from(&old.number);
                new.status.clone_from(&old.status);
                (new.approval, new.approver) = (old.approval, old.approver);
                new.task.clone_from(&old.task);
                (new.submitted_at, new.decided_at) = (old.submitted_at, old.decided_at);
                new.external_no = new.external_no.take().or_else(|| old.external_no.clone());
                new.payment.clone_from(&old.payment);
                new.vouchers.clone_from(&old.vouchers);
                new.legal_entity = old.legal_entity;
            }
            _ => {}
        }
    }
}
