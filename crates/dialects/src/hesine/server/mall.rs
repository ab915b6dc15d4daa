//! Bills of the mall and tickets, made from what was booked (§2.6).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tongshi_dialect::{Caller, Query, Record, Workforce};
use tongshi_model::{Booking, BookingKind, Company, Employee, Entity as _, Id, Kind, TravelRequest};

use super::{every, units::Tree};
use crate::hesine::{
    map::{self, Around, BillPerson},
    wire::{self, Bill, BillNumbers, Billed, Fault, Ticketed},
};

/// The largest page of numbers, and bills in one call.
const SIZE_MAX: u64 = 50;
const BILLS_MAX: usize = 1000;

/// The longest span of one question: a month.
const SPAN_MILLISECONDS: u64 = 31 * 24 * 60 * 60 * 1000;

/// Numbers of bills that came into being in a span. What travellers pay themselves is no bill of the company's.
pub(super) async fn list(caller: Caller, ask: wire::BillList) -> Result<Billed<BillNumbers>, Fault> {
    let workforce = caller.workforce()?;
    let asked = match checked(&ask) {
        Ok(asked) => asked,
        Err(why) => return Ok(Billed::bad(why, ask.request_id)),
    };
    let mut numbers = Vec::new();
    for record in every(workforce, Query::of(Kind::Booking, 1)).await? {
        let at = u64::try_from(map::millis(record.created_at)).unwrap_or(0);
        if !(asked.from..=asked.to).contains(&at) {
            continue;
        }
        let booking: Booking = record.read()?;
        if is_billed(&booking) && asked.kinds.is_none_or(|kinds| kinds.contains(&booking.kind.value)) {
            numbers.push(map::bill_number(record.id, booking.date()));
        }
    }
    let total_count = numbers.len() as u64;
    let items = numbers.into_iter().skip(asked.skip).take(asked.size).collect();
    Ok(Billed::good(BillNumbers { total_count, items }, ask.request_id))
}

/// What is asked for, where it can be.
struct Asked {
    kinds: Option<&'static [BookingKind]>,
    from: u64,
    to: u64,
    skip: usize,
    size: usize,
}

fn checked(ask: &wire::BillList) -> Result<Asked, &'static str> {
    let kinds = match ask.product_type_id {
        None => None,
        Some(number) => Some(map::read_product(number).ok_or("productTypeId 不正确")?),
    };
    let (Some(from), Some(to)) = (ask.start_time, ask.end_time) else {
        return Err("startTime、endTime 必填");
    };
    if to < from || to - from > SPAN_MILLISECONDS {
        return Err("查询开始时间和结束时间间隔不能超过一个月");
    }
    let page = ask.page.filter(|page| *page >= 1).ok_or("page 从 1 开始")?;
    let size = ask.size.filter(|size| (1..=SIZE_MAX).contains(size)).ok_or("size 为 1 到 50")?;
    map::filled(ask.request_id.clone()).ok_or("requestId 必填")?;
    let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    Ok(Asked { kinds, from, to, skip: number((page - 1).saturating_mul(size)), size: number(size) })
}

/// Whether the company is asked to pay for it.
fn is_billed(booking: &Booking) -> bool {
    booking.paid_by_company && booking.amount.is_some()
}

/// What bills say. A number that means none is left out.
pub(super) async fn get(caller: Caller, ask: wire::BillGet) -> Result<Billed<Vec<Bill>>, Fault> {
    let workforce = caller.workforce()?;
    let asked = map::filled(ask.request_id.clone()).is_some();
    if !asked || ask.data.is_empty() || ask.data.len() > BILLS_MAX {
        let why = "请确认 data(企业对账单ID集合)、requestId(请求标识)传参是否正确";
        return Ok(Billed::bad(why, ask.request_id));
    }
    let mut found: BTreeMap<u64, (Record, Booking)> = BTreeMap::new();
    let days: BTreeSet<_> = ask.data.iter().filter_map(|number| map::bill_day(*number)).collect();
    for day in days {
        let mut query = Query::of(Kind::Booking, 1);
        (query.date_from, query.date_to) = (day, day);
        for record in every(workforce, query).await? {
            let booking: Booking = record.read()?;
            let number = map::bill_number(record.id, booking.date());
            if is_billed(&booking) && ask.data.contains(&number) {
                found.insert(number, (record, booking));
            }
        }
    }
    let around = Surroundings::of(workforce, found.values().map(|(_, booking)| booking)).await?;
    let bills = ask.data.iter().filter_map(|number| found.get(number));
    let bills = bills
        .map(|(record, booking)| map::show_bill((record, booking.date()), booking, &around.of_one(booking)));
    Ok(Billed::good(bills.collect(), ask.request_id))
}

