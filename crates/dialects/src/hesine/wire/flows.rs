//! Documents, which the vendor calls flows: travel requests and claims (§2.4).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tongshi_dialect::operation;

use super::{Bracketed, Dollar, Hesine, Listed, Paging, Shape, Valued, camel_texts};
use crate::hesine::auth::AccessToken;

/// A document.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Flow {
    pub(crate) pipeline: i64,
    pub(crate) version: i64,
    /// False for one that was deleted.
    pub(crate) active: bool,
    pub(crate) create_time: i64,
    pub(crate) update_time: i64,
    pub(crate) corporation_id: Option<String>,
    pub(crate) form: Map<String, Value>,
    pub(crate) owner_id: Option<String>,
    pub(crate) owner_default_department: Option<String>,
    pub(crate) state: String,
    pub(crate) flow_type: String,
    pub(crate) form_type: String,
    pub(crate) logs: Vec<FlowLog>,
    /// Who may do what.
    pub(crate) actions: BTreeMap<String, Vec<String>>,
    pub(crate) invoice_remind: bool,
    pub(crate) id: String,
}

/// Something that was done.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct FlowLog {
    pub(crate) action: String,
    pub(crate) state: Option<String>,
    pub(crate) operator_id: Option<String>,
    pub(crate) by_delegate_id: Option<String>,
    pub(crate) next_operator_id: Option<String>,
    pub(crate) next_operator_ids: Vec<String>,
    pub(crate) time: i64,
    pub(crate) attributes: Map<String, Value>,
}

/// What a write answers.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct FlowWritten {
    #[serde(default)]
    pub(crate) value: Value,
    #[serde(default, rename = "type")]
    pub(crate) kind: i64,
    pub(crate) flow: Flow,
}

/// Makes a document.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FlowCreate {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) is_commit: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) is_update: Option<String>,
    #[serde(default)]
    pub(crate) form: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) params: Option<Map<String, Value>>,
}

operation! {
    impl Operation for FlowCreate in Hesine {
        "flow.create", Post "/api/openapi/v2.2/flow/data", Documented "§2.4";
        AccessToken => FlowWritten, Shape::Body(&["isCommit", "isUpdate"])
    }
}

/// Changes a document.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FlowUpdate {
    pub(crate) flow_id: Dollar,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) editor_id: Option<String>,
    /// `cover` or `increment`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) edit_flag: Option<String>,
    #[serde(default)]
    pub(crate) form: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) params: Option<Map<String, Value>>,
}

operation! {
    impl Operation for FlowUpdate in Hesine {
        "flow.update", Put "/api/openapi/v2.2/flow/data/{flowId}", Documented "§2.4";
        AccessToken => FlowWritten, Shape::Body(&["editorId", "editFlag"]); REPEATABLE = true
    }
}

/// Hands a document in.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FlowSubmit {
    #[serde(default)]
    pub(crate) flow_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) is_urgent: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) urgent_reason: Option<String>,
    #[serde(default)]
    pub(crate) nodes: Vec<PlanChoice>,
}

/// Who is to decide at a node.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanChoice {
    #[serde(default)]
    pub(crate) config_node_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) approver_id: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) counter_signers: Vec<Signer>,
}

/// One of several who decide at a node.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Signer {
    #[serde(default)]
    pub(crate) signer_id: String,
}

operation! {
    impl Operation for FlowSubmit in Hesine {
        "flow.submit", Post "/api/openapi/v2/flow/data/submitFlow", Documented "§2.4";
        AccessToken => FlowWritten, Shape::Body(&["flowId"])
    }
}

/// Who would decide about a document.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FlowPlan {
    pub(crate) flow_id: Dollar,
}

/// The nodes through which a document goes.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub(crate) nodes: Vec<PlanNode>,
}

/// A node.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PlanNode {
    pub(crate) id: String,
    pub(crate) config_node_id: String,
    pub(crate) name: String,
    /// `normal`, `countersign` or `ebot`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) policy: String,
    pub(crate) all_staffs: bool,
    pub(crate) staff_ids: Vec<String>,
}

operation! {
    impl Operation for FlowPlan in Hesine {
        "flow.plan", Get "/api/openapi/v2/flow/plan/computed/{flowId}", Documented "§2.4";
        AccessToken => Valued<Plan>, Shape::Query
    }
}

/// Takes a document back, deletes it, or opens it again.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FlowAct {
    pub(crate) flow_id: Dollar,
    pub(crate) action: String,
}

operation! {
    impl Operation for FlowAct in Hesine {
        "flow.act", Post "/api/openapi/v2.1/flow/data/{flowId}/{action}", Documented "§2.4";
        AccessToken => FlowWritten, Shape::Query
    }
}

/// One document, by id.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FlowGet {
    #[serde(default)]
    pub(crate) flow_id: String,
}

operation! {
    impl Operation for FlowGet in Hesine {
        "flow.get", Get "/api/openapi/v1.1/flowDetails", Documented "§2.4";
        AccessToken => Valued<Flow>, Shape::Query
    }
}

