//! Bookings: put in by whoever booked, and listed. Nothing is booked here (§3, 21).

use tongshi_dialect::{Caller, Query, Replacement};
use tongshi_model::{Action, Booking, BookingStatus, Coded, Draft, Id, Kind, Personal, TravelRequest};

use super::{
    fields::Fields,
    people::{Names, Reach, named},
    trips::{page, place, saved},
};
use crate::hesine::{
    map::sample as map,
    wire::sample::{Asked as _, BookingPush, BookingQuery, BookingView, PageView, Refused},
};

pub(super) async fn push(caller: Caller, ask: BookingPush) -> Result<BookingView, Refused> {
    let fields = Fields::of(ask.fields());
    let (person, _) = fields.must("employee_id", named(&caller, &fields, "employee_id").await?)?;
    let reach = Reach::of(&caller).await?;
    reach.admit(&caller, person).await?;
    let mut booking = read(&fields, person)?;
    let workforce = caller.workforce()?;
    if let Some(id) = booking.request {
        let found = workforce.get(Kind::TravelRequest, id).await?.filter(|record| !record.deleted);
        let found = found.ok_or_else(|| fields.refuse("request_id", "there is no such request"))?;
        reach.admit(&caller, found.read::<TravelRequest>()?.applicant).await?;
    }
    let mut same = None;
    for record in workforce.find(Kind::Booking, "order_no", &booking.order_no).await? {
        let known: Booking = record.read()?;
        if known.platform == booking.platform {
            reach.admit(&caller, known.booker.unwrap_or(person)).await?;
            // Whoever pushes an order again need not know what it was attached to meanwhile.
            booking.request = booking.request.or(known.request);
            booking.leg = booking.leg.take().or(known.leg);
            same = Some(record);
            break;
        }
    }
    let id = match same {
        Some(record) => {
            if !workforce.replace(vec![Replacement::of(&record, Action::Update, &booking)?]).await? {
                return Err(Refused::new(409, "others change the order at the same time; try again"));
            }
            record.id
        }
        None => {
            let platform = booking.platform.as_deref().unwrap_or_default();
            let name = format!("sample/booking/{platform}/{}", booking.order_no);
            saved(&caller, name, Draft::of(&booking)?).await?
        }
    };
    let names = Names::of(&caller, [person]).await?;
    Ok(map::booking(id, &booking, &|id| names.name(id)))
}

fn read(fields: &Fields<'_>, person: Id) -> Result<Booking, Refused> {
    let kind = fields.must("type", fields.word("type", &map::BOOKED)?)?;
    let status = fields.word("status", &map::BOOKING_STATES)?.unwrap_or(BookingStatus::Confirmed);
    let starts_at = fields.must("start_time", fields.time("start_time")?)?;
    let ends_at = fields.time("end_time")?;
    if ends_at.is_some_and(|end| end.timestamp() < starts_at.timestamp()) {
        return Err(fields.refuse("end_time", "it lies before start_time"));
    }
    let text = |field| Ok::<_, Refused>(fields.text(field)?.map(str::to_owned));
    let private = |field| Ok::<_, Refused>(fields.text(field)?.map(Personal::from));
    Ok(Booking {
        kind: Coded::vendor(kind.name(), Some(kind)),
        order_no: fields.some_text("order_no")?.to_owned(),
        parent_order_no: None,
        original_order_no: text("original_order_no")?,
        ticket_no: private("ticket_no")?,
        status: Coded::vendor(status.name(), Some(status)),
        summary: private("summary")?,
        booker: Some(person),
        travellers: Vec::new(),
        request: fields.id("request_id")?,
        leg: text("leg_id")?,
        platform: Some(text("platform")?.unwrap_or_else(|| "sample".to_owned())),
        provider_no: private("provider_no")?,
        from: place(fields, "from")?,
        to: place(fields, "to")?,
        starts_at: Some(starts_at),
        ends_at,
        class: text("class")?,
        quantity: None,
        amount: Some(fields.must("amount", fields.amount("amount", fields.currency()?)?)?),
        tax: None,
        fee: None,
        paid_by_company: fields.switch("paid_by_company")?,
        private: fields.switch("private")?,
        over_policy: fields.switch("over_policy")?,
        over_policy_reason: private("over_policy_reason")?,
        ordered_at: fields.time("order_time")?,
    })
}

pub(super) async fn query(caller: Caller, ask: BookingQuery) -> Result<PageView<BookingView>, Refused> {
    let fields = Fields::of(ask.fields());
    let workforce = caller.workforce()?;
    let (page, page_size) = page(&fields)?;
    let reach = Reach::of(&caller).await?;
    let mut query = Query::of(Kind::Booking, u32::try_from(page_size).unwrap_or(1));
    query.offset = (page - 1) * page_size;
    let mut narrowed = matches!(reach, Reach::Company);
    if let Some(id) = fields.id("request_id")? {
        let found = workforce.get(Kind::TravelRequest, id).await?.filter(|record| !record.deleted);
        let found = found.ok_or_else(|| Refused::new(404, "there is no such request"))?;
        reach.admit(&caller, found.read::<TravelRequest>()?.applicant).await?;
        query.keys.push(("request", id.to_string()));
        narrowed = true;
    }
    if let Some((id, _)) = named(&caller, &fields, "employee_id").await? {
        reach.admit(&caller, id).await?;
        query.keys.push(("booker", id.to_string()));
        narrowed = true;
    } else if let (Reach::Person(own), false) = (&reach, narrowed) {
        query.keys.push(("booker", own.to_string()));
        narrowed = true;
    }
    if !narrowed {
        // A booking names no department: whoever may see one asks by person or by request.
        return Err(fields.refuse("employee_id", "at this data level it or request_id is required"));
    }
    let kind = fields.word("type", &map::BOOKED)?;
    query.keys.extend(kind.map(|kind| ("type", kind.name().to_owned())));
    let total = workforce.count(&query).await?;
    let mut bookings = Vec::new();
    for record in workforce.list(&query).await? {
        bookings.push((record.id, record.read::<Booking>()?));
    }
    let people =
        bookings.iter().flat_map(|(_, one)| one.booker.into_iter().chain(one.travellers.first().copied()));
    let names = Names::of(&caller, people).await?;
    let items = bookings.iter().map(|(id, one)| map::booking(*id, one, &|id| names.name(id))).collect();
    Ok(PageView { total, page, page_size, items })
}
