//! Webhooks: how many signed messages a second a hub sends of what stands in its journal, beside a loop that signs and posts
//! the very same bodies over connections kept alive to the same receiver and commits once for each batch.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::Command,
    sync::{
        Arc, Barrier, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use tongshi_bench::process::{self, Daemon};

use crate::{
    report::{Goal, Line, Report},
    session::{MISSING, Session},
    tongshi::Tongshi,
};

const PART: &str = "webhooks";
const FIGURE: &str = "thin, one endpoint";
const LIMIT: &str = "limit";
const OURS: &str = "tongshi";
/// More messages say nothing more.
const MESSAGES_MAX: u64 = 20_000;
/// As the hub has it: messages in flight, and messages in one transaction.
const WINDOW: usize = 32;
const BATCH: usize = 256;
const PATIENCE: Duration = Duration::from_secs(600);

/// Measures both, turn about.
pub(crate) fn run(session: &Session, report: &mut Report) -> Result<()> {
    let Some(tongshi) = &session.tongshi else {
        report.note(MISSING.to_owned());
        return Ok(());
    };
    let messages = session.employees.min(MESSAGES_MAX);
    let (mut ours, mut limit) = (Vec::new(), Vec::new());
    for round in 0..session.rounds {
        eprintln!("webhooks, round {} of {}", round + 1, session.rounds);
        let place = session.place()?;
        let receiver = Receiver::start()?;
        ours.push(hub(session, tongshi, place.path(), &receiver, messages)?);
        let bodies = receiver.bodies();
        receiver.forget();
        limit.push(bare(&place.path().join("limit.db"), &receiver, &bodies)?);
    }
    report.add(Line::new(PART, FIGURE, LIMIT, "/s", &limit));
    let line = Line::new(PART, FIGURE, OURS, "/s", &ours).map(|line| line.against(LIMIT, &limit));
    report.add(line.map(|line| line.goal(Goal::RatioAtLeast { goal: 0.5, never_below: 0.0 })));
    Ok(())
}

/// A hub whose journal has so many entries that its one endpoint was not told of.
fn hub(
    session: &Session,
    tongshi: &Tongshi,
    place: &Path,
    receiver: &Receiver,
    messages: u64,
) -> Result<f64> {
    let data = place.join("data");
    let (_vendor, vendor) = session.vendor(messages)?;
    tongshi.connect(&data, &vendor.url(), None)?;
    let command = |words: &[&str]| {
        let mut command = Command::new(&tongshi.path);
        command.args(words).arg("--data").arg(&data).env_remove("TONGSHI_DATABASE_URL");
        command.env("TONGSHI_WEBHOOK_PRIVATE_RANGES", "127.0.0.0/8").env("TONGSHI_SYNC_EVERY_SECONDS", "0");
        command
    };
    process::run(command(&["app", "create", "listener", "--json"]))?;
    process::run(command(&["webhooks", "add", "listener", &receiver.url(), "--json"]))?;
    process::run(tongshi.sync(&data, None))?;
    let listen = process::free_address()?.to_string();
    let mut daemon = Daemon::start(command(&["serve", "--listen", &listen]), &session.log("serve"))?;
    let wanted = usize::try_from(messages)?;
    daemon.wait(PATIENCE, Duration::from_millis(20), || Ok((receiver.count() >= wanted).then_some(())))?;
    ensure!(receiver.count() == wanted, "{} messages came of {wanted}", receiver.count());
    receiver.rate()
}

/// The least that has to be done: sign, post, and commit once for each batch.
fn bare(database: &Path, receiver: &Receiver, bodies: &[Vec<u8>]) -> Result<f64> {
    let connection = rusqlite::Connection::open(database)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE sent (id INTEGER PRIMARY KEY, message TEXT NOT NULL, state INTEGER NOT NULL)",
    )?;
    let barrier = Barrier::new(WINDOW + 1);
    let batches = bodies.len().div_ceil(BATCH);
    thread::scope(|scope| -> Result<()> {
        let lanes: Vec<_> = (0..WINDOW)
            .map(|lane| {
                let (barrier, authority) = (&barrier, receiver.authority.as_str());
                scope.spawn(move || -> Result<()> {
                    let mut posting = TcpStream::connect(authority).map_err(anyhow::Error::from);
                    for batch in 0..batches {
                        let range = batch * BATCH..((batch + 1) * BATCH).min(bodies.len());
                        for place in range.skip(lane).step_by(WINDOW) {
                            // A lane that broke still meets the others at the barrier.
                            if let Ok(stream) = &mut posting
                                && let Err(error) = post(stream, place, &bodies[place])
                            {
                                posting = Err(error);
                            }
                        }
                        barrier.wait();
                        barrier.wait();
                    }
                    posting.map(drop)
                })
            })
            .collect();
        for batch in 0..batches {
            barrier.wait();
            let noted = note(&connection, batch * BATCH..((batch + 1) * BATCH).min(bodies.len()));
            barrier.wait();
            noted?;
        }
        lanes.into_iter().try_for_each(|lane| {
            lane.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a lane of the limit broke")))
        })
    })?;
    receiver.rate()
}

