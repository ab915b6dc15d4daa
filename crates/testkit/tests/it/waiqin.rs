//! Waiqin both ways over a real record: what its connector reads, writes and is told by its own face.

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use http::StatusCode;
use serde_json::{Value, json};
use tongshi_dialect::{Face, Message, Reply};
use tongshi_hub::{
    Actor, Answer, Applied, Begun, Hub, Mode, NewApp, NewConnection, NewRecord, NewRoute, Once, Outcome,
    Principal, PunchQuery, RecordView, Scopes, Silent, SyncOptions,
};
use tongshi_model::{Employee, Id, Kind, TimelineEntry, TimelineKind};
use tongshi_store::Workspace;
use tongshi_testkit::{Setup, TestHub, on_each_database};

fn setup() -> Setup {
    Setup { employees: 60, attendance_days: 30, ..Setup::default() }
}

async fn sync(hub: &TestHub) -> Outcome {
    let options = SyncOptions { mode: Mode::Full, ..SyncOptions::default() };
    hub.hub.sync(&hub.main, "waiqin", &options, &Silent).await.unwrap()
}

fn read<T: serde::de::DeserializeOwned>(record: &RecordView) -> T {
    serde_json::from_str(record.data.get()).unwrap()
}

/// Everybody's punches, as number and instant.
async fn punches(hub: &TestHub, workspace: &Workspace) -> BTreeSet<(String, String)> {
    let people = hub.records(workspace, Kind::Employee).await;
    let mut all = BTreeSet::new();
    for person in people {
        let employee: Employee = read(&person);
        let query = PunchQuery { employee: Some(person.id), limit: 1000, ..PunchQuery::default() };
        let name = employee.employee_no.unwrap_or_else(|| employee.name.into_inner());
        let found = hub.hub.punches(workspace, &query).await.unwrap();
        all.extend(found.into_iter().map(|punch| (name.clone(), punch.at.to_string())));
    }
    all
}

#[tokio::test]
async fn everything_is_read_with_a_proof_and_once() {
    on_each_database(setup(), async |hub| {
        let outcome = sync(hub).await;
        assert!(outcome.complete, "{:?}", outcome.reason);
        let (behind, here) =
            (hub.records(&hub.company, Kind::Employee).await, hub.records(&hub.main, Kind::Employee).await);
        assert_eq!(here.len(), behind.len());
        assert_eq!(
            hub.records(&hub.main, Kind::OrgUnit).await.len(),
            hub.records(&hub.company, Kind::OrgUnit).await.len()
        );
        let (behind, here) = (punches(hub, &hub.company).await, punches(hub, &hub.main).await);
        assert!(behind.len() > 500, "{}", behind.len());
        assert_eq!(here, behind);
        // A visit for each errand, and the reports of coming and leaving.
        let entries = hub.records(&hub.company, Kind::TimelineEntry).await;
        let errands = entries.iter().map(read::<TimelineEntry>);
        let errands = errands.filter(|entry| entry.kind.value == TimelineKind::Outing).count();
        let read_here = hub.records(&hub.main, Kind::TimelineEntry).await;
        assert!(errands > 0);
        assert_eq!(read_here.len(), 3 * errands);
        let again = sync(hub).await;
        assert!(again.complete, "{:?}", again.reason);
        let counts = again.counts;
        assert_eq!((counts.created, counts.updated, counts.deleted, counts.punches_new), (0, 0, 0, 0));
    })
    .await;
}

async fn begin(hub: &Hub, app: &Principal) -> Box<Once> {
    match hub.begin(app, None).await.unwrap() {
        Begun::Now(once) => once,
        _ => panic!("a request without a key is new"),
    }
}

fn fields(value: &Value) -> NewRecord {
    NewRecord { fields: value.as_object().unwrap().clone(), refers: Vec::new() }
}

/// An app that writes in the workspace that reads, with routes to the vendor.
async fn writer(hub: &TestHub) -> Principal {
    for target in ["employee", "notice"] {
        let new = NewRoute {
            target: target.parse().unwrap(),
            action: None,
            connection: "waiqin".to_owned(),
            second_person: false,
        };
        hub.hub.add_route(&hub.main, new, "cli:anna").await.unwrap();
    }
    let app = NewApp { name: "writer".to_owned(), scopes: Scopes::all(), ..NewApp::default() };
    let key = hub.hub.create_app(&hub.main, app, &Actor::cli()).await.unwrap().api_key;
    hub.hub.authenticate(key.expose(), None).await.unwrap()
}

async fn states(hub: &TestHub) -> Vec<(&'static str, u64)> {
    for _ in 0..20 {
        hub.hub.push_writes().await.unwrap();
        hub.clock.advance_seconds(60);
    }
    let counts = hub.hub.write_counts(&hub.main).await.unwrap();
    counts.into_iter().filter(|(_, count)| *count > 0).collect()
}

