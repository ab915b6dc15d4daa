//! `tongshi people`: who is the same person at several vendors.

use tongshi_hub::{Hub, Lineage, Scopes, Workspace};
use tongshi_model::Id;

use crate::{
    exit::{Exit, Failure},
    print,
    program::Program,
};

/// Who changes something from here.
pub(crate) const ACTOR: &str = "cli";

/// See and say who is the same person at several vendors.
#[derive(clap::Args)]
#[command(
    long_about = "People whom several vendors know are recognised by employee number, account, mobile number or \
    work address after each sync, and become one record. What is not certain is listed and decided here. Linking \
    never loses anything: unlinking gives back both records as they were."
)]
#[command(after_long_help = "\
Examples:
  tongshi people conflicts                              who may be one person, and why nobody linked them
  tongshi people show ID                                the sources of a record, who owns which field, what loses
  tongshi people link ID OTHER                          they are one
  tongshi people unlink ID --connection hr              they are two; no rule links them again
  tongshi people rematch                                look at everybody anew

Exit codes: 0 done; 1 there is no such record or connection, or the two cannot be linked.")]
pub(crate) struct Args {
    /// What to do
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// List pairs that may be one person
    Conflicts,
    /// Show the sources of a record
    Show {
        /// The record's id
        id: Id,
    },
    /// Make one record of two
    Link {
        /// One record's id
        one: Id,
        /// The other's
        other: Id,
    },
    /// Take a connection's source out of a record
    Unlink {
        /// The record's id
        record: Id,
        /// The connection whose source does not belong there
        #[arg(long, value_name = "NAME")]
        connection: String,
        /// The vendor's id, where the record has several sources of the connection
        #[arg(long, value_name = "ID")]
        source: Option<String>,
    },
    /// Look at everybody anew, and fold every record with several sources again
    Rematch,
}

/// Runs the command.
pub(crate) async fn run(program: &Program, args: Args) -> Result<Exit, Failure> {
    let (hub, workspace) = program.open().await?;
    match args.action {
        Action::Conflicts => conflicts(program, &hub, &workspace).await?,
        Action::Show { id } => show(program, &hub, &workspace, id).await?,
        Action::Link { one, other } => {
            let linked = hub.link(&workspace, one, other, ACTOR).await?;
            if program.json {
                print::json(&linked)?;
            } else {
                print::line(format!(
                    "They are one: {}. The id {} means it, too.",
                    linked.record, linked.linked
                ))?;
            }
        }
        Action::Unlink { record, connection, source } => {
            let unlinked = hub.unlink(&workspace, record, &connection, source.as_deref(), ACTOR).await?;
            if program.json {
                print::json(&unlinked)?;
            } else {
                print::line(format!("They are two: {} and {}.", unlinked.record, unlinked.restored))?;
            }
        }
        Action::Rematch => {
            let matched = hub.rematch(&workspace, ACTOR).await?;
            if program.json {
                print::json(&matched)?;
            } else {
                let linked = print::count(matched.linked, "pair was linked", "pairs were linked");
                let waiting = print::count(matched.conflicts, "pair waits", "pairs wait");
                print::line(format!("{linked}; {waiting} for a decision (tongshi people conflicts)."))?;
            }
        }
    }
    Ok(Exit::Done)
}

async fn conflicts(program: &Program, hub: &Hub, workspace: &Workspace) -> Result<(), Failure> {
    let found = hub.identity_conflicts(workspace).await?;
    if program.json {
        return print::json(&found);
    }
    if found.is_empty() {
        return print::line("Nobody has to decide anything.");
    }
    for conflict in found {
        let [one, other] = conflict.names.map(|name| print::short(&print::clean(&name)));
        print::line(format!("{} {one}\n{} {other}", conflict.record, conflict.other))?;
        print::line(format!("  {} ({:.0} %)", conflict.text, conflict.confidence * 100.0))?;
    }
    print::line(
        "\nThe same person:  tongshi people link ID OTHER\nLook closer:      tongshi people show ID",
    )?;
    print::line("Linked wrongly:   tongshi people unlink ID --connection NAME")
}

async fn show(program: &Program, hub: &Hub, workspace: &Workspace, id: Id) -> Result<(), Failure> {
    let scopes = Scopes::all();
    let kind = hub.kind_of(workspace, id).await?;
    let kind =
        kind.ok_or_else(|| Failure::usage("there is no such record").mend("`tongshi records` lists ids"))?;
    let record = hub.record(workspace, kind, id, &scopes).await?;
    let lineage = hub.lineage(workspace, record.id, &scopes).await?;
    if program.json {
        return print::json(&serde_json::json!({"record": record, "lineage": lineage}));
    }
    print::line(format!("{kind} {}, version {}", record.id, record.version))?;
    for source in &lineage {
        describe(source)?;
    }
    Ok(())
}

fn describe(source: &Lineage) -> Result<(), Failure> {
    let gone = if source.gone { ", gone" } else { "" };
    let remote_id = print::clean(&source.remote_id);
    print::line(format!("\n{} ({}) {remote_id}{gone}", source.connection, source.dialect))?;
    if let Some(linked) = &source.linked {
        let (method, sure) = (&linked.method, linked.confidence * 100.0);
        print::line(format!(
            "  linked by {method} ({sure:.0} %), {}, {}",
            linked.actor,
            print::time(linked.at)
        ))?;
    }
    let fields = if source.fields.is_empty() { "nothing".to_owned() } else { source.fields.join(", ") };
    print::line(format!("  gives {fields}"))?;
    for (field, value) in &source.proposals {
        print::line(format!("  says otherwise: {field} = {}", print::short(&print::clean(value.get()))))?;
    }
    Ok(())
}
