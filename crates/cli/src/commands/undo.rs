//! `tongshi undo`: takes a run back.

use tongshi_model::Id;

use crate::{
    commands::status,
    exit::{Exit, Failure},
    print,
    program::Program,
};

/// Take a run back.
#[derive(clap::Args)]
#[command(
    long_about = "Takes a run back: every record is put back to what it was before the run, as new changes in \
    the journal. A record that was changed again since is left alone and listed."
)]
#[command(after_long_help = "\
Examples:
  tongshi runs hr                                   find the run
  tongshi undo 0123456789ab8def8123456789abcdef     take it back
  tongshi undo … --json | jq .conflicts             what was changed again since

Exit codes: 0 all of it is taken back; 1 there is no such run, or it cannot be undone; 2 some records were changed \
    again since and were left alone; 6 another run holds the connection.")]
pub(crate) struct Args {
    /// The run's id
    run: Id,
}

/// Runs the command.
pub(crate) async fn run(program: &Program, args: Args) -> Result<Exit, Failure> {
    let (hub, workspace) = program.open().await?;
    let found = hub.run(&workspace, args.run).await?;
    if found.undone || found.mode == "undo" {
        let what = if found.undone { "the run has been undone already" } else { "the run is an undo itself" };
        return Err(Failure::usage(what).mend("`tongshi sync NAME --full` reads what the vendor has now"));
    }
    let undone = hub.undo(&workspace, args.run).await.map_err(Failure::of_run)?;
    if program.json {
        print::json(&undone)?;
    } else {
        let changes = print::count(undone.undone, "change", "changes");
        let punches = print::count(undone.punches, "punch", "punches");
        print::line(format!("{changes} and {punches} taken back by run {}.", undone.run))?;
        let name = status::shell(&found.connection);
        print::line(format!(
            "To read again what the vendor has: tongshi sync {name} --full{}",
            status::places(program)
        ))?;
        if !undone.conflicts.is_empty() {
            print::line("These records were changed again since and were left alone:")?;
            for record in &undone.conflicts {
                print::line(format!("  {record}"))?;
            }
        }
    }
    Ok(if undone.conflicts.is_empty() { Exit::Done } else { Exit::Incomplete })
}
