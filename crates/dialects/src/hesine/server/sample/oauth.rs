//! Tokens of the sample contract: OAuth 2.0 with the app's own credentials (RFC 6749 §4.4), renewed once each (§6).

use std::sync::Arc;

use serde_json::json;
use tongshi_dialect::{Attempt, AuthFault, Caller, Dialect as _, Grant};
use tongshi_oauth::same_secret;

use super::fields::Fields;
use crate::hesine::{
    auth::sample::{BEARER, RENEWAL},
    wire::sample::{Asked as _, Refused, Sample, TokenAsk, TokenView},
};

/// How long a token lives: as long as those of the documented contract (§2.2).
const LIFE_SECONDS: i64 = 2 * 60 * 60;
const RENEWAL_SECONDS: i64 = 32 * 24 * 60 * 60;

#[derive(Clone, Copy)]
enum Way {
    Credentials,
    Renewal,
}

pub(super) async fn token(caller: Caller, ask: TokenAsk) -> Result<TokenView, Refused> {
    let fields = Fields::of(ask.fields());
    let ways = [("client_credentials", Way::Credentials), ("refresh_token", Way::Renewal)];
    let way = fields.must("grant_type", fields.word("grant_type", &ways)?)?;
    let grant = client(&caller, fields.some_text("client_id")?, fields.some_text("client_secret")?).await?;
    if let Way::Renewal = way {
        let given = fields.some_text("refresh_token")?;
        let refused = || fields.refuse("refresh_token", "it is not known, over, or used already");
        let known = grant.workforce.token(RENEWAL, given).await?.ok_or_else(refused)?;
        if known.payload["client_id"] != grant.key_id {
            return Err(refused());
        }
        grant.workforce.use_token(RENEWAL, given).await?.ok_or_else(refused)?;
    }
    let access_token = grant.workforce.issue_token(BEARER, json!({}), Some(LIFE_SECONDS)).await?;
    let payload = json!({ "client_id": grant.key_id });
    let refresh_token = grant.workforce.issue_token(RENEWAL, payload, Some(RENEWAL_SECONDS)).await?;
    Ok(TokenView { access_token, token_type: "Bearer".to_owned(), expires_in: LIFE_SECONDS, refresh_token })
}

/// The app whose key and secret belong together. Whoever has the wrong secret learns no more than whoever made the key up.
async fn client(caller: &Caller, key: &str, secret: &str) -> Result<Arc<Grant>, Refused> {
    let attempt = Attempt { peer: caller.peer, place: Sample::ID, id: key };
    caller.desk.may_try(&attempt).map_err(|wait| AuthFault::Blocked(wait.seconds()))?;
    let grant = caller.desk.by_key(Sample::ID, "app_key", key).await?;
    let Some(grant) = grant.filter(|grant| !grant.disabled && same_secret(&grant.secret, secret)) else {
        caller.desk.failed(&attempt, None).await;
        return Err(Refused::new(401, "client_id and client_secret do not belong together"));
    };
    caller.desk.passed(&attempt);
    if !grant.admits(caller.peer) {
        return Err(AuthFault::Address.into());
    }
    Ok(grant)
}
