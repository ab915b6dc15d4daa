//! The sample contract: held to the suite, signed by another program, strict about every field, narrow where it must be.

use std::sync::Arc;

use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};
use tongshi_dialect::{
    Addresses, Face, Message, Workforce as _, conformance,
    conformance::SampleKey,
    fake::{FakeDesk, FakeWorkforce},
};
use tongshi_model::{
    Clock, Coded, Employee, EmploymentPhase, ExpenseClaim, FixedClock, Id, OrgUnit, Secret, SpendStatus,
    Timestamp, TravelRequest,
};

use crate::hesine::{
    DESCRIPTOR,
    auth::sample::{Headers, WINDOW_SECONDS},
    wire::sample::*,
};

const NOW: i64 = 1_500_000_000;

impl SampleKey for Headers {
    fn sample() -> Option<(&'static str, Secret)> {
        Some(("hs-demo", Secret::new("sk-demo")))
    }

    fn stale_after_seconds() -> Option<i64> {
        Some(WINDOW_SECONDS)
    }
}

conformance! {
    Sample,
    fixtures: "src/hesine/fixtures",
    listed: OPERATIONS,
    shapes: &[Place::Query, Place::Body, Place::Grant],
    faults: [400, 401, 403, 404, 409, 429, 500, 503]
        .into_iter()
        .flat_map(|code| [Refused::new(code, "text \"quoted\" \\"), Refused { code, ..Refused::field("a.b", "x") }])
        .collect(),
    operations: [
        TripCreate, TripQuery, TripApprove, TripReject, ResultReturn, BookingPush, BookingQuery, ExpenseCreate,
        ExpenseQuery, ExpensePay, VoucherPush, TokenAsk,
    ],
}

fn id(name: &str) -> Id {
    Id::of(&["stage", name])
}

struct Stage {
    clock: Arc<FixedClock>,
    workforce: Arc<FakeWorkforce>,
    face: Arc<dyn Face>,
}

/// Two departments, one below the other, three people, an app for each data level.
fn stage() -> Stage {
    let clock = Arc::new(FixedClock::at(Timestamp::from_second(NOW).unwrap()));
    let workforce = FakeWorkforce::new(Arc::clone(&clock) as Arc<dyn Clock>);
    let desk = FakeDesk::new(Arc::clone(&workforce), Arc::clone(&clock) as Arc<dyn Clock>);
    desk.register("hesine", "hs-demo", "sk-demo", json!({}));
    desk.register("hesine", "hs-self", "sk-self", json!({"data_level": "self", "employee_id": "E12345"}));
    desk.register(
        "hesine",
        "hs-dept",
        "sk-dept",
        json!({"data_level": "department", "employee_id": "A54321"}),
    );
    desk.register("hesine", "hs-lost", "sk-lost", json!({"data_level": "departement"}));
    desk.register("hesine", "hs-odd", "sk-odd", json!({"data_level": 7}));
    desk.register_with("hesine", "hs-fenced", "sk-fenced", json!({}), |grant| {
        grant.addresses = Addresses::of(["10.1.0.0/16"]).unwrap();
    });
    for (name, parent) in [("sales", None), ("east", Some(id("sales"))), ("lab", None)] {
        let unit = OrgUnit { name: name.to_owned(), parent, ..OrgUnit::default() };
        workforce.put(id(name), &unit).unwrap();
    }
    for (name, number, unit) in
        [("lin", "E12345", "east"), ("boss", "A54321", "sales"), ("wu", "E777", "lab")]
    {
        let employee = Employee {
            name: name.into(),
            employee_no: Some(number.to_owned()),
            org_unit: Some(id(unit)),
            status: Some(EmploymentPhase::Regular.status()),
            phase: Some(Coded::ours(EmploymentPhase::Regular)),
            ..Employee::default()
        };
        workforce.put(id(name), &employee).unwrap();
    }
    let face = (DESCRIPTOR.serve)(desk as _, Arc::clone(&clock) as Arc<dyn Clock>);
    Stage { clock, workforce, face }
}

