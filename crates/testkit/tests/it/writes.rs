//! The queue of writes: nothing is lost, nothing happens twice, everything ends somewhere.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Map, Value, json};
use tongshi_dialect::{Message, Reply, Target};
use tongshi_hub::{
    Act, Answer, Applied, Begun, Decision, Hub, NewApp, NewConnection, NewRecord, NewRoute, Once, Principal,
    Scopes, Settings, WriteQuery, WriteView,
};
use tongshi_model::{Action, Direction, Id, Instant, Kind, Punch, PunchSource, shanghai};
use tongshi_testkit::{Effect, LEDGER, LEDGER_ADDRESS, Ledger, Setup, TestHub, on_each_database};

struct Stage<'a> {
    hub: &'a TestHub,
    ledger: Arc<Ledger>,
    app: Principal,
    people: Vec<Id>,
}

fn setup() -> Setup {
    let settings =
        Settings { commit_rows: 40, retry_delay_ms: 0, attempts_max: 1, ..Setup::default().settings };
    Setup { employees: 40, vendors: vec![&LEDGER], settings, ..Setup::default() }
}

/// A ledger that is told of everything that happens in the company.
async fn stage(hub: &TestHub) -> Stage<'_> {
    let ledger = Arc::new(Ledger::default());
    hub.wire.lead(LEDGER_ADDRESS, ledger.clone());
    connect(hub, json!({"writes": {"visit": true}})).await;
    for target in ["punch", "timeline_entry", "salary_item", "org_unit", "approval", "visit"] {
        route(hub, target, None, false).await.unwrap();
    }
    let people = hub.records(&hub.company, Kind::Employee).await.iter().map(|person| person.id).collect();
    Stage { hub, ledger, app: principal(hub, "writer", Scopes::all()).await, people }
}

async fn connect(hub: &TestHub, settings: Value) {
    let new = NewConnection {
        dialect: "ledger".to_owned(),
        name: "books".to_owned(),
        base_url: LEDGER_ADDRESS.to_owned(),
        credential: std::collections::BTreeMap::new(),
        settings,
    };
    hub.hub.connect(&hub.company, new).await.unwrap();
}

async fn route(
    hub: &TestHub,
    target: &str,
    action: Option<Action>,
    second_person: bool,
) -> Result<(), tongshi_model::Error> {
    let target: Target = target.parse().unwrap();
    let new = NewRoute { target, action, connection: "books".to_owned(), second_person };
    hub.hub.add_route(&hub.company, new, "cli:anna").await.map(drop)
}

async fn principal(hub: &TestHub, name: &str, scopes: Scopes) -> Principal {
    let app = NewApp {
        name: name.to_owned(),
        faces: Vec::new(),
        scopes,
        settings: Value::Null,
        ..NewApp::default()
    };
    let key = hub.hub.create_app(&hub.company, app, &tongshi_hub::Actor::cli()).await.unwrap().api_key;
    hub.hub.authenticate(key.expose(), None).await.unwrap()
}

async fn begin(hub: &Hub, app: &Principal) -> Box<Once> {
    match hub.begin(app, None).await.unwrap() {
        Begun::Now(once) => once,
        _ => panic!("a request without a key is new"),
    }
}

async fn finish(once: Box<Once>) {
    once.finish(&Answer { status: 200, body: String::new() }).await.unwrap();
}

