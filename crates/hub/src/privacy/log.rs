//! `erased.log`: tombstones outside the database, so that a restored backup does not bring back whom it still knows.
//!
//! One line of JSON an erasure, appended and synced to the disk before the erasure is committed. It holds salted hashes
//! and no word about anybody.

use std::{
    fs::{File, OpenOptions},
    io::{BufRead as _, BufReader, ErrorKind, Write as _},
    path::Path,
};

use serde::{Deserialize, Serialize};
use tongshi_model::{Error, Id};
use tongshi_store::tombstones::Tombstone;

/// The file in the data directory.
pub(super) const NAME: &str = "erased.log";

/// A line.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) workspace: Id,
    pub(super) erasure: Id,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) salt: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) tombstones: Vec<(String, i64)>,
    /// The erasure was a mistake.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) lifted: bool,
}

impl Line {
    pub(super) fn new(workspace: Id, erasure: Id, salt: String, stones: &[Tombstone]) -> Self {
        let tombstones = stones.iter().map(|stone| (hex::encode(&stone.hash), stone.source)).collect();
        Self { workspace, erasure, salt, tombstones, lifted: false }
    }

    pub(super) fn lifted(workspace: Id, erasure: Id) -> Self {
        Self { workspace, erasure, salt: String::new(), tombstones: Vec::new(), lifted: true }
    }
}

/// Appends a line and waits until the disk has it.
pub(super) fn append(folder: &Path, line: &Line) -> Result<(), Error> {
    let failed = |error: std::io::Error| {
        Error::unavailable("erased.log in the data directory cannot be written, so nothing was erased")
            .caused_by(error)
    };
    let mut text = serde_json::to_string(line)
        .map_err(|error| Error::internal("a tombstone does not serialise").caused_by(error))?;
    text.push('\n');
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(folder.join(NAME)).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    // The file's name is on the disk only when its directory is.
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

/// The erasures that stand. A last line that broke off was never committed and is passed over.
pub(super) fn read(path: &Path) -> Result<Vec<Line>, Error> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::unavailable("erased.log cannot be read").caused_by(error)),
    };
    let mut lines: Vec<Line> = Vec::new();
    let mut broken = false;
    for text in BufReader::new(file).lines() {
        let text = text.map_err(|error| Error::unavailable("erased.log cannot be read").caused_by(error))?;
        if broken {
            return Err(Error::conflict("erased.log is damaged: a line in its middle cannot be read"));
        }
        match serde_json::from_str::<Line>(&text) {
            Ok(line) if line.lifted => lines.retain(|known| known.erasure != line.erasure),
            Ok(line) => lines.push(line),
            Err(_) => broken = true,
        }
    }
    Ok(lines)
}
