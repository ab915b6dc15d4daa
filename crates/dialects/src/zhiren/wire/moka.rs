//! Moka, a recruiting system that pushes candidates: rows B24–B27. Withdrawn from the vendor's document.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tongshi_dialect::operation;

use super::{FaultCode, Shape, Zhiren};
use crate::zhiren::auth::Signature;

/// `{error_code, error_message}` of a success: the code is 0.
#[derive(Serialize, Deserialize)]
pub(crate) struct MokaDone {
    pub(crate) error_code: FaultCode,
    #[serde(default, deserialize_with = "super::lenient::text")]
    pub(crate) error_message: Option<String>,
}

/// A candidate from Moka. Nothing is required here: what is missing is answered by name (2002), not by our parser.
/// The two "Info" lists are called hashes and shown as arrays; whatever comes is kept.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct MokaCandidatePush {
    #[serde(deserialize_with = "super::lenient::text")]
    pub(crate) id: Option<String>,
    #[serde(deserialize_with = "super::lenient::text")]
    pub(crate) name: Option<String>,
    #[serde(deserialize_with = "super::lenient::text")]
    pub(crate) phone: Option<String>,
    #[serde(deserialize_with = "super::lenient::text")]
    pub(crate) email: Option<String>,
    #[serde(deserialize_with = "super::lenient::text")]
    pub(crate) job_title: Option<String>,
    pub(crate) operator: Value,
    #[serde(deserialize_with = "super::lenient::text")]
    pub(crate) gender: Option<String>,
    #[serde(deserialize_with = "super::lenient::text")]
    pub(crate) birth_year: Option<String>,
    #[serde(deserialize_with = "super::lenient::text")]
    pub(crate) source: Option<String>,
    #[serde(deserialize_with = "super::lenient::text")]
    pub(crate) academic_degree: Option<String>,
    #[serde(deserialize_with = "super::lenient::text")]
    pub(crate) married: Option<String>,
    pub(crate) education_info: Value,
    pub(crate) experience_info: Value,
    pub(crate) resume_url: Value,
    pub(crate) interview_feedback_url: Value,
    pub(crate) offer_attachment_urls: Value,
    pub(crate) offer_info: Value,
}

operation! {
    impl Operation for MokaCandidatePush in Zhiren {
        "moka.candidate_push", Post "/api/v2/moka_candidates", Uncertain "§2 B24";
        Signature => MokaDone, Shape::Moka; REPEATABLE = true
    }
}

/// Binds the company to one of Moka's.
#[derive(Serialize, Deserialize)]
pub(crate) struct MokaBind {
    pub(crate) bind_code: String,
    #[serde(rename = "apiKey", default, deserialize_with = "super::lenient::text")]
    pub(crate) api_key: Option<String>,
    #[serde(rename = "companyName", default, deserialize_with = "super::lenient::text")]
    pub(crate) company_name: Option<String>,
}

operation! {
    impl Operation for MokaBind in Zhiren {
        "moka.bind", Patch "/api/v2/moka_binds/{bind_code}", Uncertain "§2 B25";
        Signature => MokaDone, Shape::Moka
    }
}

/// Unbinds the company of the access key.
#[derive(Serialize, Deserialize)]
pub(crate) struct MokaUnbind {}

operation! {
    impl Operation for MokaUnbind in Zhiren {
        "moka.unbind", Post "/api/v2/moka_unbinds", Uncertain "§2 B26";
        Signature => MokaDone, Shape::Moka; REPEATABLE = true
    }
}

/// Whether a bind code is valid. It ends with time, so the answer is not kept.
#[derive(Serialize, Deserialize)]
pub(crate) struct MokaBindCheck {
    pub(crate) bind_code: String,
}

operation! {
    impl Operation for MokaBindCheck in Zhiren {
        "moka.bind_check", Get "/api/v2/moka_binds/{bind_code}", Uncertain "§2 B27";
        Signature => MokaDone, Shape::Moka
    }
}
