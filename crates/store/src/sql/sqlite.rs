//! The driver for SQLite: a thread for the writing connection and a few for reading ones.
//!
//! Waking a thread and being woken costs more than most statements do, so a short statement runs where its session is.
//! What may take long goes to the connection's thread as a closure: commits, which wait for the disk, many rows at once,
//! and each statement that was slow the last time. A future that is dropped in the middle leaves the connection in order:
//! what was sent is finished, and the roll-back that follows it comes next in the queue.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
};

use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore, oneshot};
use tongshi_model::{Error, Result};

use crate::changed::Bells;

use super::{
    Bulk, Row, Value, WAIT,
    desk::{Desk, Epoch, POLL},
    file::fold_log,
    too_busy,
};

/// How many sessions can read at one time.
const READERS: usize = 4;
/// How many rows are written or keys looked up where the session is.
const HERE_MAX: usize = 32;

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
        let begun = session.worker.here().is_some_and(|mut desk| desk.begin_write_now());
        if !begun {
            session.worker.call(Desk::begin_write).await?;
        }
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
        if let Some(mut desk) = self.here()?.filter(|desk| !desk.is_slow(&sql)) {
            return desk.rows(&sql, &params);
        }
        self.call(move |desk| desk.rows(&sql, &params)).await
    }

    pub(crate) async fn run(&mut self, sql: String, params: Vec<Value>) -> Result<u64> {
        if let Some(mut desk) = self.here()?.filter(|desk| !desk.is_slow(&sql)) {
            return desk.run(&sql, &params);
        }
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
        if rows.len() <= HERE_MAX
            && let Some(mut desk) = self.here()?
        {
            return desk.bulk(bulk.sqlite(), rows, returning);
        }
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
        if keys.len() <= HERE_MAX
            && let Some(mut desk) = self.here()?
        {
            return desk.by_keys(&sql, &params, &keys);
        }
        self.call(move |desk| desk.by_keys(&sql, &params, &keys)).await
    }

    /// As `by_keys` where a key has at most one row.
    pub(crate) async fn one_by_keys(
        &mut self,
        sql: String,
        params: Vec<Value>,
        keys: Vec<Value>,
    ) -> Result<Vec<Option<Row>>> {
        if keys.len() <= HERE_MAX
            && let Some(mut desk) = self.here()?
        {
            return desk.one_by_keys(&sql, &params, &keys);
        }
        self.call(move |desk| desk.one_by_keys(&sql, &params, &keys)).await
    }

    /// Runs a statement that returns nothing once a key.
    pub(crate) async fn run_by_keys(
        &mut self,
        sql: String,
        params: Vec<Value>,
        keys: Vec<Value>,
    ) -> Result<u64> {
        if keys.len() <= HERE_MAX
            && let Some(mut desk) = self.here()?
        {
            return desk.run_by_keys(&sql, &params, &keys);
        }
        self.call(move |desk| desk.run_by_keys(&sql, &params, &keys)).await
    }

    /// Commits; `shown` are the workspaces in which something changed that a reader may have kept.
    pub(crate) async fn commit(&mut self, shown: Vec<i64>) -> Result<()> {
        self.ended = true;
        self.worker.call(move |desk| desk.commit(&shown)).await
    }

    /// The connection, to run a statement where the session is; none while its thread has something to finish.
    fn here(&self) -> Result<Option<MutexGuard<'_, Desk>>> {
        let mut desk = self.worker.here();
        if let (Some(desk), Hold::Read { .. }) = (&mut desk, &self.hold) {
            desk.begin_read()?;
        }
        Ok(desk)
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
            match (&self.hold, self.worker.here()) {
                // A snapshot is given up at once; what was written may take its time.
                (Hold::Read { .. }, Some(mut desk)) => desk.roll_back(),
                _ => self.worker.send(Desk::roll_back),
            }
        }
        // The queue of a worker keeps the order, so it may serve the next session at once.
        if let Hold::Read { readers, .. } = &self.hold {
            readers.free.lock().unwrap_or_else(PoisonError::into_inner).push(self.worker.clone());
        }
    }
}

type Task = Box<dyn FnOnce(&mut Desk) + Send>;

/// A connection and the way to its thread.
#[derive(Clone)]
struct Worker {
    desk: Arc<Mutex<Desk>>,
    tasks: mpsc::Sender<Task>,
    /// Tasks that were sent and are not done. Whoever has the session is the only one who sends, so none is on its way
    /// where this says zero.
    unfinished: Arc<AtomicUsize>,
}

impl Worker {
    fn start(name: &str, desk: Desk) -> Result<Self> {
        let (sender, tasks) = mpsc::channel::<Task>();
        let writes = desk.writes();
        let worker = Self {
            desk: Arc::new(Mutex::new(desk)),
            tasks: sender,
            unfinished: Arc::new(AtomicUsize::new(0)),
        };
        let desk = Arc::clone(&worker.desk);
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                loop {
                    // Only the writer has an epoch to keep; readers need not wake up for nothing.
                    let task = if writes {
                        tasks.recv_timeout(POLL)
                    } else {
                        tasks.recv().map_err(|_| RecvTimeoutError::Disconnected)
                    };
                    match task {
                        Ok(task) => task(&mut locked(&desk)),
                        Err(RecvTimeoutError::Timeout) => locked(&desk).look_for_others(),
                        Err(RecvTimeoutError::Disconnected) => return,
                    }
                }
            })
            .map_err(|error| Error::unavailable("the system gives no more threads").caused_by(error))?;
        Ok(worker)
    }

    /// The connection itself, unless its thread has something to finish first.
    fn here(&self) -> Option<MutexGuard<'_, Desk>> {
        (self.unfinished.load(Ordering::Acquire) == 0).then(|| locked(&self.desk))
    }

    async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Desk) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let unfinished = Arc::clone(&self.unfinished);
        self.push(move |desk| {
            let done = work(desk);
            // Before the answer, so that whoever has it finds nothing unfinished.
            unfinished.fetch_sub(1, Ordering::Release);
            // Nobody listens any more when the future was dropped; its session's roll-back is on the way.
            let _ = answer.send(done);
        });
        answered.await.map_err(|_| stopped())?
    }

    fn send(&self, task: impl FnOnce(&mut Desk) + Send + 'static) {
        let unfinished = Arc::clone(&self.unfinished);
        self.push(move |desk| {
            task(desk);
            unfinished.fetch_sub(1, Ordering::Release);
        });
    }

    fn push(&self, task: impl FnOnce(&mut Desk) + Send + 'static) {
        self.unfinished.fetch_add(1, Ordering::Relaxed);
        // Sending fails only when the thread is gone, which the caller of `call` learns from the answer.
        let _ = self.tasks.send(Box::new(task));
    }
}

/// A statement that panics leaves its transaction, which the session rolls back.
fn locked(desk: &Mutex<Desk>) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn stopped() -> Error {
    Error::unavailable("the database stopped").because("a database thread ended")
}
