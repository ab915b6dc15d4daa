//! Decisions through the Hesine face, one after another as its callers make them, beside a bare handler that makes one
//! durable change of each: `decisions [--count 1000]`. The vendor advertises under 200 ms for one.

use std::{path::Path, sync::Arc, time::Duration, time::Instant};

use anyhow::{Context as _, Result, bail};
use http::{HeaderValue, Method, header};
use serde_json::{Value, json};
use tongshi_bench::args::Args;
use tongshi_dialect::{Face, Message};
use tongshi_model::{Employee, EmploymentStatus, Id, Kind};
use tongshi_store::Location;
use tongshi_testkit::{Setup, TestHub};

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::of_process(&["count"], &[])?;
    let count: usize = args.text("count").unwrap_or("1000").parse().context("--count is a number")?;
    let folder = tempfile::tempdir()?;
    let location = Location::Sqlite(folder.path().join("decisions.db"));
    let hub = TestHub::over(location, &Setup { employees: 200, ..Setup::default() }).await;
    let caller = Caller::of(&hub).await?;
    let (approver, flows) = caller.requests(&hub, count).await?;
    let mut took = Vec::with_capacity(count);
    for flow in &flows {
        let body = json!({"approveId": approver, "action": {"name": "freeflow.agree", "comment": "同意"}});
        let target = format!("/v1/backlog/data/[{flow}]");
        let begun = Instant::now();
        let answer = caller.call(Method::POST, &target, body).await?;
        took.push(begun.elapsed());
        if answer["value"]["total"] != 1 {
            bail!("a decision was not taken: {answer}");
        }
    }
    for flow in [&flows[0], &flows[count - 1]] {
        let shown = caller.call(Method::GET, &format!("/v1.1/flowDetails?flowId={flow}"), json!({})).await?;
        if shown["value"]["state"] != "paid" {
            bail!("a decision has no effect: {}", shown["value"]["state"]);
        }
    }
    show("face", took);
    show("bare", bare(&folder.path().join("bare.db"), count)?);
    Ok(())
}

fn show(name: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let at = |share: usize| took[(took.len() - 1) * share / 100].as_secs_f64() * 1000.0;
    println!("{name}: p50 {:.2} ms, p99 {:.2} ms of {}", at(50), at(99), took.len());
}

/// What a handler cannot do without: read a document, write it changed, and be sure of it.
fn bare(path: &Path, count: usize) -> Result<Vec<Duration>> {
    let mut database = rusqlite::Connection::open(path)?;
    database.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE flows (id INTEGER PRIMARY KEY, doc TEXT)",
    )?;
    let ids = 0..i64::try_from(count)?;
    let doc = json!({"state": "approving", "form": "x".repeat(2000)}).to_string();
    for id in ids.clone() {
        database.execute("INSERT INTO flows VALUES (?1, ?2)", (id, &doc))?;
    }
    let mut took = Vec::with_capacity(count);
    for id in ids {
        let begun = Instant::now();
        let change = database.transaction()?;
        let read: String = change.query_row("SELECT doc FROM flows WHERE id = ?1", [id], |row| row.get(0))?;
        let mut doc: Value = serde_json::from_str(&read)?;
        doc["state"] = "paid".into();
        change.execute("UPDATE flows SET doc = ?2 WHERE id = ?1", (id, doc.to_string()))?;
        change.commit()?;
        took.push(begun.elapsed());
    }
    Ok(took)
}

struct Caller {
    face: Arc<dyn Face>,
    token: String,
}

impl Caller {
    async fn of(hub: &TestHub) -> Result<Self> {
        let found = hub.hub.faces().iter().find(|(id, _)| *id == "hesine");
        let face = found.map(|(_, face)| Arc::clone(face)).context("there is no such face")?;
        let mut caller = Self { face, token: String::new() };
        let keys = &hub.keys["hesine"];
        let ask = json!({"appKey": keys["app_key"].expose(), "appSecurity": keys["app_secret"].expose()});
        let answer = caller.call(Method::POST, "/v1/auth/getAccessToken", ask).await?;
        caller.token = answer["value"]["accessToken"].as_str().context("no token")?.to_owned();
        Ok(caller)
    }

    async fn call(&self, method: Method, target: &str, body: Value) -> Result<Value> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut message = Message::new(method, format!("/api/openapi{path}"));
        query.clone_into(&mut message.query);
        if !self.token.is_empty() {
            message.add_query("accessToken", &self.token);
        }
        message.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        message.body = body.to_string().into();
        let reply = self.face.answer(message).await;
        let answer: Value = serde_json::from_slice(&reply.body)?;
        if !reply.status.is_success() {
            bail!("{target}: {} {answer}", reply.status);
        }
        Ok(answer)
    }

    /// Requests of one person that wait for one other.
    async fn requests(&self, hub: &TestHub, count: usize) -> Result<(Id, Vec<String>)> {
        let people = hub.records(&hub.company, Kind::Employee).await;
        let person = people.iter().find_map(|record| {
            let employee: Employee = serde_json::from_str(record.data.get()).ok()?;
            let works = employee.status == Some(EmploymentStatus::Active);
            works.then_some(record.id).zip(employee.manager)
        });
        let (applicant, approver) = person.context("nobody has a superior")?;
        let mut flows = Vec::with_capacity(count);
        for place in 0..count {
            let form = json!({
                "title": format!("出差{place}"), "submitterId": applicant, "specificationId": "tongshi0requisition:1",
                "requisitionMoney": {"standard": "1200"},
            });
            let body = json!({"form": form});
            let answer = self.call(Method::POST, "/v2.2/flow/data?isCommit=true", body).await?;
            let actions = &answer["flow"]["state"];
            if actions != "approving" {
                bail!("a request waits for nobody: {actions}");
            }
            flows.push(answer["flow"]["id"].as_str().context("no id")?.to_owned());
        }
        Ok((approver, flows))
    }
}
