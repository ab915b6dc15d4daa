//! The connector against our own face: what is read comes back as it was, what is decided happens once.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};
use tongshi_dialect::{
    Ask, Connector, EventAsk, Existence, Incoming, Message, Named, Pushed, Reach, Record, Reply, Row, Seen,
    Window, Workforce as _, Write, WriteBody,
};
use tongshi_model::{
    AccountingEntry, Action, Approval, ApprovalResult, Booking, Coded, Draft, EntryStatus, ExpenseClaim, Id,
    Kind, SeededRandomness, SpendStatus, TravelRequest,
};

use super::stage::{Stage, claim, company, id, named, order, trip};
use crate::hesine::client::HesineEvents;

async fn rows(connector: &dyn Connector, name: &str) -> Vec<Row> {
    let listing = connector.listings().iter().find(|listing| listing.name == name).expect("a listing");
    let day = "2018-03-01".parse().expect("a date");
    let ask = Ask { reach: Reach::Full, window: Window { from: day, to: day }, subjects: &[] };
    let mut rows = Vec::new();
    for slice in connector.plan(listing, &ask) {
        let mut number = 1;
        let mut total = 0;
        loop {
            let page = connector.pull(listing, &slice, number, None).await.expect("a page");
            assert!(page.broken.is_empty() && page.rows.len() <= 100);
            let again = connector.pull(listing, &slice, number, page.fingerprint).await.expect("a page");
            assert!(again.unchanged);
            total += page.rows.len() as u64;
            rows.extend(page.rows);
            if page.pages.is_none_or(|pages| number >= pages) {
                assert_eq!(page.total, Some(total), "{name}");
                break;
            }
            number += 1;
        }
    }
    rows
}

fn space() -> tongshi_model::Space {
    tongshi_model::Space { workspace: id("workspace"), connection: id("connection") }
}

async fn flow(stage: &Stage, form: Value) -> String {
    let answer = stage.post("/v2.2/flow/data?isCommit=true", json!({"form": form})).await;
    answer["flow"]["id"].as_str().expect("an id").to_owned()
}

fn read<E: tongshi_model::Entity>(connector: &dyn Connector, row: &Row) -> E {
    let draft = connector.read(E::KIND, row).expect("a draft");
    serde_json::from_str(&draft.doc).expect("an entity")
}

#[tokio::test]
async fn everything_is_read_in_pages_of_a_hundred_and_refers_to_each_other() {
    let stage = company();
    let request = flow(&stage, trip("去杭州")).await;
    stage.decide("su", &request, json!({"name": "freeflow.agree", "comment": "好"})).await;
    flow(&stage, claim("报销", "538.50", Some(&request))).await;
    let mut row = order("TSO-1", None);
    row["travelInfoId"] = format!("{request}-1").into();
    stage.post("/v1/travel/costCenter/synTravelOrder", json!({"data": [row]})).await;
    for place in 0..120 {
        flow(&stage, claim(&format!("报销{place}"), "1", None)).await;
    }
    let connector = stage.connector(json!({}));
    assert_eq!(rows(&*connector, "org_unit").await.len(), 2);
    assert_eq!(rows(&*connector, "employee").await.len(), 3);
    let requests = rows(&*connector, "travel_request").await;
    let read_request: TravelRequest = read(&*connector, &requests[0]);
    assert_eq!(read_request.applicant, space().id(Kind::Employee, &named("lin")));
    assert_eq!(read_request.status, Coded::vendor("paid", Some(SpendStatus::Approved)));
    assert_eq!((read_request.legs.len(), &*read_request.legs[1].id), (2, &*format!("{request}-2")));
    let claims = rows(&*connector, "expense_claim").await;
    assert_eq!(claims.len(), 121);
    let read_claim: ExpenseClaim = read(&*connector, &claims[0]);
    assert_eq!(read_claim.request, Some(space().id(Kind::TravelRequest, &request)));
    assert_eq!((read_claim.total.minor, &*read_claim.lines[0].invoices[0].number), (53_850, "00000001"));
    assert_eq!(read_claim.approver, Some(space().id(Kind::Employee, &named("su"))));
    let orders = rows(&*connector, "booking").await;
    let booking: Booking = read(&*connector, &orders[0]);
    assert_eq!(booking.request, Some(space().id(Kind::TravelRequest, &request)));
    assert_eq!(
        booking.leg.as_deref(),
        Some(&*read_request.legs[0].id),
        "an order names a leg of its request"
    );
    let approvals = rows(&*connector, "approval").await;
    assert_eq!(approvals.len(), 122);
    let approval: Approval = read(&*connector, &approvals[0]);
    assert_eq!((approval.result, approval.log.len()), (ApprovalResult::Approved, 2));
    assert_eq!(read_request.approval, Some(space().id(Kind::Approval, &request)));
}

