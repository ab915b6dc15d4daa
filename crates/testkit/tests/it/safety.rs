//! Nothing is deleted on a doubt, and not too much at once.

use http::StatusCode;
use tongshi_dialect::Reply;
use tongshi_hub::{Actor, Failure, Mode, SyncOptions};
use tongshi_model::Kind;
use tongshi_testkit::{Effect, Setup, on_each_database};

#[tokio::test]
async fn a_shrink_waits_for_a_person() {
    on_each_database(Setup::default(), async |hub| {
        hub.sync(&["employee"]).await;
        let people = hub.records(&hub.main, Kind::Employee).await.len();
        let leaving: Vec<String> = (40..80).map(|number| format!("emp-{number:08}")).collect();
        let leaving: Vec<&str> = leaving.iter().map(String::as_str).collect();
        hub.hub.unload(&hub.company, "sandbox", Kind::Employee, &leaving).await.unwrap();
        let outcome = hub.sync(&["employee"]).await;
        assert_eq!((outcome.state.as_str(), outcome.complete), ("held", false), "{outcome:#?}");
        assert_eq!(hub.records(&hub.main, Kind::Employee).await.len(), people);
        let options = SyncOptions {
            mode: Mode::Full,
            only: vec!["employee".to_owned()],
            confirm_shrink: true,
            ..SyncOptions::default()
        };
        let outcome = hub.sync_with(options).await;
        assert_eq!((outcome.state.as_str(), outcome.counts.deleted), ("done", 40));
        assert_eq!(hub.records(&hub.main, Kind::Employee).await.len(), people - 40);
    })
    .await;
}

#[tokio::test]
async fn a_refused_account_stops_the_run_at_once() {
    on_each_database(Setup::default(), async |hub| {
        hub.sync(&["employee"]).await;
        hub.hub.disable_app(&hub.company, "tester", true, &Actor::cli()).await.unwrap();
        hub.wire.break_by(|_, _| Effect::Pass);
        let outcome = hub.sync(&[]).await;
        assert_eq!((outcome.state.as_str(), outcome.complete), ("failed", false));
        assert_eq!(outcome.failure, Some(Failure::Credentials), "{outcome:#?}");
        assert!(hub.wire.calls() <= 3, "{} calls with a refused key", hub.wire.calls());
        assert_eq!(outcome.counts.deleted, 0);
    })
    .await;
}

#[tokio::test]
async fn who_is_there_when_asked_by_name_is_not_deleted() {
    on_each_database(Setup::default(), async |hub| {
        hub.sync(&["employee"]).await;
        let people = hub.records(&hub.main, Kind::Employee).await.len();
        let hidden = hub.records(&hub.main, Kind::Employee).await.swap_remove(33);
        let lineage = hub.hub.lineage(&hub.main, hidden.id, &tongshi_hub::Scopes::all()).await.unwrap();
        let uuid = lineage[0].remote_id.clone();
        // The vendor's list forgets somebody, consistently, with a total to match: only asking by name tells.
        hub.wire.break_by(move |_, message| {
            if message.path != "/api/v2/employees" {
                return Effect::Pass;
            }
            let uuid = uuid.clone();
            Effect::Change(Box::new(move |mut reply: Reply| {
                let mut page: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
                let total = page["totalCount"].as_u64().unwrap() - 1;
                page["totalCount"] = total.into();
                page["employees"].as_array_mut().unwrap().retain(|person| person["uuid"] != uuid.as_str());
                reply.body = page.to_string().into();
                reply
            }))
        });
        let outcome = hub.sync(&["employee"]).await;
        assert!(!outcome.complete, "{outcome:#?}");
        assert_eq!(outcome.counts.deleted, 0);
        assert_eq!(hub.records(&hub.main, Kind::Employee).await.len(), people);
    })
    .await;
}

#[tokio::test]
async fn a_bad_row_is_named_and_the_others_are_kept() {
    on_each_database(Setup::default(), async |hub| {
        hub.wire.break_by(|_, message| {
            if message.path != "/api/v2/employees" {
                return Effect::Pass;
            }
            Effect::Change(Box::new(|mut reply: Reply| {
                let mut page: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
                if page["currentPage"] == 2 {
                    page["employees"][3]["join_date"] = "2017-02-30".into();
                    page["employees"][4]["name"] = "a\u{0}b".into();
                }
                reply.body = page.to_string().into();
                reply
            }))
        });
        let outcome = hub.sync(&["employee"]).await;
        assert_eq!(outcome.counts.quarantined, 2, "{outcome:#?}");
        assert!(outcome.complete, "they were seen: {outcome:#?}");
        let rows = hub.hub.quarantine(&hub.main).await.unwrap();
        assert_eq!(rows.len(), 2);
        assert!(rows.iter().any(|row| row.reason.contains("join_date")), "{rows:?}");
        hub.wire.mend();
        let outcome = hub.sync(&["employee"]).await;
        assert_eq!((outcome.counts.created, outcome.counts.quarantined), (2, 0));
        assert!(hub.hub.quarantine(&hub.main).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn an_unknown_fault_is_ours_to_name() {
    on_each_database(Setup::default(), async |hub| {
        hub.wire.break_by(|_, _| Effect::Answer(Reply::json(StatusCode::OK, "<html>maintenance</html>")));
        let outcome = hub.sync(&["employee"]).await;
        assert_eq!(outcome.failure, Some(Failure::Vendor), "{outcome:#?}");
        assert!(outcome.reason.unwrap().contains("maintenance"));
    })
    .await;
}
