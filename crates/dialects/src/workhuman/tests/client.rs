//! The calling half against our own face, and against vendors that answer otherwise.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use http::StatusCode;
use serde_json::{Value, json};
use tongshi_dialect::{
    Ask, Connector, Existence, Message, Named, Pushed, Reach, Reply, Seen, Target, Window, Write, WriteBody,
    fake::Scripted,
};
use tongshi_model::{
    Action, Coded, Draft, Employee, Entity, ErrorKind, Id, Kind, PointsEntry, Recognition, RecognitionStatus,
    Redemption, RedemptionStatus, Visibility,
};

use super::stage::{company, id};

async fn drafts(connector: &dyn Connector) -> Vec<Draft> {
    let day = "2026-03-16".parse().expect("a date");
    let ask = Ask { reach: Reach::Full, window: Window { from: day, to: day }, subjects: &[] };
    let mut drafts = Vec::new();
    for listing in connector.listings() {
        let slices = connector.plan(listing, &ask);
        let page = connector.pull(listing, &slices[0], 1, None).await.expect("a page");
        let again = connector.pull(listing, &slices[0], 1, page.fingerprint).await.expect("a page");
        assert!(again.unchanged && page.broken.is_empty());
        assert_eq!(page.total, Some(page.rows.len() as u64));
        let kind = listing.kind.expect("records");
        drafts.extend(page.rows.iter().map(|row| connector.read(kind, row).expect("a draft")));
    }
    drafts
}

fn all<E: Entity>(drafts: &[Draft]) -> Vec<E> {
    let of = drafts.iter().filter(|draft| draft.kind == E::KIND);
    of.map(|draft| serde_json::from_str(&draft.doc).expect("an entity")).collect()
}

#[tokio::test]
async fn everything_is_read() {
    let stage = company();
    let service = stage.service().await;
    let body = json!({"recipient_id": "TS-101", "award_level": "silver", "message": "Thanks", "nominator_id": "TS-102"});
    assert_eq!(service.post("/api/v1/recognitions", body).await.0, 201);
    let body = json!({"employee_id": "TS-101", "item_id": id("mug")});
    assert_eq!(service.post("/api/v1/rewards/redeem", body).await.0, 201);
    let connector = stage.connector(json!({}));
    assert!(connector.check().await.expect("an answer").text.contains("wh-demo"));
    let drafts = drafts(&*connector).await;
    let people: Vec<Employee> = all(&drafts);
    assert_eq!(people.len(), 5);
    assert_eq!(people[1].name.expose(), "林知夏");
    assert!(people[1].manager.is_some());
    let recognitions: Vec<Recognition> = all(&drafts);
    assert_eq!((recognitions.len(), recognitions[0].points), (1, 500));
    assert_eq!(recognitions[0].status.value, RecognitionStatus::Delivered);
    assert!(recognitions[0].nominated_at.is_some() && recognitions[0].giver.is_some());
    let redemptions: Vec<Redemption> = all(&drafts);
    assert_eq!((redemptions[0].points, redemptions[0].status.value), (100, RedemptionStatus::Requested));
    let entries: Vec<PointsEntry> = all(&drafts);
    assert_eq!(entries.last().expect("some").balance_after, 1600);
    assert_eq!(entries[1].source.is_some(), entries[2].source.is_some());
}

#[tokio::test]
async fn without_our_extensions_only_what_the_pages_show_is_asked_for() {
    let stage = company();
    let connector = stage.connector(json!({"extensions": false}));
    let names: Vec<&str> = connector.listings().iter().map(|listing| listing.name).collect();
    assert_eq!(names, ["employee", "reward_item", "recognition"]);
    let asked = connector.exists(Kind::Employee, "TS-101").await.expect("an answer");
    assert!(matches!(asked, Existence::Unknown));
}

#[tokio::test]
async fn things_are_asked_for_by_id() {
    let stage = company();
    let connector = stage.connector(json!({}));
    for (kind, name, there) in [
        (Kind::Employee, "lin", true),
        (Kind::Employee, "nobody", false),
        (Kind::Recognition, "nothing", false),
        (Kind::Redemption, "nothing", false),
    ] {
        let asked = connector.exists(kind, &id(name).to_string()).await.expect("an answer");
        assert_eq!(matches!(asked, Existence::Present(_)), there, "{kind} {name}");
        assert_eq!(matches!(asked, Existence::Absent), !there, "{kind} {name}");
    }
}

