//! Pushes (§B4), read and made: a form whose field `data` holds a row, or several, as JSON.

use std::time::Duration;

use http::{HeaderValue, Method, header};
use serde_json::value::RawValue;
use tongshi_dialect::{EventAsk, Events, Incoming, Message, Row, strict_pairs};
use tongshi_model::{Error, Kind, Secret, Timestamp};
use tongshi_oauth::same_secret;

use super::map;
use crate::waiqin::{
    auth::{WINDOW_SECONDS, push_digest},
    wire::{EmployeeRow, OrganizationRow, Push},
};

/// What a push says is believed so long after it was made: the vendor tries for ten days.
const OLDEST_SECONDS: i64 = 11 * 24 * 60 * 60;

/// Failed pushes go again each day, at 01:30, for ten days (§B4); the hub counts a day from the failure instead.
const DELAYS: [Duration; 10] = [Duration::from_secs(24 * 60 * 60); 10];

/// The sorts of data. Only `employee` was to be seen; the other is named after its operations.
const EMPLOYEE: &str = "employee";
const ORGANIZATION: &str = "organization";

/// Checks and reads a push. The proof covers data and time; the vendor's own formula was on a part of its page that was
/// not to be seen, so it is that of its digests (§B1).
pub(super) fn receive(
    message: &Message,
    secret: &Secret,
    tenant: Option<&str>,
    now: Timestamp,
) -> Result<Vec<Incoming>, Error> {
    let unread = |why: String| Error::invalid("push", why);
    if !message.is_form() {
        return Err(unread("a push is a form".to_owned()));
    }
    let fields = strict_pairs(&message.body).map_err(|fault| unread(fault.to_string()))?;
    let push: Push =
        serde_json::from_value(fields.into()).map_err(|_| unread("a push consists of texts".to_owned()))?;
    let expected = push_digest(push.data.as_bytes(), secret, &push.timestamp);
    if secret.expose().is_empty() || !same_secret(&Secret::new(expected), &push.digest) {
        return Err(Error::unauthenticated("the push's digest is wrong"));
    }
    if tenant.is_some_and(|tenant| !push.tenant_id.is_empty() && tenant != push.tenant_id) {
        return Err(Error::unauthenticated("the push is of another company"));
    }
    let made: Option<i64> = push.timestamp.parse::<i64>().ok().map(|milliseconds| milliseconds / 1000);
    let age = made.map(|made| now.as_second().saturating_sub(made));
    if age.is_none_or(|age| !(-WINDOW_SECONDS..=OLDEST_SECONDS).contains(&age)) {
        return Err(Error::unauthenticated("the push is too old, or from the future"));
    }
    let kind = match &*push.data_type {
        EMPLOYEE => Kind::Employee,
        ORGANIZATION => Kind::OrgUnit,
        _ => return Ok(Vec::new()),
    };
    let data = push.data.trim();
    let rows: Result<Vec<&RawValue>, _> = if data.starts_with('[') {
        serde_json::from_str(data)
    } else {
        serde_json::from_str(data).map(|row| vec![row])
    };
    let rows = rows.map_err(|error| unread(format!("data breaks off at column {}", error.column())))?;
    rows.into_iter().map(|row| incoming(kind, row.get(), &push.data_id)).collect()
}

fn incoming(kind: Kind, raw: &str, data_id: &str) -> Result<Incoming, Error> {
    #[derive(serde::Deserialize)]
    struct Head {
        #[serde(default, deserialize_with = "tongshi_dialect::lenient::text")]
        id: Option<String>,
        #[serde(default, deserialize_with = "tongshi_dialect::lenient::text")]
        emp_name: Option<String>,
        #[serde(default, deserialize_with = "tongshi_dialect::lenient::text")]
        org_status: Option<String>,
    }
    let head: Head = serde_json::from_str(raw)
        .map_err(|_| Error::invalid("push", "a row of the push is not as documented"))?;
    let remote_id = head.id.unwrap_or_else(|| data_id.to_owned());
    if remote_id.is_empty() {
        return Err(Error::invalid("push", "a row of the push has no id"));
    }
    // Who is deleted keeps the name with a mark; the hub asks before it believes it.
    let gone = head.emp_name.is_some_and(|name| name.ends_with(map::DELETED))
        || head.org_status.as_deref() == Some("0");
    Ok(if gone {
        Incoming::Gone(kind, remote_id)
    } else {
        Incoming::Row(kind, Row { remote_id, date: None, raw: raw.to_owned() })
    })
}

