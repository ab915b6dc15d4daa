//! Sign-in (§9): pages on the web, users' tokens, and codes within the app. Sign-in by number and mobile is for sandbox apps
//! (setting `sandbox`); real sign-in is the hub's own.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tongshi_dialect::{Caller, Dialect as _, Grant, Record, Screen, Server, Token};
use tongshi_model::{Employee, Id, Kind, Personal};
use tongshi_oauth::{is_redirect, return_url};

use super::{company, gate::has_scope, pages, required, token::app};
use crate::dingtalk::{
    auth::USER_TOKEN,
    map,
    wire::{
        AppCode, AppCodeAnswer, AppUser, Authorize, AuthorizeStep, Code, DingTalk, Fault, GetUserInfo, Me,
        Profile, SnsAnswer, SnsUser, SnsUserInfo, UserAccessToken, UserTokenAnswer, Wrapped,
    },
};

/// What codes are issued for, on the web and within the app, and how long one lives unused (§9).
const CODE: &str = "dingtalk.code";
const APP_CODE: &str = "dingtalk.app_code";
const CODE_SECONDS: i64 = 300;
/// How long users' tokens live, and what renews them (§9).
const TOKEN_SECONDS: i64 = 7200;
const REFRESH: &str = "dingtalk.refresh_token";
const REFRESH_SECONDS: i64 = 30 * 86_400;
/// What leads from page to page, and how long somebody may think.
const STEP: &str = "dingtalk.step";
const STEP_SECONDS: i64 = 900;
/// The longest state, in bytes: ours, the vendor gives no figure.
const STATE_BYTES_MAX: usize = 1024;

/// Adds this area's operations.
pub(super) fn on(server: Server<DingTalk>) -> Server<DingTalk> {
    server
        .on(authorize)
        .on(step)
        .on(user_access_token)
        .on(me)
        .on(app_code)
        .on(get_user_info)
        .on(sns_user_info)
}

/// A sign-in on its way.
#[derive(Clone, Serialize, Deserialize)]
struct Step {
    client_id: String,
    redirect_uri: String,
    state: Option<String>,
    scope: String,
    /// Who has signed in.
    employee: Option<Id>,
}

async fn authorize(caller: Caller, ask: Authorize) -> Result<Screen, Fault> {
    let client_id = required("client_id", &ask.client_id)?;
    let unknown = || Fault::parameter("client_id names no app that signs people in here");
    let grant = web_app(&caller, client_id).await?.ok_or_else(unknown)?;
    let redirect_uri = required("redirect_uri", &ask.redirect_uri)?;
    let known = grant.redirect_uris().chain(grant.setting("redirect_uri"));
    if !is_redirect(redirect_uri) || !known.into_iter().any(|known| known == redirect_uri) {
        // An address that is not registered gets nothing.
        return Err(Fault::parameter("redirect_uri is not registered for this app"));
    }
    let step = Step {
        client_id: client_id.to_owned(),
        redirect_uri: redirect_uri.to_owned(),
        state: ask.state.clone(),
        scope: ask.scope.clone().unwrap_or_default(),
        employee: None,
    };
    let is_state = |state: &str| state.len() <= STATE_BYTES_MAX && !state.chars().any(char::is_control);
    if !ask.state.as_deref().is_none_or(is_state) {
        return Ok(failed(&Step { state: None, ..step }, "invalid_request"));
    }
    if ask.response_type.as_deref() != Some("code") {
        return Ok(failed(&step, "unsupported_response_type"));
    }
    let mut scopes = step.scope.split_whitespace();
    if !scopes.any(|scope| scope == "openid")
        || !step.scope.split_whitespace().all(|scope| matches!(scope, "openid" | "corpid"))
    {
        return Ok(failed(&step, "invalid_scope"));
    }
    Ok(pages::sign_in(&grant.name, &kept(&grant, &step).await?, false))
}

