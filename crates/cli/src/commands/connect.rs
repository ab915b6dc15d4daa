//! `tongshi connect`: checks an account at a vendor and stores it, encrypted.

use serde_json::{Value, json};
use tongshi_dialect::Descriptor;
use tongshi_hub::NewConnection;
use tongshi_model::ErrorKind;

use crate::{
    commands::status,
    config::nearest,
    exit::{Exit, Failure},
    pairs, print,
    program::{Absent, Program},
};

/// Connect an account at a vendor.
#[derive(clap::Args)]
#[command(
    long_about = "Connects an account at a vendor: asks the vendor whether it works, then stores it encrypted. \
    Connecting again under the same name changes the connection. Works without a server."
)]
#[command(after_long_help = "\
Examples:
  tongshi connect zhiren --name hr --set access_key=ak-1 --set secret_key=@secret.txt
      The secret is read from a file, so that it is in no shell history.
  printf '%s\\n' \"$SECRET\" | tongshi connect zhiren --name hr --set access_key=ak-1 --set secret_key=-
      The secret is read from standard input. TONGSHI_SET_SECRET_KEY=… in the environment works as well.
  tongshi connect zhiren --name test --base-url http://127.0.0.1:7070/d/zhiren --set … --no-check
      An account at a face of another hub, stored unseen.

Exit codes: 0 stored; 1 something is missing or unknown; 4 the vendor refused the credentials; \
    5 the vendor cannot be reached. Nothing is stored unless it ends with 0.")]
pub(crate) struct Args {
    /// The vendor: zhiren, …
    dialect: String,
    /// What to call the connection
    #[arg(long)]
    name: String,
    /// Where the vendor answers, if not at its usual address
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// A credential by the vendor's name for it: k=v, k=@FILE, or k=- for a line of standard input
    #[arg(long = "set", value_name = "K=V")]
    set: Vec<String>,
    /// A setting of the connection, its value in JSON or plain text
    #[arg(long = "setting", value_name = "K=JSON")]
    settings: Vec<String>,
    /// Store it without asking the vendor
    #[arg(long)]
    no_check: bool,
}

/// Runs the command.
pub(crate) async fn run(program: &Program, args: Args) -> Result<Exit, Failure> {
    let dialect = dialect(&args.dialect)?;
    let known = |name: &str| dialect.credential.iter().any(|field| field.name == name);
    let credential = pairs::credentials(&args.set, &program.config.credentials, known)?;
    for field in dialect.credential.iter().filter(|field| field.required) {
        if credential.get(field.name).is_none_or(|value| value.expose().is_empty()) {
            return Err(missing(dialect, field.name, field.about));
        }
    }
    let base_url = args.base_url.or_else(|| dialect.base_url.map(str::to_owned)).ok_or_else(|| {
        Failure::usage(format!("nobody knows where {} answers", dialect.title))
            .mend("give its address with --base-url")
    })?;
    let settings = Value::Object(pairs::settings("--setting", &args.settings)?);
    let new =
        NewConnection { dialect: dialect.id.to_owned(), name: args.name, base_url, credential, settings };
    let hub = program.hub(Absent::Make).await?;
    let workspace = hub.workspace(&program.config.workspace).await?;
    let health = if args.no_check {
        None
    } else {
        Some(hub.try_connection(&workspace, &new).await.map_err(|error| {
            let reached = !matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Invalid(_));
            let failure = Failure::from(error);
            let what = format!("{} (nothing was stored)", failure.what);
            let failure = Failure { what, ..failure };
            if reached {
                failure
            } else {
                failure.mend("see whether the base URL is right; --no-check stores the connection unseen")
            }
        })?)
    };
    let view = hub.connect(&workspace, new).await?;
    if program.json {
        let health = health.map(|health| health.text);
        print::json(&json!({ "connection": view, "health": health }))?;
    } else {
        let health = health.map_or_else(|| "not checked".to_owned(), |health| print::clean(&health.text));
        print::line(format!(
            "Connected '{}' to {} at {}: {health}.",
            view.name, dialect.title, view.base_url
        ))?;
        print::line(format!("Next: tongshi sync {}{}", view.name, status::places(program)))?;
    }
    Ok(Exit::Done)
}

/// The dialect with this name, or a list of those that there are.
pub(crate) fn dialect(id: &str) -> Result<&'static Descriptor, Failure> {
    if let Some(found) = tongshi_dialects::ALL.iter().find(|dialect| dialect.id == id) {
        return Ok(found);
    }
    let ids: Vec<&str> = tongshi_dialects::ALL.iter().map(|dialect| dialect.id).collect();
    let near =
        nearest(id, ids.iter().copied()).map(|near| format!("did you mean {near}? ")).unwrap_or_default();
    Err(Failure::usage(format!("there is no dialect '{id}'"))
        .mend(format!("{near}there are: {}", ids.join(", "))))
}

fn missing(dialect: &Descriptor, name: &str, about: &str) -> Failure {
    let mut mend = format!("give it with --set {name}=…, or TONGSHI_SET_{}=…", name.to_ascii_uppercase());
    mend.push_str(". All credentials of ");
    mend.push_str(dialect.title);
    for field in dialect.credential {
        let needed = if field.required { "" } else { " (may be left out)" };
        mend.push_str(&format!("\n    {}: {}{needed}", field.name, field.about));
    }
    Failure::usage(format!("the credential {name} is missing: {about}")).mend(mend)
}
