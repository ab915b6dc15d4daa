//! A month in the life of a company that is read through the DingTalk face, with the vendor's limits on and the clock
//! stepped: people come and go, punch, ask for leave and get it; each morning the record is held against what happened.

mod life;
mod missing;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tongshi_dialect::{Face, Message, Reply};
use tongshi_hub::{Hub, LoadItem, NewConnection, QuotaView, Silent, SyncOptions};
use tongshi_model::{
    Draft, Employee, Error, Id, Instant, Kind, LocalDate, OrgUnit, Randomness as _, Secret, SeededRandomness,
    Space, Timestamp, shanghai,
};
use tongshi_store::tallies;

use crate::TestHub;

/// The connection that reads the company.
const NAME: &str = "dingtalk";
const TOKEN: &str = "123456";
const AES_KEY: &str = "4g5j64qlyl3zvetqxz5jiocdr586fn2zvjpa8zls3ij";
/// The form of leave.
const FORM: &str = "PROC-LEAVE";
/// People in a department.
const DEPARTMENT: usize = 50;

/// What a month came to.
#[derive(Clone, Debug, Default)]
pub struct MonthReport {
    /// People at its beginning.
    pub people: usize,
    /// People who came, and who left.
    pub joined: usize,
    /// People who left.
    pub left: usize,
    /// Punches that were made.
    pub punches: usize,
    /// Leaves that were asked for.
    pub approvals: usize,
    /// Mornings on which the record was looked at.
    pub mornings: usize,
    /// What was missing on them, in words.
    pub incomplete: Vec<String>,
    /// Counted calls that were foreseen before the first one.
    pub forecast: u64,
    /// Counted calls by our account.
    pub used: u64,
    /// Counted calls by the vendor's.
    pub counted: u64,
    /// Events that the vendor sent about approvals, which it counts, too.
    pub pushes: u64,
    /// The month at its end.
    pub quota: Option<QuotaView>,
}

/// Lives through the month that begins at the next midnight of a first day where the vendor is.
pub async fn live_through_a_month(hub: &TestHub, people: usize) -> MonthReport {
    let mut month = Month::begin(hub, people).await;
    let first = month.first;
    let mut day = first;
    while day.month() == first.month() {
        month.night(day).await;
        month.morning(day).await;
        month.noon(day).await;
        month.evening(day).await;
        day = day.tomorrow().expect("a day");
    }
    month.end().await
}

/// An approval as it stands.
struct Asked {
    person: usize,
    day: LocalDate,
    decided_on: LocalDate,
    leave: LocalDate,
    approved: bool,
    over: bool,
}

struct Month<'a> {
    hub: &'a TestHub,
    first: LocalDate,
    dice: SeededRandomness,
    /// Where the company's ids live, and those of what was read.
    own: Space,
    read: Space,
    /// Who works there, by number.
    staff: Vec<Option<Employee>>,
    punches: BTreeMap<LocalDate, Vec<(usize, i64)>>,
    late: Vec<(usize, Timestamp, LocalDate)>,
    approvals: Vec<Asked>,
    pushes: Arc<AtomicU64>,
    report: MonthReport,
}

/// Takes events in as the hub's own address does.
struct Hooks {
    hub: Hub,
    connection: Id,
    count: Arc<AtomicU64>,
}

#[async_trait]
impl Face for Hooks {
    async fn answer(&self, message: Message) -> Reply {
        self.count.fetch_add(1, Ordering::Relaxed);
        match self.hub.receive(self.connection, message).await {
            Ok(Some(reply)) => reply,
            Ok(None) => Reply::empty(StatusCode::OK),
            Err(error) => Reply::json(StatusCode::BAD_REQUEST, error.public().to_owned()),
        }
    }
}

