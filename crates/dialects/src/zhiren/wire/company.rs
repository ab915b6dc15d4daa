//! What concerns the company as a whole: rows A17 (pay subjects) and A18 (its token).

use serde::{Deserialize, Serialize};
use serde_json::Number;
use tongshi_dialect::operation;

use super::{FaultCode, Shape, Zhiren, lenient::texts};
use crate::zhiren::auth::Signature;

texts! {
    /// The company. Its `uuid` is described as a name and is an identifier (§6.31).
    Company { uuid, name, full_name, logo }
}

/// `{code, text}` of a success: the code is 0.
#[derive(Serialize, Deserialize)]
pub(crate) struct Done {
    pub(crate) code: FaultCode,
    #[serde(default, deserialize_with = "super::lenient::text")]
    pub(crate) text: Option<String>,
}

/// Sets one pay subject of one person in one month. The last value wins, so the call may be repeated.
#[derive(Serialize, Deserialize)]
pub(crate) struct SalarySet {
    #[serde(default, deserialize_with = "super::lenient::text")]
    pub(crate) empno: Option<String>,
    #[serde(default, deserialize_with = "super::lenient::text")]
    pub(crate) subject_name: Option<String>,
    #[serde(default, deserialize_with = "super::lenient::text")]
    pub(crate) month: Option<String>,
    #[serde(default, deserialize_with = "super::lenient::number")]
    pub(crate) value: Option<Number>,
}

operation! {
    impl Operation for SalarySet in Zhiren {
        "salary.set", Post "/api/v2/salary/subject_values", Documented "§2 A17";
        Signature => Done, Shape::CodeText; REPEATABLE = true
    }
}

/// Leaves the token of the visitor product with the company. `:guid` is the company's id here (§6.8).
#[derive(Serialize, Deserialize)]
pub(crate) struct CompanyTokenUpdate {
    pub(crate) guid: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
    #[serde(default, deserialize_with = "super::lenient::text")]
    pub(crate) zhiren_visitor_token: Option<String>,
}

operation! {
    impl Operation for CompanyTokenUpdate in Zhiren {
        "company_token.update", Patch "/api/v2/company_tokens/{guid}", Documented "§2 A18";
        Signature => Company, Shape::Plain
    }
}
