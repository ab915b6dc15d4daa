//! DingTalk on the wire: two hosts, how their fields and answers lie in messages, and the three shapes of an error. Names
//! are the vendor's. Nothing outside this folder sees these types.

pub(crate) mod approval;
pub(crate) mod attendance;
mod callback;
pub(crate) mod clock;
mod department;
mod fault;
mod login;
pub(crate) mod loose;
mod token;
mod user;
mod value;

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tongshi_dialect::{
    Dialect, FormFault, Message, ParamFault, Reply, Screen, Unread, lenient::Text, refusal, strict_object,
    strict_pairs,
};

pub(crate) use self::{callback::*, department::*, fault::*, login::*, token::*, user::*, value::*};

/// The protocol of DingTalk.
pub(crate) struct DingTalk;

/// How one family's envelope differs from another's (§1, §8.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// The old host below `/topapi`: what its gateway refuses comes wrapped in 88.
    Topapi,
    /// The old host elsewhere: plain error codes.
    Plain,
    /// The new host: statuses, and errors with `code`, `message` and `requestid`.
    New,
    /// Query or form in, a page for a browser out.
    Page,
}

/// An operation's family, and which of its fields lie in the query although it has a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// The family.
    pub(crate) family: Family,
    /// Fields in the query; all of them where the method is GET.
    pub(crate) query: &'static [&'static str],
}

impl Shape {
    /// The old host below `/topapi`.
    pub(crate) const TOPAPI: Self = Self { family: Family::Topapi, query: &[] };
    /// The old host elsewhere.
    pub(crate) const PLAIN: Self = Self { family: Family::Plain, query: &[] };
    /// The new host.
    pub(crate) const NEW: Self = Self { family: Family::New, query: &[] };
    /// A page.
    pub(crate) const PAGE: Self = Self { family: Family::Page, query: &[] };

    /// The same with these fields in the query.
    pub(crate) const fn asking(self, query: &'static [&'static str]) -> Self {
        Self { query, ..self }
    }
}

/// What proves the caller and is no field, where it lies in the query.
const PROOFS: &[&str] = &["access_token", "accessKey", "timestamp", "signature"];

impl Dialect for DingTalk {
    const ID: &'static str = "dingtalk";
    type Shape = Shape;
    type Layout = ();
    type Fault = Fault;

    fn put(mut fields: Map<String, Value>, shape: Shape, _layout: (), message: &mut Message) {
        if message.method == Method::GET {
            put_query(fields, message);
            return;
        }
        let asked = shape.query.iter().filter_map(|name| fields.remove_entry(*name)).collect();
        put_query(asked, message);
        if shape.family == Family::Page {
            let mut form = form_urlencoded::Serializer::new(String::new());
            for (name, value) in fields {
                if let Some(text) = plain(value) {
                    form.append_pair(&name, &text);
                }
            }
            put_body(message, "application/x-www-form-urlencoded", form.finish());
        } else {
            put_body(message, "application/json", Value::Object(fields).to_string());
        }
    }

    fn take(message: &Message, shape: Shape) -> Result<Map<String, Value>, FormFault> {
        let mut fields = strict_pairs(message.query.as_bytes())?;
        fields.retain(|name, _| !PROOFS.contains(&&**name));
        if message.method != Method::GET {
            for (name, value) in body_fields(message, shape)? {
                // A token is read from a form too (§1).
                if name != "access_token" && fields.insert(name, value).is_some() {
                    return Err(ParamFault::Twice.into());
                }
            }
        }
        Ok(fields)
    }