/// What the person did on a page.
async fn step(caller: Caller, ask: AuthorizeStep) -> Result<Screen, Fault> {
    let over = || Fault::parameter("the page is too old; begin again");
    let given = required("step", &ask.step)?;
    let (client_id, token) = given.split_once('.').ok_or_else(over)?;
    let grant = web_app(&caller, client_id).await?.ok_or_else(over)?;
    let found = grant.workforce.token(STEP, token).await?.filter(|found| is_live(found, &caller));
    let step: Option<Step> = found.and_then(|found| serde_json::from_value(found.payload).ok());
    let step = step.filter(|step| step.client_id == client_id).ok_or_else(over)?;
    let Some(employee) = step.employee else {
        let (login, password) = (ask.login.as_deref(), ask.password.as_deref());
        let Some((record, person)) = signed_in(&caller, &grant, login, password).await? else {
            return Ok(pages::sign_in(&grant.name, given, true));
        };
        // Used up, so that the browser's way back shows an old page and not another sign-in.
        grant.workforce.use_token(STEP, token).await?.ok_or_else(over)?;
        let step = Step { employee: Some(record.id), ..step };
        let with_company = step.scope.contains("corpid");
        return Ok(pages::consent(
            &grant.name,
            person.name.expose(),
            &kept(&grant, &step).await?,
            with_company,
        ));
    };
    grant.workforce.use_token(STEP, token).await?.ok_or_else(over)?;
    if ask.decision.as_deref() != Some("allow") {
        return Ok(failed(&step, "access_denied"));
    }
    let payload = json!({"client_id": step.client_id, "employee": employee, "scope": step.scope});
    let code = grant.workforce.issue_token(CODE, payload, Some(CODE_SECONDS)).await?;
    // Both names carry one value (§9).
    let mut pairs = vec![("code", &*code), ("authCode", &*code)];
    if let Some(state) = &step.state {
        pairs.push(("state", state));
    }
    Ok(Screen::Redirect(return_url(&step.redirect_uri, &pairs)))
}

async fn user_access_token(caller: Caller, ask: UserAccessToken) -> Result<UserTokenAnswer, Fault> {
    let (client_id, secret) =
        (required("clientId", &ask.client_id)?, required("clientSecret", &ask.client_secret)?);
    let grant = app(&caller, "app_key", client_id, secret, Code::Credentials).await?;
    let (purpose, text) = match ask.grant_type.as_deref() {
        // The official sample leaves it out where there is a code.
        Some("authorization_code") | None => (CODE, required("code", &ask.code)?),
        Some("refresh_token") => (REFRESH, required("refreshToken", &ask.refresh_token)?),
        Some(_) => return Err(Fault::parameter("grantType is authorization_code or refresh_token")),
    };
    let payload = redeemed(&caller, &grant, purpose, text, client_id).await?;
    let workforce = &grant.workforce;
    let access_token = workforce.issue_token(USER_TOKEN, payload.clone(), Some(TOKEN_SECONDS)).await?;
    let refresh_token = workforce.issue_token(REFRESH, payload.clone(), Some(REFRESH_SECONDS)).await?;
    let with_company = payload["scope"].as_str().is_some_and(|scope| scope.contains("corpid"));
    let corp_id = if with_company { company(&grant).await? } else { None };
    Ok(UserTokenAnswer { access_token, refresh_token, expire_in: TOKEN_SECONDS, corp_id })
}

async fn me(caller: Caller, _ask: Me) -> Result<Profile, Fault> {
    let over = || Fault::new(Code::Expired, "the user's access token is over");
    let grant = caller.grant.as_deref().ok_or_else(over)?;
    let token = grant.workforce.token(USER_TOKEN, grant.secret.expose()).await?.ok_or_else(over)?;
    let (record, employee) = holder(grant, &token.payload).await?.ok_or_else(over)?;
    let shows_mobile = has_scope(grant, "Contact.User.mobile");
    let plain = |text: Option<Personal<String>>| text.map(Personal::into_inner);
    Ok(Profile {
        nick: employee.name.into_inner(),
        avatar_url: plain(employee.avatar),
        state_code: employee.mobile.as_ref().filter(|_| shows_mobile).map(|_| "86".to_owned()),
        mobile: plain(employee.mobile).filter(|_| shows_mobile),
        open_id: map::openid(grant.app, record.id),
        union_id: map::unionid(record.id),
        email: plain(employee.email),
        visitor: false,
    })
}

async fn app_code(caller: Caller, ask: AppCode) -> Result<AppCodeAnswer, Fault> {
    let client_id = required("clientId", &ask.client_id)?;
    let unknown = || Fault::parameter("clientId names no app that signs people in here");
    let grant = web_app(&caller, client_id).await?.ok_or_else(unknown)?;
    let (login, password) = (required("login", &ask.login)?, required("password", &ask.password)?);
    let found = signed_in(&caller, &grant, Some(login), Some(password)).await?;
    let (record, _) = found.ok_or_else(super::user::nobody)?;
    let payload = json!({"client_id": client_id, "employee": record.id});
    let code = grant.workforce.issue_token(APP_CODE, payload, Some(CODE_SECONDS)).await?;
    Ok(AppCodeAnswer { code })
}

