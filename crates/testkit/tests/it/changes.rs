//! What happens in a company, seen through the journal.

use serde_json::{Value, json};
use tongshi_hub::{ChangeView, Mode, Scopes, SyncOptions};
use tongshi_model::{Draft, Kind};
use tongshi_testkit::{Setup, TestHub, on_each_database};

async fn journal(hub: &TestHub, after: i64) -> Vec<ChangeView> {
    hub.hub.changes(&hub.main, after, None, 1000, &Scopes::all()).await.unwrap().data
}

async fn last_seq(hub: &TestHub) -> i64 {
    let mut after = 0;
    loop {
        let page = hub.hub.changes(&hub.main, after, None, 1000, &Scopes::all()).await.unwrap();
        if page.data.is_empty() {
            return after;
        }
        after = page.next;
    }
}

/// A generated thing with some fields changed.
async fn changed(hub: &TestHub, kind: Kind, name: &str, change: impl Fn(&mut Value)) -> Draft {
    let space = hub.hub.local_space(&hub.company, "sandbox").await.unwrap();
    let id = space.id(kind, name);
    let record = hub.hub.record(&hub.company, kind, id, &Scopes::all()).await.unwrap();
    let mut doc: Value = serde_json::from_str(record.data.get()).unwrap();
    change(&mut doc);
    Draft::parse(kind, doc.to_string()).unwrap()
}

#[tokio::test]
async fn a_renamed_department_is_one_update() {
    on_each_database(Setup::default(), async |hub| {
        hub.sync(&["org_unit", "employee"]).await;
        let before = last_seq(hub).await;
        let draft = changed(hub, Kind::OrgUnit, "org-000003", |doc| doc["name"] = json!("新名部")).await;
        hub.put("org-000003", draft).await;
        let outcome = hub.sync(&["org_unit", "employee"]).await;
        assert_eq!((outcome.counts.created, outcome.counts.updated, outcome.counts.deleted), (0, 1, 0));
        let changes = journal(hub, before).await;
        assert_eq!(changes.len(), 1);
        assert_eq!((changes[0].op, changes[0].fields.as_slice()), ("updated", &["name".to_owned()][..]));
        assert!(changes[0].after.as_ref().unwrap().get().contains("新名部"));
        assert!(!changes[0].before.as_ref().unwrap().get().contains("新名部"));
    })
    .await;
}

#[tokio::test]
async fn who_leaves_and_comes_back_is_restored_with_history() {
    on_each_database(Setup::default(), async |hub| {
        hub.sync(&["employee"]).await;
        let before = last_seq(hub).await;
        let kept = changed(hub, Kind::Employee, "emp-00000050", |_| {}).await;
        assert_eq!(
            hub.hub.unload(&hub.company, "sandbox", Kind::Employee, &["emp-00000050"]).await.unwrap(),
            1
        );
        let outcome = hub.sync(&["employee"]).await;
        assert!(outcome.complete, "{outcome:#?}");
        assert_eq!(outcome.counts.deleted, 1);
        hub.put("emp-00000050", kept).await;
        let outcome = hub.sync(&["employee"]).await;
        assert_eq!((outcome.counts.restored, outcome.counts.created), (1, 0));
        let changes = journal(hub, before).await;
        let ops: Vec<&str> = changes.iter().map(|change| change.op).collect();
        assert_eq!(ops, ["deleted", "restored"]);
        assert_eq!(changes[0].record, changes[1].record);
        assert_eq!(changes[1].version, 3);
    })
    .await;
}

