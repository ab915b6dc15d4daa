//! The chain from request to voucher: each step once, whoever owns what, and however often the hub dies in between.

use serde_json::{Value, json};
use tongshi_hub::{Act, Actor, Answer, Ask, Begun, FlowSettings, LoadItem, NewApp, RecordView, Scopes};
use tongshi_model::{Action, Draft, Id, Kind};
use tongshi_testkit::{Setup, TestHub, on_each_database};

const SOURCE: &str = "travel";

fn setup() -> Setup {
    Setup { employees: 20, ..Setup::default() }
}

fn here() -> FlowSettings {
    FlowSettings { here: true, ..FlowSettings::default() }
}

async fn follow(hub: &TestHub, settings: &FlowSettings) {
    hub.hub.set_flow(&hub.company, settings, false, "cli:anna").await.unwrap();
}

async fn put(hub: &TestHub, kind: Kind, name: &str, doc: Value) -> Id {
    let draft = Draft::parse(kind, doc.to_string()).unwrap();
    let item = LoadItem::Record { remote_id: name.to_owned(), draft };
    hub.hub.load(&hub.company, SOURCE, vec![item]).await.unwrap();
    hub.hub.local_space(&hub.company, SOURCE).await.unwrap().id(kind, name)
}

async fn get(hub: &TestHub, kind: Kind, id: Id) -> (RecordView, Value) {
    let found = hub.records(&hub.company, kind).await.into_iter().find(|record| record.id == id);
    let found = found.unwrap_or_else(|| panic!("there is no {kind} {id}"));
    let doc = serde_json::from_str(found.data.get()).unwrap();
    (found, doc)
}

async fn of_kind(hub: &TestHub, kind: Kind) -> Vec<(Id, Value)> {
    let all = hub.records(&hub.company, kind).await;
    all.into_iter().map(|record| (record.id, serde_json::from_str(record.data.get()).unwrap())).collect()
}

async fn someone(hub: &TestHub) -> Id {
    hub.records(&hub.company, Kind::Employee).await[0].id
}

fn request(applicant: Id, status: &str) -> Value {
    json!({
        "number": "S-1", "applicant": applicant, "status": {"value": status}, "submitted_at": "2026-03-16T10:00:00+08:00",
        "legs": [
            {"id": "out", "type": {"value": "train"}, "from": {"name": "北京"}, "to": {"name": "上海"}, "start": "2026-04-01"},
            {"id": "bed", "type": {"value": "hotel"}, "to": {"name": "上海"}, "start": "2026-04-01", "end": "2026-04-03"}],
    })
}

fn train(booker: Id) -> Value {
    json!({
        "type": {"value": "train"}, "order_no": "T-1", "status": {"value": "confirmed"}, "booker": booker,
        "from": {"name": "北京南"}, "to": {"name": "上海虹桥"}, "starts_at": "2026-04-01T09:00:00+08:00",
        "amount": {"minor": 55300, "currency": "CNY"},
    })
}

fn claim(claimant: Id, status: &str) -> Value {
    json!({
        "number": "B-1", "claimant": claimant, "status": {"value": status},
        "lines": [{"fee_type": "train", "date": "2026-04-01", "amount": {"minor": 55300, "currency": "CNY"}}],
        "total": {"minor": 55300, "currency": "CNY"},
    })
}

/// Decides as somebody does over /v1.
async fn decide(hub: &TestHub, approval: Id, action: Action) {
    let name = format!("decider-{}", hub.hub.name_request());
    let app = NewApp { name, scopes: Scopes::all(), ..NewApp::default() };
    let key = hub.hub.create_app(&hub.company, app, &Actor::cli()).await.unwrap().api_key;
    let app = hub.hub.authenticate(key.expose(), None).await.unwrap();
    let Begun::Now(mut once) = hub.hub.begin(&app, None).await.unwrap() else { panic!("it is new") };
    let act = Act::default();
    hub.hub.act_on_record(&mut once, &app, Kind::Approval, approval, action, &act).await.unwrap();
    once.finish(&Answer { status: 200, body: String::new() }).await.unwrap();
}

