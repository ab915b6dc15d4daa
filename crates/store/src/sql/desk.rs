//! What a thread of the SQLite driver works with: its connection and everything that is done to it.

use std::{
    collections::HashSet,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use rusqlite::{CachedStatement, Connection, ffi::ErrorCode};
use tongshi_model::{Error, ErrorKind, Result};

use crate::changed::Bells;

use super::{
    Row, Value,
    file::{Opening, open_reader, open_writer},
    sqlite::stopped,
};

/// How often the writer looks whether another process has written, and how long it waits for one before it looks.
pub(super) const POLL: Duration = Duration::from_millis(50);
/// How often it waits for another process's transaction: 5 seconds in all.
pub(super) const BUSY_ROUNDS: u32 = 100;
pub(super) const STATEMENTS_CACHED: usize = 256;
/// What takes longer than this is slow: about what waking a thread and being woken costs, ten times.
const SLOW: Duration = Duration::from_millis(1);

/// What moves with every commit that could be shown, and who waits for it.
pub(super) struct Epoch {
    number: AtomicU64,
    bells: Arc<Bells>,
}

impl Epoch {
    pub(super) fn new(number: u64, bells: Arc<Bells>) -> Self {
        Self { number: AtomicU64::new(number), bells }
    }

    pub(super) fn get(&self) -> u64 {
        self.number.load(Ordering::SeqCst)
    }

    fn committed(&self, workspaces: &[i64]) {
        if !workspaces.is_empty() {
            self.number.fetch_add(1, Ordering::SeqCst);
            self.bells.ring(workspaces);
        }
    }

    fn others_committed(&self) {
        self.number.fetch_add(1, Ordering::SeqCst);
        self.bells.ring_all();
    }
}

/// What a thread works with.
pub(super) struct Desk {
    path: PathBuf,
    /// The writer's, nobody else's.
    epoch: Option<Arc<Epoch>>,
    /// Tells the thread that folds the log back; the writer's, nobody else's.
    committed: Option<std::sync::mpsc::SyncSender<()>>,
    connection: Option<Connection>,
    /// `PRAGMA data_version` of the writing connection: it moves when another connection has committed.
    version: i64,
    /// After an I/O error the connection is made anew, as its view of the file cannot be trusted.
    broken: bool,
    /// Statements that were slow the last time.
    slow: HashSet<String>,
}

impl Desk {
    pub(super) fn new(path: PathBuf, epoch: Option<Arc<Epoch>>) -> Self {
        Self {
            path,
            epoch,
            committed: None,
            connection: None,
            version: 0,
            broken: false,
            slow: HashSet::new(),
        }
    }

    /// Signals each commit.
    pub(super) fn signalling(self, committed: std::sync::mpsc::SyncSender<()>) -> Self {
        Self { committed: Some(committed), ..self }
    }

    pub(super) fn open(&mut self) -> Result<()> {
        if self.broken || self.connection.is_none() {
            self.connection = None;
            let opened = if self.epoch.is_some() { open_writer(&self.path) } else { open_reader(&self.path) };
            self.connection = Some(opened.map_err(|error| match error {
                Opening::Database(error) => self.failed(error),
                Opening::File(error) => {
                    Error::unavailable("the database file cannot be made").caused_by(error)
                }
            })?);
            self.broken = false;
        }
        Ok(())
    }

    /// Whether this is the writer's desk.
    pub(super) fn writes(&self) -> bool {
        self.epoch.is_some()
    }

    fn connection(&self) -> Result<&Connection> {
        self.connection.as_ref().ok_or_else(|| Error::unavailable("the database is not open"))
    }

    pub(super) fn begin_read(&mut self) -> Result<()> {
        self.open()?;
        if self.connection()?.is_autocommit() {
            self.run("BEGIN", &[])?;
        }
        Ok(())
    }

    pub(super) fn begin_write(&mut self) -> Result<()> {
        self.open()?;
        // SQLite waits one POLL a round; between the rounds the other process's commits are counted.
        let mut round = 0;
        loop {
            let begun = self
                .connection()?
                .prepare_cached("BEGIN IMMEDIATE")
                .and_then(|mut begin| begin.raw_execute());
            match begun {
                Ok(_) => return Ok(()),
                Err(error) if busy(&error) && round < BUSY_ROUNDS => round += 1,
                Err(error) => return Err(self.failed(error)),
            }
            self.look_for_others();
        }
    }

    /// Begins to write unless another process writes or the connection is not open: whether it has begun.
    pub(super) fn begin_write_now(&mut self) -> bool {
        let Some(connection) = self.connection.as_ref().filter(|_| !self.broken) else { return false };
        let begin = || {
            connection.busy_timeout(Duration::ZERO)?;
            let begun =
                connection.prepare_cached("BEGIN IMMEDIATE").and_then(|mut begin| begin.raw_execute());
            connection.busy_timeout(POLL)?;
            begun
        };
        // What went wrong goes wrong again where there is time to find out what it is.
        begin().is_ok() || !connection.is_autocommit()
    }

    /// Whether the statement took long the last time.
    pub(super) fn is_slow(&self, sql: &str) -> bool {
        self.slow.contains(sql)
    }

    fn took(&mut self, sql: &str, time: Duration) {
        if time > SLOW {
            // Some texts hold values; what was slow long ago is found out again.
            if self.slow.len() >= STATEMENTS_CACHED {
                self.slow.clear();
            }
            self.slow.insert(sql.to_owned());
        } else if !self.slow.is_empty() {
            self.slow.remove(sql);
        }
    }

    pub(super) fn commit(&mut self, shown: &[i64]) -> Result<()> {
        if self.connection()?.is_autocommit() {
            return Ok(());
        }
        let outcome = self.run("COMMIT", &[]);
        self.roll_back();
        outcome?;
        if let Some(committed) = &self.committed {
            // A signal that is still unread says the same.
            let _ = committed.try_send(());
        }
        if let Some(epoch) = &self.epoch {
            epoch.committed(shown);
        }
        // A thread that is never idle would not hear of other processes otherwise.
        self.look_for_others();
        Ok(())
    }

    /// Rewrites the file without its free pages, and empties the log. False where another process stands in the way.
    pub(super) fn compact(&mut self) -> Result<bool> {
        /// A larger file is rewritten by way of a temporary file instead of memory.
        const IN_MEMORY_BYTES_MAX: i64 = 256 * 1024 * 1024;
        self.open()?;
        let connection = self.connection()?;
        let work = || -> rusqlite::Result<bool> {
            let size = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()";
            let size: i64 = connection.query_row(size, [], |row| row.get(0))?;
            if size > IN_MEMORY_BYTES_MAX {
                connection.execute_batch("PRAGMA temp_store = FILE")?;
            }
            let done = connection.execute_batch("VACUUM");
            connection.execute_batch("PRAGMA temp_store = MEMORY")?;
            match done {
                Ok(()) => {}
                Err(error) if busy(&error) => return Ok(false),
                Err(error) => return Err(error),
            }
            let held: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
            Ok(held == 0)
        };
        work().map_err(|error| self.failed(error))
    }

    pub(super) fn roll_back(&mut self) {
        let Some(connection) = &self.connection else { return };
        // A roll-back that fails leaves a connection that nobody may use again.
        if !connection.is_autocommit() && self.run("ROLLBACK", &[]).is_err() {
            self.broken = true;
        }
    }

    /// Counts what other processes committed. Our own commits do not move this connection's version.
    pub(super) fn look_for_others(&mut self) {
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
            epoch.others_committed();
        }
    }

    pub(super) fn rows(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>> {
        let begun = Instant::now();
        let connection = self.connection.as_ref().ok_or_else(stopped)?;
        let read = || -> Result<Vec<Row>, Trouble> {
            let mut statement = connection.prepare_cached(sql)?;
            bind(&mut statement, params)?;
            let mut rows = Vec::new();
            take_rows(&mut statement, &mut rows)?;
            Ok(rows)
        };
        let done = read();
        self.took(sql, begun.elapsed());
        done.map_err(|trouble| self.trouble(trouble))
    }

    pub(super) fn run(&mut self, sql: &str, params: &[Value]) -> Result<u64> {
        let begun = Instant::now();
        let connection = self.connection.as_ref().ok_or_else(stopped)?;
        let run = || {
            let mut statement = connection.prepare_cached(sql)?;
            bind(&mut statement, params)?;
            statement.raw_execute()
        };
        let done = run().map(|count| count as u64);
        self.took(sql, begun.elapsed());
        done.map_err(|error| self.failed(error))
    }

    pub(super) fn batch(&mut self, sql: &str) -> Result<()> {
        self.connection()?.execute_batch(sql).map_err(|error| self.failed(error))
    }

    pub(super) fn bulk(&mut self, sql: &str, rows: Vec<Vec<Value>>, returning: bool) -> Result<Vec<Row>> {
        let connection = self.connection.as_ref().ok_or_else(stopped)?;
        let run = || -> Result<Vec<Row>, Trouble> {
            let mut statement = connection.prepare_cached(sql)?;
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

    pub(super) fn by_keys(&mut self, sql: &str, params: &[Value], keys: &[Value]) -> Result<Vec<Vec<Row>>> {
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

    pub(super) fn one_by_keys(
        &mut self,
        sql: &str,
        params: &[Value],
        keys: &[Value],
    ) -> Result<Vec<Option<Row>>> {
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

    pub(super) fn run_by_keys(&mut self, sql: &str, params: &[Value], keys: &[Value]) -> Result<u64> {
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
                    ErrorKind::Internal,
                    "the database file is damaged: stop the hub, keep the file, and restore the last backup into a \
                     new data directory (`tongshi --data NEW restore FILE`)",
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
