//! Which leg a booking serves, and which bookings a claim settles. Pure: what is not certain is left alone.

use std::collections::{BTreeMap, BTreeSet};

use tongshi_model::{
    Booking, BookingStatus, ExpenseClaim, ExpenseLine, Id, LocalDate, Place, TravelRequest, TripLeg,
};

/// The one request of these that a booking serves, with the leg; none where no leg fits, or those of several do as well.
pub(super) fn request_of<'a>(
    booking: &Booking,
    requests: impl Iterator<Item = (Id, &'a TravelRequest)>,
) -> Option<(Id, Option<&'a TripLeg>)> {
    let fits = requests.filter_map(|(id, request)| {
        let best = request.legs.iter().filter_map(|leg| fit(booking, leg)).max()?;
        Some((best, id, request))
    });
    let (_, id, request) = only_best(fits, |(best, ..)| *best)?;
    Some((id, served(booking, request)))
}

/// The one leg of a request that a booking serves.
pub(super) fn served<'a>(booking: &Booking, request: &'a TravelRequest) -> Option<&'a TripLeg> {
    let fits = request.legs.iter().filter_map(|leg| Some((fit(booking, leg)?, leg)));
    only_best(fits, |(best, _)| *best).map(|(_, leg)| leg)
}

/// The one with the highest mark; none where two have it.
fn only_best<T>(all: impl Iterator<Item = T>, mark: impl Fn(&T) -> u8) -> Option<T> {
    let mut best: Option<T> = None;
    let mut tied = false;
    for one in all {
        match best.as_ref().map(|best| mark(&one).cmp(&mark(best))) {
            None | Some(std::cmp::Ordering::Greater) => (best, tied) = (Some(one), false),
            Some(std::cmp::Ordering::Equal) => tied = true,
            Some(std::cmp::Ordering::Less) => {}
        }
    }
    best.filter(|_| !tied)
}

/// How well a booking fits a leg, by how much of it agrees; none where something speaks against it.
fn fit(booking: &Booking, leg: &TripLeg) -> Option<u8> {
    if booking.kind.value != leg.kind.value {
        return None;
    }
    let (first, day) = (leg.start?, booking.starts_at?.date());
    if day < first || day > leg.end.unwrap_or(first) {
        return None;
    }
    let to = agree(booking.to.as_ref(), leg.to.as_ref())?;
    let from = agree(booking.from.as_ref(), leg.from.as_ref())?;
    // A leg of its very day fits better than one of several days.
    Some(1 + 4 * to + 2 * from + u8::from(first == day))
}

/// 1 where both say the same place, 0 where one of them says none; none where they differ.
fn agree(one: Option<&Place>, other: Option<&Place>) -> Option<u8> {
    let (Some(one), Some(other)) = (one, other) else { return Some(0) };
    let same_code = one.code.is_some() && one.code == other.code;
    let (one, other) = (plain(one.name.expose()), plain(other.name.expose()));
    // A station or an airport is named after its city: 上海虹桥 lies in 上海.
    let within = !one.is_empty() && !other.is_empty() && (one.starts_with(other) || other.starts_with(one));
    (same_code || within).then_some(1)
}

fn plain(name: &str) -> &str {
    let name = name.trim();
    name.strip_suffix('市').unwrap_or(name)
}

/// The bookings that a claim settles: those that its lines name, and for each other line the one booking of the claimant
/// or of the trip that cost as much and fell on its day.
pub(super) fn settled(claim: &ExpenseClaim, bookings: &BTreeMap<Id, Booking>) -> BTreeSet<Id> {
    let mut found: BTreeSet<Id> = claim.lines.iter().flat_map(|line| line.bookings.iter().copied()).collect();
    for line in claim.lines.iter().filter(|line| line.bookings.is_empty()) {
        let mut fitting = bookings.iter().filter(|(id, booking)| {
            !found.contains(id) && !claim.bookings.contains(id) && pays(claim, line, booking)
        });
        if let (Some((id, _)), None) = (fitting.next(), fitting.next()) {
            let id = *id;
            found.insert(id);
        }
    }
    found
}

fn pays(claim: &ExpenseClaim, line: &ExpenseLine, booking: &Booking) -> bool {
    let alive = !matches!(booking.status.value, BookingStatus::Cancelled | BookingStatus::Refunded);
    let theirs = booking.booker == Some(claim.claimant) || booking.travellers.contains(&claim.claimant);
    let same_trip = claim.request.is_some() && claim.request == booking.request;
    let same_day =
        line.date.is_some_and(|day| days(booking).is_some_and(|(from, to)| from <= day && day <= to));
    alive
        && !booking.private
        && booking.amount == Some(line.amount)
        && (same_trip || theirs)
        && (same_day || (same_trip && line.date.is_none()))
}

