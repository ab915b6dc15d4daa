//! The command line: what all commands share, and the list of commands.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::{commands, exit};

const ABOUT: &str = "\
Tongshi speaks the API of every people-system in both directions: it calls the vendors, and it answers as if it were \
the vendor. Between the two stands one record of the organisation.";

const FIRST_STEPS: &str = "\
First steps:
  tongshi demo                               an invented company behind faces, synced
  tongshi connect zhiren --name hr --set …   an account of your own
  tongshi sync hr                            read everything, with a proof
  tongshi records employee                   look at the outcome

Settings come from compiled-in defaults, then DIR/tongshi.toml or --config, then the environment \
    (TONGSHI_DATABASE_URL moves the store to PostgreSQL). docs/CONFIG.md lists them; `tongshi config show` prints them.";

/// The whole command line.
#[derive(Parser)]
#[command(name = "tongshi", version, about = "One interface to every people-system", long_about = ABOUT)]
#[command(after_long_help = format!("{FIRST_STEPS}\n\n{}", exit::table()), max_term_width = 110)]
pub(crate) struct Args {
    /// What all commands share.
    #[command(flatten)]
    pub(crate) global: Global,
    /// The command.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What all commands share.
#[derive(clap::Args, Default)]
pub(crate) struct Global {
    /// The data directory [TONGSHI_DATA; default ./tongshi-data]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Everywhere")]
    pub(crate) data: Option<PathBuf>,
    /// The configuration file [TONGSHI_CONFIG; default DIR/tongshi.toml, if it is there]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Everywhere")]
    pub(crate) config: Option<PathBuf>,
    /// The workspace: one organisation's data [TONGSHI_WORKSPACE; default main]
    #[arg(long, global = true, value_name = "NAME", help_heading = "Everywhere")]
    pub(crate) workspace: Option<String>,
    /// Print JSON for programs on standard output; everything else goes to standard error
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub(crate) json: bool,
    /// What is logged on standard error: error, warn, info, debug, trace, or a filter [env TONGSHI_LOG]
    #[arg(long, global = true, value_name = "LEVEL", help_heading = "Everywhere")]
    pub(crate) log: Option<String>,
    /// Say nothing but what was asked for
    #[arg(short, long, global = true, help_heading = "Everywhere")]
    pub(crate) quiet: bool,
}

/// The commands. What each is for is said where it is.
#[derive(Subcommand)]
pub(crate) enum Command {
    Demo(commands::demo::Args),
    Serve(commands::serve::Args),
    Connect(commands::connect::Args),
    Connections(commands::connections::Args),
    Sync(commands::sync::Args),
    Undo(commands::undo::Args),
    Status(commands::status::Args),
    Runs(commands::runs::Args),
    Verify(commands::verify::Args),
    Records(commands::records::Args),
    Changes(commands::changes::Args),
    People(commands::people::Args),
    Owners(commands::owners::Args),
    Writes(commands::writes::Args),
    Routes(commands::routes::Args),
    Flow(commands::flow::Args),
    Quota(commands::quota::Args),
    Report(commands::report::Args),
    Call(commands::call::Args),
    Sign(commands::sign::Args),
    App(commands::app::Args),
    Audit(commands::audit::Args),
    Requests(commands::requests::Args),
    Sessions(commands::sessions::Args),
    Webhooks(commands::webhooks::Args),
    Privacy(commands::privacy::Args),
    Retention(commands::retention::Args),
    Doctor(commands::doctor::Args),
    Backup(commands::backup::Args),
    Restore(commands::restore::Args),
    Key(commands::key::Args),
    Migrate(commands::migrate::Args),
    Config(commands::config::Args),
    Gen(commands::generate::Args),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent_and_every_command_teaches() {
        let command = Args::command();
        command.clone().debug_assert();
        for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
            let help = sub.clone().render_long_help().to_string();
            assert!(help.contains("Examples:"), "{} has no examples", sub.get_name());
            assert!(sub.get_long_about().is_some(), "{} is not described", sub.get_name());
            assert!(help.contains("Exit codes:"), "{} does not explain its exit codes", sub.get_name());
        }
    }
}
