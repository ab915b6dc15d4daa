//! `tongshi migrate`: brings the database up to this version.

use serde_json::json;

use crate::{
    exit::{Exit, Failure},
    print,
    program::{Absent, Program},
};

/// Bring the database up to this version.
#[derive(clap::Args)]
#[command(
    long_about = "Brings the database up to this version. Every command that opens the data does so by itself; \
    this one is for those who want to see it, or to do it before the new version starts."
)]
#[command(after_long_help = "\
Examples:
  tongshi migrate --check        list what would be done
  tongshi migrate                do it
  TONGSHI_DATABASE_URL=postgres://… tongshi migrate

Exit codes: 0 the database is up to date; 2 with --check, something is to be done; 5 the database cannot be reached.")]
pub(crate) struct Args {
    /// Only list what would be done
    #[arg(long)]
    check: bool,
}

/// Runs the command.
pub(crate) async fn run(program: &Program, args: Args) -> Result<Exit, Failure> {
    let store = program.store(if args.check { Absent::Refuse } else { Absent::Make }).await?;
    let pending = store.pending().await?;
    if !args.check {
        store.migrate().await?;
    }
    if program.json {
        print::json(&json!({ "migrations": pending, "applied": !args.check }))?;
    } else if pending.is_empty() {
        print::line("The database is up to date.")?;
    } else {
        let word = if args.check { "To be done" } else { "Done" };
        print::line(format!("{word}: {}.", pending.join(", ")))?;
    }
    Ok(if args.check && !pending.is_empty() { Exit::Incomplete } else { Exit::Done })
}
