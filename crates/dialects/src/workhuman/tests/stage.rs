//! A small invented company behind a face, and requests as other programs would make them.

use std::sync::Arc;

use http::{HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};
use tongshi_dialect::{
    Connect, Connector, Credential, Face, MemoryTokens, Message, Promptly, Reply, Transport,
    fake::{FakeDesk, FakeWorkforce, Loopback},
};
use tongshi_model::{
    Clock, Coded, Employee, EmploymentPhase, Error, FixedClock, Id, Instant, OrgUnit, PointsEntry,
    PointsKind, RewardItem, Secret, Space, Timestamp, shanghai,
};

use crate::workhuman::DESCRIPTOR;

/// 2026-03-16 10:00 in Shanghai.
pub(super) const NOW: i64 = 1_773_626_400;
pub(super) const TENANT: &str = "tenant-1";
pub(super) const BACK: &str = "https://app.example.com/back?x=1";

pub(super) struct Stage {
    pub(super) clock: Arc<FixedClock>,
    pub(super) workforce: Arc<FakeWorkforce>,
    pub(super) face: Arc<dyn Face>,
}

pub(super) fn id(name: &str) -> Id {
    Id::of(&["stage", name])
}

fn person(name: &str, number: &str, unit: &str, phase: EmploymentPhase) -> Employee {
    Employee {
        name: name.into(),
        employee_no: Some(number.to_owned()),
        mobile: Some(format!("1990000{}", number.replace("TS-", "0")).as_str().into()),
        status: Some(phase.status()),
        phase: Some(Coded::ours(phase)),
        org_unit: Some(id(unit)),
        manager: (number != "TS-100").then(|| id("boss")),
        ..Employee::default()
    }
}

/// Two teams, five people, four rewards; Lin has 1,200 points. Two clients, one of them switched off.
pub(super) fn company() -> Stage {
    let clock = Arc::new(FixedClock::at(Timestamp::from_second(NOW).expect("in range")));
    let workforce = FakeWorkforce::new(Arc::clone(&clock) as Arc<dyn Clock>);
    let desk = FakeDesk::new(Arc::clone(&workforce), Arc::clone(&clock) as Arc<dyn Clock>);
    let settings = json!({"tenant_id": TENANT, "sandbox": true, "redirect_uri": BACK});
    desk.register("workhuman", "wh-demo", "sk-demo", settings.clone());
    desk.register("workhuman", "wh-other", "sk-other", settings.clone());
    desk.register_with("workhuman", "wh-off", "sk-off", settings, |grant| grant.disabled = true);
    for (unit, name) in [("rd", "研发组"), ("sales", "销售组")] {
        workforce.put(id(unit), &OrgUnit { name: name.to_owned(), ..OrgUnit::default() }).expect("kept");
    }
    for (key, name, number, unit, phase) in [
        ("boss", "周示例", "TS-100", "rd", EmploymentPhase::Regular),
        ("lin", "林知夏", "TS-101", "rd", EmploymentPhase::Regular),
        ("wei", "魏样本", "TS-102", "rd", EmploymentPhase::Regular),
        ("shen", "沈样例", "TS-103", "sales", EmploymentPhase::Regular),
        ("left", "离样本", "TS-104", "sales", EmploymentPhase::Left),
    ] {
        workforce.put(id(key), &person(name, number, unit, phase)).expect("kept");
    }
    for (key, name, category, country, points, stock, available) in [
        ("card", "Gift card 25", "gift_cards", "US", 500, None, true),
        ("mug", "Mug", "merchandise", "CN", 100, Some(2), true),
        ("card-cn", "礼品卡 50", "gift_cards", "CN", 300, None, true),
        ("old", "Old thing", "merchandise", "CN", 1, None, false),
    ] {
        let item = RewardItem {
            name: name.to_owned(),
            category: category.to_owned(),
            country: country.to_owned(),
            points,
            about: None,
            stock,
            available,
        };
        workforce.put(id(key), &item).expect("kept");
    }
    let entry = PointsEntry {
        employee: id("lin"),
        kind: Coded::ours(PointsKind::Earn),
        amount: 1200,
        balance_after: 1200,
        source: None,
        at: Instant::parse("2026-01-05 10:00", shanghai()).expect("a time"),
        note: None,
    };
    workforce.put(id("entry"), &entry).expect("kept");
    let face = (DESCRIPTOR.serve)(desk as _, Arc::clone(&clock) as Arc<dyn Clock>);
    Stage { clock, workforce, face }
}

