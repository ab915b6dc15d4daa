//! What an endpoint is told of a change: as much as its app may see, in the words of the Standard Webhooks specification or
//! in a vendor's manner. It is made from the journal when it is sent, so what was erased since is not told.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderValue, Method, header};
use serde::Serialize;
use serde_json::{Value, value::RawValue};
use sha2::{Digest as _, Sha256};
use tongshi_dialect::{EventAsk, Message, Record};
use tongshi_model::{Error, Id, Kind, Secret, Timestamp};
use tongshi_store::{Change, Delivery, Op, Session, Workspace};

use super::route::{Manner, Route};
use crate::{
    Hub,
    reads::{differing, op_name, raw, shown},
    seen::is_restricted,
    trace,
};

/// A longer body falls back to a thin one: receivers of the specification need not take more.
const BODY_BYTES_MAX: usize = 20_000;

/// What secrets begin with.
pub(super) const SECRET_PREFIX: &str = "whsec_";

/// A message that may be sent, as often as it takes.
pub(super) struct Told {
    pub(super) id: String,
    pub(super) record: Option<Id>,
    pub(super) kind: Option<Kind>,
    /// `employee.updated`
    pub(super) topic: String,
    pub(super) seq: i64,
    /// How often it was sent.
    pub(super) attempts: i64,
    pub(super) created_at: Timestamp,
    /// When it happened.
    pub(super) at: Timestamp,
    /// Of what is no change.
    pub(super) body: Option<Value>,
    payload: Payload,
    /// The run that made the change.
    run: Option<Id>,
    /// Where it was made, as far as traces are taken.
    pub(super) made: Option<trace::Parent>,
}

enum Payload {
    /// The body of the Standard Webhooks specification, the same at every attempt.
    Standard(Bytes),
    /// What a vendor makes its event of.
    Vendor { topic: String, record: Option<Record>, before: Option<Record> },
}

#[derive(Serialize)]
struct Envelope<'a, T> {
    #[serde(rename = "type")]
    topic: &'a str,
    timestamp: Timestamp,
    data: T,
}

#[derive(Serialize)]
struct Data<'a> {
    seq: i64,
    kind: &'a str,
    id: Id,
    version: i64,
    op: &'a str,
    fields: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'a RawValue>,
}

