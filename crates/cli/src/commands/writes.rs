//! `tongshi writes`: what the hub does at vendors, and what people decide about it.

use std::collections::BTreeMap;

use serde_json::json;
use tongshi_hub::{Decision, Scopes, WriteQuery, WriteView};
use tongshi_model::Id;

use crate::{
    exit::{Exit, Failure},
    print,
    program::Program,
};

/// See and decide what the hub does at vendors.
#[derive(clap::Args)]
#[command(
    long_about = "Lists what the hub does at vendors and how far it is, and decides what only people can: a write \
    that waits for a second person, and one that was given up because nobody knows whether it arrived."
)]
#[command(after_long_help = "\
Examples:
  tongshi writes list --state dead                     what needs a person
  tongshi writes show ID --json
  tongshi writes approve ID --by anna                  as the second person
  tongshi writes retry ID                              look at the vendor first: it is sent again
  tongshi writes withdraw ID                           it was seen to by hand
  tongshi writes resume hr                             after the account was mended

Exit codes: 0 done; 1 there is no such write or connection, or it is in no state for this; 2 listed, and some need a \
    person; 4 the second person must be another.")]
pub(crate) struct Args {
    /// What to do
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// List writes, oldest first
    List {
        /// Only those in this state, such as queued or dead
        #[arg(long)]
        state: Option<String>,
        /// Only those at this connection
        #[arg(long, value_name = "NAME")]
        connection: Option<String>,
        /// How many at most
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Show one write
    Show {
        /// The write's id
        write: Id,
    },
    /// Agree, as the second person
    Approve(Decide),
    /// Send it again
    Retry(Decide),
    /// Take it back
    Withdraw(Decide),
    /// Let the writes of a connection go on that rests
    Resume {
        /// The connection
        connection: String,
        /// Who says so
        #[arg(long, env = "USER", default_value = "somebody", hide_env_values = true)]
        by: String,
    },
}

#[derive(clap::Args)]
struct Decide {
    /// The write's id
    write: Id,
    /// Who decides
    #[arg(long, env = "USER", default_value = "somebody", hide_env_values = true)]
    by: String,
}

/// Runs the command.
pub(crate) async fn run(program: &Program, args: Args) -> Result<Exit, Failure> {
    match args.action {
        Action::List { state, connection, limit } => {
            list(program, WriteQuery { state, connection, after: None, limit }).await
        }
        Action::Show { write } => {
            let (hub, workspace) = program.open().await?;
            show(program, &hub.write(&workspace, write, &Scopes::all()).await?)
        }
        Action::Approve(decide) => decided(program, &decide, Decision::Approve).await,
        Action::Retry(decide) => decided(program, &decide, Decision::Retry).await,
        Action::Withdraw(decide) => decided(program, &decide, Decision::Withdraw).await,
        Action::Resume { connection, by } => {
            let (hub, workspace) = program.open().await?;
            hub.resume_writes(&workspace, &connection, &format!("cli:{by}")).await?;
            if program.json {
                print::json(&json!({ "connection": connection, "resumed": true }))?;
            } else {
                print::line(format!("The writes of '{connection}' go on."))?;
            }
            Ok(Exit::Done)
        }
    }
}

async fn list(program: &Program, query: WriteQuery) -> Result<Exit, Failure> {
    let (hub, workspace) = program.open().await?;
    let page = hub.writes(&workspace, &query, &Scopes::all()).await?;
    let counts: BTreeMap<&str, u64> = hub.write_counts(&workspace).await?.into_iter().collect();
    let pauses = hub.write_pauses(&workspace).await?;
    let attention = pauses.iter().any(|pause| pause.attention)
        || ["awaiting", "dead", "mismatched"].iter().any(|state| counts.contains_key(state));
    if program.json {
        let shown = json!({ "data": page.data, "next": page.next, "counts": counts, "pauses": pauses });
        print::json(&shown)?;
    } else if page.data.is_empty() {
        print::line("No such writes.")?;
    } else {
        let rows = page.data.iter().map(|write| {
            [
                write.id.to_string(),
                write.state.to_owned(),
                format!("{} {}", write.action, write.target),
                write.connection.clone(),
                write.attempts.to_string(),
                print::time(write.created_at),
                print::short(write.reason.as_deref().unwrap_or_default()),
            ]
        });
        print::line(print::table(
            ["write", "state", "what", "connection", "tries", "queued (UTC)", "why"],
            rows,
        ))?;
    }
    if !program.json {
        for pause in pauses {
            let until = print::time(pause.until);
            print::line(format!("'{}' rests until {until}: {}", pause.connection, pause.reason))?;
        }
    }
    Ok(if attention { Exit::Incomplete } else { Exit::Done })
}

async fn decided(program: &Program, decide: &Decide, decision: Decision) -> Result<Exit, Failure> {
    let (hub, workspace) = program.open().await?;
    let actor = format!("cli:{}", decide.by);
    let write = hub.decide_write(&workspace, decide.write, decision, &actor, &Scopes::all()).await?;
    show(program, &write)
}

fn show(program: &Program, write: &WriteView) -> Result<Exit, Failure> {
    if program.json {
        print::json(write)?;
        return Ok(Exit::Done);
    }
    print::line(format!("{} {} at '{}': {}", write.action, write.target, write.connection, write.state))?;
    if let Some(reason) = &write.reason {
        print::line(format!("  {}", print::clean(reason)))?;
    }
    let next = write.next_at.map_or_else(|| "nothing more happens by itself".to_owned(), print::time);
    print::line(format!(
        "  record {}, asked by {}, {} tries; next: {next}",
        write.record, write.actor, write.attempts
    ))?;
    Ok(Exit::Done)
}