/// Every step of the chain, each begun by a program that knows only its own part.
async fn walk(hub: &TestHub, between: impl AsyncFn(&TestHub)) -> (Id, Id, Id) {
    let person = someone(hub).await;
    let trip = put(hub, Kind::TravelRequest, "trip", request(person, "pending")).await;
    between(hub).await;
    let asked = get(hub, Kind::TravelRequest, trip).await.1;
    let approval: Id = asked["approval"].as_str().expect("it asks for an approval").parse().unwrap();
    let (_, form) = get(hub, Kind::Approval, approval).await;
    assert_eq!(
        (&form["status"]["value"], &form["category"]["value"]),
        (&json!("running"), &json!("business_travel"))
    );
    decide(hub, approval, Action::Approve).await;
    between(hub).await;
    let granted = get(hub, Kind::TravelRequest, trip).await.1;
    assert_eq!(granted["status"]["value"], "approved");
    assert!(granted["decided_at"].is_string());
    let ticket = put(hub, Kind::Booking, "ticket", train(person)).await;
    between(hub).await;
    let booked = get(hub, Kind::Booking, ticket).await.1;
    assert_eq!((&booked["request"], &booked["leg"]), (&json!(trip), &json!("out")));
    let costs = put(hub, Kind::ExpenseClaim, "costs", claim(person, "approved")).await;
    between(hub).await;
    let claimed = get(hub, Kind::ExpenseClaim, costs).await.1;
    assert_eq!((&claimed["request"], &claimed["bookings"]), (&json!(trip), &json!([ticket])));
    let mut paid = claimed;
    paid["status"] = json!({"value": "paid"});
    paid["payment"] = json!({"state": {"value": "paid"}, "paid_at": "2026-04-20T10:00:00+08:00"});
    put(hub, Kind::ExpenseClaim, "costs", paid).await;
    between(hub).await;
    let entries = of_kind(hub, Kind::AccountingEntry).await;
    let ours: Vec<_> = entries.iter().filter(|(_, doc)| doc["claim"] == json!(costs)).collect();
    assert_eq!(ours.len(), 1, "one entry for one claim");
    assert_eq!((&ours[0].1["number"], &ours[0].1["period"]), (&json!("V-B-1"), &json!("2026-04")));
    assert_eq!(get(hub, Kind::ExpenseClaim, costs).await.1["vouchers"], json!(["V-B-1"]));
    (trip, ticket, costs)
}

#[tokio::test]
async fn a_trip_goes_from_request_to_voucher_and_every_step_is_in_the_journal() {
    on_each_database(setup(), async |hub| {
        follow(hub, &here()).await;
        let begun = hub.hub.flow(&hub.company).await.unwrap().unwrap().last;
        walk(hub, async |hub| hub.hub.follow_flows().await.unwrap()).await;
        let page = hub.hub.changes(&hub.company, begun, None, 100, &Scopes::all()).await.unwrap();
        let told: Vec<(Kind, &str)> = page
            .data
            .iter()
            .filter(|change| change.actor == "flow")
            .map(|change| (change.kind, change.op))
            .collect();
        let expected = [
            (Kind::Approval, "created"),
            (Kind::TravelRequest, "updated"),
            (Kind::TravelRequest, "updated"),
            (Kind::Booking, "updated"),
            (Kind::ExpenseClaim, "updated"),
            (Kind::AccountingEntry, "created"),
            (Kind::ExpenseClaim, "updated"),
        ];
        let sorted = |mut all: Vec<(Kind, &'static str)>| {
            all.sort_unstable();
            all
        };
        assert_eq!(sorted(told), sorted(expected.to_vec()));
        // Followed from the beginning it sees the trips from before, too; followed once more, nothing happens twice.
        let mut last = 0;
        for again in [false, true] {
            hub.hub.end_flow(&hub.company, "cli:anna").await.unwrap();
            hub.hub.set_flow(&hub.company, &here(), true, "cli:anna").await.unwrap();
            hub.hub.follow_flows().await.unwrap();
            let now = hub.hub.flow(&hub.company).await.unwrap().unwrap().last;
            assert!(!again || now == last, "{now} after {last}");
            last = now;
        }
    })
    .await;
}