/// From the day it was ordered to the day it ends: receipts carry any of these.
fn days(booking: &Booking) -> Option<(LocalDate, LocalDate)> {
    let all = [booking.ordered_at, booking.starts_at, booking.ends_at];
    let days = || all.iter().flatten().map(|at| at.date());
    Some((days().min()?, days().max()?))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn booking(kind: &str, day: &str, to: &str) -> Booking {
        serde_json::from_value(json!({
            "type": {"value": kind}, "order_no": "1", "status": {"value": "confirmed"}, "to": {"name": to},
            "starts_at": format!("{day}T09:00:00+08:00"), "amount": {"minor": 55300, "currency": "CNY"},
        }))
        .unwrap()
    }

    fn request(legs: &Value) -> TravelRequest {
        let applicant = Id::of(&["someone"]);
        serde_json::from_value(json!({
            "number": "1", "applicant": applicant, "status": {"value": "approved"}, "legs": legs,
        }))
        .unwrap()
    }

    fn two_trains() -> TravelRequest {
        request(&json!([
            {"id": "out", "type": {"value": "train"}, "from": {"name": "北京"}, "to": {"name": "上海市"}, "start": "2026-04-01"},
            {"id": "back", "type": {"value": "train"}, "from": {"name": "上海"}, "to": {"name": "北京"}, "start": "2026-04-01"},
            {"id": "bed", "type": {"value": "hotel"}, "to": {"name": "上海"}, "start": "2026-04-01", "end": "2026-04-03"},
        ]))
    }

    #[test]
    fn day_kind_and_place_choose_the_leg() {
        let trip = two_trains();
        let leg = |kind, day, to| served(&booking(kind, day, to), &trip).map(|leg| leg.id.clone());
        assert_eq!(leg("train", "2026-04-01", "上海虹桥").as_deref(), Some("out"));
        assert_eq!(leg("train", "2026-04-01", "北京南").as_deref(), Some("back"));
        assert_eq!(leg("hotel", "2026-04-02", "上海").as_deref(), Some("bed"));
        assert_eq!(leg("train", "2026-04-02", "上海"), None, "another day");
        assert_eq!(leg("flight", "2026-04-01", "上海"), None, "another sort");
        assert_eq!(leg("hotel", "2026-04-02", "杭州"), None, "another place");
    }

    #[test]
    fn what_fits_two_requests_is_left_alone() {
        let (one, other) = (two_trains(), two_trains());
        let (a, b) = (Id::of(&["a"]), Id::of(&["b"]));
        let booking = booking("train", "2026-04-01", "上海");
        let found = request_of(&booking, [(a, &one)].into_iter()).unwrap();
        assert_eq!((found.0, found.1.map(|leg| leg.id.as_str())), (a, Some("out")));
        assert!(request_of(&booking, [(a, &one), (b, &other)].into_iter()).is_none());
    }

    #[test]
    fn a_line_settles_the_one_booking_that_cost_as_much() {
        let (a, b) = (Id::of(&["a"]), Id::of(&["b"]));
        let claimant = Id::of(&["someone"]);
        let claim = |date: &str| -> ExpenseClaim {
            serde_json::from_value(json!({
                "number": "1", "claimant": claimant, "status": {"value": "approving"},
                "total": {"minor": 55300, "currency": "CNY"},
                "lines": [{"fee_type": "train", "date": date, "amount": {"minor": 55300, "currency": "CNY"}}],
            }))
            .unwrap()
        };
        let mut train = booking("train", "2026-04-01", "上海");
        train.booker = Some(claimant);
        let one = BTreeMap::from([(a, train.clone())]);
        assert_eq!(settled(&claim("2026-04-01"), &one), BTreeSet::from([a]));
        assert!(settled(&claim("2026-04-05"), &one).is_empty(), "another day");
        let two = BTreeMap::from([(a, train.clone()), (b, train.clone())]);
        assert!(settled(&claim("2026-04-01"), &two).is_empty(), "either could be meant");
        train.status.value = BookingStatus::Refunded;
        assert!(settled(&claim("2026-04-01"), &BTreeMap::from([(a, train)])).is_empty(), "the money is back");
    }
}
