//! The token (§1), and the authorization code with PKCE that the page names. Sign-in by number and mobile is for sandbox apps
//! (setting `sandbox`); real sign-in is the hub's own.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;
use tongshi_dialect::{Caller, Dialect as _, Grant, Record, Screen};
use tongshi_model::{Employee, EmploymentStatus, Id, Kind};
use tongshi_oauth::{is_challenge, is_registrable, return_url, same_secret, verifies};

use super::{given, pages};
use crate::workhuman::{
    auth::ACCESS,
    wire::{AccessToken, Authorize, AuthorizeStep, Code, Fault, TokenGet, Workhuman},
};

/// How long an access token lives (§5.3).
pub(crate) const TOKEN_SECONDS: i64 = 3600;
/// What codes are issued for, and how long one lives: RFC 6749 §4.1.2 recommends ten minutes at most.
const CODE: &str = "workhuman.code";
const CODE_SECONDS: i64 = 300;
/// What leads from page to page, and how long somebody may think.
const STEP: &str = "workhuman.step";
const STEP_SECONDS: i64 = 900;
/// The longest state, in bytes.
const STATE_BYTES_MAX: usize = 1024;

/// A sign-in on its way, and then what a code stands for.
#[derive(Clone, Serialize, Deserialize)]
struct Step {
    client_id: String,
    redirect_uri: String,
    state: Option<String>,
    challenge: String,
    /// Who has signed in.
    person: Option<Id>,
}

/// Gives a token for the client itself or for a code.
pub(super) async fn token(caller: Caller, ask: TokenGet) -> Result<AccessToken, Fault> {
    let grant = client(&caller, &ask).await?;
    let grant_type = given(&ask.grant_type);
    let missing = || Fault::new(Code::Request, "grant_type is missing; use client_credentials");
    let person = match grant_type.ok_or_else(missing)? {
        "client_credentials" => None,
        "authorization_code" => Some(redeemed(&caller, &grant, &ask).await?),
        // The page's word, where RFC 6749 has unsupported_grant_type (§5.5).
        _ => return Err(Fault::new(Code::Grant, "use client_credentials")),
    };
    let payload = json!({
        "client_id": grant.key_id, "tenant_id": grant.setting("tenant_id"), "person": person,
    });
    let access_token = grant.workforce.issue_token(ACCESS, payload, Some(TOKEN_SECONDS)).await?;
    let token_type = Some("Bearer".to_owned());
    Ok(AccessToken { access_token, token_type, expires_in: Some(TOKEN_SECONDS) })
}

/// The client that asks. Whoever has the wrong secret, or is switched off, learns no more than whoever made it up.
async fn client(caller: &Caller, ask: &TokenGet) -> Result<Arc<Grant>, Fault> {
    let refused = || Fault::new(Code::Client, "client_id and client_secret do not belong together");
    let (Some(id), Some(secret)) = (given(&ask.client_id), given(&ask.client_secret)) else {
        return Err(Fault::new(Code::Client, "client_id or client_secret is missing"));
    };
    let attempt = tongshi_dialect::Attempt { peer: caller.peer, place: Workhuman::ID, id };
    if let Err(wait) = caller.desk.may_try(&attempt) {
        let text = format!("too many wrong secrets came from there; try again in {} seconds", wait.seconds());
        return Err(Fault::new(Code::Limited, text));
    }
    let Some(grant) = caller.desk.by_key(Workhuman::ID, "client_id", id).await? else {
        caller.desk.failed(&attempt, None).await;
        return Err(refused());
    };
    if grant.disabled || !same_secret(&grant.secret, secret) {
        caller.desk.failed(&attempt, Some(&grant)).await;
        return Err(refused());
    }
    caller.desk.passed(&attempt);
    if !grant.admits(caller.peer) {
        return Err(Fault::new(Code::Forbidden, "the client may not call from this address"));
    }
    // One client belongs to one tenant (§5.7); who names another has the wrong settings.
    let tenant = given(&ask.tenant_id).zip(grant.setting("tenant_id"));
    if tenant.is_some_and(|(given, known)| given != known) {
        return Err(Fault::new(Code::Request, "tenant_id is not this client's"));
    }
    Ok(grant)
}

/// Whose code it is: used once, within its life, by the client that asked for it, with the same redirect URI and the
/// verifier. What fails does not burn it.
async fn redeemed(caller: &Caller, grant: &Grant, ask: &TokenGet) -> Result<Id, Fault> {
    let over = || Fault::new(Code::Grant, "the code is not valid: unknown, used, over, or another client's");
    let code = given(&ask.code).ok_or_else(|| Fault::new(Code::Request, "code is missing"))?;
    let found = grant.workforce.token(CODE, code).await?.ok_or_else(over)?;
    let step: Step = serde_json::from_value(found.payload).map_err(|_| over())?;
    if step.client_id != grant.key_id || given(&ask.redirect_uri) != Some(&*step.redirect_uri) {
        return Err(over());
    }
    if !verifies(&step.challenge, given(&ask.code_verifier).unwrap_or_default()) {
        return Err(Fault::new(Code::Grant, "code_verifier is not the one that the challenge was made of"));
    }
    let used = grant.workforce.use_token(CODE, code).await?.ok_or_else(over)?;
    if used.expires_at.is_some_and(|end| end <= caller.now) {
        return Err(over());
    }
    step.person.ok_or_else(over)
}

