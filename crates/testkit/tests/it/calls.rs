//! What an app calls at a vendor is noted, whole or not, and no field of it.

use serde_json::{Map, json};
use tongshi_hub::{NewApp, Scopes};
use tongshi_testkit::{Effect, Setup, on_each_database};

#[tokio::test]
async fn every_call_is_noted_and_no_field_of_it() {
    on_each_database(Setup { employees: 40, ..Setup::default() }, async |hub| {
        let new = NewApp {
            name: "caller".to_owned(),
            faces: Vec::new(),
            scopes: Scopes::all(),
            settings: json!({}),
            ..NewApp::default()
        };
        let key = hub.hub.create_app(&hub.main, new, &tongshi_hub::Actor::cli()).await.unwrap().api_key;
        let caller = hub.hub.authenticate(key.expose(), None).await.unwrap();
        let connection = hub.connection().await;
        let fields: Map<_, _> = [("key".to_owned(), json!("E-nobody"))].into_iter().collect();
        let called = hub.hub.pass_through(&caller, connection, "employee.get", fields.clone()).await.unwrap();
        assert!(called.status.is_client_error());
        // A field of the path is missing, so this never leaves the hub.
        hub.hub.pass_through(&caller, connection, "employee.get", Map::new()).await.unwrap_err();
        hub.wire.break_by(|_, _| Effect::Unanswered);
        hub.hub.pass_through(&caller, connection, "employee.get", fields).await.unwrap_err();
        let mut session = hub.hub.store().read().await.unwrap();
        let notes = tongshi_store::audit::after(&mut session, &hub.main, 0, 1000).await.unwrap();
        let notes: Vec<_> = notes.iter().filter(|note| note.entry.action == "connection.call").collect();
        let told: Vec<_> = notes
            .iter()
            .map(|note| (note.entry.actor.as_str(), note.entry.target.as_str(), note.entry.outcome.as_str()))
            .collect();
        assert_eq!(told, [("app:caller", "employee.get", "done"), ("app:caller", "employee.get", "failed")]);
        assert!(
            notes
                .iter()
                .all(|note| note.entry.detail.contains("zhiren") && !note.entry.detail.contains("nobody"))
        );
    })
    .await;
}
