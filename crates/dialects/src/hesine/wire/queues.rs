//! What waits, what rests, what was done, and what a leaver hands over (§2.3, §2.5).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tongshi_dialect::operation;

use super::{Bracketed, Dollar, Flow, Hesine, Listed, QueuePaging, Shape, Valued};
use crate::hesine::auth::AccessToken;

/// What waits for anybody.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct QueueAll {
    #[serde(flatten)]
    pub(crate) paging: QueuePaging,
}

operation! {
    impl Operation for QueueAll in Hesine {
        "approval.backlog", Get "/api/openapi/v1/docs/backlog", Documented "§2.5";
        AccessToken => Listed<Flow>, Shape::Query
    }
}

/// What somebody has paid.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QueuePaid {
    pub(crate) approver_id: Dollar,
    #[serde(flatten)]
    pub(crate) paging: QueuePaging,
}

operation! {
    impl Operation for QueuePaid in Hesine {
        "approval.delivered", Get "/api/openapi/v1.1/docs/delivered/{approverId}", Documented "§2.5";
        AccessToken => Listed<Flow>, Shape::Query
    }
}

/// Lets documents rest with whoever is asked.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HangUp {
    pub(crate) flow_ids: Bracketed,
    #[serde(default)]
    pub(crate) staff_id: String,
}

operation! {
    impl Operation for HangUp in Hesine {
        "approval.hang_up", Put "/api/openapi/v1/backlog/data/hangUp/{flowIds}", Documented "§2.5";
        AccessToken => Valued<Map<String, Value>>, Shape::Query; REPEATABLE = true
    }
}

/// All tasks of a document, done or not.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TaskList {
    #[serde(default)]
    pub(crate) flow_id: String,
}

/// A task of a document.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Task {
    pub(crate) pipeline: i64,
    pub(crate) grayver: Option<String>,
    pub(crate) id: String,
    pub(crate) version: i64,
    pub(crate) active: bool,
    pub(crate) create_time: i64,
    pub(crate) update_time: i64,
    pub(crate) corporation_id: Option<String>,
    pub(crate) source_corporation_id: Option<String>,
    pub(crate) data_corporation_id: Option<String>,
    pub(crate) owner_id: String,
    pub(crate) flow_id: String,
    /// The place of what was done in the log; -1 while nothing is.
    pub(crate) log_id: i64,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// `APPROVING`, `PAYING`, `PROCESSING`, `PROCESSED`, `CANCELED` and some more.
    pub(crate) state: String,
    pub(crate) remind_end_time: i64,
    pub(crate) reject_end_time: i64,
    /// `NONE` where nothing is agreed to by itself.
    pub(crate) auto_approve_type: Option<String>,
    pub(crate) reject_alert: bool,
    pub(crate) add_count_report: bool,
    pub(crate) cross_corp: bool,
    pub(crate) node_id: String,
    pub(crate) node_name: String,
    pub(crate) action: Option<String>,
    pub(crate) is_urgent: bool,
}

operation! {
    impl Operation for TaskList in Hesine {
        "flow.tasks", Get "/api/openapi/v1.1/flowDetails/allLogs", Documented "§2.10";
        AccessToken => Listed<Task>, Shape::Query
    }
}

/// Hands what waits for a leaver to somebody else.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct HandOver {
    /// Whether the three are ids or codes.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<String>,
    /// Who does it.
    pub(crate) staff_id: String,
    /// Who leaves.
    pub(crate) origin_approver_id: String,
    /// Who decides from now on.
    pub(crate) relay_approver_id: String,
    /// Whether the leaver's drafts and refused documents are deleted.
    pub(crate) unbound_invoice: Option<bool>,
    pub(crate) share_waiting_invoice: Option<bool>,
    pub(crate) data_link_flag: Option<bool>,
    /// Business objects, and instances of them, whose people change too; the record has none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) entity_ids: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) ids: Vec<String>,
}

/// What was handed over. The answer stands bare.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct HandedOver {
    pub(crate) total_count: u64,
    pub(crate) success_count: u64,
    pub(crate) fail_count: u64,
    /// Why, by the document's number.
    pub(crate) errors: BTreeMap<String, String>,
}

operation! {
    impl Operation for HandOver in Hesine {
        "staff.hand_over", Post "/api/openapi/v2.1/flows/relay", Documented "§2.3";
        AccessToken => HandedOver, Shape::Body(&["type"]); REPEATABLE = true
    }
}
