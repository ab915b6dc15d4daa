//! Serving: signed reads through the face beside a bare handler that answers the very same bytes, the server on one core and the
//! load on another. A second reference checks the signature and joins stored documents: how near can one come to the first?

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Command,
    rc::Rc,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::Value;
use tongshi_bench::{
    http1::{self, Base},
    people::{Company, State},
    process::{self, Daemon},
    sign::{self, Keys},
};

use crate::{
    report::{Goal, Line, Report},
    session::{MISSING, Session},
};

const PATH: &str = "/api/v2/employees";
const LIMIT: &str = "face_limit";
const STORED: &str = "limit, stored";
const OURS: &str = "tongshi";
const SERVER_CORE: usize = 0;
const LOAD_CORE: usize = 1;
const PAGE_SIZE: usize = 100;
const WARM_UP: usize = 2_000;
const DEMO_LIMIT: Duration = Duration::from_secs(300);

/// One kind of read: how many requests a round, and its goal.
struct Read {
    name: &'static str,
    targets: &'static str,
    requests: usize,
    goal: Goal,
}

const READS: [Read; 2] = [
    Read {
        name: "a signed page of 100",
        targets: "pages",
        requests: 20_000,
        goal: Goal::RatioAtLeast { goal: 0.4, never_below: 0.15 },
    },
    Read {
        name: "one employee by number",
        targets: "ones",
        requests: 60_000,
        goal: Goal::RatioAtLeast { goal: 0.6, never_below: 0.0 },
    },
];

/// What the face gave: the bytes that the bare handler repeats, and what to ask for.
struct Sample {
    page: Vec<u8>,
    employee: Vec<u8>,
    pages: u64,
    people: Vec<Person>,
}

/// An employee number and the employee it leads to.
type Person = (String, String);

/// A server under load.
struct Server {
    who: &'static str,
    daemon: Rc<Daemon>,
    base: String,
    keys: Keys,
}

/// What the load generator saw.
#[derive(Deserialize)]
struct Loaded {
    ok: usize,
    other: usize,
    other_status: u16,
    seconds: f64,
    p99_us: f64,
}

#[derive(Default)]
struct Figures {
    rates: Vec<f64>,
    processor_us: Vec<f64>,
    p99_ms: Vec<f64>,
}

/// Measures both reads on both servers, turn about.
pub(crate) fn run(session: &Session, report: &mut Report) -> Result<()> {
    if !session.can_pin {
        report.note("taskset or a second core is missing: server and load shared the cores".to_owned());
    }
    let place = session.place()?;
    let mut servers = Vec::new();
    let sample = match ours(session, place.path(), report) {
        Ok(Some((server, sample))) => {
            servers.push(server);
            sample
        }
        Ok(None) => {
            report.note(MISSING.to_owned());
            invented()
        }
        Err(error) => {
            report.broken(format!("the face was not measured: {error:#}"));
            invented()
        }
    };
    write_targets(place.path(), &sample)?;
    let [bare, stored] = limits(session, place.path(), &sample)?;
    servers.splice(0..0, [bare, stored]);
    for read in &READS {
        measure(session, place.path(), read, &servers, report)?;
    }
    Ok(())
}

