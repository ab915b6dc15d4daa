//! What travel costs: by department, month and sort, how much of it goes beyond the policy, and how long a request waits
//! for its decision. Records are read a thousand at a time, and what they refer to once for each page.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use tongshi_model::{
    Booking, BookingStatus, Currency, Employee, Entity, Error, ExpenseClaim, Id, Instant, Kind, LocalDate,
    Money, OrgUnit, SpendStatus, TravelRequest,
};
use tongshi_store::{Query, RecordRow, Session, Workspace, records};

use crate::{Hub, identity::Aliases};

/// Records read at a time.
const PAGE: u32 = 1000;

/// What a claim's line is called that pays for no booking.
const CLAIMED: &str = "claimed";

/// A report of what travel costs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TravelReport {
    /// The first day.
    pub from: Option<LocalDate>,
    /// The last day.
    pub to: Option<LocalDate>,
    /// What was spent, by month, department, sort and currency, in that order.
    pub spend: Vec<Spend>,
    /// What was spent in all, by currency.
    pub totals: Vec<Spend>,
    /// Requests for trips that begin in these days.
    pub requests: u64,
    /// Those that go beyond what the policy allows.
    pub requests_over_policy: u64,
    /// How long decided requests waited.
    pub waits: Waits,
}

/// What was spent.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Spend {
    /// The month, `YYYY-MM`; empty in a total.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub month: String,
    /// The department.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<Id>,
    /// Its name; empty where nobody knows the department.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub department_name: String,
    /// What was booked, or `claimed` for costs that no booking shows; empty in a total.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// The currency.
    pub currency: String,
    /// How much, in the currency's minor unit.
    pub minor: i64,
    /// How much of it goes beyond what the policy allows.
    pub over_policy_minor: i64,
    /// The same as a share, from 0 to 1.
    pub over_policy_share: f64,
    /// How many bookings and lines.
    pub count: u64,
}

/// How long decided requests waited, in hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Waits {
    /// How many were decided.
    pub decided: u64,
    /// On average.
    pub mean_hours: f64,
    /// Half of them waited no longer.
    pub p50_hours: f64,
    /// Nine of ten waited no longer.
    pub p90_hours: f64,
}

type Place = (String, Option<Id>, String, String);

/// What has been added up so far.
#[derive(Default)]
struct Sums {
    places: BTreeMap<Place, Spend>,
}

impl Sums {
    fn add(&mut self, day: LocalDate, department: Option<Id>, kind: &str, money: Money, over_policy: bool) {
        let (month, currency) = (day.strftime("%Y-%m").to_string(), code(money.currency));
        let place = (month, department, kind.to_owned(), currency);
        let spend = self.places.entry(place).or_default();
        spend.minor += money.minor;
        spend.over_policy_minor += if over_policy { money.minor } else { 0 };
        spend.count += 1;
    }

    fn shown(self, names: &BTreeMap<Id, String>) -> (Vec<Spend>, Vec<Spend>) {
        let mut totals: BTreeMap<String, Spend> = BTreeMap::new();
        let mut all = Vec::with_capacity(self.places.len());
        for ((month, department, kind, currency), mut spend) in self.places {
            let total = totals.entry(currency.clone()).or_default();
            total.currency.clone_from(&currency);
            total.minor += spend.minor;
            total.over_policy_minor += spend.over_policy_minor;
            total.count += spend.count;
            spend.department_name = department.and_then(|id| names.get(&id).cloned()).unwrap_or_default();
            (spend.month, spend.department, spend.kind, spend.currency) = (month, department, kind, currency);
            all.push(shared(spend));
        }
        (all, totals.into_values().map(shared).collect())
    }
}

fn shared(mut spend: Spend) -> Spend {
    if spend.minor != 0 {
        spend.over_policy_share = spend.over_policy_minor as f64 / spend.minor as f64;
    }
    spend
}

fn code(currency: Currency) -> String {
    currency.code().to_owned()
}

