//! The benchmark of the hub: ratios beside references of ours that run in the same session, so that a busy or slow machine moves
//! both. `cargo bench -p tongshi-bench -- all`; the goals are printed with the figures.

mod feed;
mod report;
mod serve;
mod session;
mod start;
mod sync;
mod tokens;
mod tongshi;
mod webhooks;

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use serde_json::json;
use tempfile::TempDir;
use tongshi_bench::{args::Args, process};

use crate::{report::Report, session::Session, tongshi::Tongshi};

const USAGE: &str = "cargo bench -p tongshi-bench -- [sync|serve|memory|start|feed|webhooks|tokens|all] [options]
  sync    first and second sync, beside the limit and an ordinary script
  serve   signed reads through a face, beside a bare handler
  memory  the peak of one large first sync (ten times --employees, unless it is the only part)
  start   binary size, time to ready, idle memory
  feed    the journal read through /v1/changes and as a stream, beside a program that only reads and writes it
  webhooks  signed messages a second to one endpoint, beside a loop that signs and posts
  tokens  application tokens a second, beside a program that only makes and keeps them
  all     these seven (the default)
  --employees N  people at the vendor (100000; memory alone: 1000000)
  --rounds K     rounds of each contestant (3)
  --pg URL       also measure on this PostgreSQL server; databases are made there and dropped
  --bin PATH     the program under test (target/release/tongshi)
  --scratch DIR  where databases are put while it runs (the system's temporary directory)
  --json FILE    write the figures there too
  --strict       fail when the program is missing, a part broke off, or a figure is beyond what it may never be";
const OPTIONS: [&str; 6] = ["employees", "rounds", "pg", "bin", "scratch", "json"];
/// Cargo adds `--bench` by itself.
const SWITCHES: [&str; 3] = ["strict", "help", "bench"];
const PARTS: [&str; 7] = ["sync", "serve", "start", "feed", "webhooks", "tokens", "memory"];
const EMPLOYEES: u64 = 100_000;
/// The large company is this many times the ordinary one.
const LARGE: u64 = 10;

fn main() -> Result<ExitCode> {
    let args = Args::of_process(&OPTIONS, &SWITCHES).with_context(|| USAGE)?;
    if args.has("help") {
        println!("{USAGE}");
        return Ok(ExitCode::SUCCESS);
    }
    let parts = parts(&args)?;
    let session = session(&args)?;
    let only_memory = parts == ["memory"] && args.has("employees");
    let large = if only_memory { session.employees } else { session.employees * LARGE };
    let mut report = Report::default();
    for part in parts {
        let done = match part {
            "sync" => sync::run(&session, &mut report),
            "serve" => serve::run(&session, &mut report),
            "start" => start::run(&session, &mut report),
            "feed" => feed::run(&session, &mut report),
            "webhooks" => webhooks::run(&session, &mut report),
            "tokens" => tokens::run(&session, &mut report),
            _ => sync::memory(&session, large, &mut report),
        };
        // What was measured before is worth printing still.
        if let Err(error) = done {
            report.broken(format!("{part} broke off: {error:#}"));
        }
    }
    finish(&args, &session, &report)
}

fn parts(args: &Args) -> Result<Vec<&'static str>> {
    let mut chosen = Vec::new();
    for word in &args.words {
        match PARTS.iter().find(|part| *part == word) {
            Some(part) => chosen.push(*part),
            None if word == "all" => chosen.extend(PARTS),
            None => bail!("there is no part called {word}\n{USAGE}"),
        }
    }
    Ok(if chosen.is_empty() { PARTS.to_vec() } else { chosen })
}

fn session(args: &Args) -> Result<Session> {
    let cores = std::thread::available_parallelism()?.get();
    let employees = args.value("employees", EMPLOYEES)?;
    sync::validate(employees)?;
    let scratch = match args.text("scratch") {
        Some(folder) => TempDir::new_in(folder)?,
        None => TempDir::new()?,
    };
    Ok(Session {
        tongshi: Tongshi::find(args.text("bin"))?,
        employees,
        rounds: args.value("rounds", 3_usize)?.max(1),
        postgres: args.text("pg").map(str::to_owned),
        python: process::exists("python3"),
        can_pin: cores > 1 && process::exists("taskset"),
        scratch,
    })
}

fn finish(args: &Args, session: &Session, report: &Report) -> Result<ExitCode> {
    let cores = std::thread::available_parallelism()?.get();
    println!(
        "\n{} employees, {} rounds, {cores} cores; medians, ratios within this session\n\n{}",
        session.employees,
        session.rounds,
        report.table()
    );
    if let Some(path) = args.text("json") {
        let figures = json!({
            "employees": session.employees, "rounds": session.rounds, "cores": cores, "figures": report.json(),
        });
        std::fs::write(path, format!("{figures:#}\n")).with_context(|| format!("{path} was not written"))?;
    }
    let broken = session.tongshi.is_none() || report.out_of_bounds() || report.broke_off();
    Ok(ExitCode::from(u8::from(args.has("strict") && broken)))
}
