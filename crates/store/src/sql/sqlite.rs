//! The driver for SQLite: a thread that owns the writing connection and a few that own reading ones.
//!
//! A session sends whole statements and batches to its thread as closures, so a future that is dropped in the middle
//! leaves the thread in order: what was sent is finished, and the roll-back that follows it comes next in the queue.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use rusqlite::{CachedStatement, Connection, OpenFlags, ffi::ErrorCode};
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore, oneshot};
use tongshi_model::{Error, Result};

use super::{Bulk, Row, Value, WAIT, too_busy};

/// How many sessions can read at one time.
const READERS: usize = 4;
/// How often the writer looks whether another process has written, and how long it waits for one before it looks.
const POLL: Duration = Duration::from_millis(50);
/// How often it waits for another process's transaction: 5 seconds in all.
const BUSY_ROUNDS: u32 = 100;
const STATEMENTS_CACHED: usize = 256;

/// A database file.
pub(crate) struct Sqlite {
    writer: Worker,
    turn: Arc<tokio::sync::Mutex<()>>,
    readers: Arc<Readers>,
    epoch: Arc<AtomicU64>,
}

struct Readers {
    free: Mutex<Vec<Worker>>,
    permits: Arc<Semaphore>,
}

impl Sqlite {
    /// Opens the file, making it (and its directory) where absent. The epoch begins at a number that grows from one
    /// start to the next.
    pub(crate) async fn open(path: PathBuf, epoch: u64) -> Result<Self> {
        let epoch = Arc::new(AtomicU64::new(epoch));
        let writer = Worker::start("tongshi-writer", Desk::new(path.clone(), Some(epoch.clone())))?;
        // The writer comes first: it makes the file and decides its page size and journal.
        writer.call(Desk::open).await?;
        let mut free = Vec::with_capacity(READERS);
        for _ in 0..READERS {
            free.push(Worker::start("tongshi-reader", Desk::new(path.clone(), None))?);
        }
        let readers = Readers { free: Mutex::new(free), permits: Arc::new(Semaphore::new(READERS)) };
        Ok(Self { writer, turn: Arc::default(), readers: Arc::new(readers), epoch })
    }

    /// A number that grows with every commit that mattered here and every commit of another process.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    pub(crate) async fn read(&self) -> Result<SqliteSession> {
        let permit = tokio::time::timeout(WAIT, self.readers.permits.clone().acquire_owned())
            .await
            .map_err(|_| too_busy())?
            .map_err(|_| stopped())?;
        let free = self.readers.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let worker = free.ok_or_else(|| Error::internal("there are fewer readers than permits"))?;
        Ok(SqliteSession { worker, hold: Hold::Read { readers: self.readers.clone(), _permit: permit }, ended: false })
    }

    pub(crate) async fn write(&self) -> Result<SqliteSession> {
        let turn = tokio::time::timeout(WAIT, self.turn.clone().lock_owned()).await.map_err(|_| too_busy())?;
        // The session exists before its transaction does: should this future be dropped, its drop rolls back.
        let session = SqliteSession { worker: self.writer.clone(), hold: Hold::Write { _turn: turn }, ended: false };
        session.worker.call(Desk::begin_write).await?;
        Ok(session)
    }
}

/// A transaction. Dropped before its commit it rolls back, and only then the next in line may begin.
pub(crate) struct SqliteSession {
    worker: Worker,
    hold: Hold,
    ended: bool,
}

enum Hold {
    Read { readers: Arc<Readers>, _permit: OwnedSemaphorePermit },
    Write { _turn: OwnedMutexGuard<()> },
}

impl SqliteSession {
    pub(crate) async fn rows(&mut self, sql: String, params: Vec<Value>) -> Result<Vec<Row>> {
        self.call(move |desk| desk.rows(&sql, &params)).await
    }

    pub(crate) async fn run(&mut self, sql: String, params: Vec<Value>) -> Result<u64> {
        self.call(move |desk| desk.run(&sql, &params)).await
    }

    pub(crate) async fn batch(&mut self, sql: String) -> Result<()> {
        self.call(move |desk| desk.connection()?.execute_batch(&sql).map_err(|error| desk.failed(error))).await
    }

    /// Runs the bulk; with `returning` its rows come back.
    pub(crate) async fn bulk(
        &mut self,
        bulk: &'static Bulk,
        rows: Vec<Vec<Value>>,
        returning: bool,
    ) -> Result<Vec<Row>> {
        self.call(move |desk| desk.bulk(bulk, rows, returning)).await
    }

