//! OA approvals: the ids of each form's approvals, and each one with its form. Which forms there are, and what they are
//! about, is said by the setting `process_codes`: `{"PROC-…": "leave"}`.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tongshi_dialect::{Ask, CallError, Existence, Page, Row, Slice, Window};
use tongshi_model::{ApprovalCategory, Draft, Error, Kind, LocalDate, Space, Timestamp, shanghai};

use super::{
    Code, Connection,
    map::{
        approval::{asked_at, category_named, read_instance},
        attendance::midnight,
    },
    wire::approval::{ApprovalGet, ApprovalList, Instance},
};

/// The longest window of a question, and how far back it may begin; a day less, as a run may last over midnight.
pub(super) const WINDOW_DAYS: i64 = 30;
const BACK_DAYS: i64 = 364;
/// Ids on a page, and the most pages that there can be (§6: ten thousand ids).
pub(super) const IDS: i64 = 20;
const PAGES_MAX: usize = 501;

/// The state of an approval that has not ended.
const RUNNING: &str = "RUNNING";

/// What one slice needs to know.
#[derive(Serialize, Deserialize)]
struct Params {
    code: String,
    window: Window,
}

/// A row of ours round the vendor's: its own text names neither itself nor its form.
#[derive(Serialize, Deserialize)]
struct Named {
    id: String,
    code: String,
    category: ApprovalCategory,
    instance: Box<RawValue>,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    result: &'a RawValue,
}

fn unread(error: &serde_json::Error) -> Error {
    Error::upstream(format!(
        "the answer is not as documented at line {}, column {}",
        error.line(),
        error.column()
    ))
}

/// Whether a fault says that there is no such approval.
pub(super) fn is_gone(code: &Code) -> bool {
    matches!(code, Code::Named(name) if matches!(name.as_str(), "processInstanceNotExist" | "processInstanceIdError"))
}

impl Connection {
    /// The forms that are read, each with what it is about.
    pub(super) fn forms(&self) -> Vec<(String, ApprovalCategory)> {
        let Some(forms) = self.settings["process_codes"].as_object() else { return Vec::new() };
        let category = |name: &serde_json::Value| {
            name.as_str().and_then(category_named).unwrap_or(ApprovalCategory::Custom)
        };
        forms.iter().map(|(code, name)| (code.clone(), category(name))).collect()
    }

    /// For each form its window in pieces.
    pub(super) fn plan_approvals(&self, ask: &Ask<'_>) -> Vec<Slice> {
        let today = shanghai().to_datetime(self.clock.now()).date();
        let days = |days: i64| jiff::Span::new().days(days);
        let first = today.checked_sub(days(BACK_DAYS)).unwrap_or(ask.window.from);
        let mut slices = Vec::new();
        for (code, _) in self.forms() {
            let mut from = ask.window.from.max(first);
            while from <= ask.window.to {
                let to = from.checked_add(days(WINDOW_DAYS - 1)).unwrap_or(ask.window.to).min(ask.window.to);
                let params = Params { code: code.clone(), window: Window { from, to } };
                slices.push(Slice {
                    label: format!("{code} {from}..{to}"),
                    params: serde_json::to_value(params).unwrap_or_default(),
                });
                match to.tomorrow() {
                    Ok(next) => from = next,
                    Err(_) => break,
                }
            }
        }
        slices
    }

    /// A form's approvals in some days, each with its form. The ids come in pages behind a token, so they are one page here.
    pub(super) async fn approvals(&self, slice: &Slice) -> Result<Page, Error> {
        let Params { code, window } = serde_json::from_value(slice.params.clone())
            .map_err(|error| Error::internal("a slice's parameters cannot be read").caused_by(error))?;
        let category = self.forms().into_iter().find(|(known, _)| *known == code);
        let category = category.map_or(ApprovalCategory::Custom, |(_, category)| category);
        let end = midnight(window.to.tomorrow().unwrap_or(window.to)).timestamp().min(self.clock.now());
        let start = midnight(window.from).timestamp();
        let mut page = Page::default();
        if end <= start {
            return Ok(page);
        }
        let ids = self.ids(&code, start, end, None).await?;
        let stored = self.stored.raw(Kind::Approval, &ids).await?;
        let known: Vec<Option<Known>> =
            stored.into_iter().map(|raw| Known::of(&raw?, &code, category)).collect();
        // Each call counts: what has ended changes no more, and of what runs still its end is worth one.
        let running = match known.iter().flatten().any(|known| !known.over) {
            true => self.ids(&code, start, end, Some(RUNNING)).await?.into_iter().collect(),
            false => HashSet::new(),
        };
        for (id, known) in ids.into_iter().zip(known) {
            if let Some(known) = known.filter(|known| known.over || running.contains(&id)) {
                page.rows.push(Row { remote_id: id, date: known.date, raw: known.raw });
                continue;
            }
            match self.instance(&id, &code, category).await {
                Ok(row) => page.rows.push(row),
                // Deleted since it was listed.
                Err(CallError::Fault { fault, .. }) if is_gone(&fault.code) => {}
                Err(error) => return Err(error.into()),
            }
        }
        page.total = Some(page.rows.len() as u64);
        Ok(page)
    }

