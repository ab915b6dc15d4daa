//! Travel: what was asked for, and what was booked.

use serde::{Deserialize, Serialize};

use crate::{
    Coded, Entity, Id, Instant, Keys, Kind, LocalDate, Money, Personal,
    code::code,
    entity::{id_key, keys},
};

/// A request to travel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TravelRequest {
    /// The vendor's number.
    pub number: String,
    /// A headline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Who asks.
    pub applicant: Id,
    /// Who travels; the applicant where nobody is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub travellers: Vec<Id>,
    /// What for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Personal<String>>,
    /// Where and when.
    #[serde(default)]
    pub legs: Vec<TripLeg>,
    /// What it may cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Money>,
    /// Money wanted beforehand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advance: Option<Money>,
    /// Who bears the cost: cost centres, projects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cost_objects: Vec<String>,
    /// The department that pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org_unit: Option<Id>,
    /// How far it is.
    pub status: Coded<SpendStatus>,
    /// The approval that decides it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Id>,
    /// Who is asked to decide, where one person is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<Id>,
    /// The task of the approval that waits for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// The number that the program that made it gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_no: Option<String>,
    /// Whether it goes beyond what the travel policy allows.
    #[serde(default)]
    pub over_policy: bool,
    /// Why it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_policy_reason: Option<Personal<String>>,
    /// When it was handed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted_at: Option<Instant>,
    /// When it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Instant>,
}

impl Entity for TravelRequest {
    const KIND: Kind = Kind::TravelRequest;

    fn keys(&self) -> Keys {
        keys([
            id_key(Some(self.applicant)),
            Some(self.number.clone()),
            Some(self.status.value.name().to_owned()),
            id_key(self.approval),
            id_key(self.org_unit),
            self.external_no.clone(),
        ])
    }

    fn date(&self) -> Option<LocalDate> {
        self.legs.iter().filter_map(|leg| leg.start).min()
    }
}

/// One leg of a trip: a journey, or a stay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TripLeg {
    /// Its name within the request, so that a booking can say which leg it serves.
    pub id: String,
    /// By what means, or what for.
    #[serde(rename = "type")]
    pub kind: Coded<BookingKind>,
    /// From where; none for a stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Place>,
    /// To where, or where one stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Place>,
    /// First day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<LocalDate>,
    /// Last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<LocalDate>,
    /// What it may cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Money>,
}

/// A place as vendors name it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Its name.
    pub name: Personal<String>,
    /// The vendor's code for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

code! {
    /// How far a document about money is: a travel request, a claim.
    SpendStatus {
        /// Not handed in.
        Draft = "draft",
        /// Handed in, on its way to whoever decides.
        Pending = "pending",
        /// Somebody is to decide.
        Approving = "approving",
        /// The paper is on its way.
        Sending = "sending",
        /// The paper is awaited.
        Receiving = "receiving",
        /// Decided: yes.
        Approved = "approved",
        /// Decided: no, or sent back.
        Rejected = "rejected",
        /// To be paid.
        Paying = "paying",
        /// The bank is at it.
        Processing = "processing",
        /// Paid.
        Paid = "paid",
        /// Closed for good.
        Archived = "archived",
        /// Made void.
        Voided = "voided",
    }
}

/// A booked journey or stay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Booking {
    /// What was booked.
    #[serde(rename = "type")]
    pub kind: Coded<BookingKind>,
    /// The platform's number of the order.
    pub order_no: String,
    /// The order that it is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_order_no: Option<String>,
    /// The order that it changes or takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original_order_no: Option<String>,
    /// The ticket's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket_no: Option<Personal<String>>,
    /// How far it is.
    pub status: Coded<BookingStatus>,
    /// What it is, in a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Personal<String>>,
    /// Who booked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booker: Option<Id>,
    /// Who travels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub travellers: Vec<Id>,
    /// The travel request that it serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Id>,
    /// The leg of that request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leg: Option<String>,
    /// Where it was booked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// The flight's or train's number, the hotel's name, the car's plate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_no: Option<Personal<String>>,
    /// From where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Place>,
    /// To where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Place>,
    /// When it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Instant>,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Instant>,
    /// Cabin, seat or room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// How many nights, rooms or tickets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<u32>,
    /// What it costs in all; negative for what comes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// Tax within it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<Money>,
    /// The platform's fee within it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee: Option<Money>,
    /// Whether the company pays the platform.
    #[serde(default)]
    pub paid_by_company: bool,
    /// Whether it is the traveller's own affair.
    #[serde(default)]
    pub private: bool,
    /// Whether it goes beyond what the travel policy allows.
    #[serde(default)]
    pub over_policy: bool,
    /// Why it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_policy_reason: Option<Personal<String>>,
    /// When it was booked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordered_at: Option<Instant>,
}

impl Entity for Booking {
    const KIND: Kind = Kind::Booking;

    fn keys(&self) -> Keys {
        keys([
            id_key(self.booker.or_else(|| self.travellers.first().copied())),
            Some(self.order_no.clone()),
            id_key(self.request),
            Some(self.kind.value.name().to_owned()),
            Some(self.status.value.name().to_owned()),
        ])
    }

    fn date(&self) -> Option<LocalDate> {
        self.starts_at.or(self.ordered_at).map(Instant::date)
    }
}

code! {
    /// What is booked, or how one travels.
    BookingKind {
        /// By air.
        Flight = "flight",
        /// A night.
        Hotel = "hotel",
        /// By rail.
        Train = "train",
        /// By car.
        Car = "car",
        /// Something to eat.
        Meal = "meal",
        /// By sea.
        Ship = "ship",
        /// By bus.
        Bus = "bus",
    }
}

code! {
    /// How far a booking is.
    BookingStatus {
        /// Ordered.
        Reserved = "reserved",
        /// Confirmed or ticketed.
        Confirmed = "confirmed",
        /// Changed for another.
        Changed = "changed",
        /// Used: flown, stayed.
        Completed = "completed",
        /// Called off.
        Cancelled = "cancelled",
        /// Called off, and the money is back.
        Refunded = "refunded",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Draft;

    #[test]
    fn a_request_is_found_by_who_asks_and_lies_on_its_first_day() {
        let id = Id::of(&["somebody"]);
        let doc = format!(
            r#"{{"number":"S-7","applicant":"{id}","legs":[
                {{"id":"2","type":{{"value":"hotel"}},"start":"2026-03-18","end":"2026-03-20"}},
                {{"id":"1","type":{{"value":"train","vendor_value":"火车"}},"start":"2026-03-17"}}],
                "status":{{"value":"approving"}}}}"#
        );
        let draft = Draft::parse(Kind::TravelRequest, doc.clone()).unwrap();
        assert_eq!(draft.date, Some("2026-03-17".parse().unwrap()));
        assert_eq!(draft.keys[0], Some(id.to_string()));
        assert_eq!(draft.keys[1].as_deref(), Some("S-7"));
        let request: TravelRequest = serde_json::from_str(&doc).unwrap();
        let again = Draft::of(&request).unwrap();
        assert_eq!((again.keys, again.date), (draft.keys, draft.date));
        assert!(Draft::parse(Kind::TravelRequest, "{}".to_owned()).is_err());
    }
}