    /// Runs the statement once a key and gives the rows of each.
    pub(crate) async fn by_keys(
        &mut self,
        sql: String,
        params: Vec<Value>,
        keys: Vec<Value>,
    ) -> Result<Vec<Vec<Row>>> {
        self.call(move |desk| desk.by_keys(&sql, &params, &keys)).await
    }

    /// As `by_keys` where a key has at most one row.
    pub(crate) async fn one_by_keys(
        &mut self,
        sql: String,
        params: Vec<Value>,
        keys: Vec<Value>,
    ) -> Result<Vec<Option<Row>>> {
        self.call(move |desk| desk.one_by_keys(&sql, &params, &keys)).await
    }

    /// Runs a statement that returns nothing once a key.
    pub(crate) async fn run_by_keys(&mut self, sql: String, params: Vec<Value>, keys: Vec<Value>) -> Result<u64> {
        self.call(move |desk| desk.run_by_keys(&sql, &params, &keys)).await
    }

    /// Commits; `shown` says whether something changed that a reader may have kept.
    pub(crate) async fn commit(&mut self, shown: bool) -> Result<()> {
        self.ended = true;
        self.worker.call(move |desk| desk.commit(shown)).await
    }

    async fn call<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Desk) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let reading = matches!(self.hold, Hold::Read { .. });
        self.worker
            .call(move |desk| {
                if reading {
                    desk.begin_read()?;
                }
                work(desk)
            })
            .await
    }
}

impl Drop for SqliteSession {
    fn drop(&mut self) {
        if !self.ended {
            self.worker.send(Desk::roll_back);
        }
        // The queue of a worker keeps the order, so it may serve the next session at once.
        if let Hold::Read { readers, .. } = &self.hold {
            readers.free.lock().unwrap_or_else(PoisonError::into_inner).push(self.worker.clone());
        }
    }
}

type Task = Box<dyn FnOnce(&mut Desk) + Send>;

/// The way to a thread and its connection.
#[derive(Clone)]
struct Worker(mpsc::Sender<Task>);

impl Worker {
    fn start(name: &str, mut desk: Desk) -> Result<Self> {
        let (sender, tasks) = mpsc::channel::<Task>();
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                loop {
                    // Only the writer has an epoch to keep; readers need not wake up for nothing.
                    let task = if desk.epoch.is_some() {
                        tasks.recv_timeout(POLL)
                    } else {
                        tasks.recv().map_err(|_| RecvTimeoutError::Disconnected)
                    };
                    match task {
                        Ok(task) => task(&mut desk),
                        Err(RecvTimeoutError::Timeout) => desk.look_for_others(),
                        Err(RecvTimeoutError::Disconnected) => return,
                    }
                }
            })
            .map_err(|error| Error::unavailable("the system gives no more threads").caused_by(error))?;
        Ok(Self(sender))
    }

    async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Desk) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        self.send(move |desk| {
            // Nobody listens any more when the future was dropped; its session's roll-back is on the way.
            let _ = answer.send(work(desk));
        });
        answered.await.map_err(|_| stopped())?
    }

    fn send(&self, task: impl FnOnce(&mut Desk) + Send + 'static) {
        // Sending fails only when the thread is gone, which the caller of `call` learns from the answer.
        let _ = self.0.send(Box::new(task));
    }
}

fn stopped() -> Error {
    Error::unavailable("the database stopped").because("a database thread ended")
}

/// What a thread works with.
struct Desk {
    path: PathBuf,
    /// The writer's, nobody else's.
    epoch: Option<Arc<AtomicU64>>,
    connection: Option<Connection>,
    /// `PRAGMA data_version` of the writing connection: it moves when another connection has committed.
    version: i64,
    /// After an I/O error the connection is made anew, as its view of the file cannot be trusted.
    broken: bool,
}

impl Desk {
    fn new(path: PathBuf, epoch: Option<Arc<AtomicU64>>) -> Self {
        Self { path, epoch, connection: None, version: 0, broken: false }
    }

    fn open(&mut self) -> Result<()> {
        if self.broken || self.connection.is_none() {
            self.connection = None;
            let opened = if self.epoch.is_some() { open_writer(&self.path) } else { open_reader(&self.path) };
            self.connection = Some(opened.map_err(|error| match error {
                Opening::Database(error) => self.failed(error),
                Opening::File(error) => Error::unavailable("the database file cannot be made").caused_by(error),
            })?);
            self.broken = false;
        }
        Ok(())
    }

    fn connection(&self) -> Result<&Connection> {
        self.connection.as_ref().ok_or_else(|| Error::unavailable("the database is not open"))
    }

