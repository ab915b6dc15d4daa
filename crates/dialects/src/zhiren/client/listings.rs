//! What can be read from Zhiren, how it is cut into calls, and one call at a time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;
use tongshi_dialect::{
    Ask, Fingerprint, Listing, Over, Page, PulledPunches, Reach, Slice, Subject, Window, fingerprint,
};
use tongshi_model::{Error, Id, Kind, LocalDate};

use super::{Connection, map, rows, wire};

/// The longest piece of a window in which approvals are asked for.
const APPROVAL_DAYS: i32 = 31;

/// How many of the listings need no access token.
const SIGNED: usize = 7;

static LISTINGS: [Listing; 10] = [
    // Neither can be asked for what is new, and either is one call.
    Listing { incremental: true, ..whole("legal_entity", Kind::LegalEntity) },
    Listing { incremental: true, ..whole("org_unit", Kind::OrgUnit) },
    Listing { incremental: true, ..whole("employee", Kind::Employee) },
    Listing { by_key: true, ..each("shift_assignment", Some(Kind::ShiftAssignment), 100) },
    each("punch", None, 50),
    each("timeline_entry", Some(Kind::TimelineEntry), 50),
    Listing { windowed: true, incremental: true, ..whole("approval", Kind::Approval) },
    whole("candidate_source", Kind::CandidateSource),
    whole("vacancy", Kind::Vacancy),
    whole("candidate", Kind::Candidate),
];

const fn whole(name: &'static str, kind: Kind) -> Listing {
    Listing { name, kind: Some(kind), over: Over::Whole, windowed: false, incremental: false, by_key: false }
}

/// For each employee in a window of days; asking for the last days is asking for what is new.
const fn each(name: &'static str, kind: Option<Kind>, batch: u32) -> Listing {
    let over = Over::Each { kind: Kind::Employee, batch };
    Listing { name, kind, over, windowed: true, incremental: true, by_key: false }
}

/// What can be read, with an access token or without.
pub(super) fn listings(with_access_token: bool) -> &'static [Listing] {
    if with_access_token { &LISTINGS } else { &LISTINGS[..SIGNED] }
}

/// What one call needs to know. Labels name only the vendor's ids; employee numbers lie in the parameters.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Params {
    #[serde(skip_serializing_if = "Option::is_none")]
    joined_since: Option<LocalDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_since: Option<LocalDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<Window>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    employee: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<Id>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    numbers: BTreeMap<String, Vec<String>>,
}

impl Params {
    fn slice(self, label: impl Into<String>) -> Slice {
        // Texts, days and ids always serialise.
        Slice { label: label.into(), params: serde_json::to_value(self).unwrap_or_default() }
    }

    fn window(&self) -> Result<Window, Error> {
        self.window.ok_or_else(|| Error::internal("a slice of a windowed listing has no window"))
    }

    fn employee(&self) -> Result<&str, Error> {
        self.employee.as_deref().ok_or_else(|| Error::internal("a slice for an employee names none"))
    }
}

/// Cuts a listing into slices.
pub(super) fn plan(listing: &Listing, ask: &Ask<'_>) -> Vec<Slice> {
    let window = Some(ask.window);
    let of = |subject: &Subject| Params {
        window,
        employee: Some(subject.remote_id.clone()),
        record: Some(subject.record),
        ..Params::default()
    };
    match (listing.name, ask.reach) {
        ("employee", Reach::Since(day)) => vec![
            Params { joined_since: Some(day), ..Params::default() }.slice(format!("joined since {day}")),
            Params { left_since: Some(day), ..Params::default() }.slice(format!("left since {day}")),
        ],
        ("shift_assignment", _) => numbered(ask).into_iter().collect(),
        ("punch", _) => {
            ask.subjects.iter().map(|subject| of(subject).slice(subject.remote_id.clone())).collect()
        }
        ("timeline_entry", _) => {
            let both = |subject| {
                map::TIMELINES.words().map(move |category| {
                    let params = Params { category: Some(category.to_owned()), ..of(subject) };
                    params.slice(format!("{} {category}", subject.remote_id))
                })
            };
            ask.subjects.iter().flat_map(both).collect()
        }
        ("approval", _) => {
            let slice = |window: Window| {
                let label = format!("{}..{}", window.from, window.to);
                Params { window: Some(window), ..Params::default() }.slice(label)
            };
            pieces(ask.window).into_iter().map(slice).collect()
        }
        _ => vec![Slice { label: "all".to_owned(), params: json!({}) }],
    }
}

