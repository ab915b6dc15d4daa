//! Sign-in for the sandbox: the page, the code, the token. The vendor documents the names and nothing else (§6.28);
//! real sign-in is the hub's own OpenID Connect, so this answers only apps whose setting `sandbox` is true.

use std::sync::Arc;

use serde_json::json;
use tongshi_dialect::{AuthFault, Caller, Dialect as _, Grant, Screen, escape, hidden, page};
use tongshi_model::{Employee, Kind};
use tongshi_oauth::{is_registered, return_url, same_secret};

use super::{attempt, live};
use crate::zhiren::{
    auth::ACCESS_TOKEN,
    map, wire,
    wire::{Fault, FaultCode, Zhiren},
};

/// What response codes are issued for, and how long they live.
const RESPONSE_CODE: &str = "zhiren.response_code";
const RESPONSE_CODE_SECONDS: i64 = 300;
/// Which of the face's keys sign-in goes by.
const APP_ID: &str = "app_id";
/// Where guesses at the sign-in page and at codes are counted.
const SIGN_IN: &str = "zhiren.sign_in";
/// How long access tokens live.
const ACCESS_TOKEN_SECONDS: i64 = 7200;
/// The longest state that is carried.
const STATE_BYTES_MAX: usize = 512;

pub(super) async fn authorize(caller: Caller, ask: wire::Authorize) -> Result<Screen, Fault> {
    sandbox_app(&caller, &ask.app_id, &ask.callback_url, &ask.state).await?;
    Ok(form(&ask.app_id, &ask.callback_url, &ask.state, false))
}

pub(super) async fn sign_in(caller: Caller, ask: wire::SignIn) -> Result<Screen, Fault> {
    let grant = sandbox_app(&caller, &ask.app_id, &ask.callback_url, &ask.state).await?;
    let attempt = attempt(&caller, SIGN_IN, &ask.empno)?;
    let found = grant.workforce.find(Kind::Employee, "employee_no", &ask.empno).await?;
    let mut user = None;
    for record in found {
        let employee: Employee = record.read()?;
        let mobile = employee.mobile.as_ref().map(|mobile| mobile.expose().as_str());
        if mobile == Some(&*ask.mobile) && !ask.mobile.is_empty() && !map::has_left(&employee) {
            user = Some(record.id);
        }
    }
    let Some(user) = user else {
        caller.desk.failed(&attempt, Some(&*grant)).await;
        return Ok(form(&ask.app_id, &ask.callback_url, &ask.state, true));
    };
    caller.desk.passed(&attempt);
    let payload = json!({"app_id": ask.app_id, "callback_url": ask.callback_url, "employee": user});
    let code = grant.workforce.issue_token(RESPONSE_CODE, payload, Some(RESPONSE_CODE_SECONDS)).await?;
    let mut pairs = vec![("response_code", code.as_str())];
    if !ask.state.is_empty() {
        pairs.push(("state", &ask.state));
    }
    Ok(Screen::Redirect(return_url(&ask.callback_url, &pairs)))
}

pub(super) async fn access_token(
    caller: Caller,
    ask: wire::TokenRequest,
) -> Result<wire::TokenAnswer, Fault> {
    // Whoever has the wrong secret learns no more than whoever made the app up.
    let refused = || Fault::new(FaultCode::AccessKey, "app_id and app_secret do not belong together");
    let attempt = attempt(&caller, Zhiren::ID, &ask.app_id)?;
    let Some(grant) = caller.desk.by_key(Zhiren::ID, APP_ID, &ask.app_id).await? else {
        caller.desk.failed(&attempt, None).await;
        return Err(refused());
    };
    if grant.disabled || !same_secret(&grant.secret, &ask.app_secret) {
        caller.desk.failed(&attempt, Some(&*grant)).await;
        return Err(refused());
    }
    caller.desk.passed(&attempt);
    if !grant.admits(caller.peer) {
        return Err(AuthFault::Address.into());
    }
    check_callback(&grant, &ask.callback_url)?;
    let ended = || Fault::no_record("the response_code is not valid: unknown, used or expired");
    let guess = super::attempt(&caller, RESPONSE_CODE, &ask.app_id)?;
    let Some(token) = grant.workforce.use_token(RESPONSE_CODE, &ask.response_code).await? else {
        caller.desk.failed(&guess, Some(&*grant)).await;
        return Err(ended());
    };
    let over = token.expires_at.is_some_and(|expires_at| expires_at <= caller.now);
    // A code is for the app and the address to which it was given, and for nobody else.
    if over || token.payload["app_id"] != *ask.app_id || token.payload["callback_url"] != *ask.callback_url {
        return Err(ended());
    }
    let employee = token.payload["employee"].as_str().unwrap_or_default();
    let user = live(&*grant.workforce, Kind::Employee, employee).await.map_err(|_| ended())?;
    let payload = json!({"employee": user.id});
    let access_token = grant.workforce.issue_token(ACCESS_TOKEN, payload, Some(ACCESS_TOKEN_SECONDS)).await?;
    Ok(wire::TokenAnswer { access_token, expires_in: ACCESS_TOKEN_SECONDS })
}

/// The app that sends a user here, if it may. Nothing is sent to an address before that is certain.
async fn sandbox_app(
    caller: &Caller,
    app_id: &str,
    callback_url: &str,
    state: &str,
) -> Result<Arc<Grant>, Fault> {
    let unknown = || Fault::new(FaultCode::AccessKey, "no app has this app_id");
    let attempt = attempt(caller, Zhiren::ID, app_id)?;
    let found = caller.desk.by_key(Zhiren::ID, APP_ID, app_id).await?;
    let Some(grant) = found.filter(|grant| !grant.disabled) else {
        caller.desk.failed(&attempt, None).await;
        return Err(unknown());
    };
    if grant.settings["sandbox"] != true {
        return Err(Fault::new(FaultCode::Forbidden, "sign-in is not set up for this app"));
    }
    check_callback(&grant, callback_url)?;
    if state.len() > STATE_BYTES_MAX || state.chars().any(char::is_control) {
        return Err(Fault::parameter(format!("state must be a text of at most {STATE_BYTES_MAX} bytes")));
    }
    Ok(grant)
}

fn check_callback(grant: &Grant, callback_url: &str) -> Result<(), Fault> {
    if grant.redirect_uris().any(|registered| is_registered(registered, callback_url)) {
        return Ok(());
    }
    Err(Fault::parameter("callback_url is not the one that is registered for this app"))
}

/// The page with the form. It posts to where it came from, without the question that brought the user here.
fn form(app_id: &str, callback_url: &str, state: &str, refused: bool) -> Screen {
    let hidden = hidden(&[("app_id", app_id), ("callback_url", callback_url), ("state", state)]);
    let notice = if refused {
        "<p role=\"alert\">工号与手机号不符。No employee has this number and this mobile.</p>\n"
    } else {
        ""
    };
    let body = format!(
        "<p>应用 {app} 请求以您的身份访问。The app {app} asks to act for you.</p>\n{notice}\
         <form method=\"post\" action=\"authorize\">\n{hidden}\
         <p><label>工号 Employee number <input name=\"empno\" autocomplete=\"username\" required></label></p>\n\
         <p><label>手机号 Mobile <input name=\"mobile\" inputmode=\"tel\" autocomplete=\"tel\" required></label></p>\n\
         <p><button type=\"submit\">登录并授权 Sign in and allow</button></p>\n</form>",
        app = escape(app_id),
    );
    Screen::Page(page("登录 · Sign in", &body))
}
