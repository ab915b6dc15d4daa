//! The key changes while two hubs work on one database: whatever step it stops after, everything stays readable.

use std::sync::{Arc, Mutex};

use tongshi_hub::{Hub, KeySource, NewApp, Parts, Scopes, Settings, Vault};
use tongshi_model::{Error, Secret, SeededRandomness};
use tongshi_testkit::{Setup, TestHub, VirtualWaits, on_each_database};

/// A file of keys, as processes share it.
#[derive(Clone)]
struct File(Arc<Mutex<Vec<Secret>>>);

impl KeySource for File {
    fn keys(&self) -> Result<Vec<Secret>, Error> {
        Ok(self.0.lock().unwrap().clone())
    }
}

fn hub_on(hub: &TestHub, file: &File, seed: u64) -> Hub {
    Hub::new(Parts {
        store: hub.hub.store().clone(),
        clock: hub.clock.clone(),
        randomness: Arc::new(SeededRandomness::new(seed)),
        vault: Vault::from_source(file.clone()).unwrap(),
        dialects: tongshi_dialects::ALL,
        transports: Arc::new(hub.wire.clone()),
        waits: Arc::new(VirtualWaits::default()),
        settings: Settings::default(),
    })
}

/// Everything that is sealed can be read, by a hub that runs and by one that starts.
async fn readable(hub: &TestHub, running: &Hub, file: &File) {
    let starting = hub_on(hub, file, 40);
    starting.start().await.unwrap();
    for one in [running, &starting] {
        let (_, credential) = one.credential(&hub.main, "zhiren").await.unwrap();
        assert!(credential.get("secret_key").is_some());
        assert!(one.key_uses().await.unwrap().iter().all(|key| key.known));
        // The face checks the signature with the app's sealed key, the connector signs with the connection's.
        one.check(&hub.main, "zhiren").await.unwrap();
    }
}

#[tokio::test]
async fn a_rotation_may_stop_after_every_step() {
    on_each_database(Setup { employees: 10, ..Setup::default() }, async |hub| {
        let (_, old) = Vault::generate(&SeededRandomness::new(7)).unwrap();
        let (_, new) = Vault::generate(&SeededRandomness::new(30)).unwrap();
        let file = File(Arc::new(Mutex::new(vec![old.clone()])));
        let serving = hub_on(hub, &file, 31);
        for (dialect, face) in serving.faces() {
            hub.wire.lead(&format!("face:{dialect}"), Arc::clone(face));
        }
        for number in 0..110 {
            let app = NewApp {
                name: format!("app {number}"),
                faces: vec!["zhiren".to_owned()],
                scopes: Scopes::all(),
                settings: serde_json::Value::Null,
                ..NewApp::default()
            };
            serving.create_app(&hub.company, app, &tongshi_hub::Actor::cli()).await.unwrap();
        }
        readable(hub, &serving, &file).await;

        // A new key, and the process stops.
        *file.0.lock().unwrap() = vec![new.clone(), old];
        let rotating = hub_on(hub, &file, 32);
        readable(hub, &serving, &file).await;
        assert!(rotating.idle_keys(true).await.unwrap().is_empty(), "the old key is needed");

        // Sealing anew stops anywhere: the future is dropped after some of its turns.
        for turns in [1, 2, 3, 5, 8, 13] {
            let mut left = turns;
            let mut reseal = Box::pin(rotating.reseal());
            std::future::poll_fn(|context| {
                left -= 1;
                match reseal.as_mut().poll(context) {
                    std::task::Poll::Ready(_) => std::task::Poll::Ready(()),
                    std::task::Poll::Pending if left == 0 => std::task::Poll::Ready(()),
                    std::task::Poll::Pending => std::task::Poll::Pending,
                }
            })
            .await;
            drop(reseal);
            readable(hub, &serving, &file).await;
        }
        // Meanwhile the hub that runs seals with the new key already.
        let before = rotating.key_uses().await.unwrap()[0].values;
        let app = NewApp {
            name: "late".to_owned(),
            faces: vec!["zhiren".to_owned()],
            scopes: Scopes::all(),
            settings: serde_json::Value::Null,
            ..NewApp::default()
        };
        serving.create_app(&hub.company, app, &tongshi_hub::Actor::cli()).await.unwrap();
        assert!(rotating.key_uses().await.unwrap()[0].values > before);

        rotating.reseal().await.unwrap();
        readable(hub, &serving, &file).await;
        assert_eq!(rotating.reseal().await.unwrap().values, 0, "once is enough");
        let uses = rotating.key_uses().await.unwrap();
        assert!(uses[0].newest && uses[0].values > 110 && uses[1].values == 0, "{uses:?}");

        // The old key goes when no transaction of before can still commit.
        assert!(rotating.idle_keys(false).await.unwrap().is_empty());
        hub.clock.advance_seconds(121);
        assert_eq!(rotating.idle_keys(false).await.unwrap(), [uses[1].id.clone()]);
        *file.0.lock().unwrap() = vec![new];
        readable(hub, &serving, &file).await;
        assert_eq!(rotating.key_uses().await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn without_the_key_no_hub_starts_and_nothing_is_sealed() {
    on_each_database(Setup { employees: 5, ..Setup::default() }, async |hub| {
        let (_, wrong) = Vault::generate(&SeededRandomness::new(99)).unwrap();
        let file = File(Arc::new(Mutex::new(vec![wrong])));
        let error = hub_on(hub, &file, 50).start().await.unwrap_err();
        assert!(error.public().contains("encryption key"), "{error}");
        file.0.lock().unwrap().clear();
        assert!(Vault::from_source(file).is_err());
    })
    .await;
}
