//! Storage that fails for a while: what is refused, what goes on, and that it mends itself.

use std::sync::atomic::{AtomicU32, Ordering};

use tongshi_model::ErrorKind;
use tongshi_store::{Location, meta, testing};

use crate::{Bench, instant, on_both, on_sqlite, server, store_people};
use tongshi_store::testing::Scratch;

async fn put(bench: &Bench, name: &str, value: &str) -> Result<(), ErrorKind> {
    let put = async {
        let mut s = bench.store.write().await?;
        meta::set(&mut s, name, value).await?;
        s.commit().await
    };
    put.await.map_err(|error: tongshi_model::Error| error.kind().clone())
}

async fn value(bench: &Bench, name: &str) -> Option<String> {
    meta::get(&mut bench.read().await, name).await.unwrap()
}

#[tokio::test]
async fn without_room_writes_wait_reads_go_on_and_it_mends_itself() {
    on_sqlite(async |bench, _| {
        store_people(bench, &[("one", "{}")]).await;
        testing::no_room(&bench.store, true).await.unwrap();
        let large = "x".repeat(200_000);
        assert_eq!(put(bench, "large", &large).await, Err(ErrorKind::Unavailable));
        // The writing connection was made anew after the failure, and knows nothing of the missing room.
        testing::no_room(&bench.store, true).await.unwrap();
        assert_eq!(bench.store.writable().await.unwrap_err().kind(), &ErrorKind::Unavailable);
        assert_eq!(value(bench, "large").await, None);
        assert!(bench.store.check().await.is_ok());
        testing::no_room(&bench.store, false).await.unwrap();
        assert_eq!(put(bench, "large", &large).await, Ok(()));
        bench.store.writable().await.unwrap();
        assert_eq!(value(bench, "large").await, Some(large));
        assert_eq!(value(bench, "probe").await, None, "a probe leaves nothing");
    })
    .await;
}

#[tokio::test]
async fn a_database_that_another_process_holds_is_unavailable_and_unharmed() {
    on_sqlite(async |bench, path| {
        let other = rusqlite::Connection::open(path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        assert_eq!(put(bench, "name", "value").await, Err(ErrorKind::Unavailable));
        assert_eq!(value(bench, "name").await, None);
        other.execute_batch("COMMIT").unwrap();
        assert_eq!(put(bench, "name", "value").await, Ok(()));
    })
    .await;
}

#[tokio::test]
async fn two_processes_on_one_database_lose_nothing() {
    on_both(async |bench| {
        let other = Bench { store: bench.again().await, ..Bench::over(bench.location.clone()).await };
        let add = async |bench: &Bench| {
            for _ in 0..40 {
                bench
                    .store
                    .transact(async |s| {
                        tongshi_store::allocate(s, "both", 1).await?;
                        Ok(())
                    })
                    .await
                    .unwrap();
            }
        };
        tokio::join!(add(bench), add(&other));
        let mut s = bench.write().await;
        let next = tongshi_store::allocate(&mut s, "both", 1).await.unwrap();
        assert_eq!(next, 81);
    })
    .await;
}

#[tokio::test]
async fn a_transaction_that_loses_is_run_again_and_nobody_sees_it() {
    on_both(async |bench| {
        put(bench, "a", "0").await.unwrap();
        put(bench, "b", "0").await.unwrap();
        let tries = AtomicU32::new(0);
        let met = tokio::sync::Barrier::new(2);
        // Each takes one row and then wants the other's: one of them is chosen to lose.
        let cross = async |first: &'static str, second: &'static str| {
            let mut once = true;
            bench
                .store
                .transact(async |s| {
                    tries.fetch_add(1, Ordering::SeqCst);
                    meta::set(s, first, "1").await?;
                    if std::mem::take(&mut once) && server_side(bench) {
                        met.wait().await;
                    }
                    meta::set(s, second, "1").await
                })
                .await
                .unwrap();
        };
        tokio::join!(cross("a", "b"), cross("b", "a"));
        assert!(tries.load(Ordering::SeqCst) >= if server_side(bench) { 3 } else { 2 });
        (value(bench, "a").await, value(bench, "b").await)
    })
    .await;
}

fn server_side(bench: &Bench) -> bool {
    matches!(bench.location, Location::Postgres(_))
}

#[tokio::test]
async fn a_server_that_restarts_is_found_again_and_an_unknown_commit_is_not_repeated() {
    let Some(server) = server() else { return };
    let scratch = Scratch::postgres(&server).await.unwrap();
    let bench = Bench::over(scratch.location()).await;
    let tries = AtomicU32::new(0);
    let outcome = bench
        .store
        .transact(async |s| {
            tries.fetch_add(1, Ordering::SeqCst);
            meta::set(s, "name", "value").await?;
            testing::cut(&bench.location).await
        })
        .await;
    assert_eq!(outcome.unwrap_err().kind(), &ErrorKind::Unavailable);
    assert_eq!(
        tries.load(Ordering::SeqCst),
        1,
        "nobody knows whether it took place, so it is not done again"
    );
    // Connections that were idle in the pool are dead too, and nobody meets one.
    assert_eq!(value(&bench, "name").await, None);
    put(&bench, "name", "again").await.unwrap();
    assert_eq!(value(&bench, "name").await.as_deref(), Some("again"));
    drop(bench);
    scratch.remove().await.unwrap();
}

#[tokio::test]
async fn what_waits_is_counted() {
    on_both(async |bench| {
        let empty = bench.store.backlog().await.unwrap();
        assert_eq!((empty.waiting, empty.oldest_due, empty.failed), (0, None, 0));
        let mut s = bench.write().await;
        for (name, at) in [("event", -60), ("event", 60), ("push", 5)] {
            let null = serde_json::Value::Null;
            tongshi_store::jobs::enqueue(&mut s, &bench.workspace, name, &null, None, instant(at))
                .await
                .unwrap();
        }
        s.commit().await.unwrap();
        let backlog = bench.store.backlog().await.unwrap();
        assert_eq!(backlog.by_name, [("event".to_owned(), 2), ("push".to_owned(), 1)]);
        assert_eq!((backlog.waiting, backlog.oldest_due), (3, Some(instant(-60))));
        assert!(bench.store.damage().await.unwrap().is_empty());
        assert!(!bench.store.engine().await.unwrap().version.is_empty());
    })
    .await;
}

#[tokio::test]
async fn damage_inside_a_file_is_found_by_whoever_reads_it_all() {
    on_sqlite(async |bench, path| {
        let many: Vec<_> = (0..2_000).map(|number| format!("p{number}")).collect();
        let docs: Vec<_> = many.iter().map(|name| (name.as_str(), r#"{"name":"x"}"#)).collect();
        store_people(bench, &docs).await;
        let other = rusqlite::Connection::open(path).unwrap();
        other.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        let mut bytes = std::fs::read(path).unwrap();
        let from = bytes.len() / 2;
        bytes[from..from + 40_000].fill(0x55);
        std::fs::write(path, &bytes).unwrap();
        let again = bench.again().await;
        // Where the damage is too great even for a list of it, the refusal says what to do.
        match again.damage().await {
            Ok(found) => assert!(!found.is_empty(), "{} bytes", bytes.len()),
            Err(error) => assert!(error.public().contains("restore FILE"), "{error}"),
        }
    })
    .await;
}
