//! Trips as things of their own, the templates that they are planned by, and cost centres (§2.4, §2.6).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tongshi_dialect::operation;

use super::{Hesine, Listed, Paging, Shape, Valued};
use crate::hesine::auth::AccessToken;

/// Trips of a sort. Here the first page begins at 1 (§2.1).
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct TripSearch {
    /// `travel` for all, `train`, `taxi`, `hotel` or `flight`.
    pub(crate) object_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ids: Option<Vec<String>>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::count", skip_serializing_if = "Option::is_none")]
    pub(crate) index: Option<u64>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::count", skip_serializing_if = "Option::is_none")]
    pub(crate) count: Option<u64>,
}

operation! {
    impl Operation for TripSearch in Hesine {
        "trip.search", Post "/api/openapi/v2/extension/TRAVEL/object/{objectId}/search", Documented "§2.6";
        AccessToken => Listed<Map<String, Value>>, Shape::Body(&[]); REPEATABLE = true
    }
}

/// Asks for the templates of trips.
#[derive(Serialize, Deserialize)]
pub(crate) struct TripTemplates {}

/// How a trip of a sort is planned.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct TripTemplate {
    pub(crate) corporation_id: Option<String>,
    pub(crate) version: String,
    pub(crate) name: String,
    pub(crate) entity_id: String,
    pub(crate) active: bool,
    pub(crate) components: Vec<Component>,
}

/// A field of a trip.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Component {
    pub(crate) field: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) multiple: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) default_value: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) components: Vec<Component>,
}

operation! {
    impl Operation for TripTemplates in Hesine {
        "trip.templates", Get "/api/openapi/v2/specifications/byTravelTemplate", Documented "§2.4";
        AccessToken => Listed<TripTemplate>, Shape::Query
    }
}

/// Asks by what costs are borne.
#[derive(Serialize, Deserialize)]
pub(crate) struct CentreConfig {}

/// By what costs are borne.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Centres {
    pub(crate) has_dimension: bool,
    pub(crate) has_business_object: bool,
}

operation! {
    impl Operation for CentreConfig in Hesine {
        "cost_centre.config", Get "/api/openapi/v1/travel/costCenter/getCostCenterConfig", Documented "§2.6";
        AccessToken => Valued<Centres>, Shape::Query
    }
}

/// What costs can be borne by.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct CentreList {
    /// `dimension` or `businessObject`.
    #[serde(default, rename = "type")]
    pub(crate) kind: String,
    #[serde(flatten)]
    pub(crate) paging: Paging,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) keywords: Option<String>,
}

/// Something that costs are borne by.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Centre {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) code: String,
}

operation! {
    impl Operation for CentreList in Hesine {
        "cost_centre.list", Get "/api/openapi/v1/travel/costCenter/getInstanceData", Documented "§2.6";
        AccessToken => Listed<Centre>, Shape::Query
    }
}
