//! `tongshi requests`: what faces, events' addresses and `/v1` refused, and why.

use serde_json::Value;
use tongshi_hub::{RequestQuery, RequestView};

use crate::{
    exit::{Exit, Failure},
    pairs, print,
    program::Program,
};

/// Look at calls that were refused, and why.
#[derive(clap::Args)]
#[command(
    long_about = "Shows calls of faces, vendors' events and /v1: by default those that were refused or failed, for \
    seven days (request_log, request_log_days). Where a signature was wrong, `show` prints how the face computed what \
    is signed, part by part, without secrets and without what the parts say about people."
)]
#[command(after_long_help = "\
Examples:
  tongshi requests list --face zhiren --since 1h
  tongshi requests show 17
  tongshi app create kiosk --face zhiren --setting request_log=bodies    keeps this app's bodies, redacted

Exit codes: 0 shown; 1 there is no such request, or the command line is wrong.")]
pub(crate) struct Args {
    /// What to do
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// List calls, newest first
    List(List),
    /// Show one call with everything that is known
    Show {
        /// Its number
        no: i64,
    },
}

#[derive(clap::Args)]
struct List {
    /// Only those of this face, or v1 or hooks
    #[arg(long)]
    face: Option<String>,
    /// Only those of this app
    #[arg(long)]
    app: Option<String>,
    /// Only those with this HTTP status
    #[arg(long)]
    status: Option<u16>,
    /// Only those from this instant on, or so long ago: 2026-03-16T02:00:00Z, 24h, 7d
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Only those before this number
    #[arg(long, value_name = "NO")]
    before: Option<i64>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
}

/// Runs the command. Whoever has the data directory also sees calls with keys that nobody has.
pub(crate) async fn run(program: &Program, args: Args) -> Result<Exit, Failure> {
    let (hub, workspace) = program.open().await?;
    match args.action {
        Action::List(list) => {
            let now = program.clock.now();
            let since = list.since.map(|text| pairs::instant("--since", &text, now)).transpose()?;
            let query = RequestQuery {
                before: list.before,
                face: list.face,
                app: list.app,
                status: list.status,
                since,
                nobodys: true,
            };
            let page = hub.requests(&workspace, &query, list.limit).await?;
            if program.json {
                print::json(&page)?;
            } else if page.data.is_empty() {
                print::line("No call is kept that fits.")?;
            } else {
                print::line(print::table(
                    ["no", "at (UTC)", "where", "operation", "app", "status", "code", "ms", "why"],
                    page.data.iter().map(row),
                ))?;
            }
        }
        Action::Show { no } => {
            let request = hub.request(&workspace, no, true).await?;
            if program.json {
                print::json(&request)?;
            } else {
                show(&request)?;
            }
        }
    }
    Ok(Exit::Done)
}

fn row(request: &RequestView) -> [String; 9] {
    [
        request.no.to_string(),
        print::time(request.at),
        request.face.clone(),
        request.operation.clone(),
        if request.app.is_empty() { "(nobody's)".to_owned() } else { request.app.clone() },
        request.status.to_string(),
        request.code.clone(),
        format!("{:.1}", request.took_us as f64 / 1000.0),
        print::short(&request.reason),
    ]
}

fn show(request: &RequestView) -> Result<(), Failure> {
    let detail: Value = serde_json::from_str(request.detail.get())?;
    print::line(format!("Request {}, answered at {} UTC", request.no, print::time(request.at)))?;
    let app = if request.app.is_empty() { "nobody's" } else { &request.app };
    for (name, value) in [
        ("where", format!("{} {}", request.face, request.operation)),
        ("app", app.to_owned()),
        ("from", request.address.clone()),
        ("status", format!("{} {}", request.status, request.code)),
        ("why", request.reason.clone()),
        ("took", format!("{:.1} ms", request.took_us as f64 / 1000.0)),
        ("sizes", format!("{} bytes in, {} bytes out", request.bytes_in, request.bytes_out)),
    ] {
        print::line(format!("  {name:<8}{}", print::clean(value.trim())))?;
    }
    if let Some(signature) = detail.get("signature") {
        signed(signature)?;
    }
    let rest = ["method", "path", "proof", "key_known", "request_id", "query", "body", "answer"];
    for (name, value) in rest.iter().filter_map(|name| Some((name, detail.get(*name)?))) {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        print::line(format!("  {name:<12}{}", print::clean(&text)))?;
    }
    Ok(())
}

/// How the face computed what is signed. The caller compares with what it signed itself.
fn signed(signature: &Value) -> Result<(), Failure> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    print::line("  what the face signed, in this order (values that may name people are shown by size):")?;
    let parts = signature["parts"].as_array().into_iter().flatten();
    let rows = parts.map(|part| [text(&part["part"]), text(&part["bytes"]), text(&part["value"])]);
    print::line(print::table(["part", "bytes", "value"], rows))?;
    for (name, key) in [("bytes", "string_to_sign_bytes"), ("by", "algorithm"), ("you sent", "received")] {
        print::line(format!("  {name:<12}{}", print::clean(&text(&signature[key]))))?;
    }
    print::line(format!("  {}", text(&signature["how_to_compare"])))
}
