//! `tongshi audit`: who did what, and whether that was altered since.

use std::time::Duration;

use tongshi_hub::{AuditPage, AuditQuery, Hub, Workspace};

use crate::{
    exit::{Exit, Failure},
    pairs, print,
    program::Program,
};

/// How often `--follow` looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Look at the audit trail, and check that nobody altered it.
#[derive(clap::Args)]
#[command(
    long_about = "The audit trail says who did what: uses of keys, reads of restricted fields, writes, changes of \
    the configuration. Each entry's hash covers the one before it. Keep the head elsewhere: with it you can prove later \
    that nothing before it was altered."
)]
#[command(after_long_help = "\
Examples:
  tongshi audit list --action 'record.*' --since 7d
  tongshi audit list --follow --json
  tongshi audit head > /mnt/elsewhere/tongshi-head
  tongshi audit verify --head \"$(cat /mnt/elsewhere/tongshi-head)\"

Exit codes: 0 done, the trail is as it was written; 1 the command line is wrong; 2 the trail was altered, and where.")]
pub(crate) struct Args {
    /// The hub's own trail: uses of keys that nobody has
    #[arg(long, global = true)]
    hub: bool,
    /// What to do
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// List entries; without --after the last ones
    List(List),
    /// Check every entry
    Verify {
        /// A head that `tongshi audit head` printed earlier
        #[arg(long, value_name = "SEQ:HASH")]
        head: Option<String>,
    },
    /// Print the last entry's number and hash
    Head,
}

#[derive(clap::Args)]
struct List {
    /// Only those after this number, the first ones
    #[arg(long, value_name = "SEQ")]
    after: Option<i64>,
    /// Only those of this actor, such as app:payroll or cli
    #[arg(long)]
    actor: Option<String>,
    /// Only this action, such as record.read; with * at its end all that begin so
    #[arg(long)]
    action: Option<String>,
    /// Only those about this: a kind, an app, a record
    #[arg(long)]
    target: Option<String>,
    /// Only those that ended so: done, refused, failed
    #[arg(long)]
    outcome: Option<String>,
    /// Only those from this instant on, or so long ago: 2026-03-16T02:00:00Z, 24h, 7d
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Only those up to this instant, or so long ago
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Go on with new ones until ctrl-c
    #[arg(long)]
    follow: bool,
}

/// Runs the command.
pub(crate) async fn run(program: &Program, args: Args) -> Result<Exit, Failure> {
    let (hub, mut workspace) = program.open().await?;
    if args.hub {
        workspace = Workspace::nobodys();
    }
    match args.action {
        Action::List(list) => self::list(program, &hub, &workspace, list).await,
        Action::Verify { head } => verify(program, &hub, &workspace, head.as_deref()).await,
        Action::Head => {
            let head = hub.audit_head(&workspace).await?;
            if program.json {
                print::json(&serde_json::json!({ "head": head }))?;
            } else {
                print::line(head)?;
            }
            Ok(Exit::Done)
        }
    }
}

async fn list(program: &Program, hub: &Hub, workspace: &Workspace, list: List) -> Result<Exit, Failure> {
    let now = program.clock.now();
    let when =
        |name: &str, text: Option<String>| text.map(|text| pairs::instant(name, &text, now)).transpose();
    let mut query = AuditQuery {
        after: list.after.unwrap_or(0),
        actor: list.actor,
        action: list.action,
        target: list.target,
        outcome: list.outcome,
        since: when("--since", list.since)?,
        until: when("--until", list.until)?,
    };
    let page = hub.audit(workspace, &query, list.limit, list.after.is_none()).await?;
    show(program, &page, true, list.follow)?;
    query.after = page.next;
    if !list.follow {
        return Ok(Exit::Done);
    }
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => return Ok(Exit::Done),
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        let page = hub.audit(workspace, &query, list.limit, false).await?;
        show(program, &page, false, true)?;
        query.after = page.next;
    }
}

/// With `--follow` each entry is one line of JSON: a document has no end to wait for.
fn show(program: &Program, page: &AuditPage, first: bool, follow: bool) -> Result<(), Failure> {
    match (program.json, follow) {
        (true, false) => return print::json(page),
        (true, true) => {
            for entry in &page.data {
                print::line(serde_json::to_string(entry)?)?;
            }
            return Ok(());
        }
        (false, _) => {}
    }
    if page.data.is_empty() {
        return if first { print::line("Nothing is noted that fits.") } else { Ok(()) };
    }
    let rows = page.data.iter().map(|entry| {
        [
            entry.seq.to_string(),
            print::time(entry.at),
            entry.actor.clone(),
            entry.action.clone(),
            entry.target.clone(),
            entry.outcome.clone(),
            print::short(entry.detail.get()),
        ]
    });
    print::line(print::table(["seq", "at (UTC)", "who", "did", "to", "outcome", "further"], rows))
}

async fn verify(
    program: &Program,
    hub: &Hub,
    workspace: &Workspace,
    head: Option<&str>,
) -> Result<Exit, Failure> {
    let proof = hub.verify_audit(workspace, head).await?;
    if program.json {
        print::json(&proof)?;
    } else {
        let checked = print::count(proof.checked, "entry", "entries");
        match (proof.first_bad, &proof.reason) {
            (Some(seq), Some(reason)) => {
                print::line(format!(
                    "The trail was ALTERED at entry {seq}: {reason} ({checked} before it hold)."
                ))?;
            }
            _ => {
                print::line(format!("The trail is as it was written ({checked}). Its head: {}", proof.head))?;
            }
        }
    }
    Ok(if proof.ok { Exit::Done } else { Exit::Incomplete })
}
