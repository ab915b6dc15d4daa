//! The company behind the faces: generated once, and found again.

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tongshi_hub::{Hub, LoadItem, Workspace};
use tongshi_model::{Error, Instant, Kind, LocalDate, shanghai};
use tongshi_sandbox::{Item, Plan, generate};
use tongshi_store::meta;

use crate::{exit::Failure, program::Program, progress};

/// The name of the source under which the company is loaded.
const SOURCE: &str = "sandbox";
/// Where the database remembers the company.
const MARK: &str = "demo.plan";
/// Batches that may wait for the database. The generator is faster; it must not run ahead of memory.
const WAITING_BATCHES: usize = 4;

const EMPLOYEES: u32 = 300;
const SEED: u64 = 7;

/// A company in the database.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Mark {
    employees: u32,
    seed: u64,
    today: LocalDate,
    /// Whether all of it is there.
    loaded: bool,
}

/// Generates the company, unless it is there. One that was left half done is finished as it was begun.
pub(super) async fn ensure(
    program: &Program,
    hub: &Hub,
    sandbox: &Workspace,
    employees: Option<u32>,
    seed: Option<u64>,
) -> Result<Plan, Failure> {
    let found = read(hub).await?;
    let today = Instant::new(program.clock.now(), shanghai()).date();
    let mut mark = found.unwrap_or(Mark {
        employees: employees.unwrap_or(EMPLOYEES),
        seed: seed.unwrap_or(SEED),
        today,
        loaded: false,
    });
    let other = employees.is_some_and(|asked| asked != mark.employees)
        || seed.is_some_and(|asked| asked != mark.seed);
    if other {
        return Err(Failure::usage(format!(
            "{} holds a company of {} people with seed {}",
            program.config.data.display(),
            mark.employees,
            mark.seed
        ))
        .mend("choose another directory with --data, or leave --employees and --seed out"));
    }
    let plan = Plan::new(mark.employees, mark.seed, mark.today);
    if !mark.loaded {
        write(hub, &mark).await?;
        load(program, hub, sandbox, &plan).await?;
        mark.loaded = true;
        write(hub, &mark).await?;
    }
    Ok(plan)
}

async fn load(program: &Program, hub: &Hub, sandbox: &Workspace, plan: &Plan) -> Result<(), Failure> {
    let space = hub.local_space(sandbox, SOURCE).await?;
    let bar = progress::bar(program, "inventing people", u64::from(plan.employees));
    let (sender, mut batches) = mpsc::channel::<Vec<Item>>(WAITING_BATCHES);
    let generating = tokio::task::spawn_blocking({
        let plan = plan.clone();
        move || {
            generate(&plan, space, &mut |batch| {
                // The receiver is dropped only when loading has failed, and then that error is the one to tell.
                sender.blocking_send(batch).map_err(|_| Error::unavailable("loading the company has stopped"))
            })
        }
    });
    let mut loaded = Ok(());
    while let Some(batch) = batches.recv().await {
        let people = batch.iter().filter(|item| is_employee(item)).count();
        let items = batch.into_iter().map(load_item).collect();
        loaded = hub.load(sandbox, SOURCE, items).await;
        if loaded.is_err() {
            break;
        }
        bar.inc(people as u64);
    }
    drop(batches);
    let generated =
        generating.await.map_err(|error| Failure::internal(format!("the generator ended: {error}")))?;
    bar.finish();
    loaded?;
    Ok(generated?)
}

fn is_employee(item: &Item) -> bool {
    matches!(item, Item::Record { draft, .. } if draft.kind == Kind::Employee)
}

fn load_item(item: Item) -> LoadItem {
    match item {
        Item::Record { remote_id, draft } => LoadItem::Record { remote_id, draft },
        Item::Punches(punches) => LoadItem::Punches(punches),
    }
}

async fn read(hub: &Hub) -> Result<Option<Mark>, Failure> {
    let mut session = hub.store().read().await?;
    let text = meta::get(&mut session, MARK).await?;
    Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
}

async fn write(hub: &Hub, mark: &Mark) -> Result<(), Failure> {
    let text = serde_json::to_string(mark)?;
    let mut session = hub.store().write().await?;
    meta::set(&mut session, MARK, &text).await?;
    Ok(session.commit().await?)
}
