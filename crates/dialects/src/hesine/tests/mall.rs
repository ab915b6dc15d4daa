//! Bills of the mall, tickets, and bills of suppliers.

use http::{HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};
use tongshi_dialect::{Message, Reply};
use tongshi_model::SupplierBill;

use super::stage::{NOW, Stage, claim, company, made, named, order, read, trip, with};

const LIST: &str = "/api/mall-openapi/open-api/finance/bill/findPageDataBillId";
const GET: &str = "/api/mall-openapi/open-api/finance/bill/findBillDetailById";
const TICKET: &str = "/api/mall-openapi/open-api/flight/ticket/journey/query";

async fn send(stage: &Stage, path: &str, token: Option<&str>, body: Value) -> Reply {
    let mut message = Message::new(Method::POST, path);
    message.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(token) = token {
        let value = HeaderValue::from_str(&format!("Bearer {token}")).expect("a header");
        message.headers.insert(header::AUTHORIZATION, value);
    }
    message.body = body.to_string().into();
    stage.face.answer(message).await
}

/// A question with a token of an app of the company's own.
async fn ask(stage: &Stage, path: &str, body: Value) -> Value {
    let key = json!({"appKey": "hs-demo", "appSecret": "sk-demo"});
    let token = stage.send(Method::POST, "/api/openapi/v1/auth/getAppAccessToken", Some(key)).await;
    let token = read(&token)["value"]["accessToken"].as_str().expect("a token").to_owned();
    let reply = send(stage, path, Some(&token), body).await;
    assert_eq!(reply.status, StatusCode::OK);
    stage.clock.advance(std::time::Duration::from_secs(1));
    read(&reply)
}

fn month() -> Value {
    json!({"startTime": (NOW - 86_400) * 1000, "endTime": (NOW + 86_400) * 1000, "page": 1, "size": 10, "requestId": "r-1"})
}