#[tokio::test]
async fn what_no_list_names_is_asked_for() {
    let stage = company();
    let request = flow(&stage, trip("去杭州")).await;
    let connector = stage.connector(json!({}));
    for (kind, remote_id, there) in [
        (Kind::TravelRequest, request.as_str(), true),
        (Kind::Approval, &request, true),
        (Kind::ExpenseClaim, &request, false),
        (Kind::ExpenseClaim, "nothing", false),
        (Kind::Employee, &named("lin"), true),
        (Kind::Employee, "nobody", false),
        (Kind::OrgUnit, &named("d1"), true),
        (Kind::OrgUnit, "nowhere", false),
        (Kind::Booking, "nothing", false),
    ] {
        let found = connector.exists(kind, remote_id).await.expect("an answer");
        assert_eq!(matches!(found, Existence::Present(_)), there, "{kind} {remote_id}");
        if let Existence::Present(row) = found {
            connector.read(kind, &row).expect("it is read like one of a list");
        }
    }
    let health = connector.check().await.expect("it answers");
    assert!(health.findings.is_empty());
    let other = stage.connector(json!({"corporation_id": "ignored"}));
    assert!(other.check().await.expect("it answers").findings.is_empty(), "the credential counts");
}

/// A write of a record as the vendor knows it.
fn write<E: tongshi_model::Entity>(
    action: Action,
    entity: &E,
    remote_id: &str,
    names: &[(Id, &str)],
) -> Write {
    let draft = Draft::of(entity).expect("serialises");
    let named = |(id, remote): &(Id, &str)| (*id, Named { remote_id: Some((*remote).to_owned()), key: None });
    Write {
        id: id("write"),
        action,
        body: WriteBody::Record { kind: draft.kind, doc: draft.doc },
        remote_id: Some(remote_id.to_owned()),
        named: names.iter().map(named).collect::<BTreeMap<_, _>>(),
        fields: json!({"comment": "经系统审批"}),
        actor: "app:demo".to_owned(),
    }
}

#[tokio::test]
async fn decisions_are_taken_once_and_their_results_come_back() {
    let stage = company();
    let request = flow(&stage, trip("去杭州")).await;
    let connector = stage.connector(json!({}));
    let row = rows(&*connector, "travel_request").await.remove(0);
    let entity: TravelRequest = read(&*connector, &row);
    let su = named("su");
    let names = [(entity.approver.expect("somebody is asked"), su.as_str())];
    let agree = write(Action::Approve, &entity, &request, &names);
    assert_eq!(connector.read_back(std::slice::from_ref(&agree)).await.expect("seen"), [Seen::Absent]);
    let taken = connector.push(std::slice::from_ref(&agree)).await.expect("sent");
    assert_eq!(taken, [Pushed::Taken { remote_id: None }]);
    assert_eq!(
        connector.read_back(std::slice::from_ref(&agree)).await.expect("seen"),
        [Seen::There { remote_id: None }]
    );
    let again = connector.push(std::slice::from_ref(&agree)).await.expect("sent");
    assert!(matches!(&again[0], Pushed::Refused(_)), "{again:?}");
    let reject = write(Action::Reject, &entity, &request, &names);
    assert!(matches!(connector.read_back(&[reject]).await.expect("seen")[0], Seen::Differs(_)));
    let nobody = write(Action::Approve, &entity, &request, &[]);
    assert!(matches!(connector.push(&[nobody]).await.expect("not sent")[0], Pushed::Refused(_)));
    let shown = stage.get(&format!("/v1.1/flowDetails?flowId={request}")).await["value"].clone();
    assert_eq!(shown["logs"][1]["attributes"]["comment"], "经系统审批");
}

