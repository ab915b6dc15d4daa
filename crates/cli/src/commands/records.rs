//! `tongshi records`: the records of a kind, read and printed page by page, so that a million do not sit in memory.

use std::io::{self, Write as _};

use serde::Serialize;
use serde_json::Value;
use tongshi_hub::{Hub, PunchQuery, PunchView, RecordQuery, RecordView, Scopes, Workspace};
use tongshi_model::{Id, Kind, LocalDate, parse_date};

use crate::{
    exit::{Exit, Failure},
    pairs, print,
    program::Program,
};

/// Rows read at a time.
const PAGE: u32 = 1000;
/// Rows shown to people who do not ask for more.
const SHOWN: u64 = 50;

/// List records of a kind.
#[derive(clap::Args)]
#[command(long_about = "Lists the records of a kind: employee, org_unit, legal_entity, shift_assignment, \
    timeline_entry, approval, candidate, vacancy, salary_item, visit, …, and `punch`. People get a table of the first \
    50; --json prints all of them as one array, --jsonl one a line, both with every field.")]
#[command(after_long_help = "\
Examples:
  tongshi records employee
  tongshi records employee --filter employee_no=E0007 --json
  tongshi records timeline_entry --filter kind=leave --filter date_from=2026-03-01 --all
  tongshi records punch --filter employee=ID --jsonl
  tongshi records employee --deleted --jsonl | jq 'select(.deleted_at)'

Exit codes: 0 listed; 1 there is no such kind or filter (the message lists those that there are).")]
pub(crate) struct Args {
    /// The kind
    kind: String,
    /// Only those with this value in this field; date_from and date_to bound the business date
    #[arg(long = "filter", value_name = "K=V")]
    filters: Vec<String>,
    /// All of them
    #[arg(long, conflicts_with = "limit")]
    all: bool,
    /// How many at most
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Deleted ones too
    #[arg(long)]
    deleted: bool,
    /// Print JSON, one record a line
    #[arg(long)]
    jsonl: bool,
}

/// Runs the command.
pub(crate) async fn run(program: &Program, args: Args) -> Result<Exit, Failure> {
    let mut asked = Asked::read(&args.filters)?;
    let structured = program.json || args.jsonl;
    let limit = args.limit.unwrap_or(if args.all || structured { u64::MAX } else { SHOWN });
    let shape = match (args.jsonl, program.json) {
        (true, _) => Shape::Lines,
        (false, true) => Shape::Array,
        (false, false) => Shape::Table,
    };
    if args.kind == "punch" || args.kind == "punches" {
        let (hub, workspace) = program.open().await?;
        let query = asked.punches()?;
        return punches(&hub, &workspace, query, limit, shape).await;
    }
    let kind = kind(&args.kind)?;
    let (hub, workspace) = program.open().await?;
    let query = RecordQuery {
        kind,
        date_from: asked.date("date_from")?,
        date_to: asked.date("date_to")?,
        filters: asked.filters,
        deleted: args.deleted,
        after: None,
        limit: PAGE,
    };
    records(&hub, &workspace, query, limit, shape).await
}

/// The kind with this name.
pub(crate) fn kind(name: &str) -> Result<Kind, Failure> {
    name.parse().map_err(|_| {
        let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        let near = crate::config::nearest(name, names.iter().copied());
        let near = near.map(|near| format!("did you mean {near}? ")).unwrap_or_default();
        Failure::usage(format!("there is no kind '{name}'"))
            .mend(format!("{near}there are: {}, punch", names.join(", ")))
    })
}

/// Filters before they are sorted out.
struct Asked {
    filters: Vec<(String, String)>,
}

impl Asked {
    fn read(pairs: &[String]) -> Result<Self, Failure> {
        let filters = pairs
            .iter()
            .map(|pair| {
                pairs::split("--filter", pair).map(|(name, value)| (name.to_owned(), value.to_owned()))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { filters })
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.filters.iter().position(|(known, _)| known == name)?;
        Some(self.filters.remove(at).1)
    }

    fn date(&mut self, name: &'static str) -> Result<Option<LocalDate>, Failure> {
        Ok(self.take(name).map(|text| parse_date(name, &text)).transpose()?)
    }

    fn punches(&mut self) -> Result<PunchQuery, Failure> {
        let employee = self.take("employee").map(|text| text.parse::<Id>()).transpose()?;
        let (from, to) = (self.date("date_from")?, self.date("date_to")?);
        if let Some((name, _)) = self.filters.first() {
            return Err(Failure::usage(format!("punches cannot be filtered by '{name}'"))
                .mend("they can by employee, date_from and date_to"));
        }
        Ok(PunchQuery { employee, from, to, after: None, limit: PAGE })
    }
}

/// How records are printed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Table,
    Array,
    Lines,
}

