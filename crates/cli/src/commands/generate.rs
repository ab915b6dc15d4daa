//! `tongshi gen docs`: writes the documents that are made from code, or says which are out of date.

use std::{fmt::Write as _, path::PathBuf};

use tongshi_dialect::{Capability, Contract, Descriptor};

use crate::{
    config::Settings,
    exit::{self, Exit, Failure},
    print,
};

/// Write the generated documents.
#[derive(clap::Args)]
#[command(hide = true)]
pub(crate) struct Args {
    /// What to make: docs
    #[arg(value_parser = ["docs"])]
    what: String,
    /// Write nothing; fail if a document is out of date
    #[arg(long)]
    check: bool,
    /// Where the documents lie
    #[arg(long, value_name = "DIR", default_value = "docs")]
    out: PathBuf,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let mut stale = Vec::new();
    let documents = [
        ("CONFIG.md", config()),
        ("COVERAGE.md", coverage()),
        ("METRICS.md", metrics()),
        ("RETENTION.md", retention()),
        ("openapi.json", openapi()?),
    ];
    for (name, text) in documents {
        let path = args.out.join(name);
        if std::fs::read_to_string(&path).is_ok_and(|old| old == text) {
            continue;
        }
        stale.push(name);
        if !args.check {
            std::fs::create_dir_all(&args.out)?;
            std::fs::write(&path, text)?;
        }
    }
    let names = stale.join(", ");
    match (args.check, stale.is_empty()) {
        (_, true) => print::line("The documents are up to date.")?,
        (false, false) => print::line(format!("Written to {}: {names}.", args.out.display()))?,
        (true, false) => {
            return Err(Failure::new(
                Exit::Incomplete,
                format!("out of date in {}: {names}", args.out.display()),
            )
            .mend("run `cargo run -- gen docs` and commit what it writes"));
        }
    }
    Ok(Exit::Done)
}

fn config() -> String {
    let mut text = String::from(
        "# Configuration\n\n<!-- Made by `tongshi gen docs` from the table in crates/cli/src/config/settings.rs. -->\n\n\
         Settings come from compiled-in defaults, then a file (`DIR/tongshi.toml`, or `--config FILE`), then the\n\
         environment. Unknown names are errors. `tongshi config check` says what is wrong and how to mend it,\n\
         `tongshi config show` prints what is in effect, secrets hidden.\n\n\
         Where things lie is said on the command line or in the environment, not in the file:\n\n\
         | Option | Environment | Default | What it is for |\n|---|---|---|---|\n\
         | `--data DIR` | `TONGSHI_DATA` | `./tongshi-data` (`demo`: `./tongshi-demo`) | the data directory: database, key, configuration |\n\
         | `--config FILE` | `TONGSHI_CONFIG` | `DIR/tongshi.toml`, if it is there | the configuration file |\n\
         | `--workspace NAME` | `TONGSHI_WORKSPACE` | `main` | the organisation whose data is meant |\n\
         | `--set k=v` of `connect`, `sign` | `TONGSHI_SET_K` | | a credential by the vendor's name for it |\n\n\
         The settings:\n\n| Setting | Environment | Form | Default | What it is for |\n|---|---|---|---|---|\n",
    );
    for row in Settings::default().rows() {
        let form = Settings::bounds(row.name)
            .map_or_else(|| row.form.to_owned(), |(low, high)| format!("{}, {low} to {high}", row.form));
        let default = match row.name {
            "worker_threads" => "the machine's, at least 2".to_owned(),
            _ if row.value.is_empty() => String::new(),
            _ => format!("`{}`", row.value),
        };
        let variable = row.name.to_ascii_uppercase();
        let _ =
            writeln!(text, "| `{}` | `TONGSHI_{variable}` | {form} | {default} | {} |", row.name, row.about);
    }
    text.push_str("\nAn example:\n\n```toml\nlisten = \"0.0.0.0:7070\"\nlog_format = \"json\"\nwindow_days = 62\n\n[faces]\nzhiren = \"0.0.0.0:7071\"\n```\n\n");
    text.push_str("## Exit codes\n\nThe numbers are never reused.\n\n| Code | Meaning |\n|---|---|\n");
    for (exit, meaning) in exit::TABLE {
        let _ = writeln!(text, "| {} | {meaning} |", *exit as u8);
    }
    text
}

