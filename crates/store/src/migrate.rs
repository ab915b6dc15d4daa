//! Brings the tables up to date: each migration in one transaction, known by number and checksum.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use tongshi_model::{Error, Result};

use crate::{
    Session, Store,
    sql::{Row, params},
};

/// The migrations in their order; what has run somewhere is never edited, only followed.
const ALL: &[(&str, &str)] = &[
    ("0001_first", include_str!("../migrations/0001_first.sql")),
    ("0002_audit", include_str!("../migrations/0002_audit.sql")),
    ("0003_deliveries", include_str!("../migrations/0003_deliveries.sql")),
    ("0004_writes", include_str!("../migrations/0004_writes.sql")),
    ("0005_apps", include_str!("../migrations/0005_apps.sql")),
    ("0006_requests", include_str!("../migrations/0006_requests.sql")),
    ("0007_identity", include_str!("../migrations/0007_identity.sql")),
    ("0008_privacy", include_str!("../migrations/0008_privacy.sql")),
    ("0009_vendor_tokens", include_str!("../migrations/0009_vendor_tokens.sql")),
    ("0010_sign_in", include_str!("../migrations/0010_sign_in.sql")),
    ("0011_points", include_str!("../migrations/0011_points.sql")),
    ("0012_tallies", include_str!("../migrations/0012_tallies.sql")),
    ("0013_flows", include_str!("../migrations/0013_flows.sql")),
    ("0014_readings", include_str!("../migrations/0014_readings.sql")),
];

/// The number under which the migrating process holds PostgreSQL's advisory lock.
const LOCK: i64 = 0x746f_6e67_7368_6900;

/// Runs what has not run.
pub(crate) async fn run(store: &Store) -> Result<()> {
    // Looking first keeps a start beside a busy hub from waiting for the right to write.
    if pending(store).await?.is_empty() {
        return Ok(());
    }
    first(store, ALL.len()).await
}

/// Runs the first so many, as far as they have not run.
pub(crate) async fn first(store: &Store, count: usize) -> Result<()> {
    for (place, (name, text)) in ALL.iter().take(count).enumerate() {
        let mut session = store.write().await?;
        if session.is_postgres() {
            session.rows("SELECT set_config('statement_timeout', '0', true)", params![]).await?;
            session.rows("SELECT CAST(pg_advisory_xact_lock($1) AS TEXT)", params![LOCK]).await?;
        }
        session
            .batch(
                "CREATE TABLE IF NOT EXISTS migrations
                 (version BIGINT NOT NULL PRIMARY KEY, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)"
                    .to_owned(),
            )
            .await?;
        let version = version(place);
        if !check(applied(&mut session).await?)?.contains_key(&version) {
            session
                .batch(spelled(text, session.is_postgres()))
                .await
                .map_err(|error| error.because(*name))?;
            let now = session.now();
            session
                .run(
                    "INSERT INTO migrations (version, checksum, applied_at) VALUES ($1, $2, $3)",
                    params![version, checksum(text), now],
                )
                .await?;
        }
        session.commit().await?;
    }
    Ok(())
}

/// What has not run. Fails where the database is newer than this program, or was migrated by different text.
pub(crate) async fn pending(store: &Store) -> Result<Vec<&'static str>> {
    let mut session = store.read().await?;
    let ran =
        if has_table(&mut session).await? { check(applied(&mut session).await?)? } else { BTreeMap::new() };
    let waiting = ALL.iter().enumerate().filter(|(place, _)| !ran.contains_key(&version(*place)));
    Ok(waiting.map(|(_, (name, _))| *name).collect())
}

/// The number and checksum of what has run, in order; empty in a database that was never migrated.
pub(crate) async fn ran(session: &mut Session) -> Result<BTreeMap<i64, String>> {
    if !has_table(session).await? {
        return Ok(BTreeMap::new());
    }
    let rows = applied(session).await?;
    rows.into_iter().map(|mut row| Ok((row.int()?, row.text()?))).collect()
}

/// How many of our migrations make a database in which these have run; none where they are not ours, which is so when
/// a newer or a different program made it.
pub(crate) fn known(ran: &BTreeMap<i64, String>) -> Option<usize> {
    let ours =
        |(place, sum): (usize, &String)| ALL.get(place).is_some_and(|(_, text)| checksum(text) == *sum);
    let in_order = ran.keys().enumerate().all(|(place, number)| version(place) == *number);
    (in_order && ran.values().enumerate().all(ours)).then_some(ran.len())
}

async fn has_table(session: &mut Session) -> Result<bool> {
    let table = if session.is_postgres() {
        "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'migrations'"
    } else {
        "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'migrations'"
    };
    Ok(session.row(table, params![]).await?.is_some())
}

async fn applied(session: &mut Session) -> Result<Vec<Row>> {
    session.rows("SELECT version, checksum FROM migrations", params![]).await
}

fn check(rows: Vec<Row>) -> Result<BTreeMap<i64, String>> {
    let mut ran = BTreeMap::new();
    for mut row in rows {
        let (number, sum) = (row.int()?, row.text()?);
        let known = ALL.iter().enumerate().find(|(place, _)| version(*place) == number);
        let Some((_, (name, text))) = known else {
            return Err(Error::conflict(
                "the database was made by a newer version of this program; start that version, or restore a backup \
                 from before it",
            ));
        };
        if checksum(text) != sum {
            return Err(Error::conflict("the database was made by a different build of this program")
                .because(format!("migration {name} has another checksum")));
        }
        ran.insert(number, sum);
    }
    Ok(ran)
}

fn version(place: usize) -> i64 {
    i64::try_from(place).unwrap_or(i64::MAX).saturating_add(1)
}

fn checksum(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

/// The migration in the words of one database.
fn spelled(text: &str, postgres: bool) -> String {
    let words = if postgres {
        [
            ("{{pk}}", "BIGINT PRIMARY KEY"),
            ("{{json}}", "JSON"),
            ("{{bytes}}", "BYTEA"),
            ("{{clustered}}", ""),
        ]
    } else {
        [
            ("{{pk}}", "INTEGER PRIMARY KEY"),
            ("{{json}}", "TEXT"),
            ("{{bytes}}", "BLOB"),
            ("{{clustered}}", "WITHOUT ROWID"),
        ]
    };
    words.iter().fold(text.to_owned(), |text, (word, meaning)| text.replace(word, meaning))
}
