//! A quarter of travel: requests, what was booked for them, and what was claimed afterwards.

use tongshi_model::{
    Booking, BookingKind, BookingStatus, Coded, Currency, Error, ExpenseClaim, ExpenseLine, Id, Invoice,
    Kind, LocalDate, Money, Payment, PaymentState, Place, SpendStatus, TravelRequest, TripLeg,
};

use crate::{
    dates::{at, instant, plus_days},
    dice::{Dice, Purpose},
    outlet::Outlet,
    standing::Standing,
    world::{Block, World},
};

/// One of so many people travels for work.
const TRAVELLERS: u32 = 4;
/// Days of a quarter.
const QUARTER: i64 = 90;
/// Cities on no map, with their codes.
const CITIES: &[(&str, &str)] =
    &[("样本市", "9001"), ("东样市", "9002"), ("西样市", "9003"), ("岛样县", "9004"), ("北模自治州", "9005")];
const REASONS: &[&str] = &["客户拜访", "项目验收", "行业展会", "内部培训", "设备安装"];

/// A journey while it is being made.
struct Trip {
    traveller: Id,
    request: Id,
    number: u32,
    start: LocalDate,
    end: LocalDate,
    there: BookingKind,
    city: Place,
    nights: u32,
    over_policy: bool,
}

/// Makes the journeys of the people of a block.
pub(crate) fn block(world: &World<'_>, block: &Block, outlet: &mut Outlet<'_>) -> Result<(), Error> {
    for (index, standing) in block.people() {
        if standing.settled() && index % TRAVELLERS == 1 {
            let mut dice = Dice::new(world.plan, Purpose::Travel, index);
            for turn in 0..dice.between(1, 2) {
                // Two journeys of one person lie in two halves of the quarter.
                journey(world, index, standing, u32::try_from(turn).unwrap_or(0), &mut dice, outlet)?;
            }
        }
    }
    Ok(())
}

fn yuan(amount: i64) -> Money {
    Money { minor: amount * 100, currency: Currency::CNY }
}

fn journey(
    world: &World<'_>,
    index: u32,
    standing: &Standing,
    turn: u32,
    dice: &mut Dice,
    outlet: &mut Outlet<'_>,
) -> Result<(), Error> {
    let status = match dice.between(0, 99) {
        0..=69 => SpendStatus::Approved,
        70..=79 => SpendStatus::Approving,
        80..=84 => SpendStatus::Rejected,
        85..=89 => SpendStatus::Draft,
        _ => SpendStatus::Archived,
    };
    let ago = dice.between(6, QUARTER / 2) + i64::from(turn) * QUARTER / 2;
    // What nobody has decided lies ahead.
    let ahead = matches!(status, SpendStatus::Approving | SpendStatus::Draft);
    let start = plus_days(world.plan.today, if ahead { dice.between(3, 20) } else { -ago });
    if start < standing.hired {
        return Ok(());
    }
    let nights = dice.between(1, 4);
    let (name, code) = *dice.pick(CITIES);
    let remote_id = format!("trip-{index:08}-{turn}");
    let trip = Trip {
        traveller: world.employee(index),
        request: world.space.id(Kind::TravelRequest, &remote_id),
        number: index * 10 + turn,
        start,
        end: plus_days(start, nights),
        there: if dice.percent(45) { BookingKind::Flight } else { BookingKind::Train },
        city: Place { name: name.to_owned().into(), code: Some(code.to_owned()) },
        nights: u32::try_from(nights).unwrap_or(1),
        over_policy: dice.percent(12),
    };
    outlet.record(remote_id, &request(world, index, &trip, status, ahead, dice))?;
    if matches!(status, SpendStatus::Approved | SpendStatus::Archived) {
        let orders = orders(world, &trip, dice, outlet)?;
        if dice.percent(85) {
            let claim = claim(world, index, &trip, &orders, dice);
            outlet.record(format!("claim-{index:08}-{turn}"), &claim)?;
        }
    }
    Ok(())
}

