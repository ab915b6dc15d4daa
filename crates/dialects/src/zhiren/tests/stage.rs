//! A small invented company behind a face, and requests as other programs would make them.

use std::sync::Arc;

use http::{HeaderValue, Method, header};
use serde_json::{Value, json};
use tongshi_dialect::{
    Connect, Connector, Credential, Face, Grant, MemoryTokens, Message, Promptly, Reply,
    fake::{FakeDesk, FakeWorkforce, Loopback},
    hmac_sha256_hex,
};
use tongshi_model::{
    Clock, Coded, Company, Employee, EmploymentPhase, EmploymentType, FixedClock, Id, Instant, LegalEntity,
    LocalDate, OrgUnit, Secret, Space, Timestamp, shanghai,
};

use crate::zhiren::{DESCRIPTOR, auth::SIGNATURE_HEADER};

/// 2018-03-01 10:00 in Shanghai.
pub(super) const NOW: i64 = 1_519_869_600;

pub(super) struct Stage {
    pub(super) clock: Arc<FixedClock>,
    pub(super) workforce: Arc<FakeWorkforce>,
    pub(super) desk: Arc<FakeDesk>,
    pub(super) face: Arc<dyn Face>,
}

pub(super) fn id(name: &str) -> Id {
    Id::of(&["stage", name])
}

pub(super) fn date(text: &str) -> LocalDate {
    text.parse().expect("a date")
}

pub(super) fn instant(text: &str) -> Instant {
    Instant::parse(text, shanghai()).expect("a time")
}

pub(super) fn person(name: &str, number: &str, mobile: &str, phase: EmploymentPhase) -> Employee {
    Employee {
        name: name.into(),
        employee_no: Some(number.to_owned()),
        mobile: Some(mobile.into()),
        status: Some(phase.status()),
        phase: Some(Coded::ours(phase)),
        employment_type: Some(Coded::ours(EmploymentType::FullTime)),
        ..Employee::default()
    }
}

/// A company, two sub-companies, two departments, nobody yet; one app.
pub(super) fn empty() -> Stage {
    let clock = Arc::new(FixedClock::at(Timestamp::from_second(NOW).expect("in range")));
    let workforce = FakeWorkforce::new(Arc::clone(&clock) as Arc<dyn Clock>);
    let desk = FakeDesk::new(Arc::clone(&workforce), Arc::clone(&clock) as Arc<dyn Clock>);
    desk.register(
        "zhiren",
        "ak-demo",
        "sk-demo",
        json!({"company_token": "t-1", "sandbox": true, "callback_url": "https://app.example.com/back?x=1"}),
    );
    let company =
        Company { name: "样本".to_owned(), full_name: Some("样本集团(示例)".to_owned()), logo: None };
    workforce.put(id("company"), &company).expect("kept");
    for (key, name) in [("s1", "样本科技(示例)"), ("s2", "样本贸易(示例)")] {
        let entity =
            LegalEntity { name: name.to_owned(), parent: Some(id("company")), ..LegalEntity::default() };
        workforce.put(id(key), &entity).expect("kept");
    }
    for (key, name, parent) in [("d0", "总部", None), ("d1", "研发组", Some(id("d0")))] {
        workforce
            .put(id(key), &OrgUnit { name: name.to_owned(), parent, ..OrgUnit::default() })
            .expect("kept");
    }
    let face = (DESCRIPTOR.serve)(Arc::clone(&desk) as _, Arc::clone(&clock) as Arc<dyn Clock>);
    Stage { clock, workforce, desk, face }
}

/// The same with people: each is there for a reason.
pub(super) fn company() -> Stage {
    let stage = empty();
    let put = |key: &str, employee: Employee| stage.workforce.put(id(key), &employee).expect("kept");
    put(
        "lin",
        Employee {
            org_unit: Some(id("d1")),
            legal_entity: Some(id("s1")),
            hire_date: Some(date("2016-02-29")),
            ..person("林知夏", "TS-101", "19900000101", EmploymentPhase::Regular)
        },
    );
    put(
        "left",
        Employee {
            legal_entity_name: Some("样本科技(示例)".to_owned()),
            hire_date: Some(date("2015-01-05")),
            leave_date: Some(date("2017-08-31")),
            ..person("离样本", "TS-102", "19900000105", EmploymentPhase::Left)
        },
    );
    // Has the mobile of somebody who has left.
    put("again", person("又样本", "TS-105", "19900000105", EmploymentPhase::Probation));
    // Two who share a mobile.
    put("twin1", person("双样本", "TS-106", "19900000106", EmploymentPhase::Internship));
    put("twin2", person("双样本二", "TS-107", "19900000106", EmploymentPhase::Waiting));
    // Has a number that is somebody else's mobile.
    put("clash", person("撞样本", "19900000101", "19900000108", EmploymentPhase::Notice));
    stage
}