fn write<E: Entity>(action: Action, entity: &E, remote: Option<&str>) -> Write {
    let named =
        |name: &str, number: &str| (id(name), Named { remote_id: None, key: Some(number.to_owned()) });
    let mut known: BTreeMap<Id, Named> = [named("lin", "TS-101"), named("wei", "TS-102")].into();
    known.insert(id("card"), Named { remote_id: Some(id("card").to_string()), key: None });
    Write {
        id: Id::of(&["write", action.name(), E::KIND.name()]),
        action,
        body: WriteBody::Record { kind: E::KIND, doc: serde_json::to_string(entity).expect("a document") },
        remote_id: remote.map(str::to_owned),
        named: known,
        fields: json!({"reason": "it is so"}),
        actor: "app:test".to_owned(),
    }
}

fn gold() -> Recognition {
    Recognition {
        giver: Some(id("wei")),
        giver_name: None,
        receiver: id("lin"),
        level: "gold".to_owned(),
        value: Some("teamwork".to_owned()),
        title: None,
        message: "Thanks".into(),
        points: 1000,
        visibility: Coded::ours(Visibility::Team),
        status: Coded::ours(RecognitionStatus::PendingApproval),
        nominated_at: None,
        decided_at: None,
        decided_by: None,
        delivered_at: None,
        reason: None,
        approval: None,
    }
}

fn remote(pushed: &[Pushed]) -> String {
    match pushed {
        [Pushed::Taken { remote_id: Some(id) }] => id.clone(),
        other => panic!("it was not taken: {other:?}"),
    }
}

#[tokio::test]
async fn nominations_decisions_and_redemptions_are_pushed_and_seen() {
    let stage = company();
    let connector = stage.connector(json!({"idempotency": true}));
    let nomination = write(Action::Create, &gold(), None);
    assert!(connector.repeatable(nomination.target(), nomination.action));
    let made = remote(&connector.push(std::slice::from_ref(&nomination)).await.expect("taken"));
    assert_eq!(remote(&connector.push(&[nomination]).await.expect("taken")), made, "sent twice it is one");
    let approval = write(Action::Approve, &gold(), Some(&made));
    let seen = connector.read_back(std::slice::from_ref(&approval)).await.expect("an answer");
    assert_eq!(seen, [Seen::Differs("status".to_owned())]);
    assert_eq!(remote(&connector.push(std::slice::from_ref(&approval)).await.expect("taken")), made);
    let seen = connector.read_back(&[approval]).await.expect("an answer");
    assert_eq!(seen, [Seen::There { remote_id: Some(made.clone()) }]);
    assert_eq!(stage.points_of("lin"), 2200);
    let wanted = Redemption {
        employee: id("lin"),
        item: id("card"),
        quantity: 1,
        points: 500,
        status: Coded::ours(RedemptionStatus::Requested),
        requested_at: None,
        delivered_at: None,
    };
    let taken = remote(&connector.push(&[write(Action::Create, &wanted, None)]).await.expect("taken"));
    assert_eq!(stage.points_of("lin"), 1700);
    let cancel = write(Action::Cancel, &wanted, Some(&taken));
    connector.push(&[cancel]).await.expect("taken");
    assert_eq!(stage.points_of("lin"), 2200);
    let greedy = Redemption { quantity: 50, ..wanted };
    let refused = connector.push(&[Write { id: id("other"), ..write(Action::Create, &greedy, None) }]).await;
    assert!(
        matches!(&refused.expect("an answer")[..], [Pushed::Refused(why)] if why.contains("insufficient_points"))
    );
    let stranger = Recognition { receiver: id("shen"), ..gold() };
    let refused = connector.push(&[write(Action::Create, &stranger, None)]).await.expect("an answer");
    assert!(matches!(&refused[..], [Pushed::Refused(_)]));
}

#[tokio::test]
async fn the_record_feeds_people() {
    let stage = company();
    let connector = stage.connector(json!({}));
    assert_eq!(connector.batch_max(Target::Record(Kind::Employee), Action::Update), 100);
    let new = Employee {
        name: "New Sample".into(),
        employee_no: Some("TS-300".to_owned()),
        job_title: Some("Tester".to_owned()),
        ..Employee::default()
    };
    let nameless = Employee { employee_no: None, ..new.clone() };
    let writes = [write(Action::Create, &new, None), write(Action::Create, &nameless, None)];
    let pushed = connector.push(&writes).await.expect("an answer");
    assert!(matches!(&pushed[..], [Pushed::Taken { remote_id: Some(_) }, Pushed::Refused(_)]));
    let seen = connector.read_back(&writes).await.expect("an answer");
    assert!(matches!(&seen[..], [Seen::There { remote_id: Some(_) }, Seen::Unknown]));
    let gone = write(Action::Delete, &new, None);
    assert_eq!(
        connector.read_back(std::slice::from_ref(&gone)).await.expect("an answer"),
        [Seen::Differs("status".to_owned())]
    );
    connector.push(&[gone]).await.expect("an answer");
    let all = stage.workforce.all::<Employee>().expect("people");
    let shown = all.iter().find(|(_, found)| found.employee_no.as_deref() == Some("TS-300")).expect("fed");
    assert_eq!(shown.1.status, Some(tongshi_model::EmploymentStatus::Ended));
}

