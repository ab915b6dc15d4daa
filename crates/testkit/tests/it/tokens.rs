//! One access token for all who call: fetched once under any load, by any number of processes, also when whoever
//! fetches dies.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use futures_util::future::join_all;
use tongshi_dialect::{Fetch, Fetched, Tokens};
use tongshi_hub::{Hub, Parts, Vault};
use tongshi_model::{Error, FixedClock, Secret, SeededRandomness};
use tongshi_store::{Location, Store, connections};
use tongshi_testkit::{VirtualWaits, Wire, on_each_location};

const NAME: &str = "app";
const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// A vendor that counts how often it was asked for a token.
#[derive(Clone, Default)]
struct Vendor(Arc<AtomicU64>);

impl Vendor {
    fn fetch(&self) -> Fetch<'static> {
        let vendor = self.clone();
        Box::pin(async move {
            let number = vendor.0.fetch_add(1, Ordering::SeqCst) + 1;
            tokio::task::yield_now().await;
            Ok(Fetched::new(format!("token-{number}"), Some(7200), 7200))
        })
    }

    fn asked(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A hub over the database, as one more process would have it.
async fn hub(location: &Location, clock: &Arc<FixedClock>, seed: u64) -> Hub {
    let store = Store::open(location.clone(), clock.clone()).await.unwrap();
    store.migrate().await.unwrap();
    Hub::new(Parts {
        store,
        clock: clock.clone(),
        randomness: Arc::new(SeededRandomness::new(seed)),
        vault: Vault::from_hex(&Secret::new(KEY)).unwrap(),
        dialects: tongshi_dialects::ALL,
        transports: Arc::new(Wire::default()),
        waits: Arc::new(VirtualWaits::default()),
        settings: tongshi_hub::Settings::default(),
    })
}

async fn tokens(hub: &Hub) -> Arc<dyn Tokens> {
    let workspace = hub.workspace("main").await.unwrap();
    let mut session = hub.store().write().await.unwrap();
    let null = serde_json::Value::Null;
    let connection =
        connections::save(&mut session, &workspace, "v", "zhiren", "", &null, b"account").await.unwrap();
    session.commit().await.unwrap();
    hub.vendor_tokens(&workspace, &connection)
}

fn clock() -> Arc<FixedClock> {
    Arc::new(FixedClock::at("2026-03-16T02:00:00Z".parse().unwrap()))
}

#[tokio::test]
async fn ten_thousand_callers_and_two_processes_fetch_once() {
    on_each_location(async |location| {
        let (clock, vendor) = (clock(), Vendor::default());
        let (first, second) = (hub(&location, &clock, 1).await, hub(&location, &clock, 2).await);
        let (ours, theirs) = (tokens(&first).await, tokens(&second).await);
        for round in 1..=2 {
            let calls = (0..10_000).map(|at| if at % 2 == 0 { &ours } else { &theirs });
            let got = join_all(calls.map(|tokens| tokens.get(NAME, vendor.fetch()))).await;
            assert!(got.iter().all(|token| token.as_ref().unwrap().expose() == format!("token-{round}")));
            assert_eq!(vendor.asked(), round);
            // The token's life is over.
            clock.advance_seconds(7200);
        }
    })
    .await;
}

#[tokio::test]
async fn a_token_that_the_vendor_voids_is_fetched_again_once() {
    on_each_location(async |location| {
        let (clock, vendor) = (clock(), Vendor::default());
        let (first, second) = (hub(&location, &clock, 1).await, hub(&location, &clock, 2).await);
        let (ours, theirs) = (tokens(&first).await, tokens(&second).await);
        let token = ours.get(NAME, vendor.fetch()).await.unwrap();
        assert_eq!(theirs.get(NAME, vendor.fetch()).await.unwrap(), token);
        // Both see the refusal, one of them late: the newer token stays.
        ours.refused(NAME, &token).await.unwrap();
        let newer = ours.get(NAME, vendor.fetch()).await.unwrap();
        theirs.refused(NAME, &token).await.unwrap();
        assert_eq!(theirs.get(NAME, vendor.fetch()).await.unwrap(), newer);
        assert_eq!((vendor.asked(), newer.expose()), (2, "token-2"));
    })
    .await;
}

#[tokio::test]
async fn a_fetch_that_is_given_up_or_fails_leaves_the_way_free() {
    on_each_location(async |location| {
        let (clock, vendor) = (clock(), Vendor::default());
        let hub = hub(&location, &clock, 1).await;
        let tokens = tokens(&hub).await;
        let begun = tokio::sync::Notify::new();
        let never: Fetch<'_> = Box::pin(async {
            begun.notify_one();
            std::future::pending().await
        });
        tokio::select! {
            _ = tokens.get(NAME, never) => unreachable!("the vendor never answers"),
            () = begun.notified() => {}
        }
        let failed: Fetch<'_> = Box::pin(async { Err(Error::unavailable("the vendor is away")) });
        assert!(tokens.get(NAME, failed).await.is_err());
        assert_eq!(tokens.get(NAME, vendor.fetch()).await.unwrap().expose(), "token-1");
    })
    .await;
}

#[tokio::test]
async fn who_comes_too_late_keeps_nothing() {
    on_each_location(async |location| {
        let (clock, vendor) = (clock(), Vendor::default());
        let (first, second) = (hub(&location, &clock, 1).await, hub(&location, &clock, 2).await);
        let (ours, theirs) = (tokens(&first).await, tokens(&second).await);
        // While the first waits for its answer its lease ends, and the second fetches.
        let (late_vendor, late_clock) = (vendor.clone(), clock.clone());
        let slow: Fetch<'_> = Box::pin(async move {
            late_clock.advance_seconds(61);
            let fetched = theirs.get(NAME, late_vendor.fetch()).await?;
            assert_eq!(fetched.expose(), "token-1");
            Ok(Fetched::new("stale", Some(7200), 7200))
        });
        assert_eq!(ours.get(NAME, slow).await.unwrap().expose(), "token-1");
        assert_eq!(ours.get(NAME, vendor.fetch()).await.unwrap().expose(), "token-1");
        assert_eq!(vendor.asked(), 1);
    })
    .await;
}
