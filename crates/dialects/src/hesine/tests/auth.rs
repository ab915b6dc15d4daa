//! Tokens: their lives, and who gets none.

use http::Method;
use serde_json::{Value, json};

use super::stage::{CORP, company, read};

const GET: &str = "/api/openapi/v1/auth/getAccessToken";

#[tokio::test]
async fn a_token_lives_two_hours_and_a_renewed_one_32_days() {
    let stage = company();
    let ask = json!({"appKey": "hs-demo", "appSecurity": "sk-demo"});
    let pair = read(&stage.send(Method::POST, GET, Some(ask)).await)["value"].clone();
    assert_eq!(pair["corporationId"], CORP);
    assert_eq!(pair["expireTime"], (super::stage::NOW + 7200) * 1000);
    let call = async |token: &Value| {
        let target =
            format!("/api/openapi/v1/corporations?accessToken={}", token.as_str().unwrap_or_default());
        stage.send(Method::GET, &target, None).await.status.as_u16()
    };
    assert_eq!(call(&pair["accessToken"]).await, 200);
    let renew = async |pair: &Value| {
        let (access, refresh) =
            (pair["accessToken"].as_str().unwrap_or(""), pair["refreshToken"].as_str().unwrap_or(""));
        let target = format!(
            "/api/openapi/v2/auth/refreshToken?accessToken={access}&refreshToken={refresh}&powerCode=219904"
        );
        read(&stage.send(Method::POST, &target, None).await)
    };
    let renewed = renew(&pair).await["value"].clone();
    assert_ne!(renewed["accessToken"], pair["accessToken"]);
    assert_ne!(renewed["refreshToken"], pair["refreshToken"]);
    assert_eq!(call(&pair["accessToken"]).await, 403, "the old pair is over at once");
    assert_eq!(renew(&pair).await["errorCode"], 403, "and renews nothing");
    stage.clock.advance_seconds(31 * 24 * 60 * 60);
    assert_eq!(call(&renewed["accessToken"]).await, 200);
    stage.clock.advance_seconds(24 * 60 * 60);
    assert_eq!(call(&renewed["accessToken"]).await, 403);
    assert_eq!(renew(&renewed).await["errorMessage"], "未授权", "not after its end");
}

#[tokio::test]
async fn a_refresh_token_renews_its_own_pair_only() {
    let stage = company();
    let ask = json!({"appKey": "hs-demo", "appSecurity": "sk-demo"});
    let mut pairs = Vec::new();
    for _ in 0..2 {
        pairs.push(read(&stage.send(Method::POST, GET, Some(ask.clone())).await)["value"].clone());
    }
    let target = format!(
        "/api/openapi/v2/auth/refreshToken?accessToken={}&refreshToken={}",
        pairs[0]["accessToken"].as_str().expect("a token"),
        pairs[1]["refreshToken"].as_str().expect("a token"),
    );
    assert_eq!(stage.send(Method::POST, &target, None).await.status.as_u16(), 403);
}

#[tokio::test]
async fn whoever_cannot_prove_it_gets_nothing() {
    let stage = company();
    for ask in [
        json!({"appKey": "hs-demo", "appSecurity": "wrong"}),
        json!({"appKey": "made-up", "appSecurity": "sk-demo"}),
        json!({"appKey": "hs-demo"}),
        json!({}),
    ] {
        let reply = stage.send(Method::POST, GET, Some(ask)).await;
        assert_eq!((reply.status.as_u16(), &read(&reply)["errorMessage"]), (403, &json!("密钥无效")));
    }
    for target in ["/api/openapi/v1/corporations", "/api/openapi/v1/corporations?accessToken=made-up"] {
        let reply = stage.send(Method::GET, target, None).await;
        assert_eq!((reply.status.as_u16(), &read(&reply)["errorMessage"]), (403, &json!("未授权")));
    }
    let third = json!({"appKey": "hs-demo", "appSecurity": "wrong"});
    let reply = stage.send(Method::POST, "/auth/openApi/v3/getAccessToken", Some(third)).await;
    assert_eq!((reply.status.as_u16(), &read(&reply)["code"]), (200, &json!("403")));
    let elsewhere = stage.send(Method::GET, "/api/openapi/v2/budgets", None).await;
    assert_eq!(read(&elsewhere)["tongshi"], "not_implemented");
}

#[tokio::test]
async fn an_app_of_the_companys_own_is_told_inside_status_200() {
    let stage = company();
    let target = "/api/openapi/v1/auth/getAppAccessToken";
    for (key, secret, text) in [("hs-demo", "wrong", "应用鉴权失败"), ("made-up", "sk-demo", "应用不存在")]
    {
        let ask = json!({"appKey": key, "appSecret": secret});
        let reply = stage.send(Method::POST, target, Some(ask)).await;
        let answer = read(&reply);
        assert_eq!(
            (reply.status.as_u16(), &answer["errorCode"], &answer["errorMessage"]),
            (200, &json!(500), &json!(text))
        );
    }
    for name in ["appSecret", "appSecurity"] {
        let ask = json!({"appKey": "hs-demo", name: "sk-demo"});
        let answer = read(&stage.send(Method::POST, target, Some(ask)).await);
        assert_eq!(answer["value"]["timeout"], 7200, "{name}");
    }
}

#[tokio::test]
async fn the_third_edition_says_what_is_missing_and_what_is_wrong() {
    let stage = company();
    let target = "/auth/openApi/v3/getAccessToken";
    let ask = async |body: Value| read(&stage.send(Method::POST, target, Some(body)).await);
    let wrong = ask(json!({"appKey": "hs-demo", "appSecurity": "wrong"})).await;
    assert_eq!(wrong, json!({"code": "403", "msg": "密钥无效", "data": ""}));
    let missing = ask(json!({"appKey": "hs-demo"})).await;
    assert_eq!(missing, json!({"code": "500", "msg": "system error", "data": null}));
    let right = ask(json!({"appKey": "hs-demo", "appSecurity": "sk-demo"})).await;
    assert_eq!((&right["msg"], &right["data"]["scope"]), (&json!("操作成功"), &json!("tenant")));
}

#[tokio::test]
async fn more_days_than_there_are_give_those_that_there_are() {
    let stage = company();
    let ask = json!({"appKey": "hs-demo", "appSecurity": "sk-demo"});
    let pair = read(&stage.send(Method::POST, GET, Some(ask)).await)["value"].clone();
    let text = |name: &str| pair[name].as_str().expect("a token").to_owned();
    let target = |days: &str| {
        let (access, refresh) = (text("accessToken"), text("refreshToken"));
        let path = "/api/openapi/v2/auth/refreshToken/expireDate";
        format!("{path}?accessToken={access}&refreshToken={refresh}&expireDate={days}&powerCode=219904")
    };
    assert_eq!(stage.send(Method::POST, &target("0"), None).await.status.as_u16(), 400);
    let renewed = read(&stage.send(Method::POST, &target("1000"), None).await)["value"].clone();
    assert_eq!(renewed["expireTime"], (super::stage::NOW + 366 * 24 * 60 * 60) * 1000);
}
