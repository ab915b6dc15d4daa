//! What is read from Waiqin and how it is cut into calls: lists that come whole, days of one person at a time, and the
//! field's reports and visits by windows of days. Each row is kept as the vendor wrote it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{json, value::RawValue};
use tongshi_dialect::{
    Ask, Fingerprint, Listing, Over, Page, PulledPunches, Reach, Row, Slice, Subject, Window, fingerprint,
};
use tongshi_model::{Draft, Error, Id, Instant, Kind, LocalDate, Space, parse_date, shanghai};

use super::{Connection, map, wire};

/// Units before people, who refer to them; people before what they did.
pub(super) static LISTINGS: [Listing; 4] = [
    whole("org_unit", Kind::OrgUnit),
    whole("employee", Kind::Employee),
    Listing {
        name: "punch",
        kind: None,
        over: Over::Each { kind: Kind::Employee, batch: 50 },
        windowed: true,
        incremental: true,
        by_key: false,
    },
    Listing { windowed: true, ..whole("timeline_entry", Kind::TimelineEntry) },
];

const fn whole(name: &'static str, kind: Kind) -> Listing {
    Listing { name, kind: Some(kind), over: Over::Whole, windowed: false, incremental: true, by_key: false }
}

/// Rows on a page: the vendor's maximum (§B3).
const ROWS: usize = 1000;

/// The longest piece of a window that one call asks for; the vendor gives no figure.
const DAYS: i32 = 31;

/// The two sorts of rows that become entries on timelines, by the beginnings of their names.
const VISIT: &str = "visit";
const TRACK: &str = "track";

/// What one call needs to know.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Params {
    #[serde(skip_serializing_if = "Option::is_none")]
    created_since: Option<LocalDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modified_since: Option<LocalDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<Window>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sort: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    employee: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<Id>,
}

impl Params {
    fn slice(self, label: impl Into<String>) -> Slice {
        // Texts, days and ids always serialise.
        Slice { label: label.into(), params: serde_json::to_value(self).unwrap_or_default() }
    }

    fn window(&self) -> Result<Window, Error> {
        self.window.ok_or_else(|| Error::internal("a slice of a windowed listing has no window"))
    }
}

/// Cuts a listing into slices.
pub(super) fn plan(listing: &Listing, ask: &Ask<'_>) -> Vec<Slice> {
    match (listing.name, ask.reach) {
        ("employee", Reach::Since(day)) => vec![
            Params { created_since: Some(day), ..Params::default() }.slice(format!("created since {day}")),
            Params { modified_since: Some(day), ..Params::default() }.slice(format!("modified since {day}")),
        ],
        ("punch", _) => ask.subjects.iter().flat_map(|subject| days_of(subject, ask.window)).collect(),
        ("timeline_entry", _) => {
            let sorts = [VISIT, TRACK].into_iter();
            sorts
                .flat_map(|sort| {
                    pieces(ask.window).into_iter().map(move |window| {
                        let params =
                            Params { window: Some(window), sort: Some(sort.to_owned()), ..Params::default() };
                        params.slice(format!("{sort} {}..{}", window.from, window.to))
                    })
                })
                .collect()
        }
        _ => vec![Slice { label: "all".to_owned(), params: json!({}) }],
    }
}

fn days_of(subject: &Subject, window: Window) -> impl Iterator<Item = Slice> {
    pieces(window).into_iter().map(|piece| {
        let params = Params {
            window: Some(piece),
            employee: Some(subject.remote_id.clone()),
            record: Some(subject.record),
            ..Params::default()
        };
        params.slice(format!("{} from {}", subject.remote_id, piece.from))
    })
}

/// A window in pieces.
fn pieces(window: Window) -> Vec<Window> {
    let mut pieces = Vec::new();
    let mut from = window.from;
    while from <= window.to {
        let last = from.checked_add(jiff::Span::new().days(DAYS - 1)).unwrap_or(window.to).min(window.to);
        pieces.push(Window { from, to: last });
        match last.tomorrow() {
            Ok(next) => from = next,
            Err(_) => break,
        }
    }
    pieces
}

