//! Tokens of all kinds, and the three shapes in which one that is wrong is refused.

use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::stage::{CORP, KEY, NOW, SECRET, Stage, company, read};
use crate::dingtalk::auth::{TOKEN_HEADER, signature};

async fn post(stage: &Stage, path: &str, body: &Value) -> (StatusCode, Value) {
    let headers = [(header::CONTENT_TYPE.as_str(), "application/json")];
    let reply = stage.send(Method::POST, path, &headers, &body.to_string()).await;
    (reply.status, read(&reply))
}

#[tokio::test]
async fn an_internal_apps_token_is_the_same_while_it_is_valid_and_good_on_both_hosts() {
    let stage = company();
    let first = stage.token().await;
    stage.clock.advance_seconds(7_000);
    let (status, again) =
        post(&stage, "/v1.0/oauth2/accessToken", &json!({"appKey": KEY, "appSecret": SECRET})).await;
    assert_eq!(
        (status, &again["accessToken"], &again["expireIn"]),
        (StatusCode::OK, &json!(first), &json!(7200))
    );
    let unified = json!({"client_id": KEY, "client_secret": SECRET, "grant_type": "client_credentials"});
    let (_, unified) = post(&stage, &format!("/v1.0/oauth2/{CORP}/token"), &unified).await;
    assert_eq!(unified["access_token"], json!(first));
    // Asked for at 7000 s, it lives on past its first end.
    stage.clock.advance_seconds(7_000);
    let old = stage.send(Method::POST, &format!("/topapi/user/count?access_token={first}"), &[], "{}").await;
    assert_eq!(read(&old)["result"]["count"], 4);
    let new = stage.send(Method::GET, "/v1.0/hrm/employees/dismissions", &[(TOKEN_HEADER, &first)], "").await;
    assert_eq!(new.status, StatusCode::OK);
    stage.clock.advance_seconds(201);
    let old = stage.send(Method::POST, &format!("/topapi/user/count?access_token={first}"), &[], "{}").await;
    assert_eq!(read(&old)["sub_code"], "40014");
    assert_ne!(stage.token().await, first);
}

