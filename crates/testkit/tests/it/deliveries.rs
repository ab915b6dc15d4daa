//! What apps are told of changes: signed, in order, at least once, no more than they may see.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use tongshi_dialect::{Face, Message, Reply};
use tongshi_hub::{
    DeliveryView, Hub, NewApp, NewWebhook, NewWebhookSecret, Parts, Replay, Scopes, Vault, WebhookChange,
    WebhookOwner,
};
use tongshi_model::{
    Draft, Employee, ErrorKind, Id, Kind, OrgUnit, Personal, Randomness as _, SeededRandomness, Sensitivity,
};
use tongshi_testkit::{Setup, TestHub, VirtualWaits, on_each_database};

type Answers = Box<dyn FnMut(&Message) -> Reply + Send>;

/// What stands at an app's address.
#[derive(Default)]
struct Receiver {
    answers: Mutex<Option<Answers>>,
    /// Every message with the status that it was answered with.
    received: Mutex<Vec<(Message, u16)>>,
    /// While there is something in it, answers do not come.
    stuck: Mutex<Option<Arc<tokio::sync::Notify>>>,
}

#[async_trait]
impl Face for Receiver {
    async fn answer(&self, message: Message) -> Reply {
        let reply = match &mut *self.answers.lock().unwrap() {
            Some(answers) => answers(&message),
            None => Reply::empty(StatusCode::OK),
        };
        self.received.lock().unwrap().push((message, reply.status.as_u16()));
        let stuck = self.stuck.lock().unwrap().clone();
        if let Some(stuck) = stuck {
            stuck.notify_one();
            std::future::pending::<()>().await;
        }
        reply
    }
}

impl Receiver {
    fn answer_by(&self, answers: impl FnMut(&Message) -> Reply + Send + 'static) {
        *self.answers.lock().unwrap() = Some(Box::new(answers));
    }

    fn answer_with(&self, status: u16) {
        let status = StatusCode::from_u16(status).unwrap();
        self.answer_by(move |_| Reply::empty(status));
    }

    fn count(&self) -> usize {
        self.received.lock().unwrap().len()
    }

    fn header(&self, at: usize, name: &str) -> String {
        self.received.lock().unwrap()[at].0.header(name).unwrap_or_default().to_owned()
    }

    fn body(&self, at: usize) -> Value {
        serde_json::from_slice(&self.received.lock().unwrap()[at].0.body).unwrap()
    }

    /// What was taken, by record: the numbers of the changes in the order in which they first arrived.
    fn taken(&self) -> BTreeMap<String, Vec<i64>> {
        let mut taken: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for (message, status) in &*self.received.lock().unwrap() {
            if *status == 200 {
                let body: Value = serde_json::from_slice(&message.body).unwrap();
                let seqs = taken.entry(body["data"]["id"].as_str().unwrap().to_owned()).or_default();
                let seq = body["data"]["seq"].as_i64().unwrap();
                if !seqs.contains(&seq) {
                    seqs.push(seq);
                }
            }
        }
        taken
    }
}

fn setup() -> Setup {
    Setup { employees: 5, ..Setup::default() }
}

async fn app(hub: &TestHub, name: &str, scopes: Scopes) -> Id {
    let app = NewApp {
        name: name.to_owned(),
        faces: Vec::new(),
        scopes,
        settings: Value::Null,
        ..NewApp::default()
    };
    hub.hub.create_app(&hub.company, app, &tongshi_hub::Actor::cli()).await.unwrap().app.id
}

fn operator(hub: &TestHub) -> WebhookOwner {
    WebhookOwner::operator(&hub.company, "test")
}

/// An app with a webhook for all events, and what stands there.
async fn listening(
    hub: &TestHub,
    name: &str,
    full: bool,
    scopes: Scopes,
) -> (Arc<Receiver>, NewWebhookSecret) {
    let receiver = Arc::new(Receiver::default());
    hub.wire.lead(&format!("http://{name}.test"), receiver.clone());
    let app = app(hub, name, scopes).await;
    let new = NewWebhook {
        name: None,
        url: format!("http://{name}.test/hooks?for={name}"),
        events: vec!["*".to_owned()],
        full,
    };
    let made = hub.hub.create_webhook(&operator(hub), app, new).await.unwrap();
    (receiver, made)
}

