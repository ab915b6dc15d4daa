//! What is known of people beside their entry: numbers, fields of the company's own, papers (§2.3).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tongshi_dialect::{lenient::Text, operation};

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
        AccessToken => Valued<Staff>, Shape::Entity; REPEATABLE = true
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
    pub(crate) pipeline: i64,
    pub(crate) id: String,
    pub(crate) version: i64,
    pub(crate) active: bool,
    pub(crate) create_time: i64,
    pub(crate) update_time: i64,
    pub(crate) corporation_id: Option<String>,
    pub(crate) source_corporation_id: Option<String>,
    pub(crate) data_corporation_id: Option<String>,
    pub(crate) staff_id: String,
    /// `ID_CARD` and nine more.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) number: String,
    /// The last day, in milliseconds; 0 where there is none.
    pub(crate) valid_date: i64,
    /// Whether it has no last day.
    pub(crate) extended: bool,
    /// In milliseconds; 0 where nobody knows.
    pub(crate) birth_date: i64,
    /// `MALE` or `FEMALE`.
    pub(crate) gender: Option<String>,
    /// A country by the vendor's own number.
    pub(crate) nationality: String,
    pub(crate) issuance_place: String,
    /// How often it was changed; the vendor allows one time.
    pub(crate) modify_count: u32,
    pub(crate) last_eng_name: String,
    pub(crate) first_eng_name: String,
}

operation! {
    impl Operation for StaffCertificates in Hesine {
        "staff.certificates", Get "/api/openapi/v1.1/staffs/certificate/{staffId}", Documented "§2.10";
        AccessToken => Listed<Certificate>, Shape::Query
    }
}

/// Says which papers a person has, whole: one that is not named is no longer there.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CertificateSave {
    pub(crate) staff_id: Dollar,
    /// Whether the path names an id or a code.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<String>,
    /// The body.
    #[serde(default)]
    pub(crate) rows: Vec<CertificateFields>,
}

/// What is said of a paper.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct CertificateFields {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) number: Option<Text>,
    /// In milliseconds, as a number or a text.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) valid_date: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) extended: Option<bool>,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) birth_date: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) gender: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) nationality: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) issuance_place: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_eng_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_eng_name: Option<String>,
}

/// What became of the papers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct CertificatesSaved {
    pub(crate) certificate_ids: Vec<String>,
    pub(crate) saved_types: Vec<String>,
    /// Those that say nothing new, or were changed once before.
    pub(crate) not_saved_types: Vec<String>,
}

operation! {
    impl Operation for CertificateSave in Hesine {
        "staff.save_certificates", Post "/api/openapi/v1.1/staffs/certificate/{staffId}", Documented "§2.10";
        AccessToken => Valued<CertificatesSaved>, Shape::Rows(&["type"])
    }
}
