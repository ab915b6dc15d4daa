//! Claims: handed in, listed, paid once.

use tongshi_dialect::{Caller, Query, Record, Replacement};
use tongshi_model::{
    Action, Booking, Coded, Draft, ExpenseClaim, ExpenseLine, Id, Instant, Kind, Money, Payment,
    PaymentState, Personal, SpendStatus, TravelRequest, shanghai,
};

use super::{
    fields::Fields,
    people::{Names, Reach, named},
    trips::{known, name_of, number, page, saved, states},
};
use crate::hesine::{
    map::sample as map,
    wire::sample::{Asked as _, ExpenseCreate, ExpensePay, ExpenseQuery, ExpenseView, PageView, Refused},
};

pub(super) async fn create(caller: Caller, ask: ExpenseCreate) -> Result<ExpenseView, Refused> {
    let fields = Fields::of(ask.fields());
    let (claimant, employee) = fields.must("employee_id", named(&caller, &fields, "employee_id").await?)?;
    let reach = Reach::of(&caller).await?;
    reach.admit(&caller, claimant).await?;
    let approver = named(&caller, &fields, "approver_id").await?.map(|(id, _)| id);
    let request = settled_request(&caller, &reach, &fields).await?;
    let currency = fields.currency()?;
    let (mut lines, mut total) = (Vec::new(), 0_i64);
    for line in fields.objects("lines")? {
        let amount = line.must("amount", line.amount("amount", currency)?)?;
        let date = line.must("date", line.date("date")?)?;
        let booking = settled_booking(&caller, &reach, &line, claimant).await?;
        total = total
            .checked_add(amount.minor)
            .ok_or_else(|| line.refuse("amount", "the sum of the lines is too large"))?;
        lines.push(ExpenseLine {
            fee_type: line.some_text("fee_type")?.to_owned(),
            date: Some(date),
            amount,
            tax: line.amount("tax", currency)?,
            invoices: Vec::new(),
            bookings: booking.into_iter().collect(),
            allocations: Vec::new(),
            note: line.text("note")?.map(Personal::from),
        });
    }
    if lines.is_empty() {
        return Err(fields.refuse("lines", "it needs at least one line"));
    }
    let external_no = fields.text("external_no")?.map(str::to_owned);
    if let Some(known) = known(&caller, Kind::ExpenseClaim, external_no.as_deref()).await? {
        return view(&caller, &known).await;
    }
    let now = Instant::new(caller.now, shanghai());
    let name = name_of(&caller, "expense", external_no.as_deref(), ask.fields());
    let claim = ExpenseClaim {
        number: number("BX", &name, now),
        title: fields.text("title")?.map(str::to_owned),
        purpose: None,
        claimant,
        legal_entity: employee.legal_entity,
        org_unit: employee.org_unit,
        status: Coded::ours(SpendStatus::Pending),
        lines,
        total: Money { minor: total, currency },
        request,
        bookings: Vec::new(),
        approval: None,
        approver,
        task: None,
        external_no,
        payee: None,
        payment: None,
        vouchers: Vec::new(),
        submitted_at: Some(now),
        decided_at: None,
    };
    let id = saved(&caller, name, Draft::of(&claim)?).await?;
    let names = Names::of(&caller, [claimant]).await?;
    Ok(map::expense(id, &claim, &|id| names.name(id)))
}

/// The request that a claim is about: one that is there, and that the app may see.
async fn settled_request(caller: &Caller, reach: &Reach, fields: &Fields<'_>) -> Result<Option<Id>, Refused> {
    let Some(id) = fields.id("request_id")? else { return Ok(None) };
    let found = caller.workforce()?.get(Kind::TravelRequest, id).await?.filter(|record| !record.deleted);
    let found = found.ok_or_else(|| fields.refuse("request_id", "there is no such request"))?;
    reach.admit(caller, found.read::<TravelRequest>()?.applicant).await?;
    Ok(Some(id))
}

/// The booking that a line pays for, likewise.
async fn settled_booking(
    caller: &Caller,
    reach: &Reach,
    line: &Fields<'_>,
    claimant: Id,
) -> Result<Option<Id>, Refused> {
    let Some(id) = line.id("booking_id")? else { return Ok(None) };
    let found = caller.workforce()?.get(Kind::Booking, id).await?.filter(|record| !record.deleted);
    let booked: Booking =
        found.ok_or_else(|| line.refuse("booking_id", "there is no such booking"))?.read()?;
    let person = booked.booker.or(booked.travellers.first().copied()).unwrap_or(claimant);
    reach.admit(caller, person).await?;
    Ok(Some(id))
}

