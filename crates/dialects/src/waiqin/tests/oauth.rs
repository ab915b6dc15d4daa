//! Family A: the token, the ways to a code, and whose it is.

use http::{StatusCode, header};
use serde_json::{Value, json};
use tongshi_dialect::Reply;
use tongshi_model::EmploymentPhase;

use super::stage::{BACK, Stage, TENANT, company, id, person};
use crate::waiqin::auth::APP_TOKEN;

const AUTHORIZE: &str = "/service/oauth/authorize";

fn ask<'a>(app: &'a str, back: &'a str, state: &'a str) -> [(&'a str, &'a str); 6] {
    [
        ("response_type", "code"),
        ("app_id", app),
        ("redirect_uri", back),
        ("scope", "user"),
        ("state", state),
        ("tenant_id", TENANT),
    ]
}

fn location(reply: &Reply) -> String {
    assert_eq!(reply.status, StatusCode::FOUND, "{}", text(reply));
    reply.headers[header::LOCATION].to_str().expect("text").to_owned()
}

fn text(reply: &Reply) -> String {
    String::from_utf8(reply.body.to_vec()).expect("UTF-8")
}

/// The pair of this name in an address.
pub(super) fn pair(url: &str, name: &str) -> Option<String> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    form_urlencoded::parse(query.as_bytes())
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}

/// What leads on from a page.
fn step_of(reply: &Reply) -> String {
    let html = text(reply);
    let rest = html.split("name=\"step\" value=\"").nth(1).expect("a form");
    rest.split('"').next().expect("a value").to_owned()
}

/// Signs in and agrees; gives where the browser is sent.
pub(super) async fn through(stage: &Stage, app: &str, state: &str) -> String {
    let page = stage.browse(AUTHORIZE, &ask(app, BACK, state)).await;
    let next =
        stage.submit(&[("step", &step_of(&page)), ("login", "TS-101"), ("password", "19900000101")]).await;
    if next.status == StatusCode::FOUND {
        return location(&next);
    }
    location(&stage.submit(&[("step", &step_of(&next)), ("decision", "allow")]).await)
}

async fn userinfo(stage: &Stage, token: &str, code: &str) -> Value {
    stage.post(&format!("/service/oauth/userinfo?access_token={token}&code={code}"), json!({})).await
}

#[tokio::test]
async fn a_user_is_led_back_with_a_code_that_is_good_once() {
    let stage = company();
    let back = through(&stage, "wq-demo", "随机+s").await;
    assert!(back.starts_with("https://app.example.com/back?x=1&code="), "{back}");
    assert_eq!(pair(&back, "state").as_deref(), Some("随机+s"));
    assert_eq!(pair(&back, "tenant_id").as_deref(), Some(TENANT));
    assert_eq!(pair(&back, "app_id").as_deref(), Some("wq-demo"));
    let code = pair(&back, "code").expect("a code");
    let token = stage.token("wq-demo", "sk-demo").await;
    let answer = userinfo(&stage, &token, &code).await;
    assert_eq!(answer["return_code"], 0);
    let user = &answer["return_data"];
    assert_eq!(user["id"], id("lin").to_string());
    assert_eq!(
        (&user["name"], &user["user_type"], &user["status"]),
        (&json!("林知夏"), &json!("1"), &json!("1"))
    );
    assert_eq!(user["full_depart_name"], "/总部/研发组");
    assert_eq!(user["thrid_id"], "TS-101");
    assert_eq!(userinfo(&stage, &token, &code).await["return_code"], 40029, "used");
}

#[tokio::test]
async fn a_code_is_for_its_app_its_time_and_nobody_else() {
    let stage = company();
    let code = pair(&through(&stage, "wq-demo", "s").await, "code").expect("a code");
    let other = stage.token("wq-other", "sk-other").await;
    assert_eq!(userinfo(&stage, &other, &code).await["return_code"], 40029, "another app's");
    assert_eq!(userinfo(&stage, "made-up", &code).await["return_code"], 40103, "no token");
    let token = stage.token("wq-demo", "sk-demo").await;
    // What failed for another reason has not burnt it.
    assert_eq!(userinfo(&stage, &token, &code).await["return_code"], 0);
    let code = pair(&through(&stage, "wq-demo", "s").await, "code").expect("a code");
    stage.clock.advance_seconds(301);
    let token = stage.token("wq-demo", "sk-demo").await;
    assert_eq!(userinfo(&stage, &token, &code).await["return_code"], 40029, "over");
    stage.clock.advance_seconds(7200);
    let code = pair(&through(&stage, "wq-demo", "s").await, "code").expect("a code");
    assert_ne!(userinfo(&stage, &token, &code).await["return_code"], 0, "the token is over");
}

