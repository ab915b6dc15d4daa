//! Points under many hands at once, through a face as other programs use it: nothing is spent twice, nothing is lost.

use std::collections::HashMap;

use futures_util::future::join_all;
use http::{HeaderValue, Method, header};
use serde_json::{Value, json};
use tongshi_dialect::{Face, Message};
use tongshi_model::{Coded, Draft, Entity, Id, Kind, PointsEntry, PointsKind, RewardItem, shanghai};
use tongshi_testkit::{Setup, TestHub, on_each_database};

const FACE: &str = "workhuman";

/// A program with a token of the face.
struct Caller<'a> {
    hub: &'a TestHub,
    token: String,
}

impl<'a> Caller<'a> {
    async fn new(hub: &'a TestHub) -> Self {
        let keys = &hub.keys[FACE];
        let mut message = Message::new(Method::POST, "/oauth/token");
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        message.headers.insert(header::CONTENT_TYPE, form);
        let (id, secret) = (keys["client_id"].expose(), keys["client_secret"].expose());
        let body = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        message.body = body.into();
        let reply = face(hub).answer(message).await;
        let answer: Value = serde_json::from_slice(&reply.body).unwrap();
        Self { hub, token: answer["access_token"].as_str().unwrap().to_owned() }
    }

    async fn ask(&self, method: Method, path: &str, key: Option<&str>, body: &Value) -> (u16, Value) {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut message = Message::new(method, path);
        message.query = query.to_owned();
        message.body = if body.is_null() { String::new() } else { body.to_string() }.into();
        message.headers.insert(header::AUTHORIZATION, format!("Bearer {}", self.token).parse().unwrap());
        if let Some(key) = key {
            message.headers.insert("idempotency-key", key.parse().unwrap());
        }
        let reply = face(self.hub).answer(message).await;
        (reply.status.as_u16(), serde_json::from_slice(&reply.body).unwrap_or_default())
    }

    async fn balance(&self, employee: Id) -> i64 {
        let path = format!("/api/v1/users/{employee}/points");
        self.ask(Method::GET, &path, None, &Value::Null).await.1["points"].as_i64().unwrap()
    }
}

fn face(hub: &TestHub) -> &dyn Face {
    &*hub.hub.faces().iter().find(|(name, _)| *name == FACE).unwrap().1
}

/// Somebody with so many points, and a reward of so many pieces that costs ten.
async fn stage(hub: &TestHub, points: i64, stock: Option<u32>) -> (Id, Id) {
    let space = hub.hub.local_space(&hub.company, "sandbox").await.unwrap();
    // The head of the company; the sandbox has given them some points or none.
    let (employee, item) = (space.id(Kind::Employee, "emp-00000000"), space.id(Kind::RewardItem, "rew-test"));
    let caller = Caller::new(hub).await;
    let amount = points - caller.balance(employee).await;
    let entry = PointsEntry {
        employee,
        kind: Coded::ours(PointsKind::Adjust),
        amount,
        balance_after: points,
        source: None,
        at: tongshi_model::Instant::new(hub.now(), shanghai()),
        note: None,
    };
    let reward = RewardItem {
        name: "Sticker".to_owned(),
        category: "merchandise".to_owned(),
        country: "CN".to_owned(),
        points: 10,
        about: None,
        stock,
        available: true,
    };
    put(hub, "pts-test", &entry).await;
    put(hub, "rew-test", &reward).await;
    (employee, item)
}

async fn put<E: Entity>(hub: &TestHub, remote_id: &str, entity: &E) {
    hub.put(remote_id, Draft::of(entity).unwrap()).await;
}

/// The ledger's own sums, and the entries of a person as records.
async fn holds(hub: &TestHub, employee: Id, balance: i64) {
    let sums = hub.hub.points_sums(&hub.company).await.unwrap();
    assert!(sums.entries > 0);
    assert_eq!((sums.difference, sums.off, sums.lame), (0, 0, 0), "{sums:?}");
    let entries = hub.records(&hub.company, Kind::PointsEntry).await;
    let entries =
        entries.iter().map(|record| serde_json::from_str::<PointsEntry>(record.data.get()).unwrap());
    let own: Vec<PointsEntry> = entries.filter(|entry| entry.employee == employee).collect();
    assert!(own.iter().all(|entry| entry.balance_after >= 0));
    assert_eq!(own.iter().map(|entry| entry.amount).sum::<i64>(), balance);
}

fn tally(replies: &[(u16, Value)]) -> HashMap<(u16, String), usize> {
    let mut tally = HashMap::new();
    for (status, body) in replies {
        let word = body["error"].as_str().unwrap_or_default().to_owned();
        *tally.entry((*status, word)).or_default() += 1;
    }
    tally
}

#[tokio::test]
async fn a_thousand_redemptions_of_points_for_a_hundred() {
    on_each_database(Setup { employees: 40, ..Setup::default() }, async |hub| {
        let (employee, item) = stage(hub, 1_000, None).await;
        let caller = Caller::new(hub).await;
        let body = json!({"employee_id": employee, "item_id": item});
        let path = "/api/v1/rewards/redeem";
        let replies = join_all((0..1_000).map(|_| caller.ask(Method::POST, path, None, &body))).await;
        let tally = tally(&replies);
        assert_eq!(tally[&(201, String::new())], 100, "{tally:?}");
        assert_eq!(tally[&(422, "insufficient_points".to_owned())], 900, "{tally:?}");
        assert_eq!(caller.balance(employee).await, 0);
        holds(hub, employee, 0).await;
        let taken = hub.records(&hub.company, Kind::Redemption).await;
        let of = |record: &&tongshi_hub::RecordView| record.data.get().contains(&item.to_string());
        assert_eq!(taken.iter().filter(of).count(), 100);
    })
    .await;
}

