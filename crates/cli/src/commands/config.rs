//! `tongshi config`: says what is wrong with the configuration, or what is in effect.

use serde_json::{Map, Value, json};

use crate::{
    config::{Problem, Settings},
    exit::{Exit, Failure},
    print,
    program::Program,
};

/// Check or show the configuration.
#[derive(clap::Args)]
#[command(
    long_about = "Checks or shows the configuration. Settings come from compiled-in defaults, then the file, \
    then TONGSHI_… in the environment; unknown names are errors. docs/CONFIG.md describes each."
)]
#[command(after_long_help = "\
Examples:
  tongshi config check
  tongshi config show --data DIR
  tongshi config show --json | jq .settings.window_days

Exit codes: 0 the configuration is right; 1 it is not, and the output says how to mend it.")]
pub(crate) struct Args {
    /// What to do
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Say what is wrong and how to mend it
    Check,
    /// Print what is in effect, secrets hidden
    Show,
}

/// Runs the command.
pub(crate) fn run(program: &Program, args: &Args, problems: &[Problem]) -> Result<Exit, Failure> {
    match args.action {
        Action::Check => check(program, problems)?,
        Action::Show => show(program, problems)?,
    }
    Ok(if problems.is_empty() { Exit::Done } else { Exit::Usage })
}

fn check(program: &Program, problems: &[Problem]) -> Result<(), Failure> {
    if program.json {
        return print::json(&json!({ "ok": problems.is_empty(), "problems": problems }));
    }
    for problem in problems {
        print::line(format!("{}: {}.\n  To mend it: {}.", problem.place, problem.what, problem.mend))?;
    }
    if problems.is_empty() {
        let file = program.config.file.as_ref().map(|file| file.display().to_string());
        print::line(format!(
            "The configuration is right ({}).",
            file.as_deref().unwrap_or("no file is read")
        ))?;
    }
    Ok(())
}

fn show(program: &Program, problems: &[Problem]) -> Result<(), Failure> {
    let config = &program.config;
    if program.json {
        let settings: Map<String, Value> = config
            .settings
            .rows()
            .into_iter()
            .map(|row| (row.name.to_owned(), typed(row.name, &row.value)))
            .collect();
        return print::json(&json!({
            "data": config.data,
            "file": config.file,
            "workspace": config.workspace,
            "settings": settings,
            "origins": config.origins,
            "problems": problems,
        }));
    }
    print::line(format!("data directory  {}", config.data.display()))?;
    let file = config.file.as_ref().map_or_else(|| "none".to_owned(), |file| file.display().to_string());
    print::line(format!("file            {file}"))?;
    print::line(format!("workspace       {}", config.workspace))?;
    let rows = config.settings.rows().into_iter().map(|row| {
        let origin = config.origins.get(row.name).cloned().unwrap_or_else(|| "default".to_owned());
        [row.name.to_owned(), row.value, origin]
    });
    print::line(print::table(["setting", "value", "from"], rows))?;
    for problem in problems {
        crate::logging::line(&format!("{}: {}. To mend it: {}.", problem.place, problem.what, problem.mend));
    }
    Ok(())
}

/// Numbers and switches as what they are.
fn typed(name: &str, value: &str) -> Value {
    match value {
        "" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ if Settings::bounds(name).is_some() => {
            value.parse::<i64>().map_or_else(|_| value.into(), Value::from)
        }
        _ => value.into(),
    }
}
