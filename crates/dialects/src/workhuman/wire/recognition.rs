//! Recognitions (§2).

use serde::{Deserialize, Serialize};
use serde_json::Number;
use tongshi_dialect::{operation, texts};

use super::{Listed, Shape, Workhuman};
use crate::workhuman::auth::Bearer;

/// Somebody, as recognitions name them. The id is ours beside the page's name.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Party {
    #[serde(deserialize_with = "tongshi_dialect::lenient::text", skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
}

/// A recognition.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Recognition {
    #[serde(deserialize_with = "tongshi_dialect::lenient::text", skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) nominator: Option<Party>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) recipient: Option<Party>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) award_level: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) company_value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::count", skip_serializing_if = "Option::is_none")]
    pub(crate) points: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) visibility: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) decided_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) decided_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) delivered_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

texts! {
    /// Recognitions, the latest first unless `sort` says otherwise. Offset and filters are ours (§5.13).
    RecognitionList { limit, offset, sort, status, award_level, recipient_id, nominator_id }
}

operation! {
    impl Operation for RecognitionList in Workhuman {
        "recognition.list", Get "/api/v1/recognitions", Sample "§2";
        Bearer => Listed<Recognition>, Shape::Query
    }
}

texts! {
    /// One recognition.
    RecognitionGet { id }
}

operation! {
    impl Operation for RecognitionGet in Workhuman {
        "recognition.get", Get "/api/v1/recognitions/{id}", Sample "§2";
        Bearer => Recognition, Shape::Query
    }
}

/// Nominates somebody. `nominator_id` is ours: with a client's own token the nominator cannot be the caller (§5.8).
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct RecognitionCreate {
    #[serde(deserialize_with = "tongshi_dialect::lenient::text", skip_serializing_if = "Option::is_none")]
    pub(crate) recipient_id: Option<String>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::text", skip_serializing_if = "Option::is_none")]
    pub(crate) nominator_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) award_level: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) company_value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::number", skip_serializing_if = "Option::is_none")]
    pub(crate) points: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) visibility: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) idempotency_key: Option<String>,
}

/// What a nomination is answered.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Made {
    #[serde(deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<String>,
}

operation! {
    impl Operation for RecognitionCreate in Workhuman {
        "recognition.create", Post "/api/v1/recognitions", Sample "§2";
        Bearer => Made, Shape::Created
    }
}

/// Decides about a recognition: `approve`, `decline`, `deliver` or `revoke` (§5.11).
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct RecognitionDecide {
    pub(crate) id: String,
    pub(crate) decision: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

operation! {
    impl Operation for RecognitionDecide in Workhuman {
        "recognition.decide", Post "/api/v1/recognitions/{id}/{decision}", Uncertain "ours";
        Bearer => Recognition, Shape::Json
    }
}
