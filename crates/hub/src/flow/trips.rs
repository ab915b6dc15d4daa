//! Bookings find the request and the leg that they serve, claims the bookings that they settle.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use tongshi_model::{Booking, Error, ExpenseClaim, Id, SpendStatus, TravelRequest};
use tongshi_store::Session;

use super::{
    edits::Edits,
    matching::{request_of, served, settled},
    round::{Round, Seen},
};

/// Whether people may travel on it.
fn is_granted(request: &TravelRequest) -> bool {
    matches!(
        request.status.value,
        SpendStatus::Approved
            | SpendStatus::Paying
            | SpendStatus::Processing
            | SpendStatus::Paid
            | SpendStatus::Archived
    )
}

/// Whether somebody wants money for it.
fn is_claimed(claim: &ExpenseClaim) -> bool {
    !matches!(claim.status.value, SpendStatus::Draft | SpendStatus::Rejected | SpendStatus::Voided)
}

/// Whoever books or travels.
fn people(booking: &Booking) -> impl Iterator<Item = Id> + '_ {
    booking.booker.into_iter().chain(booking.travellers.iter().copied())
}

impl Round<'_> {
    /// Bookings that have changed look for a request, requests that have been granted for bookings.
    pub(super) async fn attach_bookings(
        &self,
        session: &mut Session,
        edits: &mut Edits,
    ) -> Result<(), Error> {
        let granted: Vec<Seen<TravelRequest>> =
            self.changed()?.into_iter().filter(|seen: &Seen<TravelRequest>| is_granted(&seen.says)).collect();
        let mut bookings: BTreeMap<Id, Seen<Booking>> =
            self.changed()?.into_iter().map(|seen: Seen<Booking>| (seen.row.id, seen)).collect();
        if !granted.is_empty() {
            let travellers = granted.iter().flat_map(|seen| {
                std::iter::once(seen.says.applicant).chain(seen.says.travellers.iter().copied())
            });
            bookings.extend(self.naming(session, "booker", travellers).await?);
            bookings.extend(self.naming(session, "request", granted.iter().map(|seen| seen.row.id)).await?);
        }
        bookings
            .retain(|_, seen| !seen.says.private && (seen.says.request.is_none() || seen.says.leg.is_none()));
        if bookings.is_empty() {
            return Ok(());
        }
        let named = bookings.values().filter_map(|seen| seen.says.request);
        let mut requests: BTreeMap<Id, Seen<TravelRequest>> = self.known(session, named).await?;
        let alone = bookings.values().filter(|seen| seen.says.request.is_none());
        let of_people: BTreeSet<Id> = alone.flat_map(|seen| people(&seen.says)).collect();
        requests.extend(self.naming(session, "applicant", of_people).await?);
        requests.extend(granted.into_iter().map(|seen| (seen.row.id, seen)));
        for seen in bookings.values() {
            let booking = &seen.says;
            let found = match booking.request {
                Some(id) => requests.get(&id).map(|request| (id, served(booking, &request.says))),
                None => {
                    let theirs = requests.iter().filter(|(_, request)| {
                        let request = &request.says;
                        let goes = |id| request.applicant == id || request.travellers.contains(&id);
                        is_granted(request) && people(booking).any(goes)
                    });
                    request_of(booking, theirs.map(|(id, request)| (*id, &request.says)))
                }
            };
            let Some((request, leg)) = found else { continue };
            if booking.request.is_none() {
                edits.set(&seen.row, "request", json!(request));
            }
            if let Some(leg) = leg {
                edits.set(&seen.row, "leg", json!(leg.id));
            }
        }
        Ok(())
    }

    /// Claims that have changed look for bookings, bookings that have changed for claims.
    pub(super) async fn link_claims(&self, session: &mut Session, edits: &mut Edits) -> Result<(), Error> {
        let changed: Vec<Seen<Booking>> = self.changed()?;
        let mut claims: BTreeMap<Id, Seen<ExpenseClaim>> =
            self.changed()?.into_iter().map(|seen: Seen<ExpenseClaim>| (seen.row.id, seen)).collect();
        let requests: BTreeSet<Id> = changed.iter().filter_map(|seen| seen.says.request).collect();
        claims.extend(self.naming(session, "request", requests).await?);
        claims.retain(|_, seen| is_claimed(&seen.says));
        if claims.is_empty() {
            return Ok(());
        }
        let claimants: BTreeSet<Id> = claims.values().map(|seen| seen.says.claimant).collect();
        let mut bookings: BTreeMap<Id, Seen<Booking>> = self.naming(session, "booker", claimants).await?;
        let of_requests: BTreeSet<Id> = claims.values().filter_map(|seen| seen.says.request).collect();
        bookings.extend(self.naming(session, "request", of_requests).await?);
        let bookings: BTreeMap<Id, Booking> =
            bookings.into_iter().map(|(id, seen)| (id, seen.says)).collect();
        for seen in claims.values() {
            let claim = &seen.says;
            let found = settled(claim, &bookings);
            let mut all: Vec<Id> = claim.bookings.clone();
            all.extend(found.into_iter().filter(|id| !claim.bookings.contains(id)));
            if all.len() > claim.bookings.len() {
                edits.set(&seen.row, "bookings", json!(all));
            }
            let trips: BTreeSet<Id> =
                all.iter().filter_map(|id| bookings.get(id).and_then(|booking| booking.request)).collect();
            if let (None, Some(request), 1) = (claim.request, trips.first(), trips.len()) {
                edits.set(&seen.row, "request", json!(request));
            }
        }
        Ok(())
    }
}
