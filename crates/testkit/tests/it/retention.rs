//! What is older than the workspace keeps it goes, in time and no sooner.

use tongshi_hub::Scopes;
use tongshi_model::Kind;
use tongshi_testkit::{Effect, Setup, TestHub, on_each_database};

const DAY: i64 = 86_400;

async fn due(hub: &TestHub, rule: &str) -> u64 {
    let kept = hub.hub.retention(&hub.main).await.unwrap();
    kept.iter().find(|kept| kept.rule == rule).unwrap().due
}

#[tokio::test]
async fn nothing_goes_before_its_day_and_all_of_it_after() {
    let mut setup = Setup { employees: 60, attendance_days: 2, ..Setup::default() };
    setup.settings.retention_days.insert("punches".to_owned(), 400);
    on_each_database(setup, async |hub| {
        hub.sync(&[]).await;
        hub.hub.unload(&hub.company, "sandbox", Kind::Employee, &["emp-00000007"]).await.unwrap();
        hub.sync(&["employee"]).await;
        hub.hub.keep_for(&hub.main, "journal", Some(30), "cli").await.unwrap();
        hub.hub.keep_for(&hub.main, "departed", Some(30), "cli").await.unwrap();
        hub.hub.issue_token(&hub.main, "session", &serde_json::Value::Null, Some(60)).await.unwrap();
        assert!(hub.hub.sweep(&hub.main, "cli").await.unwrap().rows.is_empty());

        hub.clock.advance_seconds(30 * DAY - 1);
        assert_eq!((due(hub, "journal").await, due(hub, "departed").await), (0, 0));
        assert_eq!(due(hub, "tokens").await, 1);
        hub.clock.advance_seconds(2);
        let journal = hub.hub.changes(&hub.main, 0, None, 1000, &Scopes::all()).await.unwrap().data.len();
        assert!(due(hub, "journal").await >= 1 && due(hub, "departed").await == 1);
        assert!(due(hub, "journal").await >= 1, "a look changes nothing");
        let swept = hub.hub.sweep(&hub.main, "cli").await.unwrap();
        assert_eq!((swept.rows["departed"], swept.rows["tokens"], swept.more), (1, 1, false), "{swept:?}");
        let after = hub.hub.changes(&hub.main, 0, None, 1000, &Scopes::all()).await.unwrap().data;
        assert_eq!(after.len(), journal, "the entries stay");
        assert!(after.iter().any(|change| change.op == "deleted" && change.before.is_none()));
        assert!(hub.hub.sweep(&hub.main, "cli").await.unwrap().rows.is_empty());

        let all = hub.hub.counts(&hub.main).await.unwrap();
        assert!(all.iter().any(|count| count.kind == "punch" && count.live > 0));
        hub.clock.advance_seconds(400 * DAY);
        let swept = hub.hub.sweep(&hub.main, "cli").await.unwrap();
        assert!(swept.rows["punches"] > 0, "{swept:?}");
        assert!(
            hub.hub
                .counts(&hub.main)
                .await
                .unwrap()
                .iter()
                .any(|count| count.kind == "punch" && count.live == 0)
        );
        assert!(
            !hub.hub
                .counts(&hub.main)
                .await
                .unwrap()
                .iter()
                .any(|count| count.kind == "employee" && count.live == 0)
        );
    })
    .await;
}

#[tokio::test]
async fn quarantine_and_proofs_go_and_the_last_proof_stays() {
    on_each_database(Setup { employees: 60, ..Setup::default() }, async |hub| {
        let first = hub.sync(&[]).await.run.unwrap();
        hub.wire.break_by(|_, message| {
            if message.path != "/api/v2/employees" {
                return Effect::Pass;
            }
            Effect::Change(Box::new(|mut reply| {
                let mut page: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
                page["employees"][3]["join_date"] = "2017-02-30".into();
                reply.body = page.to_string().into();
                reply
            }))
        });
        let second = hub.sync(&[]).await.run.unwrap();
        assert!(!hub.hub.quarantine(&hub.main).await.unwrap().is_empty());
        hub.clock.advance_seconds(91 * DAY);
        assert!(hub.hub.sweep_due().await.unwrap(), "the first round is due");
        assert!(!hub.hub.sweep_due().await.unwrap(), "the next one in an hour");
        hub.clock.advance_seconds(3_600);
        assert!(hub.hub.sweep_due().await.unwrap());
        assert!(hub.hub.quarantine(&hub.main).await.unwrap().is_empty());
        let mut session = hub.hub.store().read().await.unwrap();
        assert!(tongshi_store::runs::listings(&mut session, first).await.unwrap().is_empty());
        assert!(!tongshi_store::runs::listings(&mut session, second).await.unwrap().is_empty());
    })
    .await;
}
