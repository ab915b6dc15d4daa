//! `tongshi sessions`: who signed in through the hub, and ending it.

use tongshi_hub::{SessionQuery, SessionView};
use tongshi_model::Id;

use crate::{
    exit::{Exit, Failure},
    print,
    program::Program,
};

/// Look at who signed in, and sign somebody out.
#[derive(clap::Args)]
#[command(
    long_about = "People sign in at /login/CONNECTION through a connection that can (COVERAGE.md says which vendors \
    can). A session lives session_hours; it also ends when its account is closed or its employee has left. Ending one takes \
    effect at the next request of its browser."
)]
#[command(after_long_help = "\
Examples:
  tongshi sessions list --live
  tongshi sessions list --employee 3c9…
  tongshi sessions revoke 8d1…
  tongshi sessions revoke --account 51a…      everywhere where this account is signed in

Exit codes: 0 done; 1 there is no such session that is good, or the command line is wrong.")]
pub(crate) struct Args {
    /// What to do
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// List sessions, newest first
    List {
        /// Only those of this account, by its record's id
        #[arg(long, value_name = "ID")]
        account: Option<Id>,
        /// Only those of this employee, by the record's id
        #[arg(long, value_name = "ID")]
        employee: Option<Id>,
        /// Only those that are good now
        #[arg(long)]
        live: bool,
        /// How many at most
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// End a session, or all sessions of an account
    Revoke {
        /// The session's id
        #[arg(required_unless_present = "account")]
        id: Option<Id>,
        /// All sessions of this account
        #[arg(long, value_name = "ID", conflicts_with = "id")]
        account: Option<Id>,
    },
}

/// Runs the command.
pub(crate) async fn run(program: &Program, args: Args) -> Result<Exit, Failure> {
    let (hub, workspace) = program.open().await?;
    match args.action {
        Action::List { account, employee, live, limit } => {
            let query = SessionQuery { account, employee, live, after: None };
            let page = hub.sessions(&workspace, &query, limit).await?;
            if program.json {
                print::json(&page)?;
            } else if page.data.is_empty() {
                print::line("Nobody signed in that fits.")?;
            } else {
                let headers = [
                    "session",
                    "since (UTC)",
                    "until (UTC)",
                    "through",
                    "way",
                    "account",
                    "employee",
                    "ended by",
                ];
                print::line(print::table(headers, page.data.iter().map(row)))?;
            }
        }
        Action::Revoke { id, account } => {
            let ended = match (id, account) {
                (Some(id), _) => {
                    hub.revoke_session(&workspace, id, "cli").await?;
                    1
                }
                (None, Some(account)) => hub.revoke_sessions(&workspace, account, "cli").await?,
                (None, None) => 0,
            };
            if program.json {
                print::json(&serde_json::json!({ "ended": ended }))?;
            } else {
                print::line(format!("{} ended.", print::count(ended, "session", "sessions")))?;
            }
        }
    }
    Ok(Exit::Done)
}

fn row(session: &SessionView) -> [String; 8] {
    let ended = match (&session.revoked_by, session.revoked_at) {
        (Some(by), Some(at)) => format!("{by} at {}", print::time(at)),
        _ => String::new(),
    };
    [
        session.id.to_string(),
        print::time(session.created_at),
        print::time(session.expires_at),
        session.connection.clone().unwrap_or_default(),
        session.way.clone(),
        session.account.to_string(),
        session.employee.map(|id| id.to_string()).unwrap_or_default(),
        ended,
    ]
}
