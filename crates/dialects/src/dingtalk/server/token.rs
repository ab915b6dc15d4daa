//! Tokens of all kinds (§2). One of an internal app is the same while it is valid; a suite's is new at each call, and the
//! earlier ones live on to their end (§11 no. 2).

use std::sync::Arc;

use serde_json::json;
use tongshi_dialect::{Caller, Dialect as _, Grant, Server};
use tongshi_oauth::same_secret;

use super::{attempt, company, required};
use crate::dingtalk::{
    auth::APP_TOKEN,
    wire::{
        AccessToken, Code, CorpToken, DingTalk, Fault, GetToken, NewTokenAnswer, OldTokenAnswer,
        ServiceCorpToken, SsoToken, SuiteToken, UnifiedAnswer, UnifiedToken,
    },
};

/// How long an application token lives.
const TOKEN_SECONDS: i64 = 7200;
/// The same for the back office of an app: what the vendor's example shows.
const SSO_SECONDS: i64 = 3600;
/// What back-office tokens are issued for.
const SSO_TOKEN: &str = "dingtalk.sso_token";

/// Adds this area's operations.
pub(super) fn on(server: Server<DingTalk>) -> Server<DingTalk> {
    server
        .on(get_token)
        .on(access_token)
        .on(unified)
        .on(suite_token)
        .on(corp_token)
        .on(service_corp_token)
        .on(sso_token)
}

async fn get_token(caller: Caller, ask: GetToken) -> Result<OldTokenAnswer, Fault> {
    if ask.corpid.is_some() || ask.corpsecret.is_some() {
        return Err(Fault::new(
            Code::CorpSecret,
            "不合法的corpid或corpsecret: apps ask with appkey and appsecret",
        ));
    }
    let (key, secret) = (required("appkey", &ask.appkey)?, required("appsecret", &ask.appsecret)?);
    let grant = app(&caller, "app_key", key, secret, Code::Credentials).await?;
    Ok(OldTokenAnswer { access_token: internal(&grant).await?, expires_in: TOKEN_SECONDS })
}

async fn access_token(caller: Caller, ask: AccessToken) -> Result<NewTokenAnswer, Fault> {
    let (key, secret) = (required("appKey", &ask.app_key)?, required("appSecret", &ask.app_secret)?);
    let grant = app(&caller, "app_key", key, secret, Code::Credentials).await?;
    Ok(NewTokenAnswer { access_token: internal(&grant).await?, expire_in: TOKEN_SECONDS })
}

async fn unified(caller: Caller, ask: UnifiedToken) -> Result<UnifiedAnswer, Fault> {
    let (key, secret) =
        (required("client_id", &ask.client_id)?, required("client_secret", &ask.client_secret)?);
    if ask.grant_type.as_deref() != Some("client_credentials") {
        return Err(Fault::new(Code::GrantType, "grant_type is client_credentials"));
    }
    let (grant, is_suite) = match app(&caller, "app_key", key, secret, Code::Client).await {
        Ok(grant) => (grant, false),
        Err(fault) if fault.code == Code::Client => {
            (app(&caller, "suite_key", key, secret, Code::Client).await?, true)
        }
        Err(fault) => return Err(fault),
    };
    if !of_company(&grant, &ask.corp_id).await? {
        return Err(Fault::new(Code::UnknownCompany, "there is no such company for this client"));
    }
    let access_token =
        if is_suite { at_company(&grant, &ask.corp_id).await? } else { internal(&grant).await? };
    Ok(UnifiedAnswer { access_token, expires_in: TOKEN_SECONDS })
}

async fn suite_token(caller: Caller, ask: SuiteToken) -> Result<NewTokenAnswer, Fault> {
    let grant = suite(&caller, &ask.suite_key, &ask.suite_secret, &ask.suite_ticket).await?;
    let payload = json!({"kind": "suite", "key_id": grant.key_id});
    // It speaks for the suite and opens nothing of a company's.
    let access_token =
        grant.workforce.issue_token("dingtalk.suite_token", payload, Some(TOKEN_SECONDS)).await?;
    Ok(NewTokenAnswer { access_token, expire_in: TOKEN_SECONDS })
}