/// What bills say beside their bookings: people, departments, requests; a question for each sort.
struct Surroundings {
    company: String,
    people: HashMap<Id, BillPerson>,
    requests: HashMap<Id, TravelRequest>,
}

impl Surroundings {
    async fn of(workforce: &dyn Workforce, bookings: impl Iterator<Item = &Booking>) -> Result<Self, Fault> {
        let mut wanted = BTreeSet::new();
        for booking in bookings {
            wanted.extend(booking.booker.iter().chain(&booking.travellers).chain(&booking.request));
        }
        let wanted: Vec<Id> = wanted.into_iter().collect();
        let company = workforce.list(&Query::of(Kind::Company, 1)).await?.into_iter().next();
        let company = company.map(|record| record.read::<Company>()).transpose()?;
        let company = company.map(|company| company.name).unwrap_or_default();
        let (mut people, mut requests) = (HashMap::new(), HashMap::new());
        if !wanted.is_empty() {
            let tree = Tree::read(workforce).await?;
            for record in workforce.many(&wanted).await?.into_iter().flatten() {
                match record.kind {
                    Kind::Employee => {
                        let employee: Employee = record.read()?;
                        let path = employee
                            .org_unit
                            .map(|unit| tree.path(unit, |_, unit| unit.name.clone()))
                            .unwrap_or_default();
                        people.insert(record.id, BillPerson::of(&employee, path));
                    }
                    Kind::TravelRequest => drop(requests.insert(record.id, record.read()?)),
                    _ => {}
                }
            }
        }
        Ok(Self { company, people, requests })
    }

    fn of_one(&self, booking: &Booking) -> Around {
        let person = |id: &Id| self.people.get(id);
        let travellers: Vec<&str> =
            booking.travellers.iter().filter_map(person).map(BillPerson::name).collect();
        let request = booking.request.and_then(|id| self.requests.get(&id));
        Around {
            company: self.company.clone(),
            request: request.map(|request| (request.number.clone(), request.title.clone())),
            booker: booking.booker.as_ref().or(booking.travellers.first()).and_then(person).cloned(),
            traveller: booking.travellers.first().and_then(person).cloned(),
            travellers: Some(travellers.join(",")).filter(|names| !names.is_empty()),
            project: request.and_then(|request| request.cost_objects.first().cloned()),
        }
    }
}

/// How far a ticket is. What is wrong with the question is told inside HTTP 200.
pub(super) async fn ticket(caller: Caller, ask: wire::TicketGet) -> Result<Ticketed, Fault> {
    let workforce = caller.workforce()?;
    let bad = |why: &str| Ok(Ticketed::bad(500, why, ask.request_id.clone()));
    let Some(code) = map::filled(ask.query_code.clone()) else { return bad("查询参数不能为空!") };
    let Some((rest, person)) = code.rsplit_once('-').filter(|(rest, _)| rest.contains('-')) else {
        return bad("查询参数格式错误!");
    };
    if person.trim().is_empty() {
        return bad("人员id不能为空");
    }
    // Numbers of orders and tickets may have hyphens of their own: every place where the two may meet is tried.
    let orders: Vec<String> = rest.match_indices('-').map(|(place, _)| rest[..place].to_owned()).collect();
    let mut flights = Vec::new();
    for (order, record) in workforce.find_many(Kind::Booking, "order_no", &orders).await? {
        let booking: Booking = record.read()?;
        let ticket = booking.ticket_no.as_ref().map(|number| number.expose().as_str());
        let travels = map::id_in(person).is_some_and(|id| booking.travellers.contains(&id));
        if booking.kind.value == BookingKind::Flight && travels && ticket == Some(&rest[order.len() + 1..]) {
            flights.push(map::show_ticket(&booking));
        }
    }
    if flights.is_empty() {
        return bad("订单信息不存在");
    }
    Ok(Ticketed { code: Some(200), data: Some(flights), request_id: ask.request_id, ..Ticketed::default() })
}
