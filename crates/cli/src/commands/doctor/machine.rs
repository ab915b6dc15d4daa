//! The configuration, what in it weakens safety, the clock, the data directory and the disk.

use std::{os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use super::Finding;
use crate::{
    config::Problem,
    key, print,
    program::{DATABASE, Program},
};

/// Less free space than this is worth a word: a first sync of a large vendor takes about as much.
const FREE_MIB_MIN: u64 = 512;
/// A log of this size has not been folded back for long: somebody reads for hours, or nobody can write.
const LOG_MIB_MAX: u64 = 1024;
/// No clock that is right shows less: this program is younger (2025-01-01).
const BIRTH_SECONDS: i64 = 1_735_689_600;

pub(super) fn configuration(program: &Program, problems: &[Problem]) -> Vec<Finding> {
    if problems.is_empty() {
        let file = program.config.file.as_ref().map(|file| file.display().to_string());
        return vec![Finding::good("configuration", file.unwrap_or_else(|| "no file, defaults".to_owned()))];
    }
    let bad = |problem: &Problem| {
        let text = format!("{}: {}", problem.place, problem.what);
        Finding::bad("configuration", text, problem.mend.clone())
    };
    problems.iter().map(bad).collect()
}

/// Settings that are allowed and that somebody should have meant.
pub(super) fn safety(program: &Program) -> Vec<Finding> {
    let settings = &program.config.settings;
    let mut findings = Vec::new();
    let faces = settings.faces.0.iter().map(|(dialect, address)| (format!("face {dialect}"), *address));
    for (name, address) in faces.chain([("listen".to_owned(), settings.listen)]) {
        let text = format!("{name} = {address}");
        findings.push(if address.ip().is_loopback() {
            Finding::good("exposure", format!("{text}: only this machine reaches it"))
        } else {
            Finding::judge(
                "exposure",
                format!("{text}: other machines reach it, and the hub speaks plain HTTP"),
                "see that nothing but a proxy with TLS reaches this address (docs/OPERATIONS.md)",
            )
        });
    }
    if settings.allow_plain_http {
        findings.push(Finding::judge(
            "safety",
            "allow_plain_http is on: credentials and people may travel to vendors in the open",
            "switch it off unless a vendor on your own network has no TLS",
        ));
    }
    if settings.shrink_percent_max >= 100 {
        findings.push(Finding::judge(
            "safety",
            "shrink_percent_max is 100: a vendor that suddenly names nobody empties the record",
            "set it to the share of people that may go in one sync, such as 20",
        ));
    }
    findings
}

pub(super) fn clock(program: &Program) -> Finding {
    let now = program.clock.now();
    let text = format!("{} UTC", print::time(now));
    if now.as_second() < BIRTH_SECONDS {
        let mend = "set the machine's clock, best by NTP: vendors refuse a wrong time";
        return Finding::bad("clock", text, mend);
    }
    Finding::good("clock", text)
}

pub(super) fn directory(program: &Program) -> Vec<Finding> {
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
    let log = format!("{DATABASE}-wal");
    for name in [key::FILE, DATABASE, &log, "demo.json"] {
        findings.extend(private(&data.join(name)));
    }
    findings.extend(log_size(&data.join(log)));
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

fn log_size(path: &Path) -> Option<Finding> {
    let mib = std::fs::metadata(path).ok()?.len() / 1024 / 1024;
    if mib < LOG_MIB_MAX {
        return Some(Finding::good("write-ahead log", format!("{mib} MiB")));
    }
    let mend = "see whether a backup or another reader has been at it for hours; it shrinks when the hub starts anew";
    Some(Finding::bad("write-ahead log", format!("{mib} MiB, not folded back for long"), mend))
}

/// The free space, as `df` tells it; a machine without it is not asked.
fn disk(data: &Path) -> Option<Finding> {
    let output = Command::new("df").arg("-Pk").arg("--").arg(data).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let free: u64 = text.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    let mib = free / 1024;
    let text = format!("{mib} MiB free");
    if mib < FREE_MIB_MIN {
        return Some(Finding::bad("disk", text, "make room, or move the data directory"));
    }
    Some(Finding::good("disk", text))
}
