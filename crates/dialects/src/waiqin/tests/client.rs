//! The calling half against our own face, and against vendors that answer otherwise.

use serde_json::json;
use tongshi_dialect::{Ask, Existence, Reach, Slice, Window};
use tongshi_model::{Draft, Employee, Kind};

use super::stage::{OPENID, Stage, TENANT, company, id};

async fn drafts(stage: &Stage, settings: serde_json::Value) -> Vec<Draft> {
    let connector = stage.connector(&[("openid", OPENID), ("appkey", "demo-appkey")], settings);
    let day = "2018-03-01".parse().expect("a date");
    let ask = Ask { reach: Reach::Full, window: Window { from: day, to: day }, subjects: &[] };
    let mut drafts = Vec::new();
    for listing in connector.listings() {
        let slices: Vec<Slice> = connector.plan(listing, &ask);
        let page = connector.pull(listing, &slices[0], 1, None).await.expect("a page");
        let again = connector.pull(listing, &slices[0], 1, page.fingerprint).await.expect("a page");
        assert!(again.unchanged && page.broken.is_empty());
        let kind = listing.kind.expect("records");
        drafts.extend(page.rows.iter().map(|row| connector.read(kind, row).expect("a draft")));
    }
    drafts
}

#[tokio::test]
async fn everything_is_read_with_either_digest() {
    let stage = company();
    for settings in [json!({}), json!({"digest": "sha256"})] {
        let drafts = drafts(&stage, settings).await;
        assert_eq!(drafts.iter().filter(|draft| draft.kind == Kind::OrgUnit).count(), 2);
        let people: Vec<Employee> = drafts
            .iter()
            .filter(|draft| draft.kind == Kind::Employee)
            .map(|draft| serde_json::from_str(&draft.doc).expect("an employee"))
            .collect();
        assert_eq!(people.len(), 3);
        assert_eq!(people[0].employee_no.as_deref(), Some("TS-101"));
        assert_eq!(people[0].mobile.as_ref().map(|mobile| mobile.expose().as_str()), Some("19900000101"));
    }
}

#[tokio::test]
async fn somebody_is_asked_for_by_id() {
    let stage = company();
    let connector = stage.connector(&[("openid", OPENID), ("appkey", "demo-appkey")], json!({}));
    let asked = connector.exists(Kind::Employee, &id("lin").to_string()).await.expect("an answer");
    assert!(matches!(asked, Existence::Present(_)));
    let asked = connector.exists(Kind::Employee, &id("nobody").to_string()).await.expect("an answer");
    assert!(matches!(asked, Existence::Absent));
}

#[tokio::test]
async fn an_account_for_sign_in_alone_reads_nothing_and_still_works() {
    let stage = company();
    let credential = [("app_id", "wq-demo"), ("app_secret", "sk-demo"), ("tenant_id", TENANT)];
    let connector = stage.connector(&credential, json!({}));
    assert!(connector.listings().is_empty());
    connector.check().await.expect("a token");
    let fields = json!({"code": "made-up"}).as_object().expect("an object").clone();
    let reply = connector.call("oauth.userinfo", fields).await.expect("known").expect("an answer");
    assert!(String::from_utf8_lossy(&reply.body).contains("40029"));
}
