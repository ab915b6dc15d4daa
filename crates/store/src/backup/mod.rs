//! The whole database as one stream that either database takes back: every table that the database says it has, as of
//! one instant, while others read and write.

mod frames;
mod load;

use std::{
    collections::BTreeMap,
    fs::File,
    io::{Read as _, Seek as _, SeekFrom, Write},
    path::Path,
};

use serde::{Deserialize, Serialize};
use tongshi_model::{Error, Result, Timestamp};

pub use load::{load, settle};

use crate::{
    Store, meta, migrate,
    schema::{self, Table},
    sql::{Row, Session, Value, params},
    workspaces,
};
use frames::{DIGEST_BYTES, Frame, Reader, Writer, broken};

/// A page of rows is about this large, whatever the rows are.
const PAGE_BYTES: usize = 2 * 1024 * 1024;
const PAGE_ROWS_FIRST: usize = 64;
const PAGE_ROWS_MAX: usize = 2_000;

/// Under this name stands when the database was last restored, in microseconds.
const RESTORED_AT: &str = "backup.restored_at";
/// Under this name stands how often the data went back to an earlier state.
const ERA: &str = "backup.era";

/// What a backup says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the program that made it.
    pub program: String,
    /// When: the instant whose state it holds.
    pub made_at: Timestamp,
    /// `sqlite` or `postgres`; either takes it back.
    pub database: String,
    /// Number and checksum of the migrations that had run.
    pub migrations: BTreeMap<i64, String>,
    /// The workspaces.
    pub workspaces: Vec<String>,
    /// How many rows each table has.
    pub tables: BTreeMap<String, u64>,
    /// The ids of the keys that open what is sealed in it. The keys themselves are not in it.
    pub keys: Vec<String>,
}

impl Manifest {
    /// How many rows there are in all.
    pub fn rows(&self) -> u64 {
        self.tables.values().sum()
    }
}

/// Writes everything that this reading session sees; `keys` are the ids of the keys that open it.
pub async fn write<W: Write>(
    s: &mut Session,
    program: &str,
    keys: Vec<String>,
    out: W,
    mut progress: impl FnMut(u64),
) -> Result<Manifest> {
    if s.is_postgres() {
        // A slow disk or pipe at the other end must not look like a session that was forgotten.
        for setting in ["statement_timeout", "idle_in_transaction_session_timeout"] {
            s.rows("SELECT set_config($1, '0', true)", params![setting]).await?;
        }
    }
    let tables = schema::tables(s).await?;
    let manifest = Manifest {
        program: program.to_owned(),
        made_at: s.now(),
        database: if s.is_postgres() { "postgres" } else { "sqlite" }.to_owned(),
        migrations: migrate::ran(s).await?,
        workspaces: workspaces::all(s).await?.into_iter().map(|workspace| workspace.name).collect(),
        tables: count(s, &tables).await?,
        keys,
    };
    let header = serde_json::to_vec(&manifest)
        .map_err(|error| Error::internal("a manifest is not JSON").caused_by(error))?;
    let mut writer = Writer::begin(out, &header)?;
    for table in &tables {
        let rows = write_table(s, table, &mut writer, &mut progress).await?;
        writer.end_of_table(rows)?;
    }
    writer.end()?;
    Ok(manifest)
}

async fn write_table<W: Write>(
    s: &mut Session,
    table: &Table,
    writer: &mut Writer<W>,
    progress: &mut impl FnMut(u64),
) -> Result<u64> {
    writer.table(&table.name, table.columns.iter().map(|(name, _)| name.as_str()))?;
    let (mut last, mut limit, mut written) = (None::<Vec<Value>>, PAGE_ROWS_FIRST, 0);
    loop {
        let sql = page_sql(table, last.is_some());
        let mut values = last.take().unwrap_or_default();
        values.push(Value::Int(i64::try_from(limit).unwrap_or(i64::MAX)));
        let rows = s.rows(sql, values).await?;
        let (count, mut bytes) = (rows.len(), 0);
        for row in rows {
            let values = values_of(row, table.columns.len())?;
            bytes += writer.row(&values)?;
            last = Some(table.key.iter().map(|place| values[*place].clone()).collect());
        }
        written += count as u64;
        progress(count as u64);
        if count < limit {
            return Ok(written);
        }
        limit = (limit * 2).min(PAGE_BYTES / (bytes / count).max(1)).clamp(1, PAGE_ROWS_MAX);
    }
}

/// A page of a table in the order of its key, after a row or from the beginning.
fn page_sql(table: &Table, after: bool) -> String {
    let names: Vec<_> = table.columns.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    let key: Vec<_> = table.key.iter().map(|place| names[*place].as_str()).collect();
    let (all, key, limit) = (names.join(", "), key.join(", "), if after { table.key.len() + 1 } else { 1 });
    let places: Vec<_> = (1..=table.key.len()).map(|number| format!("${number}")).collect();
    let condition = if after { format!("WHERE ({key}) > ({})", places.join(", ")) } else { String::new() };
    format!("SELECT {all} FROM \"{}\" {condition} ORDER BY {key} LIMIT ${limit}", table.name)
}

