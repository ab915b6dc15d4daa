//! `tongshi runs`: what was synced, when, and how it ended.

use crate::{
    commands::status,
    exit::{Exit, Failure},
    print,
    program::Program,
};

/// List runs.
#[derive(clap::Args)]
#[command(
    long_about = "Lists runs, the latest first. With --json each run carries its counts and the proof of every \
    listing."
)]
#[command(after_long_help = "\
Examples:
  tongshi runs
  tongshi runs hr --limit 5 --json

Exit codes: 0 listed; 1 there is no such connection, or no data in the directory.")]
pub(crate) struct Args {
    /// Only those of this connection
    name: Option<String>,
    /// How many at most
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
}

/// Runs the command.
pub(crate) async fn run(program: &Program, args: Args) -> Result<Exit, Failure> {
    let (hub, workspace) = program.open().await?;
    let runs = hub.runs(&workspace, args.name.as_deref(), args.limit).await?;
    if program.json {
        print::json(&runs)?;
        return Ok(Exit::Done);
    }
    if runs.is_empty() {
        print::line("No runs yet; make one with `tongshi sync`.")?;
        return Ok(Exit::Done);
    }
    let rows = runs.iter().map(|run| {
        let changes = run.counts.as_ref().map_or_else(String::new, |counts| {
            format!("+{} ~{} -{}", counts.created + counts.restored, counts.updated, counts.deleted)
        });
        [
            run.id.to_string(),
            run.connection.clone(),
            run.mode.clone(),
            print::time(run.started_at),
            changes,
            status::state(run),
        ]
    });
    print::line(print::table(["run", "connection", "mode", "started (UTC)", "changes", "outcome"], rows))?;
    Ok(Exit::Done)
}
