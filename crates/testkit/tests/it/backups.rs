//! Backups of a hub at work, and what a hub is like after a restore.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use tongshi_hub::{
    Ask, FlowSettings, Hub, Mode, Parts, Scopes, Settings, Silent, SyncOptions, Tombstones, Vault, Workspace,
    back_up, restore,
};
use tongshi_model::{Error, FixedClock, Kind, Secret, SeededRandomness};
use tongshi_store::{Session, Store, backup, testing::Scratch};
use tongshi_testkit::{Effect, Setup, TestHub, VirtualWaits, Wire, on_each_database};

/// The key of every hub of the testkit: made first thing from the same seed.
fn key() -> Secret {
    Vault::generate(&SeededRandomness::new(7)).unwrap().1
}

async fn saved(hub: &TestHub, path: &std::path::Path) {
    let file = std::fs::File::create(path).unwrap();
    let vault = Vault::from_hex(&key()).unwrap();
    back_up(hub.hub.store(), Some(&vault), file, |_| {}).await.unwrap();
}

/// A hub on an empty SQLite file, filled from this backup.
async fn restored(
    folder: &std::path::Path,
    path: &std::path::Path,
    wire: Wire,
    clock: Arc<FixedClock>,
) -> Hub {
    let checked = backup::check(path).unwrap();
    let store = Store::open(Scratch::sqlite(folder).location(), clock.clone()).await.unwrap();
    let vault = Vault::from_hex(&key()).unwrap();
    let done = restore(&store, &vault, &checked, None, |_| {}).await.unwrap();
    assert_eq!((done.era, done.erased), (1, 0));
    let hub = Hub::new(Parts {
        store,
        clock,
        randomness: Arc::new(SeededRandomness::new(8)),
        vault,
        dialects: tongshi_dialects::ALL,
        transports: Arc::new(wire),
        waits: Arc::new(VirtualWaits::default()),
        settings: Settings { sync_every_seconds: 0, retry_delay_ms: 0, ..Settings::default() },
    });
    hub.start().await.unwrap();
    hub
}

/// The journal has no gaps, and replaying it gives the records that are there.
async fn is_consistent(hub: &Hub, workspace: &Workspace) -> usize {
    let (mut after, mut live, mut seen) = (0, std::collections::BTreeSet::new(), 0);
    loop {
        let page = hub.changes(workspace, after, None, 1000, &Scopes::all()).await.unwrap();
        if page.data.is_empty() {
            break;
        }
        for change in &page.data {
            seen += 1;
            assert_eq!(change.seq, seen, "the journal has a gap");
            match change.op.to_string().as_str() {
                "deleted" => assert!(live.remove(&change.record)),
                "updated" => assert!(live.contains(&change.record)),
                _ => assert!(live.insert(change.record)),
            }
        }
        after = page.next;
    }
    let counts = hub.counts(workspace).await.unwrap();
    let stored: u64 = counts.iter().filter(|count| count.kind != "punch").map(|count| count.live).sum();
    assert_eq!(stored, live.len() as u64, "records and journal disagree");
    live.len()
}

#[tokio::test]
async fn a_backup_in_the_middle_of_a_sync_is_whole_and_the_next_sync_reads_everything() {
    let folder = tempfile::tempdir().unwrap();
    let round = AtomicU64::new(0);
    on_each_database(Setup { employees: 80, attendance_days: 3, ..Setup::default() }, async |hub| {
        let round = round.fetch_add(1, Ordering::SeqCst);
        let path = folder.path().join(format!("{round}.backup"));
        // A complete sync first, so that the next one need not read everything.
        assert!(hub.sync(&[]).await.complete);
        hub.clock.advance_seconds(60);
        hub.load(140, 3).await;
        let (reached, wait) = tokio::sync::oneshot::channel();
        let mut reached = Some(reached);
        hub.wire.break_by(move |number, _| {
            if number == 6
                && let Some(reached) = reached.take()
            {
                let _ = reached.send(());
            }
            Effect::Pass
        });
        let sync = hub.sync(&[]);
        let backup = async {
            wait.await.unwrap();
            saved(hub, &path).await;
        };
        let (outcome, ()) = tokio::join!(sync, backup);
        assert!(outcome.complete);
        hub.wire.mend();
        let there =
            restored(&folder.path().join(format!("{round}")), &path, hub.wire.clone(), hub.clock.clone())
                .await;
        let main = there.workspace("main").await.unwrap();
        let count = is_consistent(&there, &main).await;
        assert!(count <= is_consistent(&hub.hub, &hub.main).await);
        let runs = there.runs(&main, None, 10).await.unwrap();
        let cut = runs.iter().find(|run| run.state == "failed").expect("the run of the backup was cut");
        assert!(cut.reason.as_deref().unwrap().contains("restored"));
        hub.clock.advance_seconds(60);
        // Full, although a complete run lies not long back.
        let options = SyncOptions { mode: Mode::Auto, ..SyncOptions::default() };
        let outcome = there.sync(&main, "zhiren", &options, &Silent).await.unwrap();
        assert!(outcome.complete, "{:?}", outcome.reason);
        assert_eq!(there.runs(&main, None, 1).await.unwrap()[0].mode, "full");
        let verified = there.verify(&main, outcome.run.unwrap()).await.unwrap();
        assert!(verified.ok, "{:?}", verified.findings);
        is_consistent(&there, &main).await;
        let ids = |records: Vec<tongshi_hub::RecordView>| {
            records.iter().map(|record| record.id).collect::<Vec<_>>()
        };
        let here = ids(hub.records(&hub.main, Kind::Employee).await);
        let query = tongshi_hub::RecordQuery {
            kind: Kind::Employee,
            filters: Vec::new(),
            date_from: None,
            date_to: None,
            deleted: false,
            after: None,
            limit: 1000,
        };
        let mut again = ids(there.records(&main, &query, &Scopes::all()).await.unwrap().data);
        let mut here = here;
        again.sort();
        here.sort();
        assert_eq!(again, here);
        hub.clock.advance_seconds(60);
        there.sync(&main, "zhiren", &options, &Silent).await.unwrap();
        assert_eq!(there.runs(&main, None, 1).await.unwrap()[0].mode, "incremental", "once is enough");
    })
    .await;
}

