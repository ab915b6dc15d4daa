//! Family A: the application token, the ways to a code, and whose it is. Sign-in by number and mobile is for sandbox
//! apps (setting `sandbox`); real sign-in is the hub's own. Who has signed in stays so in that browser, for all apps of the
//! company: a menu leads on at once, and a link asks only whether one agrees, once for each app.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::json;
use tongshi_dialect::{AuthFault, Caller, Cookie, Dialect as _, Grant, Quota, Record, Screen};
use tongshi_model::{Employee, EmploymentStatus, Id, Kind};
use tongshi_oauth::{is_redirect, return_url, same_secret};

use super::{attempt, department, pages, required};
use crate::waiqin::{
    auth::APP_TOKEN,
    map,
    wire::{self, AppCode, AppTokenAnswer, Code, Fault, User, Waiqin},
};

/// Which of the face's keys sign-in goes by.
const APP_ID: &str = "app_id";
/// How long an application token lives (§A1).
const TOKEN_SECONDS: i64 = 7200;
/// How many tokens may be asked for at once by an app, for each that it may ask for in a second.
const TOKENS_AT_ONCE: NonZeroU32 = NonZeroU32::MIN.saturating_add(4);
/// Where guesses at people's passwords are counted.
const SIGN_IN: &str = "waiqin.sign_in";
/// What codes are issued for, and how long one lives unused (§A2).
const CODE: &str = "waiqin.code";
const CODE_SECONDS: i64 = 300;
/// What leads from page to page, and how long somebody may think.
const STEP: &str = "waiqin.step";
const STEP_SECONDS: i64 = 900;
/// What browsers keep of a sign-in, and how long it lasts.
const SESSION: &str = "waiqin.session";
const SESSION_COOKIE: &str = "waiqin_session";
const SESSION_SECONDS: i64 = 12 * 3600;
/// The longest state, in bytes (§A2).
const STATE_BYTES_MAX: usize = 64;
/// Where failures lead, from `/service/oauth/authorize`.
const ERROR_PAGE: &str = "../../oauth2/authorize_error.jsp";

/// A sign-in on its way.
#[derive(Clone, Serialize, Deserialize)]
struct Step {
    app_id: String,
    tenant_id: String,
    redirect_uri: String,
    state: Option<String>,
    /// Whether an administrator has agreed for all (a menu).
    agreed: bool,
    /// Who has signed in.
    employee: Option<Id>,
}

/// Gives a new token at each call; the old ones live on to their end (§3 of the ambiguities).
pub(super) async fn token(caller: Caller, ask: wire::TokenGet) -> Result<AppTokenAnswer, Fault> {
    let app_id = required("app_id", ask.app_id.as_deref())?;
    let secret = required("app_secret", ask.app_secret.as_deref())?;
    let tenant = required("tenant_id", ask.tenant_id.as_deref())?;
    // Whoever has the wrong secret learns no more than whoever made the app up.
    let refused = || Fault::new(Code::App, "app_id and app_secret do not belong together");
    let attempt = attempt(&caller, Waiqin::ID, app_id)?;
    let Some(grant) = caller.desk.by_key(Waiqin::ID, APP_ID, app_id).await? else {
        caller.desk.failed(&attempt, None).await;
        return Err(refused());
    };
    if grant.disabled || !same_secret(&grant.secret, secret) {
        caller.desk.failed(&attempt, Some(&*grant)).await;
        return Err(refused());
    }
    caller.desk.passed(&attempt);
    if !grant.admits(caller.peer) {
        return Err(AuthFault::Address.into());
    }
    if grant.setting("tenant_id").is_some_and(|expected| expected != tenant) {
        return Err(Fault::new(Code::Tenant, "the app belongs to another tenant_id"));
    }
    grant.within(APP_TOKEN, pace(&grant)).map_err(|wait| {
        let seconds = wait.seconds();
        Fault::new(Code::Limited, format!("tokens are to be kept; the next one in {seconds} seconds"))
    })?;
    let payload = json!({"app_id": app_id, "tenant_id": tenant});
    let access_token = grant.workforce.issue_token(APP_TOKEN, payload, Some(TOKEN_SECONDS)).await?;
    Ok(AppTokenAnswer { access_token, expires_in: Some(TOKEN_SECONDS) })
}

