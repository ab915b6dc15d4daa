//! Pushes, made and read: one side against the other, and against a digest made by another hand.

use http::{HeaderValue, Method, header};
use md5::{Digest as _, Md5};
use serde_json::{Value, json};
use tongshi_dialect::{Connector, EventAsk, Incoming, Message, Record, Workforce as _};
use tongshi_model::{Clock as _, Employee, ErrorKind, Kind, Secret, SeededRandomness};

use super::stage::{OPENID, Stage, TENANT, company, id};
use crate::waiqin::DESCRIPTOR;

fn connector(stage: &Stage) -> Box<dyn Connector> {
    let account = [
        ("openid", OPENID),
        ("appkey", "demo-appkey"),
        ("pushid", "pu-demo"),
        ("pushsecret", "push-demo"),
        ("tenant_id", TENANT),
    ];
    stage.connector(&account, json!({}))
}

fn made(stage: &Stage, topic: &str, record: &Record) -> Option<Message> {
    let events = DESCRIPTOR.events.expect("it tells of changes");
    let settings = json!({"tenant_id": TENANT});
    let secret = Secret::new("push-demo");
    let ask = EventAsk {
        topic,
        record: Some(record),
        before: None,
        address: "https://app.example.com/hooks?x=1",
        settings: &settings,
        key: Some(("pu-demo", &secret)),
        id: "msg_1",
        now: stage.clock.now(),
        randomness: &SeededRandomness::new(1),
    };
    events.make(&ask).map(|message| message.expect("a message"))
}

fn fields(message: &Message) -> Value {
    let pairs = form_urlencoded::parse(&message.body);
    Value::Object(pairs.map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect())
}

async fn lin(stage: &Stage) -> Record {
    stage.workforce.get(Kind::Employee, id("lin")).await.expect("an answer").expect("somebody")
}

#[tokio::test]
async fn a_change_is_told_as_the_vendor_tells_it_and_read_back() {
    let stage = company();
    let record = lin(&stage).await;
    let message = made(&stage, "updated", &record).expect("a push");
    assert_eq!((message.path.as_str(), message.query.as_str()), ("/hooks", "x=1"));
    let said = fields(&message);
    let text = |name: &str| said[name].as_str().expect("a text").to_owned();
    assert_eq!((&*text("msgId"), &*text("dataType"), &*text("dataVersion")), ("msg_1", "employee", "001"));
    assert_eq!((&*text("dataFormat"), &*text("dataSource"), &*text("status")), ("json", "biz", "0"));
    assert_eq!((text("dataId"), text("tenantId")), (id("lin").to_string(), TENANT.to_owned()));
    assert_eq!(text("timestamp"), "1519869600000");
    let by_hand = Md5::digest(format!("{}|push-demo|1519869600000", text("data")));
    assert_eq!(text("digest"), hex::encode(by_hand));

    let connector = connector(&stage);
    let incoming = connector.receive(&message).expect("it takes pushes").expect("it is right");
    let [Incoming::Row(Kind::Employee, row)] = &*incoming else { panic!("one row") };
    let draft = connector.read(Kind::Employee, row).expect("a draft");
    let employee: Employee = serde_json::from_str(&draft.doc).expect("an employee");
    assert_eq!(employee.employee_no.as_deref(), Some("TS-101"));
    let gone = made(&stage, "deleted", &record).expect("a push");
    let incoming = connector.receive(&gone).expect("it takes pushes").expect("it is right");
    assert!(matches!(&*incoming, [Incoming::Gone(Kind::Employee, who)] if *who == id("lin").to_string()));
    assert!(made(&stage, "visit.notified", &record).is_none());
}

#[tokio::test]
async fn what_cannot_be_proven_is_not_believed() {
    let stage = company();
    let connector = connector(&stage);
    let fine = fields(&made(&stage, "updated", &lin(&stage).await).expect("a push"));
    let receive = |change: &dyn Fn(&mut Value)| {
        let mut said = fine.clone();
        change(&mut said);
        let mut message = Message::new(Method::POST, "/hooks");
        message
            .headers
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let pairs = said.as_object().expect("fields").iter();
        let pairs = pairs.map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()));
        message.body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into();
        connector.receive(&message).expect("it takes pushes").map_err(|error| error.kind().clone())
    };
    let sign = |said: &mut Value| {
        let text =
            format!("{}|push-demo|{}", said["data"].as_str().unwrap(), said["timestamp"].as_str().unwrap());
        said["digest"] = hex::encode(Md5::digest(text)).into();
    };
    let count = |change: &dyn Fn(&mut Value)| receive(change).map(|incoming| incoming.len());
    assert_eq!(count(&|_| ()), Ok(1));
    let refused = Err(ErrorKind::Unauthenticated);
    assert_eq!(count(&|said| said["data"] = "{}".into()), refused);
    assert_eq!(count(&|said| said["timestamp"] = "1519869600001".into()), refused);
    assert_eq!(count(&|said| said["digest"] = "".into()), refused);
    assert_eq!(count(&|said| said["tenantId"] = "1".into()), refused, "another company's");
    let old = |said: &mut Value| {
        said["timestamp"] = (1_519_869_600_000i64 - 12 * 86_400_000).to_string().into();
        sign(said);
    };
    assert_eq!(count(&old), refused, "older than the vendor tries");
    let custom = |said: &mut Value| said["dataType"] = "custom".into();
    assert_eq!(count(&custom), Ok(0), "what is not looked at is taken");
    let several = |said: &mut Value| {
        let row = said["data"].as_str().unwrap().to_owned();
        said["data"] = format!("[{row},{row}]").into();
        sign(said);
    };
    assert_eq!(count(&several), Ok(2));
    let broken = |said: &mut Value| {
        said["data"] = "{\"id\":".into();
        sign(said);
    };
    assert!(matches!(receive(&broken), Err(ErrorKind::Invalid(_))));
    let silent = stage.connector(&[("openid", OPENID), ("appkey", "demo-appkey")], json!({}));
    assert!(
        silent.receive(&Message::new(Method::POST, "/hooks")).is_none(),
        "without a secret none is taken"
    );
}