fn note(connection: &rusqlite::Connection, places: std::ops::Range<usize>) -> Result<()> {
    let transaction = connection.unchecked_transaction()?;
    {
        let mut insert = transaction.prepare_cached("INSERT INTO sent (message, state) VALUES (?1, 2)")?;
        for place in places {
            insert.execute([format!("msg_{place:032x}")])?;
        }
    }
    Ok(transaction.commit()?)
}

fn post(stream: &mut TcpStream, place: usize, body: &[u8]) -> Result<()> {
    let id = format!("msg_{place:032x}");
    let seconds = tongshi_bench::sign::tonce_now()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&[7; 32]).context("a key")?;
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body);
    let signature = BASE64.encode(mac.finalize().into_bytes());
    let mut message = format!(
        "POST /hooks HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nwebhook-id: {id}\r\n\
         webhook-timestamp: {seconds}\r\nwebhook-signature: v1,{signature}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    message.extend_from_slice(body);
    stream.write_all(&message)?;
    let mut answer = [0; ANSWER.len()];
    stream.read_exact(&mut answer)?;
    Ok(())
}

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// Takes everything that comes, at once.
struct Receiver {
    authority: String,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    count: AtomicUsize,
    bodies: Mutex<Vec<Vec<u8>>>,
    span: Mutex<Option<(Instant, Instant)>>,
}

impl Receiver {
    fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let authority = listener.local_addr()?.to_string();
        let seen = Arc::<Seen>::default();
        let shared = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let seen = Arc::clone(&shared);
                // A connection that ends is the sender's affair.
                thread::spawn(move || seen.take_all(&stream));
            }
        });
        Ok(Self { authority, seen })
    }

    fn url(&self) -> String {
        format!("http://{}/hooks", self.authority)
    }

    fn count(&self) -> usize {
        self.seen.count.load(Ordering::SeqCst)
    }

    fn bodies(&self) -> Vec<Vec<u8>> {
        self.seen.bodies.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn forget(&self) {
        self.seen.bodies.lock().unwrap_or_else(PoisonError::into_inner).clear();
        *self.seen.span.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.seen.count.store(0, Ordering::SeqCst);
    }

    /// Messages a second, from the first to the last.
    fn rate(&self) -> Result<f64> {
        let span = *self.seen.span.lock().unwrap_or_else(PoisonError::into_inner);
        let (first, last) = span.context("no message came")?;
        Ok(self.count() as f64 / last.duration_since(first).as_secs_f64())
    }
}

impl Seen {
    fn take_all(&self, stream: &TcpStream) -> Option<()> {
        stream.set_nodelay(true).ok()?;
        let mut reader = BufReader::new(stream);
        loop {
            let mut length = 0;
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).ok()? == 0 {
                    return None;
                }
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().ok()?;
                }
                if line == "\r\n" {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).ok()?;
            debug_assert!(serde_json::from_slice::<Value>(&body).is_ok(), "a message is JSON");
            let now = Instant::now();
            let mut span = self.span.lock().unwrap_or_else(PoisonError::into_inner);
            *span = Some(span.map_or((now, now), |(first, _)| (first, now)));
            drop(span);
            self.bodies.lock().unwrap_or_else(PoisonError::into_inner).push(body);
            self.count.fetch_add(1, Ordering::SeqCst);
            let mut stream = stream;
            stream.write_all(ANSWER).ok()?;
        }
    }
}
