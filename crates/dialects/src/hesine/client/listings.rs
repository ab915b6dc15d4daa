//! What is read from Hesine: lists in pieces of a hundred, each row kept as the vendor wrote it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json, value::RawValue};
use tongshi_dialect::{
    Ask, CallError, Existence, Fingerprint, Listing, Over, Page, Reach, Row, Slice, fingerprint,
};
use tongshi_model::{Draft, Error, Id, Kind, LocalDate};

use super::Connection;
use crate::hesine::{
    map::{self, Doc},
    wire::{self, Fault, Filter, FlowFilter, Listed, Paging},
};

/// The largest page (§2.1).
const COUNT: u64 = 100;

/// What others refer to comes first.
pub(super) const LISTINGS: &[Listing] = &[
    whole("org_unit", Kind::OrgUnit),
    whole("employee", Kind::Employee),
    whole("travel_request", Kind::TravelRequest),
    whole("booking", Kind::Booking),
    whole("expense_claim", Kind::ExpenseClaim),
    whole("approval", Kind::Approval),
];

const fn whole(name: &'static str, kind: Kind) -> Listing {
    Listing { name, kind: Some(kind), over: Over::Whole, windowed: false, incremental: true, by_key: false }
}

/// What a slice asks for.
#[derive(Default, Serialize, Deserialize)]
struct Params {
    /// The sort of document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    form_type: Option<String>,
    /// Only what is new since this day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<LocalDate>,
}

/// Cuts a listing into slices: approvals are read with the documents of either sort.
pub(super) fn plan(listing: &Listing, ask: &Ask<'_>) -> Vec<Slice> {
    let since = match ask.reach {
        Reach::Full => None,
        Reach::Since(day) => Some(day),
    };
    let slice = |label: &str, form_type: Option<&str>| Slice {
        label: label.to_owned(),
        params: json!(Params { form_type: form_type.map(str::to_owned), since }),
    };
    match listing.name {
        "travel_request" => vec![slice("requisition", Some("requisition"))],
        "expense_claim" => vec![slice("expense", Some("expense"))],
        "approval" => vec![slice("requisition", Some("requisition")), slice("expense", Some("expense"))],
        _ => vec![slice("all", None)],
    }
}

#[derive(Deserialize)]
struct Head {
    #[serde(default, deserialize_with = "tongshi_dialect::lenient::text")]
    id: Option<String>,
}

#[derive(Deserialize)]
struct FoundRows<'a> {
    #[serde(borrow)]
    items: FoundItems<'a>,
}

#[derive(Deserialize)]
struct FoundItems<'a> {
    #[serde(default, deserialize_with = "tongshi_dialect::lenient::count")]
    total: Option<u64>,
    #[serde(borrow, default)]
    data: Vec<FoundRow<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FoundRow<'a> {
    #[serde(borrow)]
    data_link: &'a RawValue,
}

/// What is read of an order that is shown alone.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LinkRow {
    id: String,
    #[serde(default)]
    entity_id: String,
    #[serde(default)]
    form: Map<String, Value>,
}

/// Cuts rows out of a page.
fn cut(raws: Vec<&RawValue>, total: Option<u64>) -> Page {
    let mut page = Page { total, pages: total.map(pages), ..Page::default() };
    for raw in raws {
        let head: Option<Head> = serde_json::from_str(raw.get()).ok();
        match head.and_then(|head| map::filled(head.id)) {
            Some(remote_id) => page.rows.push(Row { remote_id, date: None, raw: raw.get().to_owned() }),
            None => page.broken.push("a row has no id".to_owned()),
        }
    }
    page
}

#[derive(Deserialize)]
struct Switched {
    active: Option<bool>,
}

/// Departments that are switched off are in the list, too, and nowhere else: here they are gone. So the vendor's total
/// says how many there are only where one page holds all of them.
fn live_units(found: Listed<&RawValue>) -> Page {
    let on = |raw: &&RawValue| {
        let read: Option<Switched> = serde_json::from_str(raw.get()).ok();
        read.and_then(|read| read.active) != Some(false)
    };
    let all = found.items.len() as u64;
    let items: Vec<&RawValue> = found.items.into_iter().filter(on).collect();
    let off = all - items.len() as u64;
    let total = found.count.filter(|count| *count <= COUNT).map(|count| count.saturating_sub(off));
    Page { pages: found.count.map(pages), ..cut(items, total) }
}

