//! A small invented company behind a face, and requests as other programs would make them.

use std::sync::Arc;

use http::{HeaderValue, Method, header};
use md5::{Digest as _, Md5};
use serde_json::{Value, json};
use tongshi_dialect::{
    Connect, Connector, Credential, Face, MemoryTokens, Message, Promptly, Reply,
    fake::{FakeDesk, FakeWorkforce, Loopback},
};
use tongshi_model::{
    Clock, Coded, Direction, Employee, EmploymentPhase, FixedClock, Id, Instant, OrgUnit, Punch, PunchSource,
    Secret, Space, TimelineEntry, TimelineKind, Timestamp, shanghai,
};

use crate::waiqin::DESCRIPTOR;

/// 2018-03-01 10:00 in Shanghai.
pub(super) const NOW: i64 = 1_519_869_600;
pub(super) const TENANT: &str = "7361230011223344556";
pub(super) const OPENID: &str = "8437105621940127365";
pub(super) const BACK: &str = "https://app.example.com/back?x=1";

pub(super) struct Stage {
    pub(super) clock: Arc<FixedClock>,
    pub(super) workforce: Arc<FakeWorkforce>,
    pub(super) face: Arc<dyn Face>,
}

pub(super) fn id(name: &str) -> Id {
    Id::of(&["stage", name])
}

pub(super) fn person(name: &str, number: &str, mobile: &str, phase: EmploymentPhase) -> Employee {
    Employee {
        name: name.into(),
        employee_no: Some(number.to_owned()),
        mobile: Some(mobile.into()),
        status: Some(phase.status()),
        phase: Some(Coded::ours(phase)),
        org_unit: Some(id("d1")),
        ..Employee::default()
    }
}

fn instant(text: &str) -> Instant {
    Instant::parse(text, shanghai()).expect("a time")
}

/// Two departments, three people, a day of punches, an errand; two apps.
pub(super) fn company() -> Stage {
    let clock = Arc::new(FixedClock::at(Timestamp::from_second(NOW).expect("in range")));
    let workforce = FakeWorkforce::new(Arc::clone(&clock) as Arc<dyn Clock>);
    let desk = FakeDesk::new(Arc::clone(&workforce), Arc::clone(&clock) as Arc<dyn Clock>);
    let settings = json!({
        "tenant_id": TENANT, "sandbox": true, "redirect_uri": BACK,
        "menus": {"kpi": {"redirect_uri": BACK, "state": "m-1"}, "astray": {"redirect_uri": "https://evil.example/"}},
    });
    desk.register("waiqin", "wq-demo", "sk-demo", settings.clone());
    desk.register("waiqin", "wq-other", "sk-other", settings);
    desk.register("waiqin", OPENID, "demo-appkey", json!({}));
    desk.register("waiqin", "pu-demo", "push-demo", json!({}));
    let head = Some(id("lin"));
    for (key, name, parent, head) in [("d0", "总部", None, None), ("d1", "研发组", Some(id("d0")), head)]
    {
        let unit = OrgUnit { name: name.to_owned(), parent, head, ..OrgUnit::default() };
        workforce.put(id(key), &unit).expect("kept");
    }
    for (key, employee) in [
        ("lin", person("林知夏", "TS-101", "19900000101", EmploymentPhase::Regular)),
        ("left", person("离样本", "TS-102", "19900000102", EmploymentPhase::Left)),
        ("long", person(&"长".repeat(40), "TS-103", "19900000103", EmploymentPhase::Regular)),
    ] {
        workforce.put(id(key), &employee).expect("kept");
    }
    let errand = TimelineEntry {
        employee: id("lin"),
        kind: Coded::ours(TimelineKind::FieldWork),
        date: "2018-02-28".parse().expect("a date"),
        start: Some(instant("2018-02-28 10:30")),
        end: Some(instant("2018-02-28 12:00")),
        duration: None,
        approval: None,
        note: Some("客户处".to_owned()),
    };
    workforce.put(id("errand"), &errand).expect("kept");
    let face = (DESCRIPTOR.serve)(desk as _, Arc::clone(&clock) as Arc<dyn Clock>);
    Stage { clock, workforce, face }
}

