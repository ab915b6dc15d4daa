//! The port itself: transactions, cancellation, migrations, epochs, files.

use std::{future::Future, task::Poll, time::Duration};

use tongshi_model::{ErrorKind, Kind};
use tongshi_store::{
    Location, NewChange, Op, Session, Store, changes, meta, punches, records, sources, workspaces,
};

use crate::{Bench, id, on_both, on_sqlite, person, source};

fn is_send_and_sync<T: Send + Sync>() {}

#[test]
fn stores_and_sessions_move_between_threads() {
    is_send_and_sync::<Store>();
    is_send_and_sync::<Session>();
}

async fn value(bench: &Bench, name: &str) -> Option<String> {
    meta::get(&mut bench.read().await, name).await.unwrap()
}

#[tokio::test]
async fn a_dropped_session_leaves_nothing() {
    on_both(async |bench| {
        let mut s = bench.write().await;
        meta::set(&mut s, "a", "dropped").await.unwrap();
        drop(s);
        let mut s = bench.write().await;
        assert_eq!(meta::get(&mut s, "a").await.unwrap(), None);
        meta::set(&mut s, "a", "kept").await.unwrap();
        s.commit().await.unwrap();
        bench.write().await.commit().await.unwrap();
        bench.read().await.commit().await.unwrap();
        assert_eq!(value(bench, "a").await.as_deref(), Some("kept"));
    })
    .await;
}

/// Polls a future so often and drops it.
async fn abandon<F: Future>(future: F, polls: usize) {
    let mut future = Box::pin(future);
    for _ in 0..polls {
        let finished =
            std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_ready())).await;
        if finished {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn abandoned_writers_do_not_wedge_the_next() {
    on_both(async |bench| {
        for polls in 0..40 {
            abandon(
                async {
                    let mut s = bench.store.write().await.unwrap();
                    meta::set(&mut s, "a", "abandoned").await.unwrap();
                    meta::set(&mut s, "b", "abandoned").await.unwrap();
                    // Never committed, whether it is polled to its end or not.
                },
                polls,
            )
            .await;
            // One that waits behind a holder, and is dropped while it waits.
            let holder = bench.write().await;
            abandon(bench.store.write(), polls % 5).await;
            drop(holder);
            let mut s = bench.write().await;
            assert_eq!(meta::get(&mut s, "a").await.unwrap(), None, "after {polls} polls");
            meta::set(&mut s, "c", &polls.to_string()).await.unwrap();
            s.commit().await.unwrap();
        }
        assert_eq!(value(bench, "c").await.as_deref(), Some("39"));
    })
    .await;
}

#[tokio::test]
async fn abandoned_readers_are_returned() {
    on_both(async |bench| {
        for polls in 0..30 {
            abandon(async { drop(value(bench, "a").await) }, polls).await;
            abandon(bench.store.check(), polls).await;
        }
        bench.store.check().await.unwrap();
        assert!(bench.store.size_bytes().await.unwrap() > 0);
    })
    .await;
}

#[tokio::test]
async fn a_reader_sees_one_moment() {
    on_both(async |bench| {
        let mut s = bench.write().await;
        meta::set(&mut s, "a", "1").await.unwrap();
        s.commit().await.unwrap();
        let mut reader = bench.read().await;
        assert_eq!(meta::get(&mut reader, "a").await.unwrap().as_deref(), Some("1"));
        let mut s = bench.write().await;
        meta::set(&mut s, "a", "2").await.unwrap();
        s.commit().await.unwrap();
        assert_eq!(meta::get(&mut reader, "a").await.unwrap().as_deref(), Some("1"));
        drop(reader);
        assert_eq!(value(bench, "a").await.as_deref(), Some("2"));
    })
    .await;
}

#[tokio::test]
async fn a_session_whose_statement_failed_takes_nothing_more() {
    on_both(async |bench| {
        let ws = &bench.workspace;
        let mut s = bench.write().await;
        meta::set(&mut s, "a", "1").await.unwrap();
        records::upsert(&mut s, ws, vec![person(1, "x", "{}")]).await.unwrap();
        // The same id at another place.
        let error = records::upsert(&mut s, ws, vec![person(2, "x", "{}")]).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Conflict);
        assert!(meta::get(&mut s, "a").await.is_err());
        assert_eq!(s.commit().await.unwrap_err().kind(), &ErrorKind::Internal);
        assert_eq!(value(bench, "a").await, None);
        // Likewise a source that takes another's remote id.
        let mut s = bench.write().await;
        let twins = vec![source(1, "e", id("x")), source(2, "e", id("x"))];
        let error = sources::upsert(&mut s, ws, twins).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Conflict);
        drop(s);
        let mut reader = bench.read().await;
        let refused = meta::set(&mut reader, "a", "1").await.unwrap_err();
        assert_eq!(refused.kind(), &ErrorKind::Internal);
    })
    .await;
}