    async fn ids(
        &self,
        code: &str,
        start: Timestamp,
        end: Timestamp,
        status: Option<&str>,
    ) -> Result<Vec<String>, Error> {
        let mut ids: Vec<String> = Vec::new();
        let mut token = 0;
        for _ in 0..PAGES_MAX {
            let ask = ApprovalList {
                process_code: Some(code.to_owned()),
                start_time: Some(start.as_millisecond()),
                end_time: Some(end.as_millisecond()),
                next_token: Some(token),
                max_results: Some(IDS),
                statuses: status.map(str::to_owned).into_iter().collect(),
                ..ApprovalList::default()
            };
            let answer = self.ask(&ask).await?.result.unwrap_or_default();
            ids.extend(answer.list);
            // A text here and a number there (§6).
            match answer.next_token.filter(|next| !next.is_empty()) {
                None => return Ok(ids),
                Some(next) => {
                    let next = next.parse().ok().filter(|next| *next > token);
                    token = next.ok_or_else(|| Error::upstream("the ids of approvals go in circles"))?;
                }
            }
        }
        Err(Error::upstream("the ids of approvals have no end"))
    }

    async fn instance(
        &self,
        id: &str,
        code: &str,
        category: ApprovalCategory,
    ) -> Result<Row, CallError<super::Fault>> {
        let body = self.ask_bytes(&ApprovalGet { process_instance_id: Some(id.to_owned()) }).await?;
        let answer: Answer<'_> = serde_json::from_slice(&body).map_err(|error| unread(&error))?;
        let instance: Instance = serde_json::from_str(answer.result.get()).map_err(|error| unread(&error))?;
        let row =
            Named { id: id.to_owned(), code: code.to_owned(), category, instance: answer.result.to_owned() };
        let raw = serde_json::to_string(&row).map_err(|error| unread(&error))?;
        Ok(Row { remote_id: id.to_owned(), date: asked_at(&instance).map(tongshi_model::Instant::date), raw })
    }

    /// How an approval that is known looks now. One that is not known is left to the listing: an answer does not say of
    /// which form it is, and each call counts. One that has ended changes no more.
    pub(super) async fn approval_exists(&self, id: &str) -> Result<Existence, Error> {
        let stored = self.stored.raw(Kind::Approval, &[id.to_owned()]).await?.pop().flatten();
        let Some(known) = stored.and_then(|raw| serde_json::from_str::<Named>(&raw).ok()) else {
            return Ok(Existence::Unknown);
        };
        let form = self.forms().into_iter().find(|(code, _)| *code == known.code);
        let Some((code, category)) = form else { return Ok(Existence::Unknown) };
        match self.instance(id, &code, category).await {
            Ok(row) => Ok(Existence::Present(row)),
            Err(CallError::Fault { fault, .. }) if is_gone(&fault.code) => Ok(Existence::Absent),
            Err(error) => Err(error.into()),
        }
    }
}

/// An approval as it is stored.
struct Known {
    over: bool,
    date: Option<LocalDate>,
    raw: String,
}

impl Known {
    /// Reads it; its form may be about something else by the present settings.
    fn of(raw: &str, code: &str, category: ApprovalCategory) -> Option<Self> {
        let known: Named = serde_json::from_str(raw).ok()?;
        let instance: Instance = serde_json::from_str(known.instance.get()).ok()?;
        let over = match instance.status.as_deref()? {
            "COMPLETED" | "TERMINATED" | "CANCELED" => true,
            RUNNING => false,
            _ => return None,
        };
        let date = asked_at(&instance).map(tongshi_model::Instant::date);
        let row = Named { code: code.to_owned(), category, ..known };
        Some(Self { over, date, raw: serde_json::to_string(&row).ok()? })
    }
}

/// An approval.
pub(super) fn read_row(space: Space, raw: &str) -> Result<Draft, Error> {
    let broken = |error: serde_json::Error| {
        Error::invalid("row", format!("the row breaks off or is of another form (column {})", error.column()))
    };
    let row: Named = serde_json::from_str(raw).map_err(broken)?;
    let instance: Instance = serde_json::from_str(row.instance.get()).map_err(broken)?;
    Draft::of(&read_instance(&row.id, &row.code, row.category, instance, space)?)
}