impl Told {
    /// What a change is to this endpoint; none when it is nothing to it: not asked for, or nothing that it may see.
    pub(super) fn of_change(route: &Route, change: Change, now: Timestamp) -> Result<Option<Self>, Error> {
        let topic = format!("{}.{}", change.kind, op_name(change.op));
        if !route.wants(&topic) || !route.scopes.sees(change.kind) {
            return Ok(None);
        }
        // Nobody went: vendors know no such event.
        if change.op == Op::Linked && !matches!(route.manner, Manner::Standard) {
            return Ok(None);
        }
        let id = message_id(route.endpoint.id, &change);
        let seen = Seen::of(route, change)?;
        if seen.change.op == Op::Updated && seen.fields.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self {
            id,
            record: Some(seen.change.record),
            kind: Some(seen.change.kind),
            seq: seen.change.seq,
            attempts: 0,
            created_at: now,
            at: seen.change.at,
            body: None,
            run: seen.change.run,
            made: None,
            payload: seen.payload(route, &topic)?,
            topic,
        }))
    }

    /// A message that waited. The error says why it cannot be told any more.
    pub(super) fn of_row(
        route: &Route,
        row: Delivery,
        change: Option<Change>,
    ) -> Result<Result<Self, (Delivery, &'static str)>, Error> {
        let run = change.as_ref().and_then(|change| change.run);
        let payload = match (&row.body, change, row.record, row.kind) {
            (Some(body), ..) => announced(route, &row, body)?,
            (None, Some(change), Some(record), _) if change.record == record => {
                if !route.scopes.sees(change.kind) {
                    return Ok(Err((row, "the app may not see this kind any more")));
                }
                Seen::of(route, change)?.payload(route, &row.topic)?
            }
            // The change is not in the journal any more, so all that may be told is that something is gone.
            (None, _, Some(record), Some(kind)) if matches!(route.manner, Manner::Standard) => {
                let data = serde_json::json!({"seq": row.seq, "kind": kind, "id": record, "op": "erased"});
                let topic = format!("{kind}.erased");
                Payload::Standard(written(&Envelope { topic: &topic, timestamp: row.created_at, data })?)
            }
            _ => return Ok(Err((row, "the change is not in the journal any more"))),
        };
        Ok(Ok(Self {
            id: row.message,
            record: row.record,
            kind: row.kind,
            topic: row.topic,
            seq: row.seq,
            attempts: row.attempts,
            created_at: row.created_at,
            at: row.created_at,
            body: row.body,
            payload,
            run,
            made: None,
        }))
    }

    /// The message that only tries an endpoint.
    pub(super) fn test(id: String, topic: &str, now: Timestamp, route: &Route) -> Result<Self, Error> {
        let payload = match route.manner {
            Manner::Standard => {
                let data = serde_json::json!({"endpoint": route.endpoint.id});
                Payload::Standard(written(&Envelope { topic, timestamp: now, data })?)
            }
            Manner::Vendor(_) => Payload::Vendor { topic: topic.to_owned(), record: None, before: None },
        };
        Ok(Self {
            id,
            record: None,
            kind: None,
            topic: topic.to_owned(),
            seq: 0,
            attempts: 0,
            created_at: now,
            at: now,
            body: None,
            payload,
            run: None,
            made: None,
        })
    }

    /// Looks up where the change was made. Costs nothing while no traces are taken.
    pub(super) async fn trace(&mut self, session: &mut Session, workspace: &Workspace) -> Result<(), Error> {
        if trace::is_on() && self.record.is_some() {
            self.made = trace::of_seq(session, workspace, self.run, self.seq).await?;
        }
        Ok(())
    }

    /// Whose restricted fields it tells, if it tells any.
    pub(super) fn discloses(&self) -> Option<(Kind, Id)> {
        let (kind, record) = self.kind.zip(self.record)?;
        let restricted = match &self.payload {
            Payload::Standard(body) => std::str::from_utf8(body).is_ok_and(|body| is_restricted(kind, body)),
            Payload::Vendor { record, before, .. } => {
                record.iter().chain(before).any(|record| is_restricted(kind, &record.doc))
            }
        };
        restricted.then_some((kind, record))
    }

    /// What a vendor's rules about answers are asked with.
    pub(super) fn ask<'a>(&'a self, hub: &'a Hub, route: &'a Route, now: Timestamp) -> EventAsk<'a> {
        let (topic, record, before) = match &self.payload {
            Payload::Standard(_) => (self.topic.as_str(), None, None),
            Payload::Vendor { topic, record, before } => (topic.as_str(), record.as_ref(), before.as_ref()),
        };
        EventAsk {
            topic,
            record,
            before,
            address: &route.endpoint.url,
            settings: &route.settings,
            key: route.key.as_ref().map(|(id, secret)| (id.as_str(), secret)),
            id: &self.id,
            now,
            randomness: hub.randomness(),
        }
    }

    /// The request of this attempt; none where the vendor sends nothing for it.
    pub(super) fn request(&self, hub: &Hub, route: &Route, now: Timestamp) -> Option<Result<Message, Error>> {
        match (&self.payload, route.manner) {
            (Payload::Standard(body), _) => Some(self.standard(route, body, now)),
            (Payload::Vendor { .. }, Manner::Vendor(events)) => events.make(&self.ask(hub, route, now)),
            (Payload::Vendor { .. }, Manner::Standard) => None,
        }
    }

    fn standard(&self, route: &Route, body: &Bytes, now: Timestamp) -> Result<Message, Error> {
        let seconds = now.as_second();
        let mut signatures = Vec::with_capacity(2);
        for secret in route.secrets_at(now) {
            signatures.push(signature(secret, &self.id, seconds, body)?);
        }
        let mut message = Message::new(Method::POST, route.target.path.clone());
        message.query.clone_from(&route.target.query);
        message.authority = Some(route.target.authority.clone());
        let headers = [
            ("webhook-id", self.id.clone()),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", signatures.join(" ")),
        ];
        message.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in headers {
            let value = HeaderValue::from_str(&value)
                .map_err(|error| Error::internal("a message's header").caused_by(error))?;
            message.headers.insert(name, value);
        }
        if let Some(here) = trace::current()
            && let Ok(value) = HeaderValue::from_str(&here.to_string())
        {
            message.headers.insert("traceparent", value);
        }
        message.body = body.clone();
        Ok(message)
    }
}

/// A change as the app may see it.
struct Seen {
    change: Change,
    before: Option<String>,
    after: Option<String>,
    fields: Vec<String>,
}

impl Seen {
    fn of(route: &Route, mut change: Change) -> Result<Self, Error> {
        let show = |doc: Option<String>| {
            doc.map(|doc| shown(change.kind, doc, &route.scopes, &route.aliases)).transpose()
        };
        let (before, after) = (show(change.before.take())?, show(change.after.take())?);
        let fields = differing(before.as_deref(), after.as_deref())?;
        Ok(Self { change, before, after, fields })
    }

    fn payload(self, route: &Route, topic: &str) -> Result<Payload, Error> {
        match route.manner {
            Manner::Standard => self.standard(route.full, topic).map(Payload::Standard),
            Manner::Vendor(_) => Ok(self.vendor()),
        }
    }

