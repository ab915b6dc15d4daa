//! Bookings: put in by whoever booked, and listed. Nothing is booked here (§3, 21).

use tongshi_dialect::{Caller, Query, Replacement};
use tongshi_model::{Action, Booking, BookingStatus, Coded, Draft, Kind, Personal};

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
    let order_no = fields.some_text("order_no")?.to_owned();
    let (person, _) = fields.must("employee_id", named(&caller, &fields, "employee_id").await?)?;
    Reach::of(&caller).await?.admit(&caller, person).await?;
    let kind = fields.must("type", fields.word("type", &map::BOOKED)?)?;
    let status = fields.word("status", &map::BOOKING_STATES)?.unwrap_or(BookingStatus::Confirmed);
    let starts_at = fields.must("start_time", fields.time("start_time")?)?;
    let ends_at = fields.time("end_time")?;
    if ends_at.is_some_and(|end| end.timestamp() < starts_at.timestamp()) {
        return Err(fields.refuse("end_time", "it lies before start_time"));
    }
    let amount = fields.must("amount", fields.amount("amount", fields.currency()?)?)?;
    let request = fields.id("request_id")?;
    let workforce = caller.workforce()?;
    if let Some(id) = request {
        let found = workforce.get(Kind::TravelRequest, id).await?.filter(|record| !record.deleted);
        let found = found.ok_or_else(|| fields.refuse("request_id", "there is no such request"))?;
        let applicant = found.read::<tongshi_model::TravelRequest>()?.applicant;
        Reach::of(&caller).await?.admit(&caller, applicant).await?;
    }
    let platform = fields.text("platform")?.unwrap_or("sample").to_owned();
    let mut booking = Booking {
        kind: Coded::vendor(kind.name(), Some(kind)),
        order_no: order_no.clone(),
        parent_order_no: None,
        original_order_no: fields.text("original_order_no")?.map(str::to_owned),
        ticket_no: fields.text("ticket_no")?.map(Personal::from),
        status: Coded::vendor(status.name(), Some(status)),
        summary: fields.text("summary")?.map(Personal::from),
        booker: Some(person),
        travellers: Vec::new(),
        request,
        leg: fields.text("leg_id")?.map(str::to_owned),
        platform: Some(platform.clone()),
        provider_no: fields.text("provider_no")?.map(Personal::from),
        from: place(&fields, "from")?,
        to: place(&fields, "to")?,
        starts_at: Some(starts_at),
        ends_at,
        class: fields.text("class")?.map(str::to_owned),
        quantity: None,
        amount: Some(amount),
        tax: None,
        fee: None,
        paid_by_company: fields.switch("paid_by_company")?,
        private: fields.switch("private")?,
        over_policy: fields.switch("over_policy")?,
        over_policy_reason: fields.text("over_policy_reason")?.map(Personal::from),
        ordered_at: fields.time("order_time")?,
    };
    let found = workforce.find(Kind::Booking, "order_no", &order_no).await?;
    let mut same = None;
    for record in found {
        let known: Booking = record.read()?;
        if known.platform.as_deref() == Some(&platform) {
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
        None => saved(&caller, format!("sample/booking/{platform}/{order_no}"), Draft::of(&booking)?).await?,
    };
    let names = Names::of(&caller, [person]).await?;
    Ok(map::booking(id, &booking, &|id| names.name(id)))
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
        reach.admit(&caller, found.read::<tongshi_model::TravelRequest>()?.applicant).await?;
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
