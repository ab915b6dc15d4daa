//! Events that Zhiren sends, read and made. No page of the vendor's describes them: all of it is from one program of
//! somebody else's that receives them (§2 D).

use http::{HeaderValue, Method, header};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tongshi_dialect::{EventAsk, Events, Incoming, Message, Row, hmac_sha256_hex, verify_hmac_sha256_hex};
use tongshi_model::{Error, Kind, Secret};

use super::{map, rows};
use crate::zhiren::auth::SIGNATURE_HEADER;

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    event: Event<'a>,
}

#[derive(Deserialize)]
struct Event<'a> {
    event_type: String,
    #[serde(borrow, default)]
    data: Data<'a>,
}

#[derive(Default, Deserialize)]
struct Data<'a> {
    #[serde(borrow, default)]
    departments: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    department: Option<&'a RawValue>,
    #[serde(borrow, default)]
    employee: Option<&'a RawValue>,
}

/// Checks and reads an event. Its signature covers METHOD + path + body: no key, no time, so it can be replayed, and
/// what it says is only what the vendor said once.
pub(super) fn receive(message: &Message, secret: &Secret) -> Result<Vec<Incoming>, Error> {
    let signature = message.header(SIGNATURE_HEADER).unwrap_or_default();
    let method = message.method.as_str().as_bytes();
    let mounted = format!("{}{}", message.prefix, message.path);
    let signed = [&message.path, &mounted]
        .into_iter()
        .any(|path| verify_hmac_sha256_hex(secret, &[method, path.as_bytes(), &message.body], signature));
    if !signed {
        return Err(Error::unauthenticated("the event's signature is wrong"));
    }
    let body =
        std::str::from_utf8(&message.body).map_err(|_| Error::invalid("event", "the event is not UTF-8"))?;
    let envelope: Envelope<'_> = serde_json::from_str(body).map_err(|error| {
        Error::invalid("event", format!("the event breaks off at column {}", error.column()))
    })?;
    let data = envelope.event.data;
    match &*envelope.event.event_type {
        "webhook_open" | "department_batch_sync" => {
            data.departments.into_iter().map(|raw| changed(Kind::OrgUnit, Some(raw))).collect()
        }
        "department_created" | "department_updated" => Ok(vec![changed(Kind::OrgUnit, data.department)?]),
        "department_deleted" => Ok(vec![gone(Kind::OrgUnit, data.department)?]),
        "employee_created" | "employee_updated" => Ok(vec![changed(Kind::Employee, data.employee)?]),
        // The receiver's own comment says that this comes too when somebody switches the events off, so the hub does
        // well to ask (`exists`) before it believes it.
        "employee_deleted" => Ok(vec![gone(Kind::Employee, data.employee)?]),
        _ => Ok(Vec::new()),
    }
}

/// The `disabled` of a department in an event is left alone: nobody knows its sense.
fn changed(kind: Kind, raw: Option<&RawValue>) -> Result<Incoming, Error> {
    let raw = raw.ok_or_else(|| Error::invalid("event", "the event holds nothing"))?.get();
    let (remote_id, date) = rows::by_uuid(raw).map_err(|why| Error::invalid("event", why))?;
    Ok(Incoming::Row(kind, Row { remote_id, date, raw: raw.to_owned() }))
}

fn gone(kind: Kind, raw: Option<&RawValue>) -> Result<Incoming, Error> {
    match changed(kind, raw)? {
        Incoming::Row(kind, row) => Ok(Incoming::Gone(kind, row.remote_id)),
        other @ (Incoming::Gone(..) | Incoming::Changed(..)) => Ok(other),
    }
}

#[derive(Serialize)]
struct Sent<'a, T> {
    event: SentEvent<'a, T>,
}

#[derive(Serialize)]
struct SentEvent<'a, T> {
    event_type: String,
    livemode: bool,
    data: std::collections::BTreeMap<&'a str, T>,
}

/// How Zhiren tells apps of changes.
pub(in crate::zhiren) struct ZhirenEvents;

impl Events for ZhirenEvents {
    /// The event that Zhiren would send, signed with the app's secret; none for what it sends none for.
    fn make(&self, ask: &EventAsk<'_>) -> Option<Result<Message, Error>> {
        let topic = ask.topic;
        let (record, (_, secret)) = (ask.record?, ask.key?);
        if !matches!(topic, "created" | "updated" | "deleted") {
            return None;
        }
        let body = match record.kind {
            Kind::Employee => record
                .read()
                .and_then(|employee| body("employee", topic, &map::show_employee(record.id, employee, None))),
            Kind::OrgUnit => record
                .read()
                .and_then(|unit| body("department", topic, &map::show_department(record.id, unit, None))),
            _ => return None,
        };
        Some(body.and_then(|body| signed(ask.address, body, secret)))
    }

    fn topics(&self) -> &'static [&'static str] {
        &["visit.notified"]
    }
}

fn body<T: Serialize>(noun: &str, topic: &str, data: &T) -> Result<Vec<u8>, Error> {
    let event =
        SentEvent { event_type: format!("{noun}_{topic}"), livemode: true, data: [(noun, data)].into() };
    serde_json::to_vec(&Sent { event })
        .map_err(|error| Error::internal("an event does not serialise").caused_by(error))
}

fn signed(address: &str, body: Vec<u8>, secret: &Secret) -> Result<Message, Error> {
    let rest = address.split_once("://").map(|(_, rest)| rest);
    let rest = rest.ok_or_else(|| Error::invalid("address", "an event's address is an absolute URL"))?;
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = place.split_at(place.find('/').unwrap_or(place.len()));
    let path = if path.is_empty() { "/" } else { path };
    let signature = hmac_sha256_hex(secret, &[b"POST", path.as_bytes(), &body]);
    let mut message = Message::new(Method::POST, path);
    message.authority = Some(authority.to_owned());
    message.query = query.to_owned();
    message.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let signature =
        HeaderValue::from_str(&signature).map_err(|error| Error::internal("hex").caused_by(error))?;
    message.headers.insert(SIGNATURE_HEADER, signature);
    message.body = body.into();
    Ok(message)
}
