//! A closed loop of signed reads, or of one POST again and again: each of 32 connections sends its next request when the last is answered, until the count is
//! reached. Requests are signed before the clock starts, since the signer is not what is measured.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use tokio::task::JoinSet;
use tongshi_bench::{
    args::Args,
    http1::{Base, Connection, request},
    sign::{self, Keys},
};

/// A signature is good for five minutes: a run that takes longer measures refusals.
const RUN_MAX: Duration = Duration::from_secs(240);

const OPTIONS: [&str; 8] =
    ["base", "targets", "access-key", "secret-key", "requests", "connections", "post", "body"];

struct Plan {
    authority: String,
    requests: Vec<Vec<u8>>,
    count: usize,
    next: AtomicUsize,
}

#[derive(Default)]
struct Seen {
    ok: usize,
    other: usize,
    other_status: u16,
    bytes: usize,
    micros: Vec<u32>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let args = Args::of_process(&OPTIONS, &[])?;
    let plan = Arc::new(if args.has("post") { posts(&args)? } else { plan(&args)? });
    let connections = args.value("connections", 32_usize)?;
    let started = Instant::now();
    let mut workers = JoinSet::new();
    for _ in 0..connections {
        workers.spawn(work(Arc::clone(&plan)));
    }
    let finished = tokio::time::timeout(RUN_MAX, workers.join_all()).await;
    let finished = finished.context("the run took too long; ask for fewer requests")?;
    let seconds = started.elapsed().as_secs_f64();
    let mut all = Seen::default();
    for seen in finished {
        let seen = seen?;
        all.ok += seen.ok;
        all.other += seen.other;
        all.other_status = all.other_status.max(seen.other_status);
        all.bytes += seen.bytes;
        all.micros.extend(seen.micros);
    }
    all.micros.sort_unstable();
    let place = |part: usize| all.micros.get(all.micros.len() * part / 100).copied().unwrap_or_default();
    println!(
        "{}",
        serde_json::json!({
            "ok": all.ok, "other": all.other, "other_status": all.other_status, "bytes": all.bytes,
            "seconds": seconds, "p50_us": place(50), "p99_us": place(99),
        })
    );
    Ok(())
}

/// Reads the targets, one `path<tab>payload` a line, and signs them.
fn plan(args: &Args) -> Result<Plan> {
    let base = Base::parse(args.required("base")?)?;
    let keys = Keys {
        access_key: args.required("access-key")?.to_owned(),
        secret_key: args.required("secret-key")?.to_owned(),
    };
    let tonce = sign::tonce_now()?;
    let mut requests = Vec::new();
    for line in std::fs::read_to_string(args.required("targets")?)?.lines() {
        let (path, payload) = line.split_once('\t').unwrap_or((line, ""));
        let target = sign::target(&keys, &base.prefix, path, payload, tonce)?;
        requests.push(request("GET", &base.authority, &target));
    }
    ensure!(!requests.is_empty(), "there are no targets");
    let count = args.value("requests", 10_000)?;
    Ok(Plan { authority: base.authority, requests, count, next: AtomicUsize::new(0) })
}

/// The same JSON to the same path.
fn posts(args: &Args) -> Result<Plan> {
    let base = Base::parse(args.required("base")?)?;
    let (path, body) = (args.required("post")?, args.required("body")?);
    let request = format!(
        "POST {}{path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        base.prefix,
        base.authority,
        body.len()
    );
    let count = args.value("requests", 10_000)?;
    let requests = vec![request.into_bytes()];
    Ok(Plan { authority: base.authority, requests, count, next: AtomicUsize::new(0) })
}

async fn work(plan: Arc<Plan>) -> Result<Seen> {
    let mut connection = Connection::open(&plan.authority).await?;
    let mut seen = Seen::default();
    loop {
        let next = plan.next.fetch_add(1, Ordering::Relaxed);
        if next >= plan.count {
            return Ok(seen);
        }
        let request = &plan.requests[next % plan.requests.len()];
        let sent = Instant::now();
        let (status, bytes) = connection.skim(request).await?;
        seen.micros.push(u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX));
        seen.bytes += bytes;
        if status == 200 {
            seen.ok += 1;
        } else {
            seen.other += 1;
            seen.other_status = status;
        }
    }
}