fn measure(
    session: &Session,
    place: &Path,
    read: &Read,
    servers: &[Server],
    report: &mut Report,
) -> Result<()> {
    let mut figures: Vec<Figures> = servers.iter().map(|_| Figures::default()).collect();
    for round in 0..session.rounds {
        for (server, figures) in servers.iter().zip(&mut figures) {
            eprintln!("{}, round {} of {}: {}", read.name, round + 1, session.rounds, server.who);
            if round == 0 {
                load(session, place, read, server, WARM_UP)?;
            }
            let before = server.daemon.cpu_s()?;
            let loaded = load(session, place, read, server, read.requests)?;
            let used = server.daemon.cpu_s()? - before;
            if loaded.other > 0 {
                report.broken(format!(
                    "{}, {}: {} of {} answers were not 200 (for example {}), so its figures mean nothing; is the \
                     app's rate limit lower than the load?",
                    server.who,
                    read.name,
                    loaded.other,
                    loaded.other + loaded.ok,
                    loaded.other_status
                ));
            }
            // Refusals are cheap: only what was served counts.
            figures.rates.push(loaded.ok as f64 / loaded.seconds);
            figures.processor_us.push(used * 1e6 / read.requests as f64);
            figures.p99_ms.push(loaded.p99_us / 1e3);
        }
    }
    let Some(reference) = figures.first() else { return Ok(()) };
    for (server, mine) in servers.iter().zip(&figures) {
        let line = Line::new("serving", read.name, server.who, "/s", &mine.rates);
        report.add(line.map(|line| match server.who {
            LIMIT => line,
            STORED => line.against(LIMIT, &reference.rates),
            _ => line.against(LIMIT, &reference.rates).goal(read.goal),
        }));
    }
    for (server, mine) in servers.iter().zip(&figures) {
        let figure = format!("{}, processor", read.name);
        report.add(Line::new("serving", &figure, server.who, "µs", &mine.processor_us));
    }
    for (server, mine) in servers.iter().zip(&figures) {
        let figure = format!("{}, 99 % within", read.name);
        report.add(Line::new("serving", &figure, server.who, "ms", &mine.p99_ms));
    }
    Ok(())
}

fn load(session: &Session, place: &Path, read: &Read, server: &Server, requests: usize) -> Result<Loaded> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_load"));
    command.args(["--base", &server.base, "--requests", &requests.to_string()]);
    command.arg("--targets").arg(place.join(read.targets));
    command.args(["--access-key", &server.keys.access_key, "--secret-key", &server.keys.secret_key]);
    let said = process::run(process::pinned(&command, LOAD_CORE, session.can_pin))?;
    serde_json::from_str(&said).context("the load generator's answer")
}

/// The bare handler with the sample's bytes, and beside it the one that reads the same people from a database.
fn limits(session: &Session, place: &Path, sample: &Sample) -> Result<[Server; 2]> {
    let (page, employee) = (place.join("page.json"), place.join("employee.json"));
    std::fs::write(&page, &sample.page)?;
    std::fs::write(&employee, &sample.employee)?;
    let mut documents = String::new();
    for (number, document) in &sample.people {
        writeln!(documents, "{number}\t{document}")?;
    }
    std::fs::write(place.join("documents"), documents)?;
    let listen = process::free_address()?.to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_face_limit"));
    command.arg("--page").arg(page).arg("--employee").arg(employee).args(["--listen", &listen]);
    command.arg("--documents").arg(place.join("documents")).arg("--database").arg(place.join("stored.db"));
    let mut daemon =
        Daemon::start(process::pinned(&command, SERVER_CORE, session.can_pin), &session.log("face_limit"))?;
    daemon.ready(&listen, PATH, Duration::from_secs(20))?;
    let keys = Keys { access_key: "ak".to_owned(), secret_key: "sk".to_owned() };
    let (daemon, base) = (Rc::new(daemon), format!("http://{listen}"));
    let stored = format!("{base}/stored");
    Ok([
        Server { who: LIMIT, daemon: Rc::clone(&daemon), base, keys: keys.clone() },
        Server { who: STORED, daemon, base: stored, keys },
    ])
}

/// The demo hub, quiet and asked once for everything that the load will ask for.
fn ours(session: &Session, place: &Path, report: &mut Report) -> Result<Option<(Server, Sample)>> {
    let Some(tongshi) = &session.tongshi else { return Ok(None) };
    eprintln!("starting the demo hub");
    let data = place.join("demo");
    let listen = process::free_address()?.to_string();
    let command = process::pinned(&tongshi.demo(&data, &listen), SERVER_CORE, session.can_pin);
    let mut daemon = Daemon::start(command, &session.log("demo"))?;
    let (base, keys) = daemon
        .wait(DEMO_LIMIT, Duration::from_millis(100), || Ok(credentials(&data.join("demo.json"))))
        .context("`tongshi demo` wrote no demo.json with a zhiren face in it")?;
    daemon.ready(&listen, "/readyz", Duration::from_secs(30))?;
    if !daemon.settle(Duration::from_secs(120))? {
        report.note("the demo hub was still busy when the load began".to_owned());
    }
    let sample = sample(&base, &keys)?;
    let listed = employees(&sample.page)?.len();
    if listed != PAGE_SIZE {
        report.note(format!("the face lists {listed} employees a page, not {PAGE_SIZE}"));
    }
    Ok(Some((Server { who: OURS, daemon: Rc::new(daemon), base, keys }, sample)))
}

