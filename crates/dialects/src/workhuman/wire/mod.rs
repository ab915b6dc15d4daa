//! Workhuman on the wire, as the withdrawn pages have it: a form for the token, a query or JSON elsewhere, JSON out.
//! Nothing outside this folder sees these types.

mod fault;
mod oauth;
mod people;
mod programme;
mod recognition;
mod rewards;

use base64::Engine as _;
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tongshi_dialect::{
    Dialect, FormFault, Message, ParamFault, Reply, Screen, Unread, refusal, strict_object, strict_pairs,
};

pub(crate) use self::{fault::*, oauth::*, people::*, programme::*, recognition::*, rewards::*};

/// The protocol of Workhuman.
pub(crate) struct Workhuman;

/// How one operation's envelope differs from another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A form in, RFC 6749's answers out; the client may also be named by HTTP Basic (§5.4).
    Token,
    /// A query or form in, a page for a browser out.
    Page,
    /// A query in, JSON out.
    Query,
    /// JSON in and out.
    Json,
    /// JSON in and out, made new: 201, and at most once for an `Idempotency-Key` (§5.15).
    Created,
}

/// The field that travels as a header.
const ONCE: &str = "idempotency_key";
const ONCE_HEADER: &str = "idempotency-key";

impl Dialect for Workhuman {
    const ID: &'static str = "workhuman";
    type Shape = Shape;
    type Layout = ();
    type Fault = Fault;

    fn put(mut fields: Map<String, Value>, shape: Shape, _layout: (), message: &mut Message) {
        match shape {
            Shape::Query => put_query(fields, message),
            Shape::Page if message.method == Method::GET => put_query(fields, message),
            Shape::Token | Shape::Page => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                for (name, value) in fields {
                    if let Some(text) = plain(value) {
                        form.append_pair(&name, &text);
                    }
                }
                put_body(message, "application/x-www-form-urlencoded", form.finish());
            }
            Shape::Json | Shape::Created => {
                if let Some(Value::String(key)) = fields.remove(ONCE)
                    && let Ok(key) = HeaderValue::from_bytes(key.as_bytes())
                {
                    message.headers.insert(ONCE_HEADER, key);
                }
                fields.retain(|_, value| !value.is_null());
                put_body(message, "application/json", Value::Object(fields).to_string());
            }
        }
    }

    fn take(message: &Message, shape: Shape) -> Result<Map<String, Value>, FormFault> {
        match shape {
            Shape::Query => strict_pairs(message.query.as_bytes()),
            Shape::Page if message.method == Method::GET => strict_pairs(message.query.as_bytes()),
            Shape::Page | Shape::Token if !message.is_form() => {
                Err(FormFault::Malformed("a form is expected: application/x-www-form-urlencoded".to_owned()))
            }
            Shape::Page => strict_pairs(&message.body),
            Shape::Token => {
                let mut fields = strict_pairs(&message.body)?;
                take_basic(message, &mut fields)?;
                Ok(fields)
            }
            Shape::Json | Shape::Created => {
                let text = std::str::from_utf8(&message.body).map_err(|_| ParamFault::NotUtf8)?;
                let mut fields = if text.trim().is_empty() { Map::new() } else { strict_object(text)? };
                fields.remove(ONCE);
                if let Some(key) = message.headers.get(ONCE_HEADER) {
                    let key = std::str::from_utf8(key.as_bytes()).map_err(|_| ParamFault::NotUtf8)?;
                    fields.insert(ONCE.to_owned(), key.into());
                }
                Ok(fields)
            }
        }
    }

    fn answer(body: Vec<u8>, shape: Shape) -> Reply {
        match shape {
            Shape::Page => Screen::reply(&body),
            Shape::Token => uncached(Reply::json(StatusCode::OK, body)),
            Shape::Query | Shape::Json => Reply::json(StatusCode::OK, body),
            Shape::Created => Reply::json(StatusCode::CREATED, body),
        }
    }

    fn fault(fault: &Fault, shape: Shape) -> Reply {
        let (word, text, status) = (fault.code.word(), &*fault.text, fault.code.status());
        match shape {
            Shape::Page => refusal(status, text),
            Shape::Token => {
                let body = json!({"error": word, "error_description": text, "details": fault.details});
                let mut reply = uncached(Reply::json(status, body.to_string()));
                if status == StatusCode::UNAUTHORIZED {
                    // Asked for where the client tried HTTP Basic (RFC 6749 §5.2), and harmless elsewhere.
                    let basic = HeaderValue::from_static("Basic realm=\"workhuman\"");
                    reply.headers.insert(header::WWW_AUTHENTICATE, basic);
                }
                reply
            }
            Shape::Query | Shape::Json | Shape::Created => {
                let body = json!({"error": word, "message": text, "details": fault.details});
                let mut reply = Reply::json(status, body.to_string());
                if status == StatusCode::UNAUTHORIZED {
                    let bearer = HeaderValue::from_static("Bearer realm=\"workhuman\"");
                    reply.headers.insert(header::WWW_AUTHENTICATE, bearer);
                }
                reply
            }
        }
    }

    fn read(reply: &Reply, shape: Shape) -> Result<Bytes, Unread<Fault>> {
        if shape == Shape::Page {
            return Screen::read(reply).ok_or(Unread::Garbled);
        }
        if reply.status.is_success() {
            let begins = reply.body.iter().find(|byte| !byte.is_ascii_whitespace());
            return match begins {
                Some(b'{' | b'[') => Ok(reply.body.clone()),
                None => Ok(Bytes::from_static(b"{}")),
                Some(_) => Err(Unread::Garbled),
            };
        }
        // The pages show no body of a failure, so the status alone must do (§2).
        let status = reply.status.as_u16();
        match serde_json::from_slice::<Refused>(&reply.body) {
            Ok(Refused { error, message, error_description, details }) => {
                let text = message.or(error_description).unwrap_or_default();
                let code = Code::of(status, error.as_deref().unwrap_or_default());
                Err(Unread::Fault(Fault { details: details.unwrap_or_default(), ..Fault::new(code, text) }))
            }
            Err(_) if reply.status.is_client_error() => {
                Err(Unread::Fault(Fault::new(Code::of(status, ""), "the vendor gives no reason")))
            }
            Err(_) => Err(Unread::Garbled),
        }
    }

    fn code(fault: &Fault) -> Option<String> {
        Some(fault.code.word().to_owned())
    }
}