fn pages(total: u64) -> u32 {
    u32::try_from(total.div_ceil(COUNT)).unwrap_or(u32::MAX).max(1)
}

fn broken(error: &serde_json::Error) -> Error {
    Error::invalid("row", format!("the row breaks off or is of another form (column {})", error.column()))
}

impl Connection {
    /// Reads one page of a slice.
    pub(super) async fn pull_page(
        &self,
        listing: &Listing,
        slice: &Slice,
        page: u32,
        known: Option<Fingerprint>,
    ) -> Result<Page, Error> {
        let params: Params = serde_json::from_value(slice.params.clone())
            .map_err(|error| Error::internal("a slice's parameters cannot be read").caused_by(error))?;
        let paging = Paging { start: Some(u64::from(page.saturating_sub(1)) * COUNT), count: Some(COUNT) };
        let since = params.since.map(|day| format!("{day} 00:00:00"));
        let filter = Filter { start_date: since.clone(), ..Filter::default() };
        let body = match listing.name {
            "org_unit" => self.ask(&wire::DepartmentList { paging, filter }).await?,
            "employee" => self.ask(&wire::StaffList { paging, filter }).await?,
            "booking" => {
                let entity_id = self.names.order.clone();
                let ask = wire::OrderSearch { entity_id, paging, start_date: since, end_date: None };
                self.ask(&ask).await?
            }
            _ => {
                let filter = FlowFilter {
                    // Oldest first: what is made while the list is read comes behind it.
                    order_by: Some(if since.is_some() { "updateTime" } else { "createTime" }.to_owned()),
                    order_by_type: Some("asc".to_owned()),
                    active: Some("true".to_owned()),
                    start_date: since,
                    ..FlowFilter::default()
                };
                let form_type = params.form_type.unwrap_or_default();
                self.ask(&wire::FlowList { form_type, paging, filter }).await?
            }
        };
        let print = fingerprint(&body);
        if known == Some(print) {
            return Ok(Page::unchanged(print));
        }
        let unread = |error: serde_json::Error| Error::upstream("the answer holds no list").caused_by(error);
        let cut = if listing.name == "booking" {
            let found: FoundRows<'_> = serde_json::from_slice(&body).map_err(unread)?;
            cut(found.items.data.into_iter().map(|row| row.data_link).collect(), found.items.total)
        } else {
            let found: Listed<&RawValue> = serde_json::from_slice(&body).map_err(unread)?;
            if listing.name == "org_unit" { live_units(found) } else { cut(found.items, found.count) }
        };
        Ok(Page { fingerprint: Some(print), ..cut })
    }

    /// What a row says, in canonical words.
    pub(super) fn read_row(&self, kind: Kind, raw: &str) -> Result<Draft, Error> {
        let resolve = |kind: Kind, text: &str| -> Option<Id> { Some(self.space.id(kind, text)) };
        let flow = || serde_json::from_str::<wire::Flow>(raw).map_err(|error| broken(&error));
        match kind {
            Kind::OrgUnit => {
                let raw = serde_json::from_str(raw).map_err(|error| broken(&error))?;
                Draft::of(&map::read_department(&resolve, raw)?)
            }
            Kind::Employee => {
                let raw = serde_json::from_str(raw).map_err(|error| broken(&error))?;
                Draft::of(&map::read_staff(&resolve, raw)?)
            }
            Kind::Booking => {
                let raw: Map<String, Value> = serde_json::from_str(raw).map_err(|error| broken(&error))?;
                Draft::of(&map::read_data_link(&raw, &resolve)?)
            }
            Kind::Approval => Draft::of(&map::read_approval(&resolve, &flow()?)?),
            Kind::TravelRequest | Kind::ExpenseClaim => match (kind, map::read_flow(&resolve, &flow()?)?) {
                (Kind::TravelRequest, Doc::Request(request)) => Draft::of(&*request),
                (Kind::ExpenseClaim, Doc::Claim(claim)) => Draft::of(&*claim),
                _ => Err(Error::invalid("formType", "the row is a document of the other sort")),
            },
            other => Err(Error::internal(format!("Hesine shows no {other}"))),
        }
    }

