//! A company full of canaries, apps that may and may not see them, and a log that is captured whole.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tongshi_api::{ApiConfig, router};
use tongshi_dialect::{Face, Message, Reply};
use tongshi_hub::{LoadItem, NewApp, NewConnection, RecordQuery, Scopes, Workspace};
use tongshi_model::{
    Coded, Currency, Draft, Employee, EmploymentPhase, EmploymentStatus, Kind, Money, SalaryItem, Secret,
    Sensitivity,
};
use tongshi_testkit::{Effect, Setup, TestHub};
use tower::ServiceExt as _;
use tracing_subscriber::fmt::MakeWriter;

/// People with three numbers and a salary each.
const PEOPLE: u64 = 2_500;

/// An app that asks.
pub(crate) struct Reader {
    pub(crate) name: &'static str,
    pub(crate) key: Secret,
    /// The key of an app that sees as much and may change things.
    pub(crate) manager: Secret,
    /// The key of an app that sees as much of the workspace that the company is synced into.
    pub(crate) outside: Secret,
    /// What it was sent as a vendor's event.
    pub(crate) told: Told,
}

pub(crate) type Told = Arc<Mutex<Vec<u8>>>;

pub(crate) struct Stage {
    pub(crate) hub: TestHub,
    pub(crate) app: Router,
    /// Each value that nobody may meet, and its sort.
    pub(crate) planted: Vec<(&'static str, String)>,
    pub(crate) blind: Vec<Reader>,
    pub(crate) seeing: Reader,
    /// The workspace of the connections over which faces are asked.
    pub(crate) callers: Workspace,
}

impl Stage {
    /// The hub that a stage is set over.
    pub(crate) fn setup() -> Setup {
        Setup { employees: 40, attendance_days: 1, page_size: 500, ..Setup::default() }
    }

    pub(crate) async fn set(hub: &TestHub) -> Self {
        let hub = hub.clone();
        let callers = hub.hub.workspace("callers").await.unwrap();
        let app = router(hub.hub.clone(), ApiConfig::default());
        let mut planted = load(&hub).await;
        let secrets = hub.keys.values().flatten().filter(|(name, _)| name.contains("secret"));
        planted.extend(secrets.map(|(_, value)| ("secret", value.expose().to_owned())));
        let nothing = Scopes { sensitivity: Sensitivity::Public, ..Scopes::default() };
        let units = Scopes { kinds: Some(vec![Kind::OrgUnit]), write: false, ..Scopes::all() };
        let everything = Scopes { write: false, ..Scopes::all() };
        let mut readers = Vec::new();
        for (name, scopes) in
            [("public-only", nothing), ("units-only", units), ("sees-everything", everything)]
        {
            readers.push(reader(&hub, &callers, name, scopes, &mut planted).await);
        }
        let seeing = readers.pop().unwrap();
        // Whoever asks for events is told of what comes after this.
        hub.hub.pass_events_on().await.unwrap();
        assert!(hub.sync(&["org_unit", "employee"]).await.complete);
        Self { hub, app, planted, blind: readers, seeing, callers }
    }

    /// A planted value of this sort.
    pub(crate) fn value(&self, sort: &str) -> &str {
        &self.planted.iter().find(|(known, _)| *known == sort).unwrap().1
    }

    /// Syncs that go wrong in every way in which a message could quote a value.
    pub(crate) async fn make_trouble(&self) {
        let (mobile, card, secret) = (self.value("mobile"), self.value("bank_card"), self.value("secret"));
        let quoting = format!("{{\"error_code\":40001,\"message\":\"{mobile} and {card} with {secret}\"}}");
        let page = format!("<html>{mobile} {card}?signature={secret}</html>");
        let broken = format!("[{{\"uuid\":\"x\",\"name\":\"{mobile}\",\"join_date\":\"{card}\"");
        for (status, body) in [
            (400, quoting.clone()),
            (401, quoting.clone()),
            (500, quoting),
            (200, page.clone()),
            (502, page),
            (200, broken),
        ] {
            self.hub.wire.break_by(move |_, _| {
                Effect::Answer(Reply::json(StatusCode::from_u16(status).unwrap(), body.clone()))
            });
            let outcome = self.hub.sync(&["employee"]).await;
            assert!(!outcome.complete);
        }
        let card = card.to_owned();
        self.hub.wire.break_by(move |_, message| {
            if message.path != "/api/v2/employees" {
                return Effect::Pass;
            }
            let card = card.clone();
            Effect::Change(Box::new(move |mut reply: Reply| {
                let mut page: Value = serde_json::from_slice(&reply.body).unwrap();
                page["employees"][1]["join_date"] = card.into();
                reply.body = page.to_string().into();
                reply
            }))
        });
        let outcome = self.hub.sync(&["employee"]).await;
        assert!(outcome.counts.quarantined > 0, "{outcome:?}");
        self.hub.wire.mend();
    }