impl Hub {
    /// What travel cost in these days: bookings by the day on which they begin, costs that no booking shows by their own.
    pub async fn travel_report(
        &self,
        workspace: &Workspace,
        from: Option<LocalDate>,
        to: Option<LocalDate>,
    ) -> Result<TravelReport, Error> {
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            return Err(Error::invalid("to", "the last day lies before the first"));
        }
        let mut session = self.store().read().await?;
        let aliases = self.aliases_in(&mut session, workspace).await?;
        let mut reading = Reading { session, workspace, aliases: &aliases, from, to };
        let mut sums = Sums::default();
        let (requests, requests_over_policy, waits) = reading.requests().await?;
        reading.bookings(&mut sums).await?;
        reading.claims(&mut sums).await?;
        let units = sums.places.keys().filter_map(|(_, unit, ..)| *unit).collect();
        let units: BTreeMap<Id, OrgUnit> = reading.known(&units).await?;
        let names = units.into_iter().map(|(id, unit)| (id, unit.name)).collect();
        let (spend, totals) = sums.shown(&names);
        Ok(TravelReport { from, to, spend, totals, requests, requests_over_policy, waits })
    }
}

struct Reading<'a> {
    session: Session,
    workspace: &'a Workspace,
    aliases: &'a Aliases,
    from: Option<LocalDate>,
    to: Option<LocalDate>,
}

impl Reading<'_> {
    async fn requests(&mut self) -> Result<(u64, u64, Waits), Error> {
        let (mut count, mut over_policy, mut waits, mut after) = (0, 0, Vec::new(), None);
        loop {
            let (page, next) = self.page::<TravelRequest>(after, true).await?;
            for (_, request) in &page {
                if request.status.value == SpendStatus::Draft {
                    continue;
                }
                count += 1;
                over_policy += u64::from(request.over_policy);
                let seconds = |at: Instant| at.timestamp().as_second();
                waits.extend(
                    request
                        .submitted_at
                        .zip(request.decided_at)
                        .and_then(|(asked, decided)| u64::try_from(seconds(decided) - seconds(asked)).ok()),
                );
            }
            let Some(next) = next else { return Ok((count, over_policy, waited(waits))) };
            after = Some(next);
        }
    }

    async fn bookings(&mut self, sums: &mut Sums) -> Result<(), Error> {
        let mut after = None;
        loop {
            let (page, next) = self.page::<Booking>(after, true).await?;
            let requests = page.iter().filter_map(|(_, booking)| booking.request).collect();
            let requests: BTreeMap<Id, TravelRequest> = self.known(&requests).await?;
            let people = page.iter().filter_map(|(_, booking)| traveller(booking)).collect();
            let people: BTreeMap<Id, Employee> = self.known(&people).await?;
            for (_, booking) in &page {
                // What was called off costs nothing; what came back is a booking of its own, with a negative amount.
                let (Some(day), Some(amount)) = (booking.date(), booking.amount) else { continue };
                if booking.private || booking.status.value == BookingStatus::Cancelled {
                    continue;
                }
                let request = booking.request.and_then(|id| requests.get(&id));
                let person = traveller(booking).and_then(|id| people.get(&id));
                let department = request.and_then(|request| request.org_unit).or(person.and_then(unit));
                sums.add(day, department, booking.kind.value.name(), amount, booking.over_policy);
            }
            let Some(next) = next else { return Ok(()) };
            after = Some(next);
        }
    }

    /// Lines of claims that pay for no booking: those are counted where they were booked. A line carries a day of its own,
    /// so the claims of all days are looked at.
    async fn claims(&mut self, sums: &mut Sums) -> Result<(), Error> {
        let mut after = None;
        loop {
            let (page, next) = self.page::<ExpenseClaim>(after, false).await?;
            let bookings = page.iter().flat_map(|(_, claim)| claim.bookings.iter().copied()).collect();
            let bookings: BTreeMap<Id, Booking> = self.known(&bookings).await?;
            let requests = page.iter().filter_map(|(_, claim)| claim.request).collect();
            let requests: BTreeMap<Id, TravelRequest> = self.known(&requests).await?;
            let people = page.iter().map(|(_, claim)| claim.claimant).collect();
            let people: BTreeMap<Id, Employee> = self.known(&people).await?;
            for (_, claim) in &page {
                // Costs that belong to no trip are no travel.
                let (Some(request), true) = (claim.request, counts(claim)) else { continue };
                let request = requests.get(&request);
                let department = request.and_then(|request| request.org_unit).or(claim.org_unit);
                let department = department.or(people.get(&claim.claimant).and_then(unit));
                let mut settled: Vec<Money> =
                    claim.bookings.iter().filter_map(|id| bookings.get(id)?.amount).collect();
                for line in &claim.lines {
                    let booked = settled.iter().position(|amount| *amount == line.amount);
                    if let Some(place) = booked {
                        settled.swap_remove(place);
                        continue;
                    }
                    let day = line.date.or(claim.date());
                    let Some(day) = day.filter(|day| self.is_within(*day) && line.bookings.is_empty()) else {
                        continue;
                    };
                    sums.add(day, department, CLAIMED, line.amount, false);
                }
            }
            let Some(next) = next else { return Ok(()) };
            after = Some(next);
        }
    }

    fn is_within(&self, day: LocalDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }

    /// Live records of a kind, in the days that are asked for or in all, and where the next page begins.
    async fn page<E: Entity>(
        &mut self,
        after: Option<i64>,
        dated: bool,
    ) -> Result<(Vec<(Id, E)>, Option<i64>), Error> {
        let (date_from, date_to) = if dated { (self.from, self.to) } else { (None, None) };
        let query = Query { date_from, date_to, after, limit: PAGE, ..Query::of(E::KIND) };
        let rows = records::list(&mut self.session, self.workspace, &query).await?;
        let next = rows.last().filter(|_| rows.len() == PAGE as usize).map(|row| row.ord);
        let read = rows.into_iter().map(|row| self.read(row)).collect::<Result<_, _>>()?;
        Ok((read, next))
    }

    async fn known<E: Entity>(&mut self, ids: &BTreeSet<Id>) -> Result<BTreeMap<Id, E>, Error> {
        let ids: Vec<Id> = ids.iter().copied().collect();
        let rows = records::many(&mut self.session, self.workspace, &ids).await?;
        rows.into_iter().flatten().filter(|row| row.kind == E::KIND).map(|row| self.read(row)).collect()
    }

    fn read<E: Entity>(&self, row: RecordRow) -> Result<(Id, E), Error> {
        let entity = serde_json::from_str(&self.aliases.lead(row.doc));
        let unreadable =
            |error| Error::internal(format!("record {} cannot be read", row.id)).caused_by(error);
        Ok((row.id, entity.map_err(unreadable)?))
    }
}

