//! OA approvals: DingTalk's words and ours, both ways.

mod course;
mod shown;

use serde_json::{Value, json};
use tongshi_model::{
    Approval, ApprovalCategory, ApprovalResult, ApprovalStatus, Coded, Error, FormField, FormSection,
    Instant, Kind, Space, shanghai,
};

pub(in crate::dingtalk) use self::{course::*, shown::*};
use super::attendance::read_time;
use crate::dingtalk::wire::approval::{FormValue, Instance};

/// How the new host writes a time. Whether its `Z` is meant is documented nowhere (§11.4): we mean it.
const MINUTES: &str = "%Y-%m-%dT%H:%MZ";

/// What a form of ours is called there.
const CODE_PREFIX: &str = "PROC-";

/// The form of a category, as a process code: the vendor's own where an approval has one.
pub(in crate::dingtalk) fn process_code(category: &Coded<ApprovalCategory>) -> String {
    let own = category.vendor_value.as_deref().filter(|code| code.starts_with(CODE_PREFIX));
    own.map_or_else(|| code_of(category.value), str::to_owned)
}

/// The process code of a category: `PROC-BUSINESS-TRAVEL`.
pub(in crate::dingtalk) fn code_of(category: ApprovalCategory) -> String {
    format!("{CODE_PREFIX}{}", category.name().replace('_', "-").to_uppercase())
}

/// The category of a process code of ours.
pub(in crate::dingtalk) fn category_of(code: &str) -> Option<ApprovalCategory> {
    ApprovalCategory::ALL.iter().copied().find(|category| code_of(*category) == code)
}

/// A category by its name, in a connection's settings.
pub(in crate::dingtalk) fn category_named(name: &str) -> Option<ApprovalCategory> {
    ApprovalCategory::ALL.iter().copied().find(|category| category.name() == name)
}

/// How far an approval is. What was ended by its applicant is terminated for the new host and cancelled for the old.
pub(in crate::dingtalk) fn status_word(status: ApprovalStatus) -> &'static str {
    match status {
        ApprovalStatus::Draft
        | ApprovalStatus::Running
        | ApprovalStatus::Returned
        | ApprovalStatus::Other => "RUNNING",
        ApprovalStatus::Completed => "COMPLETED",
        ApprovalStatus::Withdrawn | ApprovalStatus::Terminated | ApprovalStatus::Voided => "TERMINATED",
    }
}

fn old_status_word(status: ApprovalStatus) -> &'static str {
    match status {
        ApprovalStatus::Draft => "NEW",
        ApprovalStatus::Withdrawn => "CANCELED",
        other => status_word(other),
    }
}

fn read_status(word: &str) -> Option<ApprovalStatus> {
    match word {
        "NEW" | "RUNNING" => Some(ApprovalStatus::Running),
        "COMPLETED" => Some(ApprovalStatus::Completed),
        "TERMINATED" => Some(ApprovalStatus::Terminated),
        "CANCELED" => Some(ApprovalStatus::Withdrawn),
        _ => None,
    }
}

/// How an approval ended; empty while it has not.
pub(in crate::dingtalk) fn result_word(status: ApprovalStatus, result: ApprovalResult) -> &'static str {
    match (status, result) {
        (ApprovalStatus::Completed, ApprovalResult::Approved) => "agree",
        (ApprovalStatus::Completed, ApprovalResult::Rejected) => "refuse",
        _ => "",
    }
}

/// A time as the new host writes it.
pub(in crate::dingtalk) fn minute_text(at: Instant) -> String {
    Instant::new(at.timestamp(), jiff::tz::Offset::UTC).format(MINUTES)
}

fn read_minute(text: &str) -> Option<Instant> {
    let at = Instant::parse(text, shanghai()).ok()?;
    Some(Instant::new(at.timestamp(), shanghai()))
}

/// All fields of a form, numbered.
fn fields(approval: &Approval) -> impl Iterator<Item = (usize, &FormField)> {
    approval.form.iter().flat_map(|section| &section.fields).enumerate()
}