/// The face's address and keys; none while the file is not there or not whole.
fn credentials(path: &PathBuf) -> Option<(String, Keys)> {
    let demo: Value = serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()?;
    let face = demo.get("faces")?.get("zhiren")?;
    let text = |name: &str| Some(face.get(name)?.as_str()?.to_owned());
    let keys = Keys { access_key: text("access_key")?, secret_key: text("secret_key")? };
    Some((text("base_url")?.trim_end_matches('/').to_owned(), keys))
}

fn sample(base: &str, keys: &Keys) -> Result<Sample> {
    let base = Base::parse(base)?;
    let get = |path: &str, payload: &str| -> Result<Vec<u8>> {
        let target = sign::target(keys, &base.prefix, path, payload, sign::tonce_now()?)?;
        let reply = http1::once("GET", &base.authority, &target, Duration::from_secs(30))?;
        let said = String::from_utf8_lossy(&reply.body).chars().take(200).collect::<String>();
        ensure!(reply.status == 200, "the face answered {} to {path}: {said}", reply.status);
        Ok(reply.body)
    };
    let page = get(PATH, &payload_of(1))?;
    let pages = serde_json::from_slice::<Value>(&page)?.get("totalPages").and_then(Value::as_u64);
    let pages = pages.context("the face's page has no totalPages")?;
    let mut people = Vec::new();
    for page in 1..=pages {
        people.extend(employees(&get(PATH, &payload_of(page))?)?.iter().filter_map(person));
    }
    let (first, _) = people.first().context("the face lists nobody with an employee number")?;
    let employee = get(&format!("{PATH}/{first}"), "{}")?;
    // A page at the end may be short: the load asks for full ones only.
    let full = if pages > 1 { pages - 1 } else { pages };
    Ok(Sample { page, employee, pages: full, people })
}

/// Stands in for the face's bytes when there is no face.
fn invented() -> Sample {
    let company = Company { employees: 1000, state: State::First };
    let mut page =
        String::from(r#"{"currentPage":1,"pageSize":100,"totalPages":10,"totalCount":1000,"employees":"#);
    company.list(&mut page, 0, PAGE_SIZE as u64);
    page.push('}');
    let people: Vec<Person> = (0..company.count())
        .map(|number| {
            let mut employee = String::new();
            company.write(&mut employee, number);
            (format!("N{number:07}"), employee)
        })
        .collect();
    let employee = people.first().map(|(_, employee)| employee.clone().into_bytes()).unwrap_or_default();
    Sample { page: page.into_bytes(), employee, pages: 9, people }
}

fn write_targets(place: &Path, sample: &Sample) -> Result<()> {
    let pages: Vec<String> =
        (1..=sample.pages).map(|page| format!("{PATH}\t{}\n", payload_of(page))).collect();
    std::fs::write(place.join("pages"), pages.concat())?;
    let ones: Vec<String> =
        sample.people.iter().map(|(number, _)| format!("{PATH}/{number}\t{{}}\n")).collect();
    std::fs::write(place.join("ones"), ones.concat())?;
    Ok(())
}

fn payload_of(page: u64) -> String {
    format!(r#"{{"token":"","pagination":{{"page":{page}}}}}"#)
}

fn employees(page: &[u8]) -> Result<Vec<Value>> {
    let page: Value = serde_json::from_slice(page)?;
    let employees = page.get("employees").and_then(Value::as_array).cloned();
    employees.context("the face's page has no employees")
}

/// An employee whose number needs no escaping in a path: how an escaped path is signed is an open question of the vendor's.
fn person(employee: &Value) -> Option<Person> {
    let number = employee.get("empno")?.as_str()?;
    let plain = number.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
    (plain && !number.is_empty()).then(|| (number.to_owned(), employee.to_string()))
}
