//! The given document's clock-in, as its own program sends it.

use http::{HeaderValue, Method, header};
use serde_json::{Value, json};
use tongshi_dialect::{AuthFault, AuthScheme as _, Message};
use tongshi_model::{PunchSource, Secret, Timestamp};

use super::{
    attendance::office,
    stage::{KEY, NOW, SECRET, Stage, id, read},
};
use crate::dingtalk::auth::{SEED_WINDOW_SECONDS, Seed, SigningKey};

const PATH: &str = "/attendance/v1/clock/single/add";

fn key(secret: &str) -> SigningKey {
    Seed::key(KEY, &Secret::new(secret))
}

fn body(user: &str, time: i64) -> Value {
    json!({
        "user_id": user, "time": time.to_string(), "category": "NORMAL",
        "latitude": "39.908823", "longitude": "116.397470", "accuracy": "41",
    })
}

fn signed(body: &Value, secret: &str) -> Message {
    let mut message = Message::new(Method::POST, PATH);
    message.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    message.body = body.to_string().into();
    Seed::sign(&mut message, &key(secret), Timestamp::from_second(NOW).expect("in range"));
    message
}

async fn send(stage: &Stage, message: Message) -> Value {
    read(&stage.face.answer(message).await)
}

/// Computed by Python's `hmac` (specs §3.1).
#[test]
fn the_vector_of_the_document_fits() {
    let message = signed(&json!({"time": "1688737281000"}), "your_app_secret");
    let header = message.header("authorization").expect("a header");
    let expected = format!(
        "myAppKey={KEY},timestamp=1688737281000,signature=G_S9OX29a5NBDgsSMTEu7wSgyun5GOOaohSFVQMEPFg="
    );
    assert_eq!(header, expected);
    let now = Timestamp::from_millisecond(1_688_737_281_000).expect("in range");
    assert_eq!(Seed::verify(&message, &key("your_app_secret"), now), Ok(()));
}

#[tokio::test]
async fn a_clock_in_is_a_punch_with_its_place() {
    let stage = office();
    let before = stage.workforce.all_punches().len();
    let answer = send(&stage, signed(&body(&id("boss").to_string(), NOW * 1000), SECRET)).await;
    assert_eq!((&answer["errcode"], &answer["success"]), (&json!(0), &json!(true)), "{answer}");
    let punches = stage.workforce.all_punches();
    assert_eq!(punches.len(), before + 1);
    let punch = punches.last().expect("it");
    assert_eq!((punch.employee, punch.source), (id("boss"), PunchSource::Mobile));
    assert_eq!(punch.at.timestamp().as_second(), NOW);
    let detail = punch.detail.as_ref().expect("a place");
    assert_eq!((&detail["latitude"], &detail["accuracy_meters"]), (&json!(39.908823), &json!(41.0)));
    assert_eq!(detail["contract"], "sample");
    // The same again is told to be there already.
    let again = send(&stage, signed(&body(&id("boss").to_string(), NOW * 1000), SECRET)).await;
    assert_eq!(again["errcode"], 400_002);
    assert_eq!(stage.workforce.all_punches().len(), before + 1);
}

#[tokio::test]
async fn the_hubs_own_address_may_be_signed_too() {
    use base64::Engine as _;
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let stage = office();
    let body = body(&id("boss").to_string(), NOW * 1000);
    let with = |address: &str| {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key");
        mac.update(format!("{SECRET}{address}{}", NOW * 1000).as_bytes());
        let signature = base64::engine::general_purpose::URL_SAFE.encode(mac.finalize().into_bytes());
        let mut message = signed(&body, SECRET);
        (message.authority, message.prefix) =
            (Some("hub.example.com:8443".to_owned()), "/d/dingtalk".to_owned());
        let header = format!("myAppKey={KEY},timestamp={},signature={signature}", NOW * 1000);
        message.headers.insert(header::AUTHORIZATION, HeaderValue::from_str(&header).expect("a header"));
        message
    };
    let ours = send(&stage, with(&format!("https://hub.example.com:8443/d/dingtalk{PATH}"))).await;
    assert_eq!(ours["errcode"], 0, "{ours}");
    let other = send(&stage, with(&format!("https://evil.example.com{PATH}"))).await;
    assert_eq!(other["errcode"], 853_004, "{other}");
}

#[tokio::test]
async fn stale_tampered_and_unknown_are_refused_clearly() {
    let stage = office();
    let before = stage.workforce.all_punches().len();
    let boss = id("boss").to_string();
    let good = signed(&body(&boss, NOW * 1000), SECRET);
    for late in [SEED_WINDOW_SECONDS + 1, -SEED_WINDOW_SECONDS - 1] {
        let answer = send(&stage, signed(&body(&boss, (NOW - late) * 1000), SECRET)).await;
        assert_eq!(answer["errcode"], 853_002, "{answer}");
    }
    // Each character of the signature counts.
    let header = good.header("authorization").expect("a header").to_owned();
    let begin = header.find("signature=").expect("a signature") + "signature=".len();
    for at in begin..header.len() - 1 {
        let mut bytes = header.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let mut message = good.clone();
        message.headers.insert(header::AUTHORIZATION, HeaderValue::from_bytes(&bytes).expect("a header"));
        let now = Timestamp::from_second(NOW).expect("in range");
        assert!(matches!(Seed::verify(&message, &key(SECRET), now), Err(AuthFault::Wrong(_))), "at {at}");
    }
    let mut other_time = good.clone();
    other_time.body = body(&boss, NOW * 1000 - 1000).to_string().into();
    assert_eq!(send(&stage, other_time).await["errcode"], 853_004, "the time in the body is the signed one");
    assert_eq!(send(&stage, signed(&body(&boss, NOW * 1000), "some other secret")).await["errcode"], 853_004);
    let mut unknown = good.clone();
    let named = header.replace(KEY, "dingnobody");
    unknown.headers.insert(header::AUTHORIZATION, HeaderValue::from_str(&named).expect("a header"));
    assert_eq!(send(&stage, unknown).await["errcode"], 40014);
    let mut bare = good;
    bare.headers.remove(header::AUTHORIZATION);
    assert_eq!(send(&stage, bare).await["errcode"], 40035);
    assert_eq!(send(&stage, signed(&body("nobody", NOW * 1000), SECRET)).await["errcode"], 33012);
    let mut astray = body(&boss, NOW * 1000);
    astray["latitude"] = json!("91");
    assert_eq!(send(&stage, signed(&astray, SECRET)).await["errcode"], 40035);
    assert_eq!(stage.workforce.all_punches().len(), before);
}