/// A value as the vendor's text: what is no text is JSON in one.
fn value_text(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn show_value(index: usize, field: &FormField) -> FormValue {
    let value = field.value.expose();
    let component = match value {
        Value::Number(_) => "NumberField",
        Value::Array(_) => "TableField",
        Value::Object(_) | Value::String(_) | Value::Bool(_) | Value::Null => "TextField",
    };
    FormValue {
        id: Some(format!("{component}_{}", index + 1)),
        name: Some(field.name.clone()),
        value: Some(value_text(value)),
        component_type: Some(component.to_owned()),
        ..FormValue::default()
    }
}

/// A text that holds JSON of a structure is the structure; `null` is nothing.
fn read_value(text: Option<String>) -> Value {
    let Some(text) = text.filter(|text| text != "null") else { return Value::Null };
    if text.starts_with(['[', '{'])
        && let Ok(value) = serde_json::from_str(&text)
    {
        return value;
    }
    Value::String(text)
}

/// A form as it is read. The extended value stands beside the value it extends.
pub(in crate::dingtalk) fn read_form(
    values: Vec<(Option<String>, Option<String>, Option<String>)>,
) -> Vec<FormSection> {
    let field = |(name, value, ext): (Option<String>, Option<String>, Option<String>)| {
        let value = read_value(value);
        let value = match ext.filter(|ext| !ext.is_empty() && ext != "null") {
            Some(ext) => json!({"value": value, "ext_value": read_value(Some(ext))}),
            None => value,
        };
        Some(FormField { name: name.unwrap_or_default(), value: value.into() })
    };
    let fields: Vec<FormField> = values.into_iter().filter_map(field).collect();
    if fields.is_empty() { Vec::new() } else { vec![FormSection { name: None, fields }] }
}

/// A form as it is sent; the vendor knows a field by its name.
pub(in crate::dingtalk) fn send_form(approval: &Approval) -> Vec<FormValue> {
    let value = |(_, field): (usize, &FormField)| {
        let value = field.value.expose();
        let (value, ext) = match (value.get("value"), value.get("ext_value")) {
            (Some(value), Some(ext)) => (value, Some(value_text(ext))),
            _ => (value, None),
        };
        let (name, value) = (Some(field.name.clone()), Some(value_text(value)));
        FormValue { name, value, ext_value: ext, ..FormValue::default() }
    };
    fields(approval).map(value).collect()
}

/// An approval as it is read. The instance does not name its form, so whoever asked for it does; `category` is what the
/// form is about by the connection's settings.
pub(in crate::dingtalk) fn read_instance(
    id: &str,
    code: &str,
    category: ApprovalCategory,
    row: Instance,
    space: Space,
) -> Result<Approval, Error> {
    let word = row.status.ok_or_else(|| Error::invalid("status", "status is missing"))?;
    let status = Coded::vendor(&word, read_status(&word));
    let result = match (status.value, row.result.as_deref()) {
        (ApprovalStatus::Completed, Some("agree")) => ApprovalResult::Approved,
        (ApprovalStatus::Completed, Some("refuse")) => ApprovalResult::Rejected,
        (ApprovalStatus::Completed, Some(word)) if !word.is_empty() => ApprovalResult::Other,
        _ => ApprovalResult::None,
    };
    let submitted_at = row.create_time.as_deref().and_then(read_minute);
    let moved = row.operation_records.iter().filter_map(|record| read_minute(record.date.as_deref()?)).max();
    let finished = row.finish_time.as_deref().and_then(read_minute);
    let originator = row.originator_user_id.filter(|userid| !userid.is_empty());
    let values = row.form_component_values.into_iter();
    let copies = row.cc_user_ids.iter().filter(|userid| !userid.is_empty());
    Ok(Approval {
        number: row.business_id.filter(|number| !number.is_empty()).unwrap_or_else(|| id.to_owned()),
        title: row.title,
        category: Coded::vendor(code, Some(category)),
        applicant: originator.map(|userid| space.id(Kind::Employee, &userid)),
        applicant_name: None,
        status,
        status_label: None,
        result,
        submitted_at,
        updated_at: finished.or(moved).or(submitted_at),
        form: read_form(values.map(|value| (value.name, value.value, value.ext_value)).collect()),
        tasks: Vec::new(),
        log: Vec::new(),
        copies: copies.map(|userid| space.id(Kind::Employee, userid)).collect(),
    })
}

/// When an approval was asked for, by its answer's text.
pub(in crate::dingtalk) fn asked_at(row: &Instance) -> Option<Instant> {
    row.create_time.as_deref().and_then(|text| read_minute(text).or_else(|| read_time(text)))
}

#[cfg(test)]
mod tests {
    use tongshi_model::Id;

    use super::*;

    fn approval() -> Approval {
        Approval {
            number: "202603020001".to_owned(),
            title: Some("请假申请".to_owned()),
            category: Coded::vendor("PROC-1234", Some(ApprovalCategory::Leave)),
            applicant: Some(space().id(Kind::Employee, "u1")),
            applicant_name: None,
            status: Coded::ours(ApprovalStatus::Completed),
            status_label: None,
            result: ApprovalResult::Approved,
            submitted_at: Instant::parse("2026-03-02T09:30:00+08:00", shanghai()).ok(),
            updated_at: Instant::parse("2026-03-02T11:00:00+08:00", shanghai()).ok(),
            form: read_form(vec![
                (Some("事由".to_owned()), Some("回家".to_owned()), None),
                (
                    Some("[\"开始时间\",\"结束时间\"]".to_owned()),
                    Some("[\"2026-03-03\",\"2026-03-04\"]".to_owned()),
                    None,
                ),
            ]),
            tasks: Vec::new(),
            log: Vec::new(),
            copies: Vec::new(),
        }
    }

    fn space() -> Space {
        Space { workspace: Id::of(&["w"]), connection: Id::of(&["c"]) }
    }

    fn two_steps() -> Course {
        let step = |all, userids: &[&str]| Step {
            all,
            userids: userids.iter().map(|&userid| userid.to_owned()).collect(),
        };
        Course { steps: vec![step(true, &["a", "b"]), step(false, &["c", "d"])], ..Course::default() }
    }

    #[test]
    fn approvals_go_round() {
        let (before, course) = (approval(), Course { cc: vec!["u2".to_owned()], ..Course::default() });
        let shown = Shown {
            id: "i",
            approval: &before,
            course: &course,
            originator: Some("u1"),
            dept_id: Some(-1),
            dept_name: None,
        };
        let row = shown.instance();
        assert_eq!(row.create_time.as_deref(), Some("2026-03-02T01:30Z"));
        assert_eq!((row.status.as_deref(), row.result.as_deref()), (Some("COMPLETED"), Some("agree")));
        let after = read_instance("i", "PROC-1234", ApprovalCategory::Leave, row, space()).unwrap();
        assert_eq!(
            (after.number, after.applicant, after.result),
            (before.number.clone(), before.applicant, before.result)
        );
        assert_eq!((after.submitted_at, after.updated_at), (before.submitted_at, before.updated_at));
        assert_eq!((after.form, after.category), (before.form.clone(), before.category.clone()));
        assert_eq!(after.copies, [space().id(Kind::Employee, "u2")]);
        assert_eq!(shown.old_instance().create_time.as_deref(), Some("2026-03-02 09:30:00"));
        assert!(
            read_instance("i", "PROC-1234", ApprovalCategory::Leave, Instance::default(), space()).is_err()
        );
    }

    #[test]
    fn steps_follow_each_other() {
        let mut course = two_steps();
        let mut running = approval();
        running.status = Coded::ours(ApprovalStatus::Running);
        let states =
            |course: &Course| course.turns("i", &running).iter().map(|turn| turn.state).collect::<Vec<_>>();
        use TaskState::{Canceled, Completed, New, Running};
        assert_eq!(states(&course), [Running, Running, New, New]);
        let mut decide = |userid: &str, step| {
            course.done.push(Deed {
                userid: userid.to_owned(),
                at: running.submitted_at.unwrap(),
                operation: "EXECUTE_TASK_NORMAL".to_owned(),
                result: "AGREE".to_owned(),
                remark: None,
                step: Some(step),
            });
            (course.current(), states(&course))
        };
        assert_eq!(decide("a", 0), (0, vec![Completed, Running, New, New]));
        assert_eq!(decide("b", 0), (1, vec![Completed, Completed, Running, Running]));
        assert_eq!(decide("d", 1), (2, vec![Completed, Completed, Canceled, Completed]));
    }

    #[test]
    fn every_category_has_a_form() {
        for category in ApprovalCategory::ALL {
            assert_eq!(category_of(&code_of(*category)), Some(*category));
            assert_eq!(category_named(category.name()), Some(*category));
        }
        assert_eq!(process_code(&Coded::ours(ApprovalCategory::BusinessTravel)), "PROC-BUSINESS-TRAVEL");
        assert_eq!(process_code(&Coded::vendor("PROC-9", Some(ApprovalCategory::Leave))), "PROC-9");
        assert_eq!(category_of("PROC-NONE"), None);
    }
}
