//! The only crate with SQL: SQLite and PostgreSQL behind one port, one folder of migrations, one file per noun.
//!
//! Everything runs in a [`Session`]: `store.read()` for a snapshot, `store.write()` for a transaction that its owner
//! commits. Each noun's functions take the session first, then the workspace.

mod changed;
mod evidence;
mod migrate;
mod schema;
mod sql;
mod upkeep;

pub mod apps;
pub mod audit;
pub mod backup;
pub mod changes;
pub mod connections;
pub mod deliveries;
pub mod endpoints;
pub mod erasure;
pub mod flows;
pub mod gauges;
pub mod idempotency;
pub mod identity;
pub mod jobs;
pub mod meta;
pub mod places;
pub mod points;
pub mod punches;
pub mod quarantine;
pub mod readings;
pub mod records;
pub mod refs;
pub mod requests;
pub mod retention;
pub mod routes;
pub mod runs;
pub mod sealed;
pub mod sessions;
pub mod shared;
pub mod sources;
pub mod tallies;
#[cfg(feature = "testing")]
pub mod testing;
pub mod tokens;
pub mod tombstones;
pub mod traces;
pub mod vendor_tokens;
pub mod workspaces;
pub mod writes;

use std::{path::PathBuf, sync::Arc};

use tongshi_model::{Clock, Error, Result, Secret, Timestamp};

pub use apps::{App, KeyRow, NewKey};
pub use audit::{AuditFilter, AuditRow, NewAudit};
pub use changed::Changed;
pub use changes::{Change, NewChange, Op};
pub use connections::Connection;
pub use deliveries::{Delivery, DeliveryState};
pub use endpoints::{Endpoint, Settled};
pub use erasure::Emptied;
pub use evidence::Evidence;
pub use gauges::Gauges;
pub use jobs::Job;
pub use punches::{PunchRow, StoredPunch};
pub use quarantine::Quarantined;
pub use records::{Order, Query, RecordRow};
pub use requests::{NewRequest, RequestFilter, RequestRow};
pub use runs::{Claim, PageRow, Run};
pub use sessions::{SessionFilter, SessionRow};
pub use shared::Part;
pub use sources::{SourceHead, SourceRow, Subject};
pub use sql::Session;
pub use tokens::Token;
pub use workspaces::Workspace;
pub use writes::{NewWrite, WriteRow, WriteState};

use sql::{Postgres, Sqlite, params};

/// Where the data is.
#[derive(Clone, Debug)]
pub enum Location {
    /// A file on this machine; made, with its directory, where absent.
    Sqlite(PathBuf),
    /// A `postgres://` address, with its password.
    Postgres(Secret),
}

/// The database. A clone is the same database.
#[derive(Clone)]
pub struct Store {
    driver: Arc<Driver>,
    clock: Arc<dyn Clock>,
    /// When the database was last seen to take a write.
    written: Arc<std::sync::Mutex<Option<Timestamp>>>,
    bells: Arc<changed::Bells>,
    commits: tokio::sync::watch::Sender<u64>,
}

enum Driver {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Store {
    /// Opens the database as it is; [`Store::migrate`] brings its tables up to date.
    pub async fn open(location: Location, clock: Arc<dyn Clock>) -> Result<Self> {
        let bells = Arc::<changed::Bells>::default();
        let driver = match location {
            Location::Sqlite(path) => {
                let epoch = u64::try_from(clock.now().as_microsecond()).unwrap_or_default();
                Driver::Sqlite(Sqlite::open(path, epoch, Arc::clone(&bells)).await?)
            }
            Location::Postgres(url) => Driver::Postgres(Postgres::open(&url, Arc::clone(&bells)).await?),
        };
        let commits = tokio::sync::watch::Sender::new(0);
        Ok(Self { driver: Arc::new(driver), clock, written: Arc::default(), bells, commits })
    }

