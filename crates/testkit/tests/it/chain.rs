//! A trip that somebody asks for at Hesine, approved in DingTalk, booked, claimed, paid and booked in the accounts: two
//! vendors, each a face over a workspace of its own, and a hub between them that owns none of it.

use std::{collections::BTreeMap, sync::Arc};

use http::{HeaderValue, Method, header};
use serde_json::{Value, json};
use tongshi_dialect::{Face, Message, Target};
use tongshi_hub::{
    Actor, FlowSettings, LoadItem, Mode, NewApp, NewConnection, NewRoute, RecordView, Scopes, Silent,
    SyncOptions, Workspace,
};
use tongshi_model::{Action, Draft, Employee, EmploymentStatus, Id, Kind, OrgUnit, Secret};
use tongshi_testkit::{Setup, TestHub, on_each_database};

use crate::hesine::Caller;

/// 2026-04-01 in China, in milliseconds.
const DAY: i64 = 1_774_972_800_000;

/// The connection to the approval system.
const OA: &str = "oa";

fn doc_of(record: &RecordView) -> Value {
    serde_json::from_str(record.data.get()).unwrap()
}

/// Somebody who works at the company, with their superior.
async fn people(hub: &TestHub) -> (Id, Id) {
    let all: BTreeMap<Id, Employee> = hub
        .records(&hub.company, Kind::Employee)
        .await
        .iter()
        .map(|record| (record.id, serde_json::from_str(record.data.get()).unwrap()))
        .collect();
    let works = |person: &Employee| {
        person.status == Some(EmploymentStatus::Active)
            && person.employee_no.is_some()
            && person.mobile.is_some()
    };
    let found = all.iter().find_map(|(id, person)| {
        let manager = person.manager.filter(|manager| all.get(manager).is_some_and(works))?;
        (works(person) && manager != *id).then_some((*id, manager))
    });
    found.expect("somebody has a superior")
}

/// The approval system: a company of two, with an app of ours.
struct Office {
    face: Arc<dyn Face>,
    keys: BTreeMap<String, Secret>,
}

impl Office {
    async fn open(hub: &TestHub, (person, manager): (Id, Id)) -> Self {
        let workspace = hub.hub.workspace("office").await.unwrap();
        let space = hub.hub.local_space(&workspace, "hr").await.unwrap();
        let unit = space.id(Kind::OrgUnit, "root");
        let records = hub.records(&hub.company, Kind::Employee).await;
        let mut items = Vec::new();
        let mut keep = |name: &str, draft: Draft| {
            items.push(LoadItem::Record { remote_id: name.to_owned(), draft });
        };
        keep("root", Draft::of(&OrgUnit { name: "总部".to_owned(), ..OrgUnit::default() }).unwrap());
        for (name, id, superior) in [("boss", manager, None), ("traveller", person, Some("boss"))] {
            let record = records.iter().find(|record| record.id == id).unwrap();
            let known: Employee = serde_json::from_str(record.data.get()).unwrap();
            let copy = Employee {
                name: known.name,
                employee_no: known.employee_no,
                mobile: known.mobile,
                status: known.status,
                org_unit: Some(unit),
                manager: superior.map(|name| space.id(Kind::Employee, name)),
                ..Employee::default()
            };
            keep(name, Draft::of(&copy).unwrap());
        }
        hub.hub.load(&workspace, "hr", items).await.unwrap();
        let app = NewApp {
            name: "office".to_owned(),
            faces: vec!["dingtalk".to_owned()],
            scopes: Scopes::all(),
            settings: json!({"dingtalk_calls_per_second": 0, "dingtalk_calls_per_month": 0}),
            ..NewApp::default()
        };
        let keys =
            hub.hub.create_app(&workspace, app, &Actor::cli()).await.unwrap().faces["dingtalk"].clone();
        let faces = hub.hub.faces();
        let face = faces.iter().find(|(id, _)| *id == "dingtalk").map(|(_, face)| Arc::clone(face)).unwrap();
        Self { face, keys }
    }