pub(super) fn read(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap_or_default()
}

/// A form, as programs send it.
pub(super) fn form(path: &str, pairs: &[(&str, &str)]) -> Message {
    let mut message = Message::new(Method::POST, path);
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    message.headers.insert(header::CONTENT_TYPE, kind);
    message.body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into();
    message
}

pub(super) const CREDENTIALS: [(&str, &str); 3] =
    [("grant_type", "client_credentials"), ("client_id", "wh-demo"), ("client_secret", "sk-demo")];

/// Somebody with a token.
pub(super) struct Session<'a> {
    pub(super) stage: &'a Stage,
    pub(super) token: String,
}

impl Stage {
    pub(super) async fn ask(&self, message: Message) -> Reply {
        self.face.answer(message).await
    }

    /// The client itself.
    pub(super) async fn service(&self) -> Session<'_> {
        let reply = self.ask(form("/oauth/token", &CREDENTIALS)).await;
        assert_eq!(reply.status, StatusCode::OK);
        let token = read(&reply)["access_token"].as_str().expect("a token").to_owned();
        Session { stage: self, token }
    }

    /// Somebody's own token.
    pub(super) fn person(&self, name: &str) -> Session<'_> {
        let token = format!("token-of-{name}");
        let payload = json!({"client_id": "wh-demo", "tenant_id": TENANT, "person": id(name)});
        self.workforce.plant_token(crate::workhuman::auth::ACCESS, &token, payload, None);
        Session { stage: self, token }
    }

    pub(super) fn connector(&self, settings: Value) -> Box<dyn Connector> {
        self.connector_over(Arc::new(Loopback(Arc::clone(&self.face))), settings)
    }

    pub(super) fn connector_over(
        &self,
        transport: Arc<dyn Transport>,
        settings: Value,
    ) -> Box<dyn Connector> {
        self.connect(transport, settings).expect("a connector")
    }

    pub(super) fn connect(
        &self,
        transport: Arc<dyn Transport>,
        settings: Value,
    ) -> Result<Box<dyn Connector>, Error> {
        let values = [("client_id", "wh-demo"), ("client_secret", "sk-demo")];
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value)));
        (DESCRIPTOR.connect)(Connect {
            credential: Credential::new(values.collect()),
            space: Space { workspace: id("workspace"), connection: id("connection") },
            settings,
            transport,
            pacer: Arc::new(Promptly),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            tokens: Arc::new(MemoryTokens::new(Arc::clone(&self.clock) as Arc<dyn Clock>)),
            stored: Arc::new(tongshi_dialect::NothingStored),
            second_transport: None,
        })
    }

    pub(super) fn points_of(&self, name: &str) -> i64 {
        let all = self.workforce.all::<PointsEntry>().expect("entries");
        all.iter().filter(|(_, entry)| entry.employee == id(name)).map(|(_, entry)| entry.amount).sum()
    }
}

impl Session<'_> {
    async fn send(&self, mut message: Message) -> (u16, Value) {
        let bearer = format!("Bearer {}", self.token);
        message.headers.insert(header::AUTHORIZATION, bearer.parse().expect("a header"));
        let reply = self.stage.ask(message).await;
        (reply.status.as_u16(), read(&reply))
    }

    /// A path with its query.
    pub(super) async fn get(&self, path: &str) -> (u16, Value) {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut message = Message::new(Method::GET, path);
        message.query = query.to_owned();
        self.send(message).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.send(json_body(Method::POST, path, &body)).await
    }

    pub(super) async fn put(&self, path: &str, body: Value) -> (u16, Value) {
        self.send(json_body(Method::PUT, path, &body)).await
    }

    pub(super) async fn once(&self, key: &'static str, path: &str, body: Value) -> (u16, Value) {
        let mut message = json_body(Method::POST, path, &body);
        message.headers.insert("idempotency-key", HeaderValue::from_static(key));
        self.send(message).await
    }
}

fn json_body(method: Method, path: &str, body: &Value) -> Message {
    let mut message = Message::new(method, path);
    message.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    message.body = body.to_string().into();
    message
}