#[tokio::test]
async fn consent_is_asked_for_once_and_may_be_refused() {
    let stage = company();
    let page = stage.browse(AUTHORIZE, &ask("wq-demo", BACK, "s-1")).await;
    assert!(text(&page).contains("登录勤策"));
    let wrong = stage.submit(&[("step", &step_of(&page)), ("login", "TS-101"), ("password", "x")]).await;
    assert!(text(&wrong).contains("role=\"alert\""));
    let gone =
        stage.submit(&[("step", &step_of(&page)), ("login", "TS-102"), ("password", "19900000102")]).await;
    assert!(text(&gone).contains("role=\"alert\""), "who has left does not sign in");
    let consent =
        stage.submit(&[("step", &step_of(&page)), ("login", "TS-101"), ("password", "19900000101")]).await;
    assert!(text(&consent).contains("授权确认"));
    let again =
        stage.submit(&[("step", &step_of(&page)), ("login", "TS-101"), ("password", "19900000101")]).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST, "the first page is used up");
    let denied = location(&stage.submit(&[("step", &step_of(&consent)), ("decision", "deny")]).await);
    assert_eq!(denied, "../../oauth2/authorize_error.jsp?error=access_denied&state=s-1&app_id=wq-demo");
    let double = stage.submit(&[("step", &step_of(&consent)), ("decision", "allow")]).await;
    assert_eq!(double.status, StatusCode::BAD_REQUEST, "a decision is one decision");
    through(&stage, "wq-demo", "s").await;
    let page = stage.browse(AUTHORIZE, &ask("wq-demo", BACK, "s")).await;
    let next =
        stage.submit(&[("step", &step_of(&page)), ("login", "TS-101"), ("password", "19900000101")]).await;
    assert!(location(&next).starts_with(BACK), "remembered");
    let page = stage.browse(AUTHORIZE, &ask("wq-other", BACK, "s")).await;
    let next =
        stage.submit(&[("step", &step_of(&page)), ("login", "TS-101"), ("password", "19900000101")]).await;
    assert!(text(&next).contains("授权确认"), "for one app only");
}

#[tokio::test]
async fn failures_lead_to_the_error_page_and_nowhere_else() {
    let stage = company();
    let error = async |pairs: &[(&str, &str)]| {
        let url = location(&stage.browse(AUTHORIZE, pairs).await);
        assert!(url.starts_with("../../oauth2/authorize_error.jsp?"), "{url}");
        (pair(&url, "error").expect("an error"), pair(&url, "state"))
    };
    let fine = ask("wq-demo", BACK, "s-1");
    let with = |name: &str, value: &'static str| {
        fine.map(|(known, old)| (known, if known == name { value } else { old }))
    };
    for back in [
        "https://evil.example/",
        "https://app.example.com/back",
        "https://app.example.com/back?x=1#",
        "//x",
        "",
    ] {
        assert_eq!(error(&ask("wq-demo", back, "s-1")).await.0, "unauthorized_client", "{back}");
    }
    assert_eq!(error(&with("app_id", "made-up")).await.0, "unauthorized_client");
    assert_eq!(error(&with("tenant_id", "1")).await.0, "unauthorized_client");
    assert_eq!(error(&with("response_type", "token")).await.0, "unsupported_response_type");
    assert_eq!(error(&with("response_type", "")).await.0, "invalid_request");
    assert_eq!(error(&with("scope", "all")).await, ("invalid_scope".to_owned(), Some("s-1".to_owned())));
    let fits = "态".repeat(21) + "x";
    assert_eq!(fits.len(), 64);
    assert_eq!(stage.browse(AUTHORIZE, &ask("wq-demo", BACK, &fits)).await.status, StatusCode::OK);
    for state in [&*(fits + "x"), "a\r\nb"] {
        assert_eq!(error(&ask("wq-demo", BACK, state)).await, ("invalid_request".to_owned(), None));
    }
    let page = stage.browse("/oauth2/authorize_error.jsp", &[("error", "<script>"), ("app_id", "<b>")]).await;
    assert!(text(&page).contains("server_error") && text(&page).contains("&lt;b&gt;"));
}

