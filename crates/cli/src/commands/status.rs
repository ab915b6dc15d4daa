//! `tongshi status`: connections, their last runs, how much there is, and what could not be taken in.

use serde_json::json;
use tongshi_hub::{ConnectionView, Count, RunView};

use crate::{
    exit::{Exit, Failure},
    print,
    program::Program,
};

/// Show connections, last runs and counts.
#[derive(clap::Args)]
#[command(
    long_about = "Shows the workspace at a glance: connections with their last run, how many records of each \
    kind there are, the place in the journal, work that waits, and rows that could not be taken in."
)]
#[command(after_long_help = "\
Examples:
  tongshi status
  tongshi status --json | jq '.counts[] | select(.kind == \"employee\").live'

Exit codes: 0 shown; 1 there is no data in the directory; 2 the last run of a connection is not complete.")]
pub(crate) struct Args {}

/// Runs the command.
pub(crate) async fn run(program: &Program, _args: Args) -> Result<Exit, Failure> {
    let (hub, workspace) = program.open().await?;
    let connections = hub.connections(&workspace).await?;
    let counts = hub.counts(&workspace).await?;
    let quarantine = hub.quarantine(&workspace).await?;
    let mut session = hub.store().read().await?;
    let journal = tongshi_store::changes::last_seq(&mut session, &workspace).await?;
    drop(session);
    let backlog = hub.store().backlog().await?;
    if program.json {
        print::json(&json!({
            "workspace": workspace.name,
            "connections": connections,
            "counts": counts,
            "journal": journal,
            "jobs_waiting": backlog.waiting,
            "jobs_oldest_due": backlog.oldest_due,
            "jobs_failed": backlog.failed,
            "quarantined": quarantine.len(),
        }))?;
    } else {
        print::line(format!("Workspace {} in {}", workspace.name, program.config.data.display()))?;
        if connections.is_empty() {
            print::line("No connections yet; make one with `tongshi connect`.")?;
        } else {
            print::line(self::connections(&connections))?;
        }
        print::line(self::counts(&counts))?;
        let due =
            backlog.oldest_due.map(|at| format!(", due since {} UTC", print::time(at))).unwrap_or_default();
        print::line(format!(
            "Journal: change {journal}. Waiting: {}{due}. Given up: {}.",
            print::count(backlog.waiting, "job", "jobs"),
            backlog.failed
        ))?;
        if !quarantine.is_empty() {
            print::line(format!(
                "{} could not be taken in:",
                print::count(quarantine.len() as u64, "row", "rows")
            ))?;
            let rows = quarantine.iter().take(20).map(|row| {
                [row.connection.clone(), row.kind.to_string(), row.remote_id.clone(), row.reason.clone()]
            });
            print::line(print::table(["connection", "kind", "remote id", "why"], rows))?;
        }
    }
    let whole = connections.iter().filter_map(|connection| connection.last_run.as_ref()).all(is_whole);
    Ok(if whole { Exit::Done } else { Exit::Incomplete })
}

/// Whether the run has ended well, or has not ended.
fn is_whole(run: &RunView) -> bool {
    run.complete != Some(false) && run.state != "failed" && run.state != "held"
}

/// Connections as a table.
pub(crate) fn connections(connections: &[ConnectionView]) -> String {
    let rows = connections.iter().map(|connection| {
        let (last, state) = connection.last_run.as_ref().map_or_else(
            || ("never".to_owned(), String::new()),
            |run| (print::time(run.started_at), state(run)),
        );
        let name =
            if connection.disabled { format!("{} (off)", connection.name) } else { connection.name.clone() };
        [name, connection.dialect.clone(), connection.base_url.clone(), last, state]
    });
    print::table(["connection", "dialect", "base URL", "last run (UTC)", "outcome"], rows)
}

/// Counts as a table.
pub(crate) fn counts(counts: &[Count]) -> String {
    let rows = counts
        .iter()
        .filter(|count| count.live + count.deleted > 0)
        .map(|count| [count.kind.clone(), count.live.to_string(), count.deleted.to_string()]);
    print::table(["kind", "live", "deleted"], rows)
}

/// How a run ended, in words.
pub(crate) fn state(run: &RunView) -> String {
    let mut text = match (run.state.as_str(), run.complete) {
        ("done", Some(true)) => "✓ complete".to_owned(),
        ("done", _) => "✗ not complete".to_owned(),
        (other, _) => other.to_owned(),
    };
    if run.undone {
        text.push_str(", undone");
    }
    if let Some(reason) = &run.reason {
        text.push_str(": ");
        text.push_str(&print::clean(reason));
    }
    text
}

/// The options that a next command needs to find the same data.
pub(crate) fn places(program: &Program) -> String {
    let mut text = String::new();
    if program.config.data.as_os_str() != crate::config::DATA {
        text.push_str(&format!(" --data {}", shell(&program.config.data.display().to_string())));
    }
    if program.config.workspace != "main" {
        text.push_str(&format!(" --workspace {}", shell(&program.config.workspace)));
    }
    text
}

/// Text as one word of a shell.
pub(crate) fn shell(text: &str) -> String {
    let plain =
        |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':' | '=' | '@' | ',' | '+');
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}
