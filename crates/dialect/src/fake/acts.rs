//! What the organisation in memory does to its own records, as the hub would.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use tongshi_model::{Action, Error, Id, Kind};

use super::FakeWorkforce;
use crate::Workforce;

/// The id of what is saved under a name.
pub(super) fn saved_id(kind: Kind, name: &str) -> Id {
    Id::of(&["saved", kind.name(), name])
}

/// Sets a setting where it still says what was read.
pub(super) fn revise(
    settings: &mut BTreeMap<String, Value>,
    name: &str,
    before: Option<&Value>,
    value: &Value,
) -> bool {
    let same = settings.get(name) == before;
    if same {
        settings.insert(name.to_owned(), value.clone());
    }
    same
}

/// Moves an approval on.
pub(super) async fn act(workforce: &FakeWorkforce, kind: Kind, id: Id, action: Action) -> Result<(), Error> {
    let found = workforce.get(kind, id).await?.filter(|record| !record.deleted);
    let record = found.ok_or_else(|| Error::not_found("there is no such record"))?;
    let (status, result) = match action {
        Action::Comment => return Ok(()),
        Action::Approve => ("completed", "approved"),
        Action::Reject => ("completed", "rejected"),
        Action::Withdraw => ("withdrawn", "none"),
        _ => ("terminated", "none"),
    };
    let doc: Value = serde_json::from_str(&record.doc).unwrap_or_default();
    if kind != Kind::Approval || doc["status"]["value"] != "running" {
        return Err(Error::conflict(format!("{action} is for an approval that is running")));
    }
    let fields = [("status".to_owned(), json!({"value": status})), ("result".to_owned(), result.into())];
    Workforce::change(workforce, kind, id, Map::from_iter(fields)).await
}
