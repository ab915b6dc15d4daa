//! Runs a test on SQLite and, where `TONGSHI_TEST_PG` names a server, on PostgreSQL.

use tongshi_store::{Location, testing::Scratch};

use crate::{Setup, TestHub};

/// Runs the test once for each database, on a hub of its own.
pub async fn on_each_database<F>(setup: Setup, test: F)
where
    F: AsyncFn(&TestHub),
{
    on_each_location(async |location| {
        let hub = TestHub::over(location, &setup).await;
        test(&hub).await;
    })
    .await;
}

/// Runs the test once for each empty database, for tests that make their own hubs over it.
pub async fn on_each_location<F>(test: F)
where
    F: AsyncFn(Location),
{
    let folder = tempfile::tempdir().expect("a temporary folder");
    test(Scratch::sqlite(folder.path()).location()).await;
    #[expect(clippy::disallowed_methods, reason = "the one switch of the test suite")]
    let server = std::env::var("TONGSHI_TEST_PG").ok().filter(|server| !server.is_empty());
    let Some(server) = server else { return };
    let scratch = Scratch::postgres(&server).await.expect("the test server makes a database");
    test(scratch.location()).await;
    scratch.remove().await.expect("the test server drops a database");
}
