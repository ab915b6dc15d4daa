//! A small invented company behind a face, and requests as other programs would make them.

use std::sync::Arc;

use http::{HeaderValue, Method, header};
use serde_json::{Value, json};
use tongshi_dialect::{
    Connect, Connector, Credential, Face, Grant, MemoryTokens, Message, NothingStored, Promptly, Reply,
    Stored, Transport,
    fake::{FakeDesk, FakeWorkforce, Loopback},
};
use tongshi_model::{
    Clock, Coded, Company, Employee, EmploymentPhase, FixedClock, Id, OrgUnit, Secret, Space, Timestamp,
};

use crate::dingtalk::{DESCRIPTOR, auth::TOKEN_HEADER, map::number_of};

/// 2026-03-16 10:00 in Shanghai.
pub(super) const NOW: i64 = 1_773_626_400;
pub(super) const KEY: &str = "dingdemo";
pub(super) const SECRET: &str = "demo-secret";
pub(super) const CORP: &str = "dingcorpdemo";
pub(super) const BACK: &str = "https://app.example.com/back?x=1";

pub(super) struct Stage {
    pub(super) clock: Arc<FixedClock>,
    pub(super) workforce: Arc<FakeWorkforce>,
    pub(super) face: Arc<dyn Face>,
}

pub(super) fn id(name: &str) -> Id {
    Id::of(&["stage", name])
}

/// The number of a department.
pub(super) fn dept(name: &str) -> i64 {
    number_of(id(name))
}

pub(super) fn person(name: &str, number: &str, mobile: &str, unit: Option<&str>) -> Employee {
    let phase = if name.starts_with('离') { EmploymentPhase::Left } else { EmploymentPhase::Regular };
    Employee {
        name: name.into(),
        employee_no: Some(number.to_owned()),
        mobile: Some(mobile.into()),
        email: Some(format!("{number}@example.com").into()),
        status: Some(phase.status()),
        phase: Some(Coded::ours(phase)),
        org_unit: unit.map(id),
        hire_date: "2020-08-16".parse().ok(),
        leave_date: (phase == EmploymentPhase::Left).then(|| "2026-03-02".parse().expect("a date")),
        ..Employee::default()
    }
}

/// A company of two departments below a root, five people, one of whom has left and one of whom is in a department that
/// nobody knows.
pub(super) fn company() -> Stage {
    company_with(json!({}), |_| {})
}

pub(super) fn company_with(settings: Value, change: impl FnOnce(&mut Grant)) -> Stage {
    let clock = Arc::new(FixedClock::at(Timestamp::from_second(NOW).expect("in range")));
    let workforce = FakeWorkforce::new(Arc::clone(&clock) as Arc<dyn Clock>);
    let desk = FakeDesk::new(Arc::clone(&workforce), Arc::clone(&clock) as Arc<dyn Clock>);
    let mut all = json!({"sandbox": true, "corp_id": CORP, "suite_ticket": "TestSuiteTicket"});
    if let Value::Object(settings) = settings {
        all.as_object_mut().expect("an object").extend(settings);
    }
    desk.register_with("dingtalk", KEY, SECRET, all, |grant| {
        grant.redirect_uris = vec![BACK.to_owned()];
        change(grant);
    });
    workforce
        .put(id("company"), &Company { name: "样本科技".to_owned(), ..Company::default() })
        .expect("kept");
    for (key, name, parent, head) in [
        ("d0", "总部", None, None),
        ("d1", "研发组", Some("d0"), Some("lin")),
        ("d2", "前端组", Some("d1"), None),
    ] {
        let unit = OrgUnit {
            name: name.to_owned(),
            parent: parent.map(id),
            head: head.map(id),
            ..OrgUnit::default()
        };
        workforce.put(id(key), &unit).expect("kept");
    }
    for (key, employee) in [
        ("lin", person("林知夏", "TS-101", "19900000101", Some("d1"))),
        ("left", person("离样本", "TS-102", "19900000102", Some("d1"))),
        (
            "wang",
            Employee { manager: Some(id("lin")), ..person("王样本", "TS-103", "19900000103", Some("d2")) },
        ),
        ("boss", person("总样本", "TS-104", "19900000104", Some("d0"))),
        ("stray", person("散样本", "TS-105", "19900000105", Some("nowhere"))),
    ] {
        workforce.put(id(key), &employee).expect("kept");
    }
    let face = (DESCRIPTOR.serve)(desk as _, Arc::clone(&clock) as Arc<dyn Clock>);
    Stage { clock, workforce, face }
}