/// A flight, a train, and one that the traveller pays.
async fn booked(stage: &Stage) -> String {
    let flow = made(stage, trip("去杭州"), true).await;
    let number =
        stage.get(&format!("/v1.1/flowDetails?flowId={flow}")).await["value"]["form"]["code"].clone();
    let flight = with(
        order("TSF-1", None),
        json!({
            "orderType": "flight", "flightNumber": "XX1001", "ticketNumber": "000-1", "applicationNo": number,
            "bookingPeople": named("lin"), "taxTotalPrice": "50.00", "serviceFee": "8.00",
            "departureAirport": "样例机场", "arrivalAirport": "杭州机场", "cabinType": "Y",
        }),
    );
    let own = with(order("TSO-2", None), json!({"paymentMethod": "个人支付"}));
    let orders = json!({"data": [flight, order("TSO-1", None), own]});
    stage.post("/v1/travel/costCenter/synTravelOrder", orders).await;
    flow
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

#[tokio::test]
async fn what_the_company_pays_for_is_a_bill() {
    let stage = company();
    booked(&stage).await;
    let all = ask(&stage, LIST, month()).await;
    assert_eq!(
        (&all["status"], &all["msg"], &all["requestId"]),
        (&json!("00000"), &json!("请求成功"), &json!("r-1"))
    );
    assert_eq!(
        (&all["data"]["totalCount"], all["data"]["items"].as_array().map(Vec::len)),
        (&json!(2), Some(2))
    );
    let flights = ask(&stage, LIST, with(month(), json!({"productTypeId": 2}))).await["data"].clone();
    assert_eq!(flights["totalCount"], 1);
    assert_eq!(ask(&stage, LIST, with(month(), json!({"productTypeId": 8}))).await["data"]["totalCount"], 0);
    let second = ask(&stage, LIST, with(month(), json!({"page": 2, "size": 1}))).await["data"].clone();
    assert_eq!(second, json!({"totalCount": 2, "items": [all["data"]["items"][1]]}));
    let numbers = json!({"data": [flights["items"][0], 7], "requestId": "r-2"});
    let bills = ask(&stage, GET, numbers).await["data"].clone();
    assert_eq!(bills.as_array().map(Vec::len), Some(1), "a number that means none is left out");
    for (field, value) in [
        ("productTypeName", json!("机票")),
        ("orderNo", json!("TSF-1")),
        ("ticketStatusName", json!("出票")),
        ("travelNum", json!("XX1001")),
        ("travelName", json!("样例机场-杭州机场")),
        ("departTime", json!("2018-03-05 08:00")),
        ("bookingTime", json!("2018-03-01 10:00:00")),
        ("booker", json!("林知夏")),
        ("bookerAllDept", json!("总部/研发组")),
        ("travelEndDept", json!("研发组")),
        ("totalPrice", json!(538.5)),
        ("taxationPrice", json!(50.0)),
        ("ticketPrice", json!(480.5)),
        ("creditPayMoney", json!(538.5)),
        ("applyName", json!("去杭州")),
        ("legalEntity", Value::Null),
    ] {
        assert_eq!(bills[0][field], value, "{field}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_question_about_bills_is_told_inside() {
    let stage = company();
    for changes in [
        json!({"page": 0}),
        json!({"size": 51}),
        json!({"productTypeId": 9}),
        json!({"endTime": null}),
        json!({"endTime": (NOW + 40 * 86_400) * 1000}),
        json!({"requestId": ""}),
    ] {
        let answer = ask(&stage, LIST, with(month(), changes.clone())).await;
        assert!(answer["status"] == "S500" && answer["data"].is_null(), "{changes}: {answer}");
    }
    assert_eq!(ask(&stage, GET, json!({"requestId": "r"})).await["status"], "S500");
    for token in [None, Some("nonsense")] {
        let reply = send(&stage, LIST, token, month()).await;
        assert_eq!((reply.status, &read(&reply)["msg"]), (StatusCode::UNAUTHORIZED, &json!("请先登录")));
        let reply = send(&stage, TICKET, token, json!({"queryCode": "a-b-c", "requestId": "r"})).await;
        assert_eq!((reply.status, &read(&reply)["errorCode"]), (StatusCode::OK, &json!(401)));
    }
}

#[tokio::test]
async fn five_questions_about_bills_are_answered_in_a_second() {
    let stage = company();
    let token = stage.token().await;
    for place in 0..6 {
        let reply = send(&stage, LIST, Some(&token), month()).await;
        let status = if place < 5 { StatusCode::OK } else { StatusCode::TOO_MANY_REQUESTS };
        assert_eq!(reply.status, status, "question {place}");
    }
    stage.clock.advance(std::time::Duration::from_secs(1));
    assert_eq!(send(&stage, LIST, Some(&token), month()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_ticket_is_found_by_order_number_ticket_number_and_traveller() {
    let stage = company();
    booked(&stage).await;
    let found = async |code: &str| ask(&stage, TICKET, json!({"queryCode": code, "requestId": "r-3"})).await;
    let good = found(&format!("TSF-1-000-1-{}", named("lin"))).await;
    assert_eq!(
        (&good["code"], &good["errorCode"], &good["requestId"]),
        (&json!(200), &Value::Null, &json!("r-3"))
    );
    assert_eq!(
        good["data"],
        json!([{"ticketNo": "000-1", "ticketStatus": 2, "ticketStatusDesc": "已出票", "flightNo": "XX1001",
            "journeyCity": "样例机场-杭州机场", "journeyCityCode": "1-876"}])
    );
    for (code, why) in [
        ("", "查询参数不能为空!"),
        ("TSF", "查询参数格式错误!"),
        ("TSF-1", "查询参数格式错误!"),
        ("TSF-1-000-1-", "人员id不能为空"),
    ] {
        let bad = found(code).await;
        assert_eq!(
            (&bad["code"], &bad["errorCode"], &bad["errorMsg"]),
            (&Value::Null, &json!(500), &json!(why))
        );
    }
    for code in
        [format!("TSF-1-000-1-{}", named("su")), format!("TSF-1-000-2-{}", named("lin")), "a-b-c".to_owned()]
    {
        assert_eq!(found(&code).await["errorMsg"], "订单信息不存在", "{code}");
    }
}

#[tokio::test]
async fn a_suppliers_bill_is_opened_once_and_written_row_by_row() {
    let stage = company();
    let flow = booked(&stage).await;
    let suppliers = stage.get("/v1/checking/supplier/account/list").await["items"].clone();
    let supplier = &suppliers[0];
    assert_eq!((suppliers.as_array().map(Vec::len), &supplier["name"]), (Some(1), &json!("样例商旅")));
    let category = supplier["categoryIds"][0]["id"].clone();
    let period = json!({"supplierAccountId": supplier["id"], "startTime": "1519833600000", "endTime": 1_522_511_999_000_i64});
    let told = async |target: &str, body: Value| stage.post(target, body).await["value"].clone();
    let open = "/v1/checking/createCheckingBill";
    for (changes, why) in [
        (json!({"supplierAccountId": ""}), "供应商账户Id不能为空"),
        (json!({"startTime": null}), "账期开始时间不能为空"),
        (json!({"endTime": null}), "账期结束时间不能为空"),
        (json!({"endTime": "1519833600000"}), "账期结束时间不能为空"),
    ] {
        let bad = told(open, with(period.clone(), changes)).await;
        assert_eq!((&bad["success"], &bad["msg"]), (&json!(false), &json!(why)));
    }
    let unknown = told(open, with(period.clone(), json!({"supplierAccountId": "nobody"}))).await;
    assert!(unknown["msg"].as_str().is_some_and(|why| why.contains("不存在，请核查")), "{unknown}");
    let bill = told(open, period.clone()).await;
    assert_eq!(
        (&bill["success"], &bill["msg"], &bill["name"]),
        (&json!(true), &json!(""), &json!("2018-03"))
    );
    assert_eq!(told(open, period).await["id"], bill["id"], "the same period is the same bill");
    let write = "/v1/checking/importCheckingBill";
    let rows = |rows: Value| json!({"checkingBillId": bill["id"], "categoryId": category, "checkingBillDetails": rows});
    let row =
        json!({"对账单ID": "TSB-1", "订单号": "TSF-1", "合计": "538.50", "出行人": "林知夏", "数量": 1});
    for (body, why) in [
        (rows(json!([])), "账单明细不能为空"),
        (rows(vec![row.clone(); 101].into()), "账单明细单次不能超过100条"),
        (with(rows(json!([row])), json!({"checkingBillId": "x"})), "账期不存在， 请核查"),
        (with(rows(json!([row])), json!({"categoryId": "x"})), "供应商品类不存在，请核查"),
        (rows(json!([row, with(row.clone(), json!({"合计": "viel"}))])), "第1条明细的合计不是金额"),
    ] {
        let bad = told(write, body).await;
        assert_eq!((&bad["success"], &bad["msg"]), (&json!(false), &json!(why)));
    }
    let kept = || stage.workforce.all::<SupplierBill>().expect("read").pop().expect("one").1;
    assert_eq!(kept().lines.len(), 0, "of a call that is refused nothing is kept");
    let nameless = json!({"订单号": "TSO-9", "合计": 12});
    assert_eq!(told(write, rows(json!([row, nameless]))).await["success"], true);
    let changed = json!({"对账单ID": "TSB-1", "合计": "500"});
    assert_eq!(told(write, rows(json!([changed]))).await["success"], true);
    let lines = kept().lines;
    assert_eq!(lines.len(), 2, "a row that is there is changed");
    let first = &lines[0];
    assert_eq!(
        (first.amount.map(|money| money.minor), first.order_no.as_deref()),
        (Some(50_000), Some("TSF-1"))
    );
    assert_eq!(first.cells.expose().get("数量").map(String::as_str), Some("1"), "what is not said stays");
    assert!(first.booking.is_some(), "it finds the order that it wants money for");
    assert!(lines[1].booking.is_none() && lines[1].reference.ends_with("-2"));
    // The claim that settles the order is the bill's.
    let flows = async || {
        stage.get(&format!("/v1/getFlowByCheckingId?checkingBillId={}", text(&bill["id"]))).await["items"]
            .clone()
    };
    assert_eq!(flows().await, json!([]));
    let order = first.booking.expect("found").to_string();
    let mut form = claim("报销", "538.50", Some(&flow));
    form["details"][0]["feeTypeForm"]["u_订单"] = json!([order]);
    let settles = made(&stage, form, true).await;
    assert_eq!(flows().await[0]["id"], settles);
    assert_eq!(stage.get("/v1/getFlowByCheckingId?checkingBillId=x").await["items"], json!([]));
}
