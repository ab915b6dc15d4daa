//! Events: registered, made of changes, opened by the other half.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tongshi_dialect::{EventAsk, FailedDelivery, Incoming, Message, Record, Reply, Workforce as _};
use tongshi_model::{
    Approval, ApprovalCategory, ApprovalResult, ApprovalStatus, Clock as _, Coded, Employee,
    EmploymentStatus, Id, Instant, Kind, Secret, SeededRandomness, shanghai,
};

use super::stage::{CORP, Stage, company, dept, id, person, read};
use crate::dingtalk::{DESCRIPTOR, auth::seal::Seal};

const TOKEN: &str = "123456";
const AES_KEY: &str = "4g5j64qlyl3zvetqxz5jiocdr586fn2zvjpa8zls3ij";

fn registration() -> Value {
    json!({
        "call_back_tag": ["user_add_org", "user_modify_org", "user_leave_org", "org_dept_create", "org_dept_modify", "org_dept_remove"],
        "token": TOKEN, "aes_key": AES_KEY, "url": "https://app.example.com/events?a=1",
    })
}

async fn record(stage: &Stage, kind: Kind, name: &str) -> Record {
    stage.workforce.get(kind, id(name)).await.expect("read").expect("there")
}

fn settings() -> Value {
    let tags = registration()["call_back_tag"].clone();
    json!({"tags": tags, "token": TOKEN, "aes_key": AES_KEY, "owner": CORP})
}

/// A leave that somebody asked for, as it stands.
async fn approval(stage: &Stage, status: ApprovalStatus, result: ApprovalResult) -> Record {
    let at = Instant::new(stage.clock.now(), shanghai());
    let approval = Approval {
        number: "1".to_owned(),
        title: Some("请假".to_owned()),
        category: Coded::ours(ApprovalCategory::Leave),
        applicant: Some(id("wang")),
        applicant_name: None,
        status: Coded::ours(status),
        status_label: None,
        result,
        submitted_at: Some(at),
        updated_at: Some(at),
        form: Vec::new(),
        tasks: Vec::new(),
        log: Vec::new(),
        copies: Vec::new(),
    };
    stage.workforce.put(id("asked"), &approval).expect("kept");
    record(stage, Kind::Approval, "asked").await
}

/// The event of a change, as the vendor would send it.
fn made(
    stage: &Stage,
    topic: &str,
    record: Option<&Record>,
    before: Option<&Record>,
    settings: &Value,
) -> Option<Message> {
    let randomness = SeededRandomness::new(5);
    let ask = EventAsk {
        topic,
        record,
        before,
        address: "https://app.example.com/events?a=1",
        settings,
        key: None,
        id: "msg-1",
        now: stage.clock.now(),
        randomness: &randomness,
    };
    DESCRIPTOR.events.expect("it sends").make(&ask).map(|made| made.expect("made"))
}

fn opened(message: &Message) -> Value {
    let seal = Seal::new(&Secret::new(TOKEN), &Secret::new(AES_KEY), CORP).expect("a key");
    let value = |name: &str| message.query_value(name).expect("once").expect("there").into_owned();
    let body: Value = serde_json::from_slice(&message.body).expect("JSON");
    let text = seal.open(
        &value("signature"),
        &value("timestamp"),
        &value("nonce"),
        body["encrypt"].as_str().expect("a text"),
    );
    serde_json::from_str(&text.expect("it opens")).expect("JSON")
}

#[tokio::test]
async fn one_address_is_registered_changed_shown_and_taken_away() {
    let stage = company();
    let token = stage.token().await;
    let at = |path: &str| format!("/call_back/{path}?access_token={token}");
    let get = |path: &'static str| {
        let address = at(path);
        let stage = &stage;
        async move { read(&stage.send(Method::GET, &address, &[], "").await) }
    };
    assert_eq!(get("get_call_back").await["errcode"], 71007);
    assert_eq!(stage.old("/call_back/update_call_back", registration()).await["errcode"], 71007);
    assert_eq!(stage.old("/call_back/register_call_back", registration()).await["errcode"], 0);
    let (draft, topic) = stage.workforce.tried_endpoints().pop().expect("it was tried first");
    assert_eq!((topic.as_str(), draft.settings["owner"].as_str()), ("check_url", Some(CORP)));
    assert_eq!(stage.old("/call_back/register_call_back", registration()).await["errcode"], 71006);
    let shown = get("get_call_back").await;
    for field in ["call_back_tag", "token", "aes_key", "url"] {
        assert_eq!(shown[field], registration()[field], "{field}");
    }
    let mut other = registration();
    other["call_back_tag"] = json!(["user_add_org"]);
    assert_eq!(stage.old("/call_back/update_call_back", other).await["errcode"], 0);
    assert_eq!(get("get_call_back").await["call_back_tag"], json!(["user_add_org"]));
    for (field, value, code) in [
        ("aes_key", json!("short"), 900_004),
        ("token", json!("a b"), 40035),
        ("call_back_tag", json!([]), 40035),
    ] {
        let mut bad = registration();
        bad[field] = value;
        assert_eq!(stage.old("/call_back/update_call_back", bad).await["errcode"], code);
    }
    assert_eq!(get("delete_call_back").await["errcode"], 0);
    assert_eq!(get("delete_call_back").await["errcode"], 71007);
}