fn trip() -> Value {
    json!({
        "employee_id": "E12345", "approver_id": "A54321",
        "trip_detail": {
            "start_date": "2026-04-01", "end_date": "2026-04-03", "budget": 3200.5,
            "legs": [{"leg_id": "out", "type": "train", "from": "北京", "to": "上海", "start_date": "2026-04-01"}],
        },
    })
}

fn message(method: Method, path_and_query: &str, body: Option<&Value>) -> Message {
    let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
    let mut message = Message::new(method, path);
    message.query = query.to_owned();
    if let Some(body) = body {
        message.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        message.body = body.to_string().into();
    }
    message
}

impl Stage {
    fn signed(&self, key: &str, mut message: Message) -> Message {
        use tongshi_dialect::AuthScheme as _;
        let pair = Headers::key(key, &Secret::new(key.replace("hs-", "sk-")));
        Headers::sign(&mut message, &pair, self.clock.now());
        message
    }

    async fn send(&self, message: Message) -> (u16, Value) {
        let reply = self.face.answer(message).await;
        (reply.status.as_u16(), serde_json::from_slice(&reply.body).unwrap_or_default())
    }

    async fn post(&self, key: &str, path: &str, body: Value) -> (u16, Value) {
        self.send(self.signed(key, message(Method::POST, path, Some(&body)))).await
    }

    async fn get(&self, key: &str, path: &str) -> (u16, Value) {
        self.send(self.signed(key, message(Method::GET, path, None))).await
    }

    async fn done(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.post("hs-demo", path, body).await;
        assert_eq!((status, &answer["code"]), (200, &json!(200)), "{path}: {answer}");
        answer["data"].clone()
    }

    /// A request that is refused: its status and the field that is named.
    async fn refused(&self, path: &str, body: Value) -> (u16, String) {
        let (status, answer) = self.post("hs-demo", path, body).await;
        assert_eq!(answer["code"], status, "the envelope says the same: {answer}");
        (status, answer["data"]["field"].as_str().unwrap_or_default().to_owned())
    }
}