    async fn call(&self, method: Method, target: &str, body: Value) -> Value {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut ask = Message::new(Method::GET, "/gettoken");
        ask.add_query("appkey", self.keys["app_key"].expose());
        ask.add_query("appsecret", self.keys["app_secret"].expose());
        let token: Value = serde_json::from_slice(&self.face.answer(ask).await.body).unwrap();
        let mut message = Message::new(method, path);
        query.clone_into(&mut message.query);
        let token = HeaderValue::from_str(token["access_token"].as_str().unwrap()).unwrap();
        message.headers.insert("x-acs-dingtalk-access-token", token);
        message.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        message.body = body.to_string().into();
        let reply = self.face.answer(message).await;
        assert_eq!(reply.status.as_u16(), 200, "{target}: {}", String::from_utf8_lossy(&reply.body));
        serde_json::from_slice(&reply.body).unwrap()
    }

    /// The one approval of a form that waits.
    async fn waiting(&self, hub: &TestHub, category: &str) -> (String, Value) {
        let workspace = hub.hub.workspace("office").await.unwrap();
        let all = hub.records(&workspace, Kind::Approval).await;
        let fits = |record: &&RecordView| {
            let doc = doc_of(record);
            doc["category"]["value"] == category && doc["status"]["value"] == "running"
        };
        let found: Vec<&RecordView> = all.iter().filter(fits).collect();
        assert_eq!(found.len(), 1, "one approval about {category} waits");
        let id = found[0].id.to_string();
        let path = format!("/v1.0/workflow/processInstances?processInstanceId={id}");
        let shown = self.call(Method::GET, &path, Value::Null).await;
        (id, shown["result"].clone())
    }

    /// Whoever is asked decides.
    async fn decide(&self, (id, instance): &(String, Value), result: &str) {
        let tasks = instance["tasks"].as_array().expect("tasks");
        let task = tasks.iter().find(|task| task["status"] == "RUNNING").expect("somebody is asked");
        let body = json!({
            "processInstanceId": id, "taskId": task["taskId"], "actionerUserId": task["userId"],
            "result": result, "remark": "一路顺风",
        });
        let answer = self.call(Method::POST, "/v1.0/workflow/processInstances/execute", body).await;
        assert_eq!(answer["result"], true, "{answer}");
    }
}

async fn sync(hub: &TestHub, connection: &str) {
    let options = SyncOptions { mode: Mode::Full, ..SyncOptions::default() };
    let outcome = hub.hub.sync(&hub.main, connection, &options, &Silent).await.unwrap();
    assert!(outcome.complete, "{connection}: {:?} {:?}", outcome.reason, outcome.listings);
}

/// Reads both vendors, follows the flow, does what is queued, until nothing more follows from it.
async fn turn(hub: &TestHub) {
    for _ in 0..3 {
        sync(hub, "hesine").await;
        sync(hub, OA).await;
        hub.hub.follow_flows().await.unwrap();
        hub.hub.push_writes().await.unwrap();
    }
    let last = hub.hub.flow(&hub.main).await.unwrap().unwrap().last;
    sync(hub, "hesine").await;
    sync(hub, OA).await;
    hub.hub.follow_flows().await.unwrap();
    hub.hub.push_writes().await.unwrap();
    let again = hub.hub.flow(&hub.main).await.unwrap().unwrap().last;
    assert_eq!(last, again, "what was done is not done again");
}

async fn join(hub: &TestHub, office: &Office) {
    sync(hub, "hesine").await;
    let credential =
        office.keys.iter().filter(|(name, _)| matches!(name.as_str(), "app_key" | "app_secret" | "corp_id"));
    let new = NewConnection {
        name: OA.to_owned(),
        dialect: "dingtalk".to_owned(),
        base_url: "face:dingtalk".to_owned(),
        credential: credential.map(|(name, key)| (name.clone(), key.clone())).collect(),
        settings: json!({"process_codes": {"PROC-BUSINESS-TRAVEL": "business_travel", "PROC-EXPENSE": "expense"}}),
    };
    hub.hub.connect(&hub.main, new).await.unwrap();
    sync(hub, OA).await;
    for (kind, action, connection) in [
        (Kind::Approval, Action::Create, OA),
        (Kind::TravelRequest, Action::Approve, "hesine"),
        (Kind::TravelRequest, Action::Reject, "hesine"),
        (Kind::ExpenseClaim, Action::Approve, "hesine"),
        (Kind::AccountingEntry, Action::Create, "hesine"),
    ] {
        let target = Target::Record(kind);
        let route = NewRoute {
            target,
            action: Some(action),
            connection: connection.to_owned(),
            second_person: false,
        };
        hub.hub.add_route(&hub.main, route, "cli:anna").await.unwrap();
    }
    hub.hub.set_flow(&hub.main, &FlowSettings::default(), false, "cli:anna").await.unwrap();
}