impl Stage {
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Sends a signed request with the payload in the query, and reads the answer.
    pub(super) async fn call(&self, method: Method, path: &str, payload: &Value) -> (u16, Value) {
        let text = if payload.is_null() { String::new() } else { payload.to_string() };
        read(&self.face.answer(signed(method, path, &text, self.now())).await)
    }

    pub(super) async fn get(&self, path: &str, payload: Value) -> (u16, Value) {
        self.call(Method::GET, path, &payload).await
    }

    pub(super) async fn post(&self, path: &str, payload: Value) -> (u16, Value) {
        self.call(Method::POST, path, &payload).await
    }

    /// Registers a second app, changes what it may, and calls with it.
    pub(super) async fn get_as(
        &self,
        settings: Value,
        change: impl FnOnce(&mut Grant),
        path: &str,
    ) -> (u16, Value) {
        let key = format!("ak-{}", Id::of(&["app", path]));
        self.desk.register_with("zhiren", &key, "sk-2", settings, change);
        let message = signed_by(&key, "sk-2", Method::GET, path, "", self.now());
        read(&self.face.answer(message).await)
    }

    /// A connector that talks to this face.
    pub(super) fn connector(&self, more: &[(&str, &str)], settings: Value) -> Box<dyn Connector> {
        let values = [("access_key", "ak-demo"), ("secret_key", "sk-demo"), ("company_token", "t-1")];
        let values = values.iter().chain(more).map(|(name, value)| ((*name).to_owned(), Secret::new(*value)));
        (DESCRIPTOR.connect)(Connect {
            credential: Credential::new(values.collect()),
            space: space(),
            settings,
            transport: Arc::new(Loopback(Arc::clone(&self.face))),
            pacer: Arc::new(Promptly),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            tokens: Arc::new(MemoryTokens::new(Arc::clone(&self.clock) as Arc<dyn Clock>)),
            stored: Arc::new(tongshi_dialect::NothingStored),
            second_transport: None,
        })
        .expect("a connector")
    }
}

pub(super) fn space() -> Space {
    Space { workspace: id("workspace"), connection: id("connection") }
}

/// A request as an app makes it, with the signature in the query only. The string to sign is put together here on
/// its own, not by the code under test.
pub(super) fn signed(method: Method, path: &str, payload: &str, now: Timestamp) -> Message {
    signed_by("ak-demo", "sk-demo", method, path, payload, now)
}

pub(super) fn signed_by(
    key: &str,
    secret: &str,
    method: Method,
    path: &str,
    payload: &str,
    now: Timestamp,
) -> Message {
    let tonce = now.as_second().to_string();
    let text = format!("{method}{path}{key}{tonce}{payload}");
    let mut message = Message::new(method, path);
    message.add_query("access_key", key);
    message.add_query("tonce", &tonce);
    message.add_query("signature", &hmac_sha256_hex(&Secret::new(secret), &[text.as_bytes()]));
    if !payload.is_empty() {
        message.add_query("payload", payload);
    }
    message
}

/// Puts a form in the body.
pub(super) fn with_form(mut message: Message, pairs: &[(&str, &str)]) -> Message {
    let mut form = form_urlencoded::Serializer::new(String::new());
    pairs.iter().for_each(|(name, value)| {
        form.append_pair(name, value);
    });
    message.headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded; charset=UTF-8"),
    );
    message.body = form.finish().into();
    message
}

/// Puts a signature in the header.
pub(super) fn with_header(mut message: Message, signature: &str) -> Message {
    message.headers.insert(SIGNATURE_HEADER, HeaderValue::from_str(signature).expect("visible"));
    message
}

/// Status and JSON of a reply; text where it is none.
pub(super) fn read(reply: &Reply) -> (u16, Value) {
    let value = serde_json::from_slice(&reply.body)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&reply.body).into_owned()));
    (reply.status.as_u16(), value)
}