fn fields(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

impl Stage<'_> {
    /// Makes a record through the hub and gives its id and its writes.
    async fn create(&self, kind: Kind, doc: Value) -> (Id, Vec<Id>) {
        let mut once = begin(&self.hub.hub, &self.app).await;
        let items = vec![Ok(NewRecord { fields: fields(&doc), refers: Vec::new() })];
        let mut made = self.hub.hub.create_records(&mut once, &self.app, kind, items, None).await.unwrap();
        finish(once).await;
        match made.pop().unwrap().unwrap() {
            Applied::Created(view) | Applied::Changed(view) => {
                (view.record.id, view.writes.iter().map(|write| write.id).collect())
            }
            other => panic!("{other:?}"),
        }
    }

    async fn update(&self, kind: Kind, id: Id, doc: Value) -> Applied {
        let mut once = begin(&self.hub.hub, &self.app).await;
        let patch = NewRecord { fields: fields(&doc), refers: Vec::new() };
        let applied = self.hub.hub.update_record(&mut once, &self.app, kind, id, None, patch).await.unwrap();
        finish(once).await;
        applied
    }

    fn unit(&self, name: &str) -> Value {
        json!({ "name": name })
    }

    fn visit(&self) -> Value {
        json!({
            "host": self.people[0], "visitor_name": "访客甲", "expected_text": "15:00", "status": "expected",
        })
    }

    /// Punches of so many minutes from one on.
    async fn punch(&self, minutes: std::ops::Range<i64>) {
        let first = Instant::parse("2026-03-02 08:00", shanghai()).unwrap();
        let punches = minutes.map(|minute| {
            let employee = self.people[usize::try_from(minute).unwrap() % self.people.len()];
            let at = first.timestamp().as_second() + minute * 60;
            let at = tongshi_model::Timestamp::from_second(at).unwrap();
            Ok(Punch {
                employee,
                at: Instant::new(at, shanghai()),
                direction: Direction::Unknown,
                source: PunchSource::Import,
                day: None,
                detail: None,
            })
        });
        let mut once = begin(&self.hub.hub, &self.app).await;
        let all = self.hub.hub.add_punches(&mut once, &self.app, punches.collect(), None).await.unwrap();
        finish(once).await;
        assert!(all.iter().all(Result::is_ok));
    }

    async fn all(&self) -> Vec<WriteView> {
        let mut all = Vec::new();
        let mut query = WriteQuery { limit: 1000, ..WriteQuery::default() };
        loop {
            let page = self.hub.hub.writes(&self.hub.company, &query, &Scopes::all()).await.unwrap();
            all.extend(page.data);
            match page.next {
                Some(next) => query.after = Some(next.parse().unwrap()),
                None => return all,
            }
        }
    }

    async fn one(&self, id: Id) -> WriteView {
        self.hub.hub.write(&self.hub.company, id, &Scopes::all()).await.unwrap()
    }

    async fn state(&self, id: Id) -> &'static str {
        self.one(id).await.state
    }

    async fn work(&self) {
        self.hub.hub.push_writes().await.unwrap();
    }

    /// Works until nothing more happens by itself, moving the clock.
    async fn settle(&self) {
        for _ in 0..200 {
            self.work().await;
            if self.all().await.iter().all(|write| write.is_final || write.state == "awaiting") {
                return;
            }
            self.hub.clock.advance_seconds(700);
        }
        panic!("writes never end: {:?}", self.all().await.iter().find(|write| !write.is_final));
    }

    async fn decide(&self, id: Id, decision: Decision, by: &str) -> Result<WriteView, tongshi_model::Error> {
        self.hub.hub.decide_write(&self.hub.company, id, decision, by, &Scopes::all()).await
    }
}

fn server_error() -> Reply {
    Reply::json(StatusCode::BAD_GATEWAY, "<html>")
}

/// The first push meets this effect, everything else passes.
fn first_push(hub: &TestHub, effect: impl FnOnce() -> Effect + Send + 'static) {
    let mut effect = Some(effect);
    hub.wire.break_by(move |_, message: &Message| match effect.take_if(|_| message.path == "/push") {
        Some(effect) => effect(),
        None => Effect::Pass,
    });
}

#[tokio::test]
async fn a_write_is_taken_seen_and_known_under_the_vendors_name() {
    on_each_database(setup(), async |hub| {
        let stage = stage(hub).await;
        let (unit, writes) = stage.create(Kind::OrgUnit, stage.unit("新部门")).await;
        assert_eq!(stage.state(writes[0]).await, "queued");
        stage.work().await;
        let write = stage.one(writes[0]).await;
        assert_eq!((write.state, write.is_final, write.attempts), ("verified", true, 1));
        assert_eq!(write.remote_id, Some(format!("r-{}", writes[0])));
        // The next change goes to the thing under that name.
        let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        hub.wire.break_by(move |_, message| {
            log.lock().unwrap().push(String::from_utf8_lossy(&message.body).into_owned());
            Effect::Pass
        });
        let Applied::Changed(view) = stage.update(Kind::OrgUnit, unit, json!({"name": "改名"})).await
        else {
            panic!("it is ours")
        };
        assert_eq!(view.record.version, 2);
        stage.work().await;
        let sent = seen.lock().unwrap()[0].clone();
        assert!(sent.contains(&format!("\"remote_id\":\"r-{}\"", writes[0])), "{sent}");
        assert!(sent.contains("\"changed\":[\"name\"]"), "{sent}");
    })
    .await;
}

