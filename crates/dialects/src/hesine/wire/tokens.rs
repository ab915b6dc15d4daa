//! Tokens (§2.2).

use serde::{Deserialize, Serialize};
use tongshi_dialect::{NoAuth, operation};

use super::{Hesine, Shape, Third, Valued};
use crate::hesine::auth::AccessToken;

/// What the vendor wants for the feature "approvals" (§2.1).
pub(crate) const AUDIT_POWER: &str = "TICKET_AUDIT_switch";

/// Asks for a token with the account's key.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokenGet {
    #[serde(default)]
    pub(crate) app_key: Option<String>,
    #[serde(default)]
    pub(crate) app_security: Option<String>,
}

/// A pair of tokens.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokenPair {
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    /// When the access token ends, in milliseconds.
    pub(crate) expire_time: i64,
    pub(crate) corporation_id: String,
}

operation! {
    impl Operation for TokenGet in Hesine {
        "auth.access_token", Post "/api/openapi/v1/auth/getAccessToken", Documented "§2.2";
        NoAuth => Valued<TokenPair>, Shape::Body(&[])
    }
}

/// Asks for a new pair before the old one is over.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokenRefresh {
    #[serde(default)]
    pub(crate) refresh_token: Option<String>,
    /// A constant of the vendor's; it is not looked at (§15 of the ambiguities).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) power_code: Option<String>,
}

operation! {
    impl Operation for TokenRefresh in Hesine {
        "auth.refresh", Post "/api/openapi/v2/auth/refreshToken", Documented "§2.2";
        AccessToken => Valued<TokenPair>, Shape::Query
    }
}

/// The same for so many days.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokenRefreshFor {
    #[serde(default)]
    pub(crate) refresh_token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) power_code: Option<String>,
    #[serde(default, deserialize_with = "tongshi_dialect::lenient::count")]
    pub(crate) expire_date: Option<u64>,
}

operation! {
    impl Operation for TokenRefreshFor in Hesine {
        "auth.refresh_for", Post "/api/openapi/v2/auth/refreshToken/expireDate", Documented "§2.2";
        AccessToken => Valued<TokenPair>, Shape::Query
    }
}

/// Asks for the token of an app of the company's own. Table and sample differ in a name, so both are taken (§13 of the
/// ambiguities).
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AppTokenGet {
    #[serde(default)]
    pub(crate) app_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) app_secret: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) app_security: Option<String>,
}

/// The token and its life in seconds.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AppToken {
    pub(crate) access_token: String,
    pub(crate) timeout: i64,
}

operation! {
    impl Operation for AppTokenGet in Hesine {
        "auth.app_access_token", Post "/api/openapi/v1/auth/getAppAccessToken", Documented "§2.2";
        NoAuth => Valued<AppToken>, Shape::Inside
    }
}

/// Asks for a token by the third edition, at the vendor on a host of its own.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ThirdTokenGet {
    #[serde(default)]
    pub(crate) app_key: Option<String>,
    #[serde(default)]
    pub(crate) app_security: Option<String>,
}

/// What the third edition gives.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ThirdToken {
    pub(crate) corp_id: String,
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    pub(crate) expires_time: i64,
    pub(crate) scope: String,
}

operation! {
    impl Operation for ThirdTokenGet in Hesine {
        "auth.third_access_token", Post "/auth/openApi/v3/getAccessToken", Documented "§2.2";
        NoAuth => Third<ThirdToken>, Shape::Third
    }
}

/// Asks for a token the old way, at the vendor on a host of its own.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RealmTokenGet {
    #[serde(default)]
    pub(crate) app_key: Option<String>,
    #[serde(default)]
    pub(crate) app_secret: Option<String>,
}

operation! {
    impl Operation for RealmTokenGet in Hesine {
        "auth.realm_token", Post "/api/realms/auth", Documented "§2.2";
        NoAuth => Valued<AppToken>, Shape::Body(&[])
    }
}