    fn begin_read(&mut self) -> Result<()> {
        self.open()?;
        if self.connection()?.is_autocommit() {
            self.run("BEGIN", &[])?;
        }
        Ok(())
    }

    fn begin_write(&mut self) -> Result<()> {
        self.open()?;
        // SQLite waits one POLL a round; between the rounds the other process's commits are counted.
        let mut round = 0;
        loop {
            let begun = self.connection()?.prepare_cached("BEGIN IMMEDIATE").and_then(|mut begin| begin.raw_execute());
            match begun {
                Ok(_) => return Ok(()),
                Err(error) if busy(&error) && round < BUSY_ROUNDS => round += 1,
                Err(error) => return Err(self.failed(error)),
            }
            self.look_for_others();
        }
    }

    fn commit(&mut self, shown: bool) -> Result<()> {
        if self.connection()?.is_autocommit() {
            return Ok(());
        }
        let outcome = self.run("COMMIT", &[]);
        self.roll_back();
        outcome?;
        if shown && let Some(epoch) = &self.epoch {
            epoch.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    }

    fn roll_back(&mut self) {
        let Some(connection) = &self.connection else { return };
        // A roll-back that fails leaves a connection that nobody may use again.
        if !connection.is_autocommit() && self.run("ROLLBACK", &[]).is_err() {
            self.broken = true;
        }
    }

    /// Counts what other processes committed. Our own commits do not move this connection's version.
    fn look_for_others(&mut self) {
        let (Some(connection), Some(epoch)) = (&self.connection, &self.epoch) else { return };
        if !connection.is_autocommit() {
            return;
        }
        let version = connection
            .prepare_cached("PRAGMA data_version")
            .and_then(|mut pragma| pragma.query_row([], |row| row.get(0)));
        if let Ok(version) = version
            && version != self.version
        {
            self.version = version;
            epoch.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn rows(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>> {
        let connection = self.connection.as_ref().ok_or_else(stopped)?;
        let read = || -> Result<Vec<Row>, Trouble> {
            let mut statement = connection.prepare_cached(sql)?;
            bind(&mut statement, params)?;
            let mut rows = Vec::new();
            take_rows(&mut statement, &mut rows)?;
            Ok(rows)
        };
        read().map_err(|trouble| self.trouble(trouble))
    }

    fn run(&mut self, sql: &str, params: &[Value]) -> Result<u64> {
        let connection = self.connection.as_ref().ok_or_else(stopped)?;
        let run = || {
            let mut statement = connection.prepare_cached(sql)?;
            bind(&mut statement, params)?;
            statement.raw_execute()
        };
        run().map(|count| count as u64).map_err(|error| self.failed(error))
    }

    fn bulk(&mut self, bulk: &Bulk, rows: Vec<Vec<Value>>, returning: bool) -> Result<Vec<Row>> {
        let connection = self.connection.as_ref().ok_or_else(stopped)?;
        let run = || -> Result<Vec<Row>, Trouble> {
            let mut statement = connection.prepare_cached(bulk.sqlite())?;
            let mut returned = Vec::new();
            for row in rows {
                bind(&mut statement, &row)?;
                if returning {
                    take_rows(&mut statement, &mut returned)?;
                } else {
                    statement.raw_execute()?;
                }
            }
            Ok(returned)
        };
        run().map_err(|trouble| self.trouble(trouble))
    }

    fn by_keys(&mut self, sql: &str, params: &[Value], keys: &[Value]) -> Result<Vec<Vec<Row>>> {
        let connection = self.connection.as_ref().ok_or_else(stopped)?;
        let read = || -> Result<Vec<Vec<Row>>, Trouble> {
            let mut statement = connection.prepare_cached(sql)?;
            bind(&mut statement, params)?;
            let mut found = Vec::with_capacity(keys.len());
            for key in keys {
                statement.raw_bind_parameter(params.len() + 1, key)?;
                let mut rows = Vec::new();
                take_rows(&mut statement, &mut rows)?;
                found.push(rows);
            }
            Ok(found)
        };
        read().map_err(|trouble| self.trouble(trouble))
    }

    fn one_by_keys(&mut self, sql: &str, params: &[Value], keys: &[Value]) -> Result<Vec<Option<Row>>> {
        let connection = self.connection.as_ref().ok_or_else(stopped)?;
        let read = || -> Result<Vec<Option<Row>>, Trouble> {
            let mut statement = connection.prepare_cached(sql)?;
            bind(&mut statement, params)?;
            let mut found = Vec::with_capacity(keys.len());
            for key in keys {
                statement.raw_bind_parameter(params.len() + 1, key)?;
                let width = statement.column_count();
                let mut rows = statement.raw_query();
                found.push(rows.next()?.map(|row| take_row(row, width)).transpose()?);
            }
            Ok(found)
        };
        read().map_err(|trouble| self.trouble(trouble))
    }

    fn run_by_keys(&mut self, sql: &str, params: &[Value], keys: &[Value]) -> Result<u64> {
        let connection = self.connection.as_ref().ok_or_else(stopped)?;
        let run = || {
            let mut statement = connection.prepare_cached(sql)?;
            bind(&mut statement, params)?;
            let mut count = 0;
            for key in keys {
                statement.raw_bind_parameter(params.len() + 1, key)?;
                count += statement.raw_execute()? as u64;
            }
            Ok(count)
        };
        run().map_err(|error| self.failed(error))
    }

    fn trouble(&mut self, trouble: Trouble) -> Error {
        match trouble {
            Trouble::Database(error) => self.failed(error),
            Trouble::Ours(error) => error,
        }
    }

    /// Our error for SQLite's. Its messages name tables and columns, never values.
    fn failed(&mut self, error: rusqlite::Error) -> Error {
        let code = error.sqlite_error_code();
        let ours = match code {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Error::unavailable("another process holds the database")
            }
            Some(
                ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::OutOfMemory
                | ErrorCode::FileLockingProtocolFailed,
            ) => {
                self.broken = true;
                Error::unavailable("the database cannot be read or written now")
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                self.broken = true;
                Error::new(
                    tongshi_model::ErrorKind::Internal,
                    "the database file is damaged: stop the hub, keep the file, and restore the last backup",
                )
            }
            Some(ErrorCode::ConstraintViolation) => Error::conflict("it contradicts what is stored"),
            Some(ErrorCode::TooBig) => Error::invalid("text", "a value is too large to be stored"),
            _ => Error::internal("SQLite refused a statement"),
        };
        ours.caused_by(error)
    }
}

/// What can go wrong while rows are read.
enum Trouble {
    Database(rusqlite::Error),
    Ours(Error),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Trouble::Database(error)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Trouble::Ours(error)
    }
}

fn busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

fn bind(statement: &mut CachedStatement<'_>, params: &[Value]) -> rusqlite::Result<()> {
    for (place, value) in params.iter().enumerate() {
        statement.raw_bind_parameter(place + 1, value)?;
    }
    Ok(())
}

fn take_rows(statement: &mut CachedStatement<'_>, into: &mut Vec<Row>) -> Result<(), Trouble> {
    let width = statement.column_count();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        into.push(take_row(row, width)?);
    }
    Ok(())
}

fn take_row(row: &rusqlite::Row<'_>, width: usize) -> Result<Row, Trouble> {
    let mut values = Vec::with_capacity(width);
    for place in 0..width {
        values.push(Value::from_sqlite(row.get_ref(place)?)?);
    }
    Ok(Row::new(values))
}

/// What can go wrong while a file is opened.
enum Opening {
    Database(rusqlite::Error),
    File(std::io::Error),
}

impl From<rusqlite::Error> for Opening {
    fn from(error: rusqlite::Error) -> Self {
        Opening::Database(error)
    }
}

fn open_writer(path: &Path) -> Result<Connection, Opening> {
    make_file(path).map_err(Opening::File)?;
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    // Several processes may start at once, and only one of them can turn the write-ahead log on.
    connection.busy_timeout(POLL * BUSY_ROUNDS)?;
    // Pages of 16 KiB: a page of new people touches most leaves of every index, and fewer, larger leaves cost less in
    // the log (measured; memory-mapping did not help). The log is folded back at about 64 MiB.
    connection.execute_batch(
        "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
         PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 4000; PRAGMA temp_store = MEMORY;",
    )?;
    connection.busy_timeout(POLL)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    Ok(connection)
}

fn open_reader(path: &Path) -> Result<Connection, Opening> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(POLL * BUSY_ROUNDS)?;
    connection.execute_batch(
        "PRAGMA query_only = ON; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;",
    )?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    Ok(connection)
}

/// Makes the file readable to its owner only. SQLite gives the log beside it the same mode.
fn make_file(path: &Path) -> std::io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let mut directory = std::fs::DirBuilder::new();
    directory.recursive(true);
    let mut file = std::fs::OpenOptions::new();
    file.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        directory.mode(0o700);
        file.mode(0o600);
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        directory.create(parent)?;
    }
    file.open(path).map(drop)
}
