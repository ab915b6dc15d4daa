//! Backups: either database takes back what either wrote, whole or not at all.

use std::path::Path;

use tongshi_store::{
    Store, backup, jobs, meta, records,
    testing::{self, Scratch},
};

use crate::{Bench, instant, on_both, server, store_people};

async fn saved(store: &Store, path: &Path) -> backup::Manifest {
    let file = std::fs::File::create(path).unwrap();
    let mut session = store.read().await.unwrap();
    backup::write(&mut session, "0.0.0", vec!["key".to_owned()], file, |_| {}).await.unwrap()
}

async fn loaded(store: &Store, path: &Path) {
    let checked = backup::check(path).unwrap();
    backup::prepare(store, &checked).await.unwrap();
    let mut session = store.write().await.unwrap();
    backup::load(&mut session, &checked, |_| {}).await.unwrap();
    session.commit().await.unwrap();
    store.migrate().await.unwrap();
}

/// People whose documents hold what is easily spoilt on its way, and a job of each state.
async fn filled(bench: &Bench) {
    let long = format!(r#"{{"name":"{}"}}"#, "汉".repeat(100_000));
    let docs = [
        ("plain", r#"{"b": 1,  "a" : 1.50, "c":"x"}"#),
        ("odd", r#"{"name":"é\\u0000 \" \n 😀"}"#),
        ("long", long.as_str()),
    ];
    store_people(bench, &docs).await;
    let many: Vec<_> = (0..3_000).map(|number| format!("p{number}")).collect();
    let docs: Vec<_> = many.iter().map(|name| (name.as_str(), r#"{"name":"x"}"#)).collect();
    store_people(bench, &docs).await;
    let mut s = bench.write().await;
    for number in 0..3 {
        let payload = serde_json::json!({"number": number});
        jobs::enqueue(&mut s, &bench.workspace, "event", &payload, None, bench.now()).await.unwrap();
    }
    jobs::claim(&mut s, &["event"], "a", instant(60), 2).await.unwrap();
    s.commit().await.unwrap();
}

#[tokio::test]
async fn what_either_database_wrote_either_takes_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("one.backup");
    let again = folder.path().join("two.backup");
    on_both(async |bench| {
        filled(bench).await;
        let manifest = saved(&bench.store, &file).await;
        assert_eq!(manifest.tables["records"], 3_003);
        assert_eq!(backup::check(&file).unwrap().manifest(), &manifest);
        let before = testing::contents(&bench.store).await.unwrap();
        // To the other database where there is one, and back.
        let (here, there) = (folder.path().join("a"), folder.path().join("b"));
        let other = match (format!("{:?}", bench.store).contains("SQLite"), server()) {
            (true, Some(server)) => Scratch::postgres(&server).await.unwrap(),
            _ => Scratch::sqlite(&here),
        };
        let store = Store::open(other.location(), bench.clock.clone()).await.unwrap();
        loaded(&store, &file).await;
        assert!(
            testing::contents(&store).await.unwrap() == before,
            "the other database holds something else"
        );
        saved(&store, &again).await;
        // Counters go on where they were, and what is unique stays so.
        store_people(&Bench { store: store.clone(), ..bench_of(bench) }, &[("new", "{}")]).await;
        drop(store);
        other.remove().await.unwrap();
        let back = Store::open(Scratch::sqlite(&there).location(), bench.clock.clone()).await.unwrap();
        loaded(&back, &again).await;
        assert!(testing::contents(&back).await.unwrap() == before, "back again it is something else");
        for path in [here, there] {
            let _ = std::fs::remove_dir_all(path);
        }
        manifest.tables
    })
    .await;
}

fn bench_of(bench: &Bench) -> Bench {
    Bench {
        store: bench.store.clone(),
        location: bench.location.clone(),
        clock: bench.clock.clone(),
        workspace: bench.workspace.clone(),
    }
}

#[tokio::test]
async fn a_backup_shows_one_instant_whatever_is_written_meanwhile() {
    on_both(async |bench| {
        store_people(bench, &[("before", "{}")]).await;
        let mut session = bench.read().await;
        // The snapshot is taken with the first statement.
        assert_eq!(meta::get(&mut session, "x").await.unwrap(), None);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("backup");
        store_people(bench, &[("after", "{}")]).await;
        let file = std::fs::File::create(&path).unwrap();
        let manifest = backup::write(&mut session, "0", Vec::new(), file, |_| {}).await.unwrap();
        drop(session);
        assert_eq!((manifest.tables["records"], manifest.tables["counters"]), (1, 2));
        backup::check(&path).unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_file_that_is_not_as_it_was_is_refused_wherever_it_differs() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::over(Scratch::sqlite(folder.path()).location()).await;
    store_people(&bench, &[("one", r#"{"name":"x"}"#), ("two", "{}")]).await;
    let path = folder.path().join("good");
    saved(&bench.store, &path).await;
    let good = std::fs::read(&path).unwrap();
    let bad = folder.path().join("bad");
    let refused = |bytes: &[u8]| {
        std::fs::write(&bad, bytes).unwrap();
        backup::check(&bad).err().map(|error| error.public().to_owned())
    };
    for length in (0..good.len()).step_by(7).chain([good.len() - 1]) {
        assert!(refused(&good[..length]).is_some(), "cut at {length}");
    }
    for at in 0..good.len() {
        let mut changed = good.clone();
        changed[at] ^= 1;
        let said = refused(&changed).unwrap_or_else(|| panic!("a changed byte at {at} is not seen"));
        assert!(!said.contains("hub failed"), "{said}");
    }
    assert!(refused(&[good.as_slice(), b"x"].concat()).is_some(), "something was appended");
    assert!(refused(&good).is_none());
}

#[tokio::test]
async fn only_an_empty_database_of_no_newer_version_is_filled() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup");
    on_both(async |bench| {
        saved(&bench.store, &path).await;
        let checked = backup::check(&path).unwrap();
        let before = testing::contents(&bench.store).await.unwrap();
        let error = backup::prepare(&bench.store, &checked).await.unwrap_err();
        assert!(error.public().contains("not empty"), "{error}");
        assert!(testing::contents(&bench.store).await.unwrap() == before);
        let mut session = bench.read().await;
        assert!(backup::restored_at(&mut session).await.unwrap().is_none());
    })
    .await;
    // A migration that this program does not know.
    let mut bytes = std::fs::read(&path).unwrap();
    let header = String::from_utf8_lossy(&bytes).find("\"migrations\":{\"1\":\"").unwrap();
    let at = header + "\"migrations\":{\"1\":\"".len();
    bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
    let end = bytes.len() - 32;
    let digest = sha256(&bytes[..end]);
    bytes[end..].copy_from_slice(&digest);
    std::fs::write(&path, bytes).unwrap();
    let checked = backup::check(&path).unwrap();
    let store = Store::open(Scratch::sqlite(&folder.path().join("new")).location(), clock()).await.unwrap();
    let error = backup::prepare(&store, &checked).await.unwrap_err();
    assert!(error.public().contains("another version"), "{error}");
    assert!(testing::contents(&store).await.unwrap().is_empty(), "nothing was made");
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).into()
}

fn clock() -> std::sync::Arc<tongshi_model::FixedClock> {
    std::sync::Arc::new(tongshi_model::FixedClock::at(instant(0)))
}

#[tokio::test]
async fn a_backup_from_before_a_migration_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.backup");
    let old = Store::open(Scratch::sqlite(&folder.path().join("old")).location(), clock()).await.unwrap();
    testing::migrate_first(&old, 1).await.unwrap();
    let mut session = old.write().await.unwrap();
    meta::set(&mut session, "kept", "yes").await.unwrap();
    session.commit().await.unwrap();
    let manifest = saved(&old, &path).await;
    assert_eq!(manifest.migrations.len(), 1);
    assert!(!manifest.tables.contains_key("audit"));
    let store = Store::open(Scratch::sqlite(&folder.path().join("new")).location(), clock()).await.unwrap();
    loaded(&store, &path).await;
    assert!(store.pending().await.unwrap().is_empty());
    let all = testing::contents(&store).await.unwrap();
    assert!(all.contains_key("audit") && all["meta"].iter().any(|row| row.contains("kept")));
}

#[tokio::test]
async fn after_a_restore_nobody_holds_anything_and_nothing_runs() {
    on_both(async |bench| {
        filled(bench).await;
        let mut s = bench.write().await;
        assert_eq!(backup::settle(&mut s).await.unwrap(), 1);
        assert_eq!(backup::settle(&mut s).await.unwrap(), 2);
        s.commit().await.unwrap();
        let mut s = bench.write().await;
        assert_eq!(backup::restored_at(&mut s).await.unwrap(), Some(bench.now()));
        let jobs = jobs::claim(&mut s, &["event"], "b", instant(60), 10).await.unwrap();
        let page = records::get(&mut s, &bench.workspace, crate::id("plain")).await.unwrap();
        assert!(page.is_some());
        jobs.iter().map(|job| job.attempts).collect::<Vec<_>>()
    })
    .await;
}
