//! Delegation: who may decide for somebody else (§2.5).

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tongshi_dialect::operation;

use super::{Dollar, Hesine, Listed, Shape, Valued};
use crate::hesine::auth::AccessToken;

/// Somebody lets somebody else decide.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Delegation {
    pub(crate) id: Option<String>,
    pub(crate) corporation_id: Option<String>,
    /// Who lets.
    pub(crate) staff_id: Option<String>,
    /// Who decides.
    pub(crate) delegatee_id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) remark: Option<String>,
    /// In milliseconds, as a number or a text.
    pub(crate) start_time: Value,
    pub(crate) end_time: Value,
    /// For documents of these templates only; for all where there is none.
    pub(crate) original_ids: Option<Vec<String>>,
}

/// Which delegation.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct DelegationId {
    pub(crate) id: String,
}

/// Lets somebody else decide.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct DelegateCreate {
    #[serde(flatten)]
    pub(crate) fields: Delegation,
}

operation! {
    impl Operation for DelegateCreate in Hesine {
        "delegate.create", Post "/api/openapi/v2/organization/delegate/approve", Documented "§2.5";
        AccessToken => DelegationId, Shape::Body(&[])
    }
}

/// Changes a delegation.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct DelegateUpdate {
    #[serde(flatten)]
    pub(crate) fields: Delegation,
}

operation! {
    impl Operation for DelegateUpdate in Hesine {
        "delegate.update", Put "/api/openapi/v2/organization/delegate/approve", Documented "§2.5";
        AccessToken => Valued<Delegation>, Shape::Body(&[]); REPEATABLE = true
    }
}

/// All delegations.
#[derive(Serialize, Deserialize)]
pub(crate) struct DelegateList {}

operation! {
    impl Operation for DelegateList in Hesine {
        "delegate.list", Get "/api/openapi/v2/organization/delegate/approve", Documented "§2.5";
        AccessToken => Listed<Delegation>, Shape::Query
    }
}

/// Those of one person.
#[derive(Serialize, Deserialize)]
pub(crate) struct DelegateOf {
    /// Whose.
    pub(crate) id: Dollar,
}

operation! {
    impl Operation for DelegateOf in Hesine {
        "delegate.of", Get "/api/openapi/v2/organization/delegate/approve/{id}", Documented "§2.5";
        AccessToken => Listed<Delegation>, Shape::Query
    }
}

/// Ends a delegation.
#[derive(Serialize, Deserialize)]
pub(crate) struct DelegateDelete {
    pub(crate) id: Dollar,
}

operation! {
    impl Operation for DelegateDelete in Hesine {
        "delegate.delete", Delete "/api/openapi/v2/organization/delegate/approve/{id}", Documented "§2.5";
        AccessToken => DelegationId, Shape::Query
    }
}
