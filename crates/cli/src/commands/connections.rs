//! `tongshi connections`: the workspace's accounts at vendors.

use crate::{
    commands::status,
    exit::{Exit, Failure},
    print,
    program::Program,
};

/// List the accounts at vendors.
#[derive(clap::Args)]
#[command(
    long_about = "Lists the workspace's accounts at vendors with their last run. Credentials are not shown."
)]
#[command(after_long_help = "\
Examples:
  tongshi connections
  tongshi connections --workspace sandbox --json

Exit codes: 0 listed; 1 there is no data in the directory.")]
pub(crate) struct Args {}

/// Runs the command.
pub(crate) async fn run(program: &Program, _args: Args) -> Result<Exit, Failure> {
    let (hub, workspace) = program.open().await?;
    let connections = hub.connections(&workspace).await?;
    if program.json {
        print::json(&connections)?;
    } else if connections.is_empty() {
        print::line("No connections yet; make one with `tongshi connect`.")?;
    } else {
        print::line(status::connections(&connections))?;
    }
    Ok(Exit::Done)
}
