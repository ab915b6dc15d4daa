//! `tongshi doctor`: what is wrong and how to mend it.

use std::{os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use http::{Method, header};
use serde::Serialize;
use serde_json::json;
use tongshi_dialect::Message;
use tongshi_hub::{ConnectionView, Hub, Transports as _, Workspace};
use tongshi_model::parse_http_date;

use crate::{
    config::Problem,
    exit::{Exit, Failure},
    key, print,
    program::{Absent, DATABASE, Program},
    transport::HttpTransports,
};

/// Less free space than this is worth a word: a first sync of a large vendor takes about as much.
const FREE_MIB_MIN: u64 = 512;
/// Vendors refuse a time that is further off than some minutes.
const CLOCK_SECONDS_MAX: i64 = 60;
/// No clock that is right shows less: this program is younger (2025-01-01).
const BIRTH_SECONDS: i64 = 1_735_689_600;

/// Find out what is wrong and how to mend it.
#[derive(clap::Args)]
#[command(
    long_about = "Looks at the configuration, the data directory, the encryption key, the database, the clock, \
    the disk and every connection, and says for each finding how to mend it. Changes nothing, except that the database \
    is brought up to date."
)]
#[command(after_long_help = "\
Examples:
  tongshi doctor
  tongshi doctor --data DIR --json | jq '.findings[] | select(.ok == false)'

Exit codes: 0 nothing is wrong; 2 something is, and the output says how to mend it.")]
pub(crate) struct Args {
    /// Do not ask the vendors
    #[arg(long)]
    offline: bool,
}

/// One thing that was looked at.
#[derive(Serialize)]
struct Finding {
    /// What was looked at.
    about: String,
    /// Whether it is as it should be.
    ok: bool,
    /// What was found.
    text: String,
    /// How to mend it.
    mend: Option<String>,
}

impl Finding {
    fn good(about: impl Into<String>, text: impl Into<String>) -> Self {
        Self { about: about.into(), ok: true, text: text.into(), mend: None }
    }

    fn bad(about: impl Into<String>, text: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { about: about.into(), ok: false, text: text.into(), mend: Some(mend.into()) }
    }

    fn failed(about: impl Into<String>, failure: Failure) -> Self {
        let mend = failure.mend.unwrap_or_else(|| "run again with --log debug".to_owned());
        Self::bad(about, failure.what, mend)
    }
}

/// Runs the command.
pub(crate) async fn run(program: &Program, args: Args, problems: &[Problem]) -> Result<Exit, Failure> {
    let mut findings = configuration(program, problems);
    findings.push(clock(program));
    findings.extend(directory(program));
    match program.hub(Absent::Refuse).await {
        Ok(hub) => {
            findings.push(Finding::good("key", "fits the database"));
            findings.push(database(&hub).await);
            let workspace = hub.workspace(&program.config.workspace).await?;
            if !args.offline {
                connections(program, &hub, &workspace, &mut findings).await?;
            }
        }
        Err(failure) => findings.push(Finding::failed("database", failure)),
    }
    let well = findings.iter().all(|finding| finding.ok);
    if program.json {
        print::json(&json!({ "ok": well, "findings": findings }))?;
    } else {
        for finding in &findings {
            let mark = if finding.ok { "✓" } else { "✗" };
            print::line(format!("{mark} {}: {}", finding.about, print::clean(&finding.text)))?;
            if let Some(mend) = &finding.mend {
                print::line(format!("    to mend it: {}", print::clean(mend)))?;
            }
        }
    }
    Ok(if well { Exit::Done } else { Exit::Incomplete })
}

fn configuration(program: &Program, problems: &[Problem]) -> Vec<Finding> {
    if problems.is_empty() {
        let file = program.config.file.as_ref().map(|file| file.display().to_string());
        return vec![Finding::good("configuration", file.unwrap_or_else(|| "no file, defaults".to_owned()))];
    }
    problems
        .iter()
        .map(|problem| {
            Finding::bad(
                "configuration",
                format!("{}: {}", problem.place, problem.what),
                problem.mend.clone(),
            )
        })
        .collect()
}

