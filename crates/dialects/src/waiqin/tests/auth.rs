//! The digests, pinned by vectors computed elsewhere.

use http::Method;
use tongshi_dialect::{AuthFault, AuthScheme, Message};
use tongshi_model::{Secret, Timestamp};

use crate::waiqin::auth::{AccessKey, Algorithm, Digest};

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

/// specs/waiqin.md §B1.
#[test]
fn the_vectors_of_the_specification() {
    let vectors = [
        (r#"{"emp_status":"1"}"#, Algorithm::Md5, "68c1d25dbe355443f0492048e24efade"),
        (r#"{"org_name":"研发部"}"#, Algorithm::Md5, "f9df4098be2c2b38d657adcd31e4cebf"),
        (
            r#"{"emp_status":"1"}"#,
            Algorithm::Sha256,
            "a4dec49fd5452b233a31dd461b72b9f98d65cbd6f2574acc91e09fef39855ca1",
        ),
    ];
    for (body, algorithm, digest) in vectors {
        let message = signed(body, algorithm, "n-1");
        let expected =
            format!("/api/employee/v2/queryEmployee/8437105621940127365/20240102030405/{digest}/n-1");
        assert_eq!(message.path, expected);
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