impl Connection {
    /// Reads one page of a slice.
    pub(super) async fn pull_page(
        &self,
        listing: &Listing,
        slice: &Slice,
        number: u32,
        known: Option<Fingerprint>,
    ) -> Result<Page, Error> {
        let params: Params = serde_json::from_value(slice.params.clone())
            .map_err(|error| Error::internal("a slice's parameters cannot be read").caused_by(error))?;
        let stamp = self.stamp();
        match (listing.name, params.sort.as_deref()) {
            ("org_unit", _) => {
                let ask = wire::OrganizationQuery { stamp, org_status: None };
                page(&self.ask(&ask).await?, known, cut)
            }
            ("employee", _) => {
                let ask = wire::EmployeeQuery {
                    stamp,
                    create_date: params.created_since.map(|day| day.to_string()),
                    modify_date: params.modified_since.map(|day| day.to_string()),
                    ..wire::EmployeeQuery::default()
                };
                page(&self.ask(&ask).await?, known, cut)
            }
            ("punch", _) => self.punches(params).await,
            (_, Some(VISIT)) => {
                let window = params.window()?;
                let ask = wire::VisitQuery {
                    stamp,
                    date_start: Some(window.from.to_string()),
                    date_end: Some(window.to.to_string()),
                    page: Some(number.to_string()),
                    rows: Some(ROWS.to_string()),
                    ..wire::VisitQuery::default()
                };
                paged(page(&self.ask(&ask).await?, known, visits)?, number)
            }
            _ => {
                let window = params.window()?;
                let ask = wire::TrackQuery {
                    stamp,
                    date_start: Some(window.from.to_string()),
                    date_end: Some(window.to.to_string()),
                    page_number: Some(number.to_string()),
                    page_size: Some(ROWS.to_string()),
                };
                paged(page(&self.ask(&ask).await?, known, tracks)?, number)
            }
        }
    }

    /// One person's days. A month of them is less than a page.
    async fn punches(&self, params: Params) -> Result<Page, Error> {
        let window = params.window()?;
        let lacking = || Error::internal("a slice for an employee names none");
        let employee = params.record.ok_or_else(lacking)?;
        let ask = wire::AttendanceQuery {
            stamp: self.stamp(),
            emp_id: Some(params.employee.ok_or_else(lacking)?),
            start_date: Some(window.from.to_string()),
            end_date: Some(window.to.to_string()),
            page: Some("1".to_owned()),
            size: Some(ROWS.to_string()),
            ..wire::AttendanceQuery::default()
        };
        let key = super::Signs::<super::Digest>::key(self).await?;
        let rows = self.client.call(&ask, &key).await?.data.data;
        let (mut punches, mut broken) = (Vec::new(), Vec::new());
        for row in &rows {
            match map::read_day(row, employee) {
                Ok(read) => punches.extend(read),
                Err(error) => broken.push(format!("a day of attendance: {}", error.public())),
            }
        }
        let punches = vec![PulledPunches { employee, window, punches }];
        Ok(Page { punches, broken, ..Page::default() })
    }
}

/// The vendor says nothing of how many pages there are: after a full one there may be another.
fn paged(mut page: Page, number: u32) -> Result<Page, Error> {
    let full = page.unchanged || page.rows.len() + page.broken.len() >= ROWS;
    page.pages = Some(if full { number.saturating_add(1) } else { number });
    Ok(page)
}

/// What a row is called and which day it belongs to; none where it does not count.
type Name = Result<Option<(String, Option<LocalDate>)>, &'static str>;

/// Cuts an answer into rows, or notes that it is the one that the asker knows.
fn page(
    body: &[u8],
    known: Option<Fingerprint>,
    cut: fn(&[u8]) -> Result<Page, Error>,
) -> Result<Page, Error> {
    // The request's id is echoed in front of the data and differs each time.
    let at = body.windows(8).position(|window| window == b",\"data\":").unwrap_or(0);
    let print = fingerprint(&body[at..]);
    if known == Some(print) {
        return Ok(Page::unchanged(print));
    }
    Ok(Page { fingerprint: Some(print), ..cut(body)? })
}

/// Cuts people or units into rows.
pub(super) fn cut(body: &[u8]) -> Result<Page, Error> {
    #[derive(Deserialize)]
    struct Head {
        #[serde(default, deserialize_with = "tongshi_dialect::lenient::text")]
        id: Option<String>,
    }
    rows(body, |raw| {
        let head: Option<Head> = serde_json::from_str(raw).ok();
        let id = head.and_then(|head| head.id).filter(|id| !id.is_empty()).ok_or("a row has no id")?;
        Ok(Some((id, None)))
    })
}

