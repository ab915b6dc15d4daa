//! What is known of people beside their entry: numbers, fields of the company's own, papers (§2.3).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tongshi_dialect::operation;

use super::{Dollar, Hesine, Listed, Paging, Shape, Staff, Valued};
use crate::hesine::auth::AccessToken;

/// People who may use the product.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct StaffAuthorised {
    #[serde(flatten)]
    pub(crate) paging: Paging,
}

operation! {
    impl Operation for StaffAuthorised in Hesine {
        "staff.authorised", Get "/api/openapi/v1/staffs/authorized", Documented "§2.10";
        AccessToken => Listed<Staff>, Shape::Query
    }
}

/// Gives a person another number.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct StaffCode {
    pub(crate) staff_id: Dollar,
    #[serde(deserialize_with = "tongshi_dialect::lenient::text", skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
}

operation! {
    impl Operation for StaffCode in Hesine {
        "staff.code", Put "/api/openapi/v1/staffs/{staffId}/code", Documented "§2.10";
        AccessToken => Valued<Staff>, Shape::Body(&[]); REPEATABLE = true
    }
}

/// Changes the fields of a person that the company has added.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StaffCustom {
    pub(crate) staff_id: Dollar,
    /// Whether the path names an id or a code.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<String>,
    #[serde(flatten)]
    pub(crate) fields: Map<String, Value>,
}

operation! {
    impl Operation for StaffCustom in Hesine {
        "staff.custom_fields", Put "/api/openapi/v1.1/staffs/{staffId}/customFields", Documented "§2.10";
        AccessToken => Valued<Staff>, Shape::Body(&["type"]); REPEATABLE = true
    }
}

/// Asks which fields the company has added.
#[derive(Serialize, Deserialize)]
pub(crate) struct StaffProperties {}

/// A field of the company's own.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) active: bool,
    pub(crate) can_as_dimension: bool,
    pub(crate) data_type: PropertyType,
}

/// What it holds.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct PropertyType {
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

operation! {
    impl Operation for StaffProperties in Hesine {
        "staff.properties", Get "/api/openapi/v1/staffs/getAllCustomeProperty", Documented "§2.10";
        AccessToken => Listed<Property>, Shape::Query
    }
}

/// A person's papers.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StaffCertificates {
    pub(crate) staff_id: Dollar,
    /// Whether the path names an id or a code.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<String>,
}

/// A paper that says who somebody is.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Certificate {
    pub(crate) id: String,
    pub(crate) version: i64,
    pub(crate) active: bool,
    pub(crate) create_time: i64,
    pub(crate) update_time: i64,
    pub(crate) corporation_id: Option<String>,
    pub(crate) staff_id: String,
    /// `ID_CARD` and many more; of those the record knows this one.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) number: String,
    pub(crate) valid_date: i64,
    pub(crate) extended: bool,
    /// In milliseconds; 0 where nobody knows.
    pub(crate) birth_date: i64,
    /// `MALE` or `FEMALE`.
    pub(crate) gender: Option<String>,
    pub(crate) nationality: String,
    pub(crate) issuance_place: String,
    pub(crate) modify_count: u64,
    pub(crate) last_eng_name: String,
    pub(crate) first_eng_name: String,
}

operation! {
    impl Operation for StaffCertificates in Hesine {
        "staff.certificates", Get "/api/openapi/v1.1/staffs/certificate/{staffId}", Documented "§2.10";
        AccessToken => Listed<Certificate>, Shape::Query
    }
}