#[tokio::test]
async fn what_the_vendor_never_shows_ends_acknowledged() {
    on_each_database(setup(), async |hub| {
        let stage = stage(hub).await;
        let (_, writes) = stage.create(Kind::Visit, stage.visit()).await;
        stage.work().await;
        let write = stage.one(writes[0]).await;
        assert_eq!((write.state, write.is_final), ("acknowledged", true), "{write:?}");
        assert!(write.reason.unwrap().contains("cannot show"));
    })
    .await;
}

#[tokio::test]
async fn a_doubt_is_never_sent_again_unless_it_may_be() {
    on_each_database(setup(), async |hub| {
        let stage = stage(hub).await;
        // (kind, effect, calls to the vendor that had an effect, state in the end)
        let lost = || Effect::Answer(server_error());
        let after = || Effect::Change(Box::new(|_| server_error()));
        // Must not be repeated and is shown: asked first.
        for (effect, times) in [(lost as fn() -> Effect, 1), (after, 1), (|| Effect::Unanswered, 1)] {
            first_push(hub, effect);
            let (_, writes) = stage.create(Kind::OrgUnit, stage.unit("a")).await;
            stage.work().await;
            assert_eq!(stage.state(writes[0]).await, "sent", "nobody knows");
            let calls = hub.wire.calls();
            stage.work().await;
            assert_eq!(hub.wire.calls(), calls, "the vendor is given time");
            stage.settle().await;
            assert_eq!((stage.state(writes[0]).await, stage.ledger.effects(writes[0])), ("verified", times));
        }
        // Must not be repeated and is never shown: a person looks.
        for (effect, times) in [(lost as fn() -> Effect, 0), (after, 1)] {
            first_push(hub, effect);
            let (_, writes) = stage.create(Kind::Visit, stage.visit()).await;
            stage.settle().await;
            let write = stage.one(writes[0]).await;
            assert_eq!((write.state, stage.ledger.effects(writes[0])), ("dead", times));
            assert!(write.reason.unwrap().contains("nobody knows"));
            let decided = if times == 0 { Decision::Retry } else { Decision::Withdraw };
            stage.decide(writes[0], decided, "cli:anna").await.unwrap();
            stage.settle().await;
            assert_eq!(stage.ledger.effects(writes[0]), 1, "once in the end");
        }
        // May be repeated: it is.
        first_push(hub, after);
        let day = json!({"employee": stage.people[0], "kind": {"value": "leave"}, "date": "2026-03-02"});
        let (_, writes) = stage.create(Kind::TimelineEntry, day).await;
        stage.settle().await;
        let write = stage.one(writes[0]).await;
        assert_eq!((write.state, write.attempts, stage.ledger.effects(write.id)), ("verified", 2, 1));
        // Certainly not arrived: sent again, whatever it is.
        first_push(hub, || Effect::Lost);
        let (_, writes) = stage.create(Kind::Visit, stage.visit()).await;
        stage.settle().await;
        let write = stage.one(writes[0]).await;
        assert_eq!((write.state, write.attempts, stage.ledger.effects(write.id)), ("acknowledged", 2, 1));
    })
    .await;
}

#[tokio::test]
async fn a_vendor_that_is_away_costs_tries_until_they_are_used_up() {
    on_each_database(setup(), async |hub| {
        let stage = stage(hub).await;
        hub.wire.break_by(|_, _| Effect::Lost);
        let (_, writes) = stage.create(Kind::OrgUnit, stage.unit("a")).await;
        stage.settle().await;
        let write = stage.one(writes[0]).await;
        assert_eq!((write.state, write.attempts), ("dead", 10));
        assert!(write.reason.as_ref().unwrap().contains("never arrived"), "{write:?}");
        hub.wire.mend();
        stage.decide(write.id, Decision::Retry, "cli:anna").await.unwrap();
        stage.settle().await;
        assert_eq!((stage.state(write.id).await, stage.ledger.effects(write.id)), ("verified", 1));
    })
    .await;
}

