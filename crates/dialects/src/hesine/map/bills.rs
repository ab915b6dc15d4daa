//! Bills of the mall: what was booked, as the company is asked to pay for it (§2.6).

use tongshi_dialect::Record;
use tongshi_model::{
    Booking, BookingKind, BookingStatus, Employee, Id, Instant, LocalDate, Money, Personal, Place,
};

use super::{kind_word, order_word, wall};
use crate::hesine::wire::{Bill, Ticket};

/// A bill's number holds a day and so many bits of its record's id: few enough for a number that every language reads
/// exactly (2^53), and enough to tell the bookings of one day apart.
const ID_BITS: u32 = 36;

/// What a bill is for, by the vendor's number.
pub(in crate::hesine) fn read_product(number: u64) -> Option<&'static [BookingKind]> {
    match number {
        1 => Some(&[BookingKind::Hotel]),
        2 => Some(&[BookingKind::Flight]),
        3 => Some(&[BookingKind::Train]),
        4 => Some(&[BookingKind::Car, BookingKind::Bus]),
        5 => Some(&[BookingKind::Meal]),
        6 => Some(&[BookingKind::Ship, BookingKind::Other]),
        // Insurance, virtual cards and purchases are nothing that the record knows.
        7 | 8 | 10 => Some(&[]),
        _ => None,
    }
}

fn product(booking: &Booking) -> (u64, &'static str) {
    match kind_word(&booking.kind) {
        "hotel" => (1, "酒店"),
        "flight" => (2, "机票"),
        "train" => (3, "火车"),
        "taxi" => (4, "用车"),
        "meal" => (5, "餐饮"),
        _ => (6, "通用"),
    }
}

/// A bill's number: of the day that its booking lies on, so that it is found by that day.
pub(in crate::hesine) fn bill_number(id: Id, day: Option<LocalDate>) -> u64 {
    let bytes = id.as_bytes();
    let head = u64::from_be_bytes([0, 0, 0, bytes[0], bytes[1], bytes[2], bytes[3], bytes[4]]) >> 4;
    day.map_or(0, days_since_1970) << ID_BITS | head
}

/// The day that a bill's number holds; within, none for a booking without one.
pub(in crate::hesine) fn bill_day(number: u64) -> Option<Option<LocalDate>> {
    match i32::try_from(number >> ID_BITS).ok()? {
        0 => Some(None),
        days => {
            let epoch = LocalDate::constant(1970, 1, 1);
            epoch.checked_add(jiff::Span::new().try_days(days).ok()?).ok().map(Some)
        }
    }
}

fn days_since_1970(day: LocalDate) -> u64 {
    let days = day.since(LocalDate::constant(1970, 1, 1)).map_or(0, |span| span.get_days());
    u64::try_from(days).unwrap_or(0)
}

/// What a bill says beside its booking.
#[derive(Default)]
pub(in crate::hesine) struct Around {
    pub(in crate::hesine) company: String,
    /// Number and headline of the request.
    pub(in crate::hesine) request: Option<(String, Option<String>)>,
    pub(in crate::hesine) booker: Option<BillPerson>,
    pub(in crate::hesine) traveller: Option<BillPerson>,
    /// Who travels, all of them.
    pub(in crate::hesine) travellers: Option<String>,
    pub(in crate::hesine) project: Option<String>,
}

/// A person as a bill names one.
#[derive(Clone, Default)]
pub(in crate::hesine) struct BillPerson {
    name: String,
    number: Option<String>,
    phone: Option<String>,
    /// Departments, from the top.
    path: Vec<String>,
}

impl BillPerson {
    pub(in crate::hesine) fn name(&self) -> &str {
        &self.name
    }

    pub(in crate::hesine) fn of(employee: &Employee, path: Vec<String>) -> Self {
        Self {
            name: employee.name.expose().clone(),
            number: employee.employee_no.clone(),
            phone: employee.mobile.as_ref().map(|mobile| mobile.expose().clone()),
            path,
        }
    }
}

