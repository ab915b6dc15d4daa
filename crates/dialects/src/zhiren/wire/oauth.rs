//! The two OAuth addresses. The document names the parameters and no address at all (§6.28): paths, methods and
//! lifetimes are ours. What a browser sees is built here from texts that are escaped on the way.

use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use tongshi_dialect::{NoAuth, Reply, operation};

use super::{Shape, Zhiren};

/// What the browser is shown, or where it is sent.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Screen {
    /// A page, as HTML.
    Page(String),
    /// An address.
    Redirect(String),
}

/// The token that a response code is changed into.
#[derive(Serialize, Deserialize)]
pub(crate) struct TokenAnswer {
    pub(crate) access_token: String,
    pub(crate) expires_in: i64,
}

/// Shows the sign-in page to a user whom an app has sent.
#[derive(Serialize, Deserialize)]
pub(crate) struct Authorize {
    #[serde(default)]
    pub(crate) app_id: String,
    #[serde(default)]
    pub(crate) callback_url: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) state: String,
}

operation! {
    impl Operation for Authorize in Zhiren {
        "oauth.authorize", Get "/oauth/authorize", Uncertain "§1 OAuth2, §6.28: the address is ours";
        NoAuth => Screen, Shape::Page
    }
}

/// What the user entered on that page.
#[derive(Serialize, Deserialize)]
pub(crate) struct SignIn {
    #[serde(default)]
    pub(crate) app_id: String,
    #[serde(default)]
    pub(crate) callback_url: String,
    #[serde(default)]
    pub(crate) state: String,
    #[serde(default)]
    pub(crate) empno: String,
    #[serde(default)]
    pub(crate) mobile: String,
}

operation! {
    impl Operation for SignIn in Zhiren {
        "oauth.sign_in", Post "/oauth/authorize", Uncertain "§1 OAuth2, §6.28: the address is ours";
        NoAuth => Screen, Shape::Page
    }
}

/// Changes a response code into an access token.
#[derive(Serialize, Deserialize)]
pub(crate) struct TokenRequest {
    pub(crate) app_id: String,
    pub(crate) app_secret: String,
    pub(crate) callback_url: String,
    pub(crate) response_code: String,
}

operation! {
    impl Operation for TokenRequest in Zhiren {
        "oauth.access_token", Post "/oauth/access_token", Uncertain "§1 OAuth2, §6.28: the address is ours";
        NoAuth => TokenAnswer, Shape::Flat
    }
}

/// A whole page around a body that is HTML already.
pub(crate) fn page(title: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html>\n<html lang=\"zh-CN\">\n<head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title></head>\n\
         <body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
    )
}

/// Text as HTML, safe between tags and in quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Turns a serialised [`Screen`] into a reply.
pub(super) fn screen_reply(body: &[u8]) -> Reply {
    match serde_json::from_slice(body) {
        Ok(Screen::Page(html)) => html_reply(StatusCode::OK, html),
        Ok(Screen::Redirect(location)) => match Reply::redirect(&location) {
            Some(reply) => guarded(reply),
            None => fault_page(StatusCode::BAD_REQUEST, "the callback address cannot be used"),
        },
        Err(_) => fault_page(StatusCode::INTERNAL_SERVER_ERROR, "the page cannot be shown"),
    }
}

/// Turns a reply back into a serialised [`Screen`].
pub(super) fn screen_read(reply: &Reply) -> Option<bytes::Bytes> {
    let screen = if reply.status == StatusCode::FOUND {
        Screen::Redirect(reply.headers.get(header::LOCATION)?.to_str().ok()?.to_owned())
    } else if reply.status.is_success() {
        Screen::Page(String::from_utf8(reply.body.to_vec()).ok()?)
    } else {
        return None;
    };
    serde_json::to_vec(&screen).ok().map(Into::into)
}

/// A page that says what went wrong. It leads nowhere: an address that is not registered gets nothing.
pub(super) fn fault_page(status: StatusCode, text: &str) -> Reply {
    let body = format!("<p>无法登录。</p>\n<p>Sign-in is not possible: {}.</p>", escape(text));
    html_reply(status, page("登录 · Sign in", &body))
}

fn html_reply(status: StatusCode, html: String) -> Reply {
    let mut reply = Reply::empty(status);
    reply.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    reply.body = html.into();
    guarded(reply)
}

/// No scripts, no frames, no copies, no trail.
fn guarded(mut reply: Reply) -> Reply {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in headers {
        reply.headers.insert(name, HeaderValue::from_static(value));
    }
    reply
}
