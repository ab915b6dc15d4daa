//! Child processes: one that is measured to its end, and one that serves until it is dropped.

use std::{
    fs::File,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::http1;

/// The kernel counts processor time in ticks of a hundredth of a second on every platform that this runs on.
const TICKS_PER_SECOND: f64 = 100.0;
const BYTES_PER_MB: f64 = 1e6;

/// What a finished child used.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Usage {
    /// Start to end, in seconds.
    pub wall_s: f64,
    /// User and system time, in seconds.
    pub cpu_s: f64,
    peak_kib: f64,
}

impl Usage {
    /// The most memory it held at once, in megabytes.
    pub fn peak_mb(&self) -> f64 {
        self.peak_kib * 1024.0 / BYTES_PER_MB
    }
}

/// Runs a command to its end under the `measure` program; a failure is told with the end of what it said.
pub fn measured(measure: &Path, scratch: &Path, command: &Command) -> Result<(Usage, String)> {
    let figures = scratch.join("measure.json");
    let mut wrapped = Command::new(measure);
    wrapped.arg(&figures).arg(command.get_program()).args(command.get_args());
    copy_environment(command, &mut wrapped);
    let output = wrapped.stdin(Stdio::null()).output().context("the measure program did not start")?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        bail!(
            "{} failed ({}): {}",
            shown(command),
            output.status,
            last_lines(&format!("{said}\n{complaint}"))
        );
    }
    Ok((serde_json::from_str(&std::fs::read_to_string(figures)?)?, said))
}

/// Runs a command to its end; a failure is told with the end of what it said.
pub fn run(mut command: Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("{} did not start", shown(&command)))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        bail!(
            "{} failed ({}): {}",
            shown(&command),
            output.status,
            last_lines(&format!("{said}\n{complaint}"))
        );
    }
    Ok(said)
}

/// The same command on one core, if the machine can pin and has a second core for the other side.
pub fn pinned(command: &Command, core: usize, can_pin: bool) -> Command {
    if !can_pin {
        let mut same = Command::new(command.get_program());
        same.args(command.get_args());
        copy_environment(command, &mut same);
        return same;
    }
    let mut pinned = Command::new("taskset");
    pinned.arg("-c").arg(core.to_string()).arg(command.get_program()).args(command.get_args());
    copy_environment(command, &mut pinned);
    pinned
}

/// Whether the program is there and answers `--version`.
pub fn exists(program: &str) -> bool {
    let asked = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

/// An address of this machine that nobody listens on.
pub fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// A child that runs until this is dropped.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Starts it; what it says goes into the log file.
    pub fn start(mut command: Command, log: &Path) -> Result<Self> {
        let file = File::create(log)?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let child = command.spawn().with_context(|| format!("{} did not start", shown(&command)))?;
        Ok(Self { child, log: log.to_owned() })
    }

    /// Waits until a GET is answered with 200; how long that took.
    pub fn ready(&mut self, authority: &str, target: &str, limit: Duration) -> Result<Duration> {
        let started = Instant::now();
        self.wait(limit, Duration::from_millis(1), || {
            let reply = http1::once("GET", authority, target, Duration::from_secs(5));
            Ok(reply.is_ok_and(|reply| reply.status == 200).then(|| started.elapsed()))
        })
        .with_context(|| format!("http://{authority}{target} is not answered with 200"))
    }

    /// Asks again and again until there is an answer; the child's end or the time limit is a failure.
    pub fn wait<T>(
        &mut self,
        limit: Duration,
        between: Duration,
        mut ask: impl FnMut() -> Result<Option<T>>,
    ) -> Result<T> {
        let started = Instant::now();
        loop {
            if let Some(answer) = ask()? {
                return Ok(answer);
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended ({status}): {}", self.last_words());
            }
            if started.elapsed() > limit {
                bail!("not after {} s: {}", limit.as_secs(), self.last_words());
            }
            std::thread::sleep(between);
        }
    }

    /// Waits until it has nothing left to do: less than 2 % of a core for half a second. Past the limit it goes on anyway.
    pub fn settle(&mut self, limit: Duration) -> Result<bool> {
        let (started, pause) = (Instant::now(), Duration::from_millis(500));
        let mut before = self.cpu_s()?;
        while started.elapsed() < limit {
            std::thread::sleep(pause);
            let now = self.cpu_s()?;
            if now - before <= 0.02 * pause.as_secs_f64() {
                return Ok(true);
            }
            before = now;
        }
        Ok(false)
    }

    /// The processor time that it has used so far, in seconds.
    pub fn cpu_s(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name stands in brackets and may hold spaces: count from its end, where the state is the third field.
        let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks: Vec<f64> =
            rest.split_whitespace().skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
        Ok(ticks.iter().sum::<f64>() / TICKS_PER_SECOND)
    }

    /// The memory that it holds now, in megabytes.
    pub fn resident_mb(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kib * 1024.0 / BYTES_PER_MB)
    }

    fn last_words(&self) -> String {
        last_lines(&std::fs::read_to_string(&self.log).unwrap_or_default())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program's name and its first word: enough to know it by, without the keys that may follow.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy();
    let first = command.get_args().next().unwrap_or_default().to_string_lossy();
    format!("`{program} {first} …`")
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(6)..].join(" | ")
}

fn copy_environment(from: &Command, to: &mut Command) {
    for (name, value) in from.get_envs() {
        match value {
            Some(value) => to.env(name, value),
            None => to.env_remove(name),
        };
    }
}
