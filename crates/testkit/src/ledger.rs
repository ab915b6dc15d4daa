//! A vendor that exists only in tests: it takes writes of every sort and counts each effect, so that a test can tell
//! whether one was lost or happened twice. It takes nothing back that arrives twice, except where it says that it does.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};
use tongshi_dialect::{
    Ask, Capability, Connect, Connector, Descriptor, Existence, Face, Fingerprint, Health, Listing, Message,
    Page, PushError, Pushed, Reply, Row, Seen, Slice, Target, Transport, Write, WriteBody,
};
use tongshi_model::{Action, Draft, Error, ErrorKind, Id, Kind};

/// Where the vendor answers.
pub const LEDGER_ADDRESS: &str = "face:ledger";

/// The vendor, for the list.
pub static LEDGER: Descriptor = Descriptor {
    id: "ledger",
    title: "Ledger",
    base_url: None,
    second_base_url: None,
    capabilities: &[
        Capability::PushPunches,
        // May be repeated: it keeps our ids.
        Capability::Push(Kind::TimelineEntry, Action::Create),
        // May be repeated, and is never shown.
        Capability::Push(Kind::SalaryItem, Action::Create),
        Capability::Push(Kind::SalaryItem, Action::Update),
        // Must not be repeated, and is shown.
        Capability::Push(Kind::OrgUnit, Action::Create),
        Capability::Push(Kind::OrgUnit, Action::Update),
        Capability::Push(Kind::OrgUnit, Action::Delete),
        Capability::Push(Kind::Approval, Action::Approve),
        // Must not be repeated, and is never shown.
        Capability::Push(Kind::Visit, Action::Create),
    ],
    writes_off: &[Target::Record(Kind::Visit)],
    metering: None,
    calls_per_second: None,
    credential: &[],
    face_keys: &[],
    codes: &[],
    operations: &[],
    connect,
    serve: |_, _| Arc::new(Nobody),
    sign: |_, _, _| Err(Error::not_found("the ledger signs nothing")),
    events: None,
};

/// Whether something may be sent twice.
fn is_repeatable(target: Target) -> bool {
    matches!(target, Target::Punch | Target::Record(Kind::TimelineEntry | Kind::SalaryItem))
}

/// Whether the vendor shows what it took.
fn is_shown(target: Target) -> bool {
    !matches!(target, Target::Record(Kind::SalaryItem | Kind::Visit))
}

fn connect(connect: Connect) -> Result<Box<dyn Connector>, Error> {
    let careless = connect.settings["careless"] == true;
    Ok(Box::new(Caller { transport: connect.transport, careless }))
}

/// The calling half.
struct Caller {
    transport: Arc<dyn Transport>,
    /// Says of everything that it may be repeated: a mistake that tests and benchmarks must notice.
    careless: bool,
}

impl Caller {
    async fn call(&self, path: &str, writes: &[Write]) -> Result<Vec<Value>, PushError> {
        let rows: Vec<Value> = writes.iter().map(row).collect();
        let mut message = Message::new(Method::POST, path);
        message.body = json!({ "rows": rows }).to_string().into();
        let reply = self.transport.send(message).await.map_err(|error| PushError {
            without_effect: error.unsent,
            error: Error::unavailable(error.text),
        })?;
        let said = String::from_utf8_lossy(&reply.body).into_owned();
        match reply.status.as_u16() {
            200 => serde_json::from_slice(&reply.body)
                .map_err(|_| PushError::unsure(Error::upstream("no JSON came back"))),
            400 => Err(PushError::without_effect(Error::invalid("rows", said))),
            401 => Err(PushError::without_effect(Error::unauthenticated("the ledger does not know us"))),
            429 => Err(PushError::without_effect(Error::new(
                ErrorKind::Limited(Some(std::time::Duration::from_secs(90))),
                "too fast",
            ))),
            _ => Err(PushError::unsure(Error::unavailable("the ledger failed"))),
        }
    }
}

fn row(write: &Write) -> Value {
    let doc = match &write.body {
        WriteBody::Punch(punch) => serde_json::to_value(punch).unwrap_or_default(),
        WriteBody::Record { doc, .. } => serde_json::from_str(doc).unwrap_or_default(),
    };
    json!({
        "id": write.id, "target": write.target(), "action": write.action, "doc": doc,
        "remote_id": write.remote_id, "fields": write.fields,
    })
}

#[async_trait]
impl Connector for Caller {
    fn listings(&self) -> &'static [Listing] {
        &[]
    }

    async fn check(&self) -> Result<Health, Error> {
        Ok(Health { text: "the ledger is open".to_owned(), findings: Vec::new() })
    }

    fn plan(&self, _listing: &Listing, _ask: &Ask<'_>) -> Vec<Slice> {
        Vec::new()
    }

    async fn pull(
        &self,
        _listing: &Listing,
        _slice: &Slice,
        _page: u32,
        _known: Option<Fingerprint>,
    ) -> Result<Page, Error> {
        Ok(Page::default())
    }

    fn read(&self, kind: Kind, row: &Row) -> Result<Draft, Error> {
        Draft::parse(kind, row.raw.clone())
    }

    async fn exists(&self, _kind: Kind, _remote_id: &str) -> Result<Existence, Error> {
        Ok(Existence::Unknown)
    }

    fn batch_max(&self, target: Target, _action: Action) -> usize {
        if target == Target::Punch { 50 } else { 5 }
    }

    fn repeatable(&self, target: Target, _action: Action) -> bool {
        self.careless || is_repeatable(target)
    }

    async fn push(&self, writes: &[Write]) -> Result<Vec<Pushed>, PushError> {
        let rows = self.call("/push", writes).await?;
        let pushed = |row: Value| match row["refused"].as_str() {
            Some(why) => Pushed::Refused(why.to_owned()),
            None => Pushed::Taken { remote_id: row["remote_id"].as_str().map(str::to_owned) },
        };
        Ok(rows.into_iter().map(pushed).collect())
    }

    async fn read_back(&self, writes: &[Write]) -> Result<Vec<Seen>, Error> {
        if writes.first().is_some_and(|write| !is_shown(write.target())) {
            return Ok(vec![Seen::Unknown; writes.len()]);
        }
        let rows = self.call("/seen", writes).await.map_err(|failed| failed.error)?;
        let seen = |row: Value| match row["seen"].as_str() {
            Some("there") => Seen::There { remote_id: row["remote_id"].as_str().map(str::to_owned) },
            Some("absent") => Seen::Absent,
            Some(differs) => Seen::Differs(differs.to_owned()),
            None => Seen::Unknown,
        };
        Ok(rows.into_iter().map(seen).collect())
    }

    async fn call(&self, _operation: &str, _fields: Map<String, Value>) -> Option<Result<Reply, Error>> {
        None
    }
}

