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
