//! What every command works with: the configuration, the outside world, and the hub opened on the data directory.

use std::{
    io::IsTerminal as _,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use tongshi_hub::{Hub, Parts, RealTime, Workspace};
use tongshi_model::{Clock, Error, ErrorKind, Randomness, SystemClock, SystemRandomness};
use tongshi_store::{Location, Store};

use crate::{
    config::Config,
    exit::{Exit, Failure},
    key,
    transport::HttpTransports,
};

/// The database's file in the data directory.
pub(crate) const DATABASE: &str = "tongshi.db";

/// What every command works with.
pub(crate) struct Program {
    /// Everything that is set.
    pub(crate) config: Config,
    /// Whether the output is for programs.
    pub(crate) json: bool,
    /// Whether only what was asked for is said.
    pub(crate) quiet: bool,
    /// The time.
    pub(crate) clock: Arc<dyn Clock>,
    /// Randomness.
    pub(crate) randomness: Arc<dyn Randomness>,
    /// The hub that the command opened, so that what it noted is written at the end.
    opened: OnceLock<Hub>,
}

/// What to do when there is no data yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Absent {
    /// Make it.
    Make,
    /// Say so: a mistyped directory must not look like an empty organisation.
    Refuse,
}

impl Program {
    /// The program on this machine.
    pub(crate) fn new(config: Config, json: bool, quiet: bool) -> Self {
        let (clock, randomness) = (Arc::new(SystemClock), Arc::new(SystemRandomness));
        Self { config, json, quiet, clock, randomness, opened: OnceLock::new() }
    }

    /// Writes what the command noted for the audit trail and the log of requests.
    pub(crate) async fn write_notes(&self) -> Result<(), Failure> {
        match self.opened.get() {
            Some(hub) => Ok(hub.write_notes().await?),
            None => Ok(()),
        }
    }

    /// Whether progress may be drawn.
    pub(crate) fn draws(&self) -> bool {
        !self.json && !self.quiet && std::io::stderr().is_terminal()
    }

    /// Says something to the person at the terminal, beside the output.
    pub(crate) fn say(&self, text: impl std::fmt::Display) {
        if !self.quiet {
            crate::logging::line(&text.to_string());
        }
    }

    /// The store, not migrated.
    pub(crate) async fn store(&self, absent: Absent) -> Result<Store, Failure> {
        self.directory(absent)?;
        let location = match &self.config.settings.database_url.0 {
            Some(url)
                if url.expose().starts_with("postgres://") || url.expose().starts_with("postgresql://") =>
            {
                Location::Postgres(url.clone())
            }
            Some(_) => {
                return Err(Failure::usage("TONGSHI_DATABASE_URL is no address of a database").mend(
                    "give one that begins with postgres://, or unset it to use SQLite in the data directory",
                ));
            }
            None => Location::Sqlite(self.database(absent)?),
        };
        Ok(Store::open(location, Arc::clone(&self.clock)).await?)
    }

    /// The hub on its migrated store.
    pub(crate) async fn hub(&self, absent: Absent) -> Result<Hub, Failure> {
        let store = self.store(absent).await?;
        store.migrate().await?;
        let key = key::get(&self.config, &*self.randomness)?;
        let hub = Hub::new(Parts {
            store,
            clock: Arc::clone(&self.clock),
            randomness: Arc::clone(&self.randomness),
            vault: key.vault,
            dialects: tongshi_dialects::ALL,
            transports: Arc::new(HttpTransports::new(&self.config.settings)),
            waits: Arc::new(RealTime),
            settings: tongshi_hub::Settings {
                data_directory: Some(self.config.data.clone()),
                ..self.config.settings.hub()
            },
        });
        match hub.start().await {
            Ok(()) => {
                // A command opens one hub.
                let _ = self.opened.set(hub.clone());
                Ok(hub)
            }
            Err(error) => Err(wrong_key(error, key.made.as_deref())),
        }
    }

    /// The hub and the workspace of the command line, on data that must be there.
    pub(crate) async fn open(&self) -> Result<(Hub, Workspace), Failure> {
        let hub = self.hub(Absent::Refuse).await?;
        let workspace = hub.workspace(&self.config.workspace).await?;
        Ok((hub, workspace))
    }

    fn directory(&self, absent: Absent) -> Result<(), Failure> {
        let data = &self.config.data;
        if data.is_dir() {
            return Ok(());
        }
        // With PostgreSQL the directory holds the key at most.
        if absent == Absent::Refuse && self.config.settings.database_url.0.is_none() {
            return Err(no_data(data));
        }
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data).map_err(|error| {
            Failure::usage(format!("the data directory {} cannot be made: {error}", data.display()))
                .mend("choose another with --data")
        })
    }

    fn database(&self, absent: Absent) -> Result<PathBuf, Failure> {
        let path = self.config.data.join(DATABASE);
        if absent == Absent::Refuse && !path.exists() {
            return Err(no_data(&self.config.data));
        }
        Ok(path)
    }
}

fn no_data(data: &Path) -> Failure {
    Failure::usage(format!("there is no Tongshi data in {}", data.display()))
        .mend("name the right directory with --data, or make one with `tongshi connect` or `tongshi demo`")
}

/// A key that does not fit. One that was made just now fits nothing and must not stay beside the data: whoever finds
/// it would take it for the right one.
fn wrong_key(error: Error, made: Option<&Path>) -> Failure {
    if *error.kind() != ErrorKind::Conflict {
        return error.into();
    }
    let Some(path) = made else {
        return Failure { exit: Exit::Usage, ..Failure::from(error) }
            .mend("put back the master.key that belongs to this database, or set TONGSHI_KEY to it");
    };
    let _ = std::fs::remove_file(path);
    Failure::usage(format!("{} is missing, and the database was made with a key", path.display()))
        .mend("put the file back or set TONGSHI_KEY; without the key stored credentials cannot be read")
}
