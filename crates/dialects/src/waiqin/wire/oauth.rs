//! Family A: the application token, the three ways to a code, who the user is (§A1–A4).

use serde::{Deserialize, Serialize};
use tongshi_dialect::{NoAuth, Screen, operation, texts};

use super::{Shape, Waiqin};
use crate::waiqin::auth::{AppToken, Signed};

/// Asks for an application token. No `grant_type`, and JSON: this is not the OAuth of RFC 6749 (§2 of the ambiguities).
#[derive(Serialize, Deserialize)]
pub(crate) struct TokenGet {
    #[serde(default, deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) app_id: Option<String>,
    #[serde(default, deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) app_secret: Option<String>,
    #[serde(default, deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) tenant_id: Option<String>,
}

/// The token, at most 512 bytes, and its life in seconds.
#[derive(Serialize, Deserialize)]
pub(crate) struct AppTokenAnswer {
    pub(crate) access_token: String,
    #[serde(default)]
    pub(crate) expires_in: Option<i64>,
}

operation! {
    impl Operation for TokenGet in Waiqin {
        "oauth.token", Post "/service/oauth/token", Documented "§A1";
        NoAuth => AppTokenAnswer, Shape::Provider
    }
}

/// Sends a user to sign in (way 2, link).
#[derive(Serialize, Deserialize)]
pub(crate) struct Authorize {
    #[serde(default)]
    pub(crate) response_type: String,
    #[serde(default)]
    pub(crate) app_id: String,
    #[serde(default)]
    pub(crate) redirect_uri: String,
    /// In the table and missing from the vendor's sample: `user` where it is not given (§12).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scope: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<String>,
    #[serde(default)]
    pub(crate) tenant_id: String,
    /// Leads back to a sign-in that a menu began (ours).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) step: Option<String>,
}

operation! {
    impl Operation for Authorize in Waiqin {
        "oauth.authorize", Get "/service/oauth/authorize", Documented "§A2";
        NoAuth => Screen, Shape::Page
    }
}

/// What the user did on one of the pages: signed in, agreed, refused.
#[derive(Serialize, Deserialize)]
pub(crate) struct AuthorizeStep {
    #[serde(default)]
    pub(crate) step: String,
    #[serde(default)]
    pub(crate) login: String,
    #[serde(default)]
    pub(crate) password: String,
    #[serde(default)]
    pub(crate) decision: String,
}

operation! {
    impl Operation for AuthorizeStep in Waiqin {
        "oauth.authorize_step", Post "/service/oauth/authorize", Uncertain "§A2: the pages' own address is ours";
        NoAuth => Screen, Shape::Page
    }
}

/// Opens a configured menu (way 1). The vendor's own address for it is not published.
#[derive(Serialize, Deserialize)]
pub(crate) struct MenuOpen {
    pub(crate) app_id: String,
    pub(crate) menu: String,
}

operation! {
    impl Operation for MenuOpen in Waiqin {
        "oauth.menu", Get "/service/oauth/menu/{app_id}/{menu}", Uncertain "§A2 way 1: the address is ours";
        NoAuth => Screen, Shape::Page
    }
}

/// Asks the signed-in app for a code (way 3). On a telephone no HTTP is spoken; over HTTP the address is ours.
#[derive(Serialize, Deserialize)]
pub(crate) struct AppAuthorize {
    #[serde(default)]
    pub(crate) app_id: String,
    #[serde(default)]
    pub(crate) scope: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<String>,
    #[serde(default)]
    pub(crate) login: String,
    #[serde(default)]
    pub(crate) password: String,
}

/// What the app answers.
#[derive(Serialize, Deserialize)]
pub(crate) struct AppCode {
    pub(crate) code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<String>,
    pub(crate) expires_in: i64,
}

operation! {
    impl Operation for AppAuthorize in Waiqin {
        "oauth.app_authorize", Post "/service/oauth/app_authorize", Uncertain "§A2 way 3: the address is ours";
        NoAuth => AppCode, Shape::Provider
    }
}

/// The page to which failures lead.
#[derive(Serialize, Deserialize)]
pub(crate) struct AuthorizeError {
    #[serde(default)]
    pub(crate) error: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<String>,
    #[serde(default)]
    pub(crate) app_id: String,
}

operation! {
    impl Operation for AuthorizeError in Waiqin {
        "oauth.authorize_error", Get "/oauth2/authorize_error.jsp", Documented "§A2";
        NoAuth => Screen, Shape::Page
    }
}

/// Redeems a code: whose is it?
#[derive(Serialize, Deserialize)]
pub(crate) struct UserInfo {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
}

texts! {
    /// A user. `thrid_id` is spelt so on the wire.
    User {
        tenant_id, id, name, user_type, status, depart_id, depart_name, full_depart_name, thrid_id, code, position,
        mobile,
    }
}

/// A user as it is read: the misspelt name may come in its right spelling (§16 of the ambiguities).
#[derive(Deserialize)]
pub(crate) struct UserRead {
    #[serde(flatten)]
    pub(crate) user: User,
    #[serde(default, deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) third_id: Option<String>,
}

operation! {
    impl Operation for UserInfo in Waiqin {
        "oauth.userinfo", Post "/service/oauth/userinfo", Documented "§A3";
        AppToken => User, Shape::Query
    }
}

/// Looks a user up by id, with a signature beside the token.
#[derive(Serialize, Deserialize)]
pub(crate) struct GetUserInfo {
    #[serde(default, deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) user_id: Option<String>,
}

operation! {
    impl Operation for GetUserInfo in Waiqin {
        "provider.get_user_info", Post "/service/oauth/provider/getUserInfo", Uncertain "§A4: the algorithm is ours";
        Signed => User, Shape::Provider
    }
}