/// How Waiqin tells apps of changes.
pub(in crate::waiqin) struct WaiqinEvents;

impl Events for WaiqinEvents {
    /// The push that Waiqin would send, with the app's push secret; none for what it sends none for.
    fn make(&self, ask: &EventAsk<'_>) -> Option<Result<Message, Error>> {
        let (record, (_, secret)) = (ask.record?, ask.key?);
        let deleted = match ask.topic {
            "created" | "updated" => false,
            "deleted" => true,
            _ => return None,
        };
        let row = match record.kind {
            Kind::Employee => record.read().and_then(|employee| {
                let row = map::show_employee(record.id, &employee, false);
                // Whether somebody heads a unit is not the record's own.
                let row = EmployeeRow { emp_is_org_learder: None, ..row };
                let name = row.emp_name.clone().filter(|_| deleted);
                let name = name.map(|name| format!("{name}{}", map::DELETED));
                text(&EmployeeRow { emp_name: name.or(row.emp_name.clone()), ..row })
            }),
            Kind::OrgUnit => record.read().and_then(|unit| {
                let status = if deleted { "0" } else { "1" };
                let row = map::show_unit(record.id, &unit);
                text(&OrganizationRow { org_status: Some(status.to_owned()), ..row })
            }),
            _ => return None,
        };
        Some(row.and_then(|data| message(ask, record.kind, &record.id.to_string(), &data, secret)))
    }

    fn delays(&self) -> Option<&'static [Duration]> {
        Some(&DELAYS)
    }

    fn signs_with(&self) -> Option<&'static str> {
        Some("pushid")
    }
}

/// What a kind of record is called in pushes.
pub(in crate::waiqin) fn data_type(kind: Kind) -> &'static str {
    if kind == Kind::Employee { EMPLOYEE } else { ORGANIZATION }
}

fn text<T: serde::Serialize>(row: &T) -> Result<String, Error> {
    serde_json::to_string(row).map_err(|error| Error::internal("a push does not serialise").caused_by(error))
}

fn message(
    ask: &EventAsk<'_>,
    kind: Kind,
    data_id: &str,
    data: &str,
    secret: &Secret,
) -> Result<Message, Error> {
    let rest = ask.address.split_once("://").map(|(_, rest)| rest);
    let rest = rest.ok_or_else(|| Error::invalid("address", "a push's address is an absolute URL"))?;
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = place.split_at(place.find('/').unwrap_or(place.len()));
    let timestamp = ask.now.as_millisecond().to_string();
    let digest = push_digest(data.as_bytes(), secret, &timestamp);
    let tenant = ask.settings["tenant_id"].as_str().unwrap_or_default();
    let fields = [
        ("msgId", ask.id),
        ("dataType", data_type(kind)),
        ("dataId", data_id),
        ("dataVersion", "001"),
        ("dataFormat", "json"),
        ("dataSource", "biz"),
        ("data", data),
        ("timestamp", &*timestamp),
        ("status", "0"),
        ("digest", &*digest),
        ("tenantId", tenant),
    ];
    let mut message = Message::new(Method::POST, if path.is_empty() { "/" } else { path });
    message.authority = Some(authority.to_owned());
    message.query = query.to_owned();
    message
        .headers
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    message.body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish().into();
    Ok(message)
}