/// Makes or changes a unit.
async fn unit(hub: &TestHub, remote_id: &str, name: &str) {
    let unit = OrgUnit { name: name.to_owned(), ..OrgUnit::default() };
    hub.put(remote_id, Draft::of(&unit).unwrap()).await;
}

async fn log(hub: &TestHub, id: Id, state: Option<&str>) -> Vec<DeliveryView> {
    hub.hub.webhook_deliveries(&operator(hub), id, state, None, 1000).await.unwrap().data
}

/// Moves the clock to when the first waiting message is due.
async fn until_due(hub: &TestHub, id: Id) -> f64 {
    let waiting = log(hub, id, Some("waiting")).await;
    let next = waiting.iter().filter_map(|row| row.next_at).min().unwrap();
    let wait_ms = next.as_millisecond() - hub.now().as_millisecond();
    hub.clock.advance_seconds(wait_ms / 1000 + 1);
    wait_ms as f64 / 1000.0
}

#[tokio::test]
async fn a_message_says_what_changed_and_no_more_than_was_asked_for() {
    on_each_database(setup(), async |hub| {
        let (thin, made) = listening(hub, "thin", false, Scopes::all()).await;
        let (full, _) = listening(hub, "full", true, Scopes::all()).await;
        assert!(made.secret.expose().starts_with("whsec_") && made.secret.expose().len() == 50);
        unit(hub, "u1", "研发组 🙂").await;
        unit(hub, "u1", "研发一组 🙂").await;
        hub.hub.deliver().await.unwrap();
        assert_eq!((thin.count(), full.count()), (2, 2));
        let body = thin.body(1);
        assert_eq!(body["type"], "org_unit.updated");
        assert_eq!(body["data"]["fields"], json!(["name"]));
        assert_eq!((&body["data"]["op"], &body["data"]["version"]), (&json!("updated"), &json!(2)));
        assert!(body["data"].get("after").is_none());
        assert_eq!(full.body(1)["data"]["before"]["name"], "研发组 🙂");
        assert_eq!(full.body(1)["data"]["after"]["name"], "研发一组 🙂");
        assert_eq!(thin.header(1, "webhook-timestamp"), hub.now().as_second().to_string());
        assert!(thin.header(1, "webhook-id").starts_with("msg_"));
        assert_eq!(thin.header(1, "content-type"), "application/json");
        assert_eq!(thin.header(1, "webhook-signature").split(' ').count(), 1);
        let message = thin.received.lock().unwrap()[1].0.clone();
        assert_eq!((message.path.as_str(), message.query.as_str()), ("/hooks", "for=thin"));
        hub.hub.deliver().await.unwrap();
        assert_eq!(thin.count(), 2, "nothing is sent twice without need");
        // Only what was asked for.
        let change =
            WebhookChange { events: Some(vec!["org_unit.deleted".to_owned()]), ..WebhookChange::default() };
        hub.hub.change_webhook(&operator(hub), made.webhook.id, change).await.unwrap();
        unit(hub, "u1", "三").await;
        hub.hub.unload(&hub.company, "sandbox", Kind::OrgUnit, &["u1"]).await.unwrap();
        hub.hub.deliver().await.unwrap();
        assert_eq!((thin.count(), full.count()), (3, 4));
        assert_eq!(thin.body(2)["type"], "org_unit.deleted");
        assert_eq!(full.body(3)["data"]["before"]["name"], "三");
    })
    .await;
}

