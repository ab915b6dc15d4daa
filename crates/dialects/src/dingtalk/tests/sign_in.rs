//! Sign-in through the connector, against our own face and against what a browser may bring.

use serde_json::{Value, json};
use tongshi_dialect::{Connector, Departure, Redemption, SignInFault};
use tongshi_model::{Account, AccountStatus, AccountType, Kind, Secret};

use super::{
    login::{pair, signed_in},
    stage::{BACK, Stage, company, company_with, id, space},
};

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

async fn redeem(connector: &dyn Connector, code: &str) -> Result<tongshi_dialect::Row, SignInFault> {
    let code = Secret::new(code);
    let ask = Redemption { code: &code, redirect_uri: BACK, verifier: None };
    let identity = connector.sign_in().expect("it signs in").redeem(&ask).await?;
    Ok(identity.row)
}

async fn code(stage: &Stage) -> String {
    pair(&signed_in(stage, "allow").await, "code").expect("a code")
}

#[test]
fn the_way_out_names_app_return_and_what_is_asked() {
    let stage = company();
    let expected = "/oauth2/auth?redirect_uri=https%3A%2F%2Fhub.example%2Fcb%3Fx%3D1&response_type=code\
                    &client_id=dingdemo&scope=openid+corpid&prompt=consent&state=st-1";
    let connector = stage.connector();
    for (base_url, host) in [
        ("http://127.0.0.1:7070/d/dingtalk", "http://127.0.0.1:7070/d/dingtalk"),
        ("http://127.0.0.1:7070/d/dingtalk/", "http://127.0.0.1:7070/d/dingtalk"),
        ("https://oapi.dingtalk.com", "https://login.dingtalk.com"),
    ] {
        let url = url(&*connector, base_url).replace("openid%20corpid", "openid+corpid");
        assert_eq!(url, format!("{host}{expected}"));
    }
    let elsewhere = stage.connector_with(json!({"authorize_url": "https://sso.example.com/go"}));
    assert!(url(&*elsewhere, "https://oapi.dingtalk.com").starts_with("https://sso.example.com/go?"));
}

#[test]
fn a_return_is_taken_apart_and_not_believed() {
    let stage = company();
    let connector = stage.connector();
    let sign_in = connector.sign_in().expect("it signs in");
    let code =
        |of: &[(&str, &str)]| sign_in.read_return(&pairs(of)).code.map(|code| code.expose().to_owned());
    let whole = [("code", "c-1"), ("authCode", "c-1"), ("state", "s-1")];
    assert_eq!(code(&whole).as_deref(), Ok("c-1"));
    assert_eq!(sign_in.read_return(&pairs(&whole)).state.as_deref(), Some("s-1"));
    assert_eq!(code(&[("authCode", "c-2"), ("state", "s-1")]).as_deref(), Ok("c-2"));
    assert!(matches!(code(&[("code", "c-1"), ("authCode", "c-2")]), Err(SignInFault::Malformed(_))));
    assert_eq!(code(&[("error", "access_denied"), ("state", "s-1")]), Err(SignInFault::Denied));
    assert!(matches!(code(&[("error", "server_error")]), Err(SignInFault::Vendor(_))));
    assert!(matches!(code(&[("state", "s-1")]), Err(SignInFault::Malformed(_))));
    assert!(matches!(code(&[("code", &*"x".repeat(513))]), Err(SignInFault::Malformed(_))));
}

#[tokio::test]
async fn a_code_tells_who_it_is_and_only_once() {
    let stage = company();
    let connector = stage.connector();
    let given = code(&stage).await;
    let row = redeem(&*connector, &given).await.expect("somebody");
    assert_eq!(row.remote_id, id("lin").to_string());
    let draft = connector.read(Kind::Account, &row).expect("an account");
    let account: Account = serde_json::from_str(&draft.doc).expect("an account");
    // It leads to the employee whom the same connection reads.
    assert_eq!(account.employee, Some(space().id(Kind::Employee, &row.remote_id)));
    assert_eq!((account.kind.value, account.status.value), (AccountType::Employee, AccountStatus::Active));
    assert_eq!(account.name.expect("a name").expose(), "林知夏");
    assert_eq!(account.mobile.expect("a mobile").expose(), "19900000101");
    assert!(account.union_id.is_some());
    assert_eq!(redeem(&*connector, &given).await.expect_err("used"), SignInFault::Code);
    assert_eq!(redeem(&*connector, "made-up").await.expect_err("unknown"), SignInFault::Code);
    // One that waited too long.
    let late = code(&stage).await;
    stage.clock.advance_seconds(301);
    assert_eq!(redeem(&*connector, &late).await.expect_err("over"), SignInFault::Code);
}

#[tokio::test]
async fn who_is_of_another_company_or_may_not_be_asked_about_stays_out() {
    let stage = company_with(json!({"corp_id": "dinganother"}), |_| {});
    let given = code(&stage).await;
    let refused = redeem(&*stage.connector(), &given).await.expect_err("another company");
    assert_eq!(refused, SignInFault::Foreign("company"));
    // Without the permission the vendor says no with a list of what is missing, and that is no success.
    let stage = company_with(json!({"dingtalk_scopes": ["qyapi_get_member"]}), |_| {});
    let given = code(&stage).await;
    let refused = redeem(&*stage.connector(), &given).await.expect_err("no permission");
    assert!(matches!(refused, SignInFault::Vendor(_)), "{refused:?}");
}

#[test]
fn a_visitor_and_an_outside_contact_are_no_employees() {
    let stage = company();
    let connector = stage.connector();
    let read = |contact_type: i64, visitor: bool| {
        let profile = json!({"nick": "客", "openId": "o", "unionId": "u", "visitor": visitor});
        let raw: Value = json!({"userid": "x", "contact_type": contact_type, "profile": profile});
        let row = tongshi_dialect::Row { remote_id: "x".to_owned(), date: None, raw: raw.to_string() };
        let draft = connector.read(Kind::Account, &row).expect("an account");
        serde_json::from_str::<Account>(&draft.doc).expect("an account")
    };
    assert_eq!(read(0, false).kind.value, AccountType::Employee);
    for (contact_type, visitor) in [(1, false), (0, true)] {
        let account = read(contact_type, visitor);
        assert_eq!((account.kind.value, account.employee), (AccountType::External, None));
    }
}
