//! `tongshi restore`: an empty database filled from a backup.

use std::path::PathBuf;

use tongshi_store::backup;

use crate::{
    exit::{Exit, Failure},
    key, print,
    program::{Absent, Program},
};

/// Fill an empty database from a backup.
#[derive(clap::Args)]
#[command(
    long_about = "Fills an empty database from a backup, of SQLite or of PostgreSQL, into either. The file is read from \
    end to end and its digest compared before anything is written. The encryption key is not in the backup: put the \
    master.key that belongs to it into the data directory first, or set TONGSHI_KEY. Afterwards runs that were going on \
    count as interrupted, and the next sync of each connection reads everything."
)]
#[command(after_long_help = "\
Examples:
  tongshi backup --check FILE
  install -m 700 -d NEW && cp -p master.key NEW/ && tongshi --data NEW restore FILE
  TONGSHI_DATABASE_URL=postgres://… tongshi --data NEW restore FILE      move from SQLite to PostgreSQL

Exit codes: 0 done; 1 the file is truncated, altered or of a newer version, the database is not empty, or the key does \
    not fit: nothing was changed; 5 the database cannot be reached, or there is no room.")]
pub(crate) struct Args {
    /// The backup
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Runs the command.
pub(crate) async fn run(program: &Program, args: Args) -> Result<Exit, Failure> {
    let checked = backup::check(&args.file)?;
    let vault = key::existing(&program.config)?.ok_or_else(|| {
        let place = program.config.data.join(key::FILE);
        Failure::usage("the encryption key is not in the backup, and there is none at hand").mend(format!(
            "put the key that belongs to the backup at {}, or set TONGSHI_KEY",
            place.display()
        ))
    })?;
    let store = program.store(Absent::Make).await?;
    // Who was erased after the backup was made stays erased.
    let log = tongshi_hub::ErasedLog::beside(&program.config.data);
    let restored = tongshi_hub::restore(&store, &vault, &checked, Some(&log), |_| {}).await?;
    if program.json {
        print::json(&restored)?;
    } else {
        print::line(format!(
            "Restored: {}, as of {} UTC. The next sync of each connection reads everything.",
            print::count(restored.rows, "row", "rows"),
            print::time(checked.manifest().made_at)
        ))?;
    }
    Ok(Exit::Done)
}