#[tokio::test]
async fn orders_payments_and_vouchers_are_pushed() {
    let stage = company();
    let request = flow(&stage, trip("去杭州")).await;
    let expense = flow(&stage, claim("报销", "538.50", Some(&request))).await;
    stage.decide("su", &expense, json!({"name": "freeflow.agree"})).await;
    let mut row = order("TSO-9", None);
    row["travelInfoId"] = format!("{request}-2").into();
    stage.post("/v1/travel/costCenter/synTravelOrder", json!({"data": [row]})).await;
    let connector = stage.connector(json!({}));
    let order_row = rows(&*connector, "booking").await.remove(0);
    let mut booking: Booking = read(&*connector, &order_row);
    booking.order_no = "TSO-10".to_owned();
    let lin = named("lin");
    let names =
        [(booking.travellers[0], lin.as_str()), (booking.request.expect("a request"), request.as_str())];
    let pushed = connector.push(&[write(Action::Create, &booking, "", &names)]).await.expect("sent");
    assert_eq!(pushed, [Pushed::Taken { remote_id: None }]);
    let orders = rows(&*connector, "booking").await;
    let back: Booking = read(&*connector, &orders[1]);
    assert_eq!(back, Booking { parent_order_no: back.parent_order_no.clone(), ..booking });
    let claim_row = rows(&*connector, "expense_claim").await.remove(0);
    let entity: ExpenseClaim = read(&*connector, &claim_row);
    let early = AccountingEntry {
        number: "V-7".to_owned(),
        period: "2018-03".to_owned(),
        date: Some("2018-03-06".parse().expect("a date")),
        legal_entity: None,
        status: Coded::ours(EntryStatus::Posted),
        claim: Some(id("claim")),
        lines: Vec::new(),
    };
    let voucher = write(Action::Create, &early, "", &[(id("claim"), expense.as_str())]);
    let refused = connector.push(std::slice::from_ref(&voucher)).await.expect("sent");
    assert!(matches!(&refused[0], Pushed::Refused(_)), "not paid: {refused:?}");
    for _ in 0..2 {
        let paid = connector.push(&[write(Action::Pay, &entity, &expense, &[])]).await.expect("sent");
        assert_eq!(paid, [Pushed::Taken { remote_id: None }], "paid before is paid");
    }
    assert_eq!(connector.push(&[voucher]).await.expect("sent"), [Pushed::Taken { remote_id: None }]);
    let (_, stored) = stage.workforce.all::<ExpenseClaim>().expect("read").remove(0);
    assert_eq!((stored.status.value, stored.vouchers), (SpendStatus::Paid, vec!["V-7".to_owned()]));
}

#[tokio::test]
async fn a_message_says_what_happened_and_is_read_by_its_address() {
    let stage = company();
    let request = flow(&stage, trip("去杭州")).await;
    let record: Record = stage
        .workforce
        .get(Kind::TravelRequest, request.parse().expect("an id"))
        .await
        .expect("read")
        .expect("there");
    let settings =
        json!({"corporation_id": "TSdemo0corp", "success_codes": [204], "keyword": "", "actions": []});
    let ask = |topic: &'static str, record: &'static Record, before, settings| EventAsk {
        topic,
        record: Some(record),
        before,
        address: "https://erp.example.com/in?key=sign-demo",
        settings,
        key: None,
        id: "m-1",
        now: record.changed_at,
        randomness: Box::leak(Box::new(SeededRandomness::new(1))),
    };
    let record: &'static Record = Box::leak(Box::new(record));
    let settings: &'static Value = Box::leak(Box::new(settings));
    let events = &HesineEvents as &dyn tongshi_dialect::Events;
    let made = events.make(&ask("created", record, None, settings)).expect("told").expect("made");
    let body: Value = serde_json::from_slice(&made.body).expect("JSON");
    assert_eq!((&body["action"], &body["flowId"]), (&json!("backlog.approving"), &json!(request)));
    assert_eq!(
        (&body["userInfo"]["id"], &body["currentApprovers"][0]),
        (&json!(named("su")), &json!(named("su")))
    );
    assert_eq!(body["nodeId"], "FLOW:1:1");
    assert!(events.make(&ask("updated", record, Some(record), settings)).is_none(), "nothing moved");
    let other: &'static Value = Box::leak(Box::new(json!({"actions": ["flow.paid"]})));
    assert!(events.make(&ask("created", record, None, other)).is_none(), "not asked for");
    let reply = |status: u16| Reply::empty(http::StatusCode::from_u16(status).expect("a status"));
    assert!(events.accepted(&ask("created", record, None, settings), &reply(204)).is_ok());
    assert!(events.accepted(&ask("created", record, None, settings), &reply(200)).is_err());
    let connector = stage.connector(json!({}));
    let incoming = connector.receive(&made).expect("taken").expect("read");
    assert!(matches!(&incoming[0], Incoming::Gone(Kind::TravelRequest, flow) if *flow == request));
    let stranger = Message { query: "key=made-up".to_owned(), ..made.clone() };
    assert!(connector.receive(&stranger).expect("taken").is_err());
    let garbage = Message { body: "[".into(), ..made };
    assert!(connector.receive(&garbage).expect("taken").is_err());
}

#[tokio::test]
async fn messages_are_configured_with_a_test() {
    let stage = company();
    let save = "/v1/outboundMessages";
    let good = json!({"name": "ERP", "url": "https://erp.example.com/in", "successCodes": [200]});
    assert_eq!(stage.put(save, good).await["value"]["signKey"], "sign-demo");
    assert_eq!(stage.workforce.tried_endpoints().len(), 1);
    let long =
        json!({"name": "二十个字以上的名称二十个字以上的名称二十个", "url": "https://erp.example.com/in"});
    assert_eq!(stage.refused(Method::PUT, save, long).await.0, 400);
    let odd = json!({"name": "ERP", "url": "https://erp.example.com/in", "successCodes": [500]});
    assert_eq!(stage.refused(Method::PUT, save, odd).await.0, 400);
    let logs = stage.get("/v1/outboundMessageLogs?startDate=0&endDate=1").await;
    assert_eq!(logs["items"], json!([]));
}