#[tokio::test]
async fn a_menu_leads_with_its_own_state_and_without_a_question() {
    let stage = company();
    let url = location(&stage.browse("/service/oauth/menu/wq-demo/kpi", &[]).await);
    let step = pair(&url, "step").expect("a step");
    let page = stage.browse(AUTHORIZE, &[("app_id", "wq-demo"), ("step", &step)]).await;
    let next =
        stage.submit(&[("step", &step_of(&page)), ("login", "TS-101"), ("password", "19900000101")]).await;
    let back = location(&next);
    assert_eq!(pair(&back, "state").as_deref(), Some("m-1"));
    assert_eq!(pair(&back, "tenant_id").as_deref(), Some(TENANT));
    let astray = location(&stage.browse("/service/oauth/menu/wq-demo/astray", &[]).await);
    assert_eq!(astray, "../../../../oauth2/authorize_error.jsp?error=unauthorized_client&app_id=wq-demo");
}

/// What the browser was given to keep.
fn kept(reply: &Reply) -> String {
    let cookie = reply.headers[header::SET_COOKIE].to_str().expect("text");
    cookie.split(';').next().expect("a pair").to_owned()
}

#[tokio::test]
async fn who_has_signed_in_is_led_on_by_menus_and_asked_once_by_links() {
    let stage = company();
    let menu = "/service/oauth/menu/wq-demo/kpi";
    let link = ask("wq-demo", BACK, "s-1");
    let page = stage.browse(AUTHORIZE, &link).await;
    let consent =
        stage.submit(&[("step", &step_of(&page)), ("login", "TS-101"), ("password", "19900000101")]).await;
    let cookie = kept(&consent);
    assert!(text(&consent).contains("授权确认") && cookie.starts_with("waiqin_session="));

    let back = location(&stage.browse_keeping(&cookie, menu, &[]).await);
    assert!(back.starts_with(BACK) && pair(&back, "state").as_deref() == Some("m-1"), "{back}");
    let token = stage.token("wq-demo", "sk-demo").await;
    let user = userinfo(&stage, &token, &pair(&back, "code").expect("a code")).await;
    assert_eq!(user["return_data"]["id"], id("lin").to_string());

    let asked = stage.browse_keeping(&cookie, AUTHORIZE, &link).await;
    assert!(text(&asked).contains("授权确认"), "a menu's way is not the person's consent");
    location(&stage.submit_keeping(&cookie, &[("step", &step_of(&asked)), ("decision", "allow")]).await);
    let back = location(&stage.browse_keeping(&cookie, AUTHORIZE, &link).await);
    assert!(pair(&back, "code").is_some(), "agreed and signed in: nothing is left to ask");
    let other = ask("wq-other", BACK, "s-1");
    let asked = stage.browse_keeping(&cookie, AUTHORIZE, &other).await;
    assert!(text(&asked).contains("授权确认"), "another app asks for itself");

    let left = stage.submit_keeping(&cookie, &[("step", &step_of(&asked)), ("decision", "other")]).await;
    assert!(text(&left).contains("登录勤策") && kept(&left) == "waiqin_session=");
    assert!(
        text(&stage.browse_keeping(&cookie, AUTHORIZE, &link).await).contains("登录勤策"),
        "it has ended"
    );
    let step = stage.browse_keeping("waiqin_session=made-up", menu, &[]).await;
    assert!(location(&step).starts_with("../../authorize?"), "nobody knows this one");
}

#[tokio::test]
async fn a_session_ends_with_its_time_and_with_the_employment() {
    let stage = company();
    let signed_in = async || {
        let page = stage.browse(AUTHORIZE, &ask("wq-demo", BACK, "s")).await;
        kept(
            &stage
                .submit(&[("step", &step_of(&page)), ("login", "TS-101"), ("password", "19900000101")])
                .await,
        )
    };
    let is_asked = async |cookie: &str| {
        text(&stage.browse_keeping(cookie, AUTHORIZE, &ask("wq-demo", BACK, "s")).await).contains("登录勤策")
    };
    let cookie = signed_in().await;
    stage.clock.advance_seconds(12 * 3600 - 1);
    assert!(!is_asked(&cookie).await);
    stage.clock.advance_seconds(2);
    assert!(is_asked(&cookie).await);
    let cookie = signed_in().await;
    let left = person("林知夏", "TS-101", "19900000101", EmploymentPhase::Left);
    stage.workforce.put(id("lin"), &left).expect("kept");
    assert!(is_asked(&cookie).await);
}