/// How often an app may ask for tokens: the vendor blocks who asks too often and gives no figure (§4 of the
/// ambiguities), so once a second, unless the app's setting `tokens_per_second` says otherwise.
fn pace(grant: &Grant) -> Quota {
    let set = grant.settings["tokens_per_second"].as_u64().and_then(|number| u32::try_from(number).ok());
    let calls = set.and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
    Quota { calls, per: Duration::from_secs(1), burst: calls.saturating_mul(TOKENS_AT_ONCE) }
}

/// Way 2, link: checks who sends the user, then shows the page.
pub(super) async fn authorize(caller: Caller, ask: wire::Authorize) -> Result<Screen, Fault> {
    let (state, app_id) = (ask.state.clone(), ask.app_id.clone());
    led(sent_in(caller, ask).await, ERROR_PAGE, state.as_deref(), &app_id)
}

async fn sent_in(caller: Caller, ask: wire::Authorize) -> Result<Screen, Fault> {
    let state = ask.state.as_deref();
    let fails = |error: &str| Ok(failed(error, state, &ask.app_id));
    if let Some(step) = &ask.step {
        // From a menu, whose own address lies elsewhere.
        return Ok(match resumed(&caller, step).await? {
            Some((grant, _)) => pages::sign_in(caller.language, &grant.name, step, false),
            None => failed("invalid_request", None, &ask.app_id),
        });
    }
    let Some(grant) = app(&caller, &ask.app_id).await? else { return fails("unauthorized_client") };
    if !registered(&grant, &ask.redirect_uri) || !of_tenant(&grant, &ask.tenant_id) {
        return fails("unauthorized_client");
    }
    if !is_state(state) {
        return fails("invalid_request");
    }
    if ask.response_type != "code" {
        return fails(if ask.response_type.is_empty() {
            "invalid_request"
        } else {
            "unsupported_response_type"
        });
    }
    if !matches!(ask.scope.as_deref(), None | Some("" | "user")) {
        return fails("invalid_scope");
    }
    let step = Step {
        app_id: ask.app_id.clone(),
        tenant_id: ask.tenant_id,
        redirect_uri: ask.redirect_uri,
        state: ask.state.clone(),
        agreed: false,
        employee: None,
    };
    match present(&caller, &grant).await? {
        Some(person) => onward(&caller, &grant, step, &person).await,
        None => Ok(pages::sign_in(caller.language, &grant.name, &kept(&grant, &step).await?, false)),
    }
}

/// Way 1, menu: where it leads and with which state is configured with the app (`menus`).
pub(super) async fn menu(caller: Caller, ask: wire::MenuOpen) -> Result<Screen, Fault> {
    let app_id = ask.app_id.clone();
    led(opened(caller, ask).await, &format!("../../{ERROR_PAGE}"), None, &app_id)
}

async fn opened(caller: Caller, ask: wire::MenuOpen) -> Result<Screen, Fault> {
    let Some(grant) = app(&caller, &ask.app_id).await? else {
        return Ok(failed_from_menu("unauthorized_client", None, &ask.app_id));
    };
    let menu = &grant.settings["menus"][&ask.menu];
    let redirect_uri = menu["redirect_uri"].as_str().unwrap_or_default();
    let state = menu["state"].as_str();
    if !registered(&grant, redirect_uri) {
        return Ok(failed_from_menu("unauthorized_client", state, &ask.app_id));
    }
    if !is_state(state) {
        return Ok(failed_from_menu("invalid_request", None, &ask.app_id));
    }
    let step = Step {
        app_id: ask.app_id,
        tenant_id: grant.setting("tenant_id").unwrap_or_default().to_owned(),
        redirect_uri: redirect_uri.to_owned(),
        state: state.map(str::to_owned),
        agreed: true,
        employee: None,
    };
    if let Some(person) = present(&caller, &grant).await? {
        return onward(&caller, &grant, step, &person).await;
    }
    // The page's form posts beside the menu's own address, so the browser is sent to where the pages lie.
    let step = kept(&grant, &step).await?;
    Ok(Screen::Redirect(format!("../../authorize?app_id={}&step={step}", grant.key_id)))
}

/// What the person did on a page.
pub(super) async fn step(caller: Caller, ask: wire::AuthorizeStep) -> Result<Screen, Fault> {
    let app_id = ask.step.split_once('.').map_or(String::new(), |(app_id, _)| app_id.to_owned());
    led(taken(caller, ask).await, ERROR_PAGE, None, &app_id)
}

