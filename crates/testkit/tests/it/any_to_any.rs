//! From any vendor to any: a company that was read from Zhiren is read by a DingTalk client through our DingTalk face, and
//! what that client sends is seen by a Zhiren client.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use tongshi_dialect::Reply;
use tongshi_hub::{
    Actor, Mode, NewApp, NewConnection, Principal, PunchQuery, RecordView, Scopes, Silent, SyncOptions,
    Workspace,
};
use tongshi_model::{Id, Kind};
use tongshi_testkit::{Setup, TestHub, on_each_database};

fn docs(records: &[RecordView]) -> BTreeMap<Id, Value> {
    records.iter().map(|record| (record.id, serde_json::from_str(record.data.get()).unwrap())).collect()
}

/// The names of those who have not left.
fn present(people: &BTreeMap<Id, Value>) -> BTreeMap<Id, String> {
    let live = people.iter().filter(|(_, doc)| doc["status"] != "ended");
    live.map(|(id, doc)| (*id, doc["name"].as_str().unwrap().to_owned())).collect()
}

/// A connection of `reader` to a face of `main`.
async fn connect(
    hub: &TestHub,
    reader: &Workspace,
    dialect: &str,
    keys: &BTreeMap<String, tongshi_model::Secret>,
) -> Id {
    let known = hub.hub.dialect(dialect).unwrap().credential;
    let keys = keys.iter().filter(|(name, _)| known.iter().any(|field| field.name == name.as_str()));
    let new = NewConnection {
        name: dialect.to_owned(),
        dialect: dialect.to_owned(),
        base_url: format!("face:{dialect}"),
        credential: keys.map(|(name, key)| (name.clone(), key.clone())).collect(),
        // An app sends punches through it further down.
        settings: json!({"writes": {"punch": true}}),
    };
    hub.hub.connect(reader, new).await.unwrap();
    let all = hub.hub.connections(reader).await.unwrap();
    all.into_iter().find(|connection| connection.name == dialect).unwrap().id
}

async fn call(hub: &TestHub, caller: &Principal, connection: Id, operation: &str, fields: Value) -> Reply {
    let fields: Map<String, Value> = fields.as_object().unwrap().clone();
    hub.hub.pass_through(caller, connection, operation, fields).await.unwrap()
}

/// The times of all punches of some people.
async fn times(hub: &TestHub, workspace: &Workspace, people: &BTreeSet<Id>) -> Vec<i64> {
    let query = PunchQuery { limit: 1000, ..PunchQuery::default() };
    let punches = hub.hub.punches(workspace, &query).await.unwrap();
    assert!(punches.len() < 1000, "all of them");
    let own = punches.iter().filter(|punch| people.contains(&punch.employee));
    let mut times: Vec<i64> = own.map(|punch| punch.at.timestamp().as_second()).collect();
    times.sort_unstable();
    times
}

#[tokio::test]
async fn a_zhiren_company_is_a_dingtalk_company_and_back() {
    on_each_database(Setup { employees: 40, attendance_days: 5, ..Setup::default() }, async |hub| {
        let days = SyncOptions { mode: Mode::Full, window_days: Some(10), ..SyncOptions::default() };
        let outcome = hub.sync_with(days.clone()).await;
        assert!(outcome.complete, "{outcome:#?}");
        // An app of the workspace that Zhiren fills, with keys for both faces.
        let app = NewApp {
            name: "both".to_owned(),
            faces: vec!["dingtalk".to_owned(), "zhiren".to_owned()],
            scopes: Scopes::all(),
            settings: json!({"dingtalk_calls_per_second": 0, "dingtalk_calls_per_month": 0}),
            ..NewApp::default()
        };
        let keys = hub.hub.create_app(&hub.main, app, &Actor::cli()).await.unwrap().faces;
        let reader = hub.hub.workspace("reader").await.unwrap();
        let dingtalk = connect(hub, &reader, "dingtalk", &keys["dingtalk"]).await;
        let zhiren = connect(hub, &reader, "zhiren", &keys["zhiren"]).await;
        let outcome = hub.hub.sync(&reader, "dingtalk", &days, &Silent).await.unwrap();
        assert!(outcome.complete, "{outcome:#?}");

        // The DingTalk client has everybody who is there, by the same names, in the same departments.
        let company = present(&docs(&hub.records(&hub.main, Kind::Employee).await));
        let copy = present(&docs(&hub.records(&reader, Kind::Employee).await));
        let sorted = |people: &BTreeMap<Id, String>| {
            let mut names: Vec<String> = people.values().cloned().collect();
            names.sort_unstable();
            names
        };
        assert!(company.len() > 25);
        assert_eq!(sorted(&company), sorted(&copy));
        // And their punches, to the second.
        let (own, others) = (company.keys().copied().collect(), copy.keys().copied().collect());
        let punches = times(hub, &hub.main, &own).await;
        assert!(punches.len() > 40);
        assert_eq!(punches, times(hub, &reader, &others).await);

        // It sends a punch, and the Zhiren client sees it.
        let new = NewApp { name: "client".to_owned(), scopes: Scopes::all(), ..NewApp::default() };
        let key = hub.hub.create_app(&reader, new, &Actor::cli()).await.unwrap().api_key;
        let caller = hub.hub.authenticate(key.expose(), None).await.unwrap();
        let userid = company.keys().next().unwrap().to_string();
        let at: tongshi_model::Timestamp = "2026-03-16T00:55:00Z".parse().unwrap();
        let upload = json!({
            "userid": userid, "device_name": "前台", "device_id": "zk-7", "user_check_time": at.as_millisecond(),
        });
        let reply = call(hub, &caller, dingtalk, "attendance.record.upload", upload).await;
        let answer: Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!((&answer["errcode"], &answer["success"]), (&json!(0), &json!(true)), "{answer}");
        let ask = json!({"guid": userid, "start_date": "2026-03-16", "end_date": "2026-03-16"});
        let reply = call(hub, &caller, zhiren, "employee.attendance_checkings", ask).await;
        let shown: Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(shown[0]["check_in_time"], "2026-03-16T08:55:00.000+08:00", "{shown}");
    })
    .await;
}
