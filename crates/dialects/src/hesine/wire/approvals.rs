//! Approvals (§2.5).

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tongshi_dialect::operation;

use super::{Bracketed, Dollar, Flow, Hesine, Listed, Shape, Valued};
use crate::hesine::auth::AccessToken;

/// Decides about documents. The answer comes before it is done.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Decide {
    pub(crate) flow_ids: Bracketed,
    /// Constants of the vendor's; they are not looked at (§15 of the ambiguities).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) message_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) power_code: Option<String>,
    #[serde(default)]
    pub(crate) approve_id: String,
    #[serde(default)]
    pub(crate) action: Decision,
}

/// What is decided.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Decision {
    /// `freeflow.agree`, `freeflow.reject` or `freeflow.nullify`.
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) comment: Option<String>,
    /// The node that it goes back to; the submitter where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reject_to: Option<String>,
    /// `FROM_START` or `TO_REJECTOR`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resubmit_method: Option<String>,
}

/// How far a decision is.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Progress {
    pub(crate) total: u64,
    pub(crate) success: u64,
    pub(crate) error: u64,
    pub(crate) residue: u64,
    pub(crate) error_msg: Option<Vec<ProgressError>>,
    pub(crate) last_backlog_id: String,
    pub(crate) filter: u64,
}

/// Why a document was not decided.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ProgressError {
    pub(crate) flow_code: String,
    pub(crate) flow_title: String,
    pub(crate) msg: String,
    pub(crate) flow_id: String,
    pub(crate) backlog_id: String,
}

operation! {
    impl Operation for Decide in Hesine {
        "approval.decide", Post "/api/openapi/v1/backlog/data/{flowIds}", Documented "§2.5";
        AccessToken => Valued<Progress>, Shape::Body(&["messageCode", "powerCode"])
    }
}

/// What became of what somebody decided in the last minute.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DecisionResult {
    #[serde(default)]
    pub(crate) approve_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) power_code: Option<String>,
}

operation! {
    impl Operation for DecisionResult in Hesine {
        "approval.result", Get "/api/openapi/v1/backlog/data/result", Documented "§2.5";
        AccessToken => Valued<Progress>, Shape::Query
    }
}

/// Where documents are.
#[derive(Serialize, Deserialize)]
pub(crate) struct ApproveStates {
    pub(crate) ids: Bracketed,
}

/// Where a document is.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ApproveState {
    pub(crate) flow_id: String,
    pub(crate) stage_name: String,
    pub(crate) operators: Vec<Operator>,
    pub(crate) delegate_data: Vec<Value>,
}

/// Who is to act.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Operator {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) code: Option<String>,
}

operation! {
    impl Operation for ApproveStates in Hesine {
        "approval.states", Get "/api/openapi/v2/approveStates/{ids}", Documented "§2.5";
        AccessToken => Listed<ApproveState>, Shape::Query
    }
}

/// Which part of a queue: here the offset has another name.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct QueuePaging {
    #[serde(
        default,
        deserialize_with = "tongshi_dialect::lenient::count",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) index: Option<u64>,
    #[serde(
        default,
        deserialize_with = "tongshi_dialect::lenient::count",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) count: Option<u64>,
}

/// What waits for somebody.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QueueWaiting {
    pub(crate) approver_id: Dollar,
    #[serde(flatten)]
    pub(crate) paging: QueuePaging,
}

operation! {
    impl Operation for QueueWaiting in Hesine {
        "approval.waiting", Get "/api/openapi/v1.1/docs/byFlowId/{approverId}", Documented "§2.5";
        AccessToken => Listed<Flow>, Shape::Query
    }
}

/// What somebody has decided.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QueueDecided {
    pub(crate) approver_id: Dollar,
    #[serde(flatten)]
    pub(crate) paging: QueuePaging,
    /// From when to when it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) start_date: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) end_date: Option<String>,
}

operation! {
    impl Operation for QueueDecided in Hesine {
        "approval.decided", Get "/api/openapi/v1.1/docs/approved/{approverId}", Documented "§2.5";
        AccessToken => Listed<Flow>, Shape::Query
    }
}