/// What the vendor's document says.
async fn flow(caller: &Caller, id: &str) -> Value {
    caller.good(Method::GET, &format!("/v1.1/flowDetails?flowId={id}"), Value::Null).await["value"].clone()
}

async fn ask_for(caller: &Caller, form: Value) -> String {
    let answer = caller.good(Method::POST, "/v2.2/flow/data?isCommit=true", json!({"form": form})).await;
    answer["flow"]["id"].as_str().unwrap().to_owned()
}

fn trip(person: Id) -> Value {
    let city = |label: &str| json!([{"key": "1", "label": label}]).to_string();
    json!({
        "title": "去上海", "submitterId": person, "specificationId": "tongshi0requisition:1", "description": "客户拜访",
        "u_行程规划": [{"dataLinkId": null, "dataLinkTemplateId": "tongshi0trip:train", "dataLinkForm": {
            "E_tongshi0trip_name": "北京-上海", "E_tongshi0trip_出发地": city("北京"), "E_tongshi0trip_目的地": city("上海"),
            "E_tongshi0trip_行程日期": DAY,
        }}],
    })
}

fn ticket(person: Id) -> Value {
    let number = "TSO-CHAIN-1";
    json!({
        "initialOriginalOrderNo": number, "initialParentOrderNo": number, "initialOrderNo": number,
        "originalOrderNo": number, "parentOrderNo": number, "orderNo": number, "orderSummary": "北京-上海",
        "orderDate": DAY.to_string(), "orderStatus": "出票", "orderCategory": "主订单", "travelType": "因公",
        "realAmount": "553.00", "bookingPlatform": "样例商旅", "orderType": "train", "trainNumber": "G1",
        "departureStation": "北京南", "arrivalStation": "上海虹桥", "departureTime": (DAY + 9 * 3_600_000).to_string(),
        "bookingPeople": person, "travelPeople": [person], "applicationNo": null, "travelInfoId": null,
    })
}

fn costs(person: Id) -> Value {
    json!({
        "title": "上海报销", "submitterId": person, "specificationId": "tongshi0expense:1",
        "details": [{"feeTypeId": "train", "feeTypeForm": {
            "amount": {"standard": "553.00", "standardStrCode": "CNY"}, "feeDate": DAY,
        }}],
    })
}

/// The record in the hub of what the vendor calls by this id.
async fn here(hub: &TestHub, workspace: &Workspace, kind: Kind, number: &str) -> (Id, Value) {
    let all = hub.records(workspace, kind).await;
    let field = if kind == Kind::Booking { "order_no" } else { "number" };
    let mut found =
        all.iter().map(|record| (record.id, doc_of(record))).filter(|(_, doc)| doc[field] == number);
    let one = found.next().unwrap_or_else(|| panic!("there is no {kind} {number}"));
    assert!(found.next().is_none(), "one {kind} {number}");
    one
}