impl<'a> Month<'a> {
    async fn begin(hub: &'a TestHub, people: usize) -> Self {
        let today = shanghai().to_datetime(hub.now()).date();
        let first = today.last_of_month().tomorrow().expect("a day");
        let own = hub.hub.local_space(&hub.company, "sandbox").await.expect("a space");
        let mut month = Self {
            hub,
            first,
            dice: SeededRandomness::new(11),
            own,
            read: own,
            staff: Vec::new(),
            punches: BTreeMap::new(),
            late: Vec::new(),
            approvals: Vec::new(),
            pushes: Arc::new(AtomicU64::new(0)),
            report: MonthReport { people, ..MonthReport::default() },
        };
        month.found(people).await;
        month.to(first, 0, 10);
        month.connect().await;
        let quota = hub.hub.monthly_quota(&hub.main, NAME, Some(people as u64)).await.expect("a quota");
        month.report.forecast = quota.expect("it counts").forecast_month;
        // Somebody connects it and reads it for the first time, in the month that pays for it.
        let outcome =
            hub.hub.sync(&hub.main, NAME, &SyncOptions::default(), &Silent).await.expect("it begins");
        assert!(outcome.complete, "{:?} {:?}", outcome.reason, outcome.listings);
        month
    }

    /// The company.
    async fn found(&mut self, people: usize) {
        let mut items = Vec::new();
        for number in 0..people.div_ceil(DEPARTMENT) {
            let unit = OrgUnit { name: format!("部门{number}"), ..OrgUnit::default() };
            items.push(record(unit_name(number), &unit));
        }
        for _ in 0..people {
            items.push(self.hire());
        }
        self.load(items).await;
    }

    async fn load(&self, items: Vec<LoadItem>) {
        self.hub.hub.load(&self.hub.company, "sandbox", items).await.expect("it is loaded");
    }

    /// Connects with events, and registers their address at the face.
    async fn connect(&mut self) {
        let hub = self.hub;
        let mut credential = hub.keys["dingtalk"].clone();
        credential.retain(|name, _| matches!(name.as_str(), "app_key" | "app_secret" | "corp_id"));
        credential.insert("callback_token".to_owned(), Secret::new(TOKEN));
        credential.insert("callback_aes_key".to_owned(), Secret::new(AES_KEY));
        let operator = self.own.id(Kind::Employee, &person_name(0)).to_string();
        let new = NewConnection {
            base_url: "face:dingtalk".to_owned(),
            name: NAME.to_owned(),
            dialect: "dingtalk".to_owned(),
            credential,
            settings: json!({"operator": operator, "process_codes": {FORM: "leave"}}),
        };
        let connection = hub.hub.connect(&hub.main, new).await.expect("a connection").id;
        self.read = Space { workspace: hub.main.id, connection };
        let hooks = Hooks { hub: hub.hub.clone(), connection, count: Arc::clone(&self.pushes) };
        hub.wire.lead("http://hook.test", Arc::new(hooks));
        let tags = [
            "user_add_org",
            "user_modify_org",
            "user_leave_org",
            "org_dept_create",
            "org_dept_modify",
            "org_dept_remove",
            "bpms_instance_change",
        ];
        let registration = json!({
            "call_back_tag": tags, "token": TOKEN, "aes_key": AES_KEY, "url": format!("http://hook.test/hooks/{connection}"),
        });
        call(hub, "/call_back/register_call_back", registration).await.expect("it is registered");
    }

    /// Steps the clock to a time of a day, unless waiting has brought it further.
    fn to(&self, day: LocalDate, hour: i8, minute: i8) {
        let at = instant(day, hour, minute).timestamp().as_second();
        self.hub.clock.advance_seconds((at - self.hub.now().as_second()).max(0));
    }

    fn roll(&self, sides: usize) -> usize {
        let mut bytes = [0; 4];
        self.dice.fill(&mut bytes);
        u32::from_le_bytes(bytes) as usize % sides.max(1)
    }

    async fn events(&self) {
        for _ in 0..3 {
            self.hub.hub.pass_events_on().await.expect("events are passed on");
        }
    }