/// Runs SQL past the store.
async fn beside(location: &Location, sql: &str) {
    match location {
        Location::Sqlite(path) => rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap(),
        Location::Postgres(url) => {
            let (client, connection) =
                tokio_postgres::connect(url.expose(), tokio_postgres::NoTls).await.unwrap();
            let connection = tokio::spawn(connection);
            client.batch_execute(sql).await.unwrap();
            drop(client);
            connection.await.unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn migrations_run_once_and_know_their_limits() {
    on_both(async |bench| {
        bench.store.migrate().await.unwrap();
        assert!(bench.store.pending().await.unwrap().is_empty());
        let (one, two) = (bench.again().await, bench.again().await);
        let (first, second) = tokio::join!(one.migrate(), two.migrate());
        first.unwrap();
        second.unwrap();

        beside(
            &bench.location,
            "INSERT INTO migrations (version, checksum, applied_at) VALUES (999, 'x', 0)",
        )
        .await;
        let newer = bench.again().await.migrate().await.unwrap_err();
        assert!(newer.public().contains("newer"), "{newer}");
        assert!(bench.store.pending().await.is_err());
        beside(
            &bench.location,
            "DELETE FROM migrations WHERE version = 999; UPDATE migrations SET checksum = 'x'",
        )
        .await;
        let edited = bench.again().await.migrate().await.unwrap_err();
        assert_eq!(edited.kind(), &ErrorKind::Conflict);
    })
    .await;
}

#[tokio::test]
async fn several_processes_may_migrate_a_new_database() {
    on_both(async |bench| {
        // Back to an empty database.
        let sql = match &bench.location {
            Location::Sqlite(path) => {
                let fresh = Location::Sqlite(path.with_file_name("fresh.db"));
                return migrate_together(&fresh, bench).await;
            }
            Location::Postgres(_) => "DROP SCHEMA public CASCADE; CREATE SCHEMA public",
        };
        beside(&bench.location, sql).await;
        migrate_together(&bench.location, bench).await
    })
    .await;
}

async fn migrate_together(location: &Location, bench: &Bench) -> Vec<&'static str> {
    let open = || Store::open(location.clone(), bench.clock.clone());
    let (one, two, three) = tokio::join!(open(), open(), open());
    let (one, two, three) = (one.unwrap(), two.unwrap(), three.unwrap());
    let waiting = one.pending().await.unwrap();
    assert!(!waiting.is_empty());
    let (first, second, third) = tokio::join!(one.migrate(), two.migrate(), three.migrate());
    first.and(second).and(third).unwrap();
    assert!(two.pending().await.unwrap().is_empty());
    waiting
}

#[tokio::test]
async fn epochs_move_with_what_can_be_shown() {
    on_both(async |bench| {
        let ws = &bench.workspace;
        let mut epoch = bench.store.epoch(ws).await.unwrap();
        let mut moved = async |moves: bool| {
            let now = bench.store.epoch(ws).await.unwrap();
            assert_eq!(now != epoch, moves);
            epoch = now;
        };
        let change = NewChange {
            record: id("x"),
            kind: Kind::Employee,
            op: Op::Created,
            version: 1,
            before: None,
            source: None,
            before_raw: None,
            before_hash: None,
            run: None,
            actor: "test".to_owned(),
        };
        let mut s = bench.write().await;
        changes::append(&mut s, ws, vec![change.clone()]).await.unwrap();
        moved(false).await;
        s.commit().await.unwrap();
        moved(true).await;
        let mut s = bench.write().await;
        changes::append(&mut s, ws, vec![change]).await.unwrap();
        drop(s);
        moved(false).await;
        // Nothing that can be shown.
        let mut s = bench.write().await;
        meta::set(&mut s, "a", "1").await.unwrap();
        s.commit().await.unwrap();
        moved(false).await;
        let mut s = bench.write().await;
        let row = tongshi_store::PunchRow {
            employee: id("x"),
            at: crate::instant(0),
            offset_seconds: 0,
            direction: tongshi_model::Direction::In,
            source: tongshi_model::PunchSource::Mobile,
            day: crate::day("2026-01-01"),
            detail: None,
        };
        punches::insert(&mut s, ws, 1, None, vec![row]).await.unwrap();
        s.commit().await.unwrap();
        moved(true).await;
    })
    .await;
}

/// Waits until the condition holds, at most ten seconds.
async fn eventually(mut condition: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !condition().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("the condition came true in time");
}

#[tokio::test]
async fn epochs_move_with_commits_of_other_processes() {
    on_both(async |bench| {
        let other = bench.again().await;
        for (store, meaning) in [(&bench.store, "b"), (&other, "c")] {
            // The other one notices.
            let watching = if std::ptr::eq(store, &other) { &bench.store } else { &other };
            let before = watching.epoch(&bench.workspace).await.unwrap();
            let mut s = store.write().await.unwrap();
            let no = bench.workspace.no;
            let ws = workspaces::by_no(&mut s, no).await.unwrap().unwrap();
            tongshi_store::refs::put(&mut s, &ws, &[(id("a"), id(meaning))]).await.unwrap();
            s.commit().await.unwrap();
            eventually(async || watching.epoch(&bench.workspace).await.unwrap() != before).await;
        }
    })
    .await;
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_its_owners() {
    use std::os::unix::fs::PermissionsExt;
    on_sqlite(async |_, path| {
        let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        assert_eq!(mode(&path.with_extension("db-wal")), 0o600);
    })
    .await;
}

#[tokio::test]
async fn a_database_held_by_another_process_is_unavailable() {
    on_sqlite(async |bench, path| {
        let other = rusqlite::Connection::open(path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let refused = bench.store.write().await.err().unwrap();
        assert_eq!(refused.kind(), &ErrorKind::Unavailable);
        // Reading goes on meanwhile, and so does writing afterwards.
        bench.store.check().await.unwrap();
        other.execute_batch("ROLLBACK").unwrap();
        bench.write().await.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    on_sqlite(async |bench, path| {
        let path = path.with_file_name("other.db");
        std::fs::write(&path, "this is not a database, but long enough to be looked at ".repeat(400))
            .unwrap();
        let refused = Store::open(Location::Sqlite(path), bench.clock.clone()).await.unwrap_err();
        assert!(refused.public().contains("backup"), "{refused}");
    })
    .await;
}

#[tokio::test]
async fn an_address_that_leads_nowhere_is_unavailable() {
    let clock = std::sync::Arc::new(tongshi_model::FixedClock::at(crate::instant(0)));
    let nowhere =
        Location::Postgres(tongshi_model::Secret::new("postgres://nobody:sk-demo@127.0.0.1:1/none"));
    let error = Store::open(nowhere, clock.clone()).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Unavailable);
    assert!(!format!("{error:?}").contains("sk-demo"));
    let wrong =
        Location::Postgres(tongshi_model::Secret::new("postgres://nobody:sk-demo@127.0.0.1:port/none"));
    let error = Store::open(wrong, clock).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Invalid(_)));
    assert!(!format!("{error:?}").contains("sk-demo"));
}
