//! Documents, which the vendor calls flows: travel requests and claims (§2.4).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tongshi_dialect::operation;

use super::{Dollar, Hesine, Listed, Paging, Shape, Valued, camel_texts};
use crate::hesine::auth::AccessToken;

/// A document.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Flow {
    pub(crate) pipeline: i64,
    /// The vendor's own release.
    pub(crate) grayver: Option<String>,
    pub(crate) version: i64,
    /// False for one that was deleted.
    pub(crate) active: bool,
    pub(crate) create_time: i64,
    pub(crate) update_time: i64,
    pub(crate) corporation_id: Option<String>,
    pub(crate) source_corporation_id: Option<String>,
    pub(crate) data_corporation_id: Option<String>,
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
    pub(crate) operator_default_department: Option<String>,
    pub(crate) next_operator_id: Option<String>,
    pub(crate) next_operator_ids: Vec<String>,
    pub(crate) time: i64,
    pub(crate) attributes: Map<String, Value>,
    pub(crate) modify_flow_log: Option<Value>,
    pub(crate) attachments: Option<Vec<Value>>,
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

/// The nodes through which a document goes; the list has the name of one.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Plan {
    pub(crate) id: String,
    pub(crate) flow_id: String,
    pub(crate) flow_plan_config_id: String,
    pub(crate) node: Vec<PlanNode>,
    /// Where the document is: at its submitter.
    pub(crate) task_id: String,
    pub(crate) owner_id: String,
    pub(crate) submitter_id: String,
    pub(crate) corporation_id: Option<String>,
    /// Whether it goes through all nodes again when it is handed in.
    pub(crate) from_start_node: bool,
}

/// A node.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PlanNode {
    /// Empty until the document is handed in.
    pub(crate) id: String,
    pub(crate) config_node_id: String,
    pub(crate) name: String,
    /// `NO_SKIPPED` and some more.
    pub(crate) skipped_type: String,
    /// `NO_AUTO_AGREE` and some more.
    pub(crate) agree_type: String,
    pub(crate) staff_ids: Option<Vec<String>>,
    /// `normal`, `countersign` or `ebot`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// `ANY` or `ALL`, only of a `countersign`.
    pub(crate) policy: Option<String>,
    pub(crate) skip_when_approver_non_matched: bool,
    pub(crate) auto_agree_when_approver_repeated: bool,
    pub(crate) auto_agree_when_approver_same_as_submitter: bool,
    pub(crate) all_staffs: bool,
    pub(crate) add_node: bool,
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

/// What a remark is answered with: words in the place of an id.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Commented {
    pub(crate) id: String,
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
        AccessToken => Commented, Shape::Body(&["staffId"])
    }
}