fn request(
    world: &World<'_>,
    index: u32,
    trip: &Trip,
    status: SpendStatus,
    ahead: bool,
    dice: &mut Dice,
) -> TravelRequest {
    let home = Place { name: "总部市".to_owned().into(), code: Some("9000".to_owned()) };
    // Nothing was asked for after today.
    let asked =
        if ahead { plus_days(world.plan.today, -dice.between(1, 4)) } else { plus_days(trip.start, -7) };
    let submitted = at(asked, 9 * 60 + dice.between(0, 8 * 60));
    let decided = at(asked, 18 * 60).max(submitted) + jiff::Span::new().hours(dice.between(1, 40));
    let leg =
        |id: &str, kind, from: Option<&Place>, to: &Place, days: (LocalDate, LocalDate), cost: i64| TripLeg {
            id: id.to_owned(),
            kind: Coded::ours(kind),
            from: from.cloned(),
            to: Some(to.clone()),
            start: Some(days.0),
            end: Some(days.1),
            estimate: Some(yuan(cost)),
        };
    let (start, end) = (trip.start, trip.end);
    let (fare, night) = (dice.between(3, 14) * 100, dice.between(3, 6) * 100);
    let waits = status == SpendStatus::Approving;
    TravelRequest {
        number: format!("S26{:012}", trip.number),
        title: Some(format!("{}出差", trip.city.name.expose())),
        applicant: trip.traveller,
        travellers: vec![trip.traveller],
        purpose: Some((*dice.pick(REASONS)).to_owned().into()),
        legs: vec![
            leg("1", trip.there, Some(&home), &trip.city, (start, start), fare),
            leg("2", BookingKind::Hotel, None, &trip.city, (start, end), night * i64::from(trip.nights)),
            leg("3", trip.there, Some(&trip.city), &home, (end, end), fare),
        ],
        budget: Some(yuan(2 * fare + night * i64::from(trip.nights) + 300)),
        advance: None,
        cost_objects: Vec::new(),
        org_unit: Some(world.tree.node(world.tree.home_of(index)).id),
        status: Coded::ours(status),
        approval: None,
        approver: world.tree.manager_of(index).map(|(_, id)| id).filter(|_| waits),
        task: waits.then(|| "FLOW:1:1".to_owned()),
        external_no: None,
        over_policy: trip.over_policy,
        over_policy_reason: trip.over_policy.then(|| "展会期间价格上涨".to_owned().into()),
        submitted_at: (status != SpendStatus::Draft).then(|| instant(submitted)),
        decided_at: (!ahead).then(|| instant(decided)),
    }
}

/// The way there and the nights, with their ids and amounts.
fn orders(
    world: &World<'_>,
    trip: &Trip,
    dice: &mut Dice,
    outlet: &mut Outlet<'_>,
) -> Result<Vec<(Id, BookingKind, Money)>, Error> {
    let mut orders = Vec::with_capacity(2);
    let parts = [(1, trip.there, dice.between(250, 1_500)), (2, BookingKind::Hotel, dice.between(280, 700))];
    for (leg, kind, price) in parts {
        let stays = kind == BookingKind::Hotel;
        let amount = yuan(if stays { price * i64::from(trip.nights) } else { price });
        let remote_id = format!("order-{:010}-{leg}", trip.number);
        let begins = at(trip.start, if stays { 14 * 60 } else { 8 * 60 + dice.between(0, 120) });
        let ends = if stays { at(trip.end, 12 * 60) } else { at(trip.start, 13 * 60) };
        let cancelled = dice.percent(4);
        let provider = match kind {
            BookingKind::Flight => format!("TS{}", dice.between(1000, 9999)),
            BookingKind::Train => format!("G{}", dice.between(7000, 7999)),
            _ => "样例酒店".to_owned(),
        };
        let booking = Booking {
            kind: Coded::ours(kind),
            order_no: format!("TSO{:010}{leg}", trip.number),
            parent_order_no: None,
            original_order_no: None,
            ticket_no: None,
            status: Coded::ours(if cancelled { BookingStatus::Refunded } else { BookingStatus::Confirmed }),
            summary: Some(format!("总部市-{}", trip.city.name.expose()).into()),
            booker: Some(trip.traveller),
            travellers: vec![trip.traveller],
            request: Some(trip.request),
            leg: Some(leg.to_string()),
            platform: Some("样例商旅".to_owned()),
            provider_no: Some(provider.into()),
            from: None,
            to: Some(trip.city.clone()),
            starts_at: Some(instant(begins)),
            ends_at: Some(instant(ends)),
            class: Some(if stays { "大床房" } else { "二等座" }.to_owned()),
            quantity: stays.then_some(trip.nights),
            amount: Some(if cancelled { yuan(0) } else { amount }),
            tax: None,
            fee: None,
            paid_by_company: dice.percent(60),
            private: false,
            over_policy: trip.over_policy && stays,
            over_policy_reason: (trip.over_policy && stays).then(|| "展会期间价格上涨".to_owned().into()),
            ordered_at: Some(instant(at(plus_days(trip.start, -5), 10 * 60))),
        };
        outlet.record(remote_id.clone(), &booking)?;
        if !cancelled {
            orders.push((world.space.id(Kind::Booking, &remote_id), kind, amount));
        }
    }
    Ok(orders)
}

