//! Zhiren on the wire: operations by area, how their fields and answers lie in messages, and the error codes. Names
//! are the vendor's, misspellings included (§6.32). Nothing outside this folder sees these types.

mod approvals;
mod attendance;
mod company;
mod fault;
mod moka;
mod oauth;
mod organisation;
mod people;
mod recruitment;

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, value::RawValue};
use tongshi_dialect::{
    Dialect, FormFault, Message, ParamFault, Reply, Screen, Unread, lenient, refusal, strict_object,
    strict_pairs,
};

pub(crate) use self::{
    approvals::*,
    attendance::*,
    company::*,
    fault::*,
    lenient::{Text, count},
    moka::*,
    oauth::*,
    organisation::*,
    people::*,
    recruitment::*,
};

/// The protocol of Zhiren.
pub(crate) struct Zhiren;

/// How one operation's envelope differs from another's (§6.12: four shapes of answers, kept apart).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Fields in `payload`; the answer bare; faults as `{code, text}`.
    Plain,
    /// The same, but the answer is `{code: 0, text}` too.
    CodeText,
    /// The same, but answer and faults are `{error_code, error_message}`.
    Moka,
    /// Fields as parameters of their own, as OAuth has them; faults as `{code, text}`.
    Flat,
    /// Fields as parameters of their own; answer and faults are pages for a browser.
    Page,
}

/// Where the client puts the payload (§6.4: the document leaves it open). Only POST and PATCH have the choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Layout {
    /// In the query, the only place that anybody was seen to use.
    #[default]
    Query,
    /// In a form.
    Form,
    /// As the body.
    Body,
}

/// The payload's text exactly as it was received, which is what is signed (§6.3); empty when there is none (§6.2).
/// It may be a parameter of the query, a field of a form, or the body itself; in two places at once it is refused.
pub(crate) fn payload(message: &Message) -> Result<Cow<'_, str>, ParamFault> {
    let full = |text: &Cow<'_, str>| !text.is_empty();
    let in_query = message.query_value("payload")?.filter(full);
    let in_body =
        if message.is_form() { message.form_value("payload")? } else { body_payload(&message.body)? }
            .filter(full);
    match (in_query, in_body) {
        (Some(_), Some(_)) => Err(ParamFault::Twice),
        (in_query, in_body) => Ok(in_query.or(in_body).unwrap_or_default()),
    }
}

/// The payload in a JSON body: the whole, or what lies under the one key `payload`.
fn body_payload(body: &[u8]) -> Result<Option<Cow<'_, str>>, ParamFault> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wrapped<'a> {
        #[serde(borrow)]
        payload: &'a RawValue,
    }
    let text = std::str::from_utf8(body).map_err(|_| ParamFault::NotUtf8)?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    let wrapped = serde_json::from_str::<Wrapped<'_>>(text).map_or("", |wrapped| wrapped.payload.get());
    Ok(Some(match wrapped.as_bytes().first() {
        Some(b'{') => Cow::Borrowed(wrapped),
        Some(b'"') => serde_json::from_str::<String>(wrapped).map_or(Cow::Borrowed(text), Cow::Owned),
        _ => Cow::Borrowed(text),
    }))
}

impl Dialect for Zhiren {
    const ID: &'static str = "zhiren";
    type Shape = Shape;
    type Layout = Layout;
    type Fault = Fault;

    fn put(fields: Map<String, Value>, shape: Shape, layout: Layout, message: &mut Message) {
        if fields.is_empty() {
            return;
        }
        let reads = message.method == Method::GET;
        if matches!(shape, Shape::Flat | Shape::Page) {
            put_parameters(fields, reads, message);
            return;
        }
        let payload = Value::Object(fields).to_string();
        match layout {
            Layout::Form if !reads => put_body(message, FORM, encoded("payload", &payload)),
            Layout::Body if !reads => put_body(message, "application/json", payload),
            Layout::Query | Layout::Form | Layout::Body => message.add_query("payload", &payload),
        }
    }

    fn take(message: &Message, shape: Shape) -> Result<Map<String, Value>, FormFault> {
        if matches!(shape, Shape::Flat | Shape::Page) {
            return take_parameters(message);
        }
        let payload = payload(message)?;
        // A payload that the document wants where nothing is needed may be absent, empty or `{}` (§6.5).
        if payload.is_empty() { Ok(Map::new()) } else { strict_object(&payload) }
    }