/// Cuts visits into rows; those that were deleted are not there.
pub(super) fn visits(body: &[u8]) -> Result<Page, Error> {
    #[derive(Deserialize)]
    struct Head {
        #[serde(default, deserialize_with = "tongshi_dialect::lenient::text")]
        id: Option<String>,
        #[serde(default, deserialize_with = "tongshi_dialect::lenient::text")]
        status: Option<String>,
        #[serde(default, deserialize_with = "tongshi_dialect::lenient::text")]
        visit_date: Option<String>,
        #[serde(default, deserialize_with = "tongshi_dialect::lenient::text")]
        visit_time: Option<String>,
    }
    rows(body, |raw| {
        let head: Head = serde_json::from_str(raw).map_err(|_| "a visit is not as documented")?;
        let id = head.id.filter(|id| !id.is_empty()).ok_or("a visit has no id")?;
        if head.status.as_deref() == Some("0") {
            return Ok(None);
        }
        let day = head.visit_date.filter(|day| !day.is_empty()).or(head.visit_time).unwrap_or_default();
        let day = parse_date("visit_date", day.split(' ').next().unwrap_or_default()).ok();
        Ok(Some((format!("{VISIT}/{id}"), day)))
    })
}

/// Cuts reports from the field into rows. They carry no identity, so one is made of what they say.
fn tracks(body: &[u8]) -> Result<Page, Error> {
    let mut times: BTreeMap<String, u32> = BTreeMap::new();
    rows(body, |raw| {
        let track: wire::Track = serde_json::from_str(raw).map_err(|_| "a report is not as documented")?;
        let who = track.emp_id.filter(|id| !id.is_empty()).ok_or("a report names nobody")?;
        let when = track.submit_time.unwrap_or_default();
        let day = Instant::parse(&when, shanghai()).ok().map(Instant::date);
        let (kind, customer) = (track.kind.unwrap_or_default(), track.cus_id.unwrap_or_default());
        let name = format!("{TRACK}/{who}/{when}/{kind}/{customer}");
        let time = times.entry(name.clone()).and_modify(|times| *times += 1).or_insert(1);
        Ok(Some((if *time == 1 { name } else { format!("{name}#{time}") }, day)))
    })
}

fn rows(body: &[u8], mut name: impl FnMut(&str) -> Name) -> Result<Page, Error> {
    #[derive(Deserialize)]
    struct Answer<'a> {
        #[serde(borrow)]
        data: Option<Vec<&'a RawValue>>,
    }
    let answer: Answer<'_> = serde_json::from_slice(body)
        .map_err(|error| Error::upstream("the answer holds no list").caused_by(error))?;
    let mut page = Page::default();
    for raw in answer.data.unwrap_or_default() {
        match name(raw.get()) {
            Ok(Some((remote_id, date))) => {
                page.rows.push(Row { remote_id, date, raw: raw.get().to_owned() });
            }
            Ok(None) => {}
            Err(why) => page.broken.push(why.to_owned()),
        }
    }
    Ok(page)
}

/// What a row says, in canonical words.
pub(super) fn read(space: Space, kind: Kind, row: &Row) -> Result<Draft, Error> {
    fn parse<'a, T: Deserialize<'a>>(raw: &'a str) -> Result<T, Error> {
        serde_json::from_str(raw).map_err(|error| {
            let column = error.column();
            Error::invalid("row", format!("the row breaks off or is of another form (column {column})"))
        })
    }
    let raw = &row.raw;
    match kind {
        Kind::OrgUnit => Draft::of(&map::read_unit(space, parse(raw)?)?),
        Kind::Employee => Draft::of(&map::read_employee(space, parse(raw)?)?),
        // Nobody lists accounts: each is known from its user's sign-in (§A3).
        Kind::Account => Draft::of(&map::read_user(space, parse(raw)?)?),
        Kind::TimelineEntry if row.remote_id.starts_with(VISIT) => {
            Draft::of(&map::read_visit(space, parse(raw)?)?)
        }
        Kind::TimelineEntry => Draft::of(&map::read_track(space, parse(raw)?)?),
        other => Err(Error::internal(format!("Waiqin shows no {other}"))),
    }
}

/// The vendor's own id of a visit, from the name under which it is kept.
pub(super) fn visit_id(remote_id: &str) -> Option<&str> {
    remote_id.strip_prefix(VISIT)?.strip_prefix('/')
}
