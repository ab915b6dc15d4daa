//! Hesine on the wire: how fields and answers lie in messages. Names are the vendor's, misspellings included. Nothing
//! outside this folder sees these types.

mod accounts;
mod approvals;
mod banks;
mod copies;
mod delegates;
mod fault;
mod flows;
mod links;
mod mall;
mod messages;
mod money;
mod parts;
mod people;
mod profiles;
mod queues;
mod requisitions;
mod roles;
pub(crate) mod sample;
mod suppliers;
mod tokens;
mod travel;
mod trips;
mod units;
mod unserved;

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tongshi_dialect::{
    Dialect, FormFault, Message, ParamFault, Reply, Screen, Unread, escape, html_reply, lenient::Text, page,
    strict_object, strict_pairs,
};

pub(crate) use self::unserved::UNSERVED;
pub(crate) use self::{
    accounts::*, approvals::*, banks::*, copies::*, delegates::*, fault::*, flows::*, links::*, mall::*,
    messages::*, money::*, parts::*, people::*, profiles::*, queues::*, requisitions::*, roles::*,
    suppliers::*, tokens::*, travel::*, trips::*, units::*,
};

/// The protocol of Hesine.
pub(crate) struct Hesine;

/// The field that stands for a body without a name.
const ROWS: &str = "rows";

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
    /// As a body, and answered with nothing but status 204 (§2.3).
    Done(&'static [&'static str]),
    /// All fields in a body that must be there (§2.10).
    Entity,
    /// As a body, and its own failures lie inside HTTP 200 in the usual form (§2.2).
    Inside,
    /// These fields in the query; the body is a bare list, here the field [`ROWS`] (§2.10).
    Rows(&'static [&'static str]),
    /// Query or form in, a page for a browser out (§2.2).
    Page,
    /// Bills of the mall: a token that is over is told by status 401 (§2.6).
    Mall,
    /// Tickets: every answer is HTTP 200 (§2.6).
    Ticket,
}

impl Dialect for Hesine {
    const ID: &'static str = "hesine";
    type Shape = Shape;
    type Layout = ();
    type Fault = Fault;

    fn put(mut fields: Map<String, Value>, shape: Shape, _layout: (), message: &mut Message) {
        let is_form = shape == Shape::Page && message.method != Method::GET;
        let in_query: Vec<(String, Value)> = match shape {
            Shape::Page if is_form => Vec::new(),
            Shape::Query | Shape::Page => std::mem::take(&mut fields).into_iter().collect(),
            Shape::Body(names) | Shape::Done(names) | Shape::Rows(names) => {
                names.iter().filter_map(|name| fields.remove_entry(*name)).collect()
            }
            Shape::Callback | Shape::Third | Shape::Entity | Shape::Inside | Shape::Mall | Shape::Ticket => {
                Vec::new()
            }
        };
        for (name, value) in in_query {
            match value {
                Value::Null => {}
                Value::String(text) => message.add_query(&name, &text),
                other => message.add_query(&name, &other.to_string()),
            }
        }
        if is_form {
            let mut form = form_urlencoded::Serializer::new(String::new());
            for (name, value) in &fields {
                if let Some(text) = value.as_str() {
                    form.append_pair(name, text);
                }
            }
            let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
            message.headers.insert(header::CONTENT_TYPE, kind);
            message.body = form.finish().into();
        } else if !matches!(shape, Shape::Query | Shape::Page) {
            message.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            let body = match shape {
                Shape::Rows(_) => fields.remove(ROWS).unwrap_or_default(),
                _ => Value::Object(fields),
            };
            message.body = body.to_string().into();
        }
    }

    fn take(message: &Message, shape: Shape) -> Result<Map<String, Value>, FormFault> {
        let mut fields = strict_pairs(message.query.as_bytes())?;
        let names = match shape {
            // A link's own code is called like a token.
            Shape::Page if message.method == Method::GET => return Ok(fields),
            Shape::Page if message.is_form() => return strict_pairs(&message.body),
            Shape::Page => return Err(FormFault::Malformed("a form is expected".to_owned())),
            Shape::Query => {
                fields.remove("accessToken");
                return Ok(fields);
            }
            Shape::Body(names) | Shape::Done(names) | Shape::Rows(names) => names,
            Shape::Callback | Shape::Third | Shape::Entity | Shape::Inside | Shape::Mall | Shape::Ticket => {
                &[]
            }
        };
        // What a call has in its body does not count in the query, where it would lie in logs.
        fields.retain(|name, _| names.contains(&name.as_str()));
        let text = std::str::from_utf8(&message.body).map_err(|_| ParamFault::NotUtf8)?;
        if let Shape::Rows(_) = shape {
            fields.insert(ROWS.to_owned(), rows_in(text)?);
        } else if text.trim().is_empty() {
            // The vendor's own words for a body that is not there.
            if shape == Shape::Entity {
                return Err(FormFault::Malformed("缺少Entity".to_owned()));
            }
        } else {
            for (name, value) in strict_object(text)? {
                if fields.insert(name, value).is_some() {
                    return Err(ParamFault::Twice.into());
                }
            }
        }
        Ok(fields)
    }

