//! How fast employees go into each database: microseconds a row for each call of a transaction, over a first sync, a
//! second sync in which nothing changed, and one in which every row did. More rows a transaction touch each index
//! page less often; the second argument shows how much that saves.
//!
//! `cargo run -p tongshi-store --release --example page_speed -- [rows] [rows a transaction] [postgres://…]`

use std::{sync::Arc, time::Instant};

use tongshi_model::{Id, Kind, LocalDate, Result, Secret, SystemClock, Timestamp};
use tongshi_store::{
    Location, NewChange, Op, RecordRow, SourceRow, Store, Workspace, allocate, changes, records, sources,
    workspaces,
};

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default| arguments.next().and_then(|text| text.parse().ok()).unwrap_or(default);
    let size = Size { all: number(100_000), batch: number(1_000).max(1) };
    let directory =
        tempfile::tempdir().map_err(|error| tongshi_model::Error::internal("").caused_by(error))?;
    println!("SQLite");
    measure(Location::Sqlite(directory.path().join("data/tongshi.db")), size).await?;
    if let Some(url) = arguments.next() {
        println!("PostgreSQL");
        measure(Location::Postgres(Secret::new(url)), size).await?;
    }
    Ok(())
}

/// How many rows there are and how many go into one transaction.
#[derive(Clone, Copy)]
struct Size {
    all: usize,
    batch: usize,
}

async fn measure(location: Location, size: Size) -> Result<()> {
    let store = Store::open(location, Arc::new(SystemClock)).await?;
    store.migrate().await?;
    let mut session = store.write().await?;
    // A new workspace each time, so that a database can be used again.
    let name = format!("speed-{}", session.now());
    let workspace = workspaces::ensure(&mut session, &name).await?;
    session.commit().await?;
    for round in ["first", "same", "changed"] {
        let mut times = Times::default();
        for start in (0..size.all).step_by(size.batch) {
            let people: Vec<_> =
                (start..start + size.batch).map(|row| Person::new(&workspace, row)).collect();
            match round {
                "same" => same(&store, &workspace, &people, &mut times).await?,
                round => write(&store, &workspace, &people, round == "first", &mut times).await?,
            }
        }
        times.print(round, size.all.next_multiple_of(size.batch));
    }
    println!("  {} MiB", store.size_bytes().await? >> 20);
    Ok(())
}

/// One page's transaction.
async fn write(
    store: &Store,
    workspace: &Workspace,
    people: &[Person],
    first: bool,
    times: &mut Times,
) -> Result<()> {
    let before = Instant::now();
    let mut s = store.write().await?;
    let names: Vec<_> = people.iter().map(|person| person.remote_id.as_str()).collect();
    let heads = sources::heads(&mut s, workspace.no, Kind::Employee, &names).await?;
    times.heads += lap(before);
    let (source, ord) = if first {
        (
            allocate(&mut s, "sources", people.len() as u64).await?,
            allocate(&mut s, "records", people.len() as u64).await?,
        )
    } else {
        let ids: Vec<_> = people.iter().map(|person| person.id).collect();
        let start = records::many(&mut s, workspace, &ids).await?[0].as_ref().map_or(0, |record| record.ord);
        (heads[0].map_or(0, |head| head.id), start)
    };
    let now = s.now();
    let mut page = Page::default();
    for (place, person) in (0i64..).zip(people) {
        page.add(workspace, person, (source + place, ord + place), now, first);
    }
    let mut before = Instant::now();
    let mut next = |time: &mut f64| {
        *time += lap(before);
        before = Instant::now();
    };
    sources::upsert(&mut s, workspace, page.sources).await?;
    next(&mut times.sources);
    records::upsert(&mut s, workspace, page.records).await?;
    next(&mut times.records);
    changes::append(&mut s, workspace, page.changes).await?;
    next(&mut times.changes);
    s.commit().await?;
    next(&mut times.commit);
    Ok(())
}

/// The rows of a page.
#[derive(Default)]
struct Page {
    sources: Vec<SourceRow>,
    records: Vec<RecordRow>,
    changes: Vec<NewChange>,
}

