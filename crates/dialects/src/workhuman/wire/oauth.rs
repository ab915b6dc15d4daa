//! The token and the ways to it (§1). The authorization code's way is named by the page and not described: it is RFC 6749
//! with PKCE (RFC 7636).

use serde::{Deserialize, Serialize};
use tongshi_dialect::{NoAuth, Screen, operation, texts};

use super::{Shape, Workhuman};

texts! {
    /// Asks for an access token.
    TokenGet { grant_type, client_id, client_secret, code, redirect_uri, code_verifier, tenant_id }
}

/// The token. The page reads `access_token` alone; the rest is RFC 6749's (§5.3).
#[derive(Serialize, Deserialize)]
pub(crate) struct AccessToken {
    pub(crate) access_token: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires_in: Option<i64>,
}

operation! {
    impl Operation for TokenGet in Workhuman {
        "oauth.token", Post "/oauth/token", Sample "§1";
        NoAuth => AccessToken, Shape::Token
    }
}

texts! {
    /// Sends a person to sign in.
    Authorize { response_type, client_id, redirect_uri, scope, state, code_challenge, code_challenge_method }
}

operation! {
    impl Operation for Authorize in Workhuman {
        "oauth.authorize", Get "/oauth/authorize", Uncertain "§1: named, not described; RFC 6749 §4.1 with RFC 7636";
        NoAuth => Screen, Shape::Page
    }
}

texts! {
    /// What the person did on a page: signed in, agreed, refused.
    AuthorizeStep { step, login, password, decision }
}

operation! {
    impl Operation for AuthorizeStep in Workhuman {
        "oauth.authorize_step", Post "/oauth/authorize", Uncertain "ours: the pages' own address";
        NoAuth => Screen, Shape::Page
    }
}