#[tokio::test]
async fn all_ten_steps_then_a_dead_letter_then_again_by_hand() {
    on_each_database(setup(), async |hub| {
        let (receiver, made) = listening(hub, "down", false, Scopes::all()).await;
        let id = made.webhook.id;
        receiver.answer_with(500);
        unit(hub, "u1", "一").await;
        hub.hub.deliver().await.unwrap();
        let steps = [5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0];
        for (done, step) in steps.iter().enumerate() {
            assert_eq!(receiver.count(), done + 1);
            hub.hub.deliver().await.unwrap();
            assert_eq!(receiver.count(), done + 1, "not before its time");
            let waited = until_due(hub, id).await;
            assert!((step * 0.9 - 1.0..=step * 1.1 + 1.0).contains(&waited), "{waited} for {step}");
            hub.hub.deliver().await.unwrap();
        }
        assert_eq!(receiver.count(), 10);
        let dead = log(hub, id, Some("dead")).await;
        assert_eq!((dead.len(), dead[0].attempts, dead[0].status), (1, 10, Some(500)));
        assert_eq!(dead[0].error.as_deref(), Some("it answered 500"));
        // What is dead blocks nothing behind it.
        receiver.answer_with(200);
        hub.clock.advance_seconds(3600);
        unit(hub, "u1", "二").await;
        hub.hub.deliver().await.unwrap();
        assert_eq!(receiver.count(), 11);
        // By id, and by the numbers of the changes: the same ids, new times.
        hub.clock.advance_seconds(60);
        let replayed =
            hub.hub.replay_webhook(&operator(hub), id, Replay::Ids(vec![dead[0].id.clone()])).await.unwrap();
        assert_eq!(replayed.replayed, 1);
        hub.hub.deliver().await.unwrap();
        assert_eq!(receiver.header(11, "webhook-id"), receiver.header(0, "webhook-id"));
        assert_eq!(receiver.header(11, "webhook-timestamp"), hub.now().as_second().to_string());
        assert_eq!(receiver.body(11), receiver.body(0));
        let all = Replay::Changes { from_seq: dead[0].seq, to_seq: dead[0].seq + 100 };
        assert_eq!(hub.hub.replay_webhook(&operator(hub), id, all).await.unwrap().replayed, 2);
        hub.hub.deliver().await.unwrap();
        hub.hub.deliver().await.unwrap();
        assert_eq!(receiver.count(), 14);
        assert_eq!(receiver.header(12, "webhook-id"), receiver.header(0, "webhook-id"));
        assert_eq!(receiver.header(13, "webhook-id"), receiver.header(10, "webhook-id"));
        assert!(log(hub, id, Some("dead")).await.is_empty());
        let unknown = Replay::Ids(vec!["msg_0".to_owned()]);
        let error = hub.hub.replay_webhook(&operator(hub), id, unknown).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::NotFound);
    })
    .await;
}