/// Where something fails on our side, the browser is led to the error page, too.
fn led(
    outcome: Result<Screen, Fault>,
    page: &str,
    state: Option<&str>,
    app_id: &str,
) -> Result<Screen, Fault> {
    match outcome {
        Err(fault) if matches!(fault.code, Code::Ours | Code::Upstream | Code::Away) => {
            Ok(failed_at(page, "server_error", state, app_id))
        }
        other => other,
    }
}

async fn taken(caller: Caller, ask: wire::AuthorizeStep) -> Result<Screen, Fault> {
    let over = || Fault::new(Code::Request, "the page is too old; begin again");
    let (grant, step) = resumed(&caller, &ask.step).await?.ok_or_else(over)?;
    let Some(employee) = step.employee else {
        let Some(found) = signed_in(&caller, &grant, &ask.login, &ask.password).await? else {
            return Ok(pages::sign_in(caller.language, &grant.name, &ask.step, true));
        };
        // Used up, so that the browser's way back shows an old page and not another sign-in.
        grant.workforce.use_token(STEP, step_token(&ask.step)).await?.ok_or_else(over)?;
        let session = json!({"employee": found.id});
        let value = grant.workforce.issue_token(SESSION, session, Some(SESSION_SECONDS)).await?;
        let next = onward(&caller, &grant, step, &found).await?;
        return Ok(Screen::Keeping(session_cookie(value), Box::new(next)));
    };
    grant.workforce.use_token(STEP, step_token(&ask.step)).await?.ok_or_else(over)?;
    match &*ask.decision {
        "allow" => {
            grant.workforce.agree(employee, &step.app_id).await?;
            redirect(&grant, &step).await
        }
        "other" => {
            if let Some(session) = caller.cookie(SESSION_COOKIE) {
                grant.workforce.use_token(SESSION, session).await?;
            }
            let step = kept(&grant, &Step { employee: None, ..step }).await?;
            let page = pages::sign_in(caller.language, &grant.name, &step, false);
            Ok(Screen::Keeping(session_cookie(String::new()), Box::new(page)))
        }
        _ => Ok(failed("access_denied", step.state.as_deref(), &step.app_id)),
    }
}

/// Where somebody who has signed in is led: back to the app, or first to the question whether they agree.
async fn onward(caller: &Caller, grant: &Grant, step: Step, person: &Record) -> Result<Screen, Fault> {
    let step = Step { employee: Some(person.id), ..step };
    if step.agreed || grant.workforce.has_agreed(person.id, &step.app_id).await? {
        return redirect(grant, &step).await;
    }
    let employee: Employee = person.read()?;
    let kept = kept(grant, &step).await?;
    Ok(pages::consent(caller.language, &grant.name, employee.name.expose(), &kept))
}

fn session_cookie(value: String) -> Cookie {
    Cookie { name: SESSION_COOKIE.to_owned(), value }
}

/// Who has signed in in this browser and still works here.
async fn present(caller: &Caller, grant: &Grant) -> Result<Option<Record>, Fault> {
    let Some(session) = caller.cookie(SESSION_COOKIE) else { return Ok(None) };
    let found = grant.workforce.token(SESSION, session).await?;
    let live =
        found.filter(|found| found.used_at.is_none() && found.expires_at.is_none_or(|end| end > caller.now));
    let id = live.and_then(|found| found.payload["employee"].as_str().and_then(|id| id.parse().ok()));
    let Some(id) = id else { return Ok(None) };
    let Some(record) = grant.workforce.get(Kind::Employee, id).await? else { return Ok(None) };
    let employee: Employee = record.read()?;
    Ok(Some(record).filter(|record| !record.deleted && employee.status != Some(EmploymentStatus::Ended)))
}

/// Way 3, app to app.
pub(super) async fn app_authorize(caller: Caller, ask: wire::AppAuthorize) -> Result<AppCode, Fault> {
    let grant = app(&caller, &ask.app_id).await?;
    let grant = grant.ok_or_else(|| Fault::new(Code::App, "unauthorized_client"))?;
    if !matches!(&*ask.scope, "user" | "custom" | "all") {
        return Err(Fault::new(Code::Request, "invalid_scope: scope is user, custom or all"));
    }
    if !is_state(ask.state.as_deref()) {
        return Err(Fault::new(Code::Request, "invalid_request: state has at most 64 bytes"));
    }
    let found = signed_in(&caller, &grant, &ask.login, &ask.password).await?;
    let found = found.ok_or_else(|| Fault::new(Code::App, "access_denied"))?;
    let step = Step {
        app_id: ask.app_id,
        tenant_id: grant.setting("tenant_id").unwrap_or_default().to_owned(),
        redirect_uri: String::new(),
        state: ask.state.clone(),
        agreed: true,
        employee: Some(found.id),
    };
    let code = issued(&grant, &step).await?;
    Ok(AppCode { code, state: ask.state, expires_in: CODE_SECONDS })
}

