//! Runs a test on SQLite and, where `TONGSHI_TEST_PG` names a server, on PostgreSQL.

use tongshi_store::testing::Scratch;

use crate::{Setup, TestHub};

/// Runs the test once for each database, on a hub of its own.
pub async fn on_each_database<F>(setup: Setup, test: F)
where
    F: AsyncFn(&TestHub),
{
    let folder = tempfile::tempdir().expect("a temporary folder");
    let hub = TestHub::over(Scratch::sqlite(folder.path()).location(), &setup).await;
    test(&hub).await;
    drop(hub);
    #[expect(clippy::disallowed_methods, reason = "the one switch of the test suite")]
    let server = std::env::var("TONGSHI_TEST_PG").ok().filter(|server| !server.is_empty());
    let Some(server) = server else { return };
    let scratch = Scratch::postgres(&server).await.expect("the test server makes a database");
    let hub = TestHub::over(scratch.location(), &setup).await;
    test(&hub).await;
    drop(hub);
    scratch.remove().await.expect("the test server drops a database");
}
