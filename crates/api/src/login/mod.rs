//! People signing in, in their browsers: out to the vendor, back, and out of the session again. Pages without scripts,
//! in Chinese and English; the hub decides everything.

mod cookies;
mod pages;

use axum::{
    extract::{Path, Request, State},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt as _;
use tongshi_dialect::{Language, Reply, strict_pairs};
use tongshi_hub::{Arrived, Hub, NewSession, NotSignedIn};
use tongshi_model::Error;
use utoipa_axum::router::OpenApiRouter;

use crate::{client, problem::Problem};

use cookies::{BROWSER, Cookie, SESSION};

/// Where somebody lands who wanted nowhere in particular.
const LANDING: &str = "/login";

/// The largest form.
const FORM_BYTES_MAX: usize = 4096;

/// The routes of this folder. They are for people, so the description of the API does not list them.
pub(crate) fn routes() -> OpenApiRouter<Hub> {
    OpenApiRouter::default()
        .route(LANDING, get(landing))
        .route("/login/{connection}", get(begin))
        .route("/login/{connection}/callback", get(end))
        .route("/login/{connection}/confirm", post(confirm))
        .route("/logout", get(ask_out).post(out))
}

/// Who is signed in here.
async fn landing(State(hub): State<Hub>, headers: HeaderMap) -> Result<Response, Problem> {
    let who = match cookies::read(&headers, SESSION) {
        Some(token) => hub.signed_in(&token).await?,
        None => None,
    };
    Ok(response(pages::landing(language(&headers), who.as_ref())))
}

/// Sends the browser to the vendor.
async fn begin(State(hub): State<Hub>, Path(connection): Path<String>, request: Request) -> Response {
    if *request.method() == Method::HEAD {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let language = language(request.headers());
    let query = strict_pairs(request.uri().query().unwrap_or_default().as_bytes());
    let Ok(query) = query else { return refused(language, None, &NotSignedIn::ReturnTo) };
    let return_to = query.get("return_to").and_then(|value| value.as_str());
    let browser = cookies::read(request.headers(), BROWSER);
    let peer = client::address(request.extensions());
    match hub.begin_sign_in(&connection, browser.as_deref(), return_to, peer).await {
        Ok(departing) => {
            let kept = Cookie {
                name: BROWSER,
                value: &departing.browser,
                seconds: departing.lifetime_seconds,
                secure: departing.secure,
            };
            moved(StatusCode::FOUND, &departing.location, &[kept])
        }
        Err(why) => refused(language, Some(&connection), &why),
    }
}

/// Takes the browser back from the vendor, whichever way it was sent.
async fn end(State(hub): State<Hub>, Path(connection): Path<String>, request: Request) -> Response {
    // Whoever only looks at a link must not use its code up.
    if *request.method() == Method::HEAD {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let language = language(request.headers());
    let browser = cookies::read(request.headers(), BROWSER);
    let peer = client::address(request.extensions());
    let query = request.uri().query().unwrap_or_default();
    match hub.end_sign_in(&connection, query, browser.as_deref(), peer).await {
        Ok(Arrived::SignedIn(session)) => {
            signed_in(&hub, request.headers(), &session, StatusCode::FOUND).await
        }
        Ok(Arrived::Asked(question)) => {
            let mut response = response(pages::question(language, &connection, &question));
            let kept = Cookie {
                name: BROWSER,
                value: &question.browser,
                seconds: question.lifetime_seconds,
                secure: question.secure,
            };
            kept.set(response.headers_mut());
            response
        }
        Err(why) => refused(language, Some(&connection), &why),
    }
}

/// Takes the word of somebody who came by a menu.
async fn confirm(State(hub): State<Hub>, Path(connection): Path<String>, request: Request) -> Response {
    let language = language(request.headers());
    let headers = request.headers().clone();
    if !is_from_here(&headers) {
        return refused(language, Some(&connection), &NotSignedIn::Return);
    }
    let peer = client::address(request.extensions());
    let Some(form) = form(request).await else {
        return refused(language, Some(&connection), &NotSignedIn::Return);
    };
    let browser = cookies::read(&headers, BROWSER);
    match hub.confirm_sign_in(&connection, &form, browser.as_deref(), peer).await {
        Ok(session) => signed_in(&hub, &headers, &session, StatusCode::SEE_OTHER).await,
        Err(why) => refused(language, Some(&connection), &why),
    }
}

/// Asks whether somebody wants out: a link alone must not sign anybody out.
async fn ask_out(headers: HeaderMap) -> Response {
    response(pages::ask_out(language(&headers)))
}

/// Ends the session of this browser.
async fn out(State(hub): State<Hub>, headers: HeaderMap) -> Result<Response, Problem> {
    if !is_from_here(&headers) {
        return Err(Error::forbidden("the form was sent from another site").into());
    }
    if let Some(token) = cookies::read(&headers, SESSION) {
        hub.sign_out(&token).await?;
    }
    let mut response = response(pages::signed_out(language(&headers)));
    cookies::clear(response.headers_mut());
    Ok(response)
}

async fn signed_in(hub: &Hub, headers: &HeaderMap, session: &NewSession, status: StatusCode) -> Response {
    // A browser has one session; the one before ends.
    if let Some(before) = cookies::read(headers, SESSION)
        && let Err(error) = hub.sign_out(&before).await
    {
        tracing::warn!(reason = %error, cause = %error.private(), "an earlier session goes on");
    }
    let target = if session.return_to.is_empty() { LANDING } else { &session.return_to };
    let kept = Cookie {
        name: SESSION,
        value: &session.token,
        seconds: session.lifetime_seconds,
        secure: session.secure,
    };
    moved(status, target, &[kept])
}

fn moved(status: StatusCode, target: &str, cookies: &[Cookie<'_>]) -> Response {
    let Ok(location) = HeaderValue::from_str(target) else {
        return refused(Language::default(), None, &NotSignedIn::ReturnTo);
    };
    let mut response = Response::default();
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, location);
    // The address that is left holds a code.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    for cookie in cookies {
        cookie.set(headers);
    }
    response
}

fn refused(language: Language, connection: Option<&str>, why: &NotSignedIn) -> Response {
    let mut response = response(pages::refused(language, connection, why));
    if let NotSignedIn::Limited(seconds) = why {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
    }
    response
}

fn response(reply: Reply) -> Response {
    let mut response = Response::new(reply.body.into());
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    response
}

fn language(headers: &HeaderMap) -> Language {
    Language::wanted(headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()))
}

/// Whether a form comes from a page of ours, as far as the browser tells. Session cookies do not travel with other sites'
/// forms (`SameSite=Lax`); this holds where a browser does not know that.
fn is_from_here(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    // Our pages send no referrer, and then some browsers send no origin either.
    let Some(origin) = text("origin").filter(|origin| *origin != "null") else { return true };
    let host = origin.split_once("://").map(|(_, host)| host);
    host.is_some() && host == text("host")
}

/// The proof in a form.
async fn form(request: Request) -> Option<String> {
    let body = http_body_util::Limited::new(request.into_body(), FORM_BYTES_MAX).collect().await.ok()?;
    let fields = strict_pairs(&body.to_bytes()).ok()?;
    fields.get("proof")?.as_str().map(str::to_owned)
}