#[tokio::test]
async fn changes_become_sealed_events() {
    let stage = company();
    let lin = record(&stage, Kind::Employee, "lin").await;
    let unit = record(&stage, Kind::OrgUnit, "d1").await;
    let check = opened(&made(&stage, "check_url", None, None, &settings()).expect("sent"));
    assert_eq!(check, json!({"EventType": "check_url"}));
    let added = made(&stage, "created", Some(&lin), None, &settings()).expect("sent");
    assert!(added.query.starts_with("a=1&") && added.path == "/events");
    let added = opened(&added);
    assert_eq!(
        (&added["EventType"], &added["userId"]),
        (&json!("user_add_org"), &json!([id("lin").to_string()]))
    );
    assert_eq!(added["CorpId"], CORP);
    let changed = person("林知秋", "TS-101", "19900000101", Some("d1"));
    stage.workforce.put(id("lin"), &changed).expect("kept");
    let after = record(&stage, Kind::Employee, "lin").await;
    let modified = opened(&made(&stage, "updated", Some(&after), Some(&lin), &settings()).expect("sent"));
    assert_eq!(modified["EventType"], "user_modify_org");
    assert_eq!(modified["diffInfo"][0]["prev"]["name"], "林知夏");
    assert_eq!(modified["diffInfo"][0]["curr"]["name"], "林知秋");
    let gone = Employee { status: Some(EmploymentStatus::Ended), phase: None, ..changed };
    stage.workforce.put(id("lin"), &gone).expect("kept");
    let ended = record(&stage, Kind::Employee, "lin").await;
    let left = opened(&made(&stage, "updated", Some(&ended), Some(&after), &settings()).expect("sent"));
    assert_eq!(left["EventType"], "user_leave_org");
    let back = opened(&made(&stage, "updated", Some(&after), Some(&ended), &settings()).expect("sent"));
    assert_eq!(back["EventType"], "user_add_org");
    assert!(made(&stage, "created", Some(&ended), None, &settings()).is_none());
    for (topic, tag) in
        [("created", "org_dept_create"), ("updated", "org_dept_modify"), ("deleted", "org_dept_remove")]
    {
        let event = opened(&made(&stage, topic, Some(&unit), None, &settings()).expect("sent"));
        assert_eq!((&event["EventType"], &event["deptId"]), (&json!(tag), &json!([dept("d1")])));
    }
    // An approval begins and ends; what happens in between is not told.
    let mut wanted = settings();
    wanted["tags"] = json!(["bpms_instance_change"]);
    let before = approval(&stage, ApprovalStatus::Running, ApprovalResult::None).await;
    let started = made(&stage, "created", Some(&before), None, &wanted).expect("sent");
    let opened_start = opened(&started);
    assert_eq!(
        (&opened_start["type"], &opened_start["processCode"]),
        (&json!("start"), &json!("PROC-LEAVE"))
    );
    assert_eq!(opened_start["processInstanceId"], id("asked").to_string());
    assert!(made(&stage, "updated", Some(&before), Some(&before), &wanted).is_none());
    let after = approval(&stage, ApprovalStatus::Completed, ApprovalResult::Rejected).await;
    let finished = made(&stage, "updated", Some(&after), Some(&before), &wanted).expect("sent");
    let told = opened(&finished);
    assert_eq!((&told["type"], &told["result"]), (&json!("finish"), &json!("refuse")));
    assert!(told["finishTime"].is_i64());
    assert!(made(&stage, "updated", Some(&after), Some(&after), &wanted).is_none());
    let over = approval(&stage, ApprovalStatus::Withdrawn, ApprovalResult::None).await;
    let ended = opened(&made(&stage, "updated", Some(&over), Some(&before), &wanted).expect("sent"));
    assert_eq!((&ended["type"], ended.get("result")), (&json!("terminate"), None));
    // Our connector asks about what ended, and leaves what begins to the listing.
    let connector = stage.connector();
    assert!(connector.receive(&started).expect("it takes events").expect("opened").is_empty());
    match connector.receive(&finished).expect("it takes events").expect("opened").as_slice() {
        [Incoming::Changed(Kind::Approval, instance)] => assert_eq!(*instance, id("asked").to_string()),
        other => panic!("{other:?}"),
    }
    // What was not asked for is not told.
    let mut few = settings();
    few["tags"] = json!(["user_add_org"]);
    assert!(made(&stage, "deleted", Some(&unit), None, &few).is_none());
}

