//! Pulling: a first sync of everybody, then a second after 1 % have changed and 0.1 % are gone. Every contestant runs in every
//! round, each time from nothing, and the order turns from round to round.

use std::{collections::BTreeMap, path::Path, process::Command};

use anyhow::{Result, ensure};
use serde_json::Value;
use tongshi_bench::{
    people::{Company, State},
    process::{self, Usage},
};

use crate::{
    report::{Goal, Line, Report},
    session::{Database, MISSING, Session, Vendor},
};

const LIMIT: &str = "limit_hub";
const OURS: &str = "tongshi";
const PEER: &str = "python script";
const PHASES: [&str; 2] = ["first", "second"];
const NEAR_LIMIT: Goal = Goal::RatioAtMost { goal: 1.5, never_above: 2.5 };
const AHEAD_OF_PEER: Goal = Goal::RatioAtMost { goal: 1.0, never_above: 1.0 };
/// What the most memory may be that a sync holds at once.
pub(crate) const PEAK_MB_MAX: f64 = 150.0;

type Figures = BTreeMap<(&'static str, &'static str), Vec<Usage>>;

/// Measures on SQLite, and on PostgreSQL if a server was named.
pub(crate) fn run(session: &Session, report: &mut Report) -> Result<()> {
    if session.tongshi.is_none() {
        report.note(MISSING.to_owned());
    }
    if !session.python {
        report.note("no python3 here, so the ordinary script was left out".to_owned());
    }
    let (_daemon, vendor) = session.vendor(session.employees)?;
    let figures = rounds(session, &vendor, None, report)?;
    lines("SQLite", &figures, report);
    if let Some(server) = &session.postgres {
        let figures = rounds(session, &vendor, Some(server), report)?;
        lines("PostgreSQL", &figures, report);
    } else {
        report.note("PostgreSQL was left out; name a server with --pg URL".to_owned());
    }
    Ok(())
}

/// The first sync alone of a large company: does memory stay flat?
pub(crate) fn memory(session: &Session, employees: u64, report: &mut Report) -> Result<()> {
    let (_daemon, vendor) = session.vendor(employees)?;
    let part = format!("memory, {employees} employees");
    for who in [LIMIT, OURS] {
        if who == OURS && session.tongshi.is_none() {
            report.note(MISSING.to_owned());
            continue;
        }
        eprintln!("{part}: {who}");
        let place = session.place()?;
        let contest = Contest { session, vendor: &vendor, who, place: place.path(), database: None };
        match contest.prepare().and_then(|()| contest.pull()) {
            Ok((usage, said)) => {
                check(who, PHASES[0], employees, &said, report);
                report.add(Line::new(&part, "wall", who, "s", &[usage.wall_s]));
                let peak = Line::new(&part, "peak memory", who, "MB", &[usage.peak_mb()]);
                report.add(if who == OURS {
                    peak.map(|line| line.goal(Goal::AtMost(PEAK_MB_MAX)))
                } else {
                    peak
                });
            }
            Err(error) => report.broken(format!("{part}: {who} was not measured: {error:#}")),
        }
    }
    Ok(())
}

fn rounds(session: &Session, vendor: &Vendor, server: Option<&str>, report: &mut Report) -> Result<Figures> {
    let mut contestants = vec![LIMIT];
    contestants.extend(session.tongshi.as_ref().map(|_| OURS));
    // The script knows SQLite alone.
    contestants.extend((session.python && server.is_none()).then_some(PEER));
    let mut figures = Figures::new();
    for round in 0..session.rounds {
        for who in contestants.clone() {
            eprintln!("round {} of {}: {who}", round + 1, session.rounds);
            let done = contest(session, vendor, server, who, round, report);
            match done {
                Ok(usages) => {
                    for (phase, usage) in PHASES.into_iter().zip(usages) {
                        figures.entry((who, phase)).or_default().push(usage);
                    }
                }
                Err(error) if who == LIMIT => return Err(error),
                Err(error) => {
                    report.broken(format!("{who} was not measured to the end: {error:#}"));
                    contestants.retain(|other| *other != who);
                }
            }
        }
        let turned = contestants.len().min(1);
        contestants.rotate_left(turned);
    }
    Ok(figures)
}

/// Both syncs of one contestant in one round.
fn contest(
    session: &Session,
    vendor: &Vendor,
    server: Option<&str>,
    who: &'static str,
    round: usize,
    report: &mut Report,
) -> Result<Vec<Usage>> {
    let place = session.place()?;
    let number = round * 2 + usize::from(who == OURS);
    let database = server.map(|server| Database::create(server, number)).transpose()?;
    let database = database.as_ref().map(|database| database.url.as_str());
    let contest = Contest { session, vendor, who, place: place.path(), database };
    let mut usages = Vec::new();
    for phase in PHASES {
        vendor.switch(phase)?;
        if phase == PHASES[0] {
            contest.prepare()?;
        }
        let (usage, said) = contest.pull()?;
        check(who, phase, session.employees, &said, report);
        usages.push(usage);
    }
    Ok(usages)
}