#[tokio::test]
async fn another_programs_signature_is_taken_and_each_part_counts() {
    let stage = stage();
    // Computed with openssl: printf 'POST\n/api/travel/create\n\nhs-demo\n1500000000\n<sha256 of the body>'
    // | openssl dgst -sha256 -hmac sk-demo
    let vector = "5548e1cf77151fdb7478b6138d5cde135d4b8c78f647770a2a30dbfdb4a19e50";
    let with = |headers: &[(&'static str, &str)], body: &str| {
        let mut message = Message::new(Method::POST, "/api/travel/create");
        for (name, value) in headers {
            message.headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        message.body = body.to_owned().into();
        message
    };
    let body = r#"{"employee_id":"E12345"}"#;
    let good = [("app-key", "hs-demo"), ("timestamp", "1500000000"), ("signature", vector)];
    let (status, answer) = stage.send(with(&good, body)).await;
    assert_eq!((status, &answer["data"]["field"]), (400, &json!("trip_detail")), "signed, and then read");
    let said = async |headers: &[(&'static str, &str)], body: &str| {
        let (status, answer) = stage.send(with(headers, body)).await;
        (status, answer["data"]["field"].as_str().unwrap_or_default().to_owned())
    };
    let wrong = (401, "Signature".to_owned());
    assert_eq!(said(&good, r#"{"employee_id":"E12346"}"#).await, wrong, "another body");
    let upper = vector.to_uppercase();
    assert_eq!(said(&[good[0], good[1], ("signature", &upper)], body).await, wrong);
    assert_eq!(said(&[good[0], ("timestamp", "1500000001"), good[2]], body).await, wrong, "another time");
    for late in ["1499999699", "1500000301"] {
        assert_eq!(said(&[good[0], ("timestamp", late), good[2]], body).await, (401, "Timestamp".to_owned()));
    }
    for odd in ["1500000000000", "-1", "1.5e9", "now"] {
        assert_eq!(said(&[good[0], ("timestamp", odd), good[2]], body).await, (401, "Timestamp".to_owned()));
    }
    assert_eq!(said(&[good[1], good[2]], body).await, (401, "App-Key".to_owned()));
    assert_eq!(said(&[good[0], good[0], good[1], good[2]], body).await, (401, "App-Key".to_owned()), "twice");
    assert_eq!(said(&[("app-key", "hs-nobody"), good[1], good[2]], body).await.0, 401);
}

#[tokio::test]
async fn only_listed_addresses_may_call() {
    let stage = stage();
    let from = async |peer: Option<&str>| {
        let mut message = stage.signed("hs-fenced", message(Method::GET, "/api/travel/query", None));
        message.peer = peer.map(|peer| peer.parse().unwrap());
        stage.send(message).await.0
    };
    assert_eq!(from(Some("10.1.2.3")).await, 200);
    assert_eq!(from(Some("10.2.2.3")).await, 403);
    assert_eq!(from(None).await, 403);
}

/// Makes a good request a bad one.
type Spoil = fn(&mut Value);

#[tokio::test]
async fn every_field_is_strict_and_is_named() {
    let stage = stage();
    let refused = async |change: Spoil| {
        let mut body = trip();
        change(&mut body);
        stage.refused("/api/travel/create", body).await
    };
    let cases: [(Spoil, &str); 14] = [
        (|body| drop(body.as_object_mut().unwrap().remove("employee_id")), "employee_id"),
        (|body| body["employee_id"] = json!(12345), "employee_id"),
        (|body| body["employee_id"] = json!("E-nobody"), "employee_id"),
        (|body| drop(body.as_object_mut().unwrap().remove("approver_id")), "approver_id"),
        (|body| body["trip_detail"] = json!("北京"), "trip_detail"),
        (|body| body["trip_detail"]["start_date"] = json!("2026/04/01"), "trip_detail.start_date"),
        (|body| body["trip_detail"]["start_date"] = json!("2026-4-1"), "trip_detail.start_date"),
        (|body| body["trip_detail"]["start_date"] = json!("2026-02-30"), "trip_detail.start_date"),
        (|body| body["trip_detail"]["end_date"] = json!("2026-03-31"), "trip_detail.end_date"),
        (|body| body["trip_detail"]["budget"] = json!("12.345"), "trip_detail.budget"),
        (|body| body["trip_detail"]["legs"] = json!([]), "trip_detail.legs"),
        (|body| body["trip_detail"]["legs"][0]["type"] = json!("Train"), "trip_detail.legs[0].type"),
        (
            |body| body["trip_detail"]["legs"][0]["start_date"] = json!("2026-04-09"),
            "trip_detail.legs[0].start_date",
        ),
        (|body| body["trip_detail"]["currency"] = json!("rmb"), "trip_detail.currency"),
    ];
    for (change, field) in cases {
        assert_eq!(refused(change).await, (400, field.to_owned()));
    }
    for status in ["Approved", "done", "approving", "PENDING"] {
        let body = json!({"document_id": id("x"), "status": status});
        assert_eq!(stage.refused("/api/approval/result", body).await, (400, "status".to_owned()));
        let (code, answer) = stage.get("hs-demo", &format!("/api/travel/query?status={status}")).await;
        assert_eq!((code, &answer["data"]["field"]), (400, &json!("status")));
    }
    for body in ["", "[]", "{\"a\":1,\"a\":2}", "{"] {
        let mut message = message(Method::POST, "/api/travel/create", None);
        message.body = body.to_owned().into();
        assert_eq!(stage.send(stage.signed("hs-demo", message)).await.0, 400, "{body}");
    }
    assert!(stage.workforce.all::<TravelRequest>().unwrap().is_empty(), "nothing was stored");
}

#[tokio::test]
async fn a_trip_is_asked_for_once_and_decided_once_by_whoever_is_asked() {
    let stage = stage();
    let mut body = trip();
    body["external_no"] = json!("OA-77");
    let made = stage.done("/api/travel/create", body.clone()).await;
    assert_eq!((&made["status"], &made["budget"]), (&json!("pending"), &json!("3200.50")));
    assert_eq!(
        stage.done("/api/travel/create", body).await["request_id"],
        made["request_id"],
        "the same again"
    );
    let request = &made["request_id"];
    let decide = |by: &str| json!({"request_id": request, "approver_id": by, "comment": "同意"});
    assert_eq!(stage.refused("/api/travel/approve", decide("E777")).await.0, 403);
    assert_eq!(
        stage.refused("/api/travel/reject", json!({"request_id": request, "approver_id": "A54321"})).await,
        (400, "comment".to_owned())
    );
    assert_eq!(stage.done("/api/travel/approve", decide("A54321")).await["status"], "approved");
    assert_eq!(stage.done("/api/travel/approve", decide("A54321")).await["status"], "approved", "once more");
    assert_eq!(stage.refused("/api/travel/reject", decide("A54321")).await.0, 409);
    let (status, found) = stage.get("hs-demo", "/api/travel/query?status=approved&employee_id=E12345").await;
    assert_eq!((status, &found["data"]["total"]), (200, &json!(1)));
    let result = json!({"document_id": request, "status": "pending"});
    assert_eq!(stage.done("/api/approval/result", result).await["status"], "approved");
}

#[tokio::test]
async fn from_booking_to_voucher_nothing_happens_twice() {
    let stage = stage();
    let order = json!({
        "order_no": "T-1", "employee_id": "E12345", "type": "train", "start_time": "2026-04-01 09:00:00", "amount": "553",
    });
    let booked = stage.done("/api/booking/push", order.clone()).await;
    let mut refund = order;
    refund["status"] = json!("refunded");
    let again = stage.done("/api/booking/push", refund).await;
    assert_eq!((&again["booking_id"], &again["status"]), (&booked["booking_id"], &json!("refunded")));
    let claim = stage
        .done(
            "/api/expense/create",
            json!({"employee_id": "E12345", "lines": [
                {"fee_type": "train", "date": "2026-04-01", "amount": "553", "booking_id": booked["booking_id"]}]}),
        )
        .await;
    let pay = json!({"expense_id": claim["expense_id"], "status": "paid", "reference": "P-1"});
    assert_eq!(stage.refused("/api/expense/pay", pay.clone()).await.0, 409, "it is not approved");
    let result = json!({"document_id": claim["expense_id"], "status": "approved"});
    assert_eq!(stage.done("/api/approval/result", result).await["status"], "approved");
    let voucher = json!({
        "expense_id": claim["expense_id"], "voucher_no": "记-88",
        "lines": [{"account": "6602", "debit": "553"}, {"account": "1002", "credit": "553"}],
    });
    assert_eq!(stage.refused("/api/accounting/push", voucher.clone()).await.0, 409, "it is not paid");
    assert_eq!(stage.done("/api/expense/pay", pay.clone()).await["payment_status"], "paid");
    assert_eq!(stage.refused("/api/expense/pay", pay).await.0, 409, "it is paid already");
    let mut odd = voucher.clone();
    odd["lines"][0]["debit"] = json!("552.99");
    assert_eq!(stage.refused("/api/accounting/push", odd).await, (400, "lines".to_owned()));
    let first = stage.done("/api/accounting/push", voucher.clone()).await;
    assert_eq!(stage.done("/api/accounting/push", voucher).await["entry_id"], first["entry_id"]);
    let (_, stored) = stage.workforce.all::<ExpenseClaim>().unwrap().remove(0);
    assert_eq!((stored.status.value, stored.vouchers), (SpendStatus::Paid, vec!["记-88".to_owned()]));
}

#[tokio::test]
async fn a_data_level_reaches_no_further_than_it_says() {
    let stage = stage();
    for person in ["E12345", "A54321", "E777"] {
        let mut body = trip();
        body["employee_id"] = json!(person);
        stage.done("/api/travel/create", body).await;
    }
    let total = async |key: &str| {
        let (status, answer) = stage.get(key, "/api/travel/query").await;
        (status, answer["data"]["total"].as_u64())
    };
    assert_eq!(total("hs-demo").await, (200, Some(3)));
    assert_eq!(total("hs-self").await, (200, Some(1)));
    assert_eq!(total("hs-dept").await, (200, Some(2)), "the department and the one below it");
    assert_eq!(total("hs-lost").await, (403, None), "a misspelt level opens nothing");
    assert_eq!(total("hs-odd").await, (403, None), "nor does one that is no word");
    let mut body = trip();
    body["employee_id"] = json!("E777");
    assert_eq!(stage.post("hs-self", "/api/travel/create", body.clone()).await.0, 403);
    assert_eq!(stage.post("hs-dept", "/api/travel/create", body).await.0, 403);
    assert_eq!(stage.get("hs-dept", "/api/travel/query?employee_id=E777").await.0, 403);
    let theirs = stage.workforce.all::<TravelRequest>().unwrap();
    let (other, _) = theirs.iter().find(|(_, request)| request.applicant == id("wu")).unwrap();
    assert_eq!(stage.get("hs-self", &format!("/api/travel/query?request_id={other}")).await.0, 403);
    let decision = json!({"request_id": other, "approver_id": "A54321", "comment": "x"});
    assert_eq!(stage.post("hs-self", "/api/travel/reject", decision).await.0, 403);
}

#[tokio::test]
async fn every_path_keeps_to_the_level() {
    let stage = stage();
    let mut body = trip();
    body["employee_id"] = json!("E777");
    let request = stage.done("/api/travel/create", body).await["request_id"].clone();
    let booking = json!({
        "order_no": "T-9", "employee_id": "E777", "type": "train", "start_time": "2026-04-01 09:00:00",
        "amount": "553", "request_id": request,
    });
    let pushed = stage.done("/api/booking/push", booking.clone()).await["booking_id"].clone();
    let lines = json!([{"fee_type": "train", "date": "2026-04-01", "amount": "553"}]);
    let expense = json!({"employee_id": "E777", "lines": lines, "request_id": request});
    let claim = stage.done("/api/expense/create", expense.clone()).await["expense_id"].clone();
    let mut own_order = booking.clone();
    own_order["employee_id"] = json!("E12345");
    let own_claim = json!({"employee_id": "E12345", "lines": lines, "request_id": request});
    let with_their_booking = json!({
        "employee_id": "E12345",
        "lines": [{"fee_type": "train", "date": "2026-04-01", "amount": "553", "booking_id": pushed}],
    });
    let posts = [
        ("/api/travel/approve", json!({"request_id": request, "approver_id": "A54321"})),
        ("/api/travel/reject", json!({"request_id": request, "approver_id": "A54321", "comment": "x"})),
        ("/api/approval/result", json!({"document_id": request, "status": "approved"})),
        ("/api/approval/result", json!({"document_id": claim, "status": "approved"})),
        ("/api/booking/push", booking),
        ("/api/booking/push", own_order),
        ("/api/expense/create", expense),
        ("/api/expense/create", own_claim),
        ("/api/expense/create", with_their_booking),
        ("/api/expense/pay", json!({"expense_id": claim, "status": "paid"})),
        ("/api/accounting/push", json!({"expense_id": claim, "voucher_no": "x"})),
    ];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let gets = [
        format!("/api/travel/query?request_id={}", text(&request)),
        "/api/travel/query?employee_id=E777".to_owned(),
        format!("/api/booking/query?request_id={}", text(&request)),
        "/api/booking/query?employee_id=E777".to_owned(),
        format!("/api/expense/query?expense_id={}", text(&claim)),
        "/api/expense/query?employee_id=E777".to_owned(),
    ];
    for key in ["hs-self", "hs-dept", "hs-lost"] {
        for (path, body) in &posts {
            let (status, answer) = stage.post(key, path, body.clone()).await;
            assert_eq!(status, 403, "{key} {path} {body}: {answer}");
        }
        for target in &gets {
            let (status, answer) = stage.get(key, target).await;
            assert_eq!(status, 403, "{key} {target}: {answer}");
        }
    }
    let (_, untouched) = stage.workforce.all::<TravelRequest>().unwrap().remove(0);
    assert_eq!(untouched.status.value, SpendStatus::Pending);
}

#[tokio::test]
async fn a_level_is_not_passed_by_through_the_other_contract() {
    let stage = stage();
    let ask = |key: &str| {
        let body = json!({"appKey": key, "appSecurity": key.replace("hs-", "sk-")});
        message(Method::POST, "/api/openapi/v1/auth/getAccessToken", Some(&body))
    };
    let people = |token: &str| {
        message(Method::GET, &format!("/api/openapi/v1.1/staffs?start=0&count=9&accessToken={token}"), None)
    };
    let (status, pair) = stage.send(ask("hs-demo")).await;
    assert_eq!(status, 200);
    let token = pair["value"]["accessToken"].as_str().unwrap();
    assert_eq!(stage.send(people(token)).await.0, 200);
    for key in ["hs-self", "hs-dept", "hs-lost", "hs-odd"] {
        assert_eq!(stage.send(ask(key)).await.0, 403, "{key}");
        let old = json!({"appKey": key, "appSecret": key.replace("hs-", "sk-")});
        let (status, _) = stage.send(message(Method::POST, "/api/realms/auth", Some(&old))).await;
        assert_eq!(status, 403, "{key}");
    }
}

#[tokio::test]
async fn only_listed_addresses_may_ask_for_a_token() {
    let stage = stage();
    let from = |mut message: Message, peer: &str| {
        message.peer = Some(peer.parse().unwrap());
        stage.send(message)
    };
    let form = || {
        let mut message = Message::new(Method::POST, "/api/oauth/token");
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        message.headers.insert(header::CONTENT_TYPE, kind);
        message.body = "grant_type=client_credentials&client_id=hs-fenced&client_secret=sk-fenced".into();
        message
    };
    let body = json!({"appKey": "hs-fenced", "appSecurity": "sk-fenced"});
    let documented = || message(Method::POST, "/api/openapi/v1/auth/getAccessToken", Some(&body));
    assert_eq!(from(form(), "10.2.0.1").await.0, 403);
    assert_eq!(from(documented(), "10.2.0.1").await.0, 403);
    assert_eq!(from(documented(), "10.1.0.1").await.0, 200);
    assert_eq!(from(form(), "10.1.0.1").await.0, 200);
}

#[tokio::test]
async fn a_token_opens_the_same_paths_and_is_renewed_once() {
    let stage = stage();
    let ask = |pairs: &str| {
        let mut message = Message::new(Method::POST, "/api/oauth/token");
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        message.headers.insert(header::CONTENT_TYPE, form);
        message.body = pairs.to_owned().into();
        message
    };
    let (status, token) =
        stage.send(ask("grant_type=client_credentials&client_id=hs-demo&client_secret=sk-demo")).await;
    assert_eq!((status, &token["token_type"]), (200, &json!("Bearer")), "{token}");
    let query = |token: &str| {
        let mut message = message(Method::GET, "/api/travel/query", None);
        let value = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
        message.headers.insert(header::AUTHORIZATION, value);
        message
    };
    let access = token["access_token"].as_str().unwrap();
    assert_eq!(stage.send(query(access)).await.0, 200);
    assert_eq!(stage.send(query("made-up")).await.0, 401);
    let renew = format!(
        "grant_type=refresh_token&client_id=hs-demo&client_secret=sk-demo&refresh_token={}",
        token["refresh_token"].as_str().unwrap()
    );
    assert_eq!(stage.send(ask(&renew)).await.0, 200);
    let (status, again) = stage.send(ask(&renew)).await;
    assert_eq!((status, &again["error"]), (400, &json!("invalid_request")), "a refresh token is used once");
    let (status, wrong) =
        stage.send(ask("grant_type=client_credentials&client_id=hs-demo&client_secret=no")).await;
    assert_eq!((status, &wrong["error"]), (401, &json!("invalid_client")));
    stage.clock.advance_seconds(2 * 60 * 60 + 1);
    assert_eq!(stage.send(query(access)).await.0, 401, "it is over");
}

#[tokio::test]
async fn the_documented_contract_keeps_its_paths() {
    let stage = stage();
    let reply = stage.face.answer(Message::new(Method::GET, "/api/openapi/v1/nowhere")).await;
    assert_eq!(reply.status, StatusCode::NOT_IMPLEMENTED);
    let reply = stage.face.answer(Message::new(Method::GET, "/api/travel/nowhere")).await;
    assert_eq!(reply.status, StatusCode::NOT_IMPLEMENTED);
    assert!(stage.workforce.epoch().await.is_ok());
}