/// Begins a sign-in. A client or redirect URI that is not registered gets a page and no redirect (RFC 6749 §4.1.2.1).
pub(super) async fn authorize(caller: Caller, ask: Authorize) -> Result<Screen, Fault> {
    let client_id = given(&ask.client_id).unwrap_or_default();
    let redirect_uri = given(&ask.redirect_uri).unwrap_or_default();
    let grant = app(&caller, client_id).await?;
    let grant = grant
        .ok_or_else(|| Fault::new(Code::Request, "client_id names no client that may sign people in"))?;
    let known = grant.redirect_uris().chain(grant.setting("redirect_uri"));
    // HTTPS, or plain HTTP to one's own machine, exactly as registered.
    if !is_registrable(redirect_uri) || !known.into_iter().any(|known| known == redirect_uri) {
        return Err(Fault::new(Code::Request, "redirect_uri is not registered for this client"));
    }
    let state = ask.state.as_deref();
    let fails = |error: &str, text: &str| Ok(failed(redirect_uri, state, error, text));
    if state.is_some_and(|state| state.len() > STATE_BYTES_MAX) {
        return Ok(failed(redirect_uri, None, "invalid_request", "state is too long"));
    }
    match given(&ask.response_type) {
        Some("code") => {}
        None => return fails("invalid_request", "response_type is missing"),
        Some(_) => return fails("unsupported_response_type", "response_type is code"),
    }
    let challenge = given(&ask.code_challenge).unwrap_or_default();
    if given(&ask.code_challenge_method) != Some("S256") || !is_challenge(challenge) {
        return fails("invalid_request", "code_challenge with code_challenge_method=S256 is required");
    }
    let step = Step {
        client_id: client_id.to_owned(),
        redirect_uri: redirect_uri.to_owned(),
        state: ask.state.clone(),
        challenge: challenge.to_owned(),
        person: None,
    };
    Ok(pages::sign_in(&grant.name, &kept(&grant, &step).await?, false))
}

/// What the person did on a page.
pub(super) async fn step(caller: Caller, ask: AuthorizeStep) -> Result<Screen, Fault> {
    let over = || Fault::new(Code::Request, "the page is too old; begin again");
    let text = given(&ask.step).unwrap_or_default();
    let (client_id, token) = text.split_once('.').ok_or_else(over)?;
    let grant = app(&caller, client_id).await?.ok_or_else(over)?;
    let found = grant.workforce.token(STEP, token).await?;
    let live =
        found.filter(|found| found.used_at.is_none() && found.expires_at.is_none_or(|end| end > caller.now));
    let step: Step = live.and_then(|found| serde_json::from_value(found.payload).ok()).ok_or_else(over)?;
    if step.person.is_none() {
        let attempt = tongshi_dialect::Attempt {
            peer: caller.peer,
            place: "workhuman.sign_in",
            id: given(&ask.login).unwrap_or_default(),
        };
        let tried = caller.desk.may_try(&attempt);
        let found = match tried {
            Ok(()) => signed_in(&grant, &ask).await?,
            Err(_) => return Err(Fault::new(Code::Limited, "too many wrong passwords; try again later")),
        };
        let Some(found) = found else {
            caller.desk.failed(&attempt, Some(&grant)).await;
            return Ok(pages::sign_in(&grant.name, text, true));
        };
        caller.desk.passed(&attempt);
        grant.workforce.use_token(STEP, token).await?.ok_or_else(over)?;
        let name = found.read::<Employee>()?.name;
        let step = Step { person: Some(found.id), ..step };
        return Ok(pages::consent(&grant.name, name.expose(), &kept(&grant, &step).await?));
    }
    grant.workforce.use_token(STEP, token).await?.ok_or_else(over)?;
    let state = step.state.as_deref();
    if ask.decision.as_deref() != Some("allow") {
        return Ok(failed(&step.redirect_uri, state, "access_denied", "the person did not agree"));
    }
    let code = grant.workforce.issue_token(CODE, json!(step), Some(CODE_SECONDS)).await?;
    let mut pairs = vec![("code", &*code)];
    pairs.extend(state.map(|state| ("state", state)));
    Ok(Screen::Redirect(return_url(&step.redirect_uri, &pairs)))
}

fn failed(redirect_uri: &str, state: Option<&str>, error: &str, text: &str) -> Screen {
    let mut pairs = vec![("error", error), ("error_description", text)];
    pairs.extend(state.map(|state| ("state", state)));
    Screen::Redirect(return_url(redirect_uri, &pairs))
}

/// The client that sends a person here, if it may.
async fn app(caller: &Caller, client_id: &str) -> Result<Option<Arc<Grant>>, Fault> {
    let grant = caller.desk.by_key(Workhuman::ID, "client_id", client_id).await?;
    Ok(grant.filter(|grant| !grant.disabled && grant.settings["sandbox"] == true))
}

/// Keeps a step and gives what leads back to it: the client, so that its workspace is found, and the token.
async fn kept(grant: &Grant, step: &Step) -> Result<String, Fault> {
    let token = grant.workforce.issue_token(STEP, json!(step), Some(STEP_SECONDS)).await?;
    Ok(format!("{}.{token}", step.client_id))
}

/// The person with this number and mobile, if they work here.
async fn signed_in(grant: &Grant, ask: &AuthorizeStep) -> Result<Option<Record>, Fault> {
    let (Some(login), Some(password)) = (given(&ask.login), given(&ask.password)) else { return Ok(None) };
    let mut only = None;
    for record in grant.workforce.find(Kind::Employee, "employee_no", login).await? {
        let employee: Employee = record.read()?;
        let fits = employee.mobile.as_ref().is_some_and(|mobile| mobile.expose() == password);
        if fits && employee.status != Some(EmploymentStatus::Ended) {
            only = Some(record);
        }
    }
    Ok(only)
}
