//! Databases for tests: a fresh file, or a fresh database on the server that `TONGSHI_TEST_PG` names.

use std::path::Path;

use tokio_postgres::NoTls;
use tongshi_model::{Error, Id, Result, Secret, SystemRandomness};

use crate::Location;

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

    /// Removes a PostgreSQL database; a test that fails before leaves it behind to be looked at.
    pub async fn remove(self) -> Result<()> {
        let Some((server, name)) = self.server else { return Ok(()) };
        run(&server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await
    }
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
