//! `tongshi demo`: an invented company behind faces, connectors that read it over real HTTP, and a look at the outcome.

mod company;
mod file;
mod tour;

use std::collections::BTreeMap;

use serde_json::Value;
use tongshi_dialect::{Addresses, Capability};
use tongshi_hub::{FlowSettings, Hub, NewConnection, SyncOptions, Workspace};
use tongshi_model::Secret;

use crate::{
    commands::{serve, sync},
    config::Settings,
    exit::{Exit, Failure},
    logging, print,
    program::{Absent, Program},
    progress::Show,
};
use file::{ConnectionEntry, Demo};

/// Where the demo's data lies when nobody says.
pub(crate) const DATA: &str = "tongshi-demo";

/// The workspace in which the invented company lives.
const SANDBOX: &str = "sandbox";

/// Start the hub with an invented company behind faces, connect to it and sync.
#[derive(clap::Args)]
#[command(
    long_about = "Starts the hub with an invented company: generates it, opens a face of every vendor over it, \
    connects a connector to each face over real HTTP, syncs, shows the outcome, and stays up. Needs no account, no \
    container, no network. Run again in the same directory it finds everything as it was."
)]
#[command(after_long_help = "\
Examples:
  tongshi demo
  tongshi demo --employees 5000 --seed 11 --data DIR --listen 127.0.0.1:7170
  tongshi demo --face zhiren=127.0.0.1:7071      one face at the root of a port of its own
  tongshi demo --exit && tongshi records employee --data tongshi-demo

DIR/demo.json tells scripts where everything is and with which keys: `hub` (`api_key` sees what was synced, \
    `sandbox_api_key` the company behind the faces), `faces`, `connections`, `runs`. It is written before the demo says that \
    it is up.

Exit codes: 0 stopped in order, and every run was complete; 1 a port is taken, or the directory holds another company; \
    2 a run is not complete; 70 our own fault.")]
pub(crate) struct Args {
    /// How many employment records the company has [default 300]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=2_000_000))]
    employees: Option<u32>,
    /// Another seed makes another company [default 7]
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Where to listen
    #[command(flatten)]
    at: serve::At,
    /// Stop when everything is done
    #[arg(long)]
    exit: bool,
}

/// Lets webhooks go to programs on this machine, unless somebody has said where they may go.
pub(crate) fn permit_this_machine(settings: &mut Settings) {
    if settings.webhook_private_ranges.0.is_empty()
        && let Ok(here) = Addresses::of(["127.0.0.0/8", "::1"])
    {
        settings.webhook_private_ranges.0 = here;
    }
}

/// Runs the command.
pub(crate) async fn run(program: &Program, args: Args) -> Result<Exit, Failure> {
    let begun = program.clock.now();
    let listeners = serve::Listeners::open(program, &args.at).await?;
    let hub = program.hub(Absent::Make).await?;
    let sandbox = hub.workspace(SANDBOX).await?;
    let workspace = hub.workspace(&program.config.workspace).await?;
    if workspace.no == sandbox.no {
        return Err(Failure::usage("the workspace 'sandbox' holds the company behind the faces")
            .mend("leave --workspace out, or name another"));
    }
    let plan = company::ensure(program, &hub, &sandbox, args.employees, args.seed).await?;
    if hub.flow(&sandbox).await?.is_none() {
        // Trips that are asked for at the faces go their way to the books.
        let here = FlowSettings { here: true, ..FlowSettings::default() };
        hub.set_flow(&sandbox, &here, false, "cli:demo").await?;
    }
    let mut demo = file::keys(program, &hub, &workspace, &sandbox).await?;
    demo.hub.url = listeners.url();
    for dialect in hub.dialects() {
        let face = demo.faces.entry(dialect.id.to_owned()).or_default();
        face.insert("base_url".to_owned(), listeners.face_url(dialect.id));
    }
    file::register_returns(&hub, &sandbox, &demo.hub.url).await?;
    let mut serving = serve::Serving::start(&hub, listeners);
    program.say(format!(
        "A company of {} people stands behind {} at {}.",
        plan.employees,
        print::count(demo.faces.len() as u64, "face", "faces"),
        demo.hub.url
    ));
    let mut exit = Exit::Done;
    for dialect in hub.dialects() {
        exit = worse(exit, connect_and_sync(program, &hub, &workspace, dialect.id, &mut demo).await?);
    }
    let path = demo.write(program)?;
    if program.json {
        print::json(&demo)?;
    } else {
        tour::show(program, &hub, [&workspace, &sandbox], &demo, &path).await?;
    }
    let seconds = (program.clock.now().as_millisecond() - begun.as_millisecond()) as f64 / 1000.0;
    if args.exit {
        serving.stop().await?;
        program.say(format!("Done after {seconds:.1} s."));
    } else {
        serving.background(&hub);
        program.say(format!("Up after {seconds:.1} s; ctrl-c stops it."));
        serving.until_stopped().await?;
    }
    Ok(exit)
}

/// Connects to a face as any program would, and reads everything that it has.
async fn connect_and_sync(
    program: &Program,
    hub: &Hub,
    workspace: &Workspace,
    dialect: &str,
    demo: &mut Demo,
) -> Result<Exit, Failure> {
    let descriptor = hub.dialect(dialect)?;
    let Some(face) = demo.faces.get(dialect) else {
        return Err(Failure::internal(format!("the face of {dialect} has no keys")));
    };
    let mut credential: BTreeMap<String, Secret> = descriptor
        .credential
        .iter()
        .filter_map(|field| Some((field.name.to_owned(), Secret::new(face.get(field.name)?.clone()))))
        .collect();
    if let Some(redirect_uri) = credential.get_mut(file::REDIRECT_URI)
        && descriptor.capabilities.contains(&Capability::SignIn)
    {
        // Scripts read the address of demo.json; people who sign in come back to the hub.
        *redirect_uri = Secret::new(file::callback(&demo.hub.url, dialect));
    }
    let new = NewConnection {
        dialect: dialect.to_owned(),
        name: dialect.to_owned(),
        base_url: face.get("base_url").cloned().unwrap_or_default(),
        credential,
        settings: Value::Object(serde_json::Map::new()),
    };
    let connection = hub.connect(workspace, new).await?;
    program.say(format!("Syncing {} from {}", descriptor.title, connection.base_url));
    let progress = Show::new(program);
    let synced = hub.sync(workspace, &connection.name, &SyncOptions::default(), &progress).await;
    let outcome = synced.map_err(Failure::of_run)?;
    logging_summary(program, &outcome);
    demo.connections.retain(|entry| entry.name != connection.name);
    demo.connections.push(ConnectionEntry {
        id: connection.id.to_string(),
        dialect: connection.dialect,
        name: connection.name,
    });
    if let Some(run) = outcome.run {
        demo.runs.push(serde_json::to_value(hub.run(workspace, run).await?)?);
    }
    Ok(sync::exit(&outcome))
}

fn logging_summary(program: &Program, outcome: &tongshi_hub::Outcome) {
    if program.quiet {
        return;
    }
    logging::line(&sync::sentence(outcome));
    if let Some(reason) = &outcome.reason {
        logging::line(&print::clean(reason));
    }
}

/// The code that says more.
fn worse(one: Exit, two: Exit) -> Exit {
    if one == Exit::Done { two } else { one }
}
