//! Writes against a vendor that means harm: it loses requests and answers, fails after the effect, answers twice as
//! long ago, and the worker dies in between. Counts what was lost and what happened twice, and ends with 1 if anything
//! did. `writes --count 100000 [--seed 7] [--careless]`; with `--careless` the queue believes that everything may be
//! repeated, which must show as doubles.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use tongshi_bench::args::Args;
use tongshi_dialect::Reply;
use tongshi_hub::{
    Answer, Applied, Begun, NewApp, NewConnection, NewRecord, NewRoute, Principal, Scopes, Settings,
    WriteQuery,
};
use tongshi_model::{Direction, Id, Instant as At, Kind, Punch, PunchSource, Timestamp, shanghai};
use tongshi_store::Location;
use tongshi_testkit::{Effect, LEDGER, LEDGER_ADDRESS, Ledger, Setup, TestHub};

/// Items of one request.
const AT_ONCE: u64 = 1000;

/// Of ten writes six are punches; the others are of three sorts that must be treated differently.
const KINDS: [Kind; 3] = [Kind::OrgUnit, Kind::TimelineEntry, Kind::Visit];

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::of_process(&["count", "seed"], &["careless"])?;
    let count: u64 = args.text("count").unwrap_or("100000").parse().context("--count is a number")?;
    let seed: u64 = args.text("seed").unwrap_or("7").parse().context("--seed is a number")?;
    // The worker's deaths are part of the plan.
    std::panic::set_hook(Box::new(|_| {}));
    let folder = tempfile::tempdir()?;
    let stage = Stage::new(Location::Sqlite(folder.path().join("writes.db")), args.has("careless")).await?;
    let begun = Instant::now();
    stage.enqueue(count).await?;
    let queued = begun.elapsed().as_secs_f64();
    stage.break_wire(seed);
    let rounds = stage.work(seed).await?;
    let seconds = begun.elapsed().as_secs_f64() - queued;
    stage.judge(count, queued, seconds, rounds).await
}

struct Stage {
    hub: TestHub,
    ledger: Arc<Ledger>,
    app: Principal,
    people: Vec<Id>,
}

impl Stage {
    async fn new(location: Location, careless: bool) -> Result<Self> {
        let settings =
            Settings { attempts_max: 1, retry_delay_ms: 0, write_attempts_max: 20, ..Settings::default() };
        let setup = Setup { employees: 200, vendors: vec![&LEDGER], settings, ..Setup::default() };
        let hub = TestHub::over(location, &setup).await;
        let ledger = Arc::new(Ledger::default());
        hub.wire.lead(LEDGER_ADDRESS, ledger.clone());
        let new = NewConnection {
            dialect: "ledger".to_owned(),
            name: "books".to_owned(),
            base_url: LEDGER_ADDRESS.to_owned(),
            credential: BTreeMap::new(),
            settings: json!({"writes": {"visit": true}, "careless": careless}),
        };
        hub.hub.connect(&hub.company, new).await?;
        for target in ["punch", "org_unit", "timeline_entry", "visit"] {
            let target = target.parse()?;
            let new = NewRoute { target, action: None, connection: "books".to_owned(), second_person: false };
            hub.hub.add_route(&hub.company, new, "bench").await?;
        }
        let app = NewApp {
            name: "writer".to_owned(),
            faces: Vec::new(),
            scopes: Scopes::all(),
            settings: Value::Null,
            ..NewApp::default()
        };
        let key = hub.hub.create_app(&hub.company, app, &tongshi_hub::Actor::cli()).await?.api_key;
        let app = hub.hub.authenticate(key.expose(), None).await?;
        let people = hub.records(&hub.company, Kind::Employee).await.iter().map(|person| person.id).collect();
        Ok(Self { hub, ledger, app, people })
    }

    async fn enqueue(&self, count: u64) -> Result<()> {
        let mut left = count;
        let mut number = 0u64;
        while left > 0 {
            let take = left.min(AT_ONCE);
            let Begun::Now(mut once) = self.hub.hub.begin(&self.app, None).await? else {
                bail!("a request without a key is new")
            };
            let hub = &self.hub.hub;
            let punches = take * 6 / 10;
            let items = (number..number + punches).map(|number| Ok(self.punch(number))).collect();
            let all = hub.add_punches(&mut once, &self.app, items, None).await?;
            let mut made =
                all.iter().filter(|one| one.as_ref().is_ok_and(|one| one.writes.len() == 1)).count();
            number += punches;
            for (place, kind) in KINDS.into_iter().enumerate() {
                let share = (take - punches) / 3 + u64::from(((take - punches) % 3) > place as u64);
                let items = (0..share).map(|_| Ok(self.record(kind))).collect();
                let all = hub.create_records(&mut once, &self.app, kind, items, None).await?;
                made += all.iter().filter(|one| matches!(one, Ok(Applied::Created(_)))).count();
            }
            once.finish(&Answer { status: 200, body: String::new() }).await?;
            if made as u64 != take {
                bail!("{made} of {take} were queued");
            }
            left -= take;
        }
        Ok(())
    }