#[tokio::test]
async fn a_crash_at_any_step_loses_and_doubles_nothing() {
    on_each_database(setup(), async |hub| {
        let stage = stage(hub).await;
        // Before it arrives, after the effect, before the vendor is asked, after it was.
        for step in 0..4u64 {
            for (kind, doc) in [
                (Kind::OrgUnit, stage.unit("a")),
                (
                    Kind::TimelineEntry,
                    json!({"employee": stage.people[0], "kind": {"value": "leave"}, "date": "2026-03-02"}),
                ),
            ] {
                let (_, writes) = stage.create(kind, doc).await;
                let mut crashed = false;
                hub.wire.break_by(move |_, message| {
                    let here = !crashed && message.path == if step < 2 { "/push" } else { "/seen" };
                    crashed |= here;
                    match here {
                        true if step % 2 == 0 => panic!("the process dies here"),
                        true => Effect::Change(Box::new(|_| panic!("the process dies here"))),
                        false => Effect::Pass,
                    }
                });
                stage.work().await;
                let write = stage.one(writes[0]).await;
                assert_eq!(write.state, if step < 2 { "sent" } else { "acknowledged" }, "step {step}");
                // The next process finds it when the lease has ended, not before.
                let next = hub.another(100 + step);
                next.push_writes().await.unwrap();
                assert_eq!(stage.state(writes[0]).await, write.state, "step {step}");
                hub.clock.advance_seconds(301);
                next.push_writes().await.unwrap();
                let write = stage.one(writes[0]).await;
                assert_eq!(
                    (write.state, stage.ledger.effects(write.id)),
                    ("verified", 1),
                    "step {step} {kind}"
                );
            }
        }
    })
    .await;
}

#[tokio::test]
async fn two_workers_at_once_do_everything_once() {
    on_each_database(setup(), async |hub| {
        let stage = stage(hub).await;
        for _ in 0..30 {
            stage.create(Kind::OrgUnit, stage.unit("a")).await;
        }
        stage.punch(0..400).await;
        let workers: Vec<Hub> = (0..4).map(|seed| hub.another(200 + seed)).collect();
        let mut tasks = tokio::task::JoinSet::new();
        for worker in workers {
            tasks.spawn(async move {
                for _ in 0..5 {
                    worker.push_writes().await.unwrap();
                }
            });
        }
        tasks.join_all().await;
        stage.settle().await;
        let all = stage.all().await;
        assert!(all.len() == 430 && all.iter().all(|write| write.state == "verified" && write.attempts == 1));
        assert_eq!(stage.ledger.tally(), (430, 0));
    })
    .await;
}

#[tokio::test]
async fn what_is_done_to_one_record_is_done_in_order() {
    on_each_database(setup(), async |hub| {
        let stage = stage(hub).await;
        let (unit, mut writes) = stage.create(Kind::OrgUnit, stage.unit("a")).await;
        for name in ["b", "c", "d"] {
            let Applied::Changed(view) = stage.update(Kind::OrgUnit, unit, stage.unit(name)).await else {
                panic!("it is ours")
            };
            writes.extend(view.writes.iter().map(|write| write.id));
        }
        // The first comes to grief several times; the others wait for it.
        hub.wire.break_by(|call, _| if call < 4 { Effect::Lost } else { Effect::Pass });
        stage.work().await;
        assert_eq!(stage.state(writes[1]).await, "queued");
        stage.settle().await;
        let expected: Vec<String> = writes.iter().map(ToString::to_string).collect();
        assert_eq!(stage.ledger.order(), expected);
    })
    .await;
}