/// The page to which failures lead.
pub(super) async fn error_page(caller: Caller, ask: wire::AuthorizeError) -> Result<Screen, Fault> {
    let known = [
        "invalid_request",
        "unauthorized_client",
        "access_denied",
        "unsupported_response_type",
        "invalid_scope",
    ];
    let error = known.into_iter().find(|error| *error == ask.error).unwrap_or("server_error");
    Ok(pages::failure(
        caller.language,
        error,
        ask.state.as_deref().filter(|_| is_state(ask.state.as_deref())),
        &ask.app_id,
    ))
}

/// Redeems a code: once, within five minutes, by the app and tenant to which it was given. What fails for another
/// reason does not burn it (§8 of the ambiguities).
pub(super) async fn userinfo(caller: Caller, ask: wire::UserInfo) -> Result<User, Fault> {
    let ended = || Fault::new(Code::Grant, "the code is not valid: unknown, used, over, or another app's");
    let code = required("code", ask.code.as_deref())?;
    let (app, tenant) = holder(&caller).await?;
    let workforce = caller.workforce()?;
    let guess = attempt(&caller, CODE, &app.key_id)?;
    let Some(found) = workforce.token(CODE, code).await? else {
        caller.desk.failed(&guess, Some(&*app)).await;
        return Err(ended());
    };
    if found.payload["app_id"] != *app.key_id || found.payload["tenant_id"] != *tenant {
        return Err(ended());
    }
    // An address that is no longer the app's has had a code that is no longer good.
    let back = found.payload["redirect_uri"].as_str().unwrap_or_default();
    if !back.is_empty() && !registered(&app, back) {
        return Err(ended());
    }
    let used = workforce.use_token(CODE, code).await?.ok_or_else(ended)?;
    if used.expires_at.is_some_and(|end| end <= caller.now) {
        return Err(ended());
    }
    let id: Id = used.payload["employee"].as_str().unwrap_or_default().parse().map_err(|_| ended())?;
    let record = workforce.get(Kind::Employee, id).await?.ok_or_else(ended)?;
    user(&caller, &record, &tenant).await
}

/// Looks a user up by id.
pub(super) async fn get_user_info(caller: Caller, ask: wire::GetUserInfo) -> Result<User, Fault> {
    let nobody = || Fault::new(Code::NoRecord, "there is no such user");
    let id = required("user_id", ask.user_id.as_deref())?.parse().map_err(|_| nobody())?;
    let (_, tenant) = holder(&caller).await?;
    let record = caller.workforce()?.get(Kind::Employee, id).await?;
    let record = record.filter(|record| !record.deleted).ok_or_else(nobody)?;
    let employee: Employee = record.read()?;
    let mut user = user(&caller, &record, &tenant).await?;
    user.code.clone_from(&employee.employee_no);
    user.position = employee.job_title;
    user.mobile = employee.mobile.map(tongshi_model::Personal::into_inner);
    Ok(user)
}

async fn user(caller: &Caller, record: &Record, tenant: &str) -> Result<User, Fault> {
    let employee: Employee = record.read()?;
    let department = department(caller.workforce()?, employee.org_unit).await?;
    Ok(map::show_user(record.id, &employee, department, tenant))
}

/// The app and tenant for which the caller's token was issued. A token ends with the key that it was asked for with, so
/// that whoever takes the key away voids it early (§A1).
async fn holder(caller: &Caller) -> Result<(Arc<Grant>, String), Fault> {
    let void = || Fault::new(Code::Token, "the access_token is not valid");
    let grant = caller.grant.as_deref().ok_or_else(void)?;
    let token = grant.workforce.token(APP_TOKEN, grant.secret.expose()).await?.ok_or_else(void)?;
    let text = |name: &str| token.payload[name].as_str().unwrap_or_default().to_owned();
    let app = caller.desk.by_key(Waiqin::ID, APP_ID, &text("app_id")).await?;
    let app = app.filter(|app| !app.disabled).ok_or_else(void)?;
    Ok((app, text("tenant_id")))
}

/// The app that sends a user here, if it may.
async fn app(caller: &Caller, app_id: &str) -> Result<Option<Arc<Grant>>, Fault> {
    let grant = caller.desk.by_key(Waiqin::ID, APP_ID, app_id).await?;
    Ok(grant.filter(|grant| !grant.disabled && grant.settings["sandbox"] == true))
}

