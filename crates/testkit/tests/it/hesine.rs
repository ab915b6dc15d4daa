//! Hesine over a real record: read with a proof, paid once however many say so, told until it arrives.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use http::{HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};
use tongshi_dialect::{Face, Message, Reply};
use tongshi_hub::{Actor, Hub, Mode, NewApp, Outcome, RecordView, Scopes, Silent, SyncOptions};
use tongshi_model::{ExpenseClaim, Kind, Secret, SpendStatus, TravelRequest};
use tongshi_testkit::{Setup, TestHub, on_each_database};

fn setup() -> Setup {
    Setup { employees: 120, ..Setup::default() }
}

fn read<T: serde::de::DeserializeOwned>(record: &RecordView) -> T {
    serde_json::from_str(record.data.get()).unwrap()
}

/// The face as a program calls it.
#[derive(Clone)]
pub(crate) struct Caller {
    face: Arc<dyn Face>,
    token: String,
}

impl Caller {
    pub(crate) async fn of(hub: &TestHub) -> Self {
        Self::at(&hub.hub, &hub.keys["hesine"]).await
    }

    /// At this hub with these keys.
    async fn at(hub: &Hub, keys: &BTreeMap<String, Secret>) -> Self {
        let faces = hub.faces();
        let face = faces.iter().find(|(id, _)| *id == "hesine").map(|(_, face)| Arc::clone(face)).unwrap();
        let mut caller = Self { face, token: String::new() };
        let ask = json!({"appKey": keys["app_key"].expose(), "appSecurity": keys["app_secret"].expose()});
        let (_, answer) = caller.call(Method::POST, "/v1/auth/getAccessToken", ask).await;
        answer["value"]["accessToken"].as_str().unwrap().clone_into(&mut caller.token);
        caller
    }

    async fn call(&self, method: Method, target: &str, body: Value) -> (u16, Value) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = if path.starts_with("/api/") { path.to_owned() } else { format!("/api/openapi{path}") };
        let mut message = Message::new(method, path);
        query.clone_into(&mut message.query);
        if !self.token.is_empty() {
            message.add_query("accessToken", &self.token);
        }
        message.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        message.body = body.to_string().into();
        let reply = self.face.answer(message).await;
        (reply.status.as_u16(), serde_json::from_slice(&reply.body).unwrap_or_default())
    }

    pub(crate) async fn good(&self, method: Method, target: &str, body: Value) -> Value {
        let (status, answer) = self.call(method, target, body).await;
        assert_eq!(status, 200, "{target}: {answer}");
        answer
    }
}

async fn sync(hub: &TestHub) -> Outcome {
    let options = SyncOptions { mode: Mode::Full, ..SyncOptions::default() };
    hub.hub.sync(&hub.main, "hesine", &options, &Silent).await.unwrap()
}

/// A claim that is in this state.
async fn claim(hub: &TestHub, status: SpendStatus) -> RecordView {
    let all = hub.records(&hub.company, Kind::ExpenseClaim).await;
    let found = all.into_iter().find(|record| read::<ExpenseClaim>(record).status.value == status);
    found.expect("the company has one")
}

#[tokio::test]
async fn travel_and_money_are_read_with_a_proof() {
    on_each_database(setup(), async |hub| {
        let outcome = sync(hub).await;
        assert!(outcome.complete, "{:?}", outcome.reason);
        for kind in [Kind::OrgUnit, Kind::Employee, Kind::TravelRequest, Kind::Booking, Kind::ExpenseClaim] {
            let (behind, here) = (hub.records(&hub.company, kind).await, hub.records(&hub.main, kind).await);
            assert!(here.len() > 10, "{kind}");
            assert_eq!(here.len(), behind.len(), "{kind}");
        }
        let requests = hub.records(&hub.main, Kind::TravelRequest).await;
        let known: Vec<_> = requests.iter().map(|record| record.id).collect();
        for record in hub.records(&hub.main, Kind::ExpenseClaim).await {
            let claim: ExpenseClaim = read(&record);
            assert!(claim.request.is_some_and(|request| known.contains(&request)));
        }
        let again = sync(hub).await;
        assert!(again.complete, "{:?}", again.reason);
        assert_eq!((again.counts.created, again.counts.updated, again.counts.deleted), (0, 0, 0));
    })
    .await;
}

