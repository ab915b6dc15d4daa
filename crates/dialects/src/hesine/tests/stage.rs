//! A small invented company behind a face, and requests as other programs would make them.

use std::sync::Arc;

use http::{HeaderValue, Method, header};
use serde_json::{Value, json};
use tongshi_dialect::{
    Connect, Connector, Credential, Face, MemoryTokens, Message, Promptly, Reply,
    fake::{FakeDesk, FakeWorkforce, Loopback},
};
use tongshi_model::{
    Clock, Coded, Employee, EmploymentPhase, FixedClock, Id, OrgUnit, Secret, Space, Timestamp,
};

use crate::hesine::DESCRIPTOR;

/// 2018-03-01 10:00 in Shanghai.
pub(super) const NOW: i64 = 1_519_869_600;
pub(super) const CORP: &str = "TSdemo0corp";

pub(super) struct Stage {
    pub(super) clock: Arc<FixedClock>,
    pub(super) workforce: Arc<FakeWorkforce>,
    pub(super) face: Arc<dyn Face>,
}

pub(super) fn id(name: &str) -> Id {
    Id::of(&["stage", name])
}

/// The vendor's way of writing a person's or department's id.
pub(super) fn named(name: &str) -> String {
    format!("{CORP}:{}", id(name))
}

fn person(name: &str, number: &str, unit: &str, manager: Option<&str>, phase: EmploymentPhase) -> Employee {
    Employee {
        name: name.into(),
        employee_no: Some(number.to_owned()),
        mobile: Some(format!("199000{}", number.replace("TS-", "00")).as_str().into()),
        work_email: Some(format!("{number}@Example.com").as_str().into()),
        status: Some(phase.status()),
        phase: Some(Coded::ours(phase)),
        org_unit: Some(id(unit)),
        manager: manager.map(id),
        ..Employee::default()
    }
}

/// Two departments; Lin reports to Su, Su to nobody and heads all; one who has left; two apps.
pub(super) fn company() -> Stage {
    let clock = Arc::new(FixedClock::at(Timestamp::from_second(NOW).expect("in range")));
    let workforce = FakeWorkforce::new(Arc::clone(&clock) as Arc<dyn Clock>);
    let desk = FakeDesk::new(Arc::clone(&workforce), Arc::clone(&clock) as Arc<dyn Clock>);
    desk.register("hesine", "hs-demo", "sk-demo", json!({"corporation_id": CORP, "sign_key": "sign-demo"}));
    for (key, name, parent, head) in [("d0", "总部", None, Some("su")), ("d1", "研发组", Some("d0"), None)]
    {
        let (parent, head) = (parent.map(id), head.map(id));
        let code = Some(key.to_uppercase());
        let unit = OrgUnit { name: name.to_owned(), parent, head, code, order: None };
        workforce.put(id(key), &unit).expect("kept");
    }
    for (key, employee) in [
        ("su", person("苏样本", "TS-100", "d0", None, EmploymentPhase::Regular)),
        ("lin", person("林知夏", "TS-101", "d1", Some("su"), EmploymentPhase::Regular)),
        ("left", person("离样本", "TS-102", "d1", Some("su"), EmploymentPhase::Left)),
    ] {
        workforce.put(id(key), &employee).expect("kept");
    }
    let face = (DESCRIPTOR.serve)(desk as _, Arc::clone(&clock) as Arc<dyn Clock>);
    Stage { clock, workforce, face }
}

pub(super) fn read(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap_or_default()
}

impl Stage {
    pub(super) async fn token(&self) -> String {
        let ask = json!({"appKey": "hs-demo", "appSecurity": "sk-demo"});
        let answer = self.send(Method::POST, "/api/openapi/v1/auth/getAccessToken", Some(ask)).await;
        read(&answer)["value"]["accessToken"].as_str().expect("a token").to_owned()
    }

    /// A request without a token.
    pub(super) async fn send(&self, method: Method, target: &str, body: Option<Value>) -> Reply {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut message = Message::new(method, path);
        query.clone_into(&mut message.query);
        if let Some(body) = body {
            message.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            message.body = body.to_string().into();
        }
        self.face.answer(message).await
    }

    /// A request with a token: the status and the answer.
    pub(super) async fn ask(&self, method: Method, target: &str, body: Option<Value>) -> (u16, Value) {
        let token = self.token().await;
        let mark = if target.contains('?') { '&' } else { '?' };
        let target = format!("/api/openapi{target}{mark}accessToken={token}");
        let target = target.replace("/api/openapi/api/", "/api/");
        let reply = self.send(method, &target, body).await;
        (reply.status.as_u16(), read(&reply))
    }

    pub(super) async fn get(&self, target: &str) -> Value {
        let (status, answer) = self.ask(Method::GET, target, None).await;
        assert_eq!(status, 200, "{target}: {answer}");
        answer
    }

    pub(super) async fn post(&self, target: &str, body: Value) -> Value {
        let (status, answer) = self.ask(Method::POST, target, Some(body)).await;
        assert_eq!(status, 200, "{target}: {answer}");
        answer
    }

    pub(super) async fn put(&self, target: &str, body: Value) -> Value {
        let (status, answer) = self.ask(Method::PUT, target, Some(body)).await;
        assert_eq!(status, 200, "{target}: {answer}");
        answer
    }

    /// What a refused request says.
    pub(super) async fn refused(&self, method: Method, target: &str, body: Value) -> (u16, String) {
        let (status, answer) = self.ask(method, target, Some(body)).await;
        assert_eq!(answer["errorCode"], status, "{target}: {answer}");
        (status, answer["errorMessage"].as_str().unwrap_or_default().to_owned())
    }