fn of_tenant(grant: &Grant, tenant: &str) -> bool {
    grant.setting("tenant_id").is_none_or(|expected| expected == tenant)
}

/// Whether the address is one of those registered for the app, byte for byte.
fn registered(grant: &Grant, redirect_uri: &str) -> bool {
    let known = grant.redirect_uris().chain(grant.setting("redirect_uri"));
    is_redirect(redirect_uri) && known.into_iter().any(|known| known == redirect_uri)
}

fn is_state(state: Option<&str>) -> bool {
    state.is_none_or(|state| state.len() <= STATE_BYTES_MAX && !state.chars().any(char::is_control))
}

/// Failures go to the vendor's error page, never to the app (§10 of the ambiguities). A state that cannot be returned
/// unchanged is not returned at all.
fn failed(error: &str, state: Option<&str>, app_id: &str) -> Screen {
    failed_at(ERROR_PAGE, error, state, app_id)
}

/// The same from the menu's address, which lies two steps deeper.
fn failed_from_menu(error: &str, state: Option<&str>, app_id: &str) -> Screen {
    failed_at(&format!("../../{ERROR_PAGE}"), error, state, app_id)
}

fn failed_at(page: &str, error: &str, state: Option<&str>, app_id: &str) -> Screen {
    let mut pairs = vec![("error", error)];
    if let Some(state) = state.filter(|state| is_state(Some(state))) {
        pairs.push(("state", state));
    }
    pairs.push(("app_id", map::cut(app_id, 128)));
    Screen::Redirect(return_url(page, &pairs))
}

/// Keeps a step and gives what leads back to it: the app's id, so that its workspace is found, and the token.
async fn kept(grant: &Grant, step: &Step) -> Result<String, Fault> {
    let token = grant.workforce.issue_token(STEP, json!(step), Some(STEP_SECONDS)).await?;
    Ok(format!("{}.{token}", step.app_id))
}

fn step_token(step: &str) -> &str {
    step.split_once('.').map_or("", |(_, token)| token)
}

async fn resumed(caller: &Caller, step: &str) -> Result<Option<(Arc<Grant>, Step)>, Fault> {
    let Some((app_id, token)) = step.split_once('.') else { return Ok(None) };
    let Some(grant) = app(caller, app_id).await? else { return Ok(None) };
    let found = grant.workforce.token(STEP, token).await?;
    let live =
        found.filter(|found| found.used_at.is_none() && found.expires_at.is_none_or(|end| end > caller.now));
    let step: Option<Step> = live.and_then(|found| serde_json::from_value(found.payload).ok());
    Ok(step.filter(|step| step.app_id == app_id).map(|step| (grant, step)))
}

/// The person with this number and mobile, if they work here.
async fn signed_in(
    caller: &Caller,
    grant: &Grant,
    login: &str,
    password: &str,
) -> Result<Option<Record>, Fault> {
    if login.is_empty() || password.is_empty() {
        return Ok(None);
    }
    let attempt = attempt(caller, SIGN_IN, login)?;
    let mut only = None;
    for record in grant.workforce.find(Kind::Employee, "employee_no", login).await? {
        let employee: Employee = record.read()?;
        let fits = employee.mobile.as_ref().is_some_and(|mobile| mobile.expose() == password);
        if fits && employee.status != Some(EmploymentStatus::Ended) {
            only = Some(record);
        }
    }
    match &only {
        Some(_) => caller.desk.passed(&attempt),
        None => caller.desk.failed(&attempt, Some(grant)).await,
    }
    Ok(only)
}

async fn issued(grant: &Grant, step: &Step) -> Result<String, Fault> {
    let payload = json!({
        "app_id": step.app_id, "tenant_id": step.tenant_id, "redirect_uri": step.redirect_uri,
        "employee": step.employee,
    });
    Ok(grant.workforce.issue_token(CODE, payload, Some(CODE_SECONDS)).await?)
}

async fn redirect(grant: &Grant, step: &Step) -> Result<Screen, Fault> {
    let code = issued(grant, step).await?;
    let mut pairs = vec![("code", &*code)];
    if let Some(state) = &step.state {
        pairs.push(("state", state));
    }
    pairs.extend([("tenant_id", &*step.tenant_id), ("app_id", &*step.app_id)]);
    Ok(Screen::Redirect(return_url(&step.redirect_uri, &pairs)))
}