#[tokio::test]
async fn each_host_looks_only_where_its_own_token_lies() {
    let stage = company();
    let token = stage.token().await;
    let old = stage.send(Method::POST, "/topapi/user/count", &[(TOKEN_HEADER, &token)], "{}").await;
    assert_eq!(read(&old)["sub_code"], "40000");
    let path = format!("/v1.0/hrm/employees/dismissions?access_token={token}");
    let bearer = format!("Bearer {token}");
    let new = stage.send(Method::GET, &path, &[("authorization", &bearer)], "").await;
    assert_eq!(
        (new.status, &read(&new)["code"]),
        (StatusCode::BAD_REQUEST, &json!("AuthenticationFailed.MissingParameter"))
    );
    // A token inside of a form is read.
    let form = [(header::CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded")];
    let reply = stage
        .send(Method::POST, "/topapi/user/count", &form, &format!("access_token={token}&only_active=false"))
        .await;
    assert_eq!(read(&reply)["result"]["count"], 4);
}

#[tokio::test]
async fn a_bad_token_has_three_shapes() {
    let stage = company();
    let bad = read(&stage.send(Method::POST, "/topapi/user/count?access_token=x", &[], "{}").await);
    assert_eq!((&bad["errcode"], &bad["sub_code"]), (&json!(88), &json!("40014")));
    let text = bad["sub_msg"].as_str().expect("a text");
    assert_eq!(bad["errmsg"], json!(format!("ding talk error[subcode=40014,submsg={text}]")));
    let id = bad["request_id"].as_str().expect("an id");
    assert!(id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase()));
    let plain = read(&stage.send(Method::GET, "/auth/scopes?access_token=x", &[], "").await);
    assert_eq!(plain["errcode"], 40014);
    assert!(plain.get("sub_code").is_none());
    let plain = read(&stage.send(Method::GET, "/auth/scopes", &[], "").await);
    assert_eq!(plain["errcode"], 41001);
    let new = stage.send(Method::GET, "/v1.0/hrm/employees/dismissions", &[(TOKEN_HEADER, "x")], "").await;
    let body = read(&new);
    assert_eq!((new.status, &body["code"]), (StatusCode::BAD_REQUEST, &json!("InvalidAuthentication")));
    let id = body["requestid"].as_str().expect("an id");
    assert!(id.len() == 36 && id.matches('-').count() == 4 && id.to_uppercase() == id);
}

#[tokio::test]
async fn wrong_credentials_have_their_own_codes() {
    let stage = company();
    for (query, code) in [
        (format!("appkey={KEY}&appsecret=wrong"), 40096),
        ("appkey=nobody&appsecret=x".to_owned(), 40096),
        (format!("appkey={KEY}"), 40035),
        (format!("corpid={CORP}&corpsecret=x"), 40089),
    ] {
        let answer = read(&stage.send(Method::GET, &format!("/gettoken?{query}"), &[], "").await);
        assert_eq!(answer["errcode"], code, "{query}");
    }
    // A body is not looked at.
    let body = format!("{{\"appkey\":\"{KEY}\",\"appsecret\":\"{SECRET}\"}}");
    assert_eq!(read(&stage.send(Method::GET, "/gettoken", &[], &body).await)["errcode"], 40035);
    let (status, answer) =
        post(&stage, "/v1.0/oauth2/accessToken", &json!({"appKey": KEY, "appSecret": "x"})).await;
    assert_eq!((status, &answer["code"]), (StatusCode::BAD_REQUEST, &json!("invalidClientIdOrSecret")));
    let form = [(header::CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded")];
    let body = format!("appKey={KEY}&appSecret={SECRET}");
    for (headers, body) in [(&form[..], &*body), (&[], "")] {
        let reply = stage.send(Method::POST, "/v1.0/oauth2/accessToken", headers, body).await;
        assert_eq!((reply.status, &read(&reply)["code"]), (StatusCode::BAD_REQUEST, &json!("Missingbody")));
    }
    let unified = |grant_type: &str, secret: &str| json!({"client_id": KEY, "client_secret": secret, "grant_type": grant_type});
    for (path, body, status, code) in [
        (CORP, unified("client_credentials", "x"), 400, "invalid.client"),
        (CORP, unified("password", SECRET), 400, "unsupported.grant.type"),
        ("dingnobody", unified("client_credentials", SECRET), 500, "unknownError"),
    ] {
        let (got, answer) = post(&stage, &format!("/v1.0/oauth2/{path}/token"), &body).await;
        assert_eq!((got.as_u16(), &answer["code"]), (status, &json!(code)));
    }
}

#[tokio::test]
async fn suites_get_tokens_for_the_last_ticket_only() {
    let stage = company();
    let ask = |ticket: &str, corp: &str| json!({"suiteKey": KEY, "suiteSecret": SECRET, "authCorpId": corp, "suiteTicket": ticket});
    let (_, first) = post(&stage, "/v1.0/oauth2/corpAccessToken", &ask("TestSuiteTicket", CORP)).await;
    let (_, second) = post(&stage, "/v1.0/oauth2/corpAccessToken", &ask("TestSuiteTicket", CORP)).await;
    assert_ne!(first["accessToken"], second["accessToken"]);
    for token in [&first["accessToken"], &second["accessToken"]] {
        let token = token.as_str().expect("a token");
        let reply =
            stage.send(Method::POST, &format!("/topapi/user/count?access_token={token}"), &[], "{}").await;
        assert_eq!(read(&reply)["errcode"], 0);
    }
    for (ticket, corp, code) in
        [("old", CORP, "invalidSuiteTicket"), ("TestSuiteTicket", "dingnobody", "invalidAuthInfo")]
    {
        let (status, answer) = post(&stage, "/v1.0/oauth2/corpAccessToken", &ask(ticket, corp)).await;
        assert_eq!((status, &answer["code"]), (StatusCode::BAD_REQUEST, &json!(code)));
    }
    let (_, suite) = post(&stage, "/v1.0/oauth2/suiteAccessToken", &ask("TestSuiteTicket", CORP)).await;
    assert_eq!(suite["expireIn"], 7200);
    let sso = json!({"corpid": KEY, "ssoSecret": SECRET});
    let (_, sso) = post(&stage, "/v1.0/oauth2/ssoAccessToken", &sso).await;
    assert_eq!(sso["expireIn"], 3600);
}

#[tokio::test]
async fn a_signed_request_is_held_against_its_own_time_and_ticket() {
    let stage = company();
    let call = |timestamp: i64, ticket: &str, secret: &str| {
        let timestamp = timestamp.to_string();
        let signed = signature(&tongshi_model::Secret::new(secret), &[&timestamp, "\n", ticket]);
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs([
            ("accessKey", KEY),
            ("timestamp", &timestamp),
            ("suiteTicket", ticket),
            ("signature", &signed),
        ]);
        format!("/service/get_corp_token?{}", query.finish())
    };
    let body = json!({"auth_corpid": CORP});
    let (_, good) = post(&stage, &call(NOW * 1000, "TestSuiteTicket", SECRET), &body).await;
    assert!(good["access_token"].is_string() && good["expires_in"] == 7200, "{good}");
    for (path, code) in [
        (call((NOW - 3_601) * 1000, "TestSuiteTicket", SECRET), 853_002),
        (call(NOW * 1000, "TestSuiteTicket", "wrong"), 853_004),
        (
            call(NOW * 1000, "TestSuiteTicket", SECRET).replace("suiteTicket=Test", "suiteTicket=Best"),
            853_004,
        ),
    ] {
        let (_, answer) = post(&stage, &path, &body).await;
        assert_eq!(answer["errcode"], code, "{path}");
    }
}