pub(super) fn punch(at: &str) -> Punch {
    Punch {
        employee: id("lin"),
        at: instant(at),
        direction: Direction::Unknown,
        source: PunchSource::Unknown,
        day: None,
        detail: None,
    }
}

pub(super) fn read(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap_or_default()
}

impl Stage {
    /// A JSON body to an address of family A.
    pub(super) async fn post(&self, path_and_query: &str, body: Value) -> Value {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let mut message = Message::new(Method::POST, path);
        message.query = query.to_owned();
        message.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        message.body = body.to_string().into();
        read(&self.face.answer(message).await)
    }

    /// The same from an address.
    pub(super) async fn post_from(&self, path: &str, body: Value, peer: &str) -> Value {
        let mut message = Message::new(Method::POST, path);
        message.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        message.body = body.to_string().into();
        message.peer = Some(peer.parse().expect("an address"));
        read(&self.face.answer(message).await)
    }

    /// What a browser gets at this address.
    pub(super) async fn browse(&self, path: &str, pairs: &[(&str, &str)]) -> Reply {
        let mut message = Message::new(Method::GET, path);
        for (name, value) in pairs {
            message.add_query(name, value);
        }
        self.face.answer(message).await
    }

    /// The same where the browser keeps something.
    pub(super) async fn browse_keeping(&self, cookie: &str, path: &str, pairs: &[(&str, &str)]) -> Reply {
        let mut message = Message::new(Method::GET, path);
        message.headers.insert(header::COOKIE, HeaderValue::from_str(cookie).expect("a cookie"));
        for (name, value) in pairs {
            message.add_query(name, value);
        }
        self.face.answer(message).await
    }

    /// What a browser gets when it sends a page's form.
    pub(super) async fn submit(&self, pairs: &[(&str, &str)]) -> Reply {
        self.submit_keeping("", pairs).await
    }

    /// The same where the browser keeps something.
    pub(super) async fn submit_keeping(&self, cookie: &str, pairs: &[(&str, &str)]) -> Reply {
        let mut message = Message::new(Method::POST, "/service/oauth/authorize");
        message.headers.insert(header::COOKIE, HeaderValue::from_str(cookie).expect("a cookie"));
        message
            .headers
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        message.body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into();
        self.face.answer(message).await
    }

    pub(super) async fn token(&self, app: &str, secret: &str) -> String {
        let ask = json!({"app_id": app, "app_secret": secret, "tenant_id": TENANT});
        let answer = self.post("/service/oauth/token", ask).await;
        answer["return_data"]["access_token"].as_str().expect("a token").to_owned()
    }

    /// A call of family B, its digest made here by another hand than the dialect's.
    pub(super) async fn open(&self, operation: &str, body: &str, timestamp: &str) -> Value {
        let digest = hex::encode(Md5::digest(format!("{body}|demo-appkey|{timestamp}")));
        self.open_with(operation, body, OPENID, timestamp, &digest).await
    }

    pub(super) async fn open_with(
        &self,
        operation: &str,
        body: &str,
        openid: &str,
        timestamp: &str,
        digest: &str,
    ) -> Value {
        let path = format!("/api/{operation}/{openid}/{timestamp}/{digest}/m-1");
        let mut message = Message::new(Method::POST, path);
        message.body = body.to_owned().into();
        read(&self.face.answer(message).await)
    }

    pub(super) fn connector(&self, credential: &[(&str, &str)], settings: Value) -> Box<dyn Connector> {
        let values = credential.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value)));
        (DESCRIPTOR.connect)(Connect {
            credential: Credential::new(values.collect()),
            space: Space { workspace: id("workspace"), connection: id("connection") },
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
