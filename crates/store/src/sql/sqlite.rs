//! The driver for SQLite: a thread that owns the writing connection and a few that own reading ones.
//!
//! A session sends whole statements and batches to its thread as closures, so a future that is dropped in the middle
//! leaves the thread in order: what was sent is finished, and the roll-back that follows it comes next in the queue.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
};

use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore, oneshot};
use tongshi_model::{Error, Result};

use crate::changed::Bells;

use super::{
    Bulk, Row, Value, WAIT,
    desk::{Desk, Epoch, POLL, fold_log},
    too_busy,
};

/// How many sessions can read at one time.
const READERS: usize = 4;

/// A database file.
pub(crate) struct Sqlite {
    writer: Worker,
    turn: Arc<tokio::sync::Mutex<()>>,
    readers: Arc<Readers>,
    epoch: Arc<Epoch>,
}

struct Readers {
    free: Mutex<Vec<Worker>>,
    permits: Arc<Semaphore>,
}

impl Sqlite {
    /// Opens the file, making it (and its directory) where absent. The epoch begins at a number that grows from one
    /// start to the next.
    pub(crate) async fn open(path: PathBuf, epoch: u64, bells: Arc<Bells>) -> Result<Self> {
        let epoch = Arc::new(Epoch::new(epoch, bells));
        let (committed, signals) = mpsc::sync_channel(1);
        let folded = path.clone();
        thread::Builder::new()
            .name("tongshi-log".to_owned())
            .spawn(move || fold_log(&folded, &signals))
            .map_err(|error| Error::unavailable("the system gives no more threads").caused_by(error))?;
        let desk = Desk::new(path.clone(), Some(epoch.clone())).signalling(committed);
        let writer = Worker::start("tongshi-writer", desk)?;
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
        self.epoch.get()
    }

    pub(crate) async fn read(&self) -> Result<SqliteSession> {
        let permit = tokio::time::timeout(WAIT, self.readers.permits.clone().acquire_owned())
            .await
            .map_err(|_| too_busy())?
            .map_err(|_| stopped())?;
        let free = self.readers.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let worker = free.ok_or_else(|| Error::internal("there are fewer readers than permits"))?;
        Ok(SqliteSession {
            worker,
            hold: Hold::Read { readers: self.readers.clone(), _permit: permit },
            ended: false,
        })
    }

    /// Rewrites the file and empties the log; false where readers stood in the way.
    pub(crate) async fn compact(&self) -> Result<bool> {
        let _turn =
            tokio::time::timeout(WAIT, self.turn.clone().lock_owned()).await.map_err(|_| too_busy())?;
        // Readers of this process keep their snapshots only while a session lasts, so with all permits there is none.
        let permits = u32::try_from(READERS).unwrap_or(1);
        let readers = tokio::time::timeout(WAIT, self.readers.permits.clone().acquire_many_owned(permits));
        let Ok(_readers) = readers.await else { return Ok(false) };
        let free = self.readers.free.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for reader in free {
            // What a reader was told to do before comes first, its roll-back too.
            reader.call(|_| Ok(())).await?;
        }
        self.writer.call(Desk::compact).await
    }

    pub(crate) async fn write(&self) -> Result<SqliteSession> {
        let turn =
            tokio::time::timeout(WAIT, self.turn.clone().lock_owned()).await.map_err(|_| too_busy())?;
        // The session exists before its transaction does: should this future be dropped, its drop rolls back.
        let session =
            SqliteSession { worker: self.writer.clone(), hold: Hold::Write { _turn: turn }, ended: false };
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
        self.call(move |desk| desk.batch(&sql)).await
    }

    /// Runs the bulk; with `returning` its rows come back.
    pub(crate) async fn bulk(
        &mut self,
        bulk: &'static Bulk,
        rows: Vec<Vec<Value>>,
        returning: bool,
    ) -> Result<Vec<Row>> {
        self.call(move |desk| desk.bulk(bulk.sqlite(), rows, returning)).await
    }

    /// Runs this statement once a row.
    pub(crate) async fn insert(&mut self, sql: String, rows: Vec<Vec<Value>>) -> Result<()> {
        self.call(move |desk| desk.bulk(&sql, rows, false)).await.map(drop)
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
    pub(crate) async fn run_by_keys(
        &mut self,
        sql: String,
        params: Vec<Value>,
        keys: Vec<Value>,
    ) -> Result<u64> {
        self.call(move |desk| desk.run_by_keys(&sql, &params, &keys)).await
    }

    /// Commits; `shown` are the workspaces in which something changed that a reader may have kept.
    pub(crate) async fn commit(&mut self, shown: Vec<i64>) -> Result<()> {
        self.ended = true;
        self.worker.call(move |desk| desk.commit(&shown)).await
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
                    let task = if desk.writes() {
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

pub(super) fn stopped() -> Error {
    Error::unavailable("the database stopped").because("a database thread ended")
}
