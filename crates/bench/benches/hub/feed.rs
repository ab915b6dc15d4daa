//! The change feed: changes read a second, in pages and as a stream, beside a program that does no more than read the same rows and
//! write them to a socket.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpStream,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tongshi_bench::{
    http1::{self, Base},
    process::{self, Daemon},
};

use crate::{
    report::{Goal, Line, Report},
    session::{MISSING, Session},
};

const LIMIT: &str = "feed_limit";
const OURS: &str = "tongshi";
const PAGE: i64 = 1000;
const SERVER_CORE: usize = 0;
const DEMO_LIMIT: Duration = Duration::from_secs(300);
/// A short journal is read so often that a round lasts long enough to be measured.
const CHANGES_MIN: i64 = 20_000;
const GOAL: Goal = Goal::RatioAtLeast { goal: 0.2, never_below: 0.0 };

/// Who is read from.
struct Source {
    who: &'static str,
    authority: String,
    key: String,
    pages: &'static str,
    stream: &'static str,
}

/// Measures pages and streams on both, turn about.
pub(crate) fn run(session: &Session, report: &mut Report) -> Result<()> {
    let Some(tongshi) = &session.tongshi else {
        report.note(MISSING.to_owned());
        return Ok(());
    };
    eprintln!("starting the demo hub");
    let place = session.place()?;
    let data = place.path().join("demo");
    let listen = process::free_address()?.to_string();
    let command = process::pinned(&tongshi.demo(&data, &listen), SERVER_CORE, session.can_pin);
    let mut daemon = Daemon::start(command, &session.log("feed-demo"))?;
    let demo = data.join("demo.json");
    let key = daemon.wait(DEMO_LIMIT, Duration::from_millis(100), || {
        let read =
            std::fs::read_to_string(&demo).ok().and_then(|text| serde_json::from_str::<Value>(&text).ok());
        Ok(read.and_then(|demo| Some(demo.pointer("/hub/api_key")?.as_str()?.to_owned())))
    })?;
    daemon.ready(&listen, "/readyz", Duration::from_secs(30))?;
    daemon.settle(Duration::from_secs(120))?;
    let ours =
        Source { who: OURS, authority: listen, key, pages: "/v1/changes", stream: "/v1/changes/stream" };
    let last = last(&ours)?;
    let bare = process::free_address()?.to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_feed_limit"));
    command.arg("--database").arg(data.join("tongshi.db")).args(["--workspace", "main", "--listen", &bare]);
    let mut limit =
        Daemon::start(process::pinned(&command, SERVER_CORE, session.can_pin), &session.log(LIMIT))?;
    limit.ready(&bare, "/changes?after=0&limit=1", Duration::from_secs(20))?;
    let bare =
        Source { who: LIMIT, authority: bare, key: String::new(), pages: "/changes", stream: "/stream" };
    compare(session, report, "pages of 1000", [&bare, &ours], last, pages)?;
    compare(session, report, "stream", [&bare, &ours], last, stream)
}

fn compare(
    session: &Session,
    report: &mut Report,
    figure: &str,
    sources: [&Source; 2],
    last: i64,
    read: impl Fn(&Source, i64) -> Result<()>,
) -> Result<()> {
    let times = (CHANGES_MIN / last.max(1)).max(1);
    let mut rates = [Vec::new(), Vec::new()];
    for round in 0..session.rounds {
        for (source, rates) in sources.iter().zip(&mut rates) {
            eprintln!("change feed, {figure}, round {} of {}: {}", round + 1, session.rounds, source.who);
            let begun = Instant::now();
            for _ in 0..times {
                read(source, last)?;
            }
            rates.push((last * times) as f64 / begun.elapsed().as_secs_f64());
        }
    }
    let [reference, ours] = &rates;
    report.add(Line::new("feed", figure, LIMIT, "changes/s", reference));
    let line = Line::new("feed", figure, OURS, "changes/s", ours);
    report.add(line.map(|line| line.against(LIMIT, reference).goal(GOAL)));
    Ok(())
}

/// The whole journal, page by page on one connection.
fn pages(source: &Source, last: i64) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut connection = http1::Connection::open(&source.authority).await?;
        for after in (0..last).step_by(PAGE as usize) {
            let target = format!("{}?after={after}&limit={PAGE}", source.pages);
            let (status, _) = connection.skim(&request(source, &target)).await?;
            ensure!(status == 200, "{} answered {status} to {target}", source.who);
        }
        Ok(())
    })
}

/// The whole journal as it is told, up to the last change.
fn stream(source: &Source, last: i64) -> Result<()> {
    let mut stream = TcpStream::connect(&source.authority)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.write_all(&request(source, &format!("{}?after=0", source.stream)))?;
    let (mut reader, mut line) = (BufReader::with_capacity(1 << 17, stream), Vec::new());
    let end = format!("id: {last}\n").into_bytes();
    while reader.read_until(b'\n', &mut line)? > 0 {
        if line == end {
            return Ok(());
        }
        line.clear();
    }
    anyhow::bail!("{} ended before change {last}", source.who)
}

fn last(ours: &Source) -> Result<i64> {
    let base = Base::parse(&format!("http://{}", ours.authority))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let reply = runtime.block_on(async {
        let mut connection = http1::Connection::open(&base.authority).await?;
        connection.send(&request(ours, "/v1/changes?limit=1")).await
    })?;
    let page: Value = serde_json::from_slice(&reply.body)?;
    let last = page.get("last").and_then(Value::as_i64).context("the journal does not say where it ends")?;
    ensure!(last > 0, "the demo's journal is empty");
    Ok(last)
}

fn request(source: &Source, target: &str) -> Vec<u8> {
    let (authority, key) = (&source.authority, &source.key);
    format!("GET {target} HTTP/1.1\r\nhost: {authority}\r\nauthorization: Bearer {key}\r\n\r\n").into_bytes()
}