    fn answer(body: Vec<u8>, shape: Shape) -> Reply {
        match shape.family {
            Family::Page => Screen::reply(&body),
            Family::New => Reply::json(StatusCode::OK, body),
            // What a handler gives is an object; the envelope goes into it without a second parse.
            Family::Topapi | Family::Plain => {
                let mut text = br#"{"errcode":0,"errmsg":"ok","#.to_vec();
                let inner = body.strip_prefix(b"{").and_then(|body| body.strip_suffix(b"}"));
                let inner = inner.unwrap_or_default();
                text.extend_from_slice(inner);
                if !inner.is_empty() {
                    text.push(b',');
                }
                text.extend_from_slice(format!("\"request_id\":\"{}\"}}", request_id()).as_bytes());
                Reply::json(StatusCode::OK, text)
            }
        }
    }

    fn fault(fault: &Fault, shape: Shape) -> Reply {
        if fault.code == Code::Banned && shape.family != Family::Page {
            let body = json!({
                "status": 1111, "wait": 5, "source": "x5", "punish": "deny", "uuid": requestid(), "message": fault.text,
            });
            return Reply::json(StatusCode::FORBIDDEN, body.to_string());
        }
        let text = scoped(fault);
        match (shape.family, fault.code.wrapped()) {
            (Family::Page, _) => refusal(fault.code.status(), &fault.text),
            (Family::New, _) => {
                let mut body =
                    json!({"code": fault.code.new_name(), "requestid": requestid(), "message": fault.text});
                if !fault.scopes.is_empty() {
                    body["accessdenieddetail"] = json!({"requiredScopes": fault.scopes});
                }
                Reply::json(fault.code.status(), body.to_string())
            }
            (Family::Topapi, Some(sub_code)) => {
                let body = json!({
                    "errcode": 88, "sub_code": sub_code, "sub_msg": text,
                    "errmsg": format!("ding talk error[subcode={sub_code},submsg={text}]"),
                    "request_id": request_id(),
                });
                Reply::json(StatusCode::OK, body.to_string())
            }
            (Family::Topapi | Family::Plain, _) => {
                let mut body =
                    json!({"errcode": fault.code.old(), "errmsg": text, "request_id": request_id()});
                if fault.code == Code::Remote {
                    body["sub_code"] = "isp.-1".into();
                }
                Reply::json(StatusCode::OK, body.to_string())
            }
        }
    }

    fn read(reply: &Reply, shape: Shape) -> Result<Bytes, Unread<Fault>> {
        if shape.family == Family::Page {
            return Screen::read(reply).ok_or(Unread::Garbled);
        }
        let envelope: Envelope = serde_json::from_slice(&reply.body).map_err(|_| Unread::Garbled)?;
        match envelope.fault() {
            Some(fault) => Err(Unread::Fault(fault)),
            None if !reply.status.is_success() => Err(Unread::Garbled),
            None if shape.family != Family::New && envelope.errcode.is_none() => Err(Unread::Garbled),
            None => Ok(reply.body.clone()),
        }
    }

    fn code(fault: &Fault) -> Option<String> {
        Some(fault.code.new_name())
    }

    fn too_fast(fault: &Fault) -> Option<Duration> {
        fault.code.wait()
    }

    fn used_up(fault: &Fault) -> bool {
        fault.code == Code::Month
    }
}

/// An answer of the old host whose data lies in `result`.
#[derive(Serialize, Deserialize)]
pub(crate) struct Wrapped<T> {
    pub(crate) result: T,
}

impl<T> Wrapped<T> {
    /// The data in its envelope.
    pub(crate) fn of(result: T) -> Self {
        Self { result }
    }
}

/// An answer of the old host that says only that it is done.
#[derive(Serialize, Deserialize)]
pub(crate) struct Done {}

/// Whatever tells a fault in any of the three shapes.
#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    errcode: Option<Text>,
    #[serde(default)]
    errmsg: Option<Text>,
    #[serde(default, alias = "subCode")]
    sub_code: Option<Text>,
    #[serde(default, alias = "subMsg")]
    sub_msg: Option<Text>,
    #[serde(default)]
    code: Option<Text>,
    #[serde(default)]
    message: Option<Text>,
    #[serde(default)]
    status: Option<Value>,
    #[serde(default)]
    accessdenieddetail: Option<Denied>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Denied {
    #[serde(default)]
    required_scopes: Vec<String>,
}