#[tokio::test]
async fn what_the_vendor_refuses_or_changes_is_visible() {
    on_each_database(setup(), async |hub| {
        let stage = stage(hub).await;
        // One row of a batch brings the whole call down; the others go through all the same.
        stage.ledger.refuse_calls("坏");
        let mut good = Vec::new();
        for name in ["a", "坏", "b", "c", "d", "e"] {
            let (_, writes) = stage.create(Kind::OrgUnit, stage.unit(name)).await;
            good.push((name, writes[0]));
        }
        stage.settle().await;
        for (name, write) in good {
            let expected = if name == "坏" { ("rejected", 0) } else { ("verified", 1) };
            assert_eq!((stage.state(write).await, stage.ledger.effects(write)), expected, "{name}");
        }
        stage.ledger.refuse("丑");
        stage.ledger.mangle();
        let (_, refused) = stage.create(Kind::Approval, approval("丑")).await;
        assert!(refused.is_empty(), "approvals are only decided there");
        let (_, mismatched) = stage.create(Kind::OrgUnit, stage.unit("f")).await;
        stage.settle().await;
        let write = stage.one(mismatched[0]).await;
        assert_eq!(write.state, "mismatched");
        assert!(write.reason.unwrap().contains("name"));
    })
    .await;
}

fn approval(number: &str) -> Value {
    json!({
        "number": number, "category": {"value": "leave"}, "status": {"value": "running"}, "result": "none",
    })
}

#[tokio::test]
async fn a_refused_account_rests_and_costs_no_tries() {
    on_each_database(setup(), async |hub| {
        let stage = stage(hub).await;
        let (_, writes) = stage.create(Kind::OrgUnit, stage.unit("a")).await;
        let refused = || Effect::Answer(Reply::empty(StatusCode::UNAUTHORIZED));
        hub.wire.break_by(move |_, _| refused());
        for _ in 0..5 {
            stage.work().await;
            hub.clock.advance_seconds(60);
        }
        assert_eq!(hub.wire.calls(), 1, "the account is not worn out");
        let pauses = hub.hub.write_pauses(&hub.company).await.unwrap();
        assert!(pauses[0].attention && pauses[0].connection == "books");
        assert_eq!((stage.state(writes[0]).await, stage.one(writes[0]).await.attempts), ("queued", 0));
        hub.wire.mend();
        hub.hub.resume_writes(&hub.company, "books", "cli:anna").await.unwrap();
        stage.work().await;
        assert_eq!(stage.state(writes[0]).await, "verified");
        // "Too fast" is obeyed to the second.
        let (_, writes) = stage.create(Kind::OrgUnit, stage.unit("b")).await;
        first_push(hub, || Effect::Answer(Reply::empty(StatusCode::TOO_MANY_REQUESTS)));
        stage.work().await;
        hub.clock.advance_seconds(89);
        stage.work().await;
        assert_eq!((stage.state(writes[0]).await, hub.wire.calls()), ("queued", 1));
        hub.clock.advance_seconds(2);
        stage.work().await;
        assert_eq!((stage.state(writes[0]).await, stage.one(writes[0]).await.attempts), ("verified", 1));
    })
    .await;
}

#[tokio::test]
async fn a_second_person_must_agree_where_a_route_says_so() {
    on_each_database(setup(), async |hub| {
        let stage = stage(hub).await;
        route(hub, "org_unit", Some(Action::Create), true).await.unwrap();
        let (unit, writes) = stage.create(Kind::OrgUnit, stage.unit("a")).await;
        let Applied::Changed(renamed) = stage.update(Kind::OrgUnit, unit, stage.unit("b")).await else {
            panic!("it is ours")
        };
        stage.work().await;
        assert_eq!(stage.state(writes[0]).await, "awaiting");
        assert_eq!(renamed.writes[0].state, "queued", "only making one needs two");
        assert_eq!(stage.state(renamed.writes[0].id).await, "queued", "and it waits for its turn");
        assert!(stage.decide(writes[0], Decision::Approve, "app:writer").await.is_err(), "the same person");
        assert!(stage.decide(writes[0], Decision::Retry, "cli:anna").await.is_err(), "nothing was tried");
        let approved = stage.decide(writes[0], Decision::Approve, "cli:anna").await.unwrap();
        assert_eq!((approved.state, approved.decided_by.as_deref()), ("queued", Some("cli:anna")));
        assert!(stage.decide(writes[0], Decision::Approve, "cli:bert").await.is_err(), "it is decided");
        stage.settle().await;
        assert_eq!(stage.ledger.order().len(), 2);
        let (_, writes) = stage.create(Kind::OrgUnit, stage.unit("c")).await;
        stage.decide(writes[0], Decision::Withdraw, "app:writer").await.unwrap();
        stage.settle().await;
        assert_eq!((stage.state(writes[0]).await, stage.ledger.effects(writes[0])), ("withdrawn", 0));
    })
    .await;
}

