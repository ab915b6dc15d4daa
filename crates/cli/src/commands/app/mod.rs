//! `tongshi app`: programs that call faces and `/v1`.

mod given;
mod show;

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use tongshi_hub::{Access, Actor, AppChange, FaceKeys, NewApp, NewAppKeys, Scopes};

use crate::{
    exit::{Exit, Failure},
    pairs, print,
    program::{Absent, Program},
};
use given::Given;

/// Register programs that call faces and /v1, limit them, lock them out.
#[derive(clap::Args)]
#[command(
    long_about = "Registers programs that call the faces and /v1. An app's keys are shown once, when they are made. \
    `rotate` makes fresh ones while the old ones stay good for a grace, so that the program can change over without a \
    gap. Without --sensitivity restricted an app never gets identity numbers, bank cards and pay; without --admin it \
    administrates nothing."
)]
#[command(after_long_help = "\
Examples:
  tongshi app create payroll                                     reads /v1, up to contact data
  tongshi app create kiosk --face zhiren --write --sensitivity personal --redirect-uri https://kiosk.example.com/back
  tongshi app create desk --write --kind approval --action approval:approve --allow-ip 10.1.0.0/16 --allow-ip 2001:db8::7
  tongshi app create ops --admin                                 may also use /v1/apps
  tongshi app update kiosk --face zhiren --requests-per-minute 600 --allow-ip any
  tongshi app rotate kiosk --grace 2h                            fresh keys; --grace 0 ends the old ones at once
  tongshi app list
  tongshi app show kiosk
  tongshi app disable kiosk
  tongshi app delete kiosk
  tongshi app code zhiren.bind_code --lifetime-seconds 3600

Exit codes: 0 done; 1 there is no such app, face or kind, or there is an app of this name already.")]
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
    /// Register an app
    Create {
        /// What to call it
        name: String,
        /// What it may
        #[command(flatten)]
        given: Box<Given>,
    },
    /// Change what an app may; what is not named stays, a list that is named is replaced
    Update {
        /// The app
        name: String,
        /// A face that it may call no more
        #[arg(long = "remove-face", value_name = "DIALECT")]
        removed: Vec<String>,
        /// What it may
        #[command(flatten)]
        given: Box<Given>,
    },
    /// Give an app fresh keys everywhere; the old ones stay good for a grace
    Rotate {
        /// The app
        name: String,
        /// How long the old keys stay good, such as 24h, 30m or 0
        #[arg(long, value_name = "TIME", value_parser = span, default_value = "24h")]
        grace: Duration,
    },
    /// List the apps
    List,
    /// Show an app and its keys, without secrets
    Show {
        /// The app
        name: String,
    },
    /// Lock an app out, everywhere and at once
    Disable {
        /// The app
        name: String,
    },
    /// Let an app in again
    Enable {
        /// The app
        name: String,
    },
    /// Remove an app, its keys and what was issued to it
    Delete {
        /// The app
        name: String,
    },
}

/// Runs the command.
pub(crate) async fn run(program: &Program, args: Args) -> Result<Exit, Failure> {
    match args.action {
        Action::Create { name, given } => create(program, name, &given).await?,
        Action::Update { name, removed, given } => update(program, &name, &removed, &given).await?,
        Action::Rotate { name, grace } => rotate(program, &name, grace).await?,
        Action::List => show::list(program).await?,
        Action::Show { name } => show::one(program, &name).await?,
        Action::Disable { name } => switch(program, &name, true).await?,
        Action::Enable { name } => switch(program, &name, false).await?,
        Action::Delete { name } => {
            let (hub, workspace) = program.open().await?;
            hub.delete_app(&workspace, &name, &Actor::cli()).await?;
            said(program, &json!({ "app": name, "deleted": true }), format!("The app '{name}' is gone."))?;
        }
        Action::Code { purpose, lifetime_seconds } => {
            let (hub, workspace) = program.open().await?;
            let code = hub.issue_code(&workspace, &purpose, lifetime_seconds).await?;
            said(program, &json!({ "purpose": purpose, "code": code }), code.clone())?;
        }
    }
    Ok(Exit::Done)
}

async fn create(program: &Program, name: String, given: &Given) -> Result<(), Failure> {
    let faces = given.faces()?;
    let (mut scopes, mut access) = (Scopes::default(), Access::default());
    given.apply(&mut scopes, &mut access)?;
    let settings = Value::Object(pairs::settings("--setting", &given.settings)?);
    let hub = program.hub(Absent::Make).await?;
    let workspace = hub.workspace(&program.config.workspace).await?;
    let new = NewApp { name, faces, scopes, settings, access };
    let keys = hub.create_app(&workspace, new, &Actor::cli()).await?;
    show_keys(program, &keys, "is registered. Its keys are shown this once:")
}