struct Nobody(AtomicU64);

#[async_trait]
impl Tombstones for Nobody {
    async fn erase_again(&self, session: &mut Session) -> Result<u64, Error> {
        // The rows are there, in the same transaction.
        assert!(!tongshi_store::workspaces::all(session).await?.is_empty());
        self.0.fetch_add(1, Ordering::SeqCst);
        if self.0.load(Ordering::SeqCst) == 1 { Err(Error::unavailable("the list is away")) } else { Ok(3) }
    }
}

#[tokio::test]
async fn a_restore_needs_its_key_and_its_tombstones_or_no_hub_starts_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup");
    let hub = TestHub::over(
        Scratch::sqlite(&folder.path().join("one")).location(),
        &Setup { employees: 20, ..Setup::default() },
    )
    .await;
    saved(&hub, &path).await;
    let checked = backup::check(&path).unwrap();
    let open = async |name: &str| {
        Store::open(Scratch::sqlite(&folder.path().join(name)).location(), hub.clock.clone()).await.unwrap()
    };
    let store = open("two").await;
    let (other, _) = Vault::generate(&SeededRandomness::new(9)).unwrap();
    let error = restore(&store, &other, &checked, None, |_| {}).await.unwrap_err();
    assert!(error.public().contains("key"), "{error}");
    assert!(tongshi_store::testing::contents(&store).await.unwrap().is_empty(), "nothing was changed");

    let vault = Vault::from_hex(&key()).unwrap();
    let tombstones = Nobody(AtomicU64::new(0));
    restore(&store, &vault, &checked, Some(&tombstones), |_| {}).await.unwrap_err();
    let hub_on = |store: &Store| {
        Hub::new(Parts {
            store: store.clone(),
            clock: hub.clock.clone(),
            randomness: Arc::new(SeededRandomness::new(8)),
            vault: Vault::from_hex(&key()).unwrap(),
            dialects: tongshi_dialects::ALL,
            transports: Arc::new(hub.wire.clone()),
            waits: Arc::new(VirtualWaits::default()),
            settings: Settings::default(),
        })
    };
    let error = hub_on(&store).start().await.unwrap_err();
    assert!(error.public().contains("interrupted"), "{error}");
    let store = open("three").await;
    assert_eq!(restore(&store, &vault, &checked, Some(&tombstones), |_| {}).await.unwrap().erased, 3);
    hub_on(&store).start().await.unwrap();
}

#[tokio::test]
async fn a_flow_goes_on_after_a_restore_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let round = AtomicU64::new(0);
    on_each_database(Setup { employees: 20, ..Setup::default() }, async |hub| {
        let round = round.fetch_add(1, Ordering::SeqCst);
        let path = folder.path().join(format!("{round}.backup"));
        let settings = FlowSettings { here: true, ask: Ask::Approved, ..FlowSettings::default() };
        hub.hub.set_flow(&hub.company, &settings, false, "cli:anna").await.unwrap();
        hub.hub.follow_flows().await.unwrap();
        let before = hub.hub.flow(&hub.company).await.unwrap().unwrap();
        saved(hub, &path).await;
        let manifest = backup::check(&path).unwrap();
        assert_eq!(manifest.manifest().tables.get("flows"), Some(&1), "it is named and counted");
        let there =
            restored(&folder.path().join(format!("{round}")), &path, hub.wire.clone(), hub.clock.clone())
                .await;
        let company = there.workspace("sandbox").await.unwrap();
        let after = there.flow(&company).await.unwrap().expect("the flow is there");
        assert_eq!((after.cursor, &after.settings), (before.cursor, &before.settings));
        // What changes now is followed from there, and what was followed before is not followed again.
        let last = after.last;
        there.follow_flows().await.unwrap();
        assert_eq!(there.flow(&company).await.unwrap().unwrap().last, last);
    })
    .await;
}
