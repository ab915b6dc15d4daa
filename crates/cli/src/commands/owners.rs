//! `tongshi owners`: whose values win where several vendors know the same person.

use crate::{
    commands::people::ACTOR,
    exit::{Exit, Failure},
    print,
    program::Program,
};

/// Say whose values win where several vendors know the same thing.
#[derive(clap::Args)]
#[command(
    long_about = "Where several vendors know the same thing, each field comes from the first connection that has it: \
    vendors in the order in which they were connected, then what programs wrote here. A rule puts other connections \
    first, for a field, for all fields of a kind, or for everything. Changing a rule folds the records again; values \
    that lose are kept and shown by `tongshi people show`."
)]
#[command(after_long_help = "\
Examples:
  tongshi owners show
  tongshi owners set employee.mobile dingtalk hr     mobile numbers from dingtalk, else from hr, else as usual
  tongshi owners set 'employee.*' hr
  tongshi owners reset employee.mobile

Exit codes: 0 done; 1 there is no such connection, kind or rule.")]
pub(crate) struct Args {
    /// What to do
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Show the usual order and the rules
    Show,
    /// Put connections first
    Set {
        /// A field such as employee.mobile, all fields of a kind (employee.*), or everything (*)
        field: String,
        /// The connections, first to last
        #[arg(required = true)]
        connections: Vec<String>,
    },
    /// Return to the usual order
    Reset {
        /// The field, as it was set
        field: String,
    },
}

/// Runs the command.
pub(crate) async fn run(program: &Program, args: Args) -> Result<Exit, Failure> {
    let (hub, workspace) = program.open().await?;
    let changed = match args.action {
        Action::Show => {
            let owners = hub.owners(&workspace).await?;
            if program.json {
                print::json(&owners)?;
                return Ok(Exit::Done);
            }
            print::line(format!("usual order: {}", owners.usual.join(", ")))?;
            for rule in owners.rules {
                print::line(format!("{}: {}, then as usual", rule.field, rule.connections.join(", ")))?;
            }
            return Ok(Exit::Done);
        }
        Action::Set { field, connections } => hub.set_owners(&workspace, &field, &connections, ACTOR).await?,
        Action::Reset { field } => hub.reset_owners(&workspace, &field, ACTOR).await?,
    };
    if program.json {
        print::json(&serde_json::json!({ "changed": changed }))?;
    } else {
        let records = print::count(changed, "record differs", "records differ");
        print::line(format!("Done; {records} now."))?;
    }
    Ok(Exit::Done)
}