/// The vendor.
#[derive(Default)]
pub struct Ledger {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By write: how often it had an effect, and in which order that began.
    effects: HashMap<String, (u32, usize)>,
    /// Punches as the vendor tells them apart.
    punches: HashMap<String, String>,
    refuse: Option<String>,
    mangle: bool,
    broken_rows: bool,
    calls: u64,
}

impl Ledger {
    /// How often a write had an effect.
    pub fn effects(&self, id: Id) -> u32 {
        self.state().effects.get(&id.to_string()).map_or(0, |(times, _)| *times)
    }

    /// How many writes had an effect, and how many of them more than one.
    pub fn tally(&self) -> (usize, usize) {
        let state = self.state();
        (state.effects.len(), state.effects.values().filter(|(times, _)| *times > 1).count())
    }

    /// The writes in the order in which they first had an effect.
    pub fn order(&self) -> Vec<String> {
        let state = self.state();
        let mut order: Vec<(usize, String)> =
            state.effects.iter().map(|(id, (_, place))| (*place, id.clone())).collect();
        order.sort_unstable();
        order.into_iter().map(|(_, id)| id).collect()
    }

    /// How many calls arrived.
    pub fn calls(&self) -> u64 {
        self.state().calls
    }

    /// Refuses rows whose document holds this text, from now on.
    pub fn refuse(&self, text: &str) {
        self.state().refuse = Some(text.to_owned());
    }

    /// Refuses whole calls for such a row, instead of the row.
    pub fn refuse_calls(&self, text: &str) {
        let mut state = self.state();
        state.refuse = Some(text.to_owned());
        state.broken_rows = true;
    }

    /// Keeps something else than what was sent, from now on.
    pub fn mangle(&self) {
        self.state().mangle = true;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, row: &Value) -> Value {
        let text = row["doc"].to_string();
        if self.refuse.as_ref().is_some_and(|refuse| text.contains(refuse)) {
            return json!({"refused": "the ledger does not take this"});
        }
        let id = row["id"].as_str().unwrap_or_default().to_owned();
        let target: Target = row["target"].as_str().unwrap_or_default().parse().unwrap_or(Target::Punch);
        // A punch is the same by what it says, whoever sends it.
        let id = match target {
            Target::Punch => self.punches.entry(text).or_insert(id).clone(),
            Target::Record(_) => id,
        };
        let place = self.effects.len();
        let effect = self.effects.entry(id.clone()).or_insert((0, place));
        if effect.0 == 0 || !is_repeatable(target) {
            effect.0 += 1;
        }
        let made = row["action"] == "create" && target != Target::Punch && is_shown(target);
        if made { json!({"remote_id": format!("r-{id}")}) } else { json!({}) }
    }

    fn seen(&self, row: &Value) -> Value {
        let id = row["id"].as_str().unwrap_or_default();
        let punch = self.punches.get(&row["doc"].to_string()).map(String::as_str);
        if !self.effects.contains_key(punch.unwrap_or(id)) {
            return json!({"seen": "absent"});
        }
        if self.mangle {
            return json!({"seen": "name"});
        }
        if row["action"] == "create" && row["target"] != "punch" {
            return json!({"seen": "there", "remote_id": format!("r-{id}")});
        }
        json!({"seen": "there"})
    }
}

#[async_trait]
impl Face for Ledger {
    async fn answer(&self, message: Message) -> Reply {
        let body: Value = serde_json::from_slice(&message.body).unwrap_or_default();
        let rows = body["rows"].as_array().cloned().unwrap_or_default();
        let mut state = self.state();
        state.calls += 1;
        let refuses = |state: &State, row: &Value| {
            state.refuse.as_ref().is_some_and(|refuse| row["doc"].to_string().contains(refuse))
        };
        if message.path == "/push" && state.broken_rows && rows.iter().any(|row| refuses(&state, row)) {
            return Reply::json(StatusCode::BAD_REQUEST, "a row cannot be taken");
        }
        let answers: Vec<Value> = match message.path.as_str() {
            "/push" => rows.iter().map(|row| state.push(row)).collect(),
            _ => rows.iter().map(|row| state.seen(row)).collect(),
        };
        Reply::json(StatusCode::OK, Value::from(answers).to_string())
    }
}

/// The ledger has no face of ours.
struct Nobody;

#[async_trait]
impl Face for Nobody {
    async fn answer(&self, _message: Message) -> Reply {
        Reply::empty(StatusCode::NOT_IMPLEMENTED)
    }
}