struct Contest<'a> {
    session: &'a Session,
    vendor: &'a Vendor,
    who: &'static str,
    place: &'a Path,
    database: Option<&'a str>,
}

impl Contest<'_> {
    /// What is done once, before the clock starts.
    fn prepare(&self) -> Result<()> {
        match &self.session.tongshi {
            Some(tongshi) if self.who == OURS => {
                tongshi.connect(&self.place.join("data"), &self.vendor.url(), self.database)
            }
            _ => Ok(()),
        }
    }

    fn pull(&self) -> Result<(Usage, String)> {
        process::measured(self.session.measure(), self.place, &self.command())
    }

    fn command(&self) -> Command {
        if let Some(tongshi) = self.session.tongshi.as_ref().filter(|_| self.who == OURS) {
            return tongshi.sync(&self.place.join("data"), self.database);
        }
        let database = self.place.join("database");
        if self.who == PEER {
            let mut command = Command::new("python3");
            command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("peer.py")).arg(self.vendor.url());
            command.arg(database);
            return command;
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_limit_hub"));
        command.args(["--base", &self.vendor.url()]);
        match self.database {
            Some(url) => command.args(["--pg", url]),
            None => command.arg("--db").arg(database),
        };
        command
    }
}

/// A puller that skips people is fast: what it says it did must hold the number of people there were to see.
fn check(who: &str, phase: &str, employees: u64, said: &str, report: &mut Report) {
    let state = if phase == PHASES[0] { State::First } else { State::Second };
    let company = Company { employees, state };
    // One document over many lines, or lines of which the last one counts.
    let last_line = || said.lines().rev().find_map(|line| serde_json::from_str::<Value>(line).ok());
    let answer = serde_json::from_str(said).ok().or_else(last_line).unwrap_or(Value::Null);
    // The limit tells the unchanged apart; others tell how many they saw.
    let unchanged = company.count() - company.changed().min(company.count());
    if !holds(&answer, company.count()) && !holds(&answer, unchanged) {
        report.broken(format!(
            "{who}, {phase} sync: its answer names no count of {} people; see that it pulled everybody",
            company.count()
        ));
    }
}

fn holds(value: &Value, number: u64) -> bool {
    match value {
        Value::Number(found) => found.as_u64() == Some(number),
        Value::Array(values) => values.iter().any(|value| holds(value, number)),
        Value::Object(values) => values.values().any(|value| holds(value, number)),
        _ => false,
    }
}

fn lines(database: &str, figures: &Figures, report: &mut Report) {
    for phase in PHASES {
        let part = format!("{phase} sync, {database}");
        let take = |who: &'static str, of: fn(&Usage) -> f64| -> Vec<f64> {
            figures.get(&(who, phase)).map(|usages| usages.iter().map(of).collect()).unwrap_or_default()
        };
        let wall = |who| take(who, |usage| usage.wall_s);
        let cpu = |who| take(who, |usage| usage.cpu_s);
        let peak = |who| take(who, Usage::peak_mb);
        for who in [LIMIT, OURS, PEER] {
            let line = Line::new(&part, "wall", who, "s", &wall(who));
            let line = if who == LIMIT { line } else { line.map(|line| line.against(LIMIT, &wall(LIMIT))) };
            report.add(if who == OURS { line.map(|line| line.goal(NEAR_LIMIT)) } else { line });
        }
        if !wall(PEER).is_empty() {
            let line = Line::new(&part, "wall", OURS, "s", &wall(OURS));
            report.add(line.map(|line| line.against(PEER, &wall(PEER)).goal(AHEAD_OF_PEER)));
        }
        for who in [LIMIT, OURS, PEER] {
            let line = Line::new(&part, "processor", who, "s", &cpu(who));
            report.add(if who == LIMIT { line } else { line.map(|line| line.against(LIMIT, &cpu(LIMIT))) });
        }
        for who in [LIMIT, OURS, PEER] {
            let line = Line::new(&part, "peak memory", who, "MB", &peak(who));
            report.add(if who == OURS {
                line.map(|line| line.goal(Goal::AtMost(PEAK_MB_MAX)))
            } else {
                line
            });
        }
    }
}

/// Refuses a company too small to have a difference in it.
pub(crate) fn validate(employees: u64) -> Result<()> {
    ensure!(
        employees >= 1000,
        "--employees must be at least 1000: below that nobody is gone in the second state"
    );
    Ok(())
}