#[tokio::test]
async fn the_same_punch_is_one_write_and_never_goes_back_where_it_came_from() {
    on_each_database(setup(), async |hub| {
        let stage = stage(hub).await;
        stage.punch(0..20).await;
        stage.punch(10..30).await;
        assert_eq!(stage.all().await.len(), 30);
        stage.settle().await;
        assert_eq!(stage.ledger.tally(), (30, 0));
        stage.punch(0..30).await;
        assert_eq!(stage.all().await.len(), 30, "nothing is new");
    })
    .await;
}

#[tokio::test]
async fn a_route_is_refused_where_the_vendor_cannot_or_may_not() {
    on_each_database(setup(), async |hub| {
        connect(hub, Value::Null).await;
        let error = route(hub, "employee", None, false).await.unwrap_err();
        assert!(error.public().contains("cannot take employee:*"), "{error}");
        let error = route(hub, "org_unit", Some(Action::Approve), false).await.unwrap_err();
        assert!(error.public().contains("org_unit:create"), "{error}");
        let error = route(hub, "visit", None, false).await.unwrap_err();
        assert!(error.public().contains("writes={\"visit\": true}"), "{error}");
        // Switched off after the route was made: nothing is sent, and that is visible.
        let stage = stage(hub).await;
        connect(hub, Value::Null).await;
        let (_, writes) = stage.create(Kind::Visit, stage.visit()).await;
        stage.settle().await;
        let write = stage.one(writes[0]).await;
        assert_eq!((write.state, stage.ledger.effects(write.id)), ("rejected", 0));
        assert!(write.reason.unwrap().contains("switched off"));
    })
    .await;
}

#[tokio::test]
async fn what_is_a_vendors_is_changed_there_only() {
    on_each_database(setup(), async |hub| {
        hub.sync(&["org_unit", "employee"]).await;
        let unit = hub.records(&hub.main, Kind::OrgUnit).await.remove(0);
        let app = NewApp {
            name: "other".into(),
            faces: vec![],
            scopes: Scopes::all(),
            settings: Value::Null,
            ..NewApp::default()
        };
        let key = hub.hub.create_app(&hub.main, app, &tongshi_hub::Actor::cli()).await.unwrap().api_key;
        let app = hub.hub.authenticate(key.expose(), None).await.unwrap();
        let mut once = begin(&hub.hub, &app).await;
        let patch = NewRecord { fields: fields(&json!({"name": "改名"})), refers: Vec::new() };
        let error =
            hub.hub.update_record(&mut once, &app, Kind::OrgUnit, unit.id, None, patch).await.unwrap_err();
        assert!(error.public().contains("tongshi routes add org_unit zhiren --action update"), "{error}");
        let act = Act::default();
        let error = hub.hub.act_on_record(&mut once, &app, Kind::Visit, unit.id, Action::Cancel, &act).await;
        assert!(error.unwrap_err().public().contains("no such visit"));
    })
    .await;
}

