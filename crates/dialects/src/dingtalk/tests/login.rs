//! Sign-in on the web and within the app.

use http::{Method, StatusCode, header};
use serde_json::{Value, json};
use tongshi_dialect::{Message, Reply};

use super::stage::{BACK, CORP, KEY, SECRET, Stage, company, company_with, id, read};
use crate::dingtalk::auth::{TOKEN_HEADER, signature};

async fn browse(stage: &Stage, pairs: &[(&str, &str)]) -> Reply {
    let mut message = Message::new(Method::GET, "/oauth2/auth");
    for (name, value) in pairs {
        message.add_query(name, value);
    }
    stage.face.answer(message).await
}

async fn submit(stage: &Stage, pairs: &[(&str, &str)]) -> Reply {
    let form = [(header::CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded")];
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    stage.send(Method::POST, "/oauth2/auth", &form, &body).await
}

fn step_of(reply: &Reply) -> String {
    let page = String::from_utf8_lossy(&reply.body);
    let rest = page.split_once("name=\"step\" value=\"").expect("a step").1;
    rest.split_once('"').expect("its end").0.to_owned()
}

fn location(reply: &Reply) -> String {
    assert_eq!(reply.status, StatusCode::FOUND);
    reply.headers[header::LOCATION].to_str().expect("an address").to_owned()
}

pub(super) fn pair(location: &str, name: &str) -> Option<String> {
    let query = location.split_once('?').expect("a query").1;
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

const ASK: &[(&str, &str)] = &[
    ("redirect_uri", BACK),
    ("response_type", "code"),
    ("client_id", KEY),
    ("scope", "openid corpid"),
    ("prompt", "consent"),
    ("state", "s 1"),
];

pub(super) async fn signed_in(stage: &Stage, decision: &str) -> String {
    let page = browse(stage, ASK).await;
    let wrong = submit(stage, &[("step", &step_of(&page)), ("login", "TS-101"), ("password", "1")]).await;
    assert!(String::from_utf8_lossy(&wrong.body).contains("role=\"alert\""));
    let ask = [("step", &*step_of(&page)), ("login", "TS-101"), ("password", "19900000101")];
    let consent = submit(stage, &ask).await;
    assert!(String::from_utf8_lossy(&consent.body).contains("林知夏"));
    location(&submit(stage, &[("step", &step_of(&consent)), ("decision", decision)]).await)
}

async fn exchange(stage: &Stage, body: Value) -> (StatusCode, Value) {
    let json = [(header::CONTENT_TYPE.as_str(), "application/json")];
    let reply = stage.send(Method::POST, "/v1.0/oauth2/userAccessToken", &json, &body.to_string()).await;
    (reply.status, read(&reply))
}

#[tokio::test]
async fn a_person_signs_in_agrees_and_is_known_by_a_code() {
    let stage = company();
    let back = signed_in(&stage, "allow").await;
    assert!(back.starts_with("https://app.example.com/back?x=1&"));
    let code = pair(&back, "code").expect("a code");
    assert_eq!((pair(&back, "authCode"), pair(&back, "state")), (Some(code.clone()), Some("s 1".to_owned())));
    let ask =
        json!({"clientId": KEY, "clientSecret": SECRET, "grantType": "authorization_code", "code": code});
    let wrong =
        json!({"clientId": KEY, "clientSecret": "x", "grantType": "authorization_code", "code": code});
    assert_eq!(exchange(&stage, wrong).await.1["code"], "invalidClientIdOrSecret");
    let (_, tokens) = exchange(&stage, ask.clone()).await;
    assert_eq!((&tokens["expireIn"], &tokens["corpId"]), (&json!(7200), &json!(CORP)));
    // A code is good once.
    assert_eq!(exchange(&stage, ask).await.1["code"], "invalidParameter.authCode.notFound");
    let me = |token: &str| {
        let token = token.to_owned();
        let stage = &stage;
        async move { stage.send(Method::GET, "/v1.0/contact/users/me", &[(TOKEN_HEADER, &token)], "").await }
    };
    let profile = read(&me(tokens["accessToken"].as_str().expect("a token")).await);
    assert_eq!((&profile["nick"], &profile["mobile"]), (&json!("林知夏"), &json!("19900000101")));
    assert!(profile.get("userid").is_none());
    let found = stage.result("/topapi/user/getbyunionid", json!({"unionid": profile["unionId"]})).await;
    assert_eq!(found["userid"], json!(id("lin").to_string()));
    stage.clock.advance_seconds(7_201);
    let over = me(tokens["accessToken"].as_str().expect("a token")).await;
    assert_eq!(over.status, StatusCode::BAD_REQUEST);
    let refresh = json!({
        "clientId": KEY, "clientSecret": SECRET, "grantType": "refresh_token", "refreshToken": tokens["refreshToken"],
    });
    let (status, fresh) = exchange(&stage, refresh).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(me(fresh["accessToken"].as_str().expect("a token")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn refusals_go_back_and_strangers_nowhere() {
    let stage = company();
    let back = signed_in(&stage, "deny").await;
    assert_eq!((pair(&back, "error"), pair(&back, "code")), (Some("access_denied".to_owned()), None));
    let changed = |name: &str, value: &'static str| {
        ASK.iter().map(|(known, old)| (*known, if *known == name { value } else { *old })).collect::<Vec<_>>()
    };
    for (name, value) in
        [("client_id", "nobody"), ("redirect_uri", "https://evil.example/"), ("redirect_uri", "")]
    {
        let reply = browse(&stage, &changed(name, value)).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{name}");
        assert!(!reply.headers.contains_key(header::LOCATION));
    }
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("scope", "everything", "invalid_scope"),
        ("state", "a\u{7}b", "invalid_request"),
    ] {
        let back = location(&browse(&stage, &changed(name, value)).await);
        assert_eq!(pair(&back, "error").as_deref(), Some(error));
    }
    let old = submit(&stage, &[("step", "dingdemo.made-up"), ("decision", "allow")]).await;
    assert_eq!(old.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_code_ends_after_five_minutes() {
    let stage = company();
    let code = pair(&signed_in(&stage, "allow").await, "code").expect("a code");
    stage.clock.advance_seconds(301);
    let ask =
        json!({"clientId": KEY, "clientSecret": SECRET, "grantType": "authorization_code", "code": code});
    assert_eq!(exchange(&stage, ask).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn within_the_app_a_code_names_the_person_once() {
    let stage = company();
    let ask = json!({"clientId": KEY, "login": "19900000101", "password": "19900000101"});
    let code = stage.send(Method::POST, "/jsapi/requestAuthCode", &[], &ask.to_string()).await;
    let code = read(&code)["code"].clone();
    let found = stage.result("/topapi/v2/user/getuserinfo", json!({"code": code})).await;
    assert_eq!((&found["userid"], &found["sys_level"]), (&json!(id("lin").to_string()), &json!(0)));
    assert_eq!(stage.old("/topapi/v2/user/getuserinfo", json!({"code": code})).await["errcode"], 40078);
}

#[tokio::test]
async fn the_older_sign_in_is_signed() {
    let stage = company();
    let code = pair(&signed_in(&stage, "allow").await, "code").expect("a code");
    let body = json!({"tmp_auth_code": code}).to_string();
    let call = |seconds: i64, secret: &str| {
        let timestamp = ((super::stage::NOW + seconds) * 1000).to_string();
        let signed = signature(&tongshi_model::Secret::new(secret), &[&timestamp]);
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs([("accessKey", KEY), ("timestamp", &timestamp), ("signature", &signed)]);
        format!("/sns/getuserinfo_bycode?{}", query.finish())
    };
    for (path, error) in [(call(-61, SECRET), 853_002), (call(0, "wrong"), 853_004)] {
        assert_eq!(read(&stage.send(Method::POST, &path, &[], &body).await)["errcode"], error);
    }
    let found = read(&stage.send(Method::POST, &call(0, SECRET), &[], &body).await);
    assert_eq!(found["user_info"]["nick"], "林知夏");
}

#[tokio::test]
async fn a_profile_needs_its_permission() {
    let stage = company_with(json!({"dingtalk_scopes": ["Contact.User.Read"]}), |_| {});
    let code = pair(&signed_in(&stage, "allow").await, "code").expect("a code");
    let ask =
        json!({"clientId": KEY, "clientSecret": SECRET, "grantType": "authorization_code", "code": code});
    let token = exchange(&stage, ask).await.1["accessToken"].as_str().expect("a token").to_owned();
    let profile =
        read(&stage.send(Method::GET, "/v1.0/contact/users/me", &[(TOKEN_HEADER, &token)], "").await);
    assert!(profile["nick"] == "林知夏" && profile.get("mobile").is_none());
}
