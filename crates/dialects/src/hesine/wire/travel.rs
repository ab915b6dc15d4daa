//! Orders of booking platforms, and trips (§2.6).

use serde::{Deserialize, Deserializer, Serialize, Serializer};
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
    pub(crate) pipeline: i64,
    pub(crate) grayver: Option<String>,
    pub(crate) version: i64,
    pub(crate) id: String,
    pub(crate) active: bool,
    pub(crate) create_time: i64,
    pub(crate) update_time: i64,
    pub(crate) name: String,
    pub(crate) name_spell: String,
    pub(crate) code: String,
    pub(crate) corporation_id: Option<String>,
    pub(crate) source_corporation_id: Option<String>,
    pub(crate) data_corporation_id: Option<String>,
    pub(crate) form: Map<String, Value>,
    pub(crate) ledger_amount: Option<Value>,
    pub(crate) ledger_amount_model: Option<Value>,
    pub(crate) total_count: i64,
    pub(crate) use_count: i64,
    pub(crate) entity_id: String,
    pub(crate) platform_id: Option<String>,
    /// `FLOW` for a trip, which a request made.
    pub(crate) source: String,
    pub(crate) master_id: Option<String>,
    pub(crate) index: i64,
    pub(crate) visibility: Option<Visibility>,
    pub(crate) visible: bool,
    pub(crate) owner_id: Option<String>,
    pub(crate) operator_id: Option<String>,
    /// The request that made it.
    pub(crate) source_id: Option<String>,
    pub(crate) self_planned_configs: Option<Vec<Value>>,
    pub(crate) rigid_control_passed: bool,
    pub(crate) control_calc_version: i64,
    pub(crate) top_date: i64,
    pub(crate) top_flag: i64,
    pub(crate) flow_counts: Map<String, Value>,
    pub(crate) source_message: String,
}

/// Who sees something, where it is shown alone; lists write it in other words.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Visibility {
    pub(crate) full_visible: bool,
    pub(crate) staffs: Option<Vec<String>>,
    pub(crate) roles: Option<Vec<String>>,
    pub(crate) departments: Option<Vec<String>>,
    pub(crate) departments_include_children: bool,
}

operation! {
    impl Operation for OrderByIds in Hesine {
        "order.by_ids", Get "/api/openapi/v2/datalink/TRAVEL_MANAGEMENT/byDataLinkIds", Documented "§2.6";
        AccessToken => Listed<DataLink>, Shape::Body(&[])
    }
}

/// Trips and orders by number. The vendor's table puts the two fields in the body of a GET, its sample in the query with
/// commas between the numbers; both are taken.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct OrderByCodes {
    pub(crate) entity_id: String,
    #[serde(serialize_with = "with_commas", deserialize_with = "commas")]
    pub(crate) codes: Vec<String>,
}

fn with_commas<S: Serializer>(codes: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&codes.join(","))
}

fn commas<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Codes {
        Listed(Vec<String>),
        Joined(String),
    }
    let listed = match Codes::deserialize(deserializer)? {
        Codes::Listed(codes) => codes,
        Codes::Joined(codes) => vec![codes],
    };
    let parts = listed.iter().flat_map(|codes| codes.split(',')).map(str::trim);
    Ok(parts.filter(|code| !code.is_empty()).map(str::to_owned).collect())
}

operation! {
    impl Operation for OrderByCodes in Hesine {
        "order.by_codes", Get "/api/openapi/v2.1/datalink/TRAVEL_MANAGEMENT/byDataLinkCodes", Documented "§2.6";
        AccessToken => Listed<DataLink>, Shape::Body(&["entityId", "codes"])
    }
}
