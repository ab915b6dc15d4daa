//! Tokens: for a client, and for a person by way of a code.

use http::{HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};
use tongshi_dialect::{Message, Reply};

use super::stage::{BACK, CREDENTIALS, Session, Stage, company, form, id, read};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

async fn token(stage: &Stage, change: &[(&str, &str)]) -> (u16, Value) {
    let mut pairs = CREDENTIALS.to_vec();
    for (name, value) in change {
        pairs.retain(|(known, _)| known != name);
        if !value.is_empty() {
            pairs.push((name, value));
        }
    }
    let reply = stage.ask(form("/oauth/token", &pairs)).await;
    (reply.status.as_u16(), read(&reply))
}

#[tokio::test]
async fn a_client_gets_a_token_and_is_told_who_it_is() {
    let stage = company();
    let (status, answer) = token(&stage, &[]).await;
    assert_eq!((status, &answer["token_type"], &answer["expires_in"]), (200, &json!("Bearer"), &json!(3600)));
    let service = stage.service().await;
    let (status, me) = service.get("/api/v1/users/me").await;
    assert_eq!(
        (status, &me["displayName"], &me["type"]),
        (200, &json!("wh-demo"), &json!("service_account"))
    );
    let (_, me) = stage.person("lin").get("/api/v1/users/me").await;
    assert_eq!((&me["displayName"], &me["department"]), (&json!("林知夏"), &json!("研发组")));
}

