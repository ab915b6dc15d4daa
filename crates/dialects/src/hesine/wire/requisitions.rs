//! Approved requests, which the vendor keeps as things of their own (§2.4).

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tongshi_dialect::operation;

use super::{Bracketed, Dollar, Hesine, Listed, Paging, Shape, Valued};
use crate::hesine::auth::AccessToken;

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
    pub(crate) pipeline: i64,
    pub(crate) grayver: Option<String>,
    pub(crate) version: i64,
    pub(crate) id: String,
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) name_spell: String,
    pub(crate) title: String,
    /// `PROCESS`, `FORCE_CLOSED` or `MANUAL_CLOSED`.
    pub(crate) state: String,
    pub(crate) active: bool,
    pub(crate) flow_id: String,
    pub(crate) owner_id: String,
    pub(crate) submitter_id: String,
    pub(crate) shared_owner_ids: Vec<String>,
    pub(crate) related: Vec<Related>,
    pub(crate) close_log: Option<Value>,
    /// What became of it: when it was approved, with whom it was shared.
    pub(crate) change_logs: Vec<RequisitionChange>,
    pub(crate) create_time: i64,
    pub(crate) update_time: i64,
    pub(crate) corporation_id: Option<String>,
    pub(crate) source_corporation_id: Option<String>,
    pub(crate) data_corporation_id: Option<String>,
    pub(crate) apply_close_rule: String,
    pub(crate) requisition_date: Option<i64>,
    pub(crate) specification_id: String,
    pub(crate) specification_name: String,
    pub(crate) ignore_usage_specification_ids: Vec<String>,
    pub(crate) requisition_money: Option<f64>,
    pub(crate) requisition_money_node: Option<Value>,
    /// What was claimed and paid, and what was claimed and is not yet, in yuan.
    pub(crate) expense_money_done: f64,
    pub(crate) expense_money_process: f64,
    /// Its lines, where it is asked for alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) details: Option<Vec<Value>>,
}

/// Something that became of an approved request.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RequisitionChange {
    /// `CREATE` or `SHARE`.
    pub(crate) action: String,
    pub(crate) reason: String,
    pub(crate) to_staffs: Vec<String>,
    pub(crate) from_staff: String,
    pub(crate) create_time: i64,
    pub(crate) operator_id: String,
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
    pub(crate) rule: Option<Value>,
    /// In yuan.
    pub(crate) money: Option<f64>,
    pub(crate) money_node: Option<Value>,
    pub(crate) submit_date: Option<i64>,
    pub(crate) is_requisition: bool,
    pub(crate) specification_id: String,
    pub(crate) specification_name: String,
}

operation! {
    impl Operation for RequisitionList in Hesine {
        "requisition.list", Post "/api/openapi/v1/requisition/getData", Documented "§2.4";
        AccessToken => Listed<Requisition>, Shape::Query; REPEATABLE = true
    }
}

/// One approved request. The answer stands bare.
#[derive(Serialize, Deserialize)]
pub(crate) struct RequisitionGet {
    pub(crate) id: Dollar,
}

operation! {
    impl Operation for RequisitionGet in Hesine {
        "requisition.get", Get "/api/openapi/v1/requisition/{id}", Documented "§2.4";
        AccessToken => Requisition, Shape::Query
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
