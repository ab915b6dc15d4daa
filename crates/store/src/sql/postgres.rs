//! The driver for PostgreSQL: a pool of connections, prepared statements, whole pages in one statement.
//!
//! `BEGIN` travels with a session's first statement, and a session that is dropped sends `ROLLBACK` without waiting
//! for the answer; the connection handles messages in order, so whoever gets it next finds it clean.

use std::{sync::Arc, time::Duration};

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime,
};
use futures_util::{FutureExt as _, future};
use postgres_types::ToSql;
use tokio_postgres::{Config, NoTls, Statement, config::SslMode, error::SqlState};
use tokio_postgres_rustls::MakeRustlsConnect;
use tongshi_model::{Error, Result, Secret};

use crate::changed::Bells;

use super::{Bulk, Row, Value, WAIT, too_busy};

const CONNECTIONS_MAX: usize = 16;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// No statement of ours takes longer unless something is wrong; then the caller shall hear of it.
const SETTINGS: &str = "SET statement_timeout = '30s'; SET idle_in_transaction_session_timeout = '60s'";
/// Rows in one statement: bounds the message, far above the size of a page.
const ROWS_PER_STATEMENT: usize = 5_000;

/// A database on a server.
pub(crate) struct Postgres {
    pool: Pool,
    bells: Arc<Bells>,
}

impl Postgres {
    /// Connects once, so that a wrong address is known at once.
    pub(crate) async fn open(url: &Secret, bells: Arc<Bells>) -> Result<Self> {
        let manager = manager(url)?;
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS_MAX)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(WAIT))
            .create_timeout(Some(CONNECT_TIMEOUT))
            .recycle_timeout(Some(CONNECT_TIMEOUT))
            .post_create(Hook::async_fn(|client, _| {
                Box::pin(async move { client.batch_execute(SETTINGS).await.map_err(HookError::Backend) })
            }))
            .build()
            .map_err(|error| Error::internal("the pool cannot be built").caused_by(error))?;
        let postgres = Self { pool, bells };
        drop(postgres.client().await?);
        Ok(postgres)
    }

    pub(crate) async fn session(&self, writing: bool) -> Result<PostgresSession> {
        let begin = if writing { "BEGIN" } else { "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY" };
        let bells = Arc::clone(&self.bells);
        Ok(PostgresSession { client: self.client().await?, begin: Some(begin), ended: false, bells })
    }

    /// Lets the server take back the room of what was removed.
    pub(crate) async fn compact(&self) -> Result<()> {
        let client = self.client().await?;
        for place in crate::places::ALL {
            let sql = format!("SET statement_timeout = 0; VACUUM {}", place.table);
            // Each on its own: VACUUM does not run in a transaction, and two statements in one message are one.
            for statement in sql.split(';') {
                client.batch_execute(statement).await.map_err(|error| failed(&error))?;
            }
        }
        client.batch_execute(SETTINGS).await.map_err(|error| failed(&error))
    }

    async fn client(&self) -> Result<Object> {
        self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
                let unknown = error.as_db_error().is_none();
                let ours = failed(&error);
                // Before a connection stands, everything that the server did not say itself is the network.
                if unknown {
                    Error::unavailable("the database cannot be reached").because(ours.private())
                } else {
                    ours
                }
            }
            PoolError::Timeout(_) => too_busy(),
            error => Error::unavailable("the database cannot be reached").because(error.to_string()),
        })
    }
}

fn manager(url: &Secret) -> Result<Manager> {
    // We always check the server's certificate when we speak TLS, so the stricter words mean the same.
    let url = url.expose().replace("sslmode=verify-full", "sslmode=require");
    let url = url.replace("sslmode=verify-ca", "sslmode=require");
    // The parser's complaint may quote the address, and that holds a password.
    let mut config: Config =
        url.parse().map_err(|_| Error::invalid("database", "the database address is no postgres:// URL"))?;
    config.connect_timeout(CONNECT_TIMEOUT);
    if config.get_application_name().is_none() {
        config.application_name("tongshi");
    }
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    if config.get_ssl_mode() != SslMode::Require {
        return Ok(Manager::from_config(config, NoTls, recycling));
    }
    // Somebody else may have chosen the provider already; then theirs stays.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let (tls, _) = MakeRustlsConnect::with_native_certs()
        .map_err(|_| Error::internal("the system has no certificates to check the database server with"))?;
    Ok(Manager::from_config(config, tls, recycling))
}

