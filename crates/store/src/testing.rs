//! Databases for tests: a fresh file, or a fresh database on the server that `TONGSHI_TEST_PG` names.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use tokio_postgres::NoTls;
use tongshi_model::{Error, Id, Result, Secret, SystemRandomness};

use crate::{
    Location, Session, Store, Workspace, audit, migrate, schema,
    sql::{Value, params},
};

/// A database of a test's own; a PostgreSQL database is dropped with it.
pub struct Scratch {
    location: Location,
    server: Option<(String, String)>,
}

impl Scratch {
    /// A SQLite file in this folder.
    pub fn sqlite(folder: &Path) -> Self {
        Self { location: Location::Sqlite(folder.join("tongshi.db")), server: None }
    }

    /// A new database on this server.
    pub async fn postgres(server: &str) -> Result<Self> {
        let name = format!("tongshi_test_{}", Id::random(&SystemRandomness));
        run(server, &format!("CREATE DATABASE {name}")).await?;
        let (base, query) = server.split_once('?').map_or((server, ""), |(base, query)| (base, query));
        let (base, _) = base.rsplit_once('/').unwrap_or((base, ""));
        let query = if query.is_empty() { String::new() } else { format!("?{query}") };
        let location = Location::Postgres(Secret::new(format!("{base}/{name}{query}")));
        Ok(Self { location, server: Some((server.to_owned(), name)) })
    }

    /// Where it is.
    pub fn location(&self) -> Location {
        self.location.clone()
    }

    /// Every byte that a PostgreSQL server gives of every table, bytes in hexadecimal digits; nothing for SQLite, whose
    /// files can be read.
    pub async fn dump(&self) -> Result<Vec<u8>> {
        let Location::Postgres(url) = &self.location else { return Ok(Vec::new()) };
        let failed = |error| Error::internal("the test server refuses").caused_by(error);
        let (client, connection) = tokio_postgres::connect(url.expose(), NoTls).await.map_err(failed)?;
        let connection = tokio::spawn(connection);
        let mut dump = Vec::new();
        let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()";
        for table in client.query(tables, &[]).await.map_err(failed)? {
            let table: String = table.get(0);
            let rows = client.query(&format!("SELECT CAST(t AS TEXT) FROM {table} t"), &[]).await;
            for row in rows.map_err(failed)? {
                dump.extend_from_slice(row.get::<_, String>(0).as_bytes());
                dump.push(b'\n');
            }
        }
        drop(client);
        let _ = connection.await;
        Ok(dump)
    }

    /// Removes a PostgreSQL database; a test that fails before leaves it behind to be looked at.
    pub async fn remove(self) -> Result<()> {
        let Some((server, name)) = self.server else { return Ok(()) };
        run(&server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await
    }
}

/// What somebody with the right to write does to the audit trail.
#[derive(Clone, Copy, Debug)]
pub enum Tamper {
    /// Changes one character of an entry.
    Alter(i64),
    /// Removes an entry.
    Remove(i64),
    /// Exchanges two entries, hashes and all.
    Swap(i64, i64),
    /// Removes all behind an entry.
    Cut(i64),
    /// Changes an entry and computes all hashes from there on anew, the head's too.
    Rewrite(i64),
}

/// Tampers with a workspace's audit trail past the functions that append to it.
pub async fn tamper(s: &mut Session, workspace: &Workspace, tamper: Tamper) -> Result<()> {
    let no = workspace.no;
    let altered =
        |seq| format!("UPDATE audit SET actor = 'somebody' WHERE workspace = {no} AND seq = {seq};");
    let sql = match tamper {
        Tamper::Alter(seq) | Tamper::Rewrite(seq) => altered(seq),
        Tamper::Remove(seq) => format!("DELETE FROM audit WHERE workspace = {no} AND seq = {seq};"),
        Tamper::Cut(seq) => format!("DELETE FROM audit WHERE workspace = {no} AND seq > {seq};"),
        Tamper::Swap(one, other) => format!(
            "UPDATE audit SET seq = -1 WHERE workspace = {no} AND seq = {one};
             UPDATE audit SET seq = {one} WHERE workspace = {no} AND seq = {other};
             UPDATE audit SET seq = {other} WHERE workspace = {no} AND seq = -1;"
        ),
    };
    s.batch(sql).await?;
    let Tamper::Rewrite(_) = tamper else { return Ok(()) };
    let mut hash = vec![0; 32];
    for row in audit::after(s, workspace, 0, u32::MAX).await? {
        hash = audit::chained(&hash, workspace, row.seq, row.at, &row.entry);
        s.run(
            "UPDATE audit SET hash = $3 WHERE workspace = $1 AND seq = $2",
            params![no, row.seq, hash.clone()],
        )
        .await?;
    }
    s.run("UPDATE audit_heads SET hash = $2 WHERE workspace = $1", params![no, hash]).await.map(drop)
}

async fn run(server: &str, sql: &str) -> Result<()> {
    let failed = |error| Error::internal("the test server refuses").caused_by(error);
    let (client, connection) = tokio_postgres::connect(server, NoTls).await.map_err(failed)?;
    let connection = tokio::spawn(connection);
    let result = client.batch_execute(sql).await.map_err(failed);
    drop(client);
    let _ = connection.await;
    result
}

/// Every row of every table as text, for comparing databases.
pub async fn contents(store: &Store) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let mut session = store.read().await?;
    let mut all = BTreeMap::new();
    for table in schema::tables(&mut session).await? {
        let names: Vec<_> = table.columns.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let sql = format!("SELECT {} FROM \"{}\"", names.join(", "), table.name);
        let mut rows = BTreeSet::new();
        for mut row in session.rows(sql, params![]).await? {
            let mut text = String::new();
            for (name, _) in &table.columns {
                let value = match row.value()? {
                    Value::Null => "null".to_owned(),
                    Value::Int(number) => number.to_string(),
                    Value::Text(text) => format!("'{text}'"),
                    Value::Bytes(bytes) => hex::encode(bytes),
                };
                text.push_str(&format!("{name}={value} "));
            }
            rows.insert(text);
        }
        all.insert(table.name, rows);
    }
    Ok(all)
}

/// Makes the tables of the first so many migrations only, as an older program would.
pub async fn migrate_first(store: &Store, count: usize) -> Result<()> {
    migrate::first(store, count).await
}

/// Takes away the room for more than is stored in a SQLite file, or gives it back.
pub async fn no_room(store: &Store, none: bool) -> Result<()> {
    let pages = if none { 1 } else { 1_000_000 };
    let mut session = store.write().await?;
    session.rows(format!("PRAGMA max_page_count = {pages}"), params![]).await.map(drop)
}

/// Ends every connection to a PostgreSQL database, as its restart would.
pub async fn cut(location: &Location) -> Result<()> {
    let Location::Postgres(url) = location else { return Ok(()) };
    run(
        url.expose(),
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .await
}
