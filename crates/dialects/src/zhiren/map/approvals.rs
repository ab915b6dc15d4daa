//! Approvals.

use tongshi_model::{
    Approval, ApprovalResult, ApprovalStatus, Coded, Error, FormField, FormSection, Personal,
};

use super::{CATEGORIES, filled, time, time_text};
use crate::zhiren::wire;

/// An approval as it is read.
pub(in crate::zhiren) fn read_approval(raw: wire::Approval) -> Result<Approval, Error> {
    let word = filled(raw.status);
    let known = word.as_deref().and_then(known_status);
    let (status, result) = known.unwrap_or((ApprovalStatus::Other, ApprovalResult::None));
    let category = CATEGORIES.read(raw.category);
    Ok(Approval {
        number: filled(raw.number_series)
            .ok_or_else(|| Error::invalid("number_series", "number_series is missing"))?,
        title: filled(raw.workflow_name),
        category: category.unwrap_or_else(|| Coded::ours(tongshi_model::ApprovalCategory::Other)),
        applicant: None,
        applicant_name: filled(raw.creator).map(Into::into),
        status: Coded { value: status, vendor_value: word },
        status_label: filled(raw.status_name),
        result,
        submitted_at: time("created_at", raw.created_at)?,
        updated_at: time("updated_at", raw.updated_at)?,
        form: raw.form_values.into_iter().map(read_section).collect(),
        tasks: Vec::new(),
        log: Vec::new(),
        copies: Vec::new(),
    })
}

/// An approval as it is shown. `creator` is the name of the applicant's record, for approvals that carry no name.
pub(in crate::zhiren) fn show_approval(approval: Approval, creator: Option<&str>) -> wire::Approval {
    let status = status_word(&approval.status, approval.result);
    let label = approval.status_label.filter(|label| label_fits(label, &status));
    let name = approval.applicant_name.map(Personal::into_inner);
    wire::Approval {
        number_series: Some(approval.number),
        creator: name.or_else(|| creator.map(str::to_owned)),
        created_at: approval.submitted_at.map(time_text),
        status_name: label.or_else(|| label_of(&status).map(str::to_owned)),
        status: Some(status),
        updated_at: approval.updated_at.map(time_text),
        category: CATEGORIES.write(&approval.category),
        workflow_name: approval.title,
        form_values: approval.form.into_iter().map(show_section).collect(),
    }
}

/// What a status word means.
pub(in crate::zhiren) fn known_status(word: &str) -> Option<(ApprovalStatus, ApprovalResult)> {
    match word {
        "waiting" => Some((ApprovalStatus::Running, ApprovalResult::None)),
        "passed" => Some((ApprovalStatus::Completed, ApprovalResult::Approved)),
        "denied" => Some((ApprovalStatus::Completed, ApprovalResult::Rejected)),
        _ => None,
    }
}

/// The states that are shown with a word, a superset of what the word means exactly.
pub(in crate::zhiren) fn statuses_of(word: &str) -> &'static [ApprovalStatus] {
    match word {
        "waiting" => {
            &[ApprovalStatus::Draft, ApprovalStatus::Running, ApprovalStatus::Returned, ApprovalStatus::Other]
        }
        "passed" => &[ApprovalStatus::Completed],
        _ => &[
            ApprovalStatus::Completed,
            ApprovalStatus::Withdrawn,
            ApprovalStatus::Terminated,
            ApprovalStatus::Voided,
        ],
    }
}

/// The word for a status. Nobody may take for passed what was not: only a completed approval with a yes is.
fn status_word(status: &Coded<ApprovalStatus>, result: ApprovalResult) -> String {
    if status.value == ApprovalStatus::Other
        && let Some(word) = status.vendor_value.as_deref().filter(|word| known_status(word).is_none())
    {
        return word.to_owned();
    }
    let word = match (status.value, result) {
        (ApprovalStatus::Completed, ApprovalResult::Approved) => "passed",
        (
            ApprovalStatus::Draft
            | ApprovalStatus::Running
            | ApprovalStatus::Returned
            | ApprovalStatus::Other,
            _,
        ) => "waiting",
        (
            ApprovalStatus::Completed
            | ApprovalStatus::Withdrawn
            | ApprovalStatus::Terminated
            | ApprovalStatus::Voided,
            _,
        ) => "denied",
    };
    word.to_owned()
}

/// The label of a word, as the document's table has it.
fn label_of(word: &str) -> Option<&'static str> {
    match word {
        "waiting" => Some("审批中"),
        "passed" => Some("通过"),
        "denied" => Some("拒绝"),
        _ => None,
    }
}

/// Whether a stored label may be shown: the table's own, the samples' other word for a refusal, or anything beside a
/// status that we do not know.
fn label_fits(label: &str, word: &str) -> bool {
    label_of(word).is_none_or(|known| known == label) || word == "denied" && label == "不通过"
}

fn read_section(raw: wire::Section) -> FormSection {
    let field = |field: wire::Field| FormField { name: field.name, value: field.value.into() };
    FormSection { name: raw.section, fields: raw.fields.into_iter().map(field).collect() }
}

fn show_section(section: FormSection) -> wire::Section {
    let field = |field: FormField| wire::Field { name: field.name, value: field.value.into_inner() };
    wire::Section { section: section.name, fields: section.fields.into_iter().map(field).collect() }
}