    async fn tick(&self) {
        self.events().await;
        self.hub.hub.sync_due().await.expect("what is due is read");
    }

    /// Whether everything of the day before is in the record.
    async fn morning(&mut self, day: LocalDate) {
        self.to(day, 8, 0);
        let yesterday = day.yesterday().expect("a day");
        if yesterday < self.first {
            return;
        }
        self.report.mornings += 1;
        let missing = self.missing_punches(yesterday).await;
        if missing > 0 {
            self.report.incomplete.push(format!("{day}: {missing} punches of the day before"));
        }
        let missing = self.missing_approvals(yesterday).await;
        if missing > 0 {
            self.report.incomplete.push(format!("{day}: {missing} approvals"));
        }
        let missing = self.missing_leaves(yesterday).await;
        if missing > 0 {
            self.report.incomplete.push(format!("{day}: {missing} leaves of the day before"));
        }
    }

    fn remote(&self, person: usize) -> String {
        self.own.id(Kind::Employee, &person_name(person)).to_string()
    }

    async fn end(mut self) -> MonthReport {
        let hub = self.hub;
        // Still this month where the vendor is: its account is the one that was used.
        let quota = hub.hub.monthly_quota(&hub.main, NAME, None).await.expect("a quota").expect("it counts");
        let mut session = hub.hub.store().read().await.expect("a session");
        let counted = tallies::of_period(&mut session, &hub.company, "face/dingtalk/calls", &quota.month);
        let counted = counted.await.expect("tallies").first().map_or(0, |tally| tally.count);
        self.report.counted = u64::try_from(counted).expect("calls");
        self.report.used = quota.used_planned + quota.used_own;
        self.report.quota = Some(quota);
        self.report.punches = self.punches.values().map(Vec::len).sum();
        self.report.approvals = self.approvals.len();
        let contacts = self.report.joined + self.report.left;
        let pushed = self.pushes.load(Ordering::Relaxed);
        self.report.pushes = pushed.saturating_sub(contacts as u64);
        self.report
    }
}

fn record(remote_id: String, entity: &impl tongshi_model::Entity) -> LoadItem {
    LoadItem::Record { remote_id, draft: Draft::of(entity).expect("a draft") }
}

fn unit_name(number: usize) -> String {
    format!("month/unit/{number}")
}

fn person_name(number: usize) -> String {
    format!("month/person/{number}")
}

fn approval_name(number: usize) -> String {
    format!("month/approval/{number}")
}

fn is_workday(day: LocalDate) -> bool {
    day.weekday().to_monday_zero_offset() < 5
}

fn later(day: LocalDate, days: i64) -> LocalDate {
    let mut later = day;
    for _ in 0..days {
        later = later.tomorrow().expect("a day");
    }
    later
}

fn instant(day: LocalDate, hour: i8, minute: i8) -> Instant {
    let at = shanghai().to_timestamp(day.at(hour, minute, 0, 0)).expect("a time");
    Instant::new(at, shanghai())
}

/// Calls the face as the connection's app.
async fn call(hub: &TestHub, path: &str, body: Value) -> Result<Value, Error> {
    let faces = hub.hub.faces();
    let (_, face) = faces.iter().find(|(name, _)| *name == "dingtalk").expect("a face");
    let keys = &hub.keys["dingtalk"];
    let mut message = Message::new(Method::GET, "/gettoken");
    message.add_query("appkey", keys["app_key"].expose());
    message.add_query("appsecret", keys["app_secret"].expose());
    let answer: Value = serde_json::from_slice(&face.answer(message).await.body).expect("JSON");
    let mut message = Message::new(Method::POST, path);
    message.add_query("access_token", answer["access_token"].as_str().expect("a token"));
    message.body = body.to_string().into();
    let answer: Value = serde_json::from_slice(&face.answer(message).await.body).expect("JSON");
    if answer["errcode"] == 0 { Ok(answer) } else { Err(Error::upstream(answer.to_string())) }
}