async fn rotate(program: &Program, name: &str, grace: Duration) -> Result<(), Failure> {
    let (hub, workspace) = program.open().await?;
    let keys = hub.rotate_app(&workspace, name, grace, &Actor::cli()).await?;
    let old = keys.app.keys.iter().find_map(|key| key.ends_at);
    let old = old.map_or_else(
        || "the old ones have ended".to_owned(),
        |end| format!("the old ones end at {} UTC", print::time(end)),
    );
    show_keys(program, &keys, &format!("has fresh keys, shown this once; {old}:"))
}

async fn update(program: &Program, name: &str, removed: &[String], given: &Given) -> Result<(), Failure> {
    let added = given.faces()?;
    let settings = pairs::settings("--setting", &given.settings)?;
    let (hub, workspace) = program.open().await?;
    let app = hub.app(&workspace, name).await?;
    let (mut scopes, mut access) = (app.scopes, app.access);
    given.apply(&mut scopes, &mut access)?;
    let mut faces = app.faces;
    faces.extend(added);
    faces.retain(|face| !removed.contains(face));
    let change = AppChange { faces: Some(faces), scopes: Some(scopes), settings, access: Some(access) };
    let (app, keys) = hub.update_app(&workspace, name, change, &Actor::cli()).await?;
    if program.json {
        return print::json(&json!({ "app": app, "faces": exposed(&keys) }));
    }
    show::details(&app)?;
    if !keys.is_empty() {
        print::line("Its new keys are shown this once:")?;
        show_face_keys(&keys)?;
    }
    Ok(())
}

async fn switch(program: &Program, name: &str, off: bool) -> Result<(), Failure> {
    let (hub, workspace) = program.open().await?;
    hub.disable_app(&workspace, name, off, &Actor::cli()).await?;
    let word = if off { "off" } else { "on" };
    let text = format!("The app '{name}' is switched {word}.");
    said(program, &json!({ "app": name, "disabled": off }), text)
}

fn said(program: &Program, value: &Value, text: String) -> Result<(), Failure> {
    if program.json { print::json(value) } else { print::line(text) }
}

fn show_keys(program: &Program, keys: &NewAppKeys, how: &str) -> Result<(), Failure> {
    if program.json {
        return print::json(&json!({
            "app": keys.app,
            "api_key": keys.api_key.expose(),
            "faces": face_keys(keys),
        }));
    }
    print::line(format!("The app '{}' {how}", keys.app.name))?;
    print::line(format!("  /v1\n    api_key     {}", keys.api_key.expose()))?;
    show_face_keys(&keys.faces)
}

fn show_face_keys(keys: &FaceKeys) -> Result<(), Failure> {
    for (face, fields) in exposed(keys) {
        print::line(format!("  {face}"))?;
        for (name, value) in fields {
            print::line(format!("    {name:11} {value}"))?;
        }
    }
    Ok(())
}

/// The keys of the faces, shown.
pub(crate) fn face_keys(keys: &NewAppKeys) -> BTreeMap<&str, BTreeMap<&str, &str>> {
    exposed(&keys.faces)
}

fn exposed(keys: &FaceKeys) -> BTreeMap<&str, BTreeMap<&str, &str>> {
    keys.iter()
        .map(|(face, fields)| {
            let fields = fields.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
            (face.as_str(), fields)
        })
        .collect()
}

/// A span of time: a number with s, m, h or d behind it; a bare number is seconds.
fn span(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let seconds = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => 0,
    };
    let number = digits.parse::<u64>().ok().filter(|_| seconds > 0);
    number
        .and_then(|number| number.checked_mul(seconds))
        .map(Duration::from_secs)
        .ok_or_else(|| "it is a time such as 24h, 30m, 90s, 2d or 0".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_unit() {
        let seconds = |text| span(text).map(|span| span.as_secs());
        assert_eq!([seconds("0"), seconds("90s"), seconds("30m")], [Ok(0), Ok(90), Ok(1800)]);
        assert_eq!([seconds("24h"), seconds("2d"), seconds("7")], [Ok(86_400), Ok(172_800), Ok(7)]);
        for text in ["", "h", "1w", "-1h", "1.5h", "24 h", "99999999999999999999d"] {
            assert!(span(text).is_err(), "{text}");
        }
    }
}
