//! The signature: vectors computed elsewhere, every place and every edge.

use http::Method;
use tongshi_dialect::{AuthFault, AuthScheme as _, Message, hmac_sha256_hex};
use tongshi_model::{Secret, Timestamp};

use super::stage::{signed, with_form, with_header};
use crate::zhiren::auth::{AccessToken, SIGNATURE_HEADER, Signature, SigningKey};

const TONCE: i64 = 1_500_000_000;

/// §1, test vectors: method, path, payload, signature.
const VECTORS: [(&str, &str, &str, &str); 3] = [
    ("GET", "/api/v2/departments", "", "e95824fcedde01556c14589c003ee838c1b11d5f6275ec3ff5d99593a198d942"),
    (
        "POST",
        "/api/v2/attendance_punches",
        r#"{"attendances":[{"empno":"NORMAL-1","punched_at":"2017-02-03 08:00"}]}"#,
        "c1a7b2dcb345b02a0239b7ab0862e2c53afbb1cf39d12305bf999408223a0caa",
    ),
    (
        "GET",
        "/api/v2/employees",
        r#"{"token":"t-1","name":"张三","pagination":{"page":1}}"#,
        "475e13528725413324675a5bb17ce0a0d85bf3f3fb6af2b45137345c806383e2",
    ),
];

fn now() -> Timestamp {
    Timestamp::from_second(TONCE).expect("in range")
}

fn key() -> SigningKey {
    Signature::key("ak-demo", &Secret::new("sk-demo"))
}

fn verify(message: &Message) -> Result<(), AuthFault> {
    Signature::claim(message).and_then(|claimed| {
        if claimed == "ak-demo" { Signature::verify(message, &key(), now()) } else { Err(AuthFault::Unknown) }
    })
}

/// A message of a vector without its signature.
fn bare(method: &str, path: &str, payload: &str, tonce: &str) -> Message {
    let mut message = Message::new(method.parse().expect("a method"), path);
    message.add_query("access_key", "ak-demo");
    message.add_query("tonce", tonce);
    if !payload.is_empty() {
        message.add_query("payload", payload);
    }
    message
}

/// A message with this tonce, rightly signed.
fn at(tonce: &str) -> Message {
    let mut message = bare("GET", "/api/v2/departments", "", tonce);
    let text = format!("GET/api/v2/departmentsak-demo{tonce}");
    message.add_query("signature", &hmac_sha256_hex(&Secret::new("sk-demo"), &[text.as_bytes()]));
    message
}

fn wrong<T: std::fmt::Debug>(outcome: &Result<T, AuthFault>) {
    assert!(matches!(outcome, Err(AuthFault::Wrong(_))), "{outcome:?}");
}

#[test]
fn vectors_are_made_and_accepted_in_header_query_and_both() {
    for (method, path, payload, signature) in VECTORS {
        let mut ours = Message::new(method.parse().expect("a method"), path);
        if !payload.is_empty() {
            ours.add_query("payload", payload);
        }
        Signature::sign(&mut ours, &key(), now());
        assert_eq!(ours.header(SIGNATURE_HEADER), Some(signature));
        assert_eq!(ours.query_value("signature"), Ok(Some(signature.into())));
        assert_eq!(verify(&ours), Ok(()));

        let bare = bare(method, path, payload, "1500000000");
        let mut in_query = bare.clone();
        in_query.add_query("signature", signature);
        assert_eq!(verify(&in_query), Ok(()));
        assert_eq!(verify(&with_header(bare.clone(), signature)), Ok(()));
        assert_eq!(verify(&with_header(in_query.clone(), signature)), Ok(()));
        // Header and query that differ are never "the one that works".
        wrong(&verify(&with_header(in_query, &"0".repeat(64))));
        // Lower case only, whole only.
        wrong(&verify(&with_header(bare.clone(), &signature.to_ascii_uppercase())));
        wrong(&verify(&with_header(bare.clone(), &signature[..62])));
        wrong(&verify(&with_header(bare, &signature.repeat(1000))));
    }
}