fn metrics() -> String {
    let mut text = String::from(
        "# Metrics\n\n<!-- Made by `tongshi gen docs` from the list in crates/hub/src/meters.rs. -->\n\n\
         `GET /metrics` answers in Prometheus' text format. Counters count since the process began; times are in\n\
         seconds, sizes in bytes. Histograms have buckets from half a millisecond to 30 seconds. No label holds what\n\
         somebody sends: routes, operations, statuses and the names of connections and workspaces.\n\n\
         | Name | Type | Labels | What it says |\n|---|---|---|---|\n",
    );
    for metric in tongshi_hub::meters::METRICS {
        let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} |",
            metric.name,
            metric.kind.name(),
            labels.join(", "),
            metric.help
        );
    }
    text.push_str(
        "\nBeside them stand the numbers of the process by Prometheus' own names: `process_cpu_seconds_total`,\n\
         `process_resident_memory_bytes`, `process_virtual_memory_bytes`, `process_open_fds`, `process_max_fds`,\n\
         `process_start_time_seconds`, `process_threads`.\n",
    );
    text
}

fn coverage() -> String {
    let mut text = String::from(
        "# Coverage\n\n<!-- Made by `tongshi gen docs` from the dialects' descriptors. -->\n\n\
         Every operation is described once; connector and face derive from that description. *Contract* says where\n\
         the facts come from: **documented** (the vendor publishes it), **uncertain** (withdrawn, or one weak source, or\n\
         ours where the vendor leaves a gap), **sample** (only a given document shows it; never advertised as reaching\n\
         the live vendor). *Specification* names the rows of the vendor's fact sheet.\n",
    );
    for dialect in tongshi_dialects::ALL {
        dialect_coverage(&mut text, dialect);
    }
    text
}

fn dialect_coverage(text: &mut String, dialect: &Descriptor) {
    let _ = writeln!(text, "\n## {} (`{}`)\n", dialect.title, dialect.id);
    let count =
        |contract| dialect.operations.iter().filter(|operation| operation.contract == contract).count();
    let _ = writeln!(
        text,
        "{} operations: {} documented, {} uncertain, {} sample.\n",
        dialect.operations.len(),
        count(Contract::Documented),
        count(Contract::Uncertain),
        count(Contract::Sample)
    );
    let can: Vec<String> = dialect.capabilities.iter().map(capability).collect();
    let _ = writeln!(text, "Capabilities: {}.\n", can.join(", "));
    text.push_str(
        "| Operation | Request | Contract | Connector | Face | Specification |\n|---|---|---|---|---|---|\n",
    );
    for operation in dialect.operations {
        let _ = writeln!(
            text,
            "| `{}` | `{} {}` | {}{} | yes | yes | {} |",
            operation.name,
            operation.method,
            operation.path,
            operation.contract.name(),
            if operation.metered { ", counted by the month" } else { "" },
            operation.spec
        );
    }
    for (_, calls) in tongshi_dialects::UNSERVED.iter().filter(|(id, _)| *id == dialect.id) {
        let _ = writeln!(
            text,
            "\nDocumented and not served, answered with 501 and our marker ({}):\n",
            calls.len()
        );
        for call in *calls {
            let _ = writeln!(text, "- `{call}`");
        }
    }
}

fn capability(capability: &Capability) -> String {
    match capability {
        Capability::Pull(kind) => format!("reads {}", kind.plural()),
        Capability::PullPunches => "reads punches".to_owned(),
        Capability::Push(kind, action) => format!("writes {} ({action})", kind.plural()),
        Capability::PushPunches => "writes punches".to_owned(),
        Capability::Receive => "takes events".to_owned(),
        Capability::Send => "sends events".to_owned(),
        Capability::SignIn => "signs people in".to_owned(),
    }
}

fn retention() -> String {
    let mut text = String::from(
        "# Retention\n\n<!-- Made by `tongshi gen docs` from the list in crates/store/src/retention.rs. -->\n\n\
         What the hub keeps, and for how long. 0 days means for ever: that is the default for the organisation's own data,\n\
         which nobody but the organisation can judge; what the hub needs for its work only goes by itself.\n\n\
         `serve` makes a round every hour, of several replicas one; `tongshi retention run` makes one now,\n\
         `tongshi retention show` says what is due. A workspace's own days (`tongshi retention set`) come before those of\n\
         the configuration (`retention_days`), and those before the defaults below. Rows go in batches of 1,000, at most\n\
         200,000 of a rule in a round; the audit trail notes each round that let something go, with counts.\n\n\
         | Rule | What goes | Default, days |\n|---|---|---|\n",
    );
    for rule in tongshi_store::retention::ALL {
        let _ = writeln!(text, "| `{}` | {} | {} |", rule.name, rule.about, rule.days);
    }
    text.push_str(
        "\nWhat is not in this table is kept until somebody takes it away: records that vendors still list, their payloads,\n\
         the audit trail, the tombstones of erased people. PRIVACY.md says what is held where and how a person is erased.\n\n\
         An entry of the journal whose documents went still says that something changed, when and by whom. A run whose\n\
         documents went cannot be undone: `tongshi undo` lists those records as conflicts.\n",
    );
    text
}

fn openapi() -> Result<String, Failure> {
    let mut text = serde_json::to_string_pretty(&tongshi_api::openapi())?;
    text.push('\n');
    Ok(text)
}
