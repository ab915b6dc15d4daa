//! Waiqin on the wire: three families of addresses, how their fields and answers lie in messages, and the return codes.
//! Names are the vendor's, misspellings included. Nothing outside this folder sees these types.

mod fault;
mod field;
mod oauth;
mod open;
mod people;
mod push;
mod visit;

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};
use tongshi_dialect::{
    Dialect, FormFault, Message, ParamFault, Reply, Screen, Unread, lenient::Text, refusal, strict_object,
    strict_pairs,
};

use self::open::{asks, closed, opened};
pub(crate) use self::{
    fault::*,
    field::*,
    oauth::*,
    open::{Opened, Stamp},
    people::*,
    push::*,
    visit::*,
};

/// The protocol of Waiqin.
pub(crate) struct Waiqin;

/// How one family's envelope differs from another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Family A with a JSON body: `{return_code, return_msg, return_data}`, the code an integer (§A1).
    Provider,
    /// The same with its fields in the query, whatever the method (§A3).
    Query,
    /// Query or form in, a page for a browser out (§A2).
    Page,
    /// Family B: a JSON body in, `{return_code, return_msg, msg_id, response_data}` out, the code a text and the data a
    /// text that holds JSON (§B1).
    Open,
}

impl Dialect for Waiqin {
    const ID: &'static str = "waiqin";
    /// Every client seen takes answers packed (§B1).
    const GZIP: bool = true;
    type Shape = Shape;
    type Layout = ();
    type Fault = Fault;

    fn put(mut fields: Map<String, Value>, shape: Shape, _layout: (), message: &mut Message) {
        match shape {
            Shape::Provider | Shape::Open => {
                // What is not there is left out: null could be read as "take it away".
                fields.retain(|_, value| !value.is_null());
                let body = Value::Object(fields).to_string();
                put_body(message, "application/json", body);
            }
            Shape::Query => put_query(&mut fields, message),
            Shape::Page if message.method == Method::GET => put_query(&mut fields, message),
            Shape::Page => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                for (name, value) in fields {
                    if let Some(text) = plain(value) {
                        form.append_pair(&name, &text);
                    }
                }
                put_body(message, "application/x-www-form-urlencoded", form.finish());
            }
        }
    }

    fn take(message: &Message, shape: Shape) -> Result<Map<String, Value>, FormFault> {
        match shape {
            Shape::Provider | Shape::Open => {
                let text = std::str::from_utf8(&message.body).map_err(|_| ParamFault::NotUtf8)?;
                // The call with the signed user lookup has parameters in the query beside its body (§A4).
                let mut fields = strict_pairs(message.query.as_bytes())?;
                let body = if text.trim().is_empty() { Map::new() } else { strict_object(text)? };
                for (name, value) in body {
                    if fields.insert(name, value).is_some() {
                        return Err(ParamFault::Twice.into());
                    }
                }
                Ok(fields)
            }
            Shape::Query => strict_pairs(message.query.as_bytes()),
            Shape::Page if message.method == Method::GET => strict_pairs(message.query.as_bytes()),
            Shape::Page if message.is_form() => strict_pairs(&message.body),
            Shape::Page => Err(FormFault::Malformed("a form is expected".to_owned())),
        }
    }

    fn answer(body: Vec<u8>, shape: Shape) -> Reply {
        match shape {
            Shape::Page => Screen::reply(&body),
            // What a handler gives is the data; the envelope goes round it without a second parse.
            Shape::Provider | Shape::Query => {
                let mut text = br#"{"return_code":0,"return_msg":"success","return_data":"#.to_vec();
                text.extend_from_slice(&body);
                text.push(b'}');
                Reply::json(StatusCode::OK, text)
            }
            Shape::Open => Reply::json(StatusCode::OK, opened(&body)),
        }
    }

    fn fault(fault: &Fault, shape: Shape) -> Reply {
        let text = &*fault.text;
        let code = fault.code.number();
        let body = match shape {
            Shape::Page => return refusal(fault.code.page_status(), text),
            Shape::Provider | Shape::Query => {
                serde_json::json!({ "return_code": code, "return_msg": text, "return_data": null })
            }
            Shape::Open => serde_json::json!({
                "return_code": code.to_string(), "return_msg": text, "msg_id": fault.msg_id, "response_data": "",
            }),
        };
        // The page knows only return codes and no statuses, so a fault is a 200 too (§ambiguities 5); only what is too
        // fast says so where clients and proxies look for it.
        let status = if fault.code == Code::Limited { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::OK };
        Reply::json(status, body.to_string())
    }

    fn read(reply: &Reply, shape: Shape) -> Result<Bytes, Unread<Fault>> {
        if shape == Shape::Page {
            return Screen::read(reply).ok_or(Unread::Garbled);
        }
        let envelope: Envelope<'_> = serde_json::from_slice(&reply.body).map_err(|_| Unread::Garbled)?;
        let code: i64 = envelope.return_code.0.trim().parse().map_err(|_| Unread::Garbled)?;
        if code != 0 {
            let text = envelope.return_msg.map(|text| text.0).unwrap_or_default();
            let msg_id = envelope.msg_id.map(|text| text.0).filter(|id| !id.is_empty());
            return Err(Unread::Fault(Fault { code: Code::of(code), text: text.into(), msg_id }));
        }
        if !reply.status.is_success() {
            return Err(Unread::Garbled);
        }
        let data = match shape {
            Shape::Open => {
                let msg_id = envelope.msg_id.map(|text| text.0).unwrap_or_default();
                let data = envelope.response_data.or(envelope.return_data);
                return Ok(closed(&msg_id, data));
            }
            _ => envelope.return_data.or(envelope.response_data),
        };
        Ok(data.map_or_else(
            || Bytes::from_static(b"null"),
            |data| Bytes::copy_from_slice(data.get().as_bytes()),
        ))
    }

    fn is_stale(fault: &Fault) -> bool {
        fault.code == Code::Stale
    }
}

/// Both families' envelopes, read leniently: the code as a number or a text, the data under either name (§7 of the
/// ambiguities).
#[derive(Deserialize)]
struct Envelope<'a> {
    return_code: Text,
    #[serde(default)]
    return_msg: Option<Text>,
    #[serde(default)]
    msg_id: Option<Text>,
    #[serde(borrow, default)]
    return_data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    response_data: Option<&'a RawValue>,
}

fn put_query(fields: &mut Map<String, Value>, message: &mut Message) {
    for (name, value) in std::mem::take(fields) {
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