/// A booking as a bill.
pub(in crate::hesine) fn show_bill(
    (record, day): (&Record, Option<LocalDate>),
    booking: &Booking,
    around: &Around,
) -> Bill {
    let text = |value: &Option<Personal<String>>| value.as_ref().map(|value| value.expose().clone());
    let minute = |at: Option<Instant>| at.map(|at| at.format("%Y-%m-%d %H:%M"));
    let second = |at: Option<Instant>| at.map(|at| wall(at.timestamp()));
    let (product_type_id, product_type_name) = product(booking);
    let total = booking.amount.map_or(0, |money| money.minor);
    let (tax, fee) = (minor(booking.tax), minor(booking.fee));
    let all = |person: &BillPerson| Some(person.path.join("/")).filter(|path| !path.is_empty());
    let end = |person: &BillPerson| person.path.last().cloned();
    let (booker, traveller) = (around.booker.as_ref(), around.traveller.as_ref());
    let hotel = product_type_id == 1;
    Bill {
        id: bill_number(record.id, day),
        product_type_id,
        product_type_name: product_type_name.to_owned(),
        order_no: booking.order_no.clone(),
        ticket_status_name: order_word(&booking.status).to_owned(),
        business_status_name: "正常".to_owned(),
        apply_number: around.request.as_ref().map(|(number, _)| number.clone()),
        apply_name: around.request.as_ref().and_then(|(_, title)| title.clone()),
        travel_name: way(booking),
        travel_num: text(&booking.provider_no),
        depart_time: minute(booking.starts_at),
        arrive_time: minute(booking.ends_at),
        ticket_grade: booking.class.clone(),
        position_desc: booking.class.clone(),
        confirm_time: second(booking.ordered_at),
        room_num: u32::from(hotel),
        room_days: booking.quantity.filter(|_| hotel).unwrap_or(0),
        company_name: around.company.clone(),
        employee_no: booker.and_then(|person| person.number.clone()),
        booker: booker.map(|person| person.name.clone()),
        booker_end_dept: booker.and_then(end),
        booker_all_dept: booker.and_then(all),
        booking_time: second(booking.ordered_at),
        pay_time: second(booking.ordered_at),
        travel_people: around.travellers.clone(),
        travel_employee_no: traveller.and_then(|person| person.number.clone()),
        travel_end_dept: traveller.and_then(end),
        travel_all_dept: traveller.and_then(all),
        taxation_price: decimal(tax),
        ticket_price: decimal(total - tax - fee),
        service_price: decimal(fee),
        credit_pay_money: decimal(total.max(0)),
        actual_back_money: decimal((-total).max(0)),
        total_price: decimal(total),
        endorse_no: booking.original_order_no.clone().unwrap_or_else(|| booking.order_no.clone()),
        parent_order_no: booking.parent_order_no.clone().unwrap_or_else(|| booking.order_no.clone()),
        booker_number: booker.and_then(|person| person.number.clone()),
        payment_method: "企业".to_owned(),
        pay_way_name: "后结账户".to_owned(),
        cost_under_dep: traveller.and_then(end),
        booker_phone: booker.and_then(|person| person.phone.clone()),
        real_ticket_start: booking.from.as_ref().filter(|_| product_type_id == 4).map(name_of),
        real_ticket_end: booking.to.as_ref().filter(|_| product_type_id == 4).map(name_of),
        cost_project: around.project.clone(),
        ..Bill::default()
    }
}

fn minor(money: Option<Money>) -> i64 {
    money.map_or(0, |money| money.minor)
}

/// An amount as a JSON number: hundredths are exact to beyond any price.
#[expect(clippy::cast_precision_loss, reason = "exact below 2^53 hundredths")]
fn decimal(minor: i64) -> f64 {
    minor as f64 / 100.0
}

fn name_of(place: &Place) -> String {
    place.name.expose().clone()
}

/// From where to where, or where.
fn way(booking: &Booking) -> Option<String> {
    match (&booking.from, &booking.to) {
        (Some(from), Some(to)) => Some(format!("{}-{}", name_of(from), name_of(to))),
        (place, None) | (None, place) => place.as_ref().map(name_of),
    }
}

/// A booked flight as a ticket.
pub(in crate::hesine) fn show_ticket(booking: &Booking) -> Ticket {
    let text = |value: &Option<Personal<String>>| {
        value.as_ref().map(|value| value.expose().clone()).unwrap_or_default()
    };
    let (status, word) = match booking.status.value {
        BookingStatus::Reserved | BookingStatus::Other => (1, "未出票"),
        BookingStatus::Confirmed => (2, "已出票"),
        BookingStatus::Refunded => (3, "退票成功"),
        BookingStatus::Cancelled => (33, "退票中"),
        BookingStatus::Changed => (4, "改期成功"),
        BookingStatus::Completed => (5, "已使用"),
    };
    let code =
        |place: &Option<Place>| place.as_ref().and_then(|place| place.code.clone()).unwrap_or_default();
    Ticket {
        ticket_no: text(&booking.ticket_no),
        ticket_status: status,
        ticket_status_desc: word.to_owned(),
        flight_no: text(&booking.provider_no),
        journey_city: way(booking).unwrap_or_default(),
        journey_city_code: format!("{}-{}", code(&booking.from), code(&booking.to)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bills_number_leads_back_to_its_day_and_is_exact_in_every_language() {
        let id = Id::of(&["a booking"]);
        for day in ["1970-01-02", "2018-03-05", "2099-12-31"] {
            let day: LocalDate = day.parse().unwrap();
            let number = bill_number(id, Some(day));
            assert_eq!(bill_day(number), Some(Some(day)));
            assert!(number < 1 << 53);
        }
        assert_eq!(bill_day(bill_number(id, None)), Some(None));
        assert_eq!(bill_day(u64::MAX), None);
        assert_ne!(bill_number(id, None), bill_number(Id::of(&["another"]), None));
    }
}
