//! Vendors' events: our face tells, our connector listens.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use http::StatusCode;
use serde_json::json;
use tongshi_dialect::{Face, Message, Reply};
use tongshi_hub::{Actor, Hub, NewApp, NewConnection, Scopes};
use tongshi_model::{Id, Kind};
use tongshi_testkit::{Setup, TestHub, on_each_database};

/// What stands at the address that the app gave: it hands the event to the hub, unless it is told to fail.
struct Hook {
    hub: Hub,
    connection: Mutex<Option<Id>>,
    failures: Mutex<u32>,
    received: Mutex<Vec<Message>>,
}

#[async_trait]
impl Face for Hook {
    async fn answer(&self, message: Message) -> Reply {
        {
            let mut failures = self.failures.lock().unwrap();
            if *failures > 0 {
                *failures -= 1;
                return Reply::empty(StatusCode::SERVICE_UNAVAILABLE);
            }
        }
        self.received.lock().unwrap().push(message.clone());
        let connection = self.connection.lock().unwrap().unwrap();
        match self.hub.receive(connection, message).await {
            Ok(_) => Reply::empty(StatusCode::OK),
            Err(_) => Reply::empty(StatusCode::BAD_REQUEST),
        }
    }
}

/// An app at the company that wants events, and a connection with its keys that takes them.
async fn hooked(hub: &TestHub) -> Arc<Hook> {
    let hook = Arc::new(Hook {
        hub: hub.hub.clone(),
        connection: Mutex::default(),
        failures: Mutex::default(),
        received: Mutex::default(),
    });
    hub.wire.lead("http://hook.test", hook.clone());
    let app = NewApp {
        name: "listener".to_owned(),
        faces: vec!["zhiren".to_owned()],
        scopes: Scopes::all(),
        settings: json!({"webhook_url": "http://hook.test/hooks/1"}),
        ..NewApp::default()
    };
    let mut keys =
        hub.hub.create_app(&hub.company, app, &Actor::cli()).await.unwrap().faces.remove("zhiren").unwrap();
    keys.retain(|name, _| name == "access_key" || name == "secret_key");
    let new = NewConnection {
        dialect: "zhiren".to_owned(),
        name: "zhiren".to_owned(),
        base_url: "face:zhiren".to_owned(),
        credential: keys,
        settings: serde_json::Value::Null,
    };
    let connection = hub.hub.connect(&hub.main, new).await.unwrap().id;
    *hook.connection.lock().unwrap() = Some(connection);
    hook
}

#[tokio::test]
async fn a_change_behind_the_face_arrives_by_itself() {
    on_each_database(Setup::default(), async |hub| {
        let hook = hooked(hub).await;
        hub.sync(&["org_unit", "employee"]).await;
        // The app is told of what changes from when it was made.
        let people = hub.records(&hub.main, Kind::Employee).await.len();
        hub.hub.unload(&hub.company, "sandbox", Kind::Employee, &["emp-00000050"]).await.unwrap();
        let space = hub.hub.local_space(&hub.company, "sandbox").await.unwrap();
        let unit = space.id(Kind::OrgUnit, "org-000003");
        let record = hub.hub.record(&hub.company, Kind::OrgUnit, unit, &Scopes::all()).await.unwrap();
        let renamed = record.data.get().replacen("\"name\":\"", "\"name\":\"新", 1);
        hub.put("org-000003", tongshi_model::Draft::parse(Kind::OrgUnit, renamed).unwrap()).await;
        // The receiver fails twice; nothing is lost and the order stays.
        *hook.failures.lock().unwrap() = 2;
        for _ in 0..6 {
            hub.hub.pass_events_on().await.unwrap();
            hub.clock.advance_seconds(400);
        }
        assert_eq!(hook.received.lock().unwrap().len(), 2);
        assert_eq!(hub.records(&hub.main, Kind::Employee).await.len(), people - 1);
        let units = hub.records(&hub.main, Kind::OrgUnit).await;
        assert!(units.iter().any(|unit| unit.data.get().contains("\"name\":\"新")));
        let changes = hub.hub.changes(&hub.main, 0, None, 1000, &Scopes::all()).await.unwrap();
        let events: Vec<_> = changes.data.iter().filter(|change| change.actor == "event:zhiren").collect();
        assert_eq!(events.len(), 2, "{events:?}");
        assert_eq!(hub.sync(&["org_unit", "employee"]).await.counts.deleted, 0, "nothing is left to find");
    })
    .await;
}

#[tokio::test]
async fn a_forged_event_is_refused() {
    on_each_database(Setup::default(), async |hub| {
        let hook = hooked(hub).await;
        hub.hub.unload(&hub.company, "sandbox", Kind::Employee, &["emp-00000050"]).await.unwrap();
        hub.hub.pass_events_on().await.unwrap();
        let connection = hook.connection.lock().unwrap().unwrap();
        let mut forged = hook.received.lock().unwrap()[0].clone();
        assert!(hub.hub.receive(connection, forged.clone()).await.is_ok());
        forged.body = String::from_utf8(forged.body.to_vec())
            .unwrap()
            .replacen("employee_deleted", "employee_created", 1)
            .into();
        assert!(hub.hub.receive(connection, forged).await.is_err());
        assert!(hub.hub.receive(Id::of(&["nobody"]), Message::new(http::Method::POST, "/")).await.is_err());
    })
    .await;
}