impl Envelope {
    fn fault(&self) -> Option<Fault> {
        let text = |text: &Option<Text>| text.as_ref().map(|text| text.0.clone()).unwrap_or_default();
        if self.status.as_ref().is_some_and(|status| *status == 1111) {
            return Some(Fault::new(Code::Banned, text(&self.message)));
        }
        if let Some(name) = &self.code
            && self.message.is_some()
        {
            let scopes = self.accessdenieddetail.as_ref().map(|denied| denied.required_scopes.clone());
            let fault = Fault::new(Code::named(&name.0), text(&self.message));
            return Some(Fault { scopes: scopes.unwrap_or_default(), ..fault });
        }
        let number: i64 = self.errcode.as_ref()?.0.trim().parse().unwrap_or(-1);
        match (number, &self.sub_code) {
            (0, _) => None,
            (88 | 15, Some(sub_code)) => {
                let said = if self.sub_msg.is_some() { &self.sub_msg } else { &self.errmsg };
                Some(unscoped(Code::unwrapped(&sub_code.0), &text(said)))
            }
            (number, _) => Some(unscoped(Code::of(number), &text(&self.errmsg))),
        }
    }
}

/// The old host names missing permissions in the text (§8.1).
fn scoped(fault: &Fault) -> String {
    if fault.scopes.is_empty() {
        return fault.text.to_string();
    }
    format!("{}{{requiredScopes=[{}]}}", fault.text, fault.scopes.join(", "))
}

fn unscoped(code: Code, text: &str) -> Fault {
    let Some((before, after)) = text.split_once("{requiredScopes=[") else {
        return Fault::new(code, text.to_owned());
    };
    let names = after.split(']').next().unwrap_or_default();
    let scopes = names.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    Fault { scopes: scopes.collect(), ..Fault::new(code, before.to_owned()) }
}

/// Names a call in the vendor's log and in ours. It proves nothing, so a counter that is stirred will do.
fn call_number() -> u64 {
    static CALLS: AtomicU64 = AtomicU64::new(1);
    let mut mixed = CALLS.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    // The finaliser of SplitMix64.
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// As the old host writes it: twelve or thirteen lower-case letters and digits.
fn request_id() -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut rest = call_number();
    let digit = |_| {
        let digit = DIGITS[usize::try_from(rest % 36).unwrap_or(0)];
        rest /= 36;
        char::from(digit)
    };
    (0..12).map(digit).collect()
}

/// As the new host writes it: like a UUID in capitals.
fn requestid() -> String {
    let (high, low) = (call_number(), call_number());
    format!(
        "{:08X}-{:04X}-7{:03X}-{:04X}-{:012X}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | (low >> 48 & 0x3fff),
        low & 0xffff_ffff_ffff
    )
}

fn body_fields(message: &Message, shape: Shape) -> Result<Map<String, Value>, FormFault> {
    match shape.family {
        Family::Page => strict_pairs(&message.body),
        Family::New if message.is_form() => Err(FormFault::Malformed(MISSING_BODY.to_owned())),
        Family::Topapi | Family::Plain if message.is_form() => strict_pairs(&message.body),
        Family::Topapi | Family::Plain | Family::New => {
            let text = std::str::from_utf8(&message.body).map_err(|_| ParamFault::NotUtf8)?;
            match text.trim() {
                "" if shape == Shape::NEW => Err(FormFault::Malformed(MISSING_BODY.to_owned())),
                "" => Ok(Map::new()),
                text if text.starts_with('{') => strict_object(text),
                // Python's clients send a form and forget to say so.
                text if shape.family != Family::New && text.contains('=') => strict_pairs(text.as_bytes()),
                _ if shape.family == Family::New => Err(FormFault::Malformed(MISSING_BODY.to_owned())),
                text => strict_object(text),
            }
        }
    }
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