fn clock(program: &Program) -> Finding {
    let now = program.clock.now();
    let text = format!("{} UTC", print::time(now));
    if now.as_second() < BIRTH_SECONDS {
        return Finding::bad(
            "clock",
            text,
            "set the machine's clock, best by NTP: vendors refuse a wrong time",
        );
    }
    Finding::good("clock", text)
}

fn directory(program: &Program) -> Vec<Finding> {
    let data = &program.config.data;
    let Ok(meta) = std::fs::metadata(data) else {
        return vec![Finding::bad(
            "data directory",
            format!("{} is not there", data.display()),
            "name the right one with --data, or make one with `tongshi connect` or `tongshi demo`",
        )];
    };
    let mut findings = Vec::new();
    if meta.permissions().readonly() {
        let text = format!("{} cannot be written to", data.display());
        findings.push(Finding::bad("data directory", text, "give this user the right to write there"));
    } else {
        findings.push(Finding::good("data directory", data.display().to_string()));
    }
    for name in [key::FILE, DATABASE, "demo.json"] {
        findings.extend(private(&data.join(name)));
    }
    findings.extend(disk(data));
    findings
}

/// A file that others on the machine could read.
fn private(path: &Path) -> Option<Finding> {
    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    let about = format!("permissions of {}", path.file_name()?.to_string_lossy());
    if mode & 0o077 == 0 {
        return Some(Finding::good(about, format!("{mode:o}")));
    }
    let text = format!("{mode:o}: other users of this machine may read it");
    Some(Finding::bad(about, text, format!("chmod 600 {}", path.display())))
}

/// The free space, as `df` tells it; a machine without it is not asked.
fn disk(data: &Path) -> Option<Finding> {
    let output = Command::new("df").arg("-Pk").arg("--").arg(data).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let free: u64 = text.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    let mib = free / 1024;
    if mib < FREE_MIB_MIN {
        return Some(Finding::bad(
            "disk",
            format!("{mib} MiB free"),
            "make room, or move the data directory",
        ));
    }
    Some(Finding::good("disk", format!("{mib} MiB free")))
}

async fn database(hub: &Hub) -> Finding {
    if let Err(error) = hub.store().check().await {
        return Finding::failed("database", error.into());
    }
    match hub.store().size_bytes().await {
        Ok(bytes) => Finding::good("database", format!("answers, up to date, {} MiB", bytes / 1024 / 1024)),
        Err(error) => Finding::failed("database", error.into()),
    }
}

async fn connections(
    program: &Program,
    hub: &Hub,
    workspace: &Workspace,
    findings: &mut Vec<Finding>,
) -> Result<(), Failure> {
    let transports = HttpTransports::new(&program.config.settings);
    for connection in hub.connections(workspace).await? {
        let about = format!("connection {}", connection.name);
        findings.extend(time_difference(program, &transports, &connection).await);
        match hub.check(workspace, &connection.name).await {
            Ok(health) => findings.push(Finding::good(about, health.text)),
            Err(error) => findings.push(Finding::failed(about, error.into())),
        }
    }
    Ok(())
}

/// How far the vendor's clock is from ours, from the date of any answer at all.
async fn time_difference(
    program: &Program,
    transports: &HttpTransports,
    connection: &ConnectionView,
) -> Option<Finding> {
    let transport = transports.open(&connection.base_url).ok()?;
    let reply = transport.send(Message::new(Method::GET, "/")).await.ok()?;
    let theirs = parse_http_date(reply.headers.get(header::DATE)?.to_str().ok()?)?;
    let ahead = theirs.as_second() - program.clock.now().as_second();
    let about = format!("clock of {}", connection.name);
    let text = format!("{ahead:+} s from ours");
    if ahead.abs() > CLOCK_SECONDS_MAX {
        return Some(Finding::bad(
            about,
            text,
            "set the clock that is wrong, best by NTP: signatures carry the time",
        ));
    }
    Some(Finding::good(about, text))
}