#[tokio::test]
async fn our_events_are_taken_by_our_connector_and_its_answer_by_our_sender() {
    let stage = company();
    let connector = stage.connector();
    let lin = record(&stage, Kind::Employee, "lin").await;
    let unit = record(&stage, Kind::OrgUnit, "d1").await;
    let sent = made(&stage, "created", Some(&lin), None, &settings()).expect("sent");
    match connector.receive(&sent).expect("it takes events").expect("opened").as_slice() {
        [Incoming::Changed(Kind::Employee, userid)] => assert_eq!(*userid, id("lin").to_string()),
        other => panic!("{other:?}"),
    }
    let removed = made(&stage, "deleted", Some(&unit), None, &settings()).expect("sent");
    match connector.receive(&removed).expect("it takes events").expect("opened").as_slice() {
        [Incoming::Gone(Kind::OrgUnit, number)] => assert_eq!(*number, dept("d1").to_string()),
        other => panic!("{other:?}"),
    }
    let check = made(&stage, "check_url", None, None, &settings()).expect("sent");
    assert!(connector.receive(&check).expect("it takes events").expect("opened").is_empty());
    let randomness = SeededRandomness::new(9);
    let receipt = connector.receipt(&check, stage.clock.now(), &randomness).expect("an answer");
    let wanted = settings();
    let ask = EventAsk {
        topic: "check_url",
        record: None,
        before: None,
        address: "https://app.example.com/events",
        settings: &wanted,
        key: None,
        id: "msg-1",
        now: stage.clock.now(),
        randomness: &randomness,
    };
    let events = DESCRIPTOR.events.expect("it sends");
    assert_eq!(events.accepted(&ask, &receipt), Ok(()));
    for (status, body) in
        [(StatusCode::OK, "success"), (StatusCode::OK, "{}"), (StatusCode::INTERNAL_SERVER_ERROR, "{}")]
    {
        assert!(events.accepted(&ask, &Reply::json(status, body)).is_err());
    }
    // A changed body, another signature, another owner.
    let mut forged = check.clone();
    forged.query = forged.query.replace("nonce=", "nonce=0");
    assert!(connector.receive(&forged).expect("it takes events").is_err());
    assert!(connector.receipt(&forged, stage.clock.now(), &randomness).is_none());
    let mut foreign = settings();
    foreign["owner"] = json!("somebody");
    let foreign = made(&stage, "check_url", None, None, &foreign).expect("sent");
    let error = connector.receive(&foreign).expect("it takes events").expect_err("for somebody else");
    assert!(error.public().contains("another owner"));
}

#[tokio::test]
async fn the_vendors_other_styles_are_read() {
    let stage = company();
    let connector = stage.connector();
    let seal = Seal::new(&Secret::new(TOKEN), &Secret::new(AES_KEY), "dingdemo").expect("a key");
    let randomness = SeededRandomness::new(11);
    let receive = |event: Value| {
        let sealed = seal.close(&event.to_string(), "1", "n", &randomness);
        let mut message = Message::new(Method::POST, "/hooks/x");
        for (name, value) in [("msg_signature", &*sealed.signature), ("timeStamp", "1"), ("nonce", "n")] {
            message.add_query(name, value);
        }
        message.body = json!({"encrypt": sealed.encrypt}).to_string().into();
        connector.receive(&message).expect("it takes events").expect("opened").len()
    };
    assert_eq!(
        receive(json!({"EventType": "user_add_org", "TimeStamp": 1, "UserId": ["a", "b"], "CorpId": "c"})),
        2
    );
    assert_eq!(receive(json!({"eventType": "org_dept_modify", "data": {"deptId": [7]}})), 1);
    assert_eq!(receive(json!({"EventType": "something_new", "x": 1})), 0);
}

#[tokio::test]
async fn what_failed_is_listed() {
    let stage = company();
    assert_eq!(stage.old("/call_back/register_call_back", registration()).await["errcode"], 0);
    let failed = |record: Id, topic: &str, given_up: bool| FailedDelivery {
        endpoint: "callback".to_owned(),
        id: "msg-1".to_owned(),
        topic: topic.to_owned(),
        record: Some(record),
        at: stage.clock.now(),
        attempts: 3,
        given_up,
        error: None,
    };
    stage.workforce.fail_deliveries(vec![
        failed(id("lin"), "employee.created", true),
        failed(id("d1"), "org_unit.deleted", true),
        failed(id("wang"), "employee.updated", false),
    ]);
    let token = stage.token().await;
    let path = format!("/call_back/get_call_back_failed_result?access_token={token}");
    let answer = read(&stage.send(Method::GET, &path, &[], "").await);
    assert_eq!(answer["has_more"], false);
    let list = answer["failed_list"].as_array().expect("a list");
    assert_eq!(list.len(), 2);
    assert_eq!(list[0]["user_add_org"]["userid"], json!([id("lin").to_string()]));
    assert_eq!(list[1]["org_dept_remove"]["deptid"], json!([dept("d1")]));
}
