//! Tokens: two hours, renewed for 32 days; of a renewed pair the old one is over at once (§14 of the ambiguities).

use std::sync::Arc;

use serde_json::json;
use tongshi_dialect::{Attempt, AuthFault, Caller, Dialect as _, Grant, lenient::Text};
use tongshi_model::{Id, Timestamp};
use tongshi_oauth::same_secret;

use super::level::sees_all;
use crate::hesine::{
    auth::{ACCESS, REFRESH},
    wire::{self, AppToken, Fault, Hesine, Third, ThirdToken, TokenPair, Valued},
};

/// How long a first token lives, and a renewed one (§2.2).
const FIRST_SECONDS: i64 = 2 * 60 * 60;
const RENEWED_SECONDS: i64 = 32 * DAY_SECONDS;
const DAY_SECONDS: i64 = 24 * 60 * 60;

/// Said of a key and a secret that do not belong together.
const REFUSED: &str = "密钥无效";

/// A renewed token lives this many days at most, however many are asked for; the vendor's limit is what is left of the
/// licence.
const DAYS_MAX: u64 = 366;

pub(super) async fn access_token(caller: Caller, ask: wire::TokenGet) -> Result<Valued<TokenPair>, Fault> {
    let grant = account(&caller, ask.app_key.as_deref(), ask.app_security.as_deref()).await?;
    Ok(Valued { value: pair(&grant, caller.now, FIRST_SECONDS).await? })
}

pub(super) async fn app_access_token(
    caller: Caller,
    ask: wire::AppTokenGet,
) -> Result<Valued<AppToken>, Fault> {
    let secret = ask.app_secret.or(ask.app_security);
    let grant = account(&caller, ask.app_key.as_deref(), secret.as_deref()).await;
    let grant = told(&caller, ask.app_key.as_deref(), grant, |known| {
        Fault::new(500, if known { "应用鉴权失败" } else { "应用不存在" })
    });
    let grant = grant.await?;
    let pair = pair(&grant, caller.now, FIRST_SECONDS).await?;
    Ok(Valued { value: AppToken { access_token: pair.access_token, timeout: FIRST_SECONDS } })
}

/// The old way.
pub(super) async fn realm_token(caller: Caller, ask: wire::RealmTokenGet) -> Result<Valued<AppToken>, Fault> {
    let grant = account(&caller, ask.app_key.as_deref(), ask.app_secret.as_deref()).await;
    let grant = told(&caller, ask.app_key.as_deref(), grant, |known| {
        Fault::request(if known { "ak sk not match" } else { "realm not found" })
    });
    let grant = grant.await?;
    let pair = pair(&grant, caller.now, FIRST_SECONDS).await?;
    Ok(Valued { value: AppToken { access_token: pair.access_token, timeout: FIRST_SECONDS } })
}

pub(super) async fn third_access_token(
    caller: Caller,
    ask: wire::ThirdTokenGet,
) -> Result<Third<ThirdToken>, Fault> {
    if ask.app_key.is_none() || ask.app_security.is_none() {
        return Err(Fault::new(500, "system error"));
    }
    let grant = account(&caller, ask.app_key.as_deref(), ask.app_security.as_deref()).await?;
    let pair = pair(&grant, caller.now, FIRST_SECONDS).await?;
    let data = ThirdToken {
        corp_id: pair.corporation_id,
        access_token: pair.access_token,
        refresh_token: pair.refresh_token,
        expires_time: pair.expire_time,
        scope: "tenant".to_owned(),
    };
    Ok(Third { code: Text("200".to_owned()), msg: Some("操作成功".to_owned()), data: Some(data) })
}

pub(super) async fn refresh(caller: Caller, ask: wire::TokenRefresh) -> Result<Valued<TokenPair>, Fault> {
    renewed(&caller, ask.refresh_token, RENEWED_SECONDS).await
}

