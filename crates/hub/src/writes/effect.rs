//! What can be done to records of a kind beside making and changing them, and what it does to one of ours. Pure.

use serde_json::{Map, Value, json};
use tongshi_model::{Action, Error, Kind, Timestamp};

/// The actions, beside making, changing and taking away, that make sense for a kind.
pub fn acts(kind: Kind) -> &'static [Action] {
    match kind {
        Kind::Approval => &[
            Action::Submit,
            Action::Withdraw,
            Action::Approve,
            Action::Reject,
            Action::Return,
            Action::Transfer,
            Action::Comment,
            Action::Cancel,
        ],
        Kind::TravelRequest => {
            &[Action::Submit, Action::Withdraw, Action::Approve, Action::Reject, Action::Cancel]
        }
        Kind::ExpenseClaim => &[
            Action::Submit,
            Action::Withdraw,
            Action::Approve,
            Action::Reject,
            Action::Return,
            Action::Comment,
            Action::Pay,
        ],
        Kind::Booking => &[Action::Cancel],
        Kind::Recognition => &[Action::Approve, Action::Reject, Action::Revoke],
        Kind::RewardItem => &[Action::Redeem],
        Kind::Redemption => &[Action::Deliver, Action::Cancel],
        Kind::Visit => &[Action::Notify, Action::Cancel],
        _ => &[],
    }
}

/// Whether an action changes a record that is ours; others only tell a vendor.
pub fn has_effect_here(kind: Kind, action: Action) -> bool {
    matches!(
        (kind, action),
        (
            Kind::Approval,
            Action::Submit
                | Action::Withdraw
                | Action::Approve
                | Action::Reject
                | Action::Return
                | Action::Cancel
        ) | (Kind::Visit, Action::Notify | Action::Cancel)
    )
}

/// A record of ours after an action.
pub(super) fn after(
    kind: Kind,
    action: Action,
    mut doc: Map<String, Value>,
    now: Timestamp,
) -> Result<Map<String, Value>, Error> {
    if kind == Kind::Visit {
        let (from, to): (&[&str], &str) = match action {
            Action::Notify => (&["expected", "notified"], "notified"),
            _ => (&["expected", "notified"], "cancelled"),
        };
        let status = doc.get("status").and_then(Value::as_str).unwrap_or_default();
        ready(kind, action, status, from)?;
        doc.insert("status".to_owned(), to.into());
        if action == Action::Notify {
            doc.insert("notified_at".to_owned(), now.to_string().into());
        }
        return Ok(doc);
    }
    let status = doc.get("status").and_then(|status| status["value"].as_str()).unwrap_or_default();
    let (from, to, result): (&[&str], &str, &str) = match action {
        Action::Submit => (&["draft", "returned"], "running", "none"),
        Action::Withdraw => (&["draft", "running", "returned"], "withdrawn", "none"),
        Action::Approve => (&["running"], "completed", "approved"),
        Action::Reject => (&["running"], "completed", "rejected"),
        Action::Return => (&["running"], "returned", "none"),
        _ => (&["draft", "running", "returned"], "terminated", "none"),
    };
    ready(kind, action, status, from)?;
    doc.insert("status".to_owned(), json!({"value": to}));
    doc.insert("result".to_owned(), result.into());
    doc.insert("updated_at".to_owned(), now.to_string().into());
    Ok(doc)
}

fn ready(kind: Kind, action: Action, status: &str, from: &[&str]) -> Result<(), Error> {
    if from.contains(&status) {
        return Ok(());
    }
    Err(Error::conflict(format!("{action} is for a {kind} that is {}", from.join(" or "))))
}
