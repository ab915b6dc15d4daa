//! What keeps a store in service: whether it takes writes, whether it is whole, what waits in it, and transactions
//! that are run again when they lost against another.

use tongshi_model::{Error, Result, Timestamp};

use crate::{
    Driver, Session, Store, meta,
    sql::{Lost, params},
};

/// How often a transaction that lost is run again.
const RETRIES_MAX: u32 = 3;

/// Under this name a probe writes, and leaves nothing.
const PROBE: &str = "probe";
/// Enough to need room of its own on the disk.
const PROBE_BYTES: usize = 64 * 1024;
/// A database that took a write so lately is not asked again.
const PROBE_EVERY_SECONDS: i64 = 2;

/// What the database says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Engine {
    /// `SQLite` or `PostgreSQL`.
    pub name: &'static str,
    /// Its version.
    pub version: String,
    /// The time there, where it is another machine's.
    pub now: Option<Timestamp>,
}

/// Work that waits, of all workspaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Jobs that are neither done nor given up.
    pub waiting: u64,
    /// When the one that has been due for longest was due.
    pub oldest_due: Option<Timestamp>,
    /// Jobs that were given up.
    pub failed: u64,
    /// Jobs that wait, by name.
    pub by_name: Vec<(String, u64)>,
}

impl Store {
    /// Runs a transaction and commits it. Where it lost against another and was certainly rolled back (PostgreSQL's
    /// 40001 and 40P01) it is run again, at most three times; a commit whose outcome is unknown never is.
    pub async fn transact<T>(&self, mut work: impl AsyncFnMut(&mut Session) -> Result<T>) -> Result<T> {
        let mut retries = 0;
        loop {
            let mut session = self.write().await?;
            let outcome = match work(&mut session).await {
                Ok(value) => session.commit().await.map(|()| value),
                Err(error) => Err(error),
            };
            match outcome {
                Err(error) if retries < RETRIES_MAX && lost(&error) => retries += 1,
                outcome => return outcome,
            }
        }
    }

    /// Whether the database takes writes: something is written that needs room, and removed again, in one committed
    /// transaction.
    pub async fn writable(&self) -> Result<()> {
        let now = self.clock.now();
        let fresh = |at: Timestamp| (0..PROBE_EVERY_SECONDS).contains(&(now.as_second() - at.as_second()));
        if self.written().is_some_and(fresh) {
            return Ok(());
        }
        let mut session = self.write().await?;
        meta::set(&mut session, PROBE, &"0".repeat(PROBE_BYTES)).await?;
        meta::remove(&mut session, PROBE).await?;
        session.commit().await?;
        *self.written() = Some(now);
        Ok(())
    }

    fn written(&self) -> std::sync::MutexGuard<'_, Option<Timestamp>> {
        self.written.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// What the database says of itself.
    pub async fn engine(&self) -> Result<Engine> {
        let mut session = self.read().await?;
        let (name, sql) = match &*self.driver {
            Driver::Sqlite(_) => ("SQLite", "SELECT sqlite_version(), NULL"),
            Driver::Postgres(_) => (
                "PostgreSQL",
                "SELECT current_setting('server_version'),
                     CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)",
            ),
        };
        let row = session.row(sql, params![]).await?;
        let mut row = row.ok_or_else(|| Error::internal("the database does not know its version"))?;
        Ok(Engine { name, version: row.text()?, now: row.opt_time()? })
    }

    /// What is wrong with a SQLite file, read from end to end; nothing where it is whole. PostgreSQL has tools of its
    /// own (`amcheck`), and is not asked.
    pub async fn damage(&self) -> Result<Vec<String>> {
        let mut session = self.read().await?;
        if session.is_postgres() {
            return Ok(Vec::new());
        }
        let rows = session.rows("PRAGMA integrity_check(20)", params![]).await?;
        let texts = rows.into_iter().map(|mut row| row.text()).collect::<Result<Vec<_>>>()?;
        Ok(texts.into_iter().filter(|text| text != "ok").collect())
    }

    /// The work that waits.
    pub async fn backlog(&self) -> Result<Backlog> {
        let mut session = self.read().await?;
        let row = session
            .row(
                "SELECT count(*), MIN(run_at), (SELECT count(*) FROM jobs WHERE failed_at IS NOT NULL)
                 FROM jobs WHERE done_at IS NULL AND failed_at IS NULL",
                params![],
            )
            .await?;
        let mut row = row.ok_or_else(|| Error::internal("a count gives no row"))?;
        let (waiting, oldest, failed) = (row.count()?, row.opt_time()?, row.count()?);
        let rows = session
            .rows(
                "SELECT name, count(*) FROM jobs WHERE done_at IS NULL AND failed_at IS NULL GROUP BY name",
                params![],
            )
            .await?;
        let mut by_name =
            rows.into_iter().map(|mut row| Ok((row.text()?, row.count()?))).collect::<Result<Vec<_>>>()?;
        by_name.sort();
        let oldest_due = oldest.filter(|due| *due <= session.now());
        Ok(Backlog { waiting, oldest_due, failed, by_name })
    }
}

fn lost(error: &Error) -> bool {
    std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<Lost>)
}