    fn standard(self, full: bool, topic: &str) -> Result<Bytes, Error> {
        let Self { change, before, after, fields } = self;
        let (before, after) = (before.map(raw).transpose()?, after.map(raw).transpose()?);
        let mut data = Data {
            seq: change.seq,
            kind: change.kind.name(),
            id: change.record,
            version: change.version,
            op: op_name(change.op),
            fields: &fields,
            before: before.as_deref().filter(|_| full),
            after: after.as_deref().filter(|_| full),
        };
        let body = written(&Envelope { topic, timestamp: change.at, data: &data })?;
        if body.len() <= BODY_BYTES_MAX {
            return Ok(body);
        }
        (data.before, data.after) = (None, None);
        written(&Envelope { topic, timestamp: change.at, data: &data })
    }

    fn vendor(self) -> Payload {
        let Self { change, before, after, .. } = self;
        let record = |doc: String, version| Record {
            id: change.record,
            kind: change.kind,
            version,
            doc,
            created_at: change.at,
            changed_at: change.at,
            deleted: change.op == Op::Deleted,
        };
        let (now, then) = match after {
            Some(after) => (Some(after), before),
            None => (before, None),
        };
        Payload::Vendor {
            topic: vendor_topic(change.op).to_owned(),
            record: now.map(|doc| record(doc, change.version)),
            before: then.map(|doc| record(doc, change.version - 1)),
        }
    }
}

fn announced(route: &Route, row: &Delivery, body: &Value) -> Result<Payload, Error> {
    Ok(match route.manner {
        Manner::Standard => Payload::Standard(written(&Envelope {
            topic: &row.topic,
            timestamp: row.created_at,
            data: body,
        })?),
        Manner::Vendor(_) => Payload::Vendor { topic: row.topic.clone(), record: None, before: None },
    })
}

fn written<T: Serialize>(envelope: &Envelope<'_, T>) -> Result<Bytes, Error> {
    let body = serde_json::to_vec(envelope);
    Ok(body.map_err(|error| Error::internal("a message does not serialise").caused_by(error))?.into())
}

/// The id of a message is computed from what it tells: the same change again has the same id, and a journal that was
/// restored and went on differently has others under the same numbers.
fn message_id(endpoint: Id, change: &Change) -> String {
    let doc = change.after.as_deref().or(change.before.as_deref()).unwrap_or_default();
    let digest = hex::encode(Sha256::digest(doc));
    let parts = [&endpoint.to_string(), &change.record.to_string(), &change.version.to_string()];
    let id = Id::of(&["message", parts[0], parts[1], parts[2], op_name(change.op), &digest]);
    format!("msg_{id}")
}

/// What vendors call a change: to those who were told that something had gone, its return is something new.
fn vendor_topic(op: Op) -> &'static str {
    match op {
        Op::Created | Op::Restored => "created",
        Op::Updated => "updated",
        // Of a link no vendor tells; what it leads to is told of by itself.
        Op::Deleted | Op::Linked => "deleted",
    }
}

/// The signature of the Standard Webhooks specification, version 1.
fn signature(secret: &Secret, id: &str, seconds: i64, body: &[u8]) -> Result<String, Error> {
    let key = secret.expose().strip_prefix(SECRET_PREFIX).unwrap_or_default();
    let key = STANDARD.decode(key).map_err(|_| Error::internal("a webhook's secret cannot be read"))?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key)
        .map_err(|error| Error::internal("a webhook's secret has a wrong length").caused_by(error))?;
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body);
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed by the Python library `standardwebhooks` 1.1.
    #[test]
    fn signs_as_the_library_does() {
        let secret = Secret::new("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
        let body = r#"{"type":"employee.updated","data":{"name":"林知夏 🙂"}}"#;
        let signed =
            signature(&secret, "msg_00112233445566778899aabbccddeeff", 1_700_000_000, body.as_bytes());
        assert_eq!(signed.unwrap(), "v1,EsbBIa5ohB1BkJhjyJur+wd5d6twbuPhboe9UzLwtuc=");
    }

    #[test]
    fn the_same_change_has_the_same_id_and_another_has_another() {
        let endpoint = Id::of(&["endpoint"]);
        let change = |seq, version, after: &str| Change {
            seq,
            record: Id::of(&["record"]),
            kind: Kind::Employee,
            op: Op::Updated,
            version,
            before: None,
            after: Some(after.to_owned()),
            run: None,
            actor: String::new(),
            at: Timestamp::UNIX_EPOCH,
            source: None,
            before_raw: None,
            before_hash: None,
            emptied: None,
        };
        let id = message_id(endpoint, &change(7, 2, "{}"));
        assert_eq!(id, message_id(endpoint, &change(9, 2, "{}")), "a restored journal numbers anew");
        assert_ne!(id, message_id(endpoint, &change(7, 3, "{}")));
        assert_ne!(id, message_id(endpoint, &change(7, 2, "[]")));
        assert_ne!(id, message_id(Id::of(&["other"]), &change(7, 2, "{}")));
    }
}