    /// A snapshot to read from.
    pub async fn read(&self) -> Result<Session> {
        let now = self.clock.now();
        Ok(match &*self.driver {
            Driver::Sqlite(sqlite) => Session::sqlite(sqlite.read().await?, now, false),
            Driver::Postgres(postgres) => Session::postgres(postgres.session(false).await?, now, false),
        })
    }

    /// A transaction to write in. On SQLite there is one at a time, and others wait for it in turn. Where PostgreSQL
    /// loses a transaction against another, the error is of the kind `Unavailable` and the caller tries again.
    pub async fn write(&self) -> Result<Session> {
        let asked = std::time::Instant::now();
        let session = match &*self.driver {
            Driver::Sqlite(sqlite) => Session::sqlite(sqlite.write().await?, self.clock.now(), true),
            Driver::Postgres(postgres) => {
                Session::postgres(postgres.session(true).await?, self.clock.now(), true)
            }
        };
        metrics::histogram!("tongshi_db_writer_wait_seconds").record(asked.elapsed());
        Ok(session.telling(self.commits.clone()))
    }

    /// Changes whenever this process has committed something that a face or /v1 could show; what other processes
    /// commit is seen by looking.
    pub fn commits(&self) -> tokio::sync::watch::Receiver<u64> {
        self.commits.subscribe()
    }

    /// Runs the migrations that have not run here. Harmless to repeat, and for several processes to do at once.
    pub async fn migrate(&self) -> Result<()> {
        migrate::run(self).await
    }

    /// The migrations that have not run here.
    pub async fn pending(&self) -> Result<Vec<&'static str>> {
        migrate::pending(self).await
    }

    /// A number that changes whenever something was committed in the workspace that a face or /v1 could show, by
    /// whatever process. It costs nothing on SQLite, where other processes' commits show within about 50 ms.
    pub async fn epoch(&self, workspace: &Workspace) -> Result<u64> {
        match &*self.driver {
            Driver::Sqlite(sqlite) => Ok(sqlite.epoch()),
            Driver::Postgres(_) => workspaces::epoch(&mut self.read().await?, workspace).await,
        }
    }

    /// Whether [`Store::epoch`] costs no question to the database.
    pub fn epoch_is_free(&self) -> bool {
        matches!(*self.driver, Driver::Sqlite(_))
    }

    /// How much room the data takes.
    pub async fn size_bytes(&self) -> Result<u64> {
        let mut session = self.read().await?;
        let sql = if session.is_postgres() {
            "SELECT pg_database_size(current_database())"
        } else {
            "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        };
        let row = session.row(sql, params![]).await?;
        row.ok_or_else(|| Error::internal("the database does not know its size"))?.count()
    }

    /// Rewrites what the database keeps, so that nothing that was removed is left in free pages or in the log. False where
    /// others were at work all the while: then it is for later.
    pub async fn compact(&self) -> Result<bool> {
        match &*self.driver {
            Driver::Sqlite(sqlite) => sqlite.compact().await,
            Driver::Postgres(postgres) => postgres.compact().await.map(|()| true),
        }
    }

    /// Whether the database answers.
    pub async fn check(&self) -> Result<()> {
        self.read().await?.row("SELECT 1", params![]).await.map(drop)
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match &*self.driver {
            Driver::Sqlite(_) => "Store(SQLite)",
            Driver::Postgres(_) => "Store(PostgreSQL)",
        })
    }
}

/// Takes a block of numbers from a counter, in the writing transaction, and gives the first; the counters begin at 1.
pub async fn allocate(s: &mut Session, counter: &'static str, count: u64) -> Result<i64> {
    let row = s
        .row(
            "INSERT INTO counters (name, next) VALUES ($1, CAST($2 AS BIGINT) + 1)
             ON CONFLICT (name) DO UPDATE SET next = counters.next + CAST($2 AS BIGINT)
             RETURNING next - CAST($2 AS BIGINT)",
            params![counter, count],
        )
        .await?;
    row.ok_or_else(|| Error::internal("a counter gives no number"))?.int()
}
