//! `tongshi changes`: the journal, in order.

use tongshi_hub::Scopes;

use crate::{
    commands::records,
    exit::{Exit, Failure},
    print,
    program::Program,
};

/// List what changed, in order.
#[derive(clap::Args)]
#[command(
    long_about = "Lists what changed, in order and without gaps: ask again after the last number that you have \
    seen. With --json each change carries the document before and after, and the number to go on from."
)]
#[command(after_long_help = "\
Examples:
  tongshi changes --limit 20
  tongshi changes --after 4711 --json | jq .next
  tongshi changes --kind employee --after 0 --json | jq '.data[] | select(.op == \"deleted\")'

Exit codes: 0 listed; 1 there is no such kind, or no data in the directory.")]
pub(crate) struct Args {
    /// Only those after this number
    #[arg(long, value_name = "SEQ", default_value_t = 0)]
    after: i64,
    /// Only those of records of this kind
    #[arg(long)]
    kind: Option<String>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
}

/// Runs the command.
pub(crate) async fn run(program: &Program, args: Args) -> Result<Exit, Failure> {
    let kind = args.kind.as_deref().map(records::kind).transpose()?;
    let (hub, workspace) = program.open().await?;
    let page = hub.changes(&workspace, args.after, kind, args.limit, &Scopes::all()).await?;
    if program.json {
        hub.note_changes(&workspace, "cli", "cli", &page.data).await?;
    }
    if program.json {
        print::json(&page)?;
        return Ok(Exit::Done);
    }
    if page.data.is_empty() {
        print::line(format!("Nothing after change {}.", args.after))?;
        return Ok(Exit::Done);
    }
    let rows = page.data.iter().map(|change| {
        [
            change.seq.to_string(),
            print::time(change.at),
            change.op.to_owned(),
            change.kind.to_string(),
            change.record.to_string(),
            change.fields.join(", "),
            change.actor.clone(),
        ]
    });
    print::line(print::table(["seq", "at (UTC)", "op", "kind", "record", "fields", "by"], rows))?;
    if page.data.len() == args.limit as usize {
        print::line(format!("Go on with --after {}.", page.next))?;
    }
    Ok(Exit::Done)
}
