//! The digests, pinned by vectors computed elsewhere.

use http::Method;
use serde_json::Value;
use tongshi_dialect::{AuthFault, AuthScheme, Message};
use tongshi_model::{Secret, Timestamp};

use crate::waiqin::auth::{AccessKey, Algorithm, Digest, Signed, push_digest};

/// 2024-01-02 03:04:05 in Shanghai.
const THEN: i64 = 1_704_135_845;

fn signed(body: &str, algorithm: Algorithm, msg_id: &str) -> Message {
    let mut message = Message::new(Method::POST, format!("/api/employee/v2/queryEmployee/-/-/-/{msg_id}"));
    message.body = body.to_owned().into();
    let key =
        AccessKey { openid: "8437105621940127365".to_owned(), appkey: Secret::new("demo-appkey"), algorithm };
    Digest::sign(&mut message, &key, Timestamp::from_second(THEN).expect("in range"));
    message
}

/// The vectors that the programs under `crates/bench` check by hands of their own.
#[test]
fn the_vectors_that_other_programs_check() {
    let vectors: Value = serde_json::from_str(include_str!("../fixtures/vectors.json")).expect("JSON");
    let all = |kind: &str| vectors[kind].as_array().expect("vectors").clone();
    let text = |vector: &Value, name: &str| vector[name].as_str().expect("a text").to_owned();
    assert_eq!(all("digests").len(), 3);
    for vector in all("digests") {
        let algorithm = if vector["algorithm"] == "md5" { Algorithm::Md5 } else { Algorithm::Sha256 };
        let message = signed(&text(&vector, "body"), algorithm, "n-1");
        let digest = text(&vector, "digest");
        let expected =
            format!("/api/employee/v2/queryEmployee/8437105621940127365/20240102030405/{digest}/n-1");
        assert_eq!(message.path, expected);
    }
    for vector in all("pushes") {
        let secret = Secret::new(text(&vector, "pushsecret"));
        let digest = push_digest(text(&vector, "data").as_bytes(), &secret, &text(&vector, "timestamp"));
        assert_eq!(digest, text(&vector, "digest"));
    }
    for vector in all("signatures") {
        let mut message = Message::new(Method::POST, "/service/oauth/provider/getUserInfo");
        message.body = text(&vector, "body").into();
        for name in ["access_token", "timestamp", "nonce", "msg_signature"] {
            message.add_query(name, &text(&vector, name));
        }
        let milliseconds = text(&vector, "timestamp").parse().expect("a number");
        let now = Timestamp::from_millisecond(milliseconds).expect("in range");
        let key = Signed::key("", &Secret::new(text(&vector, "access_token")));
        assert_eq!(Signed::verify(&message, &key, now), Ok(()));
    }
}

#[test]
fn either_digest_is_taken_by_its_length_and_neither_by_another_hand() {
    let key = Digest::key("8437105621940127365", &Secret::new("demo-appkey"));
    let now = Timestamp::from_second(THEN + 600).expect("in range");
    for algorithm in [Algorithm::Md5, Algorithm::Sha256] {
        let message = signed("{}", algorithm, "n-1");
        assert_eq!(Digest::verify(&message, &key, now), Ok(()));
        let late = Timestamp::from_second(THEN + 601).expect("in range");
        assert_eq!(Digest::verify(&message, &key, late), Err(AuthFault::Stale));
        let upper = Message { path: message.path.replace(['a', 'b'], "A"), ..message.clone() };
        assert!(Digest::verify(&upper, &key, now).is_err());
        let nobody = Digest::key("8437105621940127365", &Secret::new(""));
        assert!(Digest::verify(&message, &nobody, now).is_err());
    }
    let odd = Message {
        path: "/api/a/v1/b/8437/2024010203040x/00/m".to_owned(),
        ..signed("{}", Algorithm::Md5, "m")
    };
    assert_eq!(Digest::verify(&odd, &key, now), Err(AuthFault::Malformed("timestamp")));
}
