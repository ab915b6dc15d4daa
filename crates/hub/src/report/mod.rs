//! What travel costs: by department, month and sort, how much of it goes beyond the policy, and how long a request waits
//! for its decision. Records are read a thousand at a time, and what they refer to once for each page.

mod chart;
mod csv;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use tongshi_model::{
    Booking, BookingStatus, Currency, Employee, Entity, Error, ExpenseClaim, Id, Instant, Kind, LocalDate,
    Money, OrgUnit, SpendStatus, TravelRequest,
};
use tongshi_store::{Query, RecordRow, Session, Workspace, records};

use crate::{Hub, Scopes, identity::Aliases};

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
    /// What it is made from: kinds, and of each the most private field.
    const FROM: [(Kind, &'static str); 4] = [
        (Kind::TravelRequest, "legs"),
        (Kind::Booking, "starts_at"),
        (Kind::ExpenseClaim, "lines"),
        (Kind::OrgUnit, "name"),
    ];

    /// Refuses who may not see what it is made from: the sums of a small department tell of its people.
    pub fn may_see(scopes: &Scopes) -> Result<(), Error> {
        for (kind, field) in Self::FROM {
            if !scopes.sees(kind) {
                return Err(Error::forbidden(format!(
                    "the report is made from {kind}, which the app may not see"
                )));
            }
            scopes.may_filter(kind, field)?;
        }
        Ok(())
    }

    /// The rows as CSV (RFC 4180).
    pub fn csv(&self) -> String {
        csv::text(self)
    }

    /// The chart of one currency, as SVG. Amounts of several currencies are no sum, so where there are several one must
    /// be named.
    pub fn chart(&self, currency: Option<Currency>) -> Result<String, Error> {
        let currency = match (currency, &self.totals[..]) {
            (Some(named), _) => named.code().to_owned(),
            (None, []) => code(Currency::CNY),
            (None, [only]) => only.currency.clone(),
            (None, several) => {
                let codes: Vec<&str> = several.iter().map(|total| total.currency.as_str()).collect();
                let text = format!("a chart has one currency, and there are several: {}", codes.join(", "));
                return Err(Error::invalid("currency", text));
            }
        };
        chart::svg(self, &currency)
            .map_err(|error| Error::internal(format!("the chart cannot be drawn: {error}")))
    }
}

/// Hundredths as people write an amount.
fn amount(minor: i64) -> String {
    Money { minor, currency: Currency::CNY }.to_string()
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

    fn sample() -> TravelReport {
        let spend = |month: &str, kind: &str, minor, over| Spend {
            month: month.to_owned(),
            department_name: "销售, \"华东\"".to_owned(),
            kind: kind.to_owned(),
            currency: "CNY".to_owned(),
            minor,
            over_policy_minor: over,
            over_policy_share: over as f64 / minor as f64,
            count: 1,
            ..Spend::default()
        };
        TravelReport {
            spend: vec![
                spend("2026-01", "flight", 120_000, 0),
                spend("2026-01", "hotel", 80_000, 20_000),
                spend("2026-03", "flight", 50_000, 0),
            ],
            totals: vec![spend("", "", 250_000, 20_000)],
            ..TravelReport::default()
        }
    }

    #[test]
    fn csv_quotes_what_it_must() {
        let text = sample().csv();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4);
        assert_eq!(
            lines[0],
            "month,department_id,department,kind,currency,amount,over_policy_amount,over_policy_share,count"
        );
        assert_eq!(lines[2], "2026-01,,\"销售, \"\"华东\"\"\",hotel,CNY,800.00,200.00,0.2500,1");
    }

    #[test]
    fn a_cell_that_a_spreadsheet_would_run_is_text() {
        let mut report = sample();
        report.spend[0].department_name = "=HYPERLINK(1)".to_owned();
        assert!(report.csv().contains(",'=HYPERLINK(1),"));
    }

    #[test]
    fn the_chart_has_a_title_and_every_month_and_kind() {
        let text = sample().chart(None).unwrap();
        for expected in
            ["<svg", "差旅支出", "2026-01", "2026-02", "2026-03", "flight", "hotel", "CNY", "over policy"]
        {
            assert!(text.contains(expected), "{expected} is not in the chart");
        }
        // A frame of the legend, and a bar, for each sort; one month alone has its bars, too.
        let boxes = |text: &str, colour: &str| text.matches(&format!("fill=\"{colour}\"")).count();
        assert_eq!((boxes(&text, "#0072B2"), boxes(&text, "#E69F00")), (3, 2), "{text}");
        let mut alone = sample();
        alone.spend.truncate(2);
        assert_eq!(boxes(&alone.chart(None).unwrap(), "#0072B2"), 2);
        let empty = TravelReport::default().chart(None).unwrap();
        assert!(empty.contains("</svg>") && empty.contains("nothing was spent"));
    }

    #[test]
    fn a_chart_has_one_currency() {
        let mut report = sample();
        report.totals.push(Spend { currency: "USD".to_owned(), ..Spend::default() });
        let refused = report.chart(None).unwrap_err();
        assert!(refused.public().contains("CNY, USD"), "{refused}");
        assert!(report.chart(Some(Currency::CNY)).is_ok());
    }

    #[test]
    fn labels_of_many_months_keep_their_distance() {
        let mut report = sample();
        let months = (2023..2026).flat_map(|year| (1..=12).map(move |month| format!("{year}-{month:02}")));
        report.spend = months
            .map(|month| Spend {
                month,
                kind: "flight".to_owned(),
                currency: "CNY".to_owned(),
                minor: 100,
                ..Spend::default()
            })
            .collect();
        let text = report.chart(None).unwrap();
        let shown = (2023..2026).flat_map(|year| (1..=12).map(move |month| format!("{year}-{month:02}")));
        let shown = shown.filter(|month| text.contains(month.as_str())).count();
        assert!((9..=12).contains(&shown), "{shown} labels");
        assert!(text.contains("2025-12"), "the last is always named");
    }

    #[test]
    fn who_may_not_see_what_it_is_made_from_gets_none() {
        use tongshi_model::Sensitivity;

        let scopes = |kinds: &[Kind], sensitivity| Scopes {
            kinds: Some(kinds.to_vec()),
            sensitivity,
            ..Scopes::default()
        };
        let all = [Kind::TravelRequest, Kind::Booking, Kind::ExpenseClaim, Kind::OrgUnit];
        assert!(TravelReport::may_see(&Scopes::all()).is_ok());
        assert!(TravelReport::may_see(&scopes(&all, Sensitivity::Personal)).is_ok());
        assert!(TravelReport::may_see(&scopes(&all, Sensitivity::Contact)).is_err());
        for lacking in all {
            let kinds: Vec<Kind> = all.into_iter().filter(|kind| *kind != lacking).collect();
            assert!(TravelReport::may_see(&scopes(&kinds, Sensitivity::Restricted)).is_err(), "{lacking}");
        }
    }
}
