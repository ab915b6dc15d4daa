//! Answers cut into rows, and rows read into the model. A page is never parsed as a whole: each row keeps the
//! vendor's own text, and only its identity is looked at here.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use tongshi_dialect::{Page, Row};
use tongshi_model::{Draft, Error, Id, Instant, Kind, LocalDate, Punch, Space, parse_date, shanghai};

use super::{map, wire};

/// What a row is called and which day it belongs to, from its text; an error says what is missing.
pub(super) type Name = fn(&str) -> Result<(String, Option<LocalDate>), &'static str>;

/// Rows by their uuid.
pub(super) fn by_uuid(raw: &str) -> Result<(String, Option<LocalDate>), &'static str> {
    #[derive(Deserialize)]
    struct Head<'a> {
        #[serde(borrow)]
        uuid: Option<Cow<'a, str>>,
    }
    let head: Head<'_> = serde_json::from_str(raw).map_err(|_| "a row is no object with one uuid")?;
    let uuid = head.uuid.filter(|uuid| !uuid.is_empty()).ok_or("a row has no uuid")?;
    Ok((uuid.into_owned(), None))
}

/// Approvals by their number, on the day on which they were asked for.
pub(super) fn by_number(raw: &str) -> Result<(String, Option<LocalDate>), &'static str> {
    #[derive(Deserialize)]
    struct Head<'a> {
        #[serde(borrow)]
        number_series: Option<Cow<'a, str>>,
        #[serde(borrow, default)]
        created_at: Option<Cow<'a, str>>,
    }
    let head: Head<'_> =
        serde_json::from_str(raw).map_err(|_| "a row is no object with one number_series")?;
    let number =
        head.number_series.filter(|number| !number.is_empty()).ok_or("a row has no number_series")?;
    let asked = head.created_at.and_then(|text| Instant::parse(&text, shanghai()).ok());
    Ok((number.into_owned(), asked.map(Instant::date)))
}

/// Cuts an array into rows.
pub(super) fn cut(body: &[u8], name: Name) -> Result<Page, Error> {
    let text = Text::of(body);
    let items: Vec<&RawValue> = text.parse()?;
    Ok(page(&text, items, name))
}

/// Cuts one object, or an array of one (§6.9).
pub(super) fn cut_one(body: &[u8], name: Name) -> Result<Vec<Row>, Error> {
    let text = Text::of(body);
    let items = if text.is_array() { text.parse()? } else { vec![text.parse::<&RawValue>()?] };
    Ok(page(&text, items, name).rows)
}

/// Cuts a page of employees. Numbers about pages may be missing or make no sense: then the vendor's totals are
/// unknown, and there is another page as long as this one is not empty. An answer without pages is all there is.
pub(super) fn cut_page(body: &[u8], number: u32) -> Result<Page, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Paged<'a> {
        #[serde(borrow)]
        employees: Vec<&'a RawValue>,
        #[serde(default, deserialize_with = "wire::count")]
        total_pages: Option<u64>,
        #[serde(default, deserialize_with = "wire::count")]
        total_count: Option<u64>,
    }
    let text = Text::of(body);
    if text.is_array() {
        return cut(body, by_uuid);
    }
    let paged: Paged<'_> = text.parse()?;
    let some = |count: Option<u64>| count.filter(|count| *count > 0);
    let empty = paged.employees.is_empty();
    let unsaid = if empty { number } else { number.saturating_add(1) };
    let pages = some(paged.total_pages).map_or(unsaid, |pages| u32::try_from(pages).unwrap_or(u32::MAX));
    let mut page = page(&text, paged.employees, by_uuid);
    page.pages = Some(pages);
    page.total = some(paged.total_count);
    Ok(page)
}

/// Shifts: they come by employee number, and are kept by whose they are and on which day.
pub(super) fn arrangements(body: &[u8], numbers: &BTreeMap<String, Vec<String>>) -> Result<Page, Error> {
    #[derive(Deserialize)]
    struct Head {
        empno: wire::Text,
        #[serde(default)]
        date: Option<wire::Text>,
    }
    let text = Text::of(body);
    let mut page = Page::default();
    let mut names = Names::default();
    for item in text.parse::<Vec<&RawValue>>()? {
        let Some((raw, head)) = text.head::<Head>(item, &mut page) else { continue };
        match numbers.get(&head.empno.0).map(Vec::as_slice) {
            Some([employee]) => {
                let day = head.date.map(|date| date.0).unwrap_or_default();
                let remote_id = names.unique(format!("{employee}/{day}"));
                page.rows.push(Row {
                    remote_id,
                    date: parse_date("date", &day).ok(),
                    raw: wrapped(employee, raw),
                });
            }
            Some(_) => page.broken.push("a shift's employee number belongs to several people".to_owned()),
            None => page.broken.push("a shift is for an employee number that was not asked for".to_owned()),
        }
    }
    Ok(page)
}

/// Leave and errands: they carry no identity, so one is made of what they say.
pub(super) fn timelines(body: &[u8], employee: &str, category: &str) -> Result<Page, Error> {
    #[derive(Deserialize)]
    struct Head {
        #[serde(default)]
        date: Option<wire::Text>,
        #[serde(default)]
        start_time: Option<wire::Text>,
    }
    let text = Text::of(body);
    let mut page = Page::default();
    let mut names = Names::default();
    for item in text.parse::<Vec<&RawValue>>()? {
        let Some((raw, head)) = text.head::<Head>(item, &mut page) else { continue };
        let start = head.start_time.map(|start| start.0).unwrap_or_default();
        let day = head.date.map_or_else(|| start.chars().take(10).collect(), |date| date.0);
        let remote_id = names.unique(format!("{employee}/{category}/{day}/{start}"));
        page.rows.push(Row { remote_id, date: parse_date("date", &day).ok(), raw: wrapped(employee, raw) });
    }
    Ok(page)
}

