//! Who did what: what is noted, how it is read, and that tampering shows.

use serde_json::{Value, json};
use tongshi_dialect::Message;
use tongshi_hub::{AuditQuery, AuditView, Hub, LoadItem, NewApp, Scopes, Workspace};
use tongshi_model::{Draft, Kind, Sensitivity};
use tongshi_store::{
    NewAudit, audit,
    testing::{Tamper, tamper},
};
use tongshi_testkit::{Setup, TestHub, on_each_database};

fn small() -> Setup {
    Setup { employees: 30, ..Setup::default() }
}

async fn trail(hub: &Hub, workspace: &Workspace, action: &str) -> Vec<AuditView> {
    hub.write_notes().await.unwrap();
    let query = AuditQuery { action: Some(action.to_owned()), ..AuditQuery::default() };
    hub.audit(workspace, &query, 1000, false).await.unwrap().data
}

fn detail(entry: &AuditView) -> Value {
    serde_json::from_str(entry.detail.get()).unwrap()
}

async fn app(hub: &TestHub, name: &str, sensitivity: Sensitivity) -> String {
    let scopes = Scopes { sensitivity, ..Scopes::all() };
    let new = NewApp {
        name: name.to_owned(),
        faces: Vec::new(),
        scopes,
        settings: Value::Null,
        ..NewApp::default()
    };
    hub.hub
        .create_app(&hub.company, new, &tongshi_hub::Actor::cli())
        .await
        .unwrap()
        .api_key
        .expose()
        .to_owned()
}

#[tokio::test]
async fn a_key_is_noted_once_an_hour_and_refusals_are_counted() {
    on_each_database(small(), async |hub| {
        let key = app(hub, "payroll", Sensitivity::Restricted).await;
        for _ in 0..50 {
            hub.hub.authenticate(&key, None).await.unwrap();
        }
        assert_eq!(trail(&hub.hub, &hub.company, "credential.use").await.len(), 1);
        hub.clock.advance_seconds(3600);
        hub.hub.authenticate(&key, None).await.unwrap();
        let uses = trail(&hub.hub, &hub.company, "credential.use").await;
        assert_eq!(uses.len(), 2);
        assert_eq!((uses[0].actor.as_str(), uses[0].target.as_str()), ("app:payroll", "v1"));
        for _ in 0..70 {
            hub.hub.authenticate("tsk_nobodys", None).await.unwrap_err();
        }
        let nobodys = trail(&hub.hub, &Workspace::nobodys(), "credential.use").await;
        assert_eq!((nobodys.len(), nobodys[0].outcome.as_str()), (1, "refused"));
        assert_eq!(detail(&nobodys[0])["times"], 70);
        hub.hub.disable_app(&hub.company, "payroll", true, &tongshi_hub::Actor::cli()).await.unwrap();
        hub.hub.authenticate(&key, None).await.unwrap_err();
        let uses = trail(&hub.hub, &hub.company, "credential.use").await;
        assert_eq!((uses.len(), uses[2].outcome.as_str()), (3, "refused"));
        assert!(!format!("{uses:?}{nobodys:?}").contains("tsk_"));
    })
    .await;
}

/// A generated employee with a bank card.
async fn enrich(hub: &TestHub, name: &str) {
    let space = hub.hub.local_space(&hub.company, "sandbox").await.unwrap();
    let id = space.id(Kind::Employee, name);
    let record = hub.hub.record(&hub.company, Kind::Employee, id, &Scopes::all()).await.unwrap();
    let mut doc: Value = serde_json::from_str(record.data.get()).unwrap();
    doc["bank_card"] = json!("6299000000000001");
    let draft = Draft::parse(Kind::Employee, doc.to_string()).unwrap();
    let item = LoadItem::Record { remote_id: name.to_owned(), draft };
    hub.hub.load(&hub.company, "sandbox", vec![item]).await.unwrap();
}

/// A call of the face `zhiren`, signed as its client signs.
async fn call(hub: &TestHub, operation: &str, fields: Value) -> http::StatusCode {
    let Value::Object(fields) = fields else { panic!("fields are an object") };
    let reply = hub.hub.call(&hub.main, "zhiren", operation, fields).await.unwrap();
    reply.status
}