#[tokio::test]
async fn another_process_goes_on_after_any_round() {
    on_each_database(setup(), async |hub| {
        follow(hub, &here()).await;
        // Each round is done by a hub of its own, which is gone before the next.
        let rounds = async |hub: &TestHub| {
            for seed in 100..140 {
                if !hub.another(seed).flow_step(&hub.company).await.unwrap() {
                    return;
                }
            }
            panic!("the flow never comes to an end");
        };
        walk(hub, rounds).await;
    })
    .await;
}

#[tokio::test]
async fn two_processes_do_each_step_once() {
    on_each_database(setup(), async |hub| {
        follow(hub, &here()).await;
        let (one, other) = (hub.another(201), hub.another(202));
        walk(hub, async |_| {
            let (a, b) = tokio::join!(one.follow_flows(), other.follow_flows());
            a.unwrap();
            b.unwrap();
            // Who lost the race looks again at the next tick.
            one.follow_flows().await.unwrap();
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn without_a_route_nobody_is_asked_and_without_a_flow_nothing_happens() {
    on_each_database(setup(), async |hub| {
        let person = someone(hub).await;
        let trip = put(hub, Kind::TravelRequest, "trip", request(person, "pending")).await;
        hub.hub.follow_flows().await.unwrap();
        assert!(get(hub, Kind::TravelRequest, trip).await.1["approval"].is_null());
        hub.hub.set_flow(&hub.company, &FlowSettings::default(), true, "cli:anna").await.unwrap();
        hub.hub.follow_flows().await.unwrap();
        assert!(get(hub, Kind::TravelRequest, trip).await.1["approval"].is_null());
    })
    .await;
}

#[tokio::test]
async fn the_last_word_can_be_the_workspaces() {
    on_each_database(setup(), async |hub| {
        follow(hub, &FlowSettings { ask: Ask::Approved, here: true, ..FlowSettings::default() }).await;
        let person = someone(hub).await;
        let trip = put(hub, Kind::TravelRequest, "trip", request(person, "pending")).await;
        hub.hub.follow_flows().await.unwrap();
        assert!(get(hub, Kind::TravelRequest, trip).await.1["approval"].is_null());
        put(hub, Kind::TravelRequest, "trip", request(person, "approved")).await;
        hub.hub.follow_flows().await.unwrap();
        let approval: Id =
            get(hub, Kind::TravelRequest, trip).await.1["approval"].as_str().unwrap().parse().unwrap();
        decide(hub, approval, Action::Reject).await;
        hub.hub.follow_flows().await.unwrap();
        assert_eq!(get(hub, Kind::TravelRequest, trip).await.1["status"]["value"], "rejected");
    })
    .await;
}

#[tokio::test]
async fn a_claim_made_void_takes_its_entry_back() {
    on_each_database(setup(), async |hub| {
        follow(hub, &here()).await;
        let person = someone(hub).await;
        let costs = put(hub, Kind::ExpenseClaim, "costs", claim(person, "paid")).await;
        hub.hub.follow_flows().await.unwrap();
        put(hub, Kind::ExpenseClaim, "costs", claim(person, "voided")).await;
        hub.hub.follow_flows().await.unwrap();
        let entries = of_kind(hub, Kind::AccountingEntry).await;
        let ours: Vec<_> = entries.iter().filter(|(_, doc)| doc["claim"] == json!(costs)).collect();
        assert_eq!((ours.len(), &ours[0].1["status"]["value"]), (1, &json!("voided")));
    })
    .await;
}