    fn answer(body: Vec<u8>, shape: Shape) -> Reply {
        match shape {
            Shape::Done(_) => Reply::empty(StatusCode::NO_CONTENT),
            Shape::Page => Screen::reply(&body),
            Shape::Query | Shape::Body(_) | Shape::Callback | Shape::Third | Shape::Mall | Shape::Ticket => {
                Reply::json(StatusCode::OK, body)
            }
            Shape::Entity | Shape::Inside | Shape::Rows(_) => Reply::json(StatusCode::OK, body),
        }
    }

    fn fault(fault: &Fault, shape: Shape) -> Reply {
        let text = &*fault.text;
        // Who may not call at all, or calls too often, learns it by the status everywhere.
        let inside = !matches!(fault.code, 403 | 429 | 502 | 503);
        match shape {
            Shape::Page => {
                html_reply(fault.status(), page("合思", &format!("<p role=\"alert\">{}</p>", escape(text))))
            }
            Shape::Callback if inside => {
                let body = json!({ "value": { "code": fault.code.to_string(), "message": text } });
                Reply::json(StatusCode::OK, body.to_string())
            }
            Shape::Third => {
                let data = if fault.code == 500 { Value::Null } else { "".into() };
                let body = json!({ "code": fault.code.to_string(), "msg": text, "data": data });
                Reply::json(StatusCode::OK, body.to_string())
            }
            Shape::Mall => {
                let unknown = *fault == Fault::unauthorised();
                let (status, text) =
                    if unknown { (StatusCode::UNAUTHORIZED, "请先登录") } else { (fault.status(), text) };
                let body = Billed::<()>::refused(status.as_u16(), text);
                Reply::json(status, serde_json::to_vec(&body).unwrap_or_default())
            }
            Shape::Ticket => {
                let unknown = *fault == Fault::unauthorised();
                let (code, text) = if unknown { (401, "请先登录") } else { (500, text) };
                let body = Ticketed::bad(code, text, None);
                Reply::json(StatusCode::OK, serde_json::to_vec(&body).unwrap_or_default())
            }
            _ => {
                let status = if shape == Shape::Inside && inside { StatusCode::OK } else { fault.status() };
                let body = json!({
                    "errorCode": fault.code, "errorMessage": text, "errorDetails": null, "code": null, "data": null,
                });
                Reply::json(status, body.to_string())
            }
        }
    }

    fn read(reply: &Reply, shape: Shape) -> Result<Bytes, Unread<Fault>> {
        let status = reply.status.as_u16();
        // A page may lead on to another.
        let leads_on = shape == Shape::Page && reply.status == StatusCode::FOUND;
        if !reply.status.is_success() && !leads_on {
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
            Shape::Done(_) => return Ok(Bytes::from_static(b"null")),
            Shape::Page => return Screen::read(reply).ok_or(Unread::Garbled),
            Shape::Mall => {
                let read: Billed<serde::de::IgnoredAny> =
                    serde_json::from_slice(&reply.body).map_err(|_| Unread::Garbled)?;
                if read.status != "00000" {
                    return Err(Unread::Fault(Fault::request(read.msg)));
                }
            }
            Shape::Ticket => {
                let read: Ticketed = serde_json::from_slice(&reply.body).map_err(|_| Unread::Garbled)?;
                if let Some(code) = read.error_code {
                    let code = if code == 401 { 403 } else { 400 };
                    return Err(Unread::Fault(Fault::new(code, read.error_msg.unwrap_or_default())));
                }
            }
            // Some failures come with status 200 in the usual form (§2.1).
            _ if reply.body.starts_with(b"{\"errorCode\"") => return Err(refused(status, &reply.body)),
            Shape::Inside if serde_json::from_slice::<Refusal>(&reply.body).is_ok() => {
                return Err(refused(status, &reply.body));
            }
            Shape::Query | Shape::Body(_) | Shape::Entity | Shape::Inside | Shape::Rows(_) => {}
        }
        Ok(reply.body.clone())
    }

    fn code(fault: &Fault) -> Option<String> {
        Some(fault.code.to_string())
    }
}

/// The list that a body is, as a field of an object would be read.
fn rows_in(text: &str) -> Result<Value, FormFault> {
    let mut read = strict_object(&format!("{{\"{ROWS}\":{text}}}"))?;
    match read.remove(ROWS) {
        Some(rows @ Value::Array(_)) if read.is_empty() => Ok(rows),
        _ => Err(FormFault::Malformed("缺少Entity".to_owned())),
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
