//! Trips: asked for and listed.

use tongshi_dialect::{Caller, Query, Record};
use tongshi_model::{
    BookingKind, Coded, Draft, Id, Instant, Kind, LocalDate, Personal, Place, SpendStatus, TravelRequest,
    TripLeg, shanghai,
};

use super::{
    fields::Fields,
    people::{Names, Reach, named},
};
use crate::hesine::{
    map::sample as map,
    wire::sample::{Asked as _, PageView, Refused, TripCreate, TripQuery, TripView},
};

/// The most rows of a page.
const PAGE_MAX: u64 = 100;

pub(super) async fn create(caller: Caller, ask: TripCreate) -> Result<TripView, Refused> {
    let fields = Fields::of(ask.fields());
    let person = named(&caller, &fields, "employee_id").await?;
    let (applicant, employee) = fields.must("employee_id", person)?;
    let trip = fields.object("trip_detail")?;
    let approver = named(&caller, &fields, "approver_id").await?;
    let (approver, _) = fields.must("approver_id", approver)?;
    Reach::of(&caller).await?.admit(&caller, applicant).await?;
    let (start, end) = span(&trip)?;
    let (start, end) = (trip.must("start_date", start)?, trip.must("end_date", end)?);
    let currency = trip.currency()?;
    let budget = trip.amount("budget", currency)?;
    let mut legs = Vec::new();
    for (at, leg) in trip.objects("legs")?.iter().enumerate() {
        legs.push(read_leg(at, leg, start, end)?);
    }
    if legs.is_empty() {
        return Err(trip.refuse("legs", "it needs at least one leg"));
    }
    let external_no = fields.text("external_no")?.map(str::to_owned);
    if let Some(known) = known(&caller, Kind::TravelRequest, external_no.as_deref()).await? {
        return view(&caller, &known).await;
    }
    let now = Instant::new(caller.now, shanghai());
    let name = name_of(&caller, "trip", external_no.as_deref(), ask.fields());
    let request = TravelRequest {
        number: number("CL", &name, now),
        title: trip.text("title")?.map(str::to_owned),
        applicant,
        travellers: Vec::new(),
        purpose: trip.text("purpose")?.map(Personal::from),
        legs,
        budget,
        advance: None,
        cost_objects: Vec::new(),
        org_unit: employee.org_unit,
        status: Coded::ours(SpendStatus::Pending),
        approval: None,
        approver: Some(approver),
        task: None,
        external_no,
        over_policy: trip.switch("over_policy")?,
        over_policy_reason: trip.text("over_policy_reason")?.map(Personal::from),
        submitted_at: Some(now),
        decided_at: None,
    };
    let id = saved(&caller, name, Draft::of(&request)?).await?;
    let names = Names::of(&caller, [applicant, approver]).await?;
    Ok(map::trip(id, &request, &|id| names.name(id)))
}

/// First and last day, in their order.
fn span(fields: &Fields<'_>) -> Result<(Option<LocalDate>, Option<LocalDate>), Refused> {
    let (start, end) = (fields.date("start_date")?, fields.date("end_date")?);
    if start.zip(end).is_some_and(|(start, end)| end < start) {
        return Err(fields.refuse("end_date", "it lies before start_date"));
    }
    Ok((start, end))
}

fn read_leg(at: usize, leg: &Fields<'_>, first: LocalDate, last: LocalDate) -> Result<TripLeg, Refused> {
    let kind: BookingKind = leg.must("type", leg.word("type", &map::BOOKED)?)?;
    let (start, end) = span(leg)?;
    let start = leg.must("start_date", start)?;
    for (field, day) in [("start_date", Some(start)), ("end_date", end)] {
        if day.is_some_and(|day| day < first || day > last) {
            return Err(leg.refuse(field, "it lies outside the trip"));
        }
    }
    Ok(TripLeg {
        id: leg.text("leg_id")?.map_or_else(|| (at + 1).to_string(), str::to_owned),
        kind: Coded::vendor(kind.name(), Some(kind)),
        from: place(leg, "from")?,
        to: Some(leg.must("to", place(leg, "to")?)?),
        start: Some(start),
        end,
        estimate: leg.amount("budget", leg.currency()?)?,
    })
}

pub(super) fn place(fields: &Fields<'_>, field: &str) -> Result<Option<Place>, Refused> {
    Ok(fields.text(field)?.map(|name| Place { name: Personal::from(name), code: None }))
}