#[tokio::test]
async fn a_receiver_says_when_to_come_back_and_when_never_to() {
    on_each_database(setup(), async |hub| {
        let (receiver, made) = listening(hub, "busy", false, Scopes::all()).await;
        let id = made.webhook.id;
        receiver.answer_by(|_| {
            let mut reply = Reply::empty(StatusCode::SERVICE_UNAVAILABLE);
            reply.headers.insert(header::RETRY_AFTER, HeaderValue::from_static("3600"));
            reply
        });
        unit(hub, "u1", "一").await;
        hub.hub.deliver().await.unwrap();
        let waited = until_due(hub, id).await;
        assert!((3599.0..=3601.0).contains(&waited), "{waited}");
        // A redirect is a failure and is not followed.
        receiver.answer_by(|_| Reply::redirect("http://elsewhere.test/").unwrap());
        hub.hub.deliver().await.unwrap();
        assert_eq!(log(hub, id, Some("waiting")).await[0].status, Some(302));
        receiver.answer_with(410);
        until_due(hub, id).await;
        hub.hub.deliver().await.unwrap();
        let view = hub.hub.webhook(&operator(hub), id).await.unwrap();
        assert!(!view.enabled);
        assert_eq!(view.disabled_reason.as_deref(), Some("the address answered 410 Gone"));
        let count = receiver.count();
        unit(hub, "u2", "二").await;
        hub.clock.advance_seconds(100_000);
        hub.hub.deliver().await.unwrap();
        assert_eq!(receiver.count(), count);
        // On again it goes on where it was, and nothing is missing.
        receiver.answer_with(200);
        let on = WebhookChange { enabled: Some(true), ..WebhookChange::default() };
        assert!(hub.hub.change_webhook(&operator(hub), id, on).await.unwrap().enabled);
        hub.hub.deliver().await.unwrap();
        assert_eq!(receiver.taken().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn an_address_that_fails_for_five_days_is_switched_off() {
    on_each_database(setup(), async |hub| {
        let (receiver, made) = listening(hub, "dead", false, Scopes::all()).await;
        receiver.answer_with(500);
        for day in 0..=5 {
            assert!(hub.hub.webhook(&operator(hub), made.webhook.id).await.unwrap().enabled, "day {day}");
            unit(hub, &format!("u{day}"), "一").await;
            hub.hub.deliver().await.unwrap();
            hub.clock.advance_seconds(86_400);
        }
        let view = hub.hub.webhook(&operator(hub), made.webhook.id).await.unwrap();
        assert!(!view.enabled, "{view:?}");
        assert!(view.disabled_reason.unwrap().contains("5 days"));
    })
    .await;
}

#[tokio::test]
async fn two_secrets_sign_for_a_day() {
    on_each_database(setup(), async |hub| {
        let (receiver, made) = listening(hub, "rotating", false, Scopes::all()).await;
        let rotated = hub.hub.rotate_webhook(&operator(hub), made.webhook.id).await.unwrap();
        assert_ne!(rotated.secret, made.secret);
        for (place, (seconds, signatures)) in [(0, 2), (86_399, 2), (1, 1)].into_iter().enumerate() {
            hub.clock.advance_seconds(seconds);
            unit(hub, "u1", &format!("{place}")).await;
            hub.hub.deliver().await.unwrap();
            let signed = receiver.header(place, "webhook-signature");
            assert_eq!(signed.split(' ').count(), signatures, "{place}");
            assert!(signed.split(' ').all(|one| one.starts_with("v1,")));
        }
    })
    .await;
}

#[tokio::test]
async fn a_long_body_falls_back_to_a_thin_one() {
    on_each_database(setup(), async |hub| {
        let (receiver, _) = listening(hub, "long", true, Scopes::all()).await;
        unit(hub, "u1", "a").await;
        hub.hub.deliver().await.unwrap();
        let empty = receiver.received.lock().unwrap()[0].0.body.len() - 1;
        // 林 is three bytes and 🙂 four, so the length is met to the byte.
        let name = |bytes: usize| {
            let units = "林🙂".repeat((bytes - 8) / 7);
            format!("{units}{}", "a".repeat(bytes - units.len()))
        };
        unit(hub, "u2", &name(20_000 - empty)).await;
        unit(hub, "u3", &name(20_001 - empty)).await;
        hub.hub.deliver().await.unwrap();
        let sizes: Vec<(usize, bool)> = (1..3)
            .map(|at| {
                let length = receiver.received.lock().unwrap()[at].0.body.len();
                (length, receiver.body(at)["data"].get("after").is_some())
            })
            .collect();
        // Numbers of two digits could make it a byte or two longer.
        assert!(sizes[0].1 && (19_990..=20_000).contains(&sizes[0].0), "{sizes:?}");
        assert!(!sizes[1].1 && sizes[1].0 < 1000, "{sizes:?}");
    })
    .await;
}

#[tokio::test]
async fn nobody_is_told_more_than_they_may_see() {
    on_each_database(setup(), async |hub| {
        let contact = Scopes { sensitivity: Sensitivity::Contact, ..Scopes::default() };
        let (seeing, _) = listening(hub, "seeing", true, Scopes::all()).await;
        let (contact, _) = listening(hub, "contact", true, contact).await;
        let units = Scopes { kinds: Some(vec![Kind::OrgUnit]), ..Scopes::all() };
        let (units, _) = listening(hub, "units", true, units).await;
        let mut person =
            Employee { bank_card: Some(Personal::new("629900001".to_owned())), ..Employee::default() };
        hub.put("e1", Draft::of(&person).unwrap()).await;
        person.bank_card = Some(Personal::new("629900002".to_owned()));
        hub.put("e1", Draft::of(&person).unwrap()).await;
        hub.hub.deliver().await.unwrap();
        assert_eq!((seeing.count(), contact.count(), units.count()), (2, 1, 0));
        assert!(seeing.body(1).to_string().contains("629900002"));
        assert!(!contact.body(0).to_string().contains("6299"), "{}", contact.body(0));
        assert!(!contact.body(0).to_string().contains("bank_card"));
    })
    .await;
}

#[tokio::test]
async fn others_webhooks_do_not_exist() {
    on_each_database(setup(), async |hub| {
        let (_, made) = listening(hub, "mine", false, Scopes::all()).await;
        let stranger = NewApp {
            name: "stranger".to_owned(),
            faces: Vec::new(),
            scopes: Scopes::all(),
            settings: Value::Null,
            ..NewApp::default()
        };
        let elsewhere = WebhookOwner::operator(&hub.main, "test");
        let key =
            hub.hub.create_app(&hub.company, stranger, &tongshi_hub::Actor::cli()).await.unwrap().api_key;
        let stranger = WebhookOwner::app(&hub.hub.authenticate(key.expose(), None).await.unwrap());
        for owner in [elsewhere, stranger] {
            let id = made.webhook.id;
            assert!(hub.hub.webhooks(&owner).await.unwrap().is_empty());
            let errors = [
                hub.hub.webhook(&owner, id).await.unwrap_err(),
                hub.hub.change_webhook(&owner, id, WebhookChange::default()).await.unwrap_err(),
                hub.hub.rotate_webhook(&owner, id).await.unwrap_err(),
                hub.hub.remove_webhook(&owner, id).await.unwrap_err(),
                hub.hub.test_webhook(&owner, id).await.unwrap_err(),
                hub.hub.webhook_deliveries(&owner, id, None, None, 10).await.unwrap_err(),
                hub.hub.replay_webhook(&owner, id, Replay::Ids(vec!["msg_1".to_owned()])).await.unwrap_err(),
            ];
            for error in errors {
                assert_eq!(error.kind(), &ErrorKind::NotFound);
            }
        }
        let reader = NewApp {
            name: "reader".to_owned(),
            faces: Vec::new(),
            scopes: Scopes::default(),
            settings: Value::Null,
            ..NewApp::default()
        };
        let made = hub.hub.create_app(&hub.company, reader, &tongshi_hub::Actor::cli()).await.unwrap();
        let owner = WebhookOwner::app(&hub.hub.authenticate(made.api_key.expose(), None).await.unwrap());
        let new = NewWebhook {
            name: None,
            url: "https://app.example.com/".to_owned(),
            events: vec!["*".to_owned()],
            full: false,
        };
        let error = hub.hub.create_webhook(&owner, made.app.id, new.clone()).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Forbidden);
        for (url, event) in [
            ("http://169.254.169.254/", "*"),
            ("https://localhost/", "*"),
            ("https://app.example.com/", "employe.*"),
        ] {
            let new = NewWebhook { url: url.to_owned(), events: vec![event.to_owned()], ..new.clone() };
            let error = hub.hub.create_webhook(&operator(hub), made.app.id, new).await.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Invalid(_)), "{url} {event}: {error}");
        }
    })
    .await;
}

#[tokio::test]
async fn killed_between_sending_and_noting_the_same_goes_again() {
    on_each_database(setup(), async |hub| {
        let (receiver, made) = listening(hub, "killed", false, Scopes::all()).await;
        let stuck = Arc::new(tokio::sync::Notify::new());
        *receiver.stuck.lock().unwrap() = Some(stuck.clone());
        unit(hub, "u1", "一").await;
        tokio::select! {
            _ = hub.hub.deliver() => panic!("nobody answers"),
            () = stuck.notified() => {}
        }
        *receiver.stuck.lock().unwrap() = None;
        assert!(log(hub, made.webhook.id, None).await.is_empty(), "nothing was noted");
        hub.clock.advance_seconds(10);
        hub.hub.deliver().await.unwrap();
        assert_eq!(receiver.count(), 2);
        assert_eq!(receiver.header(0, "webhook-id"), receiver.header(1, "webhook-id"));
        assert_ne!(receiver.header(0, "webhook-timestamp"), receiver.header(1, "webhook-timestamp"));
        assert_eq!(receiver.body(0), receiver.body(1));
    })
    .await;
}

/// A second hub over the same database, as a replica is.
fn replica(hub: &TestHub) -> Hub {
    let (vault, _) = Vault::generate(&SeededRandomness::new(7)).unwrap();
    Hub::new(Parts {
        store: hub.hub.store().clone(),
        clock: hub.clock.clone(),
        randomness: Arc::new(SeededRandomness::new(8)),
        vault,
        dialects: tongshi_dialects::ALL,
        transports: Arc::new(hub.wire.clone()),
        waits: Arc::new(VirtualWaits::default()),
        settings: hub.hub.settings().clone(),
    })
}

/// Fails at random: refused, taken and the answer lost, or taken.
fn unreliable(receiver: &Receiver, seed: u64) {
    let randomness = SeededRandomness::new(seed);
    receiver.answer_by(move |_| {
        let mut byte = [0];
        randomness.fill(&mut byte);
        Reply::empty(if byte[0] < 90 { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK })
    });
}

/// Changes at random until the receiver has been told of all; then each record's came in order, and none was invented.
async fn told_of_everything(hub: &TestHub, hubs: &[&Hub], seed: u64) {
    let (receiver, made) = listening(hub, &format!("random{seed}"), false, Scopes::all()).await;
    unreliable(&receiver, seed);
    let begin = made.webhook.position;
    let randomness = SeededRandomness::new(seed + 100);
    for round in 0..32 {
        let mut bytes = [0; 4];
        randomness.fill(&mut bytes);
        for byte in &bytes[..2] {
            unit(hub, &format!("r{}", byte % 7), &format!("{seed} {round} {byte}")).await;
        }
        // Sometimes both at once, sometimes one after the other's lease has ended.
        let (first, last) = (hubs[0], hubs[hubs.len() - 1]);
        match bytes[3] % 3 {
            0 => first.deliver().await.unwrap(),
            1 => last.deliver().await.unwrap(),
            _ => {
                let (one, two) = tokio::join!(first.deliver(), last.deliver());
                one.unwrap();
                two.unwrap();
            }
        }
        hub.clock.advance_seconds(i64::from(bytes[2]) * 2);
    }
    receiver.answer_with(200);
    for _ in 0..200 {
        hub.clock.advance_seconds(7200);
        hubs[0].deliver().await.unwrap();
        if log(hub, made.webhook.id, Some("waiting")).await.is_empty() {
            break;
        }
    }
    let changes = hub.hub.changes(&hub.company, begin, None, 1000, &Scopes::all()).await.unwrap().data;
    let mut expected: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for change in changes {
        expected.entry(change.record.to_string()).or_default().push(change.seq);
    }
    assert!(expected.values().map(Vec::len).sum::<usize>() > 40);
    assert_eq!(receiver.taken(), expected, "seed {seed}");
    let ids: BTreeSet<String> = (0..receiver.count()).map(|at| receiver.header(at, "webhook-id")).collect();
    assert_eq!(ids.len(), expected.values().map(Vec::len).sum::<usize>(), "one id for each change");
    hub.hub.remove_webhook(&operator(hub), made.webhook.id).await.unwrap();
}

#[tokio::test]
async fn each_records_changes_arrive_in_order_whatever_fails() {
    on_each_database(setup(), async |hub| {
        for seed in 1..=2 {
            told_of_everything(hub, &[&hub.hub], seed).await;
        }
    })
    .await;
}

#[tokio::test]
async fn two_hubs_never_tell_out_of_order() {
    on_each_database(setup(), async |hub| {
        let other = replica(hub);
        for seed in 11..=12 {
            told_of_everything(hub, &[&hub.hub, &other], seed).await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_endpoint_in_other_hands_is_left_alone_until_the_lease_ends() {
    on_each_database(setup(), async |hub| {
        let (receiver, _) = listening(hub, "leased", false, Scopes::all()).await;
        let other = replica(hub);
        unit(hub, "u1", "一").await;
        hub.hub.deliver().await.unwrap();
        unit(hub, "u1", "二").await;
        other.deliver().await.unwrap();
        assert_eq!(receiver.count(), 1);
        hub.clock.advance_seconds(61);
        other.deliver().await.unwrap();
        assert_eq!(receiver.count(), 2);
        unit(hub, "u1", "三").await;
        hub.hub.deliver().await.unwrap();
        assert_eq!(receiver.count(), 2, "now the first one waits");
    })
    .await;
}

#[tokio::test]
async fn a_dead_endpoint_holds_up_no_other_and_its_backlog_stays_small() {
    on_each_database(setup(), async |hub| {
        let (dead, made) = listening(hub, "gone", false, Scopes::all()).await;
        let (alive, _) = listening(hub, "alive", false, Scopes::all()).await;
        dead.answer_with(500);
        for round in 0..3 {
            for number in 0..100 {
                unit(hub, &format!("u{number}"), &format!("{round}")).await;
            }
            hub.hub.deliver().await.unwrap();
            assert_eq!(alive.count(), (round + 1) * 100);
        }
        let waiting = log(hub, made.webhook.id, Some("waiting")).await.len();
        assert!((1..=256).contains(&waiting), "the rest stays in the journal: {waiting}");
        assert!(dead.count() <= 64, "{}", dead.count());
        dead.answer_with(200);
        for _ in 0..300 {
            hub.clock.advance_seconds(400);
            hub.hub.deliver().await.unwrap();
        }
        assert_eq!(dead.taken().values().map(Vec::len).sum::<usize>(), 300);
        assert!(dead.taken().values().all(|seqs| seqs.is_sorted()));
    })
    .await;
}

#[tokio::test]
async fn a_test_message_goes_at_once() {
    on_each_database(setup(), async |hub| {
        let (receiver, made) = listening(hub, "tried", false, Scopes::all()).await;
        let owner = operator(hub);
        let tested = hub.hub.test_webhook(&owner, made.webhook.id).await.unwrap();
        assert!(tested.delivered && tested.status == Some(200));
        assert_eq!(receiver.body(0)["type"], "webhook.test");
        receiver.answer_with(404);
        let tested = hub.hub.test_webhook(&owner, made.webhook.id).await.unwrap();
        assert_eq!((tested.delivered, tested.status), (false, Some(404)));
        assert!(log(hub, made.webhook.id, None).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_commit_is_told_without_waiting_for_a_tick() {
    let setup = setup();
    on_each_database(setup, async |hub| {
        let (receiver, _) = listening(hub, "prompt", false, Scopes::all()).await;
        let stuck = Arc::new(tokio::sync::Notify::new());
        *receiver.stuck.lock().unwrap() = Some(stuck.clone());
        let stop = tokio_util::sync::CancellationToken::new();
        let background = Box::pin(hub.hub.run_background(stop.clone()));
        let changing = async {
            unit(hub, "u1", "一").await;
            stuck.notified().await;
            stop.cancel();
        };
        tokio::join!(background, changing);
        assert_eq!(receiver.count(), 1);
    })
    .await;
}