#[tokio::test]
async fn a_hundred_results_at_once_pay_once() {
    on_each_database(setup(), async |hub| {
        let caller = Caller::of(hub).await;
        let before = claim(hub, SpendStatus::Processing).await;
        let calls = (0..100).map(|_| {
            let (caller, id) = (caller.clone(), before.id);
            tokio::spawn(async move {
                let body = json!({"items": [{"id": id, "code": "P00001", "errorMsg": null}]});
                let answer = caller.good(Method::POST, "/v1/paymentResults", body).await;
                answer["items"][0]["code"].as_str().unwrap().to_owned()
            })
        });
        let calls: Vec<_> = calls.collect();
        let mut codes = Vec::new();
        for call in calls {
            codes.push(call.await.unwrap());
        }
        codes.sort_unstable();
        assert_eq!((codes[0].as_str(), codes[1].as_str(), codes.len()), ("R00000", "R00002", 100));
        assert!(codes[1..].iter().all(|code| code == "R00002"), "paid once: {codes:?}");
        let after = claim(hub, SpendStatus::Paid).await;
        let all = hub.records(&hub.company, Kind::ExpenseClaim).await;
        let paid = all.iter().find(|record| record.id == before.id).unwrap();
        assert_eq!(paid.version, before.version + 1, "written once");
        assert_eq!(read::<ExpenseClaim>(paid).status.value, SpendStatus::Paid);
        assert_eq!(read::<ExpenseClaim>(&after).status.value, SpendStatus::Paid);
    })
    .await;
}

#[tokio::test]
async fn two_apps_at_two_processes_pay_once() {
    on_each_database(setup(), async |hub| {
        let app = NewApp {
            name: "second-cashier".to_owned(),
            faces: vec!["hesine".to_owned()],
            scopes: Scopes::all(),
            ..NewApp::default()
        };
        let keys = hub.hub.create_app(&hub.company, app, &Actor::cli()).await.unwrap().faces;
        let other = hub.another(301);
        let callers = [Caller::of(hub).await, Caller::at(&other, &keys["hesine"]).await];
        let before = claim(hub, SpendStatus::Processing).await;
        let calls: Vec<_> = (0..100)
            .map(|number: usize| {
                let (caller, id) = (callers[number % 2].clone(), before.id);
                // One in ten says that it failed; whoever is first counts, and nobody after.
                let code = if number % 10 == 9 { "P00002" } else { "P00001" };
                tokio::spawn(async move {
                    let body = json!({"items": [{"id": id, "code": code, "errorMsg": null}]});
                    let answer = caller.good(Method::POST, "/v1/paymentResults", body).await;
                    (code, answer["items"][0]["code"].as_str().unwrap().to_owned())
                })
            })
            .collect();
        let mut answers = Vec::new();
        for call in calls {
            answers.push(call.await.unwrap());
        }
        let taken: Vec<_> = answers.iter().filter(|(_, answer)| answer == "R00000").collect();
        assert_eq!(taken.len(), 1, "one was believed: {answers:?}");
        // Paid, or left to be paid again; the others were told which of the two.
        let (state, rest) = if taken[0].0 == "P00001" { ("paid", "R00002") } else { ("paying", "R00003") };
        assert!(answers.iter().filter(|(_, answer)| answer != "R00000").all(|(_, answer)| answer == rest));
        let shown = callers[1]
            .good(Method::GET, &format!("/v1.1/flowDetails?flowId={}", before.id), Value::Null)
            .await;
        assert_eq!(shown["value"]["state"], state);
        let all = hub.records(&hub.company, Kind::ExpenseClaim).await;
        let after = all.iter().find(|record| record.id == before.id).unwrap();
        assert_eq!(after.version, before.version + 1, "written once");
    })
    .await;
}

/// Takes a test, then fails three times, then takes.
#[derive(Default)]
struct Unsteady {
    received: std::sync::Mutex<Vec<Value>>,
    failures: AtomicUsize,
}

