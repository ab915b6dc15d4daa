//! Orders of booking platforms, and trips (§2.6).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tongshi_dialect::operation;

use super::{Hesine, Listed, Paging, Shape, Valued};
use crate::hesine::auth::AccessToken;

/// What must be there in an order. The vendor's samples hold null in some, so presence is asked for and no value (§19 of
/// the ambiguities).
pub(crate) const ORDER_KEYS: &[&str] = &[
    "initialOriginalOrderNo",
    "initialParentOrderNo",
    "initialOrderNo",
    "originalOrderNo",
    "parentOrderNo",
    "orderNo",
    "orderSummary",
    "orderDate",
    "orderStatus",
    "orderCategory",
    "travelType",
    "realAmount",
    "bookingPlatform",
];

/// Pushes orders in. 94 fields are documented; each order is kept as it comes until it is read.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct OrderPush {
    #[serde(default)]
    pub(crate) data: Vec<Map<String, Value>>,
}

operation! {
    impl Operation for OrderPush in Hesine {
        "order.push", Post "/api/openapi/v1/travel/costCenter/synTravelOrder", Documented "§2.6";
        AccessToken => Valued<String>, Shape::Body(&[]); REPEATABLE = true
    }
}

/// Lists trips or orders: which of the two the entity says.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderSearch {
    #[serde(default)]
    pub(crate) entity_id: String,
    #[serde(flatten)]
    pub(crate) paging: Paging,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) start_date: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) end_date: Option<String>,
}

/// The list, in one object under a name for several.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Found {
    pub(crate) items: FoundPage,
}

/// A page of trips or orders.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct FoundPage {
    pub(crate) total: u64,
    pub(crate) data: Vec<FoundOne>,
}

/// A trip or an order.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct FoundOne {
    pub(crate) data_link: Map<String, Value>,
    pub(crate) ledger: Map<String, Value>,
    pub(crate) planned: Map<String, Value>,
    pub(crate) plans: Vec<Value>,
    pub(crate) ledgers: Vec<Value>,
}

operation! {
    impl Operation for OrderSearch in Hesine {
        "order.search", Post "/api/openapi/v2.1/datalink/TRAVEL_MANAGEMENT/searchOrders", Documented "§2.6";
        AccessToken => Found, Shape::Body(&[]); REPEATABLE = true
    }
}

/// Trips and orders by id: in the body of a GET (§2.1).
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct OrderByIds {
    #[serde(default)]
    pub(crate) ids: Vec<String>,
}

/// A trip or an order with all around it.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct DataLink {
    pub(crate) id: String,
    pub(crate) active: bool,
    pub(crate) create_time: i64,
    pub(crate) update_time: i64,
    pub(crate) name: String,
    pub(crate) code: String,
    pub(crate) corporation_id: Option<String>,
    pub(crate) form: Map<String, Value>,
    pub(crate) entity_id: String,
}

operation! {
    impl Operation for OrderByIds in Hesine {
        "order.by_ids", Get "/api/openapi/v2/datalink/TRAVEL_MANAGEMENT/byDataLinkIds", Documented "§2.6";
        AccessToken => Listed<DataLink>, Shape::Body(&[])
    }
}

/// Trips and orders by number: in the body of a GET (§2.1).
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct OrderByCodes {
    #[serde(default)]
    pub(crate) codes: Vec<String>,
}

operation! {
    impl Operation for OrderByCodes in Hesine {
        "order.by_codes", Get "/api/openapi/v2.1/datalink/TRAVEL_MANAGEMENT/byDataLinkCodes", Documented "§2.6";
        AccessToken => Listed<DataLink>, Shape::Body(&[])
    }
}
