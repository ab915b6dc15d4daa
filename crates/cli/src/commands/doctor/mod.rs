//! `tongshi doctor`: what is wrong and how to mend it. The machine, the hub's own data, and the vendors, one file each.

mod hub;
mod machine;
mod vendors;

use serde::Serialize;
use serde_json::json;
use tongshi_dialect::State;

use crate::{
    config::Problem,
    exit::{Exit, Failure},
    print,
    program::Program,
};

/// Find out what is wrong and how to mend it.
#[derive(clap::Args)]
#[command(
    long_about = "Looks at the configuration, the machine, the data directory, the encryption key, the database, work \
    that waits, and every connection: whether the vendor is reached, how far its clock is off, whether it accepts the \
    account, and which of its interfaces the account may not use, by the vendor's own names. Says for each finding how to \
    mend it. Changes nothing."
)]
#[command(after_long_help = "\
Examples:
  tongshi doctor
  tongshi doctor --deep                                 read the whole database too
  tongshi doctor --data DIR --json | jq '.findings[] | select(.ok == false)'

✓ is as it should be, ✗ is wrong, ? cannot be told from here or is for you to judge.

Exit codes: 0 nothing is wrong; 2 something is, and the output says how to mend it.")]
pub(crate) struct Args {
    /// Do not ask the vendors
    #[arg(long)]
    offline: bool,
    /// Read the whole database file for damage; takes about as long as a backup
    #[arg(long)]
    deep: bool,
}

/// One thing that was looked at.
#[derive(Serialize)]
struct Finding {
    /// What was looked at.
    about: String,
    /// Whether nothing is wrong with it as far as can be told.
    ok: bool,
    /// `good`, `bad` or `unknown`.
    state: State,
    /// What was found.
    text: String,
    /// How to mend it.
    mend: Option<String>,
    /// What the vendor calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    vendor_name: Option<String>,
}

impl Finding {
    fn new(about: impl Into<String>, state: State, text: impl Into<String>, mend: Option<String>) -> Self {
        let ok = state != State::Bad;
        Self { about: about.into(), ok, state, text: text.into(), mend, vendor_name: None }
    }

    fn good(about: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(about, State::Good, text, None)
    }

    fn bad(about: impl Into<String>, text: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(about, State::Bad, text, Some(mend.into()))
    }

    /// Neither good nor bad: something for a person to judge.
    fn judge(about: impl Into<String>, text: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(about, State::Unknown, text, Some(mend.into()))
    }

    fn failed(about: impl Into<String>, failure: Failure) -> Self {
        let mend = failure.mend.unwrap_or_else(|| "run again with --log debug".to_owned());
        Self::bad(about, failure.what, mend)
    }
}

/// Runs the command.
pub(crate) async fn run(program: &Program, args: Args, problems: &[Problem]) -> Result<Exit, Failure> {
    let mut findings = machine::configuration(program, problems);
    findings.extend(machine::safety(program));
    findings.push(machine::clock(program));
    findings.extend(machine::directory(program));
    let opened = hub::look(program, args.deep, &mut findings).await?;
    if let Some((hub, workspace)) = opened {
        for connection in hub.connections(&workspace).await? {
            hub::connection(program, &hub, &workspace, &connection, &mut findings).await?;
            if !args.offline && !connection.disabled {
                vendors::look(program, &hub, &workspace, &connection, &mut findings).await;
            }
        }
    }
    let well = findings.iter().all(|finding| finding.ok);
    if program.json {
        print::json(&json!({ "ok": well, "findings": findings }))?;
    } else {
        findings.iter().try_for_each(show)?;
    }
    Ok(if well { Exit::Done } else { Exit::Incomplete })
}

fn show(finding: &Finding) -> Result<(), Failure> {
    let mark = match finding.state {
        State::Good => "✓",
        State::Bad => "✗",
        State::Unknown => "?",
    };
    let named = finding.vendor_name.as_ref().map(|name| format!(" [{name}]")).unwrap_or_default();
    let text = format!("{mark} {}{named}: {}", finding.about, finding.text);
    print::line(print::clean(&text))?;
    match &finding.mend {
        Some(mend) if finding.ok => print::line(format!("    {}", print::clean(mend))),
        Some(mend) => print::line(format!("    to mend it: {}", print::clean(mend))),
        None => Ok(()),
    }
}

/// A time that has passed, in the unit that says the most.
fn span(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}