/// What an app has made under its own number already: the same again is the same thing.
pub(super) async fn known(
    caller: &Caller,
    kind: Kind,
    external_no: Option<&str>,
) -> Result<Option<Record>, Refused> {
    let Some(number) = external_no else { return Ok(None) };
    Ok(caller.workforce()?.find(kind, "external_no", number).await?.into_iter().next())
}

/// The name of something new among what the face's apps write: by the app's own number, else by what it says and when.
pub(super) fn name_of(
    caller: &Caller,
    what: &str,
    external_no: Option<&str>,
    fields: &serde_json::Map<String, serde_json::Value>,
) -> String {
    let app = caller.grant.as_ref().map_or_else(String::new, |grant| grant.app.to_string());
    match external_no {
        Some(number) => format!("sample/{what}/{number}"),
        None => {
            let said = serde_json::Value::Object(fields.clone()).to_string();
            let at = caller.now.as_nanosecond().to_string();
            format!("sample/{what}/{}", Id::of(&[&app, &at, &said]))
        }
    }
}

/// A number for people.
pub(super) fn number(prefix: &str, name: &str, now: Instant) -> String {
    let id = Id::of(&[name]).to_string().to_uppercase();
    format!("{prefix}{}{}", now.format("%Y%m%d"), &id[..8])
}

pub(super) async fn saved(caller: &Caller, name: String, draft: Draft) -> Result<Id, Refused> {
    let ids = caller.workforce()?.save(vec![(name, draft)]).await?;
    ids.first().copied().ok_or_else(|| tongshi_model::Error::internal("nothing was stored").into())
}

pub(super) async fn view(caller: &Caller, record: &Record) -> Result<TripView, Refused> {
    let request: TravelRequest = record.read()?;
    Reach::of(caller).await?.admit(caller, request.applicant).await?;
    let names = Names::of(caller, std::iter::once(request.applicant).chain(request.approver)).await?;
    Ok(map::trip(record.id, &request, &|id| names.name(id)))
}

/// The page that is asked for: its number, its size.
pub(super) fn page(fields: &Fields<'_>) -> Result<(u64, u64), Refused> {
    Ok((fields.number("page", 1, 1, 1_000_000)?, fields.number("page_size", 20, 1, PAGE_MAX)?))
}

/// The states that are asked for, in our words.
pub(super) fn states(fields: &Fields<'_>) -> Result<Option<Vec<String>>, Refused> {
    let found = fields.word("status", &map::STATES)?;
    Ok(found.map(|states| states.iter().map(|state| state.name().to_owned()).collect()))
}

pub(super) async fn query(caller: Caller, ask: TripQuery) -> Result<PageView<TripView>, Refused> {
    let fields = Fields::of(ask.fields());
    let workforce = caller.workforce()?;
    let (page, page_size) = page(&fields)?;
    let (from, to) = span(&fields)?;
    let states = states(&fields)?;
    let reach = Reach::of(&caller).await?;
    if let Some(id) = fields.id("request_id")? {
        let found = workforce.get(Kind::TravelRequest, id).await?.filter(|record| !record.deleted);
        let record = found.ok_or_else(|| Refused::new(404, "there is no such request"))?;
        return Ok(PageView { total: 1, page, page_size, items: vec![view(&caller, &record).await?] });
    }
    let mut query = Query::of(Kind::TravelRequest, u32::try_from(page_size).unwrap_or(1));
    query.offset = (page - 1) * page_size;
    (query.date_from, query.date_to) = (from, to);
    if let Some((id, _)) = named(&caller, &fields, "employee_id").await? {
        reach.admit(&caller, id).await?;
        query.keys.push(("applicant", id.to_string()));
    } else {
        reach.narrow(&mut query, "applicant", "org_unit");
    }
    query.fields.extend(states.map(|states| ("status.value", states)));
    let total = workforce.count(&query).await?;
    let mut requests = Vec::new();
    for record in workforce.list(&query).await? {
        requests.push((record.id, record.read::<TravelRequest>()?));
    }
    let people = requests.iter().flat_map(|(_, one)| std::iter::once(one.applicant).chain(one.approver));
    let names = Names::of(&caller, people).await?;
    let items = requests.iter().map(|(id, request)| map::trip(*id, request, &|id| names.name(id))).collect();
    Ok(PageView { total, page, page_size, items })
}