    fn punch(&self, number: u64) -> Punch {
        let employee = self.people[usize::try_from(number).unwrap_or(0) % self.people.len()];
        let second = 1_770_000_000 + i64::try_from(number).unwrap_or(0) * 60;
        let at = At::new(Timestamp::from_second(second).unwrap_or_default(), shanghai());
        Punch {
            employee,
            at,
            direction: Direction::Unknown,
            source: PunchSource::Import,
            day: None,
            detail: None,
        }
    }

    fn record(&self, kind: Kind) -> NewRecord {
        let doc = match kind {
            Kind::OrgUnit => json!({"name": "部门"}),
            Kind::Visit => json!({
                "host": self.people[0], "visitor_name": "访客甲", "expected_text": "15:00", "status": "expected",
            }),
            _ => json!({"employee": self.people[1], "kind": {"value": "leave"}, "date": "2026-03-02"}),
        };
        NewRecord { fields: doc.as_object().cloned().unwrap_or_default(), refers: Vec::new() }
    }

    /// From now on a third of all calls comes to grief.
    fn break_wire(&self, mut seed: u64) {
        let failed = || Reply::json(http::StatusCode::BAD_GATEWAY, "<html>");
        self.hub.wire.break_by(move |_, _| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            match (seed >> 33) % 100 {
                0..7 => Effect::Lost,
                7..15 => Effect::Unanswered,
                15..19 => Effect::Answer(failed()),
                19..24 => Effect::Change(Box::new(move |_| failed())),
                24..25 => Effect::Answer(Reply::empty(http::StatusCode::TOO_MANY_REQUESTS)),
                25..27 => panic!("the worker dies before the call"),
                27..30 => Effect::Change(Box::new(|_| panic!("the worker dies after the call"))),
                30..33 => Effect::Change(Box::new(|mut reply| {
                    reply.body = reply.body.slice(..reply.body.len() / 2);
                    reply
                })),
                _ => Effect::Pass,
            }
        });
    }

    /// Works until nothing happens any more, each time as another process.
    async fn work(&self, seed: u64) -> Result<u64> {
        for round in 1..=1000 {
            let hub = self.hub.another(seed + round);
            hub.push_writes().await?;
            let counts = hub.write_counts(&self.hub.company).await?;
            let open = counts.iter().filter(|(state, _)| matches!(*state, "queued" | "sent"));
            let open: u64 = open.map(|(_, count)| count).sum();
            if open == 0 && !self.unfinished().await? {
                return Ok(round);
            }
            self.hub.clock.advance_seconds(400);
        }
        bail!("it does not end in 1000 rounds")
    }

    /// Whether some that were taken are still to be looked for.
    async fn unfinished(&self) -> Result<bool> {
        let mut query =
            WriteQuery { state: Some("acknowledged".to_owned()), limit: 1000, ..WriteQuery::default() };
        loop {
            let page = self.hub.hub.writes(&self.hub.company, &query, &Scopes::all()).await?;
            if page.data.iter().any(|write| !write.is_final) {
                return Ok(true);
            }
            let Some(next) = page.next else { return Ok(false) };
            query.after = Some(next.parse()?);
        }
    }

    async fn judge(&self, count: u64, queued: f64, seconds: f64, rounds: u64) -> Result<()> {
        let (mut total, mut lost, mut open, mut asked) = (0u64, 0u64, 0u64, 0u64);
        let mut query = WriteQuery { limit: 1000, ..WriteQuery::default() };
        loop {
            let page = self.hub.hub.writes(&self.hub.company, &query, &Scopes::all()).await?;
            for write in &page.data {
                total += 1;
                open += u64::from(!write.is_final);
                let effects = self.ledger.effects(write.id);
                match write.state {
                    "verified" | "acknowledged" => lost += u64::from(effects == 0),
                    // Nobody can know whether it happened, and that is said to a person.
                    "dead" if write.reason.as_deref().is_some_and(|why| why.starts_with("nobody knows")) => {
                        asked += 1;
                    }
                    _ => lost += 1,
                }
            }
            let Some(next) = page.next else { break };
            query.after = Some(next.parse()?);
        }
        lost += count.saturating_sub(total);
        let (_, doubled) = self.ledger.tally();
        let states: BTreeMap<_, _> =
            self.hub.hub.write_counts(&self.hub.company).await?.into_iter().collect();
        let outcome = json!({
            "count": count, "lost": lost, "doubled": doubled, "final": total - open, "open": open,
            "before_a_person": asked, "states": states, "vendor_calls": self.hub.wire.calls(),
            "processes": rounds, "queued_s": queued, "worked_s": seconds,
        });
        println!("{outcome:#}");
        if lost > 0 || doubled > 0 || open > 0 {
            bail!("lost {lost}, doubled {doubled}, open {open}");
        }
        Ok(())
    }
}
