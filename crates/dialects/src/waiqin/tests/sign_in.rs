//! Sign-in through the connector, against our own face and against what a browser may bring.

use serde_json::{Value, json};
use tongshi_dialect::{Connector, Departure, Redemption, SignInFault};
use tongshi_model::{Account, AccountStatus, Kind, Secret};

use super::{
    oauth::{pair, through},
    stage::{Stage, TENANT, company, id},
};
use crate::waiqin::auth::APP_TOKEN;

const ACCOUNT: [(&str, &str); 3] = [("app_id", "wq-demo"), ("app_secret", "sk-demo"), ("tenant_id", TENANT)];

fn signs_in(stage: &Stage, settings: Value) -> Box<dyn Connector> {
    stage.connector(&ACCOUNT, settings)
}

fn url(connector: &dyn Connector, base_url: &str) -> String {
    let verifier = Secret::new("unused");
    let ask = Departure {
        base_url,
        redirect_uri: "https://hub.example/cb?x=1",
        state: "st-1",
        verifier: &verifier,
    };
    connector.sign_in().expect("it signs in").departure(&ask).expect("an address")
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn the_way_out_names_app_company_and_return() {
    let stage = company();
    let expected = format!(
        "/service/oauth/authorize?response_type=code&app_id=wq-demo&redirect_uri=https%3A%2F%2Fhub.example%2Fcb%3Fx%3D1\
         &scope=user&state=st-1&tenant_id={TENANT}"
    );
    let connector = signs_in(&stage, json!({}));
    for (base_url, host) in [
        ("http://127.0.0.1:7070/d/waiqin", "http://127.0.0.1:7070/d/waiqin"),
        ("https://openapi.waiqin365.com", "https://cloud.waiqin365.com"),
        ("https://sso.qince.com/", "https://cloud.waiqin365.com"),
        ("https://waiqin365.com.example.com", "https://waiqin365.com.example.com"),
    ] {
        assert_eq!(url(&*connector, base_url), format!("{host}{expected}"));
    }
    let elsewhere = signs_in(&stage, json!({"authorize_url": "https://sso.example.com/go?x=1"}));
    assert!(
        url(&*elsewhere, "https://sso.qince.com")
            .starts_with("https://sso.example.com/go?x=1&response_type=code&")
    );
    let openapi_only = stage.connector(&[("openid", "1"), ("appkey", "k")], json!({}));
    assert!(openapi_only.sign_in().is_none());
}

#[tokio::test]
async fn a_return_is_taken_apart_and_not_believed() {
    let stage = company();
    let connector = signs_in(&stage, json!({"menu_state": ["m-1", "m-2"]}));
    let sign_in = connector.sign_in().expect("it signs in");
    let code =
        |of: &[(&str, &str)]| sign_in.read_return(&pairs(of)).code.map(|code| code.expose().to_owned());
    let whole = [("code", "c-1"), ("state", "s-1"), ("tenant_id", TENANT), ("app_id", "wq-demo")];
    assert_eq!(code(&whole).as_deref(), Ok("c-1"));
    assert_eq!(sign_in.read_return(&pairs(&whole)).state.as_deref(), Some("s-1"));
    assert_eq!(code(&[("code", "c-1"), ("app_id", "wq-other")]), Err(SignInFault::Foreign("app_id")));
    assert_eq!(code(&[("code", "c-1"), ("tenant_id", "1")]), Err(SignInFault::Foreign("tenant_id")));
    assert_eq!(code(&[("error", "access_denied"), ("state", "s-1")]), Err(SignInFault::Denied));
    assert!(matches!(code(&[("error", "server_error")]), Err(SignInFault::Vendor(_))));
    assert!(matches!(code(&[("state", "s-1")]), Err(SignInFault::Malformed(_))));
    assert!(matches!(code(&[("code", &*"x".repeat(513))]), Err(SignInFault::Malformed(_))));
    assert!(
        sign_in.begins_there(Some("m-2"))
            && !sign_in.begins_there(Some("m-3"))
            && !sign_in.begins_there(None)
    );
    assert!(!signs_in(&stage, json!({})).sign_in().expect("it signs in").begins_there(None));
}

#[tokio::test]
async fn a_code_tells_who_it_is_and_only_once() {
    let stage = company();
    let connector = signs_in(&stage, json!({}));
    let sign_in = connector.sign_in().expect("it signs in");
    let redeem = async |code: &str| {
        let code = Secret::new(code);
        sign_in.redeem(&Redemption { code: &code, redirect_uri: "", verifier: None }).await
    };
    let code = pair(&through(&stage, "wq-demo", "s").await, "code").expect("a code");
    let identity = redeem(&code).await.expect("somebody");
    assert_eq!(identity.row.remote_id, id("lin").to_string());
    let draft = connector.read(Kind::Account, &identity.row).expect("an account");
    let account: Account = serde_json::from_str(&draft.doc).expect("an account");
    assert_eq!(account.third_party_id.as_deref(), Some("TS-101"));
    assert_eq!(account.status.value, AccountStatus::Active);
    assert!(account.employee.is_some());
    assert_eq!(redeem(&code).await.expect_err("used"), SignInFault::Code);
    let others = pair(&through(&stage, "wq-other", "s").await, "code").expect("a code");
    assert_eq!(redeem(&others).await.expect_err("another app's"), SignInFault::Code);
    // The vendor voids the token before its end: another is fetched, and the code still counts.
    let code = pair(&through(&stage, "wq-demo", "s").await, "code").expect("a code");
    stage.workforce.forget_tokens(APP_TOKEN);
    redeem(&code).await.expect("a new token was fetched");
}