#[tokio::test]
async fn an_app_on_the_telephone_gets_its_code_in_an_answer() {
    let stage = company();
    let ask = |scope: &str| json!({"app_id": "wq-demo", "scope": scope, "state": "s", "login": "TS-101", "password": "19900000101"});
    for scope in ["user", "custom", "all"] {
        let answer = stage.post("/service/oauth/app_authorize", ask(scope)).await;
        assert_eq!(
            (&answer["return_data"]["state"], &answer["return_data"]["expires_in"]),
            (&json!("s"), &json!(300))
        );
        let token = stage.token("wq-demo", "sk-demo").await;
        let code = answer["return_data"]["code"].as_str().expect("a code");
        assert_eq!(userinfo(&stage, &token, code).await["return_code"], 0);
    }
    assert_eq!(stage.post("/service/oauth/app_authorize", ask("salary")).await["return_code"], 40001);
}

#[tokio::test]
async fn a_token_is_new_at_each_call_and_only_for_the_right_app() {
    let stage = company();
    let (first, second) = (stage.token("wq-demo", "sk-demo").await, stage.token("wq-demo", "sk-demo").await);
    assert_ne!(first, second);
    assert!(first.len() <= 512);
    let refused = async |app: &str, secret: &str, tenant: &str| {
        let ask = json!({"app_id": app, "app_secret": secret, "tenant_id": tenant});
        stage.post("/service/oauth/token", ask).await["return_code"].clone()
    };
    assert_eq!(refused("wq-demo", "wrong", TENANT).await, 40002);
    assert_eq!(refused("made-up", "sk-demo", TENANT).await, 40002);
    assert_eq!(refused("wq-demo", "sk-demo", "1").await, 40003);
    assert_eq!(refused("", "sk-demo", TENANT).await, 40001);
}

#[tokio::test]
async fn whoever_asks_for_tokens_too_often_waits() {
    let stage = company();
    let ask = || json!({"app_id": "wq-demo", "app_secret": "sk-demo", "tenant_id": TENANT});
    let code = async || stage.post("/service/oauth/token", ask()).await["return_code"].clone();
    for _ in 0..5 {
        assert_eq!(code().await, 0);
    }
    assert_eq!(code().await, 42900, "five at once");
    assert_eq!(
        stage
            .post(
                "/service/oauth/token",
                json!({"app_id": "wq-other", "app_secret": "sk-other", "tenant_id": TENANT})
            )
            .await["return_code"],
        0,
        "another app does not wait"
    );
    stage.clock.advance_seconds(1);
    assert_eq!((code().await, code().await), (json!(0), json!(42900)), "one a second");
}

#[tokio::test]
async fn secrets_and_passwords_are_guessed_slowly() {
    let stage = company();
    let wrong = json!({"app_id": "wq-demo", "app_secret": "guess", "tenant_id": TENANT});
    let mut codes = Vec::new();
    for _ in 0..12 {
        codes.push(
            stage.post_from("/service/oauth/token", wrong.clone(), "203.0.113.7").await["return_code"]
                .clone(),
        );
    }
    assert_eq!((&codes[0], &codes[11]), (&json!(40002), &json!(42900)));
    let right = json!({"app_id": "wq-demo", "app_secret": "sk-demo", "tenant_id": TENANT});
    assert_eq!(
        stage.post_from("/service/oauth/token", right.clone(), "203.0.113.7").await["return_code"],
        42900
    );
    assert_eq!(stage.post_from("/service/oauth/token", right, "203.0.113.8").await["return_code"], 0);
}

#[tokio::test]
async fn a_token_ends_with_its_key_and_a_code_with_its_address() {
    let stage = company();
    let payload = |app: &str, back: &str| json!({"app_id": app, "tenant_id": TENANT, "redirect_uri": back, "employee": id("lin")});
    stage.workforce.plant_token(APP_TOKEN, "of-a-key-that-is-gone", payload("wq-gone", ""), None);
    stage.workforce.plant_token("waiqin.code", "c-1", payload("wq-gone", ""), None);
    assert_ne!(userinfo(&stage, "of-a-key-that-is-gone", "c-1").await["return_code"], 0);
    stage.workforce.plant_token(
        "waiqin.code",
        "c-2",
        payload("wq-demo", "https://app.example.com/old"),
        None,
    );
    stage.workforce.plant_token("waiqin.code", "c-3", payload("wq-demo", BACK), None);
    let token = stage.token("wq-demo", "sk-demo").await;
    assert_eq!(userinfo(&stage, &token, "c-2").await["return_code"], 40029, "it was sent to an old address");
    assert_eq!(userinfo(&stage, &token, "c-3").await["return_code"], 0);
}
