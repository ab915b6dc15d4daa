//! The port: how SQL runs, whichever database is behind it.
//!
//! One statement text serves both (`$1…` are bound by number); where locking or bulk loading truly differ, the driver
//! or a small word decides. Everything runs in a [`Session`], which is a transaction.

mod bulk;
mod desk;
mod file;
mod postgres;
mod sqlite;
mod value;

use std::{borrow::Cow, time::Duration};

use tongshi_model::{Error, Result, Timestamp};

pub(crate) use bulk::{Bulk, Column, Insert};
pub(crate) use postgres::{Lost, Postgres, PostgresSession};
pub(crate) use sqlite::{Sqlite, SqliteSession};
pub(crate) use value::{Row, Value, json, json_text, params};

use value::refuse_nul;

/// How long a session waits for its turn before the caller hears that the database is busy.
const WAIT: Duration = Duration::from_secs(30);

fn too_busy() -> Error {
    Error::unavailable("the database is too busy")
}

/// A transaction: a snapshot to read from, or the right to write. It rolls back unless [`Session::commit`] is called,
/// also when the future that holds it is dropped. A task that holds one session must not wait for a second of the
/// same sort.
pub struct Session {
    side: Side,
    now: Timestamp,
    writing: bool,
    /// Set while a statement runs and cleared when it went well: after a failed or abandoned statement the state of
    /// the transaction is unknown, so it takes nothing more.
    unsound: bool,
    /// The workspaces in which something changed that a face or /v1 could show.
    touched: Vec<i64>,
    /// Who is told of a commit in which something was touched.
    commits: Option<tokio::sync::watch::Sender<u64>>,
}

enum Side {
    Sqlite(SqliteSession),
    // Much larger than the other.
    Postgres(Box<PostgresSession>),
}

impl Session {
    pub(crate) fn sqlite(session: SqliteSession, now: Timestamp, writing: bool) -> Self {
        Self { side: Side::Sqlite(session), now, writing, unsound: false, touched: Vec::new(), commits: None }
    }

    pub(crate) fn postgres(session: PostgresSession, now: Timestamp, writing: bool) -> Self {
        Self {
            side: Side::Postgres(Box::new(session)),
            now,
            writing,
            unsound: false,
            touched: Vec::new(),
            commits: None,
        }
    }

    /// Makes everything that was written in this session permanent.
    pub async fn commit(mut self) -> Result<()> {
        if self.unsound {
            return Err(Error::internal("a session whose statement failed cannot commit"));
        }
        match &mut self.side {
            Side::Sqlite(session) => session.commit(std::mem::take(&mut self.touched)).await,
            Side::Postgres(session) => session.commit(&self.touched).await,
        }?;
        if let Some(commits) = self.commits.filter(|_| !self.touched.is_empty()) {
            commits.send_modify(|count| *count = count.wrapping_add(1));
        }
        Ok(())
    }

    /// The same session, whose commit is told to those who wait for one.
    pub(crate) fn telling(mut self, commits: tokio::sync::watch::Sender<u64>) -> Self {
        self.commits = Some(commits);
        self
    }

    /// When the session began: one instant for all that it writes.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Notes that something changed in this workspace that a face or /v1 could show.
    pub(crate) fn touch(&mut self, workspace: i64) {
        if !self.touched.contains(&workspace) {
            self.touched.push(workspace);
        }
    }

    /// Runs a statement that returns rows.
    pub(crate) async fn rows(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        params: Vec<Value>,
    ) -> Result<Vec<Row>> {
        refuse_nul(&params)?;
        self.enter(false)?;
        let sql = sql.into();
        let rows = match &mut self.side {
            Side::Sqlite(session) => session.rows(numbered(&sql), params).await,
            Side::Postgres(session) => session.rows(&sql, &params).await,
        }?;
        self.unsound = false;
        Ok(rows)
    }

    /// Runs a statement that returns at most one row.
    pub(crate) async fn row(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        params: Vec<Value>,
    ) -> Result<Option<Row>> {
        Ok(self.rows(sql, params).await?.pop())
    }

    /// Runs a statement that writes and says how many rows it touched.
    pub(crate) async fn run(&mut self, sql: impl Into<Cow<'static, str>>, params: Vec<Value>) -> Result<u64> {
        refuse_nul(&params)?;
        self.enter(true)?;
        let sql = sql.into();
        let count = match &mut self.side {
            Side::Sqlite(session) => session.run(numbered(&sql), params).await,
            Side::Postgres(session) => session.run(&sql, &params).await,
        }?;
        self.unsound = false;
        Ok(count)
    }

    /// Runs several statements without parameters.
    pub(crate) async fn batch(&mut self, sql: String) -> Result<()> {
        self.enter(true)?;
        match &mut self.side {
            Side::Sqlite(session) => session.batch(sql).await,
            Side::Postgres(session) => session.batch(&sql).await,
        }?;
        self.unsound = false;
        Ok(())
    }

    /// Writes many rows; the vector goes to the database as it is.
    pub(crate) async fn run_many(&mut self, bulk: &'static Bulk, rows: Vec<Vec<Value>>) -> Result<()> {
        self.many(bulk, rows, false).await.map(drop)
    }

    /// Writes many rows and gives what the bulk's `RETURNING` says.
    pub(crate) async fn rows_many(&mut self, bulk: &'static Bulk, rows: Vec<Vec<Value>>) -> Result<Vec<Row>> {
        self.many(bulk, rows, true).await
    }