#[tokio::test]
async fn a_punch_at_our_face_reaches_another_vendor() {
    // The app punches at the Zhiren face of the workspace `main`; from there a route leads back over the connection to
    // the company behind the other face, where the person has the same number.
    on_each_database(setup(), async |hub| {
        hub.sync(&["org_unit", "employee"]).await;
        let new = NewRoute {
            target: Target::Punch,
            action: None,
            connection: "zhiren".to_owned(),
            second_person: false,
        };
        hub.hub.add_route(&hub.main, new, "cli:anna").await.unwrap();
        let person = hub.records(&hub.main, Kind::Employee).await.into_iter().find_map(|person| {
            let doc: Value = serde_json::from_str(person.data.get()).ok()?;
            Some((person.id, doc["employee_no"].as_str()?.to_owned()))
        });
        let (person, _) = person.unwrap();
        let app = NewApp {
            name: "clock".into(),
            faces: vec![],
            scopes: Scopes::all(),
            settings: Value::Null,
            ..NewApp::default()
        };
        let key = hub.hub.create_app(&hub.main, app, &tongshi_hub::Actor::cli()).await.unwrap().api_key;
        let app = hub.hub.authenticate(key.expose(), None).await.unwrap();
        let before = hub.hub.counts(&hub.company).await.unwrap().pop().unwrap().live;
        for _ in 0..2 {
            let mut once = begin(&hub.hub, &app).await;
            let punch = Punch {
                employee: person,
                at: Instant::parse("2026-03-16 08:58", shanghai()).unwrap(),
                direction: Direction::In,
                source: PunchSource::Import,
                day: None,
                detail: None,
            };
            hub.hub.add_punches(&mut once, &app, vec![Ok(punch)], None).await.unwrap();
            finish(once).await;
        }
        hub.hub.push_writes().await.unwrap();
        let after = hub.hub.counts(&hub.company).await.unwrap().pop().unwrap().live;
        assert_eq!(after, before + 1);
        let query = WriteQuery { limit: 10, ..WriteQuery::default() };
        let page = hub.hub.writes(&hub.main, &query, &Scopes::all()).await.unwrap();
        assert_eq!(page.data.len(), 1);
        assert_eq!(page.data[0].state, "verified", "{:?}", page.data[0]);
    })
    .await;
}

#[tokio::test]
async fn five_thousand_over_a_wire_that_breaks_at_random() {
    on_each_database(setup(), async |hub| {
        let stage = stage(hub).await;
        for start in (0..4000).step_by(1000) {
            stage.punch(start..start + 1000).await;
        }
        let mut once = begin(&hub.hub, &stage.app).await;
        for (kind, doc) in [
            (Kind::OrgUnit, stage.unit("a")),
            (Kind::Visit, stage.visit()),
            (
                Kind::TimelineEntry,
                json!({"employee": stage.people[1], "kind": {"value": "leave"}, "date": "2026-03-02"}),
            ),
        ] {
            let item = || Ok(NewRecord { fields: fields(&doc), refers: Vec::new() });
            let items: Vec<_> = (0..340).map(|_| item()).collect();
            let made = hub.hub.create_records(&mut once, &stage.app, kind, items, None).await.unwrap();
            assert!(made.iter().all(Result::is_ok));
        }
        finish(once).await;
        // A linear congruential generator: the same breaks on every run.
        let mut seed = 7u64;
        hub.wire.break_by(move |_, _| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            match (seed >> 33) % 100 {
                0..8 => Effect::Lost,
                8..16 => Effect::Unanswered,
                16..20 => Effect::Answer(server_error()),
                20..24 => Effect::Change(Box::new(|_| server_error())),
                24..26 => Effect::Answer(Reply::empty(StatusCode::TOO_MANY_REQUESTS)),
                26..28 => panic!("the process dies here"),
                28..30 => Effect::Change(Box::new(|_| panic!("the process dies here"))),
                30..32 => Effect::Change(Box::new(|mut reply| {
                    reply.body = reply.body.slice(..reply.body.len() / 2);
                    reply
                })),
                _ => Effect::Pass,
            }
        });
        stage.settle().await;
        let all = stage.all().await;
        assert_eq!(all.len(), 4000 + 3 * 340);
        let (had_effect, doubled) = stage.ledger.tally();
        assert_eq!(doubled, 0);
        for write in &all {
            let effects = stage.ledger.effects(write.id);
            match write.state {
                "verified" | "acknowledged" => assert_eq!(effects, 1, "{write:?}"),
                // What nobody can know stands before a person, and only where the vendor shows nothing.
                "dead" => assert!(write.reason.as_ref().unwrap().contains("nobody knows"), "{write:?}"),
                state => panic!("{state}: {write:?}"),
            }
            assert!(write.is_final);
            assert!(write.state != "dead" || write.target == Target::Record(Kind::Visit), "{write:?}");
        }
        let sure = all.iter().filter(|write| write.state != "dead").count();
        assert!(had_effect >= sure && sure > 4800, "{had_effect} {sure}");
    })
    .await;
}