#[tokio::test]
async fn people_are_changed_and_told_at_the_vendor() {
    on_each_database(setup(), async |hub| {
        sync(hub).await;
        let app = writer(hub).await;
        let behind = hub.records(&hub.company, Kind::Employee).await;
        let here = hub.records(&hub.main, Kind::Employee).await;
        let working =
            |record: &&RecordView| read::<Employee>(record).status.is_some_and(|s| s.name() == "active");
        let whom: Vec<&RecordView> = here.iter().filter(working).take(3).collect();
        let mut once = begin(&hub.hub, &app).await;
        let patch = fields(&json!({"mobile": "19900009999", "job_title": "区域经理"}));
        let applied =
            hub.hub.update_record(&mut once, &app, Kind::Employee, whom[0].id, None, patch).await.unwrap();
        assert!(matches!(applied, Applied::Queued(_)), "the record is the vendor's");
        let new =
            json!({"name": "新样本", "employee_no": "WQ-900", "status": "active", "mobile": "19900009998"});
        let notice = |to: &RecordView| json!({"employee": to.id, "text": "请提交日报"});
        let people = vec![Ok(fields(&new))];
        hub.hub.create_records(&mut once, &app, Kind::Employee, people, None).await.unwrap();
        let notices = whom.iter().map(|to| Ok(fields(&notice(to)))).collect();
        hub.hub.create_records(&mut once, &app, Kind::Notice, notices, None).await.unwrap();
        once.finish(&Answer { status: 200, body: String::new() }).await.unwrap();
        assert_eq!(states(hub).await, [("acknowledged", 3), ("verified", 2)]);

        let changed = hub.records(&hub.company, Kind::Employee).await;
        assert_eq!(changed.len(), behind.len() + 1);
        let changed: Vec<Employee> = changed.iter().map(read).collect();
        let manager = changed.iter().find(|person| person.job_title.as_deref() == Some("区域经理")).unwrap();
        assert_eq!(manager.mobile.as_ref().unwrap().expose(), "19900009999");
        assert!(changed.iter().any(|person| person.employee_no.as_deref() == Some("WQ-900")));
        assert_eq!(hub.records(&hub.company, Kind::Notice).await.len(), 3);
        // What the vendor shows now is what was asked for, and nobody is there twice.
        sync(hub).await;
        let here: Vec<Employee> = hub.records(&hub.main, Kind::Employee).await.iter().map(read).collect();
        assert!(here.iter().any(|person| person.job_title.as_deref() == Some("区域经理")));
        assert_eq!(here.iter().filter(|person| person.employee_no.as_deref() == Some("WQ-900")).count(), 1);
    })
    .await;
}

/// What stands at the company's address: it hands the push to the hub.
struct Hook(Hub, std::sync::Mutex<Option<Id>>);

#[async_trait]
impl Face for Hook {
    async fn answer(&self, message: Message) -> Reply {
        let connection = self.1.lock().unwrap().unwrap();
        match self.0.receive(connection, message).await {
            Ok(_) => Reply::empty(StatusCode::OK),
            Err(error) => Reply::json(StatusCode::BAD_REQUEST, error.to_string()),
        }
    }
}

#[tokio::test]
async fn a_change_behind_the_face_is_pushed() {
    on_each_database(setup(), async |hub| {
        let hook = Arc::new(Hook(hub.hub.clone(), std::sync::Mutex::default()));
        hub.wire.lead("http://company.test", hook.clone());
        let app = NewApp {
            name: "pushed".to_owned(),
            faces: vec!["waiqin".to_owned()],
            scopes: Scopes::all(),
            settings: json!({"webhook_url": "http://company.test/push", "tenant_id": "7361230011223344556"}),
            ..NewApp::default()
        };
        let mut keys = hub.hub.create_app(&hub.company, app, &Actor::cli()).await.unwrap().faces;
        let mut credential = keys.remove("waiqin").unwrap();
        credential.insert("tenant_id".to_owned(), tongshi_model::Secret::new("7361230011223344556"));
        let new = NewConnection {
            dialect: "waiqin".to_owned(),
            name: "waiqin".to_owned(),
            base_url: "face:waiqin".to_owned(),
            credential,
            settings: Value::Null,
        };
        let connection = hub.hub.connect(&hub.main, new).await.unwrap().id;
        *hook.1.lock().unwrap() = Some(connection);
        sync(hub).await;
        let people = hub.records(&hub.main, Kind::Employee).await.len();
        hub.hub.unload(&hub.company, "sandbox", Kind::Employee, &["emp-00000050"]).await.unwrap();
        let space = hub.hub.local_space(&hub.company, "sandbox").await.unwrap();
        let unit = space.id(Kind::OrgUnit, "org-000003");
        let record = hub.hub.record(&hub.company, Kind::OrgUnit, unit, &Scopes::all()).await.unwrap();
        let renamed = record.data.get().replacen("\"name\":\"", "\"name\":\"新", 1);
        hub.put("org-000003", tongshi_model::Draft::parse(Kind::OrgUnit, renamed).unwrap()).await;
        for _ in 0..6 {
            hub.hub.pass_events_on().await.unwrap();
            hub.clock.advance_seconds(400);
        }
        assert_eq!(hub.records(&hub.main, Kind::Employee).await.len(), people - 1);
        let units = hub.records(&hub.main, Kind::OrgUnit).await;
        assert!(units.iter().any(|unit| unit.data.get().contains("\"name\":\"新")));
    })
    .await;
}