#[tokio::test]
async fn a_rehire_is_a_second_employment() {
    on_each_database(Setup::default(), async |hub| {
        hub.sync(&["employee"]).await;
        let (people, before) = (hub.records(&hub.main, Kind::Employee).await.len(), last_seq(hub).await);
        let left = changed(hub, Kind::Employee, "emp-00000060", |doc| {
            doc["phase"] = json!({"value": "left"});
            doc["status"] = json!("ended");
            doc["leave_date"] = json!("2026-03-01");
        })
        .await;
        let again = changed(hub, Kind::Employee, "emp-00000060", |doc| {
            doc["employee_no"] = json!("REHIRE-1");
            doc["hire_date"] = json!("2026-03-10");
        })
        .await;
        hub.put("emp-00000060", left).await;
        hub.put("emp-rehired", again).await;
        let outcome = hub.sync(&["employee"]).await;
        assert_eq!((outcome.counts.created, outcome.counts.updated), (1, 1), "{outcome:#?}");
        assert_eq!(hub.records(&hub.main, Kind::Employee).await.len(), people + 1);
        assert_eq!(journal(hub, before).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_dry_run_shows_and_changes_nothing() {
    on_each_database(Setup::default(), async |hub| {
        let dry = SyncOptions { mode: Mode::Full, dry_run: true, ..SyncOptions::default() };
        let first = hub.sync_with(dry.clone()).await;
        assert!(first.run.is_none() && first.counts.created > 120);
        assert_eq!(last_seq(hub).await, 0);
        assert!(hub.hub.runs(&hub.main, None, 10).await.unwrap().is_empty());
        hub.sync(&[]).await;
        let before = last_seq(hub).await;
        let draft =
            changed(hub, Kind::Employee, "emp-00000070", |doc| doc["job_title"] = json!("园丁")).await;
        hub.put("emp-00000070", draft).await;
        hub.hub.unload(&hub.company, "sandbox", Kind::Employee, &["emp-00000071"]).await.unwrap();
        let dry = hub.sync_with(dry).await;
        assert_eq!((dry.counts.updated, dry.counts.deleted, dry.counts.created), (1, 1, 0), "{dry:#?}");
        let mut ops: Vec<&str> = dry.differences.iter().map(|difference| difference.op).collect();
        ops.sort_unstable();
        assert_eq!(ops, ["deleted", "updated"]);
        assert!(dry.differences.iter().any(|difference| difference.fields == ["job_title"]));
        assert_eq!(last_seq(hub).await, before);
        let real = hub.sync(&[]).await;
        assert_eq!((real.counts.updated, real.counts.deleted), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn a_run_can_be_undone_and_done_again() {
    on_each_database(Setup::default(), async |hub| {
        hub.sync(&["org_unit", "employee"]).await;
        let docs = |records: Vec<tongshi_hub::RecordView>| {
            let mut docs: Vec<String> =
                records.into_iter().map(|record| format!("{} {}", record.id, record.data.get())).collect();
            docs.sort();
            docs
        };
        let before = docs(hub.records(&hub.main, Kind::Employee).await);
        let draft =
            changed(hub, Kind::Employee, "emp-00000070", |doc| doc["job_title"] = json!("园丁")).await;
        hub.put("emp-00000070", draft.clone()).await;
        hub.put("emp-new", draft).await;
        hub.hub.unload(&hub.company, "sandbox", Kind::Employee, &["emp-00000071"]).await.unwrap();
        let run = hub.sync(&["org_unit", "employee"]).await;
        assert_eq!((run.counts.created, run.counts.updated, run.counts.deleted), (1, 1, 1));
        let after = docs(hub.records(&hub.main, Kind::Employee).await);
        let undone = hub.hub.undo(&hub.main, run.run.unwrap()).await.unwrap();
        assert_eq!((undone.undone, undone.conflicts.len()), (3, 0));
        assert_eq!(docs(hub.records(&hub.main, Kind::Employee).await), before);
        assert!(hub.hub.undo(&hub.main, run.run.unwrap()).await.is_err(), "twice");
        let again = hub.sync(&["org_unit", "employee"]).await;
        assert_eq!(
            (again.counts.restored, again.counts.updated, again.counts.deleted, again.counts.created),
            (1, 1, 1, 0),
            "{again:#?}"
        );
        assert_eq!(docs(hub.records(&hub.main, Kind::Employee).await), after);
    })
    .await;
}

#[tokio::test]
async fn the_first_run_can_be_undone_whole() {
    let setup = Setup { employees: 60, attendance_days: 5, ..Setup::default() };
    on_each_database(setup, async |hub| {
        let run = hub.sync(&[]).await;
        let records = run.counts.created;
        let undone = hub.hub.undo(&hub.main, run.run.unwrap()).await.unwrap();
        assert_eq!(undone.undone, records);
        assert!(undone.punches > 0);
        let live: u64 = hub.hub.counts(&hub.main).await.unwrap().iter().map(|count| count.live).sum();
        assert_eq!(live, 0);
        let again = hub.sync(&[]).await;
        assert_eq!(again.counts.restored, records, "{again:#?}");
        assert!(again.complete);
    })
    .await;
}

#[tokio::test]
async fn an_incremental_run_brings_who_joined() {
    on_each_database(Setup::default(), async |hub| {
        hub.sync(&[]).await;
        let draft = changed(hub, Kind::Employee, "emp-00000070", |doc| {
            doc["hire_date"] = json!("2026-03-16");
            doc["employee_no"] = json!("NEW-1");
        })
        .await;
        hub.put("emp-joined", draft).await;
        hub.clock.advance_seconds(3600);
        let outcome = hub.sync_with(SyncOptions::default()).await;
        assert_eq!(outcome.mode, "incremental");
        assert!(outcome.complete, "{outcome:#?}");
        assert_eq!((outcome.counts.created, outcome.counts.deleted), (1, 0), "{outcome:#?}");
        hub.clock.advance_seconds(25 * 3600);
        assert_eq!(hub.sync_with(SyncOptions::default()).await.mode, "full");
    })
    .await;
}
