//! Tokens of all kinds (§2).

use serde::{Deserialize, Serialize};
use tongshi_dialect::{NoAuth, operation};

use super::{DingTalk, Shape, asks};
use crate::dingtalk::auth::Service;

asks! {
    /// Asks the old host for an internal app's token. The old pair of corpid and corpsecret is refused by its own code.
    GetToken { appkey = "appkey", appsecret = "appsecret", corpid = "corpid", corpsecret = "corpsecret" }
}

/// A token as the old host gives it.
#[derive(Serialize, Deserialize)]
pub(crate) struct OldTokenAnswer {
    pub(crate) access_token: String,
    pub(crate) expires_in: i64,
}

operation! {
    impl Operation for GetToken in DingTalk {
        "token.get", Get "/gettoken", Documented "§2";
        NoAuth => OldTokenAnswer, Shape::PLAIN
    }
}

asks! {
    /// Asks the new host for an internal app's token.
    AccessToken { app_key = "appKey", app_secret = "appSecret" }
}

/// A token as the new host gives it. The vendor writes `expireIn`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewTokenAnswer {
    pub(crate) access_token: String,
    pub(crate) expire_in: i64,
}

operation! {
    impl Operation for AccessToken in DingTalk {
        "token.access", Post "/v1.0/oauth2/accessToken", Documented "§2";
        NoAuth => NewTokenAnswer, Shape::NEW; REPEATABLE = true
    }
}

/// Asks for a token in the words of RFC 6749, for internal apps and suites alike.
#[derive(Serialize, Deserialize)]
pub(crate) struct UnifiedToken {
    #[serde(rename = "corpId")]
    pub(crate) corp_id: String,
    #[serde(default, deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) client_id: Option<String>,
    #[serde(default, deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) client_secret: Option<String>,
    #[serde(default, deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) grant_type: Option<String>,
}

/// A token as the unified endpoint gives it.
#[derive(Serialize, Deserialize)]
pub(crate) struct UnifiedAnswer {
    pub(crate) access_token: String,
    pub(crate) expires_in: i64,
}

operation! {
    impl Operation for UnifiedToken in DingTalk {
        "token.unified", Post "/v1.0/oauth2/{corpId}/token", Documented "§2";
        NoAuth => UnifiedAnswer, Shape::NEW; REPEATABLE = true
    }
}

asks! {
    /// A suite's own token.
    SuiteToken { suite_key = "suiteKey", suite_secret = "suiteSecret", suite_ticket = "suiteTicket" }
}

operation! {
    impl Operation for SuiteToken in DingTalk {
        "token.suite", Post "/v1.0/oauth2/suiteAccessToken", Documented "§2";
        NoAuth => NewTokenAnswer, Shape::NEW; REPEATABLE = true
    }
}

asks! {
    /// A suite's token at a company that has authorised it.
    CorpToken { suite_key = "suiteKey", suite_secret = "suiteSecret", auth_corp_id = "authCorpId", suite_ticket = "suiteTicket" }
}

operation! {
    impl Operation for CorpToken in DingTalk {
        "token.corp", Post "/v1.0/oauth2/corpAccessToken", Documented "§2";
        NoAuth => NewTokenAnswer, Shape::NEW; REPEATABLE = true
    }
}

asks! {
    /// The same at the old host, signed.
    ServiceCorpToken { auth_corpid = "auth_corpid", suite_ticket = "suiteTicket" }
}

operation! {
    impl Operation for ServiceCorpToken in DingTalk {
        "token.service_corp", Post "/service/get_corp_token", Documented "§2, §3";
        Service => OldTokenAnswer, Shape::PLAIN.asking(&["suiteTicket"]); REPEATABLE = true
    }
}

asks! {
    /// A token for the back office of an app.
    SsoToken { corpid = "corpid", sso_secret = "ssoSecret" }
}

operation! {
    impl Operation for SsoToken in DingTalk {
        "token.sso", Post "/v1.0/oauth2/ssoAccessToken", Documented "§2";
        NoAuth => NewTokenAnswer, Shape::NEW; REPEATABLE = true
    }
}