#[tokio::test]
async fn reads_of_restricted_fields_are_one_entry_however_often_they_are_repeated() {
    on_each_database(small(), async |hub| {
        for number in 1..=5 {
            enrich(hub, &format!("emp-{number:08}")).await;
        }
        let records = hub.records(&hub.company, Kind::Employee).await;
        let fields = ["\"bank_card\":", "\"bank_name\":", "\"id_number\":", "\"offer\":"];
        let restricted =
            records.iter().filter(|record| fields.iter().any(|field| record.data.get().contains(field)));
        let restricted: Vec<String> = restricted.map(|record| record.id.to_string()).collect();
        assert!(restricted.len() >= 5);
        for _ in 0..3 {
            hub.hub.note_records(&hub.company, "app:payroll", "v1", &records).await.unwrap();
        }
        let reads = trail(&hub.hub, &hub.company, "record.read").await;
        assert_eq!(reads.len(), 1, "{reads:?}");
        assert_eq!((reads[0].actor.as_str(), reads[0].target.as_str()), ("app:payroll", "employee"));
        let noted = detail(&reads[0]);
        assert_eq!((&noted["requests"], &noted["records"]), (&json!(3), &json!(restricted.len())));
        let mut ids: Vec<String> = serde_json::from_value(noted["ids"].clone()).unwrap();
        let mut expected = restricted.clone();
        ids.sort();
        expected.sort();
        assert_eq!(ids, expected);
        // What shows nothing restricted is no such read.
        let plain = Scopes { sensitivity: Sensitivity::Personal, ..Scopes::all() };
        let id = records[0].id;
        let record = hub.hub.record(&hub.company, Kind::Employee, id, &plain).await.unwrap();
        hub.hub.note_records(&hub.company, "app:kiosk", "v1", [&record]).await.unwrap();
        assert_eq!(trail(&hub.hub, &hub.company, "record.read").await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_face_s_kept_answer_is_noted_each_time_it_is_given() {
    on_each_database(small(), async |hub| {
        enrich(hub, "emp-00000001").await;
        for _ in 0..4 {
            assert!(call(hub, "employee.list", json!({})).await.is_success());
        }
        let reads = trail(&hub.hub, &hub.company, "record.read").await;
        let of_face: Vec<&AuditView> = reads.iter().filter(|entry| entry.actor == "app:tester").collect();
        let times: i64 = of_face.iter().filter_map(|entry| detail(entry)["requests"].as_i64()).sum();
        assert_eq!((of_face.len(), times), (1, 4), "{reads:?}");
        assert_eq!(detail(of_face[0])["surface"], "zhiren");
        let uses = trail(&hub.hub, &hub.company, "credential.use").await;
        assert!(uses.iter().any(|entry| entry.target == "zhiren" && entry.outcome == "done"), "{uses:?}");
    })
    .await;
}

#[tokio::test]
async fn a_trail_without_room_lets_readers_wait_and_loses_nothing() {
    on_each_database(small(), async |hub| {
        let ids = |from: u32| {
            (from..from + 500).map(|n| (Kind::Employee, tongshi_model::Id::of(&["x", &n.to_string()])))
        };
        let readers = (0..60).map(|reader| {
            let (hub, workspace) = (hub.hub.clone(), hub.company.clone());
            tokio::spawn(async move {
                let actor = format!("app:{reader}");
                hub.note_seen(&workspace, &actor, "v1", ids(reader * 500)).await
            })
        });
        for reader in readers.collect::<Vec<_>>() {
            reader.await.unwrap().unwrap();
        }
        let reads = trail(&hub.hub, &hub.company, "record.read").await;
        let total: i64 = reads.iter().filter_map(|entry| detail(entry)["records"].as_i64()).sum();
        assert_eq!(total, 60 * 500);
        assert!(
            reads.iter().all(|entry| detail(entry)["sha256"].is_string() && detail(entry)["ids"].is_null())
        );
        assert!(hub.hub.verify_audit(&hub.company, None).await.unwrap().ok);
    })
    .await;
}

async fn fill(hub: &TestHub, count: usize) {
    let entry = |number| NewAudit {
        actor: "cli".to_owned(),
        action: "test.fill".to_owned(),
        target: format!("thing-{number}"),
        outcome: "done".to_owned(),
        detail: "{}".to_owned(),
    };
    let mut session = hub.hub.store().write().await.unwrap();
    audit::append(&mut session, &hub.main, (0..count).map(entry).collect()).await.unwrap();
    session.commit().await.unwrap();
}

async fn tampered(hub: &TestHub, what: Tamper) {
    let mut session = hub.hub.store().write().await.unwrap();
    tamper(&mut session, &hub.main, what).await.unwrap();
    session.commit().await.unwrap();
}

#[tokio::test]
async fn whatever_is_altered_shows_at_its_number() {
    let cases = [
        (Tamper::Alter(1500), 1500),
        (Tamper::Remove(1200), 1200),
        (Tamper::Swap(1100, 1101), 1100),
        (Tamper::Cut(2000), 2001),
    ];
    for (what, first_bad) in cases {
        on_each_database(Setup { employees: 0, ..small() }, async |hub| {
            fill(hub, 2500).await;
            let before = hub.hub.verify_audit(&hub.main, None).await.unwrap();
            assert!(before.ok && before.checked > 2500, "{before:?}");
            tampered(hub, what).await;
            let after = hub.hub.verify_audit(&hub.main, None).await.unwrap();
            assert_eq!((after.ok, after.first_bad), (false, Some(first_bad)), "{what:?} {after:?}");
        })
        .await;
    }
}

#[tokio::test]
async fn a_head_kept_elsewhere_shows_a_trail_that_was_written_anew() {
    on_each_database(Setup { employees: 0, ..small() }, async |hub| {
        fill(hub, 20).await;
        let head = hub.hub.audit_head(&hub.main).await.unwrap();
        fill(hub, 20).await;
        assert!(hub.hub.verify_audit(&hub.main, Some(&head)).await.unwrap().ok);
        tampered(hub, Tamper::Rewrite(10)).await;
        assert!(hub.hub.verify_audit(&hub.main, None).await.unwrap().ok, "from inside it looks as it should");
        let shown = hub.hub.verify_audit(&hub.main, Some(&head)).await.unwrap();
        let seq: i64 = head.split_once(':').unwrap().0.parse().unwrap();
        assert_eq!((shown.ok, shown.first_bad), (false, Some(seq)), "{shown:?}");
        assert!(hub.hub.verify_audit(&hub.main, Some("7:zz")).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn entries_are_found_by_what_they_say() {
    on_each_database(small(), async |hub| {
        fill(hub, 30).await;
        let ask =
            async |query: AuditQuery| hub.hub.audit(&hub.main, &query, 1000, false).await.unwrap().data.len();
        let query = AuditQuery::default;
        assert_eq!(ask(AuditQuery { action: Some("test.*".to_owned()), ..query() }).await, 30);
        assert_eq!(ask(AuditQuery { action: Some("test".to_owned()), ..query() }).await, 0);
        assert_eq!(ask(AuditQuery { action: Some("%*".to_owned()), ..query() }).await, 0);
        assert_eq!(ask(AuditQuery { target: Some("thing-3".to_owned()), ..query() }).await, 1);
        assert_eq!(
            ask(AuditQuery { actor: Some("cli".to_owned()), outcome: Some("refused".to_owned()), ..query() })
                .await,
            0
        );
        let now = hub.now();
        hub.clock.advance_seconds(60);
        fill(hub, 5).await;
        assert_eq!(
            ask(AuditQuery { action: Some("test.fill".to_owned()), since: Some(hub.now()), ..query() }).await,
            5
        );
        assert_eq!(
            ask(AuditQuery { action: Some("test.fill".to_owned()), until: Some(now), ..query() }).await,
            30
        );
        let last = hub.hub.audit(&hub.main, &query(), 2, true).await.unwrap();
        assert_eq!(
            last.data.iter().map(|entry| entry.target.as_str()).collect::<Vec<_>>(),
            ["thing-3", "thing-4"]
        );
    })
    .await;
}

/// Two hubs on one PostgreSQL append at the same time.
#[tokio::test]
async fn two_replicas_keep_one_chain() {
    #[expect(clippy::disallowed_methods, reason = "the one switch of the test suite")]
    let server = std::env::var("TONGSHI_TEST_PG").ok().filter(|server| !server.is_empty());
    let Some(server) = server else { return };
    let scratch = tongshi_store::testing::Scratch::postgres(&server).await.unwrap();
    let setup = Setup { employees: 0, ..small() };
    let one = TestHub::over(scratch.location(), &setup).await;
    let other = tongshi_store::Store::open(scratch.location(), one.clock.clone()).await.unwrap();
    let before = one.hub.verify_audit(&one.main, None).await.unwrap().checked;
    let append = |store: tongshi_store::Store, name: &'static str| {
        let workspace = one.main.clone();
        tokio::spawn(async move {
            for number in 0..40 {
                let entry = NewAudit {
                    actor: name.to_owned(),
                    action: "test.replica".to_owned(),
                    target: number.to_string(),
                    outcome: "done".to_owned(),
                    detail: "{}".to_owned(),
                };
                loop {
                    let mut session = store.write().await.unwrap();
                    let appended =
                        audit::append(&mut session, &workspace, vec![entry.clone(), entry.clone()]).await;
                    let ended = match appended {
                        Ok(()) => session.commit().await,
                        Err(error) => Err(error),
                    };
                    match ended {
                        Ok(()) => break,
                        Err(error) => assert!(error.retryable(), "{error:?}"),
                    }
                }
            }
        })
    };
    let (first, second) = (append(one.hub.store().clone(), "one"), append(other.clone(), "other"));
    first.await.unwrap();
    second.await.unwrap();
    let proof = one.hub.verify_audit(&one.main, None).await.unwrap();
    assert_eq!((proof.ok, proof.checked - before), (true, 160), "{proof:?}");
    drop((one, other));
    scratch.remove().await.unwrap();
}

/// A message whose signature is that of another request.
fn forged(query: &str) -> Message {
    let mut message = Message::new(http::Method::GET, "/api/v2/employees");
    message.query = query.to_owned();
    message
}

#[tokio::test]
async fn a_wrong_signature_is_explained_without_secrets() {
    on_each_database(small(), async |hub| {
        let keys = &hub.keys["zhiren"];
        let id = keys.iter().find(|(name, _)| name.contains("access")).unwrap().1.expose();
        let secret = keys.iter().find(|(name, _)| name.contains("secret")).unwrap().1.expose();
        let tonce = hub.now().as_second();
        let payload = r#"{"name":"林一","mobile":"19900000001","pagination":{"page":1}}"#;
        let encoded: String = payload.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let wrong = "ab".repeat(32);
        let query = format!("access_key={id}&tonce={tonce}&signature={wrong}&payload={encoded}");
        let (_, face) = hub.hub.faces().iter().find(|(dialect, _)| *dialect == "zhiren").unwrap();
        assert!(!face.answer(forged(&query)).await.status.is_success());
        face.answer(forged("access_key=zr-nobody&tonce=1&signature=00")).await;
        hub.hub.write_notes().await.unwrap();
        let query = tongshi_hub::RequestQuery { nobodys: true, ..Default::default() };
        let page = hub.hub.requests(&hub.company, &query, 10).await.unwrap();
        assert_eq!(page.data.len(), 2, "{page:?}");
        let (nobodys, refused) = (&page.data[0], &page.data[1]);
        assert_eq!((nobodys.app.as_str(), nobodys.code.as_str()), ("", "1105"));
        assert_eq!(
            (refused.app.as_str(), refused.code.as_str(), refused.face.as_str()),
            ("tester", "1101", "zhiren")
        );
        let kept = hub.hub.request(&hub.company, refused.no, false).await.unwrap();
        let text = format!("{kept:?}");
        for hidden in ["林一", "19900000001", secret, &wrong] {
            assert!(!text.contains(hidden), "{hidden} in {text}");
        }
        let detail: Value = serde_json::from_str(kept.detail.get()).unwrap();
        let parts = detail["signature"]["parts"].as_array().unwrap();
        let part = |name: &str| parts.iter().find(|part| part["part"] == name).unwrap();
        assert_eq!(part("tonce")["value"], tonce.to_string());
        assert_eq!(part("payload")["bytes"], payload.len());
        assert!(part("payload")["value"].as_str().unwrap().contains("pagination"));
        // Another organisation does not see it, and nobody's are for the operator alone.
        assert!(hub.hub.request(&hub.main, refused.no, true).await.is_err());
        assert!(hub.hub.request(&hub.company, nobodys.no, false).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn successes_are_kept_where_they_are_wanted_and_old_calls_go() {
    let all = tongshi_hub::Settings {
        request_log: tongshi_hub::RequestLog::All,
        request_log_rows_max: 3,
        ..small().settings
    };
    on_each_database(Setup { settings: all, ..small() }, async |hub| {
        let name = hub.hub.dialect("zhiren").unwrap().operations[0].name;
        let count = async || {
            hub.hub.write_notes().await.unwrap();
            hub.hub.requests(&hub.company, &Default::default(), 100).await.unwrap().data.len()
        };
        for _ in 0..5 {
            call(hub, name, json!({})).await;
        }
        // The first group is swept, and later ones at most once a minute.
        assert_eq!(count().await, 3);
        call(hub, name, json!({})).await;
        assert_eq!(count().await, 4);
        hub.clock.advance_seconds(8 * 86_400);
        call(hub, name, json!({})).await;
        assert_eq!(count().await, 1);
    })
    .await;
    on_each_database(small(), async |hub| {
        let name = hub.hub.dialect("zhiren").unwrap().operations[0].name;
        call(hub, name, json!({})).await;
        hub.hub.write_notes().await.unwrap();
        assert!(hub.hub.requests(&hub.company, &Default::default(), 100).await.unwrap().data.is_empty());
    })
    .await;
}