    /// Asks the surface; every byte of the answer.
    pub(crate) async fn ask(&self, reader: &Reader, method: Method, target: &str, body: &str) -> Vec<u8> {
        self.ask_as(&reader.key, method, target, body).await
    }

    /// Asks for something that has no end, until a line is in it.
    pub(crate) async fn ask_until(&self, reader: &Reader, target: &str, line: &str) -> Vec<u8> {
        let request = asking(&reader.key, Method::GET, target).body(Body::empty()).unwrap();
        let (parts, mut body) = self.app.clone().oneshot(request).await.unwrap().into_parts();
        let mut bytes = format!("{} {:?}\n", parts.status, parts.headers).into_bytes();
        // The line ends the last event; looking at the end of what came is enough.
        while !String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(1 << 16)..]).contains(line) {
            let Some(frame) = body.frame().await else { break };
            bytes.extend(frame.unwrap().into_data().unwrap());
        }
        bytes
    }

    /// Asks the surface with a key; every byte of the answer.
    pub(crate) async fn ask_as(&self, key: &Secret, method: Method, target: &str, body: &str) -> Vec<u8> {
        let request = asking(key, method, target);
        let Ok(request) = request.body(Body::from(body.to_owned())) else { return Vec::new() };
        let (parts, body) = self.app.clone().oneshot(request).await.unwrap().into_parts();
        let mut bytes = format!("{} {:?}\n", parts.status, parts.headers).into_bytes();
        bytes.extend(body.collect().await.unwrap().to_bytes());
        bytes.push(b'\n');
        bytes
    }

    /// What our types print.
    pub(crate) async fn printed(&self) -> String {
        let (hub, company, scopes) = (&self.hub.hub, &self.hub.company, Scopes::all());
        let people = hub.records(company, &employees(), &scopes).await.unwrap();
        let lineage = hub.lineage(company, people.data[0].id, &scopes).await.unwrap();
        let changes = hub.changes(company, 0, None, 1000, &scopes).await.unwrap();
        let connections = hub.connections(&self.callers).await.unwrap();
        let runs = hub.runs(&self.hub.main, None, 100).await.unwrap();
        let who = hub.authenticate(self.seeing.key.expose(), None).await.unwrap();
        let message = Message::new(Method::GET, "/x");
        let reply = Reply::json(StatusCode::OK, self.value("mobile").to_owned());
        let quarantine = hub.quarantine(&self.hub.main).await.unwrap();
        format!(
            "{people:#?}{lineage:#?}{changes:#?}{connections:#?}{runs:#?}{who:#?}{message:?}{reply:?}\
             {quarantine:#?}{:?}",
            self.seeing.key
        )
    }
}

fn asking(key: &Secret, method: Method, target: &str) -> axum::http::request::Builder {
    Request::builder()
        .method(method)
        .uri(target)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {}", key.expose()))
}

pub(crate) fn employees() -> RecordQuery {
    RecordQuery {
        kind: Kind::Employee,
        filters: Vec::new(),
        date_from: None,
        date_to: None,
        deleted: true,
        after: None,
        limit: 1000,
    }
}

async fn load(hub: &TestHub) -> Vec<(&'static str, String)> {
    let space = hub.hub.local_space(&hub.company, "sandbox").await.unwrap();
    let (mut items, mut planted) = (Vec::new(), Vec::new());
    for number in 0..PEOPLE {
        let numbers = [
            ("mobile", format!("199{:08}", 31_000_000 + number * 17)),
            ("id_number", format!("990101197003{:06}", 310_000 + number * 17)),
            ("bank_card", format!("62990{:014}", 73_000_000_000 + number * 17)),
        ];
        let salary = 917_364_582_900 + i64::try_from(number).unwrap() * 1_700;
        let person = Employee {
            name: format!("人{number}").into(),
            employee_no: Some(format!("C{number}")),
            mobile: Some(numbers[0].1.as_str().into()),
            id_number: Some(numbers[1].1.as_str().into()),
            bank_card: Some(numbers[2].1.as_str().into()),
            phase: Some(Coded::ours(EmploymentPhase::Regular)),
            status: Some(EmploymentStatus::Active),
            ..Employee::default()
        };
        let employee = space.id(Kind::Employee, &format!("canary-{number}"));
        let amount = Money { minor: salary, currency: Currency::CNY };
        let pay = SalaryItem {
            employee,
            month: "2026-02".to_owned(),
            subject: "base".to_owned(),
            amount: amount.into(),
        };
        for (name, draft) in [("canary", Draft::of(&person)), ("pay", Draft::of(&pay))] {
            items.push(LoadItem::Record { remote_id: format!("{name}-{number}"), draft: draft.unwrap() });
        }
        planted.extend(numbers);
        // Before the point and in minor units a salary begins with the same digits.
        planted.push(("salary", (salary / 100).to_string()));
    }
    hub.hub.load(&hub.company, "sandbox", items).await.unwrap();
    planted
}