#[tokio::test]
async fn each_refusal_of_a_token_has_its_word_and_status() {
    let stage = company();
    for (change, status, word) in [
        (&[("grant_type", "password")][..], 400, "invalid_grant"),
        (&[("grant_type", "")], 400, "invalid_request"),
        (&[("client_secret", "wrong")], 401, "invalid_client"),
        (&[("client_secret", "")], 401, "invalid_client"),
        (&[("client_id", "made-up")], 401, "invalid_client"),
        (&[("client_id", "wh-off"), ("client_secret", "sk-off")], 401, "invalid_client"),
        (&[("tenant_id", "another")], 400, "invalid_request"),
        (&[("grant_type", "authorization_code")], 400, "invalid_request"),
        (&[("grant_type", "authorization_code"), ("code", "made-up")], 400, "invalid_grant"),
    ] {
        let (found, answer) = token(&stage, change).await;
        assert_eq!((found, &answer["error"]), (status, &json!(word)), "{change:?}");
        assert!(answer["error_description"].as_str().is_some_and(|text| !text.is_empty()));
    }
    let json = Message { body: "{}".into(), ..Message::new(Method::POST, "/oauth/token") };
    assert_eq!(stage.ask(json).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_client_may_also_name_itself_in_the_header() {
    let stage = company();
    // printf 'wh-demo:sk-demo' | base64
    let basic = async |value: &'static str, pairs: &[(&str, &str)]| {
        let mut message = form("/oauth/token", pairs);
        message.headers.insert(header::AUTHORIZATION, HeaderValue::from_static(value));
        stage.ask(message).await
    };
    let grant = [("grant_type", "client_credentials")];
    assert_eq!(basic("Basic d2gtZGVtbzpzay1kZW1v", &grant).await.status, StatusCode::OK);
    let wrong: Reply = basic("Basic d2gtZGVtbzp3cm9uZw==", &grant).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(wrong.headers.contains_key(header::WWW_AUTHENTICATE));
    assert_eq!(basic("Basic d2gtZGVtbzpzay1kZW1v", &CREDENTIALS).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(basic("Basic ???", &grant).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(basic("Bearer at", &grant).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn without_a_good_token_nothing_is_told() {
    let stage = company();
    let bare = stage.ask(Message::new(Method::GET, "/api/v1/users")).await;
    assert_eq!(bare.status, StatusCode::UNAUTHORIZED);
    assert!(bare.headers.contains_key(header::WWW_AUTHENTICATE));
    let made_up = Session { stage: &stage, token: "made-up".to_owned() };
    assert_eq!(made_up.get("/api/v1/users/me").await.0, 401);
    let service = stage.service().await;
    stage.clock.advance_seconds(3600);
    let (status, answer) = service.get("/api/v1/users/me").await;
    assert_eq!((status, &answer["error"]), (401, &json!("unauthorized")));
}

fn query(change: &[(&str, &str)]) -> Message {
    let mut pairs = vec![
        ("response_type", "code"),
        ("client_id", "wh-demo"),
        ("redirect_uri", BACK),
        ("state", "状态 1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in change {
        pairs.retain(|(known, _)| known != name);
        pairs.push((name, value));
    }
    let mut message = Message::new(Method::GET, "/oauth/authorize");
    for (name, value) in pairs {
        message.add_query(name, value);
    }
    message
}

fn step_of(page: &Reply) -> String {
    let text = String::from_utf8_lossy(&page.body).into_owned();
    let (_, rest) = text.split_once("name=\"step\" value=\"").expect("a step");
    rest.split('"').next().unwrap_or_default().to_owned()
}

fn back(reply: &Reply) -> Vec<(String, String)> {
    assert_eq!(reply.status, StatusCode::FOUND);
    let url = reply.headers[header::LOCATION].to_str().expect("an address");
    let query = url.strip_prefix(BACK).expect("the registered address");
    form_urlencoded::parse(query.trim_start_matches('&').as_bytes()).into_owned().collect()
}

/// Signs Lin in and agrees.
async fn code(stage: &Stage) -> String {
    let page = stage.ask(query(&[])).await;
    let step = step_of(&page);
    let wrong = [("step", &*step), ("login", "TS-101"), ("password", "1")];
    let again = stage.ask(form("/oauth/authorize", &wrong)).await;
    assert!(String::from_utf8_lossy(&again.body).contains("role=\"alert\""));
    let sign_in = [("step", &*step), ("login", "TS-101"), ("password", "19900000101")];
    let consent = stage.ask(form("/oauth/authorize", &sign_in)).await;
    assert!(String::from_utf8_lossy(&consent.body).contains("林知夏"));
    let step = step_of(&consent);
    let pairs = back(&stage.ask(form("/oauth/authorize", &[("step", &step), ("decision", "allow")])).await);
    assert_eq!(pairs[1], ("state".to_owned(), "状态 1".to_owned()));
    pairs[0].1.clone()
}

#[tokio::test]
async fn a_code_becomes_a_persons_token_once_and_with_its_verifier_only() {
    let stage = company();
    let code = code(&stage).await;
    let redeem = async |change: &[(&str, &str)]| {
        let mut pairs = vec![
            ("grant_type", "authorization_code"),
            ("code", &*code),
            ("redirect_uri", BACK),
            ("code_verifier", VERIFIER),
        ];
        pairs.retain(|(name, _)| !change.iter().any(|(known, _)| known == name));
        pairs.extend(change);
        token(&stage, &pairs).await
    };
    for change in [
        &[("code_verifier", "another-verifier-that-is-long-enough-to-be-one")][..],
        &[("code_verifier", "")],
        &[("redirect_uri", "https://app.example.com/elsewhere")],
        &[("client_id", "wh-other"), ("client_secret", "sk-other")],
    ] {
        assert_eq!(redeem(change).await.1["error"], "invalid_grant", "{change:?}");
    }
    let (status, answer) = redeem(&[]).await;
    assert_eq!(status, 200, "what failed did not burn it");
    let token = answer["access_token"].as_str().expect("a token").to_owned();
    let (_, me) = Session { stage: &stage, token }.get("/api/v1/users/me").await;
    assert_eq!(me["id"], id("lin").to_string());
    assert_eq!(redeem(&[]).await.1["error"], "invalid_grant", "used");
}

#[tokio::test]
async fn a_code_that_nobody_redeems_ends() {
    let stage = company();
    let code = code(&stage).await;
    stage.clock.advance_seconds(300);
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", BACK),
        ("code_verifier", VERIFIER),
    ];
    assert_eq!(token(&stage, &pairs).await.1["error"], "invalid_grant");
}

#[tokio::test]
async fn a_foreign_address_gets_nothing_and_a_registered_one_the_reason() {
    let stage = company();
    for change in [
        ("client_id", "made-up"),
        ("client_id", "wh-off"),
        ("redirect_uri", "https://evil.example/"),
        ("redirect_uri", "http://app.example.com/back?x=1"),
        ("redirect_uri", ""),
    ] {
        let reply = stage.ask(query(&[change])).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{change:?}");
        assert!(!reply.headers.contains_key(header::LOCATION));
    }
    for (change, error) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("response_type", ""), "invalid_request"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
    ] {
        assert_eq!(back(&stage.ask(query(&[change])).await)[0], ("error".to_owned(), error.to_owned()));
    }
    let long = "x".repeat(1025);
    let pairs = back(&stage.ask(query(&[("state", &long)])).await);
    assert!(pairs.iter().all(|(name, _)| name != "state"));
}

#[tokio::test]
async fn whoever_does_not_agree_sends_no_code() {
    let stage = company();
    let step = step_of(&stage.ask(query(&[])).await);
    let sign_in = [("step", &*step), ("login", "TS-101"), ("password", "19900000101")];
    let step = step_of(&stage.ask(form("/oauth/authorize", &sign_in)).await);
    let pairs = [("step", &*step), ("decision", "deny")];
    assert_eq!(back(&stage.ask(form("/oauth/authorize", &pairs)).await)[0].1, "access_denied");
    assert_eq!(stage.ask(form("/oauth/authorize", &pairs)).await.status, StatusCode::BAD_REQUEST, "used up");
}