    /// Whether something that no list names is really gone.
    pub(super) async fn look(&self, kind: Kind, remote_id: &str) -> Result<Existence, Error> {
        match kind {
            Kind::TravelRequest | Kind::ExpenseClaim | Kind::Approval => {
                self.look_flow(kind, remote_id).await
            }
            Kind::OrgUnit => {
                let id_or_code = wire::Dollar(remote_id.to_owned());
                let ask = wire::DepartmentGet { id_or_code, department_by: None };
                let Some(raw) = absent(self.value(&ask).await)? else { return Ok(Existence::Absent) };
                let found: Option<Head> = serde_json::from_str(raw.get()).ok();
                Ok(match found.and_then(|found| found.id) {
                    Some(id) if id == remote_id => present(remote_id, raw.get().to_owned()),
                    _ => Existence::Absent,
                })
            }
            Kind::Employee => {
                // Who has left is in the list and not found here, so somebody in neither is gone.
                let condition_ids = vec![tongshi_dialect::lenient::Text(remote_id.to_owned())];
                let body = self.ask(&wire::StaffFind { by: "STAFFID".to_owned(), condition_ids }).await?;
                let found: Listed<Box<RawValue>> = serde_json::from_slice(&body)
                    .map_err(|error| Error::upstream("the answer holds no list").caused_by(error))?;
                Ok(match found.items.into_iter().next() {
                    Some(raw) => present(remote_id, raw.get().to_owned()),
                    None => Existence::Absent,
                })
            }
            Kind::Booking => {
                let body = self.ask(&wire::OrderByIds { ids: vec![remote_id.to_owned()] }).await?;
                let found: Listed<LinkRow> = serde_json::from_slice(&body)
                    .map_err(|error| Error::upstream("the answer holds no list").caused_by(error))?;
                let Some(link) = found.items.into_iter().find(|link| link.id == remote_id) else {
                    return Ok(Existence::Absent);
                };
                let mut row = link.form;
                row.insert("id".to_owned(), link.id.into());
                row.insert("entityId".to_owned(), link.entity_id.into());
                Ok(present(remote_id, Value::Object(row).to_string()))
            }
            _ => Ok(Existence::Unknown),
        }
    }

    async fn look_flow(&self, kind: Kind, remote_id: &str) -> Result<Existence, Error> {
        let ask = wire::FlowGet { flow_id: remote_id.to_owned() };
        let Some(raw) = absent(self.value(&ask).await)? else { return Ok(Existence::Absent) };
        let flow: wire::Flow = serde_json::from_str(raw.get()).map_err(|error| broken(&error))?;
        let fits = match kind {
            Kind::TravelRequest => flow.form_type == "requisition",
            Kind::ExpenseClaim => flow.form_type == "expense",
            _ => matches!(&*flow.form_type, "requisition" | "expense"),
        };
        Ok(if fits && flow.active { present(remote_id, raw.get().to_owned()) } else { Existence::Absent })
    }

    /// A single thing as the vendor wrote it.
    async fn value<O>(&self, operation: &O) -> Result<Box<RawValue>, CallError<Fault>>
    where
        O: tongshi_dialect::Operation<Dialect = wire::Hesine, Auth = super::AccessToken>,
    {
        let body = self.ask(operation).await?;
        let read: wire::Valued<Box<RawValue>> = serde_json::from_slice(&body)
            .map_err(|error| Error::upstream("the answer holds no value").caused_by(error))?;
        Ok(read.value)
    }
}

fn present(remote_id: &str, raw: String) -> Existence {
    Existence::Present(Row { remote_id: remote_id.to_owned(), date: None, raw })
}

/// None where the vendor says that there is no such thing: a fault like any other to it.
fn absent<T>(outcome: Result<T, CallError<Fault>>) -> Result<Option<T>, Error> {
    match outcome {
        Ok(found) => Ok(Some(found)),
        Err(CallError::Fault { fault, .. }) if matches!(fault.code, 400 | 412) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(count: u64) -> Page {
        let rows = r#"[{"id":"a","active":true},{"id":"b","active":false},{"id":"c"}]"#;
        let items: Vec<&RawValue> = serde_json::from_str(rows).expect("rows");
        live_units(Listed { count: Some(count), items })
    }

    #[test]
    fn departments_that_are_off_are_gone_and_the_total_does_not_count_them() {
        let ids = |page: &Page| page.rows.iter().map(|row| row.remote_id.clone()).collect::<Vec<_>>();
        let one = page(3);
        assert_eq!(
            (ids(&one), one.total, one.pages),
            (vec!["a".to_owned(), "c".to_owned()], Some(2), Some(1))
        );
        let many = page(250);
        assert_eq!((many.total, many.pages), (None, Some(3)), "nobody knows how many of the others are off");
    }
}