#[test]
fn the_payload_may_lie_in_query_form_or_body() {
    let (method, path, payload, signature) = VECTORS[1];
    let empty = with_header(bare(method, path, "", "1500000000"), signature);
    assert_eq!(verify(&with_form(empty.clone(), &[("payload", payload)])), Ok(()));
    let body = |text: &str| Message { body: text.to_owned().into(), ..empty.clone() };
    assert_eq!(verify(&body(payload)), Ok(()));
    assert_eq!(verify(&body(&format!(r#"{{"payload": {payload}}}"#))), Ok(()));
    let quoted = serde_json::to_string(payload).expect("a string");
    assert_eq!(verify(&body(&format!(r#"{{"payload":{quoted}}}"#))), Ok(()));
    wrong(&verify(&body(&format!(r#"{{"payload":{payload},"more":1}}"#))));
    wrong(&verify(&body(&payload.replace(':', ": "))));
    // In two places at once it proves nothing, even if both say the same.
    let twice = with_header(bare(method, path, payload, "1500000000"), signature);
    wrong(&verify(&with_form(twice.clone(), &[("payload", payload)])));
    wrong(&verify(&Message { body: payload.to_owned().into(), ..twice.clone() }));
    let mut repeated = twice;
    repeated.add_query("payload", payload);
    wrong(&verify(&repeated));
}

#[test]
fn an_empty_payload_is_none() {
    let (method, path, _, signature) = VECTORS[0];
    let mut message = with_header(bare(method, path, "", "1500000000"), signature);
    message.add_query("payload", "");
    assert_eq!(verify(&message), Ok(()));
    message.body = " \n".into();
    assert_eq!(verify(&message), Ok(()));
}

#[test]
fn the_window_is_five_minutes_both_ends_included() {
    for (seconds, accepted) in [(0, true), (300, true), (-300, true), (301, false), (-301, false)] {
        let outcome = verify(&at(&(TONCE + seconds).to_string()));
        assert_eq!(outcome, if accepted { Ok(()) } else { Err(AuthFault::Stale) }, "{seconds}");
    }
    // A fraction is sent by a known client: whole seconds are compared, the text is signed as it stands.
    assert_eq!(verify(&at("1500000300.9999")), Ok(()));
    assert_eq!(verify(&at("1500000301.0")), Err(AuthFault::Stale));
    assert_eq!(verify(&at("1499999700.00001")), Ok(()));
}

#[test]
fn a_tonce_is_plain_digits() {
    for tonce in [
        "١٥٠٠٠٠٠٠٠٠",
        "１５００００００００",
        "+1500000000",
        "-1500000000",
        " 1500000000",
        "1500000000 ",
        "1.5e9",
        "15e8",
        "0x59682f00",
        "1500000000.",
        ".5",
        "1500000000.0.0",
        "1500000000,5",
        "1_500_000_000",
        "NaN",
        "99999999999999999999",
    ] {
        assert_eq!(verify(&at(tonce)), Err(AuthFault::Malformed("tonce")), "{tonce}");
    }
    // Milliseconds are a time far away.
    assert_eq!(verify(&at("150000000000")), Err(AuthFault::Stale));
    assert_eq!(verify(&at("")), Err(AuthFault::Missing("tonce")));
}

#[test]
fn parts_are_missed_in_the_documented_order() {
    let message = Message::new(Method::GET, "/api/v2/departments");
    assert_eq!(Signature::claim(&message), Err(AuthFault::Missing("access_key")));
    let mut message = message;
    message.add_query("access_key", "ak-demo");
    assert_eq!(Signature::claim(&message), Err(AuthFault::Missing("signature")));
    message.add_query("signature", "00");
    assert_eq!(Signature::claim(&message), Err(AuthFault::Missing("tonce")));
    message.add_query("tonce", "1500000000");
    assert_eq!(Signature::claim(&message).as_deref(), Ok("ak-demo"));
}

#[test]
fn a_boundary_cannot_be_moved() {
    // The text that is signed stays the same; the parts do not.
    let signature = VECTORS[0].3;
    let mut moved = Message::new(Method::GET, "/api/v2/departments");
    moved.add_query("access_key", "ak-demo1");
    moved.add_query("tonce", "500000000");
    assert_eq!(verify(&with_header(moved, signature)), Err(AuthFault::Unknown));
    let mut moved = Message::new(Method::GET, "/api/v2/departmentsak");
    moved.add_query("access_key", "-demo");
    moved.add_query("tonce", "1500000000");
    assert_eq!(verify(&with_header(moved, signature)), Err(AuthFault::Unknown));
    let mut moved = Message::new(Method::GET, "/api/v2/departments");
    moved.add_query("access_key", "ak-demo");
    moved.add_query("tonce", "150000000");
    moved.add_query("payload", "0");
    assert_eq!(verify(&with_header(moved, signature)), Err(AuthFault::Stale));
}

#[test]
fn a_parameter_given_twice_is_refused() {
    for name in ["access_key", "tonce", "signature"] {
        let mut message = signed(Method::GET, "/api/v2/departments", "", now());
        let value = message.query_value(name).expect("once").expect("there").into_owned();
        message.add_query(name, &value);
        wrong(&verify(&message));
    }
    let mut message = with_header(bare("GET", "/api/v2/departments", "", "1500000000"), VECTORS[0].3);
    message.headers.append(SIGNATURE_HEADER, VECTORS[0].3.parse().expect("visible"));
    wrong(&verify(&message));
}

#[test]
fn bytes_that_are_no_utf_8_are_refused() {
    let mut message = with_header(bare("GET", "/api/v2/departments", "", "1500000000"), VECTORS[0].3);
    message.query.push_str("&payload=%ff");
    assert_eq!(verify(&message), Err(AuthFault::Malformed("payload")));
}

#[test]
fn the_path_may_have_the_mount_in_front() {
    let mut message = signed(Method::GET, "/d/zhiren/api/v2/departments", "", now());
    message.prefix = "/d/zhiren".to_owned();
    message.path = "/api/v2/departments".to_owned();
    assert_eq!(verify(&message), Ok(()));
    message.prefix = "/d/other".to_owned();
    wrong(&verify(&message));
    // The path is taken as it was requested, encoded.
    assert_eq!(verify(&signed(Method::GET, "/api/v2/employees/%E5%BC%A0", "", now())), Ok(()));
    let mut decoded = signed(Method::GET, "/api/v2/employees/%E5%BC%A0", "", now());
    decoded.path = "/api/v2/employees/张".to_owned();
    wrong(&verify(&decoded));
}

#[test]
fn the_old_node_sample_is_told_what_it_does_wrong() {
    let payload = VECTORS[2].2;
    let doubled: String =
        format!("GET/api/v2/employeesak-demo1500000000{payload}").bytes().map(char::from).collect();
    let signature = hmac_sha256_hex(&Secret::new("sk-demo"), &[doubled.as_bytes()]);
    let message = with_header(bare("GET", "/api/v2/employees", payload, "1500000000"), &signature);
    let fault = verify(&message).expect_err("refused");
    assert!(fault.to_string().contains("UTF-8-encoded twice"), "{fault}");
    assert_eq!(
        verify(&with_header(message, &"0".repeat(64))).expect_err("refused").to_string(),
        "the signature is wrong"
    );
}

#[test]
fn an_empty_secret_verifies_nothing() {
    let message = super::stage::signed_by("ak-demo", "", Method::GET, "/api/v2/departments", "", now());
    let key = Signature::key("ak-demo", &Secret::new(""));
    wrong(&Signature::verify(&message, &key, now()));
}

#[test]
fn the_explanation_gives_the_five_parts() {
    let (method, path, payload, signature) = VECTORS[2];
    let message = with_header(bare(method, path, payload, "1500000000"), signature);
    let explained = Signature::explain(&message);
    let names: Vec<&str> = explained.parts.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["method", "path", "access_key", "tonce", "payload"]);
    assert_eq!(explained.string_to_sign, format!("{method}{path}ak-demo1500000000{payload}"));
    assert_eq!(explained.received.as_deref(), Some(signature));
}

#[test]
fn an_access_token_lies_in_query_or_form() {
    let token = Secret::new("at-1");
    let mut message = Message::new(Method::GET, "/api/v2/recruitments/candidates");
    assert_eq!(AccessToken::claim(&message), Err(AuthFault::Missing("access_token")));
    let form = with_form(message.clone(), &[("access_token", "at-1")]);
    assert_eq!(AccessToken::verify(&form, &token, now()), Ok(()));
    message.add_query("access_token", "at-1");
    assert_eq!(AccessToken::verify(&message, &token, now()), Ok(()));
    assert_eq!(AccessToken::verify(&message, &Secret::new("at-2"), now()), Err(AuthFault::Unknown));
    wrong(&AccessToken::claim(&with_form(message.clone(), &[("access_token", "at-2")])));
    message.add_query("access_token", "at-1");
    wrong(&AccessToken::claim(&message));
}
