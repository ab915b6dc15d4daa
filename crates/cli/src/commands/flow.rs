//! `tongshi flow`: whether and how a workspace's trips are followed from request to voucher.

use tongshi_hub::{Ask, FlowSettings, FlowView};

use crate::{
    exit::{Exit, Failure},
    print,
    program::Program,
};

/// Follow trips from request to voucher.
#[derive(clap::Args)]
#[command(
    long_about = "Follows a workspace's trips from request to voucher: a request that is handed in asks for an approval \
    in the system to which a route for approvals leads, and gets its result; bookings find the leg that they serve, \
    claims their bookings; a paid claim makes an entry in the books. Each step is a change that the change feed tells. \
    `tongshi serve` does it while it runs; without a flow nothing of it happens."
)]
#[command(after_long_help = "\
Examples:
  tongshi flow on                            from here on; requests are approved where a route for approvals leads
  tongshi flow on --here                     and where none does, here (/v1/approvals)
  tongshi flow on --ask approved --here      the workspace has the last word on what was agreed to elsewhere
  tongshi flow on --account taxi=660205 --account bank=100201
  tongshi flow show
  tongshi flow run                           once, until nothing is left to be done
  tongshi flow off

Exit codes: 0 done; 1 there is no flow, or an account is not NAME=NUMBER.")]
pub(crate) struct Args {
    /// What to do
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Begin, or change how it is done
    On {
        /// When a request or a claim without an approval asks for one
        #[arg(long, value_enum, default_value = "submitted")]
        ask: When,
        /// It asks also where no route takes approvals, so that they are decided here
        #[arg(long)]
        here: bool,
        /// An account of the books: `expense`, `tax`, `bank`, or a sort of cost
        #[arg(long = "account", value_name = "NAME=NUMBER")]
        accounts: Vec<String>,
        /// Look at everything that is there already, too
        #[arg(long)]
        from_start: bool,
    },
    /// Show how it is done and how far it is
    Show,
    /// Do what there is to do, once
    Run,
    /// End it; what was done stays
    Off,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum When {
    Submitted,
    Approved,
    Never,
}

const ACTOR: &str = "cli";

/// Runs the command.
pub(crate) async fn run(program: &Program, args: Args) -> Result<Exit, Failure> {
    let (hub, workspace) = program.open().await?;
    match args.action {
        Action::On { ask, here, accounts, from_start } => {
            let settings = settings(ask, here, &accounts)?;
            let view = hub.set_flow(&workspace, &settings, from_start, ACTOR).await?;
            show(program, &view)?;
        }
        Action::Show => {
            let view = hub.flow(&workspace).await?;
            let view = view.ok_or_else(|| {
                Failure::usage("this workspace's trips are not followed").mend("begin with `tongshi flow on`")
            })?;
            show(program, &view)?;
        }
        Action::Run => {
            hub.follow_flows().await?;
            if let Some(view) = hub.flow(&workspace).await? {
                show(program, &view)?;
            }
        }
        Action::Off => {
            let was = hub.end_flow(&workspace, ACTOR).await?;
            if program.json {
                print::json(&serde_json::json!({ "ended": was }))?;
            } else {
                print::line(if was { "Trips are no longer followed." } else { "They were not followed." })?;
            }
        }
    }
    Ok(Exit::Done)
}

fn settings(ask: When, here: bool, accounts: &[String]) -> Result<FlowSettings, Failure> {
    let ask = match ask {
        When::Submitted => Ask::Submitted,
        When::Approved => Ask::Approved,
        When::Never => Ask::Never,
    };
    let mut settings = FlowSettings { ask, here, ..FlowSettings::default() };
    for pair in accounts {
        let (name, number) = crate::pairs::split("--account", pair)?;
        let number = number.to_owned();
        match name {
            "expense" => settings.accounts.expense = number,
            "tax" => settings.accounts.tax = number,
            "bank" => settings.accounts.bank = number,
            fee_type => drop(settings.accounts.by_fee_type.insert(fee_type.to_owned(), number)),
        }
    }
    Ok(settings)
}

fn show(program: &Program, view: &FlowView) -> Result<(), Failure> {
    if program.json {
        return print::json(view);
    }
    let settings = &view.settings;
    let ask = match settings.ask {
        Ask::Submitted => "when they are handed in",
        Ask::Approved => "when they were agreed to where they were made",
        Ask::Never => "never",
    };
    let place = if settings.here { "here, and where routes lead" } else { "where routes lead" };
    print::line(format!("Requests and claims ask for an approval {ask}, {place}."))?;
    let accounts = &settings.accounts;
    print::line(format!(
        "Costs go to account {}, tax to {}, the money comes from {}.",
        accounts.expense, accounts.tax, accounts.bank
    ))?;
    for (fee_type, account) in &accounts.by_fee_type {
        print::line(format!("  {fee_type}: {account}"))?;
    }
    print::line(format!("The journal is followed up to {} of {}.", view.cursor, view.last))
}
