//! `tongshi app`: programs that call faces and `/v1`.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tongshi_hub::{NewApp, NewAppKeys, Scopes};
use tongshi_model::{Kind, Sensitivity};

use crate::{
    commands::{connect, records},
    exit::{Exit, Failure},
    pairs, print,
    program::{Absent, Program},
};

/// Register programs that call faces and /v1.
#[derive(clap::Args)]
#[command(
    long_about = "Registers programs that call the faces and /v1. An app's keys are shown once, when it is \
    created; creating it again gives fresh keys and ends the old ones."
)]
#[command(after_long_help = "\
Examples:
  tongshi app create payroll                                     reads /v1, up to contact data
  tongshi app create kiosk --face zhiren --write --sensitivity personal --setting callback_url=https://kiosk.example.com/back
  tongshi app list
  tongshi app disable kiosk
  tongshi app code zhiren.bind_code --lifetime-seconds 3600

Exit codes: 0 done; 1 there is no such app, face or kind.")]
pub(crate) struct Args {
    /// What to do
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Make a code that somebody uses once at a face, such as zhiren.bind_code
    Code {
        /// What it is for
        purpose: String,
        /// How long it is valid
        #[arg(long, value_name = "SECONDS")]
        lifetime_seconds: Option<i64>,
    },
    /// Register an app, or give it fresh keys
    Create(Create),
    /// List the apps
    List,
    /// Switch an app off
    Disable {
        /// The app
        name: String,
        /// Switch it on again
        #[arg(long)]
        enable: bool,
    },
}

#[derive(clap::Args)]
struct Create {
    /// What to call it
    name: String,
    /// A face that it may call, by dialect
    #[arg(long = "face", value_name = "DIALECT")]
    faces: Vec<String>,
    /// The most private fields that it may see: public, contact, personal, restricted
    #[arg(long, value_parser = sensitivity, default_value = "contact")]
    sensitivity: Sensitivity,
    /// Let it write
    #[arg(long)]
    write: bool,
    /// A kind that it may see; all if none is given
    #[arg(long = "kind", value_name = "KIND")]
    kinds: Vec<String>,
    /// An operation of a face that it may call, or a prefix with *; all if none is given
    #[arg(long = "operation", value_name = "NAME")]
    operations: Vec<String>,
    /// A setting that faces read, its value in JSON or plain text
    #[arg(long = "setting", value_name = "K=V")]
    settings: Vec<String>,
}

fn sensitivity(text: &str) -> Result<Sensitivity, String> {
    match text {
        "public" => Ok(Sensitivity::Public),
        "contact" => Ok(Sensitivity::Contact),
        "personal" => Ok(Sensitivity::Personal),
        "restricted" => Ok(Sensitivity::Restricted),
        _ => Err("it is public, contact, personal or restricted".to_owned()),
    }
}

/// Runs the command.
pub(crate) async fn run(program: &Program, args: Args) -> Result<Exit, Failure> {
    match args.action {
        Action::Create(create) => self::create(program, create).await?,
        Action::List => list(program).await?,
        Action::Code { purpose, lifetime_seconds } => {
            let (hub, workspace) = program.open().await?;
            let code = hub.issue_code(&workspace, &purpose, lifetime_seconds).await?;
            if program.json {
                print::json(&json!({ "purpose": purpose, "code": code }))?;
            } else {
                print::line(code)?;
            }
        }
        Action::Disable { name, enable } => {
            let (hub, workspace) = program.open().await?;
            hub.disable_app(&workspace, &name, !enable).await?;
            let word = if enable { "on" } else { "off" };
            if program.json {
                print::json(&json!({ "app": name, "disabled": !enable }))?;
            } else {
                print::line(format!("The app '{name}' is switched {word}."))?;
            }
        }
    }
    Ok(Exit::Done)
}

async fn create(program: &Program, create: Create) -> Result<(), Failure> {
    for face in &create.faces {
        connect::dialect(face)?;
    }
    let kinds: Vec<Kind> = create.kinds.iter().map(|name| records::kind(name)).collect::<Result<_, _>>()?;
    let scopes = Scopes {
        sensitivity: create.sensitivity,
        write: create.write,
        kinds: Some(kinds).filter(|kinds| !kinds.is_empty()),
        operations: Some(create.operations).filter(|operations| !operations.is_empty()),
    };
    let settings = Value::Object(pairs::settings("--setting", &create.settings)?);
    let hub = program.hub(Absent::Make).await?;
    let workspace = hub.workspace(&program.config.workspace).await?;
    let new = NewApp { name: create.name, faces: create.faces, scopes, settings };
    let keys = hub.create_app(&workspace, new).await?;
    if program.json {
        return print::json(&json!({
            "app": keys.app,
            "api_key": keys.api_key.expose(),
            "faces": face_keys(&keys),
        }));
    }
    print::line(format!("The app '{}' is registered. Its keys are shown this once:", keys.app.name))?;
    print::line(format!("  /v1\n    api_key     {}", keys.api_key.expose()))?;
    for (face, fields) in face_keys(&keys) {
        print::line(format!("  {face}"))?;
        for (name, value) in fields {
            print::line(format!("    {name:11} {value}"))?;
        }
    }
    Ok(())
}

/// The keys of the faces, shown.
pub(crate) fn face_keys(keys: &NewAppKeys) -> BTreeMap<&str, BTreeMap<&str, &str>> {
    keys.faces
        .iter()
        .map(|(face, fields)| {
            let fields = fields.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
            (face.as_str(), fields)
        })
        .collect()
}

async fn list(program: &Program) -> Result<(), Failure> {
    let (hub, workspace) = program.open().await?;
    let apps = hub.apps(&workspace).await?;
    if program.json {
        return print::json(&apps);
    }
    if apps.is_empty() {
        return print::line("No apps yet; make one with `tongshi app create`.");
    }
    let rows = apps.iter().map(|app| {
        let sees = serde_json::to_value(app.scopes.sensitivity).unwrap_or_default();
        [
            app.name.clone(),
            app.faces.join(", "),
            sees.as_str().unwrap_or_default().to_owned(),
            if app.scopes.write { "yes" } else { "no" }.to_owned(),
            if app.disabled { "off" } else { "on" }.to_owned(),
            print::time(app.created_at),
        ]
    });
    print::line(print::table(["app", "faces", "sees up to", "writes", "switched", "created (UTC)"], rows))
}
