//! The calling half against our own face, and against vendors that answer otherwise.

use serde_json::json;
use tongshi_dialect::{
    Ask, Connector, Existence, Listing, Over, Reach, State, Subject, Window, Workforce as _,
};
use tongshi_model::{Direction, Draft, Employee, Kind, TimelineEntry, TimelineKind};

use super::stage::{OPENID, Stage, TENANT, company, id, punch};

/// February 2018 and the day after.
fn window() -> Window {
    Window { from: "2018-02-01".parse().expect("a date"), to: "2018-03-01".parse().expect("a date") }
}

fn reading(stage: &Stage, settings: serde_json::Value) -> Box<dyn Connector> {
    stage.connector(&[("openid", OPENID), ("appkey", "demo-appkey")], settings)
}

fn listing(connector: &dyn Connector, name: &str) -> &'static Listing {
    connector.listings().iter().find(|listing| listing.name == name).expect("a listing")
}

async fn drafts(stage: &Stage, settings: serde_json::Value) -> Vec<Draft> {
    let connector = reading(stage, settings);
    let ask = Ask { reach: Reach::Full, window: window(), subjects: &[] };
    let mut drafts = Vec::new();
    for listing in connector.listings().iter().filter(|listing| listing.over == Over::Whole) {
        for slice in connector.plan(listing, &ask) {
            let page = connector.pull(listing, &slice, 1, None).await.expect("a page");
            let again = connector.pull(listing, &slice, 1, page.fingerprint).await.expect("a page");
            assert!(again.unchanged && page.broken.is_empty());
            let kind = listing.kind.expect("records");
            drafts.extend(page.rows.iter().map(|row| connector.read(kind, row).expect("a draft")));
        }
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
        let entries: Vec<TimelineEntry> = drafts
            .iter()
            .filter(|draft| draft.kind == Kind::TimelineEntry)
            .map(|draft| serde_json::from_str(&draft.doc).expect("an entry"))
            .collect();
        // A visit, and the two reports that it was made of.
        assert_eq!(
            entries.iter().map(|entry| entry.kind.value).collect::<Vec<_>>(),
            [TimelineKind::FieldWork; 3]
        );
        assert_eq!(entries[0].note.as_deref(), Some("客户处"));
        assert_eq!(entries[0].end.map(|end| end.to_string()).as_deref(), Some("2018-02-28T12:00:00+08:00"));
        assert_eq!(entries[2].kind.vendor_value.as_deref(), Some("拜访-离开登记"));
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

#[tokio::test]
async fn days_of_attendance_become_punches() {
    let stage = company();
    let night = [punch("2018-02-27 22:00"), punch("2018-02-28 06:30")].map(|mut punch| {
        punch.day = Some("2018-02-27".parse().expect("a date"));
        punch
    });
    stage.workforce.record_punches(night.to_vec()).await.expect("kept");
    stage
        .workforce
        .record_punches(vec![punch("2018-03-01 09:01"), punch("2018-03-01 18:02")])
        .await
        .expect("kept");
    let connector = reading(&stage, json!({}));
    let listing = listing(&*connector, "punch");
    let subject = Subject { remote_id: id("lin").to_string(), record: id("here"), key: None };
    let wide = Window { from: "2017-12-01".parse().expect("a date"), to: window().to };
    let ask = Ask { reach: Reach::Full, window: wide, subjects: &[subject] };
    let slices = connector.plan(listing, &ask);
    assert_eq!(slices.len(), 3, "91 days in pieces of 31");
    let mut punches = Vec::new();
    for slice in &slices {
        let page = connector.pull(listing, slice, 1, None).await.expect("a page");
        assert!(page.broken.is_empty() && page.punches.len() == 1);
        punches.extend(page.punches.into_iter().flat_map(|of| of.punches));
    }
    let told: Vec<_> = punches.iter().map(|punch| (punch.at.to_string(), punch.direction)).collect();
    let expected = [
        ("2018-02-27T22:00:00+08:00", Direction::In),
        ("2018-02-28T06:30:00+08:00", Direction::Out),
        ("2018-03-01T09:01:00+08:00", Direction::In),
        ("2018-03-01T18:02:00+08:00", Direction::Out),
    ];
    assert_eq!(told, expected.map(|(at, direction)| (at.to_owned(), direction)));
    assert!(punches.iter().all(|punch| punch.employee == id("here")));
    assert_eq!(punches[1].working_day().to_string(), "2018-02-27");
}

#[tokio::test]
async fn what_is_new_is_asked_for_by_day() {
    let stage = company();
    let connector = reading(&stage, json!({}));
    let listing = listing(&*connector, "employee");
    for (day, count) in [("2018-03-01", 3), ("2018-03-02", 0)] {
        let reach = Reach::Since(day.parse().expect("a date"));
        for slice in connector.plan(listing, &Ask { reach, window: window(), subjects: &[] }) {
            let page = connector.pull(listing, &slice, 1, None).await.expect("a page");
            assert_eq!(page.rows.len(), count, "{}", slice.label);
        }
    }
}

#[tokio::test]
async fn a_visit_is_asked_for_by_id() {
    let stage = company();
    let connector = reading(&stage, json!({}));
    let asked = async |name: &str| connector.exists(Kind::TimelineEntry, name).await.expect("an answer");
    assert!(matches!(asked(&format!("visit/{}", id("errand"))).await, Existence::Present(_)));
    assert!(matches!(asked(&format!("visit/{}", id("nothing"))).await, Existence::Absent));
    assert!(matches!(asked("track/x").await, Existence::Unknown));
}

#[tokio::test]
async fn the_account_is_looked_at_part_by_part() {
    let stage = company();
    let reads = [("openid", OPENID), ("appkey", "demo-appkey")];
    let signs_in = [("app_id", "wq-demo"), ("app_secret", "wrong"), ("tenant_id", TENANT)];
    let both: Vec<_> = reads.into_iter().chain(signs_in).collect();
    let health = stage.connector(&both, json!({})).check().await.expect("it answers");
    let states: Vec<_> = health.findings.iter().map(|found| (found.subject.as_str(), found.state)).collect();
    assert_eq!(states, [("sign-in", State::Bad), ("OpenAPI", State::Good), ("pushes", State::Unknown)]);
    assert!(stage.connector(&signs_in, json!({})).check().await.is_err());
}