/// One slice for all subjects that have a number; who has none cannot be asked for.
fn numbered(ask: &Ask<'_>) -> Option<Slice> {
    let mut numbers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let with_number = ask.subjects.iter().filter_map(|subject| Some((subject, subject.key.as_ref()?)));
    for (subject, number) in with_number.filter(|(_, number)| !number.is_empty()) {
        numbers.entry(number.clone()).or_default().push(subject.remote_id.clone());
    }
    let first = numbers.values().flatten().min()?;
    let label = format!("{} from {first}", numbers.len());
    Some(Params { window: Some(ask.window), numbers, ..Params::default() }.slice(label))
}

/// A window in pieces of at most 31 days.
fn pieces(window: Window) -> Vec<Window> {
    let mut pieces = Vec::new();
    let mut from = window.from;
    while from <= window.to {
        let last =
            from.checked_add(jiff::Span::new().days(APPROVAL_DAYS - 1)).unwrap_or(window.to).min(window.to);
        pieces.push(Window { from, to: last });
        match last.tomorrow() {
            Ok(next) => from = next,
            Err(_) => break,
        }
    }
    pieces
}

impl Connection {
    /// Reads one page of a slice. Only employees come in pages.
    pub(super) async fn pull_page(
        &self,
        listing: &Listing,
        slice: &Slice,
        page: u32,
        known: Option<Fingerprint>,
    ) -> Result<Page, Error> {
        let params: Params = serde_json::from_value(slice.params.clone())
            .map_err(|error| Error::internal("a slice's parameters cannot be read").caused_by(error))?;
        match listing.name {
            "legal_entity" => rows::cut(&self.ask(&wire::SubCompanyList {}).await?, rows::by_uuid),
            "org_unit" => rows::cut(&self.ask(&wire::DepartmentList {}).await?, rows::by_uuid),
            "employee" => self.employees(&params, page, known).await,
            "shift_assignment" => self.arrangements(params).await,
            "punch" => self.checkings(&params).await,
            "timeline_entry" => self.timelines(params).await,
            "approval" => self.approvals(&params).await,
            "candidate_source" => rows::cut(&self.ask(&wire::SourceList {}).await?, rows::by_uuid),
            "vacancy" => rows::cut(&self.ask(&wire::VacancyList {}).await?, rows::by_uuid),
            "candidate" => rows::cut(&self.ask(&wire::CandidateList {}).await?, rows::by_uuid),
            other => Err(Error::internal(format!("there is no listing {other}"))),
        }
    }

    async fn employees(&self, params: &Params, page: u32, known: Option<Fingerprint>) -> Result<Page, Error> {
        let ask = wire::EmployeeList {
            token: self.company_token(),
            join_date_start: params.joined_since.map(|day| day.to_string()),
            leave_date_start: params.left_since.map(|day| day.to_string()),
            pagination: Some(wire::Pagination { page }),
            ..wire::EmployeeList::default()
        };
        let body = self.ask(&ask).await?;
        let print = fingerprint(&body);
        if known == Some(print) {
            return Ok(Page::unchanged(print));
        }
        Ok(Page { fingerprint: Some(print), ..rows::cut_page(&body, page)? })
    }

    async fn arrangements(&self, params: Params) -> Result<Page, Error> {
        let window = params.window()?;
        let ask = wire::ArrangementList {
            empnoes: params.numbers.keys().cloned().map(wire::Text).collect(),
            start_date: window.from.to_string(),
            end_date: window.to.to_string(),
        };
        rows::arrangements(&self.ask(&ask).await?, &params.numbers)
    }

    async fn checkings(&self, params: &Params) -> Result<Page, Error> {
        let window = params.window()?;
        let ask = wire::EmployeeAttendanceCheckings {
            guid: params.employee()?.to_owned(),
            start_date: window.from.to_string(),
            end_date: window.to.to_string(),
        };
        let employee =
            params.record.ok_or_else(|| Error::internal("a slice for an employee has no record"))?;
        let (punches, broken) = rows::punches(&self.ask(&ask).await?, employee)?;
        Ok(Page { punches: vec![PulledPunches { employee, window, punches }], broken, ..Page::default() })
    }

    async fn timelines(&self, params: Params) -> Result<Page, Error> {
        let window = params.window()?;
        let employee = params.employee()?.to_owned();
        let category = params.category.unwrap_or_default();
        let ask = wire::EmployeeTimelines {
            guid: employee.clone(),
            start_date: window.from.to_string(),
            end_date: window.to.to_string(),
            category: category.clone(),
        };
        rows::timelines(&self.ask(&ask).await?, &employee, &category)
    }

    async fn approvals(&self, params: &Params) -> Result<Page, Error> {
        let window = params.window()?;
        let ask = wire::ApprovalList {
            start_date: window.from.to_string(),
            end_date: window.to.to_string(),
            ..wire::ApprovalList::default()
        };
        rows::cut(&self.ask(&ask).await?, rows::by_number)
    }
}