async fn view(caller: &Caller, record: &Record) -> Result<ExpenseView, Refused> {
    let claim: ExpenseClaim = record.read()?;
    Reach::of(caller).await?.admit(caller, claim.claimant).await?;
    let names = Names::of(caller, [claim.claimant]).await?;
    Ok(map::expense(record.id, &claim, &|id| names.name(id)))
}

/// The claim that a field names.
pub(super) async fn found(caller: &Caller, fields: &Fields<'_>) -> Result<Record, Refused> {
    let id = fields.must("expense_id", fields.id("expense_id")?)?;
    let found = caller.workforce()?.get(Kind::ExpenseClaim, id).await?.filter(|record| !record.deleted);
    let record = found.ok_or_else(|| Refused::new(404, "there is no such claim"))?;
    Reach::of(caller).await?.admit(caller, record.read::<ExpenseClaim>()?.claimant).await?;
    Ok(record)
}

pub(super) async fn query(caller: Caller, ask: ExpenseQuery) -> Result<PageView<ExpenseView>, Refused> {
    let fields = Fields::of(ask.fields());
    let workforce = caller.workforce()?;
    let (page, page_size) = page(&fields)?;
    let states = states(&fields)?;
    let reach = Reach::of(&caller).await?;
    if fields.text("expense_id")?.is_some() {
        let record = found(&caller, &fields).await?;
        return Ok(PageView { total: 1, page, page_size, items: vec![view(&caller, &record).await?] });
    }
    let mut query = Query::of(Kind::ExpenseClaim, u32::try_from(page_size).unwrap_or(1));
    query.offset = (page - 1) * page_size;
    if let Some((id, _)) = named(&caller, &fields, "employee_id").await? {
        reach.admit(&caller, id).await?;
        query.keys.push(("claimant", id.to_string()));
    } else {
        reach.narrow(&mut query, "claimant", "org_unit");
    }
    query.keys.extend(fields.id("request_id")?.map(|id| ("request", id.to_string())));
    query.fields.extend(states.map(|states| ("status.value", states)));
    let total = workforce.count(&query).await?;
    let mut claims = Vec::new();
    for record in workforce.list(&query).await? {
        claims.push((record.id, record.read::<ExpenseClaim>()?));
    }
    let names = Names::of(&caller, claims.iter().map(|(_, claim)| claim.claimant)).await?;
    let items = claims.iter().map(|(id, claim)| map::expense(*id, claim, &|id| names.name(id))).collect();
    Ok(PageView { total, page, page_size, items })
}

pub(super) async fn pay(caller: Caller, ask: ExpensePay) -> Result<ExpenseView, Refused> {
    let fields = Fields::of(ask.fields());
    let words = [("paid", PaymentState::Paid), ("failed", PaymentState::Failed)];
    let state = fields.must("status", fields.word("status", &words)?)?;
    let paid_at = fields.time("paid_at")?.unwrap_or_else(|| Instant::new(caller.now, shanghai()));
    let reference = fields.text("reference")?.map(str::to_owned);
    let reason = fields.text("reason")?.map(str::to_owned);
    let record = found(&caller, &fields).await?;
    let mut claim: ExpenseClaim = record.read()?;
    match claim.status.value {
        SpendStatus::Paid | SpendStatus::Archived => {
            return Err(Refused::new(409, "the claim is paid already"));
        }
        SpendStatus::Approved | SpendStatus::Paying | SpendStatus::Processing => {}
        _ => return Err(Refused::new(409, "only a claim that is approved can be paid")),
    }
    let is_paid = state == PaymentState::Paid;
    claim.status = Coded::ours(if is_paid { SpendStatus::Paid } else { SpendStatus::Paying });
    let paid_at = is_paid.then_some(paid_at);
    claim.payment = Some(Payment { state: Coded::ours(state), paid_at, reference, reason });
    let replacement = Replacement::of(&record, Action::Pay, &claim)?;
    // Of many who pay the same claim one does; the others find it at another version.
    if !caller.workforce()?.replace(vec![replacement]).await? {
        return Err(Refused::new(409, "others change the claim at the same time; ask how far it is"));
    }
    let names = Names::of(&caller, [claim.claimant]).await?;
    Ok(map::expense(record.id, &claim, &|id| names.name(id)))
}