#[tokio::test]
async fn a_trip_asked_for_at_hesine_is_approved_in_dingtalk_and_ends_in_the_books() {
    on_each_database(Setup { employees: 40, ..Setup::default() }, async |hub| {
        let (person, manager) = people(hub).await;
        let office = Office::open(hub, (person, manager)).await;
        join(hub, &office).await;
        let hesine = Caller::of(hub).await;
        let begun = hub.hub.flow(&hub.main).await.unwrap().unwrap().last;

        // Asked for at Hesine; the hub asks for an approval in DingTalk.
        let request = ask_for(&hesine, trip(person)).await;
        let number = flow(&hesine, &request).await["form"]["code"].as_str().unwrap().to_owned();
        turn(hub).await;
        let waiting = office.waiting(hub, "business_travel").await;
        assert_eq!(flow(&hesine, &request).await["state"], "approving", "nobody has decided");

        // Approved in DingTalk; the word comes back to Hesine, in the name of whoever is asked there.
        office.decide(&waiting, "agree").await;
        turn(hub).await;
        let shown = flow(&hesine, &request).await;
        assert_eq!(shown["state"], "paid", "a request that is approved");
        let log = shown["logs"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(
            (&log["action"], &log["operatorId"]),
            (&json!("freeflow.agree"), &json!(format!("tongshi:{manager}")))
        );
        let (trip_here, doc) = here(hub, &hub.main, Kind::TravelRequest, &number).await;
        assert_eq!(doc["status"]["value"], "approved");

        // Booked on a platform that knows no request; the hub finds its leg.
        hesine
            .good(Method::POST, "/v1/travel/costCenter/synTravelOrder", json!({"data": [ticket(person)]}))
            .await;
        turn(hub).await;
        let (booking, doc) = here(hub, &hub.main, Kind::Booking, "TSO-CHAIN-1").await;
        assert_eq!(doc["request"], json!(trip_here));
        assert!(doc["leg"].as_str().is_some_and(|leg| leg.ends_with("-1")), "{doc}");

        // Claimed, approved in DingTalk like the trip, paid by the bank, booked once.
        let claim = ask_for(&hesine, costs(person)).await;
        let claim_number = flow(&hesine, &claim).await["form"]["code"].as_str().unwrap().to_owned();
        turn(hub).await;
        let (claim_here, doc) = here(hub, &hub.main, Kind::ExpenseClaim, &claim_number).await;
        assert_eq!((&doc["request"], &doc["bookings"]), (&json!(trip_here), &json!([booking])));
        office.decide(&office.waiting(hub, "expense").await, "agree").await;
        turn(hub).await;
        assert_eq!(flow(&hesine, &claim).await["state"], "PROCESSING");
        let paid = json!({"items": [{"id": claim, "code": "P00001"}]});
        hesine.good(Method::POST, "/v1/paymentResults", paid).await;
        turn(hub).await;
        let entries = hub.records(&hub.main, Kind::AccountingEntry).await;
        let entries: Vec<Value> =
            entries.iter().map(doc_of).filter(|doc| doc["claim"] == json!(claim_here)).collect();
        assert_eq!(entries.len(), 1, "one entry for one claim");
        let voucher = format!("V-{claim_number}");
        assert_eq!(entries[0]["number"], voucher);
        assert_eq!(flow(&hesine, &claim).await["form"]["voucherNo"], voucher, "the vendor has it too");

        // All of it stands in the journal.
        let page = hub.hub.changes(&hub.main, begun, None, 1000, &Scopes::all()).await.unwrap();
        let told = |kind: Kind, op: &str| {
            page.data
                .iter()
                .filter(|change| change.actor == "flow" && change.kind == kind && change.op == op)
                .count()
        };
        assert_eq!((told(Kind::Approval, "created"), told(Kind::AccountingEntry, "created")), (2, 1));
        assert!(told(Kind::Booking, "updated") == 1 && told(Kind::ExpenseClaim, "updated") >= 1);
    })
    .await;
}

#[tokio::test]
async fn a_trip_refused_in_dingtalk_is_refused_at_hesine() {
    on_each_database(Setup { employees: 40, ..Setup::default() }, async |hub| {
        let (person, manager) = people(hub).await;
        let office = Office::open(hub, (person, manager)).await;
        join(hub, &office).await;
        let hesine = Caller::of(hub).await;
        let request = ask_for(&hesine, trip(person)).await;
        turn(hub).await;
        office.decide(&office.waiting(hub, "business_travel").await, "refuse").await;
        turn(hub).await;
        assert_eq!(flow(&hesine, &request).await["state"], "rejected");
    })
    .await;
}