/// One document, by number.
#[derive(Serialize, Deserialize)]
pub(crate) struct FlowByCode {
    #[serde(default)]
    pub(crate) code: String,
}

operation! {
    impl Operation for FlowByCode in Hesine {
        "flow.by_code", Get "/api/openapi/v1.1/flowDetails/byCode", Documented "§2.4";
        AccessToken => Valued<Flow>, Shape::Query
    }
}

/// One document, by the number that the program that made it gave.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FlowByOuterCode {
    #[serde(default)]
    pub(crate) outer_code: String,
}

operation! {
    impl Operation for FlowByOuterCode in Hesine {
        "flow.by_outer_code", Get "/api/openapi/v1.1/flowDetails/outerCode", Documented "§2.4";
        AccessToken => Valued<Flow>, Shape::Query
    }
}

camel_texts! {
    /// Which documents.
    FlowFilter {
        uid, state, order_by, order_by_type, start_date, end_date, specification_id, active,
    }
}

/// A list of documents.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct FlowList {
    #[serde(default, rename = "type")]
    pub(crate) form_type: String,
    #[serde(flatten)]
    pub(crate) paging: Paging,
    #[serde(flatten)]
    pub(crate) filter: FlowFilter,
}

operation! {
    impl Operation for FlowList in Hesine {
        "flow.list", Get "/api/openapi/v1.1/docs/getApplyList", Documented "§2.4";
        AccessToken => Listed<Flow>, Shape::Query
    }
}

/// Remarks on a document.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FlowComment {
    pub(crate) flow_id: Dollar,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) staff_id: Option<String>,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) params: CommentParams,
}

/// The remark.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct CommentParams {
    pub(crate) comment: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) attachments: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) keep_it_secret: Option<bool>,
}

operation! {
    impl Operation for FlowComment in Hesine {
        "flow.comment", Post "/api/openapi/v2.2/flow/data/comment/{flowId}", Documented "§2.4";
        AccessToken => FlowWritten, Shape::Body(&["staffId"])
    }
}

/// Approved requests of a person.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequisitionList {
    #[serde(default)]
    pub(crate) staff_id: String,
    #[serde(flatten)]
    pub(crate) paging: Paging,
    /// `PROCESS`, `FORCE_CLOSED`, `MANUAL_CLOSED` or `ALL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<String>,
}

/// An approved request.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Requisition {
    pub(crate) id: String,
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) state: String,
    pub(crate) active: bool,
    pub(crate) flow_id: String,
    pub(crate) owner_id: String,
    pub(crate) submitter_id: String,
    pub(crate) shared_owner_ids: Vec<String>,
    pub(crate) related: Vec<Related>,
    pub(crate) create_time: i64,
    pub(crate) update_time: i64,
    pub(crate) corporation_id: Option<String>,
    pub(crate) requisition_money_node: Option<Value>,
    /// What was claimed and paid, and what was claimed and is not yet, in yuan.
    pub(crate) expense_money_done: f64,
    pub(crate) expense_money_process: f64,
}

/// A document that belongs to a request.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Related {
    pub(crate) id: String,
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) state: String,
    pub(crate) form_type: String,
    pub(crate) money_node: Option<Value>,
    pub(crate) submit_date: Option<i64>,
    pub(crate) is_requisition: bool,
}

operation! {
    impl Operation for RequisitionList in Hesine {
        "requisition.list", Post "/api/openapi/v1/requisition/getData", Documented "§2.4";
        AccessToken => Listed<Requisition>, Shape::Query; REPEATABLE = true
    }
}

/// One approved request.
#[derive(Serialize, Deserialize)]
pub(crate) struct RequisitionGet {
    pub(crate) id: Dollar,
}

operation! {
    impl Operation for RequisitionGet in Hesine {
        "requisition.get", Get "/api/openapi/v1/requisition/{id}", Documented "§2.4";
        AccessToken => Valued<Requisition>, Shape::Query
    }
}

/// Closes approved requests. What cannot be closed is told with status 200.
#[derive(Serialize, Deserialize)]
pub(crate) struct RequisitionClose {
    pub(crate) ids: Bracketed,
}

operation! {
    impl Operation for RequisitionClose in Hesine {
        "requisition.close", Put "/api/openapi/v1/requisition/closeRequisition/{ids}", Documented "§2.4";
        AccessToken => Valued<String>, Shape::Query
    }
}

/// Lets others use an approved request.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequisitionShare {
    pub(crate) flow_id: Dollar,
    pub(crate) staff_ids: Bracketed,
    #[serde(default)]
    pub(crate) staff_id: String,
}

operation! {
    impl Operation for RequisitionShare in Hesine {
        "requisition.share", Put "/api/openapi/v1/requisition/{flowId}/share/{staffIds}", Documented "§2.4";
        AccessToken => Valued<Value>, Shape::Query; REPEATABLE = true
    }
}