    /// Writes rows into a table that the database itself described.
    pub(crate) async fn insert(&mut self, into: &Insert, rows: Vec<Vec<Value>>) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        for row in &rows {
            refuse_nul(row)?;
        }
        self.enter(true)?;
        match &mut self.side {
            Side::Sqlite(session) => session.insert(into.sql.clone(), rows).await,
            Side::Postgres(session) => session.insert(&into.sql, into.width, &rows).await,
        }?;
        self.unsound = false;
        Ok(())
    }

    /// Looks many keys up: for each, in their order, its rows. The text says `{{key}}` where
    /// the key is compared, as in `WHERE id {{key}}`.
    pub(crate) async fn rows_by_keys(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        params: Vec<Value>,
        keys: Vec<Value>,
    ) -> Result<Vec<Vec<Row>>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let sql = self.enter_keys(&sql.into(), &params, &keys, false)?;
        let rows = match &mut self.side {
            Side::Sqlite(session) => session.by_keys(sql, params, keys).await,
            Side::Postgres(session) => session.by_keys(&sql, &params, &keys).await,
        }?;
        self.unsound = false;
        Ok(rows)
    }

    /// As [`Session::rows_by_keys`] where a key has at most one row.
    pub(crate) async fn one_by_keys(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        params: Vec<Value>,
        keys: Vec<Value>,
    ) -> Result<Vec<Option<Row>>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let sql = self.enter_keys(&sql.into(), &params, &keys, false)?;
        let rows = match &mut self.side {
            Side::Sqlite(session) => session.one_by_keys(sql, params, keys).await,
            Side::Postgres(session) => session.one_by_keys(&sql, &params, &keys).await,
        }?;
        self.unsound = false;
        Ok(rows)
    }

    /// Runs a writing statement for many keys and says how many rows it touched.
    pub(crate) async fn run_by_keys(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        params: Vec<Value>,
        keys: Vec<Value>,
    ) -> Result<u64> {
        if keys.is_empty() {
            return Ok(0);
        }
        let sql = self.enter_keys(&sql.into(), &params, &keys, true)?;
        let count = match &mut self.side {
            Side::Sqlite(session) => session.run_by_keys(sql, params, keys).await,
            Side::Postgres(session) => session.run_by_keys(&sql, &params, &keys).await,
        }?;
        self.unsound = false;
        Ok(count)
    }

    /// What is written behind a `SELECT` to keep its rows from other writers. On SQLite there is only one writer, and a
    /// snapshot keeps nobody waiting.
    pub(crate) fn locked(&self) -> &'static str {
        match &self.side {
            Side::Sqlite(_) => "",
            Side::Postgres(_) if !self.writing => "",
            Side::Postgres(_) => " FOR UPDATE",
        }
    }

    /// As [`Session::locked`], leaving out what others hold.
    pub(crate) fn locked_or_skipped(&self) -> &'static str {
        match &self.side {
            Side::Sqlite(_) => "",
            Side::Postgres(_) => " FOR UPDATE SKIP LOCKED",
        }
    }

    /// Whether the database is PostgreSQL.
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.side, Side::Postgres(_))
    }

    /// The expression for a field of a document, at most two levels deep, as text; null where it is absent or null.
    /// The names have been checked: they are letters and underscores.
    pub(crate) fn field(&self, outer: &str, inner: Option<&str>) -> String {
        match (&self.side, inner) {
            (Side::Postgres(_), None) => format!("(doc ->> '{outer}')"),
            (Side::Postgres(_), Some(inner)) => format!("(doc -> '{outer}' ->> '{inner}')"),
            // SQLite would make 1 of true and a number of 5; text is what PostgreSQL gives.
            (Side::Sqlite(_), inner) => {
                let path = inner.map_or_else(|| format!("$.{outer}"), |inner| format!("$.{outer}.{inner}"));
                format!(
                    "(CASE json_type(doc, '{path}') WHEN 'null' THEN NULL WHEN 'text' THEN doc ->> '{path}' \
                     ELSE doc -> '{path}' END)"
                )
            }
        }
    }

    async fn many(
        &mut self,
        bulk: &'static Bulk,
        rows: Vec<Vec<Value>>,
        returning: bool,
    ) -> Result<Vec<Row>> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        for row in &rows {
            refuse_nul(row)?;
        }
        self.enter(true)?;
        let returned = match &mut self.side {
            Side::Sqlite(session) => session.bulk(bulk, rows, returning).await,
            Side::Postgres(session) => session.bulk(bulk, rows, returning).await,
        }?;
        self.unsound = false;
        Ok(returned)
    }

    fn enter(&mut self, writing: bool) -> Result<()> {
        if self.unsound {
            return Err(Error::internal("a session was used after one of its statements failed"));
        }
        if writing && !self.writing {
            return Err(Error::internal("a reading session was asked to write"));
        }
        self.unsound = true;
        Ok(())
    }

    fn enter_keys(&mut self, sql: &str, params: &[Value], keys: &[Value], writing: bool) -> Result<String> {
        refuse_nul(params)?;
        refuse_nul(keys)?;
        self.enter(writing)?;
        let number = params.len() + 1;
        Ok(match &self.side {
            Side::Sqlite(_) => numbered(&sql.replace("{{key}}", &format!("= ${number}"))),
            Side::Postgres(_) if writing => sql.replace("{{key}}", &format!("= ANY(${number})")),
            Side::Postgres(_) => sql.replace("{{key}}", "= k.key"),
        })
    }
}

/// SQLite takes `$1` for a name and `?1` for a number. A dollar before anything else begins a JSON path and stays.
fn numbered(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut parts = sql.split('$');
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        text.push(if part.starts_with(|first: char| first.is_ascii_digit()) { '?' } else { '$' });
        text.push_str(part);
    }
    text
}
