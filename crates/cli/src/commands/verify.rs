//! `tongshi verify`: checks a run's proof against what is stored.

use tongshi_model::Id;

use crate::{
    exit::{Exit, Failure},
    print,
    program::Program,
};

/// Check a run's proof against what is stored.
#[derive(clap::Args)]
#[command(
    long_about = "Checks the proof of a run against what is stored: pages without a gap, counts that add up, \
    everything that was seen still there or deleted since on evidence."
)]
#[command(after_long_help = "\
Examples:
  tongshi verify hr                                  the last run of a connection
  tongshi verify 0123456789ab8def8123456789abcdef    a run by its id

Exit codes: 0 the proof holds; 1 there is no such run or connection; 2 it does not hold, the findings say where.")]
pub(crate) struct Args {
    /// A run's id, or a connection's name for its last run
    #[arg(value_name = "RUN|NAME")]
    run: String,
}

/// Runs the command.
pub(crate) async fn run(program: &Program, args: Args) -> Result<Exit, Failure> {
    let (hub, workspace) = program.open().await?;
    let run = match args.run.parse::<Id>() {
        Ok(run) => run,
        Err(_) => {
            // An undo has no proof; the run before it has.
            let runs = hub.runs(&workspace, Some(&args.run), 100).await?;
            let last = runs.into_iter().find(|run| run.mode != "undo");
            last.ok_or_else(|| {
                Failure::usage(format!("'{}' was never synced", args.run)).mend("sync it first")
            })?
            .id
        }
    };
    let verified = hub.verify(&workspace, run).await?;
    if program.json {
        print::json(&verified)?;
    } else {
        let checked = print::count(verified.checked, "row", "rows");
        let word = if verified.ok { "holds" } else { "does NOT hold" };
        print::line(format!("The proof of run {run} {word} ({checked} checked)."))?;
        for finding in &verified.findings {
            print::line(format!("  {}", print::clean(finding)))?;
        }
    }
    Ok(if verified.ok { Exit::Done } else { Exit::Incomplete })
}