async fn corp_token(caller: Caller, ask: CorpToken) -> Result<NewTokenAnswer, Fault> {
    let corp_id = required("authCorpId", &ask.auth_corp_id)?;
    let grant = suite(&caller, &ask.suite_key, &ask.suite_secret, &ask.suite_ticket).await?;
    if !of_company(&grant, corp_id).await? {
        return Err(Fault::new(Code::SuiteCompany, "the company has not authorised the suite"));
    }
    Ok(NewTokenAnswer { access_token: at_company(&grant, corp_id).await?, expire_in: TOKEN_SECONDS })
}

async fn service_corp_token(caller: Caller, ask: ServiceCorpToken) -> Result<OldTokenAnswer, Fault> {
    let corp_id = required("auth_corpid", &ask.auth_corpid)?;
    let grant = caller.grant.as_deref().ok_or_else(|| Fault::new(Code::AccessKey, "no suite calls"))?;
    // The signature covers the ticket, whichever it is; it must be the last one, too.
    if !has_ticket(grant, ask.suite_ticket.as_deref().unwrap_or_default()) {
        return Err(Fault::new(Code::SuiteTicket, "the suiteTicket is not the last one"));
    }
    if !of_company(grant, corp_id).await? {
        return Err(Fault::new(Code::SuiteCompany, "the company has not authorised the suite"));
    }
    Ok(OldTokenAnswer { access_token: at_company(grant, corp_id).await?, expires_in: TOKEN_SECONDS })
}

async fn sso_token(caller: Caller, ask: SsoToken) -> Result<NewTokenAnswer, Fault> {
    let (corp_id, secret) = (required("corpid", &ask.corpid)?, required("ssoSecret", &ask.sso_secret)?);
    let grant = app(&caller, "corp_id", corp_id, secret, Code::Credentials).await?;
    let payload = json!({"kind": "sso", "corp_id": corp_id});
    let access_token = grant.workforce.issue_token(SSO_TOKEN, payload, Some(SSO_SECONDS)).await?;
    Ok(NewTokenAnswer { access_token, expire_in: SSO_SECONDS })
}

/// The app with this key, if the secret is its own. Whoever has the wrong secret learns no more than whoever made the key
/// up.
pub(super) async fn app(
    caller: &Caller,
    name: &'static str,
    key: &str,
    secret: &str,
    refusal: Code,
) -> Result<Arc<Grant>, Fault> {
    let attempt = attempt(caller, key)?;
    let grant = caller.desk.by_key(DingTalk::ID, name, key).await?;
    let Some(grant) = grant.filter(|grant| !grant.disabled && same_secret(&grant.secret, secret)) else {
        caller.desk.failed(&attempt, None).await;
        return Err(Fault::new(refusal, "不合法的appKey或appSecret: they do not belong together"));
    };
    caller.desk.passed(&attempt);
    if !grant.admits(caller.peer) {
        return Err(Fault::new(Code::Address, "the app may not call from this address"));
    }
    Ok(grant)
}

async fn suite(
    caller: &Caller,
    key: &Option<String>,
    secret: &Option<String>,
    ticket: &Option<String>,
) -> Result<Arc<Grant>, Fault> {
    let (key, secret) = (required("suiteKey", key)?, required("suiteSecret", secret)?);
    let grant = app(caller, "suite_key", key, secret, Code::SuiteKey).await?;
    if !has_ticket(&grant, required("suiteTicket", ticket)?) {
        return Err(Fault::new(Code::SuiteTicket, "the suiteTicket is not the last one"));
    }
    Ok(grant)
}

/// The ticket is the app's setting `suite_ticket`; an app without one takes none.
fn has_ticket(grant: &Grant, ticket: &str) -> bool {
    grant.setting("suite_ticket").is_some_and(|known| !known.is_empty() && known == ticket)
}

/// Whether the company is the app's.
async fn of_company(grant: &Grant, corp_id: &str) -> Result<bool, Fault> {
    Ok(company(grant).await?.as_deref() == Some(corp_id))
}

/// An internal app's token.
async fn internal(grant: &Grant) -> Result<String, Fault> {
    let payload = json!({"kind": "internal", "key_id": grant.key_id});
    Ok(grant.workforce.renew_token(APP_TOKEN, &grant.key_id, payload, TOKEN_SECONDS).await?)
}

/// A suite's token at a company.
async fn at_company(grant: &Grant, corp_id: &str) -> Result<String, Fault> {
    let payload = json!({"kind": "corp", "key_id": grant.key_id, "corp_id": corp_id});
    Ok(grant.workforce.issue_token(APP_TOKEN, payload, Some(TOKEN_SECONDS)).await?)
}