async fn records(
    hub: &Hub,
    workspace: &Workspace,
    mut query: RecordQuery,
    limit: u64,
    shape: Shape,
) -> Result<Exit, Failure> {
    let columns = columns(query.kind);
    let mut out = Out::new(shape, limit);
    loop {
        query.limit = out.page();
        let page = hub.records(workspace, &query, &Scopes::all()).await?;
        if shape != Shape::Table {
            hub.note_records(workspace, "cli", "cli", &page.data).await?;
        }
        let count = page.data.len();
        out.page_of(&columns, page.data, |record| row(&columns, record))?;
        query.after = page.next;
        if query.after.is_none() || count == 0 || out.full() {
            break;
        }
    }
    out.end(query.after.is_some(), query.kind.plural())?;
    Ok(Exit::Done)
}

async fn punches(
    hub: &Hub,
    workspace: &Workspace,
    mut query: PunchQuery,
    limit: u64,
    shape: Shape,
) -> Result<Exit, Failure> {
    let mut out = Out::new(shape, limit);
    let mut more = true;
    while more && !out.full() {
        query.limit = out.page();
        let page = hub.punches(workspace, &query).await?;
        more = page.len() == query.limit as usize;
        query.after = page.last().map(|punch| punch.id).or(query.after);
        out.page_of(&["employee", "at", "direction", "source", "connection"], page, punch_row)?;
    }
    out.end(more, "punches")?;
    Ok(Exit::Done)
}

/// Prints pages in a shape, up to a limit.
struct Out {
    shape: Shape,
    left: u64,
    printed: u64,
}

impl Out {
    fn new(shape: Shape, limit: u64) -> Self {
        Self { shape, left: limit, printed: 0 }
    }

    /// How many to read next; at least one, because a page of none is not a question.
    fn page(&self) -> u32 {
        u32::try_from(self.left.clamp(1, u64::from(PAGE))).unwrap_or(PAGE)
    }

    fn full(&self) -> bool {
        self.left == 0
    }

    fn page_of<T: Serialize>(
        &mut self,
        columns: &[&str],
        mut rows: Vec<T>,
        cells: impl Fn(&T) -> Vec<String>,
    ) -> Result<(), Failure> {
        rows.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= rows.len() as u64;
        match self.shape {
            Shape::Table if rows.is_empty() => {}
            Shape::Table => print::line(print::grid(columns, rows.iter().map(cells)))?,
            Shape::Array | Shape::Lines => self.json(&rows)?,
        }
        self.printed += rows.len() as u64;
        Ok(())
    }

    fn json<T: Serialize>(&self, rows: &[T]) -> Result<(), Failure> {
        let mut out = io::BufWriter::new(io::stdout().lock());
        for (index, row) in rows.iter().enumerate() {
            if self.shape == Shape::Array {
                let first = self.printed == 0 && index == 0;
                out.write_all(if first { b"[\n" } else { b",\n" })?;
            }
            serde_json::to_writer(&mut out, row)?;
            if self.shape == Shape::Lines {
                out.write_all(b"\n")?;
            }
        }
        Ok(out.flush()?)
    }

    fn end(self, more: bool, plural: &str) -> Result<(), Failure> {
        match (self.shape, self.printed) {
            (Shape::Array, 0) => print::line("[]"),
            (Shape::Array, _) => print::line("\n]"),
            (Shape::Table, 0) => print::line(format!("There are no such {plural}.")),
            (Shape::Table, printed) if more => {
                print::line(format!("The first {printed} {plural}; --all shows all, --json every field."))
            }
            (Shape::Table, printed) => print::line(format!("{printed} {plural}.")),
            (Shape::Lines, _) => Ok(()),
        }
    }
}

/// What people want to see of a kind: what it is found by, without references to other records.
fn columns(kind: Kind) -> Vec<&'static str> {
    let mut columns: Vec<&'static str> = match kind {
        Kind::Employee => vec!["employee_no", "name", "status", "phase", "job_title", "mobile", "hire_date"],
        Kind::OrgUnit => vec!["name", "code", "order"],
        Kind::TimelineEntry => vec!["employee", "kind", "date", "start", "end"],
        Kind::ShiftAssignment => vec!["employee", "date", "shift", "time_range"],
        Kind::SalaryItem => vec!["employee", "month", "subject"],
        _ => kind.lookups().to_vec(),
    };
    columns.push("id");
    columns
}

fn row(columns: &[&str], record: &RecordView) -> Vec<String> {
    let doc: Value = serde_json::from_str(record.data.get()).unwrap_or_default();
    let mut cells: Vec<String> = columns.iter().map(|column| cell(&doc[*column])).collect();
    if let Some(last) = cells.last_mut() {
        *last = record.id.to_string();
        if record.deleted_at.is_some() {
            last.push_str(" (deleted)");
        }
    }
    cells
}

/// A value in a table: ours of a coded one, nothing for nothing.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => print::short(text),
        Value::Object(fields) => fields.get("value").map_or_else(|| "{…}".to_owned(), cell),
        Value::Array(items) => format!("[{}]", items.len()),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

fn punch_row(punch: &PunchView) -> Vec<String> {
    vec![
        punch.employee.to_string(),
        punch.at.to_string(),
        punch.direction.name().to_owned(),
        punch.source.name().to_owned(),
        punch.connection.clone(),
    ]
}