pub(super) async fn refresh_for(
    caller: Caller,
    ask: wire::TokenRefreshFor,
) -> Result<Valued<TokenPair>, Fault> {
    let days = ask.expire_date.filter(|days| *days > 0);
    let days = days.ok_or_else(|| Fault::request("expireDate 为天数"))?.min(DAYS_MAX);
    renewed(&caller, ask.refresh_token, i64::try_from(days).unwrap_or(1) * DAY_SECONDS).await
}

/// The vendor tells a key that nobody has from a wrong secret where apps of the company's own ask: programs read it. Keys
/// are no secrets, and whoever guesses is slowed down all the same.
async fn told(
    caller: &Caller,
    key: Option<&str>,
    grant: Result<Arc<Grant>, Fault>,
    fault: impl Fn(bool) -> Fault,
) -> Result<Arc<Grant>, Fault> {
    match grant {
        Err(refused) if refused.text == REFUSED => {
            let known = caller.desk.by_key(Hesine::ID, "app_key", key.unwrap_or_default()).await?;
            Err(fault(known.is_some()))
        }
        other => other,
    }
}

/// The app whose key and secret belong together. Whoever has the wrong secret learns no more than whoever made the key
/// up.
async fn account(caller: &Caller, key: Option<&str>, secret: Option<&str>) -> Result<Arc<Grant>, Fault> {
    let refused = || Fault::new(403, REFUSED);
    let (key, secret) = (key.unwrap_or_default(), secret.unwrap_or_default());
    if key.is_empty() || secret.is_empty() {
        return Err(refused());
    }
    let attempt = Attempt { peer: caller.peer, place: Hesine::ID, id: key };
    caller.desk.may_try(&attempt).map_err(|wait| AuthFault::Blocked(wait.seconds()))?;
    let grant = caller.desk.by_key(Hesine::ID, "app_key", key).await?;
    let Some(grant) = grant.filter(|grant| !grant.disabled && same_secret(&grant.secret, secret)) else {
        caller.desk.failed(&attempt, None).await;
        return Err(refused());
    };
    caller.desk.passed(&attempt);
    if !grant.admits(caller.peer) {
        return Err(AuthFault::Address.into());
    }
    sees_all(&grant)?;
    Ok(grant)
}

/// A new pair. The two know each other, so that no refresh token renews somebody else's access token.
async fn pair(grant: &Grant, now: Timestamp, seconds: i64) -> Result<TokenPair, Fault> {
    let workforce = &*grant.workforce;
    let access_token = workforce.issue_token(ACCESS, json!({}), Some(seconds)).await?;
    let payload = json!({ "of": Id::of(&["hesine", &access_token]) });
    let refresh_token = workforce.issue_token(REFRESH, payload, Some(seconds)).await?;
    let corporation_id = grant.setting("corporation_id").unwrap_or("tongshi").to_owned();
    Ok(TokenPair {
        access_token,
        refresh_token,
        expire_time: now.as_millisecond().saturating_add(seconds * 1000),
        corporation_id,
    })
}

async fn renewed(caller: &Caller, refresh: Option<String>, seconds: i64) -> Result<Valued<TokenPair>, Fault> {
    let grant = caller.grant.as_deref().ok_or_else(Fault::unauthorised)?;
    let refresh = refresh.unwrap_or_default();
    let access = grant.secret.expose();
    let known = grant.workforce.token(REFRESH, &refresh).await?.ok_or_else(Fault::unauthorised)?;
    if known.payload["of"] != json!(Id::of(&["hesine", access])) {
        return Err(Fault::unauthorised());
    }
    // Of many who renew the same pair one gets the new one.
    let used = grant.workforce.use_token(REFRESH, &refresh).await?;
    used.ok_or_else(Fault::unauthorised)?;
    grant.workforce.use_token(ACCESS, access).await?;
    Ok(Valued { value: pair(grant, caller.now, seconds).await? })
}