async fn get_user_info(caller: Caller, ask: GetUserInfo) -> Result<Wrapped<AppUser>, Fault> {
    let code = required("code", &ask.code)?;
    let grant = caller.grant.as_deref().ok_or_else(no_code)?;
    let payload = redeemed(&caller, grant, APP_CODE, code, "").await?;
    let (record, employee) = holder(grant, &payload).await?.ok_or_else(no_code)?;
    Ok(Wrapped::of(AppUser {
        userid: map::userid(record.id, &employee),
        unionid: map::unionid(record.id),
        associated_unionid: map::unionid(record.id),
        device_id: map::openid(grant.app, record.id),
        name: employee.name.into_inner(),
        sys: false,
        sys_level: 0,
    }))
}

async fn sns_user_info(caller: Caller, ask: SnsUserInfo) -> Result<SnsAnswer, Fault> {
    let code = required("tmp_auth_code", &ask.tmp_auth_code)?;
    let grant = caller.grant.as_deref().ok_or_else(no_code)?;
    let payload = redeemed(&caller, grant, CODE, code, &grant.key_id).await?;
    let (record, employee) = holder(grant, &payload).await?.ok_or_else(no_code)?;
    Ok(SnsAnswer {
        user_info: SnsUser {
            nick: employee.name.into_inner(),
            openid: map::openid(grant.app, record.id),
            unionid: map::unionid(record.id),
            main_org_auth_high_level: false,
        },
    })
}

fn no_code() -> Fault {
    Fault::new(Code::Spent, "不存在的临时授权码: the code is unknown, used or over")
}

/// What a code or a refresh token stands for: used up here, once, by the app to which it was given. What fails for another
/// reason does not burn it.
async fn redeemed(
    caller: &Caller,
    grant: &Grant,
    purpose: &'static str,
    text: &str,
    client_id: &str,
) -> Result<Value, Fault> {
    let found = grant.workforce.token(purpose, text).await?.ok_or_else(no_code)?;
    // Within the app the caller shows a token and no client; the workspace is the app's own.
    let of_client = client_id.is_empty() || found.payload["client_id"] == *client_id;
    if !of_client || !is_live(&found, caller) {
        return Err(no_code());
    }
    Ok(grant.workforce.use_token(purpose, text).await?.ok_or_else(no_code)?.payload)
}

async fn holder(grant: &Grant, payload: &Value) -> Result<Option<(Record, Employee)>, Fault> {
    let Some(id) = payload["employee"].as_str().and_then(|id| id.parse::<Id>().ok()) else { return Ok(None) };
    let record = grant.workforce.get(Kind::Employee, id).await?.filter(|record| !record.deleted);
    let Some(record) = record else { return Ok(None) };
    let employee: Employee = record.read()?;
    Ok(Some((record, employee)).filter(|(_, employee)| !map::has_left(employee)))
}

/// The app that sends a user here, if it may.
async fn web_app(caller: &Caller, client_id: &str) -> Result<Option<Arc<Grant>>, Fault> {
    let grant = caller.desk.by_key(DingTalk::ID, "app_key", client_id).await?;
    Ok(grant.filter(|grant| !grant.disabled && grant.settings["sandbox"] == true))
}

fn is_live(token: &Token, caller: &Caller) -> bool {
    token.used_at.is_none() && token.expires_at.is_none_or(|end| end > caller.now)
}

/// Failures go back to the app, whose address is registered (§9).
fn failed(step: &Step, error: &str) -> Screen {
    let mut pairs = vec![("error", error)];
    if let Some(state) = &step.state {
        pairs.push(("state", state));
    }
    Screen::Redirect(return_url(&step.redirect_uri, &pairs))
}

/// Keeps a step and gives what leads back to it: the app's key, so that its workspace is found, and the token.
async fn kept(grant: &Grant, step: &Step) -> Result<String, Fault> {
    let token = grant.workforce.issue_token(STEP, json!(step), Some(STEP_SECONDS)).await?;
    Ok(format!("{}.{token}", step.client_id))
}

/// The person with this number or mobile, and this mobile as password, if they work here.
async fn signed_in(
    caller: &Caller,
    grant: &Grant,
    login: Option<&str>,
    password: Option<&str>,
) -> Result<Option<(Record, Employee)>, Fault> {
    let (Some(login), Some(password)) = (login, password) else { return Ok(None) };
    if login.is_empty() || password.is_empty() {
        return Ok(None);
    }
    let attempt = super::attempt(caller, login)?;
    for lookup in ["employee_no", "mobile"] {
        for record in grant.workforce.find(Kind::Employee, lookup, login).await? {
            let employee: Employee = record.read()?;
            let fits = employee.mobile.as_ref().is_some_and(|mobile| mobile.expose() == password);
            if fits && !map::has_left(&employee) {
                caller.desk.passed(&attempt);
                return Ok(Some((record, employee)));
            }
        }
    }
    caller.desk.failed(&attempt, None).await;
    Ok(None)
}
