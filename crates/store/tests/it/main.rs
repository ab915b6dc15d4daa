//! Every case runs on SQLite and, where `TONGSHI_TEST_PG` names a server, on PostgreSQL; what a case returns must be
//! the same on both.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so where it stands")]

mod backup;
mod faults;
mod journal;
mod nouns;
mod points;
mod port;
mod records;
mod work;

use std::{fmt::Debug, path::Path, sync::Arc};

use tongshi_model::{Clock, FixedClock, Id, Kind, LocalDate, Timestamp};
use tongshi_store::{
    Evidence, Location, RecordRow, Session, SourceRow, Store, Workspace, allocate, records as store_records,
    testing::Scratch, workspaces,
};

/// What a case works with: a migrated database with one workspace, and a clock that stands still.
struct Bench {
    store: Store,
    location: Location,
    clock: Arc<FixedClock>,
    workspace: Workspace,
}

impl Bench {
    async fn over(location: Location) -> Self {
        let clock = Arc::new(FixedClock::at(instant(0)));
        let store = Store::open(location.clone(), clock.clone()).await.unwrap();
        store.migrate().await.unwrap();
        let mut s = store.write().await.unwrap();
        let workspace = workspaces::ensure(&mut s, "main").await.unwrap();
        s.commit().await.unwrap();
        Self { store, location, clock, workspace }
    }

    /// The same database opened again, as another process would.
    async fn again(&self) -> Store {
        Store::open(self.location.clone(), self.clock.clone()).await.unwrap()
    }

    async fn write(&self) -> Session {
        self.store.write().await.unwrap()
    }

    async fn read(&self) -> Session {
        self.store.read().await.unwrap()
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// Runs the case on each database and holds them to the same answer.
async fn on_both<T: Debug + PartialEq>(case: impl AsyncFn(&Bench) -> T) {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::over(Scratch::sqlite(folder.path()).location()).await;
    let sqlite = case(&bench).await;
    drop(bench);
    let Some(server) = server() else { return };
    let scratch = Scratch::postgres(&server).await.unwrap();
    let bench = Bench::over(scratch.location()).await;
    let postgres = case(&bench).await;
    drop(bench);
    scratch.remove().await.unwrap();
    assert_eq!(sqlite, postgres, "the databases disagree");
}

/// Runs the case on a SQLite file.
async fn on_sqlite(case: impl AsyncFn(&Bench, &Path)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data").join("tongshi.db");
    let bench = Bench::over(Location::Sqlite(path.clone())).await;
    case(&bench, &path).await;
}

#[expect(clippy::disallowed_methods, reason = "the one switch of the test suite")]
fn server() -> Option<String> {
    std::env::var("TONGSHI_TEST_PG").ok().filter(|server| !server.is_empty())
}

/// So many seconds after the beginning of 2026.
fn instant(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + seconds).unwrap()
}

fn day(text: &str) -> LocalDate {
    text.parse().unwrap()
}

fn id(name: &str) -> Id {
    Id::of(&["test", name])
}

/// A live source of connection 1.
fn source(id: i64, remote_id: &str, record: Id) -> SourceRow {
    SourceRow {
        id,
        connection: 1,
        kind: Kind::Employee,
        remote_id: remote_id.to_owned(),
        record,
        hash: [id as u8; 16],
        raw: format!("{{\"id\":\"{remote_id}\"}}"),
        date: None,
        gone: None,
    }
}

/// A live employee whose number is their name.
fn person(ord: i64, name: &str, doc: &str) -> RecordRow {
    RecordRow {
        ord,
        id: id(name),
        kind: Kind::Employee,
        version: 1,
        doc: doc.to_owned(),
        keys: [Some(name.to_owned()), None, Some("unit".to_owned()), None, None, None],
        date: None,
        created_at: instant(0),
        changed_at: instant(0),
        deleted: None,
    }
}

/// Stores people with these documents under places of their own.
async fn store_people(bench: &Bench, docs: &[(&str, &str)]) -> Vec<RecordRow> {
    let mut s = bench.write().await;
    let first = allocate(&mut s, "records", docs.len() as u64).await.unwrap();
    let rows: Vec<_> = (first..).zip(docs).map(|(ord, (name, doc))| person(ord, name, doc)).collect();
    store_records::upsert(&mut s, &bench.workspace, rows.clone()).await.unwrap();
    s.commit().await.unwrap();
    rows
}

/// The same row, deleted.
fn deleted(mut row: RecordRow) -> RecordRow {
    row.deleted = Some((instant(9), Evidence::VendorFlag));
    row
}
