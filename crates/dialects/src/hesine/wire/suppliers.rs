//! Bills of suppliers: who sends them, for which period, and what stands on them (§2.6).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tongshi_dialect::operation;

use super::{Flow, Hesine, Listed, Shape, Valued};
use crate::hesine::auth::AccessToken;

/// Lists the suppliers whose bills programs may write.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct SupplierList {}

/// A supplier's account with the company.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Supplier {
    pub(crate) id: String,
    pub(crate) version: i64,
    pub(crate) active: bool,
    pub(crate) create_time: i64,
    pub(crate) update_time: i64,
    pub(crate) name: String,
    pub(crate) name_spell: String,
    pub(crate) code: String,
    pub(crate) corporation_id: String,
    pub(crate) source_corporation_id: Option<String>,
    pub(crate) data_corporation_id: Option<String>,
    pub(crate) supplier_archive_id: String,
    /// What its bills are about. The vendor calls whole objects ids.
    pub(crate) category_ids: Vec<SupplierCategory>,
    /// `CREDIT` or `PRIECHARGE`.
    pub(crate) settlement_type: String,
    pub(crate) supplier_archive_type: String,
    /// `MONTH` and six more.
    pub(crate) period: String,
    pub(crate) description: String,
    /// `directly` for bills that programs write.
    pub(crate) import_method: String,
    pub(crate) is_reconciliation: bool,
    pub(crate) is_settlement: bool,
}

/// What bills are about, and their columns.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct SupplierCategory {
    pub(crate) id: String,
    pub(crate) code: String,
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) active: bool,
    pub(crate) fields: Vec<SupplierField>,
}

/// A column. Rows name it by its label.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SupplierField {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) label: String,
    pub(crate) source: String,
    pub(crate) optional: bool,
    pub(crate) system_field: bool,
    pub(crate) default_value: Option<Value>,
}

operation! {
    impl Operation for SupplierList in Hesine {
        "supplier.list", Get "/api/openapi/v1/checking/supplier/account/list", Documented "§2.6";
        AccessToken => Listed<Supplier>, Shape::Query
    }
}

/// Opens a bill for a period.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SupplierBillCreate {
    #[serde(deserialize_with = "tongshi_dialect::lenient::text", skip_serializing_if = "Option::is_none")]
    pub(crate) supplier_account_id: Option<String>,
    /// In milliseconds, as a number or a text.
    #[serde(deserialize_with = "tongshi_dialect::lenient::text", skip_serializing_if = "Option::is_none")]
    pub(crate) start_time: Option<String>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::text", skip_serializing_if = "Option::is_none")]
    pub(crate) end_time: Option<String>,
}

/// What became of it: failures lie inside HTTP 200.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct SupplierTold {
    pub(crate) success: bool,
    /// Why not; empty where it was done.
    pub(crate) msg: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
}

operation! {
    impl Operation for SupplierBillCreate in Hesine {
        "supplier_bill.create", Post "/api/openapi/v1/checking/createCheckingBill", Documented "§2.6";
        AccessToken => Valued<SupplierTold>, Shape::Body(&[]); REPEATABLE = true
    }
}

/// Writes rows of a bill: up to a hundred, each with what stands in its columns by their labels.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SupplierBillWrite {
    #[serde(deserialize_with = "tongshi_dialect::lenient::text", skip_serializing_if = "Option::is_none")]
    pub(crate) checking_bill_id: Option<String>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::text", skip_serializing_if = "Option::is_none")]
    pub(crate) category_id: Option<String>,
    pub(crate) checking_bill_details: Vec<Map<String, Value>>,
}

operation! {
    impl Operation for SupplierBillWrite in Hesine {
        "supplier_bill.write", Post "/api/openapi/v1/checking/importCheckingBill", Documented "§2.6";
        AccessToken => Valued<SupplierTold>, Shape::Body(&[])
    }
}

/// Asks for the claims that settle what stands on a bill.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SupplierBillFlows {
    #[serde(deserialize_with = "tongshi_dialect::lenient::text", skip_serializing_if = "Option::is_none")]
    pub(crate) checking_bill_id: Option<String>,
}

operation! {
    impl Operation for SupplierBillFlows in Hesine {
        "supplier_bill.flows", Get "/api/openapi/v1/getFlowByCheckingId", Documented "§2.10";
        AccessToken => Listed<Flow>, Shape::Query
    }
}
