//! Hesine on the wire: how fields and answers lie in messages. Names are the vendor's, misspellings included. Nothing
//! outside this folder sees these types.

mod approvals;
mod fault;
mod flows;
mod messages;
mod money;
mod parts;
mod people;
pub(crate) mod sample;
mod tokens;
mod travel;
mod units;
mod unserved;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tongshi_dialect::{
    Dialect, FormFault, Message, ParamFault, Reply, Unread, lenient::Text, strict_object, strict_pairs,
};

pub(crate) use self::unserved::UNSERVED;
pub(crate) use self::{
    approvals::*, fault::*, flows::*, messages::*, money::*, parts::*, people::*, tokens::*, travel::*,
    units::*,
};

/// The protocol of Hesine.
pub(crate) struct Hesine;

/// How one call's fields and faults lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// All fields in the query, whatever the method.
    Query,
    /// These fields in the query, the others in a JSON body, whatever the method: three reads carry one (§2.1).
    Body(&'static [&'static str]),
    /// The callback of outbound messages: its own failures lie inside HTTP 200 (§2.8).
    Callback,
    /// The third edition of authentication: every answer is HTTP 200 with a code (§2.2).
    Third,
}

impl Dialect for Hesine {
    const ID: &'static str = "hesine";
    type Shape = Shape;
    type Layout = ();
    type Fault = Fault;

    fn put(mut fields: Map<String, Value>, shape: Shape, _layout: (), message: &mut Message) {
        let in_query: Vec<(String, Value)> = match shape {
            Shape::Query => std::mem::take(&mut fields).into_iter().collect(),
            Shape::Body(names) => names.iter().filter_map(|name| fields.remove_entry(*name)).collect(),
            Shape::Callback | Shape::Third => Vec::new(),
        };
        for (name, value) in in_query {
            match value {
                Value::Null => {}
                Value::String(text) => message.add_query(&name, &text),
                other => message.add_query(&name, &other.to_string()),
            }
        }
        if shape != Shape::Query {
            message.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            message.body = Value::Object(fields).to_string().into();
        }
    }

    fn take(message: &Message, shape: Shape) -> Result<Map<String, Value>, FormFault> {
        let mut fields = strict_pairs(message.query.as_bytes())?;
        fields.remove("accessToken");
        let names = match shape {
            Shape::Query => return Ok(fields),
            Shape::Body(names) => names,
            Shape::Callback | Shape::Third => &[],
        };
        // What a call has in its body does not count in the query, where it would lie in logs.
        fields.retain(|name, _| names.contains(&name.as_str()));
        let text = std::str::from_utf8(&message.body).map_err(|_| ParamFault::NotUtf8)?;
        if !text.trim().is_empty() {
            for (name, value) in strict_object(text)? {
                if fields.insert(name, value).is_some() {
                    return Err(ParamFault::Twice.into());
                }
            }
        }
        Ok(fields)
    }

    fn answer(body: Vec<u8>, _shape: Shape) -> Reply {
        Reply::json(StatusCode::OK, body)
    }

    fn fault(fault: &Fault, shape: Shape) -> Reply {
        let text = &*fault.text;
        // Who may not call at all, or calls too often, learns it by the status everywhere.
        let inside = !matches!(fault.code, 403 | 429 | 502 | 503);
        match shape {
            Shape::Callback if inside => {
                let body = json!({ "value": { "code": fault.code.to_string(), "message": text } });
                Reply::json(StatusCode::OK, body.to_string())
            }
            Shape::Third => {
                let body = json!({ "code": fault.code.to_string(), "msg": text, "data": null });
                Reply::json(StatusCode::OK, body.to_string())
            }
            _ => {
                let body = json!({
                    "errorCode": fault.code, "errorMessage": text, "errorDetails": null, "code": null, "data": null,
                });
                Reply::json(fault.status(), body.to_string())
            }
        }
    }

    fn read(reply: &Reply, shape: Shape) -> Result<Bytes, Unread<Fault>> {
        let status = reply.status.as_u16();
        if !reply.status.is_success() {
            return Err(refused(status, &reply.body));
        }
        match shape {
            Shape::Callback => {
                let read: Valued<Told> = serde_json::from_slice(&reply.body).map_err(|_| Unread::Garbled)?;
                inside(&read.value.code.0, "204", || read.value.message.clone().unwrap_or_default())?;
            }
            Shape::Third => {
                let read: Third<serde::de::IgnoredAny> =
                    serde_json::from_slice(&reply.body).map_err(|_| Unread::Garbled)?;
                inside(&read.code.0, "200", || read.msg.clone().unwrap_or_default())?;
            }
            // Some failures come with status 200 in the usual form (§2.1).
            Shape::Query | Shape::Body(_) if reply.body.starts_with(b"{\"errorCode\"") => {
                return Err(refused(status, &reply.body));
            }
            Shape::Query | Shape::Body(_) => {}
        }
        Ok(reply.body.clone())
    }

    fn code(fault: &Fault) -> Option<String> {
        Some(fault.code.to_string())
    }
}

/// A fault that lies in an answer with status 200.
fn inside(code: &str, good: &str, text: impl Fn() -> String) -> Result<(), Unread<Fault>> {
    match code.trim().parse() {
        _ if code == good => Ok(()),
        Ok(code) => Err(Unread::Fault(Fault::new(code, text()))),
        Err(_) => Err(Unread::Garbled),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Refusal {
    error_code: Text,
    #[serde(default)]
    error_message: Option<String>,
}

/// A refusal in the usual form, or as the bare text that the vendor gives for a token that is over.
fn refused(status: u16, body: &[u8]) -> Unread<Fault> {
    if let Ok(read) = serde_json::from_slice::<Refusal>(body)
        && let Ok(code) = read.error_code.0.trim().parse()
    {
        return Unread::Fault(Fault::new(code, read.error_message.unwrap_or_default()));
    }
    match status {
        400 | 401 | 403 | 412 => Unread::Fault(Fault::new(status, "没有说明")),
        _ => Unread::Garbled,
    }
}