/// A vendor at other paths, which gives tokens without a life and voids the first.
#[tokio::test]
async fn paths_are_configuration_and_a_voided_token_is_fetched_anew_once() {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&seen);
    let transport = Scripted(move |message: Message| {
        let mut log = log.lock().expect("a log");
        let bearer = message.header("authorization").unwrap_or("-").to_owned();
        log.push(format!("{} {} {bearer}", message.method, message.path));
        let tokens = log.iter().filter(|line| line.contains("/auth/v9")).count();
        Ok(match &*message.path {
            "/auth/v9/token" => {
                Reply::json(StatusCode::OK, json!({"access_token": format!("t{tokens}")}).to_string())
            }
            _ if bearer == "Bearer t1" => Reply::empty(StatusCode::UNAUTHORIZED),
            _ => Reply::json(StatusCode::OK, json!({"displayName": "Bot"}).to_string()),
        })
    });
    let stage = company();
    let settings = json!({"paths": {"oauth.token": "/auth/v9/token", "user.me": "/social/me"}});
    let connector = stage.connector_over(Arc::new(transport), settings);
    connector.check().await.expect("an answer");
    connector.check().await.expect("an answer");
    let seen = seen.lock().expect("a log").clone();
    assert_eq!(
        seen,
        [
            "POST /auth/v9/token -",
            "GET /social/me Bearer t1",
            "POST /auth/v9/token -",
            "GET /social/me Bearer t2",
            "GET /social/me Bearer t2",
        ]
    );
}

#[test]
fn wrong_settings_are_refused_before_anything_is_called() {
    for settings in [
        json!({"paths": {"user.you": "/x"}}),
        json!({"paths": {"user.me": "x"}}),
        json!({"paths": {"recognition.get": "/r/{key}"}}),
        json!({"paths": []}),
        json!({"extensions": "no"}),
    ] {
        let nobody = Arc::new(Scripted(|_| unreachable!("nothing is called")));
        let refused = company().connect(nobody, settings.clone()).err().map(|error| error.kind().clone());
        assert!(matches!(refused, Some(ErrorKind::Invalid(_))), "{settings}");
    }
}

#[tokio::test]
async fn rows_that_lack_what_they_need_are_not_taken() {
    let stage = company();
    let connector = stage.connector(json!({}));
    let row =
        |raw: Value| tongshi_dialect::Row { remote_id: "r".to_owned(), date: None, raw: raw.to_string() };
    for (kind, raw) in [
        (Kind::Employee, json!({"id": "e"})),
        (Kind::Employee, json!({"id": "e", "displayName": "A", "hire_date": "soon"})),
        (Kind::Recognition, json!({"id": "r", "award_level": "gold", "status": "approved"})),
        (
            Kind::Recognition,
            json!({"id": "r", "recipient": {"id": "e"}, "award_level": "gold", "status": "approved", "created_at": "x"}),
        ),
        (Kind::RewardItem, json!({"id": "i", "name": "Mug"})),
        (Kind::RewardItem, json!({"id": "i", "name": "Mug", "points_required": 99_999_999_999_u64})),
        (
            Kind::PointsEntry,
            json!({"id": "p", "employee_id": "e", "type": "earn", "amount": 1, "balance_after": 1}),
        ),
        (Kind::Visit, json!({})),
    ] {
        assert!(connector.read(kind, &row(raw.clone())).is_err(), "{kind} {raw}");
    }
    let seen = json!({"recipient": {"id": 7, "name": "A"}, "award_level": "Gold", "status": "escalated", "points": "1000"});
    let draft = connector.read(Kind::Recognition, &row(seen)).expect("lenient");
    let recognition: Recognition = serde_json::from_str(&draft.doc).expect("a recognition");
    assert_eq!((recognition.level.as_str(), recognition.points), ("gold", 1000));
    assert_eq!(recognition.status, Coded::vendor("escalated", None));
}
