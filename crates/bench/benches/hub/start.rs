//! Standing still: how big the binary is, how soon an empty hub is ready, and what it holds when it has nothing to do.

use std::time::Duration;

use anyhow::Result;
use tongshi_bench::process::{self, Daemon};

use crate::{
    report::{Goal, Line, Report},
    session::{MISSING, Session},
};

const OURS: &str = "tongshi";
const PART: &str = "standing";
const BINARY_MB_MAX: f64 = 40.0;
const IDLE_MB_MAX: f64 = 60.0;
const READY_MS_MAX: f64 = 300.0;

/// Measures the hub on a new data directory and again on the same one.
pub(crate) fn run(session: &Session, report: &mut Report) -> Result<()> {
    let Some(tongshi) = &session.tongshi else {
        report.note(MISSING.to_owned());
        return Ok(());
    };
    let size = std::fs::metadata(&tongshi.path)?.len() as f64 / 1e6;
    let line = Line::new(PART, "release binary", OURS, "MB", &[size]);
    report.add(line.map(|line| line.goal(Goal::AtMost(BINARY_MB_MAX))));
    let (mut new, mut again, mut idle) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..session.rounds {
        eprintln!("start, round {} of {}", round + 1, session.rounds);
        let place = session.place()?;
        for ready in [&mut new, &mut again] {
            let listen = process::free_address()?.to_string();
            let command = tongshi.serve(&place.path().join("data"), &listen);
            let mut daemon = Daemon::start(command, &session.log("serve"))?;
            match daemon.ready(&listen, "/readyz", Duration::from_secs(30)) {
                Ok(took) => ready.push(took.as_secs_f64() * 1e3),
                Err(error) => {
                    report.broken(format!("the hub did not get ready: {error:#}"));
                    return Ok(());
                }
            }
            daemon.settle(Duration::from_secs(20))?;
            idle.push(daemon.resident_mb()?);
        }
    }
    for (figure, unit, values, goal) in [
        ("start to ready, new data", "ms", new, READY_MS_MAX),
        ("start to ready, old data", "ms", again, READY_MS_MAX),
        ("idle, resident", "MB", idle, IDLE_MB_MAX),
    ] {
        report.add(Line::new(PART, figure, OURS, unit, &values).map(|line| line.goal(Goal::AtMost(goal))));
    }
    Ok(())
}
