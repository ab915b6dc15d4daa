//! The two OAuth addresses. The document names the parameters and no address at all (§6.28): paths, methods and
//! lifetimes are ours.

use serde::{Deserialize, Serialize};
use tongshi_dialect::{NoAuth, Screen, operation};

use super::{Shape, Zhiren};

/// The token that a response code is changed into.
#[derive(Serialize, Deserialize)]
pub(crate) struct TokenAnswer {
    pub(crate) access_token: String,
    pub(crate) expires_in: i64,
}

/// Shows the sign-in page to a user whom an app has sent.
#[derive(Serialize, Deserialize)]
pub(crate) struct Authorize {
    #[serde(default)]
    pub(crate) app_id: String,
    #[serde(default)]
    pub(crate) callback_url: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) state: String,
}

operation! {
    impl Operation for Authorize in Zhiren {
        "oauth.authorize", Get "/oauth/authorize", Uncertain "§1 OAuth2, §6.28: the address is ours";
        NoAuth => Screen, Shape::Page
    }
}

/// What the user entered on that page.
#[derive(Serialize, Deserialize)]
pub(crate) struct SignIn {
    #[serde(default)]
    pub(crate) app_id: String,
    #[serde(default)]
    pub(crate) callback_url: String,
    #[serde(default)]
    pub(crate) state: String,
    #[serde(default)]
    pub(crate) empno: String,
    #[serde(default)]
    pub(crate) mobile: String,
}

operation! {
    impl Operation for SignIn in Zhiren {
        "oauth.sign_in", Post "/oauth/authorize", Uncertain "§1 OAuth2, §6.28: the address is ours";
        NoAuth => Screen, Shape::Page
    }
}

/// Changes a response code into an access token.
#[derive(Serialize, Deserialize)]
pub(crate) struct TokenRequest {
    pub(crate) app_id: String,
    pub(crate) app_secret: String,
    pub(crate) callback_url: String,
    pub(crate) response_code: String,
}

operation! {
    impl Operation for TokenRequest in Zhiren {
        "oauth.access_token", Post "/oauth/access_token", Uncertain "§1 OAuth2, §6.28: the address is ours";
        NoAuth => TokenAnswer, Shape::Flat
    }
}
