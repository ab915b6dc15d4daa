//! Approvals with their forms.

use serde::{Deserialize, Serialize};

use crate::{Coded, Entity, Id, Instant, Keys, Kind, LocalDate, Personal, code::code, entity::keys};

/// An approval with its form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    /// The vendor's number.
    pub number: String,
    /// The name of the form or workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it is about.
    pub category: Coded<ApprovalCategory>,
    /// Who asked, where the vendor gives an identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applicant: Option<Id>,
    /// Who asked, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applicant_name: Option<Personal<String>>,
    /// How far it is.
    pub status: Coded<ApprovalStatus>,
    /// The vendor's text for the status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_label: Option<String>,
    /// How it ended.
    pub result: ApprovalResult,
    /// When it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted_at: Option<Instant>,
    /// When it last moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Instant>,
    /// The form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub form: Vec<FormSection>,
    /// Who is to decide, step by step, as far as it is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<ApprovalTask>,
    /// What has been done, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<ApprovalStep>,
    /// Who gets a copy and decides nothing, where the vendor says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<Id>,
}

impl Entity for Approval {
    const KIND: Kind = Kind::Approval;

    fn keys(&self) -> Keys {
        keys([
            Some(self.number.clone()),
            Some(self.category.value.name().to_owned()),
            Some(self.status.value.name().to_owned()),
        ])
    }

    fn date(&self) -> Option<LocalDate> {
        self.submitted_at.map(Instant::date)
    }
}

/// A part of a form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FormSection {
    /// The heading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The fields under it.
    #[serde(default)]
    pub fields: Vec<FormField>,
}

/// A field of a form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FormField {
    /// The label.
    pub name: String,
    /// The value: any JSON.
    #[serde(default)]
    pub value: Personal<serde_json::Value>,
}

/// A step at which somebody is to decide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApprovalTask {
    /// Its name within the approval.
    pub id: String,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Who is asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<Id>,
    /// How far it is.
    pub status: Coded<TaskStatus>,
    /// How it was decided.
    pub result: ApprovalResult,
    /// When it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Instant>,
}

/// Something that was done to an approval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApprovalStep {
    /// What; the vendor's own word beside it.
    pub action: Coded<ApprovalAction>,
    /// By whom; none for the system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Id>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Instant>,
    /// At which task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// Who is next.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next: Vec<Id>,
    /// What was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<Personal<String>>,
    /// The vendor's word for how far the whole thing was afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

code! {
    /// How far a step of an approval is.
    TaskStatus {
        /// It comes later.
        Waiting = "waiting",
        /// Somebody is to decide.
        Running = "running",
        /// It rests.
        Paused = "paused",
        /// Decided.
        Completed = "completed",
        /// Not needed any more.
        Cancelled = "cancelled",
    }
}

code! {
    /// What is done to an approval.
    ApprovalAction {
        /// It is handed in.
        Submit = "submit",
        /// Yes.
        Approve = "approve",
        /// No.
        Reject = "reject",
        /// Sent back to be mended.
        Return = "return",
        /// Taken back by the applicant.
        Withdraw = "withdraw",
        /// Given to somebody else to decide.
        Transfer = "transfer",
        /// Somebody more is to decide.
        Add = "add",
        /// A remark.
        Comment = "comment",
        /// The form was changed.
        Change = "change",
        /// Somebody is urged.
        Remind = "remind",
        /// Ended by somebody else.
        Terminate = "terminate",
        /// Made void.
        Void = "void",
        /// Money is on its way.
        Paying = "paying",
        /// Money went, or did not.
        Pay = "pay",
    }
}

code! {
    /// What an approval is about.
    ApprovalCategory {
        /// Leave.
        Leave = "leave",
        /// Leave for nursing mothers.
        BreastfeedingLeave = "breastfeeding_leave",
        /// Out of the office on an errand (公出).
        Outing = "outing",
        /// A trip (出差).
        BusinessTravel = "business_travel",
        /// Overtime.
        Overtime = "overtime",
        /// Duty.
        Duty = "duty",
        /// A missing punch made good.
        PunchCorrection = "punch_correction",
        /// Another shift.
        ShiftChange = "shift_change",
        /// Starting work.
        Onboarding = "onboarding",
        /// Coming back.
        Rehire = "rehire",
        /// End of probation.
        Regularisation = "regularisation",
        /// An intern becomes staff.
        InternRegularisation = "intern_regularisation",
        /// Another post.
        Transfer = "transfer",
        /// Another legal entity.
        EntityTransfer = "entity_transfer",
        /// Another salary.
        SalaryChange = "salary_change",
        /// A payroll.
        Payroll = "payroll",
        /// A contract.
        Contract = "contract",
        /// Leaving.
        Resignation = "resignation",
        /// Looking for somebody.
        Recruitment = "recruitment",
        /// Money spent.
        Expense = "expense",
        /// Money lent.
        Loan = "loan",
        /// Money paid.
        Payment = "payment",
        /// Something bought.
        Purchase = "purchase",
        /// A recognition.
        Recognition = "recognition",
        /// A visitor.
        Visit = "visit",
        /// A form of the company's own.
        Custom = "custom",
    }
}

code! {
    /// How far an approval is.
    ApprovalStatus {
        /// Not sent.
        Draft = "draft",
        /// Somebody is to decide.
        Running = "running",
        /// Sent back to the applicant.
        Returned = "returned",
        /// Decided.
        Completed = "completed",
        /// Taken back by the applicant.
        Withdrawn = "withdrawn",
        /// Ended by somebody else.
        Terminated = "terminated",
        /// Made void afterwards.
        Voided = "voided",
    }
}

code! {
    /// How an approval ended.
    ApprovalResult {
        /// It has not.
        None = "none",
        /// Yes.
        Approved = "approved",
        /// No.
        Rejected = "rejected",
    }
}
