//! `tongshi sign`: how a request is signed, step by step, without the secret.

use std::{collections::BTreeMap, fmt::Write as _};

use http::Method;
use serde_json::{Map, Value, json};
use tongshi_dialect::{Credential, Descriptor, Explanation, Message};
use tongshi_model::Timestamp;

use crate::{
    commands::{connect, status::shell},
    exit::{Exit, Failure},
    pairs, print,
    program::Program,
};

/// Sign a request and show each step.
#[derive(clap::Args)]
#[command(
    long_about = "Signs a request as a vendor wants it and shows each step: the parts, the text that is signed, \
    the signature, and a curl line that is ready to run. The secret itself is not shown. Nothing is sent."
)]
#[command(after_long_help = "\
Examples:
  tongshi sign zhiren GET /api/v2/departments --set access_key=ak-demo --set secret_key=sk-demo --tonce 1500000000
  tongshi sign zhiren GET /api/v2/employees --connection hr --payload '{\"token\":\"t-1\"}'
  tongshi sign zhiren GET /api/v2/departments --connection hr --json | jq -r .curl | sh

Exit codes: 0 signed; 1 there is no such dialect or connection, or a credential is missing.")]
pub(crate) struct Args {
    /// The vendor whose rules count
    dialect: String,
    /// GET, POST, …
    #[arg(value_parser = method)]
    method: Method,
    /// The vendor's path, with a query if there is one
    path: String,
    /// A credential by the vendor's name for it: k=v, k=@FILE, or k=- for a line of standard input
    #[arg(long = "set", value_name = "K=V")]
    set: Vec<String>,
    /// Take the credentials of this connection
    #[arg(long, value_name = "NAME", conflicts_with = "set")]
    connection: Option<String>,
    /// The payload, sent in the query as `payload` exactly as it is written here
    #[arg(long, value_name = "TEXT")]
    payload: Option<String>,
    /// The time to sign, in seconds since 1970; now if not given
    #[arg(long, value_name = "N")]
    tonce: Option<i64>,
    /// Where the curl line points
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
}

fn method(text: &str) -> Result<Method, String> {
    text.to_ascii_uppercase().parse().map_err(|_| "a method is GET, POST, PUT, PATCH or DELETE".to_owned())
}

/// Runs the command.
pub(crate) async fn run(program: &Program, args: Args) -> Result<Exit, Failure> {
    let dialect = connect::dialect(&args.dialect)?;
    let (credential, connected_to) = credential(program, &args, dialect).await?;
    let now = match args.tonce {
        Some(seconds) => Timestamp::from_second(seconds)
            .map_err(|_| Failure::usage("--tonce is out of range").mend("give seconds since 1970"))?,
        None => program.clock.now(),
    };
    let mut message = message(&args)?;
    let explanation = (dialect.sign)(&mut message, &credential, now)?;
    let base = args.base_url.or(connected_to).or_else(|| dialect.base_url.map(str::to_owned));
    let signed = Signed {
        curl: curl(base.as_deref().unwrap_or("https://vendor.example.com"), &message),
        message,
        explanation,
    };
    if program.json {
        print::json(&signed.json())?;
    } else {
        print::line(signed.text(dialect))?;
    }
    Ok(Exit::Done)
}

/// The account, and where its connection points.
async fn credential(
    program: &Program,
    args: &Args,
    dialect: &Descriptor,
) -> Result<(Credential, Option<String>), Failure> {
    let Some(name) = &args.connection else {
        let known = |name: &str| dialect.credential.iter().any(|field| field.name == name);
        let values: BTreeMap<_, _> = pairs::credentials(&args.set, &program.config.credentials, known)?;
        return Ok((Credential::new(values), None));
    };
    let (hub, workspace) = program.open().await?;
    let (found, credential) = hub.credential(&workspace, name).await?;
    if found.id != dialect.id {
        return Err(Failure::usage(format!("the connection '{name}' is one to {}", found.title))
            .mend(format!("use `tongshi sign {}`, or another connection", found.id)));
    }
    let connections = hub.connections(&workspace).await?;
    let base_url = connections.into_iter().find(|found| found.name == *name).map(|found| found.base_url);
    Ok((credential, base_url))
}

fn message(args: &Args) -> Result<Message, Failure> {
    if !args.path.starts_with('/') {
        return Err(Failure::usage("a path begins with a slash")
            .mend("give the vendor's path without scheme and host"));
    }
    let (path, query) = args.path.split_once('?').unwrap_or((&args.path, ""));
    let mut message = Message::new(args.method.clone(), path);
    message.query = query.to_owned();
    if let Some(payload) = &args.payload {
        message.add_query("payload", payload);
    }
    Ok(message)
}

/// A signed message with its explanation.
struct Signed {
    message: Message,
    explanation: Explanation,
    curl: String,
}

impl Signed {
    fn json(&self) -> Value {
        let parts: Vec<Value> = self
            .explanation
            .parts
            .iter()
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect();
        let headers: Map<String, Value> =
            headers(&self.message).map(|(name, value)| (name.to_owned(), Value::String(value))).collect();
        json!({
            "parts": parts,
            "string_to_sign": self.explanation.string_to_sign,
            "algorithm": self.explanation.algorithm,
            "signature": self.explanation.received,
            "method": self.message.method.as_str(),
            "path": self.message.path,
            "query": self.message.query,
            "headers": headers,
            "curl": self.curl,
        })
    }

    fn text(&self, dialect: &Descriptor) -> String {
        let mut text = format!("How {} wants it signed\n\n1. The parts, in this order:\n", dialect.title);
        let width = self.explanation.parts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        for (name, value) in &self.explanation.parts {
            let value = if value.is_empty() { "(empty)" } else { value };
            let _ = writeln!(text, "     {name:width$}  {}", print::clean(value));
        }
        let _ =
            writeln!(text, "\n2. Put together, this is the text that is signed (UTF-8, nothing in between):");
        let _ = writeln!(text, "     {}", print::clean(&self.explanation.string_to_sign));
        let _ = writeln!(text, "\n3. Signed: {}", self.explanation.algorithm);
        let signature = self.explanation.received.as_deref().unwrap_or("(nothing is signed)");
        let _ = writeln!(text, "     {signature}");
        let _ = write!(text, "\n4. Sent:\n     {}", self.curl);
        text
    }
}

/// A line that sends the message with curl.
pub(crate) fn curl(base_url: &str, message: &Message) -> String {
    let mut address = format!("{}{}", base_url.trim_end_matches('/'), message.path);
    if !message.query.is_empty() {
        address.push('?');
        address.push_str(&message.query);
    }
    let mut line = String::from("curl -sS");
    if message.method != Method::GET {
        let _ = write!(line, " -X {}", message.method);
    }
    for (name, value) in headers(message) {
        let _ = write!(line, " -H {}", shell(&format!("{name}: {value}")));
    }
    if !message.body.is_empty() {
        let _ = write!(line, " --data-binary {}", shell(&String::from_utf8_lossy(&message.body)));
    }
    let _ = write!(line, " {}", shell(&address));
    line
}

fn headers(message: &Message) -> impl Iterator<Item = (&str, String)> {
    let pairs = message.headers.iter();
    pairs.map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
}
