//! Copies of documents for those who decide nothing (§2.5).

use serde::{Deserialize, Serialize};
use tongshi_dialect::operation;

use super::{Hesine, Shape, Valued};
use crate::hesine::auth::AccessToken;

/// The copy of a document that somebody got.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct CarbonCopyGet {
    pub(crate) flow_id: String,
    pub(crate) receiver_id: String,
}

/// A copy.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct CarbonCopy {
    pub(crate) id: String,
    pub(crate) version: i64,
    pub(crate) active: bool,
    pub(crate) create_time: i64,
    pub(crate) update_time: i64,
    pub(crate) corporation_id: Option<String>,
    pub(crate) receiver_id: String,
    pub(crate) sender_id: Option<String>,
    pub(crate) flow_id: String,
    /// `READ` or `UNREAD`.
    pub(crate) state: String,
    /// The sort of document.
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

operation! {
    impl Operation for CarbonCopyGet in Hesine {
        "copy.get", Get "/api/openapi/v1/carbonCopy/getCarbonCopy", Documented "§2.10";
        AccessToken => Valued<CarbonCopy>, Shape::Query
    }
}