/// A transaction, begun with its first statement.
pub(crate) struct PostgresSession {
    client: Object,
    begin: Option<&'static str>,
    ended: bool,
    bells: Arc<Bells>,
}

impl PostgresSession {
    pub(crate) async fn rows(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>> {
        let params: Vec<_> = params.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        self.query(sql, &params).await
    }

    pub(crate) async fn run(&mut self, sql: &str, params: &[Value]) -> Result<u64> {
        let params: Vec<_> = params.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        self.execute(sql, &params).await
    }

    pub(crate) async fn batch(&mut self, sql: &str) -> Result<()> {
        let begin = self.begin.take();
        let client = &self.client;
        after_begin(client, begin, client.batch_execute(sql)).await
    }

    /// Runs the bulk; with `returning` its rows come back.
    pub(crate) async fn bulk(
        &mut self,
        bulk: &Bulk,
        mut rows: Vec<Vec<Value>>,
        returning: bool,
    ) -> Result<Vec<Row>> {
        bulk.without_twins(&mut rows);
        self.unnest(bulk.postgres(), bulk.width(), &rows, returning).await
    }

    /// Runs this statement, which takes an array a column, for all rows.
    pub(crate) async fn insert(&mut self, sql: &str, width: usize, rows: &[Vec<Value>]) -> Result<()> {
        self.unnest(sql, width, rows, false).await.map(drop)
    }

    async fn unnest(
        &mut self,
        sql: &str,
        width: usize,
        rows: &[Vec<Value>],
        returning: bool,
    ) -> Result<Vec<Row>> {
        let mut returned = Vec::new();
        for rows in rows.chunks(ROWS_PER_STATEMENT) {
            let columns: Vec<Vec<&Value>> =
                (0..width).map(|place| rows.iter().map(|row| &row[place]).collect()).collect();
            let params: Vec<_> = columns.iter().map(|column| column as &(dyn ToSql + Sync)).collect();
            if returning {
                returned.append(&mut self.query(sql, &params).await?);
            } else {
                self.execute(sql, &params).await?;
            }
        }
        Ok(returned)
    }

    /// Runs the statement once for all keys and gives the rows of each.
    pub(crate) async fn by_keys(
        &mut self,
        sql: &str,
        params: &[Value],
        keys: &[Value],
    ) -> Result<Vec<Vec<Row>>> {
        let mut found = vec![Vec::new(); keys.len()];
        for mut row in self.for_keys(sql, params, keys).await? {
            let place = row.place()?;
            found.get_mut(place).ok_or_else(nowhere)?.push(row);
        }
        Ok(found)
    }

    /// As `by_keys` where a key has at most one row.
    pub(crate) async fn one_by_keys(
        &mut self,
        sql: &str,
        params: &[Value],
        keys: &[Value],
    ) -> Result<Vec<Option<Row>>> {
        let mut found = vec![None; keys.len()];
        for mut row in self.for_keys(sql, params, keys).await? {
            let place = row.place()?;
            *found.get_mut(place).ok_or_else(nowhere)? = Some(row);
        }
        Ok(found)
    }

    /// Runs a statement that returns nothing for all keys.
    pub(crate) async fn run_by_keys(&mut self, sql: &str, params: &[Value], keys: &[Value]) -> Result<u64> {
        let mut all: Vec<_> = params.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        all.push(&keys);
        self.execute(sql, &all).await
    }

    /// Commits. Whether a commit whose answer is lost took place, nobody can say: the caller's keys must.
    pub(crate) async fn commit(&mut self, shown: &[i64]) -> Result<()> {
        self.ended = true;
        if self.begin.take().is_some() {
            return Ok(());
        }
        let client = &self.client;
        if shown.is_empty() {
            return client.batch_execute("COMMIT").await.map_err(|error| failed(&error));
        }
        // The numbers are our own integers, so the text is safe; both travel together, and when the first fails the
        // second rolls back.
        let list = shown.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let count = format!("UPDATE workspaces SET epoch = epoch + 1 WHERE no IN ({list})");
        let (counted, committed) =
            future::join(client.batch_execute(&count), client.batch_execute("COMMIT")).await;
        // Also where the answer was lost: what was perhaps committed is worth a look.
        self.bells.ring(shown);
        counted.and(committed).map_err(|error| failed(&error))
    }

    /// The statement joined with the keys; each row begins with its key's place. Joined sideways, because for a plain
    /// `= ANY` the planner of a table without statistics reads all that the index's other columns allow.
    async fn for_keys(&mut self, sql: &str, params: &[Value], keys: &[Value]) -> Result<Vec<Row>> {
        let of = match keys.first() {
            Some(Value::Int(_)) => "bigint",
            Some(Value::Bytes(_)) => "bytea",
            Some(Value::Text(_) | Value::Null) | None => "text",
        };
        let sql = format!(
            "SELECT k.place - 1, q.* FROM UNNEST(${}::{of}[]) WITH ORDINALITY AS k (key, place)
             CROSS JOIN LATERAL ({sql} OFFSET 0) q",
            params.len() + 1
        );
        let mut all: Vec<_> = params.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        all.push(&keys);
        self.query(&sql, &all).await
    }

    async fn query(&mut self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>> {
        let begin = self.begin.take();
        let client = &self.client;
        let rows = after_begin(client, begin, async {
            let statement: Statement = client.prepare_cached(sql).await?;
            client.query(&statement, params).await
        })
        .await?;
        rows.iter().map(take_row).collect()
    }

    async fn execute(&mut self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<u64> {
        let begin = self.begin.take();
        let client = &self.client;
        after_begin(client, begin, async {
            let statement: Statement = client.prepare_cached(sql).await?;
            client.execute(&statement, params).await
        })
        .await
    }
}

impl Drop for PostgresSession {
    fn drop(&mut self) {
        if !self.ended && self.begin.is_none() {
            // The first poll hands the message to the connection's task; the answer is of no interest.
            let _ = self.client.batch_execute("ROLLBACK").now_or_never();
        }
    }
}

/// Sends `BEGIN` in front of a session's first statement, in one round trip.
async fn after_begin<T>(
    client: &Object,
    begin: Option<&'static str>,
    work: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T> {
    let outcome = match begin {
        None => work.await,
        Some(begin) => {
            let (begun, outcome) = future::join(client.batch_execute(begin), work).await;
            begun.and(outcome)
        }
    };
    outcome.map_err(|error| failed(&error))
}

fn take_row(row: &tokio_postgres::Row) -> Result<Row> {
    let mut values = Vec::with_capacity(row.len());
    for place in 0..row.len() {
        values.push(row.try_get::<_, Value>(place).map_err(|error| {
            Error::internal(format!("column {place} has a type that the store does not read"))
                .caused_by(error)
        })?);
    }
    Ok(Row::new(values))
}

fn nowhere() -> Error {
    Error::internal("a row belongs to no key")
}

/// Our error for PostgreSQL's. Its message and code are kept for the log; its detail quotes values and is not.
fn failed(error: &tokio_postgres::Error) -> Error {
    let Some(server) = error.as_db_error() else {
        let cause = std::error::Error::source(error);
        let network = cause.is_some_and(<dyn std::error::Error>::is::<std::io::Error>);
        let text = cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"));
        return if network || error.is_closed() {
            Error::unavailable("the database went away").because(text)
        } else {
            Error::internal(format!("PostgreSQL refused a statement: {text}"))
        };
    };
    let code = server.code();
    let ours = match code.code().get(..2) {
        // Connection, resources, operator, system, and transactions that lost against another.
        Some("08" | "53" | "57" | "58" | "40") => Error::unavailable("the database cannot do it now"),
        Some("22") => Error::invalid("text", "a value cannot be stored"),
        Some("23") => Error::conflict("it contradicts what is stored"),
        _ if *code == SqlState::LOCK_NOT_AVAILABLE
            || *code == SqlState::READ_ONLY_SQL_TRANSACTION
            || *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT =>
        {
            Error::unavailable("the database cannot do it now")
        }
        _ => Error::internal(""),
    };
    let lost = *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED;
    let ours = if lost { ours.caused_by(Lost) } else { ours };
    ours.because(format!(
        "PostgreSQL {}: {} ({})",
        code.code(),
        server.message(),
        server.constraint().unwrap_or_default()
    ))
}

/// Marks the error of a transaction that lost against another and was certainly rolled back, so that it may be run
/// again. A commit whose answer went missing is never marked.
#[derive(Debug)]
pub(crate) struct Lost;

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the transaction lost against another")
    }
}

impl std::error::Error for Lost {}
