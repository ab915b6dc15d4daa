//! The binary `tongshi`: reads the command line and the configuration, starts the log and the runtime, runs one
//! command, and ends with an exit code that means something.

mod args;
mod commands;
mod config;
mod exit;
mod key;
mod logging;
mod pairs;
mod print;
mod program;
mod progress;
#[cfg(feature = "otlp")]
mod telemetry;
#[cfg(not(feature = "otlp"))]
#[path = "untraced.rs"]
mod telemetry;
mod transport;

use std::process::ExitCode;

use clap::Parser as _;

use crate::{
    args::{Args, Command},
    exit::{Exit, Failure},
    program::Program,
    telemetry::Telemetry,
};

fn main() -> ExitCode {
    logging::watch_panics();
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // clap's own code for a wrong command line would mean "incomplete" here.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            let _ = error.print();
            return exit.into();
        }
    };
    match run(args) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            say(&failure);
            failure.exit.into()
        }
    }
}

fn run(args: Args) -> Result<Exit, Failure> {
    let usual_data =
        if matches!(args.command, Command::Demo(_)) { commands::demo::DATA } else { config::DATA };
    let (mut config, problems) = config::read(&args.global, usual_data);
    if matches!(args.command, Command::Demo(_)) {
        commands::demo::permit_this_machine(&mut config.settings);
    }
    if !matches!(args.command, Command::Config(_) | Command::Doctor(_) | Command::Gen(_)) {
        config::refuse(&problems)?;
    }
    let usual_level = if matches!(args.command, Command::Serve(_)) { "info" } else { "warn" };
    let telemetry = logging::start(&config.settings, args.global.log.as_deref(), usual_level)?;
    // Two versions of a provider must never race to be the default, so it is chosen before anything connects.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(config.settings.worker_threads)
        .enable_all()
        .build()?;
    Telemetry::on(runtime.handle().clone());
    let program = Program::new(config, args.global.json, args.global.quiet);
    let exit = runtime.block_on(async {
        let exit = commands::run(&program, args.command, &problems).await;
        program.write_notes().await.and(exit)
    });
    telemetry.end();
    // Work that nobody waits for any more must not hold the process.
    runtime.shutdown_background();
    exit
}

fn say(failure: &Failure) {
    if failure.what.is_empty() {
        return;
    }
    let mut text = format!("tongshi: {}", print::clean(&failure.what));
    if !failure.what.ends_with(['.', '?', '!']) {
        text.push('.');
    }
    if let Some(mend) = &failure.mend {
        text.push_str(&format!("\n  To mend it: {}.", print::clean(mend.trim_end_matches('.'))));
    }
    logging::line(&text);
    match failure.exit {
        _ if failure.private.is_empty() => {}
        Exit::Internal => tracing::error!(cause = failure.private, "why it failed"),
        _ => tracing::debug!(cause = failure.private, "why it failed"),
    }
}
