//! `tongshi retention`: how long things are kept, and letting go of what is older.

use clap::Subcommand;

use crate::{
    exit::{Exit, Failure},
    print,
    program::Program,
};

/// Who did it, in the audit trail.
const ACTOR: &str = "cli";

/// See or set how long things are kept.
#[derive(clap::Args)]
#[command(
    long_about = "Shows how long each sort of data is kept in this workspace and how much is older, lets go of it \
    now, or sets the days. `serve` lets go of it every hour. docs/RETENTION.md lists the rules."
)]
#[command(after_long_help = "\
Examples:
  tongshi retention show                  the rules, and what would go now
  tongshi retention run                   let go of it now
  tongshi retention run --dry-run --json
  tongshi retention set journal 365       keep documents in the journal for a year; 0 keeps them for ever
  tongshi retention set journal           as the configuration says

Exit codes: 0 done; 1 there is no such rule (the message lists those that there are); 2 there was more than one round \
    lets go: run it again.")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Show the rules and what would go
    Show,
    /// Let go of what is older than it is kept
    Run {
        /// Only say what would go
        #[arg(long)]
        dry_run: bool,
    },
    /// Keep something for so many days in this workspace
    Set {
        /// The rule
        rule: String,
        /// Days; 0 for ever, absent for what the configuration says
        days: Option<u32>,
    },
}

/// Runs the command.
pub(crate) async fn run(program: &Program, args: Args) -> Result<Exit, Failure> {
    let (hub, workspace) = program.open().await?;
    match args.what {
        What::Show | What::Run { dry_run: true } => {}
        What::Set { rule, days } => hub.keep_for(&workspace, &rule, days, ACTOR).await?,
        What::Run { dry_run: false } => {
            let swept = hub.sweep(&workspace, ACTOR).await?;
            if program.json {
                print::json(&swept)?;
            } else if swept.rows.is_empty() {
                print::line("Nothing is older than it is kept.")?;
            } else {
                let rows = swept.rows.iter().map(|(rule, count)| [(*rule).to_owned(), count.to_string()]);
                print::line(print::table(["rule", "gone"], rows))?;
            }
            return Ok(if swept.more { Exit::Incomplete } else { Exit::Done });
        }
    }
    let kept = hub.retention(&workspace).await?;
    if program.json {
        print::json(&kept)?;
        return Ok(Exit::Done);
    }
    let rows = kept.into_iter().map(|kept| {
        let days = if kept.days == 0 { "for ever".to_owned() } else { kept.days.to_string() };
        [kept.rule.to_owned(), days, kept.from.to_owned(), kept.due.to_string(), kept.about.to_owned()]
    });
    print::line(print::table(["rule", "days", "set by", "due now", "what goes"], rows))?;
    Ok(Exit::Done)
}