#[async_trait]
impl Face for Unsteady {
    async fn answer(&self, message: Message) -> Reply {
        let body: Value = serde_json::from_slice(&message.body).unwrap();
        let is_test = body["action"] == "test";
        self.received.lock().unwrap().push(body);
        if !is_test && self.failures.fetch_add(1, Ordering::SeqCst) < 3 {
            return Reply::empty(StatusCode::INTERNAL_SERVER_ERROR);
        }
        Reply::empty(StatusCode::NO_CONTENT)
    }
}

#[tokio::test]
async fn a_message_arrives_after_three_failures_and_its_callback_counts_once() {
    on_each_database(setup(), async |hub| {
        let caller = Caller::of(hub).await;
        let receiver = Arc::new(Unsteady::default());
        hub.wire.lead("http://erp.test", receiver.clone());
        let save = json!({"name": "ERP", "url": "http://erp.test/in", "successCodes": [204], "actions": []});
        let saved = caller.good(Method::PUT, "/v1/outboundMessages", save).await;
        let sign_key = saved["value"]["signKey"].as_str().unwrap().to_owned();
        hub.hub.deliver().await.unwrap();
        let draft = hub.records(&hub.company, Kind::TravelRequest).await;
        let draft =
            draft.into_iter().find(|record| read::<TravelRequest>(record).status.value == SpendStatus::Draft);
        let flow = draft.expect("the company has one").id;
        let submit = format!("/v2/flow/data/submitFlow?flowId={flow}");
        caller.good(Method::POST, &submit, json!({"isUrgent": false, "nodes": []})).await;
        for _ in 0..4 {
            hub.hub.deliver().await.unwrap();
            hub.clock.advance_seconds(12);
        }
        let received = receiver.received.lock().unwrap().clone();
        let told: Vec<&Value> =
            received.iter().filter(|body| body["action"] == "backlog.approving").collect();
        assert_eq!(told.len(), 4, "three failures and the one that was taken: {received:?}");
        assert!(told.iter().all(|body| **body == *told[0]), "the same message each time");
        let callback = json!({
            "signKey": sign_key, "flowId": told[0]["flowId"], "nodeId": told[0]["nodeId"], "action": "accept",
            "comment": "同意",
        });
        let mut codes = Vec::new();
        for _ in 0..3 {
            let answer = caller.good(Method::POST, "/api/outbound/v1/approval", callback.clone()).await;
            codes.push(answer["value"]["code"].as_str().unwrap().to_owned());
        }
        assert_eq!(codes, ["204", "412", "412"], "a repeated message decides nothing twice");
        for _ in 0..2 {
            hub.hub.deliver().await.unwrap();
            hub.clock.advance_seconds(12);
        }
        let received = receiver.received.lock().unwrap().clone();
        assert_eq!(received.iter().filter(|body| body["action"] == "freeflow.ticketReserve").count(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_many_keep_at_once_is_all_kept() {
    on_each_database(setup(), async |hub| {
        let caller = Caller::of(hub).await;
        let people = hub.records(&hub.company, Kind::Employee).await;
        let works = |record: &&RecordView| record.data.get().contains("\"status\":\"active\"");
        let people: Vec<_> = people.iter().filter(works).map(|record| record.id).take(17).collect();
        let calls: Vec<_> = people[1..]
            .iter()
            .map(|delegatee| {
                let (caller, staff, delegatee) = (caller.clone(), people[0], *delegatee);
                tokio::spawn(async move {
                    let body = json!({"staffId": staff, "delegateeId": delegatee, "name": "休假"});
                    caller.call(Method::POST, "/v2/organization/delegate/approve", body).await.0
                })
            })
            .collect();
        for call in calls {
            assert_eq!(call.await.unwrap(), 200);
        }
        let all = caller.good(Method::GET, "/v2/organization/delegate/approve", Value::Null).await;
        let mut ids: Vec<&str> =
            all["items"].as_array().unwrap().iter().filter_map(|one| one["id"].as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 16, "nobody's was lost");
    })
    .await;
}