/// A refusal in either form.
#[derive(Deserialize)]
struct Refused {
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    error_description: Option<String>,
    #[serde(default)]
    details: Option<Vec<Detail>>,
}

/// Takes the client's name and secret from the header (RFC 6749 §2.3.1); in both places they are refused.
fn take_basic(message: &Message, fields: &mut Map<String, Value>) -> Result<(), FormFault> {
    let malformed = || FormFault::Malformed("the header Authorization is not HTTP Basic".to_owned());
    let Some(value) = message.headers.get(header::AUTHORIZATION) else { return Ok(()) };
    let text = value.to_str().map_err(|_| malformed())?;
    let encoded = text.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
    let (_, encoded) = encoded.ok_or_else(malformed)?;
    let bytes = base64::engine::general_purpose::STANDARD.decode(encoded.trim()).map_err(|_| malformed())?;
    let text = String::from_utf8(bytes).map_err(|_| malformed())?;
    let (id, secret) = text.split_once(':').ok_or_else(malformed)?;
    for (name, part) in [("client_id", id), ("client_secret", secret)] {
        let part = percent_decode_str(part).decode_utf8().map_err(|_| malformed())?;
        if fields.insert(name.to_owned(), part.into_owned().into()).is_some() {
            return Err(FormFault::Malformed("the client is named in the header and in the form".to_owned()));
        }
    }
    Ok(())
}

/// Tokens are kept by nobody on the way (RFC 6749 §5.1).
fn uncached(mut reply: Reply) -> Reply {
    reply.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}

fn put_query(fields: Map<String, Value>, message: &mut Message) {
    for (name, value) in fields {
        if let Some(text) = plain(value) {
            message.add_query(&name, &text);
        }
    }
}

fn plain(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

fn put_body(message: &mut Message, content_type: &'static str, body: String) {
    message.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    message.body = body.into();
}
