//! Tokens: how many a face issues a second, each a durable row and an entry in the audit trail, beside a program that makes a
//! random token and keeps its hash. Both may commit in groups; the server on one core and the load on another.

use std::{collections::BTreeMap, path::Path, process::Command, time::Duration};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use tongshi_bench::process::{self, Daemon};

use crate::{
    report::{Goal, Line, Report},
    session::{MISSING, Session},
    tongshi::Tongshi,
};

const PATH: &str = "/service/oauth/token";
const TENANT: &str = "7361230011223344556";
const LIMIT: &str = "token_limit";
const OURS: &str = "tongshi";
const SERVER_CORE: usize = 0;
const LOAD_CORE: usize = 1;
/// How many callers wait at a time: a commit is shared by those who do.
const CONNECTIONS: [usize; 2] = [32, 256];
const REQUESTS: usize = 20_000;
const WARM_UP: usize = 1_000;
const START_LIMIT: Duration = Duration::from_secs(60);

/// A server under load.
struct Server {
    who: &'static str,
    _daemon: Daemon,
    base: String,
    body: String,
}

/// What the load generator saw.
#[derive(Deserialize)]
struct Loaded {
    ok: usize,
    other: usize,
    seconds: f64,
    p99_us: f64,
}

/// Measures both, turn about.
pub(crate) fn run(session: &Session, report: &mut Report) -> Result<()> {
    let place = session.place()?;
    let mut servers = vec![limit(session, place.path())?];
    match &session.tongshi {
        Some(tongshi) => servers.push(ours(session, tongshi, place.path())?),
        None => report.note(MISSING.to_owned()),
    }
    for connections in CONNECTIONS {
        let mut rates: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        let mut waits: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for round in 0..session.rounds {
            for server in &servers {
                eprintln!(
                    "tokens for {connections}, round {} of {}: {}",
                    round + 1,
                    session.rounds,
                    server.who
                );
                if round == 0 {
                    load(session, server, WARM_UP, connections)?;
                }
                let loaded = load(session, server, REQUESTS, connections)?;
                ensure!(loaded.other == 0, "{}: {} of {REQUESTS} got no token", server.who, loaded.other);
                rates.entry(server.who).or_default().push(loaded.ok as f64 / loaded.seconds);
                waits.entry(server.who).or_default().push(loaded.p99_us / 1e3);
            }
        }
        let figure = format!("issued to {connections} callers at a time");
        for server in &servers {
            let line = Line::new("tokens", &figure, server.who, "/s", &rates[server.who]);
            report.add(line.map(|line| {
                match server.who {
                    LIMIT => line,
                    _ => line
                        .against(LIMIT, &rates[LIMIT])
                        .goal(Goal::RatioAtLeast { goal: 0.5, never_below: 0.0 }),
                }
            }));
        }
        for server in &servers {
            let figure = format!("{figure}, 99 % within");
            report.add(Line::new("tokens", &figure, server.who, "ms", &waits[server.who]));
        }
    }
    Ok(())
}

fn load(session: &Session, server: &Server, requests: usize, connections: usize) -> Result<Loaded> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_load"));
    command.args(["--base", &server.base, "--post", PATH, "--body", &server.body]);
    command.args(["--requests", &requests.to_string(), "--connections", &connections.to_string()]);
    let said = process::run(process::pinned(&command, LOAD_CORE, session.can_pin))?;
    serde_json::from_str(&said).context("the load generator's answer")
}

fn limit(session: &Session, place: &Path) -> Result<Server> {
    let listen = process::free_address()?.to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_token_limit"));
    command.args(["--path", PATH, "--listen", &listen]).arg("--database").arg(place.join("limit.db"));
    let command = process::pinned(&command, SERVER_CORE, session.can_pin);
    let mut daemon = Daemon::start(command, &session.log(LIMIT))?;
    daemon.ready(&listen, "/readyz", START_LIMIT)?;
    Ok(Server { who: LIMIT, _daemon: daemon, base: format!("http://{listen}"), body: "{}".to_owned() })
}

/// A hub with one app, which may ask for tokens as often as it likes.
fn ours(session: &Session, tongshi: &Tongshi, place: &Path) -> Result<Server> {
    let data = place.join("data");
    let mut command = Command::new(&tongshi.path);
    command.args(["app", "create", "bench", "--face", "waiqin", "--json"]).arg("--data").arg(&data);
    command.args(["--setting", "tokens_per_second=1000000", "--setting", &format!("tenant_id=\"{TENANT}\"")]);
    let made: Value = serde_json::from_str(&process::run(command)?).context("the new app")?;
    let key = |name: &str| {
        let value = made.pointer(&format!("/faces/waiqin/{name}")).and_then(Value::as_str);
        value.with_context(|| format!("the new app has no {name}"))
    };
    let body = json!({"app_id": key("app_id")?, "app_secret": key("app_secret")?, "tenant_id": TENANT});
    let listen = process::free_address()?.to_string();
    let command = process::pinned(&tongshi.serve(&data, &listen), SERVER_CORE, session.can_pin);
    let mut daemon = Daemon::start(command, &session.log("tokens"))?;
    daemon.ready(&listen, "/readyz", START_LIMIT)?;
    Ok(Server {
        who: OURS,
        _daemon: daemon,
        base: format!("http://{listen}/d/waiqin"),
        body: body.to_string(),
    })
}
