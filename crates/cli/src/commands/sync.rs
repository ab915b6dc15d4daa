//! `tongshi sync`: reads what a vendor has and shows the proof that nothing was missed.

use tongshi_hub::{Difference, ListingProof, Mode, Outcome, SyncOptions};

use crate::{
    commands::status,
    exit::{Exit, Failure},
    print,
    program::Program,
    progress::Show,
};

/// Read what a vendor has, with a proof that nothing was missed.
#[derive(clap::Args)]
#[command(
    long_about = "Reads what a vendor has into the workspace. A run checkpoints every page and resumes where it \
    was stopped; it is complete only with a proof for every listing; what is missing at the vendor is deleted only on \
    evidence. Works without a server."
)]
#[command(after_long_help = "\
Examples:
  tongshi sync hr --dry-run         what would change, without changing it
  tongshi sync hr                   everything at first and once a day, else what is new
  tongshi sync hr --full --json     everything again, the proof as JSON
  tongshi sync hr --only employee,punch --window-days 90
  tongshi sync dingtalk --use-reserve   although the month's counted calls are used up (`tongshi quota`)

Exit codes: 0 the run is complete; 1 usage or configuration; 2 the run is not complete, the proof says why; \
    3 held, because so much is missing that a person must confirm: look at it, then sync with --confirm-shrink; \
    4 credentials refused; 5 vendor unreachable; 6 another run holds the connection; 70 our own fault.")]
pub(crate) struct Args {
    /// The connection
    name: String,
    /// Read everything, even what did not change
    #[arg(long, conflicts_with = "incremental")]
    full: bool,
    /// Read only what is new
    #[arg(long)]
    incremental: bool,
    /// Read only these listings
    #[arg(long, value_name = "LISTING", value_delimiter = ',')]
    only: Vec<String>,
    /// Show what would change and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Delete what is missing, however much it is
    #[arg(long)]
    confirm_shrink: bool,
    /// How many days back to read what is read by days
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(0..=3660))]
    window_days: Option<i32>,
    /// Take calls that the vendor counts by the month out of the reserve, beyond what the plan may use
    #[arg(long)]
    use_reserve: bool,
}

/// Runs the command.
pub(crate) async fn run(program: &Program, args: Args) -> Result<Exit, Failure> {
    let (hub, workspace) = program.open().await?;
    let mode = match (args.full, args.incremental) {
        (true, _) => Mode::Full,
        (false, true) => Mode::Incremental,
        (false, false) => Mode::Auto,
    };
    let options = SyncOptions {
        mode,
        only: args.only,
        dry_run: args.dry_run,
        confirm_shrink: args.confirm_shrink,
        window_days: args.window_days,
        use_reserve: args.use_reserve,
        scheduled: false,
    };
    let progress = Show::new(program);
    let synced = hub.sync(&workspace, &args.name, &options, &progress).await;
    let outcome = synced.map_err(Failure::of_run)?;
    if program.json {
        print::json(&outcome)?;
    } else {
        show(program, &outcome)?;
    }
    Ok(exit(&outcome))
}

/// How a run's outcome ends the command.
pub(crate) fn exit(outcome: &Outcome) -> Exit {
    if outcome.state == "held" {
        return Exit::Held;
    }
    match outcome.failure {
        Some(tongshi_hub::Failure::Credentials) => Exit::Refused,
        Some(tongshi_hub::Failure::Unreachable) => Exit::Unreachable,
        Some(tongshi_hub::Failure::Vendor) => Exit::Incomplete,
        Some(tongshi_hub::Failure::Hub) => Exit::Internal,
        None if outcome.complete => Exit::Done,
        None => Exit::Incomplete,
    }
}

fn show(program: &Program, outcome: &Outcome) -> Result<(), Failure> {
    print::line(proofs(&outcome.listings))?;
    if outcome.dry_run {
        print::line(differences(&outcome.differences))?;
    }
    print::line(sentence(outcome))?;
    if let Some(reason) = &outcome.reason {
        print::line(print::clean(reason))?;
    }
    if outcome.state == "held" {
        let places = status::places(program);
        print::line(format!(
            "Held: nothing was deleted. Look at the vendor; if it is right, run\n  tongshi sync {} --confirm-shrink{places}",
            status::shell(&outcome.connection)
        ))?;
    }
    Ok(())
}

/// Each listing's proof as a table.
pub(crate) fn proofs(listings: &[ListingProof]) -> String {
    let rows = listings.iter().map(|proof| {
        [
            proof.listing.clone(),
            if proof.complete { "✓" } else { "✗" }.to_owned(),
            proof.pages.to_string(),
            proof.rows.to_string(),
            proof.vendor_total.map_or_else(|| "–".to_owned(), |total| total.to_string()),
            proof.passes.to_string(),
            proof.quarantined.to_string(),
            proof.deleted.to_string(),
            proof.why.join("; "),
        ]
    });
    let headers =
        ["listing", "proven", "pages", "rows", "vendor says", "passes", "quarantined", "deleted", "why"];
    print::table(headers, rows)
}

/// A run in one sentence.
pub(crate) fn sentence(outcome: &Outcome) -> String {
    let counts = &outcome.counts;
    let run = outcome.run.map_or_else(|| "Dry run".to_owned(), |run| format!("Run {run}"));
    let whole = if outcome.complete { "complete" } else { "NOT complete" };
    let resumed = if outcome.resumed { ", resumed" } else { "" };
    format!(
        "{run} ({}{resumed}) is {whole} after {:.1} s: {} created, {} updated, {} restored, {} deleted, {} unchanged; \
         {} new punches, {} known; {} quarantined.",
        outcome.mode,
        outcome.seconds,
        counts.created,
        counts.updated,
        counts.restored,
        counts.deleted,
        counts.unchanged,
        counts.punches_new,
        counts.punches_known,
        counts.quarantined,
    )
}

fn differences(differences: &[Difference]) -> String {
    if differences.is_empty() {
        return "Nothing would change.".to_owned();
    }
    let rows = differences.iter().take(50).map(|difference| {
        [
            difference.op.to_string(),
            difference.kind.to_string(),
            difference.remote_id.clone(),
            difference.record.to_string(),
            difference.fields.join(", "),
        ]
    });
    let mut text = print::table(["would be", "kind", "remote id", "record", "fields"], rows);
    if differences.len() > 50 {
        text.push_str(&format!("\n… and {} more; --json lists them.", differences.len() - 50));
    }
    text
}