pub(super) fn read(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap_or_default()
}

impl Stage {
    pub(super) async fn send(
        &self,
        method: Method,
        path_and_query: &str,
        headers: &[(&'static str, &str)],
        body: &str,
    ) -> Reply {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let mut message = Message::new(method, path);
        message.query = query.to_owned();
        for (name, value) in headers {
            message.headers.insert(*name, HeaderValue::from_str(value).expect("a header"));
        }
        message.body = body.to_owned().into();
        self.face.answer(message).await
    }

    pub(super) async fn token(&self) -> String {
        let answer =
            self.send(Method::GET, &format!("/gettoken?appkey={KEY}&appsecret={SECRET}"), &[], "").await;
        read(&answer)["access_token"].as_str().expect("a token").to_owned()
    }

    /// A JSON body to the old host, with a fresh token.
    pub(super) async fn old(&self, path: &str, body: Value) -> Value {
        let token = self.token().await;
        let headers = [(header::CONTENT_TYPE.as_str(), "application/json")];
        read(
            &self
                .send(Method::POST, &format!("{path}?access_token={token}"), &headers, &body.to_string())
                .await,
        )
    }

    /// A call of the new host, with a fresh token.
    pub(super) async fn new_host(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let token = self.token().await;
        let headers = [(TOKEN_HEADER, &*token), (header::CONTENT_TYPE.as_str(), "application/json")];
        self.send(method, path, &headers, &body.map_or_else(String::new, |body| body.to_string())).await
    }

    /// The `result` of a call of the old host, which must succeed.
    pub(super) async fn result(&self, path: &str, body: Value) -> Value {
        let answer = self.old(path, body).await;
        assert_eq!(answer["errcode"], 0, "{answer}");
        answer["result"].clone()
    }

    pub(super) fn connector(&self) -> Box<dyn Connector> {
        self.connector_over(self.loopback())
    }

    pub(super) fn connector_with(&self, settings: Value) -> Box<dyn Connector> {
        self.connector_of((self.loopback(), None), settings, Arc::new(NothingStored))
    }

    pub(super) fn connector_over(&self, transport: Arc<dyn Transport>) -> Box<dyn Connector> {
        self.connector_of((transport, None), json!({}), Arc::new(NothingStored))
    }

    pub(super) fn loopback(&self) -> Arc<dyn Transport> {
        Arc::new(Loopback(Arc::clone(&self.face)))
    }

    pub(super) fn connector_of(
        &self,
        (transport, second_transport): (Arc<dyn Transport>, Option<Arc<dyn Transport>>),
        settings: Value,
        stored: Arc<dyn Stored>,
    ) -> Box<dyn Connector> {
        let values = [
            ("app_key", KEY),
            ("app_secret", SECRET),
            ("corp_id", CORP),
            ("callback_token", "123456"),
            ("callback_aes_key", "4g5j64qlyl3zvetqxz5jiocdr586fn2zvjpa8zls3ij"),
        ];
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value)));
        (DESCRIPTOR.connect)(Connect {
            credential: Credential::new(values.collect()),
            space: space(),
            settings,
            transport,
            pacer: Arc::new(Promptly),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            tokens: Arc::new(MemoryTokens::new(Arc::clone(&self.clock) as Arc<dyn Clock>)),
            stored,
            second_transport,
        })
        .expect("a connector")
    }
}

pub(super) fn space() -> Space {
    Space { workspace: id("workspace"), connection: id("connection") }
}