    fn answer(body: Vec<u8>, shape: Shape) -> Reply {
        match shape {
            Shape::Page => Screen::reply(&body),
            Shape::Plain | Shape::CodeText | Shape::Moka | Shape::Flat => Reply::json(StatusCode::OK, body),
        }
    }

    fn fault(fault: &Fault, shape: Shape) -> Reply {
        let (code, status) = (fault.code, fault.code.status());
        let text = &*fault.text;
        let body = match shape {
            Shape::Page => return refusal(status, text),
            Shape::Moka => serde_json::to_vec(&MokaAnswer { error_code: code, error_message: text.into() }),
            Shape::Plain | Shape::CodeText | Shape::Flat => {
                serde_json::to_vec(&CodeText { code, text: Some(text.into()) })
            }
        };
        // Two texts and a number always serialise.
        Reply::json(status, body.unwrap_or_default())
    }

    /// Only 2xx is a success (§6.29), and only with JSON in it: an error page of a proxy is no empty company.
    fn read(reply: &Reply, shape: Shape) -> Result<Bytes, Unread<Fault>> {
        let success = reply.status.is_success();
        if shape == Shape::Page {
            return Screen::read(reply).ok_or(Unread::Garbled);
        }
        match reply.body.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'[') if success => return Ok(reply.body.clone()),
            Some(b'{') => {}
            _ => return Err(Unread::Garbled),
        }
        // A fault is short; a page of employees is not parsed twice to find out that it is none.
        let coded =
            !success || matches!(shape, Shape::CodeText | Shape::Moka) || reply.body.len() <= FAULT_BYTES_MAX;
        match if coded { read_code(&reply.body) } else { None } {
            Some(fault) if fault.code.number() != 0 => Err(Unread::Fault(fault)),
            Some(_) if success => Ok(reply.body.clone()),
            None if success && matches!(shape, Shape::Plain | Shape::Flat) => Ok(reply.body.clone()),
            Some(_) | None => Err(Unread::Garbled),
        }
    }

    fn code(fault: &Fault) -> Option<String> {
        Some(fault.code.number().to_string())
    }

    fn is_stale(fault: &Fault) -> bool {
        fault.code == FaultCode::Tonce
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

/// A fault that comes with a 2xx is looked for in answers up to this size.
const FAULT_BYTES_MAX: usize = 2048;

/// `{code, text}` as it is written.
#[derive(Serialize, Deserialize)]
struct CodeText<'a> {
    code: FaultCode,
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
}

/// `{error_code, error_message}` as it is written.
#[derive(Serialize, Deserialize)]
struct MokaAnswer<'a> {
    error_code: FaultCode,
    #[serde(borrow)]
    error_message: Cow<'a, str>,
}

/// The code that a body carries in either shape, 0 included.
fn read_code(body: &[u8]) -> Option<Fault> {
    if let Ok(found) = serde_json::from_slice::<CodeText<'_>>(body) {
        return Some(Fault::new(found.code, found.text.unwrap_or_default().into_owned()));
    }
    let found = serde_json::from_slice::<MokaAnswer<'_>>(body).ok()?;
    Some(Fault::new(found.error_code, found.error_message.into_owned()))
}

fn put_body(message: &mut Message, content_type: &'static str, body: String) {
    message.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    message.body = body.into();
}

fn encoded(name: &str, value: &str) -> String {
    form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish()
}

fn put_parameters(fields: Map<String, Value>, reads: bool, message: &mut Message) {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        let text = match value {
            Value::String(text) => text,
            Value::Null => continue,
            other => other.to_string(),
        };
        if reads {
            message.add_query(&name, &text);
        } else {
            form.append_pair(&name, &text);
        }
    }
    if !reads {
        put_body(message, FORM, form.finish());
    }
}

/// The parameters of query and body together; a name in both, or twice in one, is refused.
fn take_parameters(message: &Message) -> Result<Map<String, Value>, FormFault> {
    let mut fields = strict_pairs(message.query.as_bytes())?;
    let in_body = if message.is_form() {
        strict_pairs(&message.body)?
    } else if message.body.is_empty() {
        Map::new()
    } else {
        strict_object(std::str::from_utf8(&message.body).map_err(|_| ParamFault::NotUtf8)?)?
    };
    for (name, value) in in_body {
        if fields.insert(name, value).is_some() {
            return Err(ParamFault::Twice.into());
        }
    }
    Ok(fields)
}