/// The punches of one employee, and what could not be read.
pub(super) fn punches(body: &[u8], employee: Id) -> Result<(Vec<Punch>, Vec<String>), Error> {
    let text = Text::of(body);
    let mut punches = Vec::new();
    let mut broken = Vec::new();
    for item in text.parse::<Vec<&RawValue>>()? {
        match map::parse(item.get()).and_then(|raw| map::read_checking(raw, employee)) {
            Ok(read) => punches.extend(read),
            Err(error) => broken.push(format!("a day of punches: {error}")),
        }
    }
    Ok((punches, broken))
}

/// Reads a row into the model.
pub(super) fn read(space: Space, kind: Kind, raw: &str) -> Result<Draft, Error> {
    match kind {
        Kind::LegalEntity => Draft::of(&map::read_sub_company(map::parse(raw)?, space)?),
        Kind::OrgUnit => Draft::of(&map::read_department(map::parse(raw)?, space)?),
        Kind::Employee => Draft::of(&map::read_employee(map::parse(raw)?, space)?),
        Kind::ShiftAssignment => {
            let (employee, entry) = unwrapped(space, raw)?;
            Draft::of(&map::read_arrangement(entry, employee)?)
        }
        Kind::TimelineEntry => {
            let (employee, entry) = unwrapped(space, raw)?;
            Draft::of(&map::read_timeline(entry, employee)?)
        }
        Kind::Approval => Draft::of(&map::read_approval(map::parse(raw)?)?),
        Kind::CandidateSource => Draft::of(&map::read_source(map::parse(raw)?)?),
        Kind::Vacancy => Draft::of(&map::read_vacancy(map::parse(raw)?, space)?),
        Kind::Candidate => Draft::of(&map::read_candidate(map::parse(raw)?, space)?),
        other => Err(Error::internal(format!("Zhiren has no {other}"))),
    }
}

/// An answer's text. Bytes that are no UTF-8 spoil the row that holds them, not the page.
struct Text<'a> {
    text: Cow<'a, str>,
    spoilt: bool,
}

impl<'a> Text<'a> {
    fn of(body: &'a [u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        Self { spoilt: matches!(text, Cow::Owned(_)), text }
    }

    fn is_array(&self) -> bool {
        self.text.trim_start().starts_with('[')
    }

    fn parse<'b, T: Deserialize<'b>>(&'b self) -> Result<T, Error> {
        serde_json::from_str(&self.text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Error::upstream(format!("the answer is not as documented at line {line}, column {column}"))
        })
    }

    /// Whether a row holds bytes that were no UTF-8.
    fn spoils(&self, raw: &str) -> bool {
        self.spoilt && raw.contains(char::REPLACEMENT_CHARACTER)
    }

    /// A row's text and what is looked at of it; a row that does not allow it is noted as broken.
    fn head<'b, T: DeserializeOwned>(&self, item: &'b RawValue, page: &mut Page) -> Option<(&'b str, T)> {
        let raw = item.get();
        let head = if self.spoils(raw) || is_deep(raw) { None } else { serde_json::from_str(raw).ok() };
        if head.is_none() {
            page.broken.push("a row is not as documented".to_owned());
        }
        Some((raw, head?))
    }
}

fn page(text: &Text<'_>, items: Vec<&RawValue>, name: Name) -> Page {
    let mut page = Page { rows: Vec::with_capacity(items.len()), ..Page::default() };
    for item in items {
        let raw = item.get();
        let named = match () {
            () if text.spoils(raw) => Err("a row is not UTF-8"),
            () if is_deep(raw) => Err("a row is nested too deeply"),
            () => name(raw),
        };
        match named {
            Ok((remote_id, date)) => page.rows.push(Row { remote_id, date, raw: raw.to_owned() }),
            Err(why) => page.broken.push(why.to_owned()),
        }
    }
    page
}

/// Whether a row is nested deeper than databases and parsers like. Few rows have brackets enough to be looked at
/// closely.
fn is_deep(raw: &str) -> bool {
    const DEPTH_MAX: usize = 64;
    if raw.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count() <= DEPTH_MAX {
        return false;
    }
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0usize, 0, false, false);
    for byte in raw.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest > DEPTH_MAX
}

/// Keeps made-up names apart when two rows say the same.
#[derive(Default)]
struct Names(BTreeMap<String, u32>);

impl Names {
    fn unique(&mut self, name: String) -> String {
        let times = self.0.entry(name.clone()).and_modify(|times| *times += 1).or_insert(1);
        if *times == 1 { name } else { format!("{name}#{times}") }
    }
}

/// A row together with whose it is, which the vendor's text alone does not say.
fn wrapped(employee: &str, raw: &str) -> String {
    let employee = serde_json::Value::from(employee);
    format!(r#"{{"employee":{employee},"entry":{raw}}}"#)
}

fn unwrapped<T: DeserializeOwned>(space: Space, raw: &str) -> Result<(Id, T), Error> {
    #[derive(Deserialize)]
    struct Wrapped<T> {
        employee: String,
        entry: T,
    }
    let wrapped: Wrapped<T> = map::parse(raw)?;
    Ok((space.id(Kind::Employee, &wrapped.employee), wrapped.entry))
}
