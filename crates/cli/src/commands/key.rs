//! `tongshi key`: which key encrypts credentials, and changing it while the hub runs.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;
use tongshi_hub::{Hub, KeyUse};

use crate::{
    exit::{Exit, Failure},
    key, print,
    program::{Absent, Program},
};

/// Show or change the key that encrypts credentials.
#[derive(clap::Args)]
#[command(
    long_about = "Shows which key encrypts stored credentials, and changes it while the hub runs. `rotate` makes a new \
    key, keeps the old one readable, and seals every credential anew; a hub that runs meanwhile learns of the new key by \
    itself. `retire` takes old keys away once nothing stored needs them. Each step may be interrupted and done again. \
    A backup holds what was sealed when it was made: keep the key that was in use then for as long as you keep the backup."
)]
#[command(after_long_help = "\
Examples:
  tongshi key status
  tongshi key rotate                        a new key, everything sealed anew
  tongshi key retire --to old.key           two minutes later: old keys go where your old backups are kept

Where TONGSHI_KEY gives the keys, no file is changed: `tongshi key rotate` says what to do.

Exit codes: 0 done; 1 no key, or it does not fit; 2 something stored needs a key that is not there, or an old key is \
    still needed.")]
pub(crate) struct Args {
    #[command(subcommand)]
    step: Step,
}

/// What is to be done.
#[derive(Subcommand)]
enum Step {
    /// List the keys by id and how many values each has sealed
    Status,
    /// Make a new key and seal everything anew with it
    Rotate,
    /// Only make a new key: it seals from now on, and nothing that is stored changes
    New,
    /// Only seal anew what an older key has sealed
    Reseal,
    /// Take away keys that nothing needs any more
    Retire {
        /// Do not wait two minutes after sealing anew: no hub is running
        #[arg(long)]
        now: bool,
        /// Keep the retired keys in this file: backups made before need them
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
}

/// Runs the command.
pub(crate) async fn run(program: &Program, args: Args) -> Result<Exit, Failure> {
    let hub = program.hub(Absent::Refuse).await?;
    match args.step {
        Step::Status => status(program, &hub).await,
        Step::New => {
            in_file(program, "new")?;
            let id = key::add(&program.config, &*program.randomness)?;
            say(program, &json!({ "key": id }), format!("Key {id} seals from now on."))
        }
        Step::Rotate => {
            let several = hub.key_uses().await?.iter().filter(|key| key.known).count() > 1;
            if !(key::is_given(&program.config) && several) {
                in_file(program, "rotate")?;
                key::add(&program.config, &*program.randomness)?;
            }
            reseal(program, &hub).await
        }
        Step::Reseal => reseal(program, &hub).await,
        Step::Retire { now, to } => retire(program, &hub, now, to).await,
    }
}

async fn status(program: &Program, hub: &Hub) -> Result<Exit, Failure> {
    let uses = hub.key_uses().await?;
    if program.json {
        print::json(&uses)?;
    } else {
        let rows = uses.iter().map(|key| [key.id.clone(), role(key).to_owned(), key.values.to_string()]);
        print::line(print::table(["key", "what it is for", "values it has sealed"], rows))?;
    }
    Ok(if uses.iter().all(|key| key.known) { Exit::Done } else { Exit::Incomplete })
}

fn role(key: &KeyUse) -> &'static str {
    match (key.known, key.newest, key.values) {
        (false, ..) => "✗ missing: what it has sealed cannot be read",
        (true, true, _) => "seals and opens",
        (true, false, 0) => "not needed any more",
        (true, false, _) => "opens until everything is sealed anew",
    }
}

async fn reseal(program: &Program, hub: &Hub) -> Result<Exit, Failure> {
    let resealed = hub.reseal().await?;
    let uses = hub.key_uses().await?;
    let newest = uses.first().map(|key| key.id.clone()).unwrap_or_default();
    say(
        program,
        &json!({ "key": newest, "values": resealed.values }),
        format!(
            "Key {newest} seals; {} sealed anew. Older keys still open: in two minutes take them away with `tongshi key \
             retire`, and keep them for backups made before.",
            print::count(resealed.values, "value", "values")
        ),
    )
}

async fn retire(program: &Program, hub: &Hub, now: bool, to: Option<PathBuf>) -> Result<Exit, Failure> {
    in_file(program, "retire")?;
    let idle = hub.idle_keys(now).await?;
    if !idle.is_empty() {
        key::remove(&program.config, &idle, to.as_deref())?;
    }
    let left = hub.key_uses().await?.iter().filter(|key| key.known && !idle.contains(&key.id)).count() - 1;
    let text = match (idle.is_empty(), left) {
        (true, 0) => "There is one key; nothing to retire.".to_owned(),
        (true, _) => {
            "The older keys are still needed, or were until two minutes ago; see `tongshi key status`."
                .to_owned()
        }
        (false, _) => format!("Retired: {}. Backups made before need what was retired.", idle.join(", ")),
    };
    say(program, &json!({ "retired": idle, "left": left }), text)?;
    Ok(if left > 0 { Exit::Incomplete } else { Exit::Done })
}

/// Only a file of ours can be changed; what the environment gives, its keeper must.
fn in_file(program: &Program, step: &str) -> Result<(), Failure> {
    if !key::is_given(&program.config) {
        return Ok(());
    }
    Err(Failure::usage(format!("TONGSHI_KEY gives the key, so `key {step}` cannot change it")).mend(
        "make a key with `openssl rand -hex 32`; restart every hub with TONGSHI_KEY=NEW,OLD; run `tongshi key rotate` \
         with the same TONGSHI_KEY; once `tongshi key status` says that the old one is not needed, restart with \
         TONGSHI_KEY=NEW",
    ))
}

fn say(program: &Program, value: &serde_json::Value, text: String) -> Result<Exit, Failure> {
    if program.json {
        print::json(value)?;
    } else {
        print::line(text)?;
    }
    Ok(Exit::Done)
}