    /// Somebody decides; what became of it.
    pub(super) async fn decide(&self, who: &str, flow: &str, action: Value) -> Value {
        let ask = json!({"approveId": named(who), "action": action});
        let target = format!("/v1/backlog/data/[{flow}]?messageCode=debug&powerCode=TICKET_AUDIT_switch");
        let answer = self.post(&target, ask).await;
        assert_eq!((&answer["value"]["residue"], &answer["value"]["success"]), (&json!(1), &json!(0)));
        let who = named(who);
        let result = format!("/v1/backlog/data/result?approveId={who}&powerCode=TICKET_AUDIT_switch");
        self.get(&result).await["value"].clone()
    }

    pub(super) fn connector(&self, settings: Value) -> Box<dyn Connector> {
        let values = [
            ("app_key", "hs-demo"),
            ("app_secret", "sk-demo"),
            ("corporation_id", CORP),
            ("sign_key", "sign-demo"),
        ];
        let values = values.map(|(name, value)| (name.to_owned(), Secret::new(value)));
        (DESCRIPTOR.connect)(Connect {
            credential: Credential::new(values.into_iter().collect()),
            space: Space { workspace: id("workspace"), connection: id("connection") },
            settings,
            transport: Arc::new(Loopback(Arc::clone(&self.face))),
            pacer: Arc::new(Promptly),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            tokens: Arc::new(MemoryTokens::new(Arc::clone(&self.clock) as Arc<dyn Clock>)),
            stored: Arc::new(tongshi_dialect::NothingStored),
            second_transport: None,
        })
        .expect("a connector")
    }
}

/// The form of a request to go to Hangzhou.
pub(super) fn trip(title: &str) -> Value {
    let city = |key: &str, label: &str| json!([{"key": key, "label": label}]).to_string();
    json!({
        "title": title, "submitterId": named("lin"), "specificationId": "tongshi0requisition:1",
        "description": "客户拜访", "expenseDepartment": named("d1"),
        "requisitionMoney": {"standard": "1200", "standardStrCode": "CNY"}, "u_项目": "ID_demo",
        "u_行程规划": [
            {"dataLinkId": null, "dataLinkTemplateId": "tongshi0trip:train", "dataLinkForm": {
                "E_tongshi0trip_name": "北京市-杭州市", "E_tongshi0trip_出发地": city("1", "北京市"),
                "E_tongshi0trip_目的地": city("876", "杭州市"), "E_tongshi0trip_行程日期": 1_520_179_200_000_i64,
            }},
            {"dataLinkId": null, "dataLinkTemplateId": "tongshi0trip:hotel", "dataLinkForm": {
                "E_tongshi0trip_name": "杭州市", "E_tongshi0trip_住宿地": city("876", "杭州市"),
                "E_tongshi0trip_入住日期": 1_520_179_200_000_i64, "E_tongshi0trip_离店日期": 1_520_352_000_000_i64,
            }},
        ],
    })
}

/// The form of a claim over so much.
pub(super) fn claim(title: &str, amount: &str, request: Option<&str>) -> Value {
    json!({
        "title": title, "submitterId": named("lin"), "specificationId": "tongshi0expense:1",
        "expenseLink": request,
        "details": [{"feeTypeId": "train", "feeTypeForm": {
            "amount": {"standard": amount, "standardStrCode": "CNY"}, "feeDate": 1_520_179_200_000_i64,
            "invoiceForm": {"type": "exist", "invoices": [{"invoiceId": "TSdemo0corp:042000000000:00000001"}]},
            "consumptionReasons": "高铁",
        }}],
    })
}

/// The parts of an order that must be there, and some more.
pub(super) fn order(number: &str, request_no: Option<&str>) -> Value {
    json!({
        "initialOriginalOrderNo": null, "initialParentOrderNo": null, "initialOrderNo": number,
        "originalOrderNo": number, "parentOrderNo": number, "orderNo": number, "orderSummary": "北京-杭州",
        "orderDate": "1519869600000", "orderStatus": "出票", "orderCategory": "主订单", "travelType": "因公",
        "realAmount": "538.50", "bookingPlatform": "样例商旅", "orderType": "train", "trainNumber": "G7001",
        "departureStation": "北京南", "placeOfDeparture": "1", "arrivalStation": "杭州东", "destination": "876",
        "departureTime": "1520208000000", "travelPeople": [named("lin")], "applicationNo": request_no,
        "travelInfoId": null, "isExcess": "是", "excessReason": "最后一张票", "paymentMethod": "企业支付",
    })
}

/// A new document, handed in or not.
pub(super) async fn made(stage: &Stage, form: Value, commit: bool) -> String {
    let target = format!("/v2.2/flow/data?isCommit={commit}");
    let answer = stage.post(&target, json!({"form": form})).await;
    assert_eq!((&answer["value"], &answer["type"]), (&json!(""), &json!(-1)));
    answer["flow"]["id"].as_str().expect("an id").to_owned()
}

/// These fields of an answer, in this order.
pub(super) fn pick(value: &Value, names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| value.get(*name).cloned().unwrap_or_else(|| json!("absent"))).collect()
}

/// How far a document is.
pub(super) async fn state(stage: &Stage, flow: &str) -> String {
    stage.get(&format!("/v1.1/flowDetails?flowId={flow}")).await["value"]["state"]
        .as_str()
        .expect("a state")
        .to_owned()
}

/// Fields with some of them said otherwise.
pub(super) fn with(mut fields: Value, changes: Value) -> Value {
    if let (Value::Object(fields), Value::Object(changes)) = (&mut fields, changes) {
        fields.extend(changes);
    }
    fields
}
