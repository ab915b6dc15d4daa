//! Runs one command and writes what it used into a file. It is a process of its own because the operating system sums usage over
//! all children of a process, and because a small parent adds nothing to the child's peak memory.

use std::{process::Command, time::Instant};

use anyhow::{Context as _, Result};
use nix::sys::{
    resource::{UsageWho, getrusage},
    time::TimeValLike as _,
};

fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let report = words.next().context("measure FILE COMMAND ARGUMENTS…")?;
    let program = words.next().context("measure FILE COMMAND ARGUMENTS…")?;
    let started = Instant::now();
    let status =
        Command::new(&program).args(words).status().with_context(|| format!("{program} did not start"))?;
    let wall = started.elapsed().as_secs_f64();
    let used = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let micros = used.user_time().num_microseconds() + used.system_time().num_microseconds();
    let figures = serde_json::json!({
        "wall_s": wall, "cpu_s": micros as f64 / 1e6, "peak_kib": used.max_rss(),
    });
    std::fs::write(report, figures.to_string())?;
    std::process::exit(status.code().unwrap_or(1));
}