impl Page {
    fn add(
        &mut self,
        workspace: &Workspace,
        person: &Person,
        (source, ord): (i64, i64),
        now: Timestamp,
        first: bool,
    ) {
        let doc = person.doc(first);
        self.sources.push(SourceRow {
            id: source,
            connection: workspace.no,
            kind: Kind::Employee,
            remote_id: person.remote_id.clone(),
            record: person.id,
            hash: *Id::of(&[&doc]).as_bytes(),
            raw: doc.clone(),
            date: Some(person.joined),
            gone: None,
        });
        self.records.push(RecordRow {
            ord,
            id: person.id,
            kind: Kind::Employee,
            version: 1,
            doc: doc.clone(),
            keys: person.keys(),
            date: Some(person.joined),
            created_at: now,
            changed_at: now,
            deleted: None,
        });
        self.changes.push(NewChange {
            record: person.id,
            kind: Kind::Employee,
            op: if first { Op::Created } else { Op::Updated },
            version: 1,
            before: (!first).then(|| doc.clone()),
            source: Some(source),
            before_raw: (!first).then_some(doc),
            before_hash: None,
            run: Some(workspace.id),
            actor: "sync".to_owned(),
        });
    }
}

/// A page in which nothing is new.
async fn same(store: &Store, workspace: &Workspace, people: &[Person], times: &mut Times) -> Result<()> {
    let names: Vec<_> = people.iter().map(|person| person.remote_id.as_str()).collect();
    let before = Instant::now();
    let mut s = store.read().await?;
    let heads = sources::heads(&mut s, workspace.no, Kind::Employee, &names).await?;
    assert!(heads.iter().all(Option::is_some));
    times.heads += lap(before);
    Ok(())
}

fn lap(before: Instant) -> f64 {
    before.elapsed().as_secs_f64()
}

#[derive(Default)]
struct Times {
    heads: f64,
    sources: f64,
    records: f64,
    changes: f64,
    commit: f64,
}

impl Times {
    fn print(&self, round: &str, rows: usize) {
        let each = |seconds: f64| seconds * 1e6 / rows as f64;
        let all = self.heads + self.sources + self.records + self.changes + self.commit;
        println!(
            "  {round:8} heads {:5.2}  sources {:5.2}  records {:5.2}  changes {:5.2}  commit {:5.2}  all {:6.2} µs/row",
            each(self.heads),
            each(self.sources),
            each(self.records),
            each(self.changes),
            each(self.commit),
            each(all)
        );
    }
}

/// An invented employee.
struct Person {
    number: usize,
    remote_id: String,
    id: Id,
    joined: LocalDate,
}

impl Person {
    fn new(workspace: &Workspace, number: usize) -> Self {
        let id = Id::of(&[&workspace.name, &number.to_string()]);
        let joined = LocalDate::constant(
            2000 + (number % 25) as i16,
            1 + (number % 12) as i8,
            1 + (number % 28) as i8,
        );
        // Vendors' ids look random, and so fall all over the indexes.
        Self { number, remote_id: Id::of(&[&id.to_string()]).to_string(), id, joined }
    }

    fn name(&self) -> String {
        let pick = |letters: &str, by: usize| letters.chars().nth(self.number / by % 20).unwrap_or('王');
        let family = pick("王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗", 1);
        let given = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平";
        format!("{family}{}{}", pick(given, 20), pick(given, 400))
    }

    fn mobile(&self) -> String {
        format!("13{:09}", self.number * 7_919_993 % 1_000_000_007)
    }

    fn keys(&self) -> tongshi_model::Keys {
        [
            Some(format!("E{:07}", self.number)),
            Some(self.mobile()),
            Some(Id::of(&["unit", &(self.number % 500).to_string()]).to_string()),
            Some(self.name()),
            Some(format!("{}@corp.example", self.mobile())),
            Some(Id::of(&["entity", &(self.number % 5).to_string()]).to_string()),
        ]
    }

    fn doc(&self, first: bool) -> String {
        let keys = self.keys();
        let key = |place: usize| keys[place].clone().unwrap_or_default();
        let doc = serde_json::json!({
            "name": self.name(), "employee_no": key(0), "mobile": key(1), "org_unit": key(2), "email": key(4),
            "legal_entity": key(5), "join_date": self.joined.to_string(), "status": "active",
            "phase": {"value": "regular", "vendor_value": "正式"}, "type": {"value": "full_time", "vendor_value": "全职"},
            "job_title": if first { "工程师" } else { "高级工程师" }, "address": "上海市某区某路某弄某号某室".repeat(3),
            "custom": {"field_1": "x".repeat(40), "field_2": "y".repeat(40), "field_3": self.number},
        });
        let mut doc = doc.to_string();
        if doc.len() < 900 {
            doc.truncate(doc.len() - 1);
            let padding = 900 - doc.len();
            doc.push_str(&format!(",\"note\":\"{}\"}}", "n".repeat(padding.saturating_sub(12))));
        }
        doc
    }
}