fn claim(
    world: &World<'_>,
    index: u32,
    trip: &Trip,
    orders: &[(Id, BookingKind, Money)],
    dice: &mut Dice,
) -> ExpenseClaim {
    let lines = lines(trip, orders, dice);
    let status = match dice.between(0, 99) {
        0..=64 => SpendStatus::Paid,
        65..=74 => SpendStatus::Processing,
        75..=79 => SpendStatus::Paying,
        80..=94 => SpendStatus::Approving,
        _ => SpendStatus::Rejected,
    };
    let number = format!("B26{:012}", trip.number);
    let submitted =
        at(plus_days(trip.end, 1).min(plus_days(world.plan.today, -1)), 9 * 60 + dice.between(0, 480));
    let decided = instant(submitted + jiff::Span::new().hours(dice.between(1, 10)));
    let state = match status {
        SpendStatus::Paid => Some(PaymentState::Paid),
        SpendStatus::Processing => Some(PaymentState::Processing),
        _ => None,
    };
    let waits = status == SpendStatus::Approving;
    ExpenseClaim {
        title: Some(format!("{}差旅报销", trip.city.name.expose())),
        purpose: None,
        claimant: trip.traveller,
        legal_entity: Some(world.entities[world.entity_of(index)]),
        org_unit: Some(world.tree.node(world.tree.home_of(index)).id),
        status: Coded::ours(status),
        total: Money { minor: lines.iter().map(|line| line.amount.minor).sum(), currency: Currency::CNY },
        lines,
        request: Some(trip.request),
        bookings: orders.iter().map(|(id, ..)| *id).collect(),
        approval: None,
        approver: world.tree.manager_of(index).map(|(_, id)| id).filter(|_| waits),
        task: waits.then(|| "FLOW:1:1".to_owned()),
        external_no: None,
        payee: None,
        payment: state.map(|state| Payment {
            state: Coded::ours(state),
            paid_at: (state == PaymentState::Paid).then_some(decided),
            reference: Some(format!("PAY{number}")),
            reason: None,
        }),
        vouchers: if status == SpendStatus::Paid && dice.percent(50) {
            vec![format!("V{:08}", trip.number)]
        } else {
            Vec::new()
        },
        submitted_at: Some(instant(submitted)),
        decided_at: (!waits).then_some(decided),
        number,
    }
}

/// What the money was spent on: what was booked, and something to eat.
fn lines(trip: &Trip, orders: &[(Id, BookingKind, Money)], dice: &mut Dice) -> Vec<ExpenseLine> {
    let line = |fee_type: &str, amount: Money, bookings: Vec<Id>, invoice: Option<String>| ExpenseLine {
        fee_type: fee_type.to_owned(),
        date: Some(trip.start),
        amount,
        tax: None,
        invoices: invoice
            .map(|number| Invoice {
                number,
                code: None,
                date: Some(trip.end),
                seller: None,
                amount: Some(amount),
            })
            .into_iter()
            .collect(),
        bookings,
        allocations: Vec::new(),
        note: None,
    };
    let mut lines: Vec<ExpenseLine> = orders
        .iter()
        .map(|(id, kind, amount)| {
            let invoice = format!("{:08}", dice.between(1, 99_999_999));
            line(kind.name(), *amount, vec![*id], Some(invoice))
        })
        .collect();
    lines.push(line("meal", yuan(dice.between(60, 120) * i64::from(trip.nights + 1)), Vec::new(), None));
    lines
}
