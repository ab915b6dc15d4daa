//! What every part of the benchmark needs: where the programs are, how many rounds, a place for files, databases by number.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;
use tokio_postgres::NoTls;
use tongshi_bench::{http1, process, process::Daemon};

use crate::tongshi::Tongshi;

/// Said where the program under test would have been measured.
pub(crate) const MISSING: &str = "the tongshi binary is missing, so only the references were measured; build it with \
     `cargo build --release -p tongshi-cli`, or name it with --bin PATH";

/// One run of the benchmark.
pub(crate) struct Session {
    /// The program under test, if it is there.
    pub(crate) tongshi: Option<Tongshi>,
    /// How many people the vendor has.
    pub(crate) employees: u64,
    /// How often each contestant runs.
    pub(crate) rounds: usize,
    /// A PostgreSQL server to make databases on.
    pub(crate) postgres: Option<String>,
    /// Whether there is a Python for the ordinary script.
    pub(crate) python: bool,
    /// Whether servers and clients can be kept on cores of their own.
    pub(crate) can_pin: bool,
    /// Removed at the end.
    pub(crate) scratch: TempDir,
}

impl Session {
    /// A new directory for one contestant of one round.
    pub(crate) fn place(&self) -> Result<TempDir> {
        Ok(TempDir::new_in(self.scratch.path())?)
    }

    /// Starts the vendor; its base URL.
    pub(crate) fn vendor(&self, employees: u64) -> Result<(Daemon, Vendor)> {
        let listen = process::free_address()?.to_string();
        let mut command = Command::new(env!("CARGO_BIN_EXE_vendor"));
        command.args(["--employees", &employees.to_string(), "--listen", &listen]);
        let mut daemon = Daemon::start(command, &self.log("vendor"))?;
        daemon.ready(&listen, "/api/v2/departments", Duration::from_secs(60))?;
        Ok((daemon, Vendor { authority: listen }))
    }

    /// Where a daemon of this name writes what it says.
    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.scratch.path().join(format!("{name}.log"))
    }

    /// The wrapper that measures.
    pub(crate) fn measure(&self) -> &'static Path {
        Path::new(env!("CARGO_BIN_EXE_measure"))
    }
}

/// A running vendor.
pub(crate) struct Vendor {
    authority: String,
}

impl Vendor {
    /// Where it answers.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.authority)
    }

    /// Puts the company into its `first` or `second` state.
    pub(crate) fn switch(&self, state: &str) -> Result<()> {
        let target = format!("/control/{state}");
        let reply = http1::once("POST", &self.authority, &target, Duration::from_secs(60))?;
        ensure!(reply.status == 200, "the vendor refused to switch: {}", reply.status);
        Ok(())
    }
}

/// A database on the given server, dropped in the end.
pub(crate) struct Database {
    server: String,
    name: String,
    /// Its URL.
    pub(crate) url: String,
}

impl Database {
    /// Makes an empty one; the number keeps contestants and rounds apart.
    pub(crate) fn create(server: &str, number: usize) -> Result<Self> {
        let name = format!("tongshi_bench_{}_{number}", std::process::id());
        execute(server, &format!("CREATE DATABASE {name}"))?;
        Ok(Self { server: server.to_owned(), url: renamed(server, &name)?, name })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let dropped = execute(&self.server, &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        if let Err(error) = dropped {
            eprintln!("note: the database {} is left behind: {error:#}", self.name);
        }
    }
}

/// The same server, another database.
fn renamed(url: &str, name: &str) -> Result<String> {
    let (scheme, rest) = url.split_once("://").context("--pg wants a postgres:// URL")?;
    let (rest, options) =
        rest.split_once('?').map_or((rest, String::new()), |(rest, options)| (rest, format!("?{options}")));
    let authority = rest.split('/').next().unwrap_or_default();
    Ok(format!("{scheme}://{authority}/{name}{options}"))
}

fn execute(url: &str, statement: &str) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (client, connection) =
            tokio_postgres::connect(url, NoTls).await.context("PostgreSQL is not reached")?;
        let driver = tokio::spawn(connection);
        client.batch_execute(statement).await?;
        drop(client);
        driver.await??;
        Ok(())
    })
}