async fn reader(
    hub: &TestHub,
    callers: &Workspace,
    name: &'static str,
    scopes: Scopes,
    planted: &mut Vec<(&'static str, String)>,
) -> Reader {
    let token = format!("canary-company-token-{name}-5521");
    let address = format!("http://{name}.example.com");
    let settings = json!({"company_token": token, "webhook_url": format!("{address}/events"),
        "callback_url": "http://127.0.0.1/callback", "sandbox": true, "zhiren_page_size": 500});
    let faces: Vec<String> = hub.hub.dialects().iter().map(|dialect| dialect.id.to_owned()).collect();
    let may = Scopes { write: true, ..scopes.clone() };
    let manager = key(hub, &hub.company, format!("{name}-manager"), may.clone()).await;
    let outside = key(hub, &hub.main, format!("{name}-outside"), may).await;
    planted.extend([&manager, &outside].map(|key| ("secret", key.expose().to_owned())));
    let app = NewApp { name: name.to_owned(), faces, scopes, settings, ..NewApp::default() };
    let keys = hub.hub.create_app(&hub.company, app, &tongshi_hub::Actor::cli()).await.unwrap();
    planted.push(("secret", keys.api_key.expose().to_owned()));
    planted.push(("secret", token.clone()));
    for (dialect, keys) in &keys.faces {
        let known = hub.hub.dialect(dialect).unwrap().credential;
        let is_known = |name: &str| known.iter().any(|field| field.name == name);
        let secrets = keys.iter().filter(|(name, _)| name.contains("secret"));
        planted.extend(secrets.map(|(_, value)| ("secret", value.expose().to_owned())));
        let account = keys.iter().filter(|(name, _)| is_known(name));
        let mut credential: std::collections::BTreeMap<String, Secret> =
            account.map(|(name, value)| (name.clone(), value.clone())).collect();
        if is_known("company_token") {
            credential.insert("company_token".to_owned(), Secret::new(token.clone()));
        }
        let new = NewConnection {
            name: format!("{name}-{dialect}"),
            base_url: format!("face:{dialect}"),
            dialect: dialect.clone(),
            credential,
            settings: Value::Null,
        };
        hub.hub.connect(callers, new).await.unwrap();
    }
    let told = Told::default();
    hub.wire.lead(&address, Arc::new(Ear(Arc::clone(&told))));
    Reader { name, key: keys.api_key, manager, outside, told }
}

async fn key(hub: &TestHub, workspace: &Workspace, name: String, scopes: Scopes) -> Secret {
    let app = NewApp { name, scopes, ..NewApp::default() };
    hub.hub.create_app(workspace, app, &tongshi_hub::Actor::cli()).await.unwrap().api_key
}

/// Takes down what an app is sent.
struct Ear(Told);

#[async_trait]
impl Face for Ear {
    async fn answer(&self, message: Message) -> Reply {
        let mut told = self.0.lock().unwrap();
        told.extend(format!("{} {} {:?}\n", message.path, message.query, message.headers).into_bytes());
        told.extend_from_slice(&message.body);
        Reply::json(StatusCode::OK, "{}".to_owned())
    }
}

/// Everything that is logged from now on, at trace.
pub(crate) fn capture() -> Told {
    let log = Told::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing_subscriber::filter::LevelFilter::TRACE);
    subscriber.with_writer(Log(Arc::clone(&log))).with_ansi(false).init();
    log
}

struct Log(Told);

impl<'a> MakeWriter<'a> for Log {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line(Arc::clone(&self.0))
    }
}

struct Line(Told);

impl std::io::Write for Line {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
