//! `tongshi routes`: which vendors are told of what.

use serde_json::json;
use tongshi_dialect::Target;
use tongshi_hub::NewRoute;

use crate::{
    exit::{Exit, Failure},
    print,
    program::Program,
};

/// Say which vendors are told of what.
#[derive(clap::Args)]
#[command(
    long_about = "Says which connections are told of what. Without a route nothing is ever written at a vendor. A \
    record that belongs to a vendor can be changed only where a route leads to it."
)]
#[command(after_long_help = "\
Examples:
  tongshi routes add punch hr                          each new punch is sent to hr
  tongshi routes add salary_item hr --second-person    somebody else must agree to each
  tongshi routes add visit hr --action create
  tongshi routes list
  tongshi routes remove punch hr

Exit codes: 0 done; 1 there is no such connection or route, or the vendor cannot take it; 4 the connection is set not \
    to be written to.")]
pub(crate) struct Args {
    /// What to do
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Make a route, or change the one that is there
    Add {
        /// Which one
        #[command(flatten)]
        route: Route,
        /// A second person must agree to each write
        #[arg(long)]
        second_person: bool,
    },
    /// List the routes
    List,
    /// Remove a route; what is queued already stays
    Remove {
        /// Which one
        #[command(flatten)]
        route: Route,
    },
}

#[derive(clap::Args)]
struct Route {
    /// A kind of record, or punch
    #[arg(value_parser = target)]
    target: Target,
    /// The connection
    connection: String,
    /// Only this action; all that the vendor takes if none is given
    #[arg(long, value_parser = action)]
    action: Option<tongshi_model::Action>,
    /// Who says so
    #[arg(long, env = "USER", default_value = "somebody", hide_env_values = true)]
    by: String,
}

fn target(text: &str) -> Result<Target, String> {
    text.parse().map_err(|error: tongshi_model::Error| error.to_string())
}

fn action(text: &str) -> Result<tongshi_model::Action, String> {
    text.parse().map_err(|error: tongshi_model::Error| error.to_string())
}

/// Runs the command.
pub(crate) async fn run(program: &Program, args: Args) -> Result<Exit, Failure> {
    let (hub, workspace) = program.open().await?;
    match args.action {
        Action::Add { route, second_person } => {
            let actor = format!("cli:{}", route.by);
            let Route { target, connection, action, .. } = route;
            let new = NewRoute { target, action, connection, second_person };
            let made = hub.add_route(&workspace, new, &actor).await?;
            if program.json {
                print::json(&made)?;
            } else {
                print::line(format!("'{}' is told of {} ({}).", made.connection, made.target, made.action))?;
            }
        }
        Action::List => {
            let routes = hub.routes(&workspace).await?;
            if program.json {
                print::json(&routes)?;
            } else if routes.is_empty() {
                print::line(
                    "No routes: nothing is written at any vendor. Make one with `tongshi routes add`.",
                )?;
            } else {
                let rows = routes.into_iter().map(|route| {
                    let second = if route.second_person { "yes" } else { "no" };
                    [route.target.to_string(), route.action, route.connection, second.to_owned()]
                });
                print::line(print::table(["target", "action", "connection", "second person"], rows))?;
            }
        }
        Action::Remove { route } => {
            let actor = format!("cli:{}", route.by);
            hub.remove_route(&workspace, route.target, route.action, &route.connection, &actor).await?;
            if program.json {
                print::json(
                    &json!({ "target": route.target, "connection": route.connection, "removed": true }),
                )?;
            } else {
                print::line(format!("'{}' is no longer told of {}.", route.connection, route.target))?;
            }
        }
    }
    Ok(Exit::Done)
}