fn traveller(booking: &Booking) -> Option<Id> {
    booking.travellers.first().copied().or(booking.booker)
}

fn unit(person: &Employee) -> Option<Id> {
    person.org_unit
}

fn counts(claim: &ExpenseClaim) -> bool {
    !matches!(claim.status.value, SpendStatus::Draft | SpendStatus::Rejected | SpendStatus::Voided)
}

fn waited(mut seconds: Vec<u64>) -> Waits {
    const HOUR: f64 = 3600.0;
    if seconds.is_empty() {
        return Waits::default();
    }
    seconds.sort_unstable();
    // The nearest rank: the smallest that so many of a hundred do not exceed.
    let rank = |of_hundred: usize| {
        let place = (seconds.len() * of_hundred).div_ceil(100).max(1) - 1;
        seconds.get(place).copied().unwrap_or_default() as f64 / HOUR
    };
    let sum: u64 = seconds.iter().sum();
    Waits {
        decided: seconds.len() as u64,
        mean_hours: sum as f64 / HOUR / seconds.len() as f64,
        p50_hours: rank(50),
        p90_hours: rank(90),
    }
}

impl TravelReport {
    /// The kinds that one must be allowed to see for a report to say anything.
    pub const KINDS: [Kind; 3] = [Kind::TravelRequest, Kind::Booking, Kind::ExpenseClaim];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_the_nearest_rank() {
        let waits = waited((1..=10).map(|hours| hours * 3600).collect());
        assert_eq!((waits.decided, waits.mean_hours, waits.p50_hours, waits.p90_hours), (10, 5.5, 5.0, 9.0));
        assert_eq!(waited(vec![7200]).p90_hours, 2.0);
        assert_eq!(waited(Vec::new()), Waits::default());
    }
}
