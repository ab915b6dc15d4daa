//! The database file: made, opened, and its log folded back.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::desk::{BUSY_ROUNDS, POLL, STATEMENTS_CACHED};

/// What can go wrong while a file is opened.
pub(super) enum Opening {
    Database(rusqlite::Error),
    File(std::io::Error),
}

impl From<rusqlite::Error> for Opening {
    fn from(error: rusqlite::Error) -> Self {
        Opening::Database(error)
    }
}

pub(super) fn open_writer(path: &Path) -> Result<Connection, Opening> {
    make_file(path).map_err(Opening::File)?;
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    // Several processes may start at once, and only one of them can turn the write-ahead log on.
    connection.busy_timeout(POLL * BUSY_ROUNDS)?;
    // Pages of 16 KiB: a page of new people touches most leaves of every index, and fewer, larger leaves cost less in
    // the log (measured; memory-mapping did not help). The log is folded back by a thread of its own (`fold_log`); only
    // where that one cannot keep up does a commit do it, at about 256 MiB.
    connection.execute_batch(
        "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
         PRAGMA cache_size = -49152; PRAGMA wal_autocheckpoint = 16000; PRAGMA temp_store = MEMORY;
         PRAGMA secure_delete = FAST;",
    )?;
    connection.busy_timeout(POLL)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    Ok(connection)
}

pub(super) fn open_reader(path: &Path) -> Result<Connection, Opening> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(POLL * BUSY_ROUNDS)?;
    connection
        .execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY;")?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    Ok(connection)
}

/// Folds the write-ahead log back into the database beside the writer, whenever it has grown by this much. It never
/// waits for anybody, so it may do less than all. Ends when nobody signals any more.
pub(super) fn fold_log(path: &Path, committed: &std::sync::mpsc::Receiver<()>) {
    const GROWN_BYTES: u64 = 32 * 1024 * 1024;
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let mut connection: Option<Connection> = None;
    let mut folded_at = 0;
    while committed.recv().is_ok() {
        let bytes = std::fs::metadata(&log).map_or(0, |file| file.len());
        // The log begins anew when all of it was folded back, and keeps its length then.
        folded_at = folded_at.min(bytes);
        if bytes - folded_at < GROWN_BYTES {
            continue;
        }
        connection = connection.or_else(|| open_reader(path).ok());
        let Some(open) = &connection else { continue };
        let folded = open.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        match folded {
            Ok(()) => folded_at = bytes,
            Err(_) => connection = None,
        }
    }
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