#[tokio::test]
async fn the_last_pieces_go_to_as_many_as_there_are() {
    on_each_database(Setup { employees: 40, ..Setup::default() }, async |hub| {
        let (employee, item) = stage(hub, 1_000, Some(7)).await;
        let caller = Caller::new(hub).await;
        let body = json!({"employee_id": employee, "item_id": item});
        let path = "/api/v1/rewards/redeem";
        let replies = join_all((0..50).map(|_| caller.ask(Method::POST, path, None, &body))).await;
        let tally = tally(&replies);
        assert_eq!(tally[&(201, String::new())], 7, "{tally:?}");
        assert_eq!(tally[&(422, "out_of_stock".to_owned())], 43, "{tally:?}");
        // Of those who got nothing nobody paid.
        assert_eq!(caller.balance(employee).await, 930);
        holds(hub, employee, 930).await;
    })
    .await;
}

#[tokio::test]
async fn one_key_asked_by_many_spends_once() {
    on_each_database(Setup { employees: 40, ..Setup::default() }, async |hub| {
        let (employee, item) = stage(hub, 1_000, None).await;
        let caller = Caller::new(hub).await;
        let body = json!({"employee_id": employee, "item_id": item});
        let path = "/api/v1/rewards/redeem";
        let twins = || join_all((0..40).map(|_| caller.ask(Method::POST, path, Some("k-1"), &body)));
        let mut replies = [twins().await, twins().await].concat();
        // While one is being answered its twins are told so; afterwards everybody gets the answer.
        replies.push(caller.ask(Method::POST, path, Some("k-1"), &body).await);
        assert_eq!(replies.last().map(|(status, _)| *status), Some(201));
        let made: Vec<&Value> =
            replies.iter().filter(|(status, _)| *status == 201).map(|(_, body)| &body["id"]).collect();
        assert!(made.len() > 2 && made.iter().all(|id| *id == made[0]));
        assert!(replies.iter().all(|(status, _)| matches!(status, 201 | 409)));
        assert_eq!(caller.balance(employee).await, 990);
        holds(hub, employee, 990).await;
    })
    .await;
}

#[tokio::test]
async fn decisions_that_cross_are_made_once() {
    on_each_database(Setup { employees: 40, ..Setup::default() }, async |hub| {
        let (employee, item) = stage(hub, 1_000, None).await;
        let caller = Caller::new(hub).await;
        let post = async |path: &str, body: Value| caller.ask(Method::POST, path, None, &body).await;
        let nomination = json!({"recipient_id": employee, "award_level": "gold", "message": "Thanks"});
        let (_, made) = post("/api/v1/recognitions", nomination).await;
        let path = format!("/api/v1/recognitions/{}", made["id"].as_str().unwrap());
        let (approve, decline) = (format!("{path}/approve"), format!("{path}/decline"));
        let both = (0..20).map(|at| post(if at % 2 == 0 { &approve } else { &decline }, json!({})));
        let replies = join_all(both).await;
        let decided = replies.iter().filter(|(status, _)| *status == 200).count();
        assert_eq!(decided, 1, "{:?}", tally(&replies));
        let (_, shown) = caller.ask(Method::GET, &path, None, &Value::Null).await;
        let gained = if shown["status"] == "delivered" { 1_000 } else { 0 };
        let (_, taken) =
            post("/api/v1/rewards/redeem", json!({"employee_id": employee, "item_id": item})).await;
        let cancel = format!("/api/v1/rewards/redemptions/{}/cancel", taken["id"].as_str().unwrap());
        let replies = join_all((0..20).map(|_| post(&cancel, json!({})))).await;
        assert_eq!(replies.iter().filter(|(status, _)| *status == 200).count(), 1);
        assert_eq!(caller.balance(employee).await, 1_000 + gained);
        holds(hub, employee, 1_000 + gained).await;
    })
    .await;
}

/// What the connector reads is what stands behind the face, balances included.
#[tokio::test]
async fn a_sync_reads_recognitions_rewards_and_points() {
    on_each_database(Setup { employees: 60, ..Setup::default() }, async |hub| {
        let (employee, item) = stage(hub, 1_000, Some(3)).await;
        let caller = Caller::new(hub).await;
        let body = json!({"employee_id": employee, "item_id": item});
        assert_eq!(caller.ask(Method::POST, "/api/v1/rewards/redeem", None, &body).await.0, 201);
        let options = tongshi_hub::SyncOptions { mode: tongshi_hub::Mode::Full, ..Default::default() };
        let outcome = hub.hub.sync(&hub.main, FACE, &options, &tongshi_hub::Silent).await.unwrap();
        assert!(outcome.complete, "{outcome:?}");
        for kind in [Kind::Employee, Kind::RewardItem, Kind::Recognition, Kind::Redemption, Kind::PointsEntry]
        {
            let (behind, read) =
                (hub.records(&hub.company, kind).await.len(), hub.records(&hub.main, kind).await.len());
            assert!(behind > 5, "{kind}");
            assert_eq!(behind, read, "{kind}");
        }
        let entries = hub.records(&hub.main, Kind::PointsEntry).await;
        let mut entries =
            entries.iter().map(|record| serde_json::from_str::<PointsEntry>(record.data.get()).unwrap());
        let last = entries.rfind(|entry| entry.amount == -10).unwrap();
        assert_eq!(last.balance_after, 990);
        let redemptions = hub.records(&hub.main, Kind::Redemption).await;
        assert!(redemptions.iter().any(|record| Some(record.id) == last.source));
        let sticker = hub.records(&hub.main, Kind::RewardItem).await;
        assert!(sticker.iter().any(|record| record.data.get().contains(r#""stock":2"#)));
    })
    .await;
}
