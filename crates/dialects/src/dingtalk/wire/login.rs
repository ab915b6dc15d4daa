//! Sign-in on the web and in the app (§9, §3).

use serde::{Deserialize, Serialize};
use tongshi_dialect::{NoAuth, Screen, operation};

use super::{DingTalk, Shape, Wrapped, asks};
use crate::dingtalk::auth::{OldToken, Sns, UserToken};

asks! {
    /// Sends a user to sign in.
    Authorize {
        redirect_uri = "redirect_uri", response_type = "response_type", client_id = "client_id", scope = "scope",
        prompt = "prompt", state = "state", org_type = "org_type", corp_id = "corpId",
    }
}

operation! {
    impl Operation for Authorize in DingTalk {
        "login.authorize", Get "/oauth2/auth", Documented "§9";
        NoAuth => Screen, Shape::PAGE
    }
}

asks! {
    /// What the user did on one of the pages: signed in, agreed, refused. The pages' own address is ours.
    AuthorizeStep { step = "step", login = "login", password = "password", decision = "decision" }
}

operation! {
    impl Operation for AuthorizeStep in DingTalk {
        "login.authorize_step", Post "/oauth2/auth", Uncertain "§9: the pages' own address is ours";
        NoAuth => Screen, Shape::PAGE
    }
}

asks! {
    /// Turns a code, or a refresh token, into a user's token.
    UserAccessToken {
        client_id = "clientId", client_secret = "clientSecret", code = "code", refresh_token = "refreshToken",
        grant_type = "grantType",
    }
}

/// A user's token.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserTokenAnswer {
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    pub(crate) expire_in: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) corp_id: Option<String>,
}

operation! {
    impl Operation for UserAccessToken in DingTalk {
        "login.user_access_token", Post "/v1.0/oauth2/userAccessToken", Documented "§9";
        NoAuth => UserTokenAnswer, Shape::NEW
    }
}

/// Who the user is who holds the token.
#[derive(Serialize, Deserialize)]
pub(crate) struct Me {}

/// A profile. It has no userid (§9).
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Profile {
    pub(crate) nick: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) avatar_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mobile: Option<String>,
    pub(crate) open_id: String,
    pub(crate) union_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) state_code: Option<String>,
    #[serde(default)]
    pub(crate) visitor: bool,
}

operation! {
    impl Operation for Me in DingTalk {
        "login.me", Get "/v1.0/contact/users/me", Documented "§9";
        UserToken => Profile, Shape::NEW
    }
}

asks! {
    /// Asks the signed-in app for a code. On a telephone no HTTP is spoken; over HTTP the address is ours.
    AppCode { client_id = "clientId", login = "login", password = "password" }
}

/// The code.
#[derive(Serialize, Deserialize)]
pub(crate) struct AppCodeAnswer {
    pub(crate) code: String,
}

operation! {
    impl Operation for AppCode in DingTalk {
        "login.app_code", Post "/jsapi/requestAuthCode", Uncertain "§9: JSAPI; the address is ours";
        NoAuth => AppCodeAnswer, Shape::PLAIN
    }
}

asks! {
    /// Whose in-app code this is.
    GetUserInfo { code = "code" }
}

/// Who signed in within the app.
#[derive(Serialize, Deserialize)]
pub(crate) struct AppUser {
    pub(crate) userid: String,
    pub(crate) unionid: String,
    pub(crate) associated_unionid: String,
    pub(crate) device_id: String,
    pub(crate) name: String,
    pub(crate) sys: bool,
    /// 1 main administrator, 2 administrator, 100 boss, 0 nobody special.
    pub(crate) sys_level: i64,
}

operation! {
    impl Operation for GetUserInfo in DingTalk {
        "login.getuserinfo", Post "/topapi/v2/user/getuserinfo", Documented "§9";
        OldToken => Wrapped<AppUser>, Shape::TOPAPI
    }
}

asks! {
    /// Whose code of the older web sign-in this is, signed.
    SnsUserInfo { tmp_auth_code = "tmp_auth_code" }
}

/// Who signed in, in the older words.
#[derive(Serialize, Deserialize)]
pub(crate) struct SnsAnswer {
    pub(crate) user_info: SnsUser,
}

/// A person, in the older words.
#[derive(Serialize, Deserialize)]
pub(crate) struct SnsUser {
    pub(crate) nick: String,
    pub(crate) openid: String,
    pub(crate) unionid: String,
    pub(crate) main_org_auth_high_level: bool,
}

operation! {
    impl Operation for SnsUserInfo in DingTalk {
        "login.sns_user_info", Post "/sns/getuserinfo_bycode", Documented "§3";
        Sns => SnsAnswer, Shape::PLAIN
    }
}
