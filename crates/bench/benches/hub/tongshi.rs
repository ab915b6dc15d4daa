//! The program under test, seen from outside: its command lines and nothing of its code.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, ensure};
use tongshi_bench::process;

/// Names the database; a round on SQLite must not inherit one.
const DATABASE: &str = "TONGSHI_DATABASE_URL";

/// The release binary.
pub(crate) struct Tongshi {
    /// Where it is.
    pub(crate) path: PathBuf,
}

impl Tongshi {
    /// The given one, or the one that lies beside the benchmark's programs or in the workspace's own target directory.
    pub(crate) fn find(given: Option<&str>) -> Result<Option<Self>> {
        if let Some(given) = given {
            let path = PathBuf::from(given);
            ensure!(path.is_file(), "--bin {given}: there is no such file (paths start at crates/bench)");
            return Ok(Some(Self { path: path.canonicalize()? }));
        }
        let beside = Path::new(env!("CARGO_BIN_EXE_vendor")).with_file_name("tongshi");
        let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/release/tongshi");
        Ok([beside, usual].into_iter().find(|path| path.is_file()).map(|path| Self { path }))
    }

    /// Makes a connection called `bench` to the vendor.
    pub(crate) fn connect(&self, data: &Path, vendor: &str, database: Option<&str>) -> Result<()> {
        let mut command = self.command("connect", data, database);
        command.arg("zhiren").args(["--name", "bench", "--base-url", vendor]);
        command.args(["--set", "access_key=ak", "--set", "secret_key=sk"]);
        process::run(command).map(drop)
    }

    /// Pulls everybody.
    pub(crate) fn sync(&self, data: &Path, database: Option<&str>) -> Command {
        let mut command = self.command("sync", data, database);
        command.args(["bench", "--full", "--only", "employee", "--json"]);
        command
    }

    /// The hub over a made-up company of a thousand, which stays up.
    pub(crate) fn demo(&self, data: &Path, listen: &str) -> Command {
        let mut command = self.command("demo", data, None);
        command.args(["--employees", "1000", "--listen", listen]);
        command
    }

    /// The hub alone.
    pub(crate) fn serve(&self, data: &Path, listen: &str) -> Command {
        let mut command = self.command("serve", data, None);
        command.args(["--listen", listen]);
        command
    }

    fn command(&self, verb: &str, data: &Path, database: Option<&str>) -> Command {
        let mut command = Command::new(&self.path);
        command.arg(verb).arg("--data").arg(data);
        match database {
            Some(url) => command.env(DATABASE, url),
            None => command.env_remove(DATABASE),
        };
        command
    }
}