fn values_of(mut row: Row, width: usize) -> Result<Vec<Value>> {
    (0..width).map(|_| row.value()).collect()
}

async fn count(s: &mut Session, tables: &[Table]) -> Result<BTreeMap<String, u64>> {
    let mut counts = BTreeMap::new();
    for table in tables {
        let row = s.row(format!("SELECT count(*) FROM \"{}\"", table.name), params![]).await?;
        let rows = row.ok_or_else(|| Error::internal("a count gives no row"))?.count()?;
        counts.insert(table.name.clone(), rows);
    }
    Ok(counts)
}

/// A backup whose every byte was found to be as it was written.
pub struct Checked {
    file: File,
    manifest: Manifest,
    /// Where the frames lie in the file.
    frames: std::ops::Range<u64>,
}

impl Checked {
    /// What it says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// How many migrations of this program make the database it was made from; a newer program's is refused.
    fn migrations(&self) -> Result<usize> {
        migrate::known(&self.manifest.migrations).ok_or_else(|| {
            Error::conflict(format!(
                "the backup was made by another version of this program ({}); restore it with that version or a newer \
                 one",
                self.manifest.program
            ))
        })
    }

    fn reader(&self) -> Result<Reader<impl std::io::Read>> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(self.frames.start)).map_err(|_| broken())?;
        let frames = file.take(self.frames.end - self.frames.start);
        Ok(Reader::new(std::io::BufReader::with_capacity(256 * 1024, frames)))
    }
}

/// Reads a backup from its first byte to its last: form, digest, every value, the number of rows in each table. It
/// needs no database and no key, and changes nothing.
pub fn check(path: &Path) -> Result<Checked> {
    let mut file = File::open(path).map_err(|error| {
        Error::invalid("file", format!("the backup cannot be opened: {}", error.kind())).caused_by(error)
    })?;
    let header = frames::header(&mut file)?;
    let unseekable = |error| Error::invalid("file", "the backup must be a plain file").caused_by(error);
    let begin = file.stream_position().map_err(unseekable)?;
    let length = file.metadata().map_err(unseekable)?.len();
    let end = length.checked_sub(DIGEST_BYTES).filter(|end| *end > begin).ok_or_else(broken)?;
    file.rewind().map_err(unseekable)?;
    let found = frames::digest(&file, end)?;
    let mut stored = [0; 32];
    file.read_exact(&mut stored).map_err(|_| broken())?;
    if found != stored {
        return Err(broken());
    }
    let manifest: Manifest = serde_json::from_slice(&header).map_err(|_| broken())?;
    let checked = Checked { file, manifest, frames: begin..end };
    if tally(checked.reader()?)? != checked.manifest.tables {
        return Err(broken());
    }
    Ok(checked)
}

/// Reads every frame and counts the rows of each table.
fn tally<R: std::io::Read>(mut reader: Reader<R>) -> Result<BTreeMap<String, u64>> {
    let (mut counts, mut table, mut rows) = (BTreeMap::new(), None::<String>, 0);
    loop {
        match (reader.next()?, table.take()) {
            (Frame::Table { name, .. }, None) => (table, rows) = (Some(name), 0),
            (Frame::Row(_), Some(name)) => (table, rows) = (Some(name), rows + 1),
            (Frame::EndOfTable(count), Some(name)) if count == rows => {
                counts.insert(name, rows);
            }
            (Frame::End, None) => return Ok(counts),
            _ => return Err(broken()),
        }
    }
}

/// Makes the tables as they were when the backup was made, in a database that holds nothing.
pub async fn prepare(store: &Store, backup: &Checked) -> Result<()> {
    let wanted = backup.migrations()?;
    let mut session = store.read().await?;
    let ran = migrate::ran(&mut session).await?;
    let full = || {
        Error::conflict(
            "the database is not empty; restore into a new data directory (--data) or a new PostgreSQL database",
        )
    };
    if migrate::known(&ran).is_none_or(|count| count > wanted) {
        return Err(full());
    }
    for table in schema::tables(&mut session).await? {
        let any = format!("SELECT 1 FROM \"{}\" LIMIT 1", table.name);
        if session.row(any, params![]).await?.is_some() {
            return Err(full());
        }
    }
    drop(session);
    migrate::first(store, wanted).await
}

/// When the data last went back to an earlier state; what vendors told since then must be read again.
pub async fn restored_at(s: &mut Session) -> Result<Option<Timestamp>> {
    let text = meta::get(s, RESTORED_AT).await?;
    Ok(text.and_then(|text| text.parse().ok()).and_then(|at| Timestamp::from_microsecond(at).ok()))
}

/// How often the data went back to an earlier state. Whoever keeps a place in the journal outside may compare it.
pub async fn era(s: &mut Session) -> Result<u64> {
    Ok(meta::get(s, ERA).await?.and_then(|text| text.parse().ok()).unwrap_or_default())
}
