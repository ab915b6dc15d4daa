//! What a vendor counts by the month: an account of it, a plan that stays within it, and what is held where it does not
//! suffice. Knows no vendor: which calls are counted is said by operations, what a reading takes by the connector.

mod ledger;
mod limits;
mod plan;
mod turns;
mod view;

use std::sync::Arc;

use jiff::Span;
use tongshi_dialect::{Listing, Scale};
use tongshi_model::{Error, Kind, LocalDate, Timestamp};
use tongshi_store::{Workspace, readings, readings::Reading, sources};

use self::{
    ledger::Used,
    plan::{Counted, Plan},
};
pub(crate) use self::{
    ledger::{Ledger, Purse},
    limits::Limits,
    turns::{Due, days},
};
pub use view::{OperationUse, PlannedListing, QuotaView};

use crate::{Hub, connections::Opened};

/// Days back from which is told how many rows a month brings.
const RATE_DAYS: i64 = 28;

/// What is known of a connection's counted calls at one moment.
pub(crate) struct Quota {
    pub(crate) ledger: Arc<Ledger>,
    counted: Vec<Counted>,
    readings: Vec<Reading>,
    people: u64,
    used: Vec<Used>,
    /// What the plan may still use.
    left: u64,
    plan: Plan,
    now: Timestamp,
}

impl Hub {
    /// The counted calls of a connection; none where its vendor counts none. People are counted in the record unless a
    /// number is given.
    pub(crate) async fn quota_of(
        &self,
        opened: &Opened,
        people: Option<u64>,
    ) -> Result<Option<Quota>, Error> {
        let Some(ledger) = opened.pacer.ledger().map(Arc::clone) else { return Ok(None) };
        let left = ledger.left().await?;
        let used = ledger.used().await?;
        let number = opened.connection.no;
        let now = self.clock().now();
        let mut session = self.store().read().await?;
        let readings = readings::all(&mut session, number).await?;
        let known = sources::count_live(&mut session, number, Kind::Employee).await?;
        let people = people.unwrap_or(known);
        let limits = ledger.limits();
        let mut counted = Vec::new();
        for listing in opened.connector.listings() {
            let Some(rhythm) = opened.connector.rhythm(listing) else { continue };
            let reading = readings.iter().find(|reading| reading.listing == listing.name);
            let foreseen = (people * u64::from(rhythm.rows_per_thousand)).div_ceil(1000);
            let mut rows_per_month = foreseen;
            if let (Some(kind), Some(_)) = (listing.kind, reading.and_then(|reading| reading.read_at)) {
                let from = ledger.today().checked_sub(Span::new().days(RATE_DAYS));
                let from = from.unwrap_or(LocalDate::MIN);
                let seen = sources::count_since(&mut session, number, kind, from).await?;
                // Of other people than those who are known nothing was seen.
                let seen = (seen * people).checked_div(known).unwrap_or(0);
                rows_per_month = (seen * 30).div_ceil(RATE_DAYS.unsigned_abs()).max(foreseen / 2);
            }
            let mark = |at: Option<Timestamp>| at.map(|at| limits.mark(at));
            counted.push(Counted {
                listing: listing.name,
                rhythm,
                last: mark(reading.and_then(|reading| reading.read_at)),
                last_wide: mark(reading.and_then(|reading| reading.wide_at)),
                rows_per_month,
                calls: Box::new({
                    let connector = Arc::clone(&opened.connector);
                    move |scale: &Scale| connector.metered_calls(listing, scale)
                }),
            });
        }
        drop(session);
        let plan = plan::plan(&counted, people, limits.mark(now), left);
        Ok(Some(Quota { ledger, counted, readings, people, used, left, plan, now }))
    }

    /// The counted calls of a connection: what was used, what is planned, what is kept.
    pub async fn monthly_quota(
        &self,
        workspace: &Workspace,
        name: &str,
        people: Option<u64>,
    ) -> Result<Option<QuotaView>, Error> {
        let connection = self.find_connection(workspace, name).await?;
        if self.dialect(&connection.dialect)?.metering.is_none() {
            return Ok(None);
        }
        let opened = self.open_connection(workspace, connection)?;
        let quota = self.quota_of(&opened, people).await?;
        Ok(quota.map(|quota| view::view(&opened, &quota)))
    }

    /// The same by the connection's id.
    pub async fn monthly_quota_by_id(
        &self,
        workspace: &Workspace,
        id: tongshi_model::Id,
    ) -> Result<Option<QuotaView>, Error> {
        let all = self.connections(workspace).await?;
        let found = all.into_iter().find(|connection| connection.id == id);
        let found = found.ok_or_else(|| Error::not_found("there is no such connection"))?;
        self.monthly_quota(workspace, &found.name, None).await
    }
}

impl Quota {
    /// Whether readings of this listing are counted.
    pub(crate) fn counts(&self, listing: &Listing) -> bool {
        self.counted.iter().any(|of| of.listing == listing.name)
    }

    /// Why a reading of so many days must not begin with so many calls left: they do not suffice for it.
    pub(crate) fn held(&self, listing: &Listing, days: u32, left: u64) -> Option<String> {
        let of = self.counted.iter().find(|of| of.listing == listing.name)?;
        let today = self.ledger.limits().mark(self.now);
        let since = of.last.and_then(|last| u32::try_from((today - last).get_days()).ok()).unwrap_or(days);
        let calls = of.cost(self.people, days, since.max(1));
        (calls > left).then(|| {
            let limits = self.ledger.limits();
            format!(
                "held: a reading takes about {calls} counted calls, and {left} of the plan's {} for {} are left; it goes \
                 on on {}",
                limits.budget(),
                self.ledger.month(),
                self.turns_on(),
            )
        })
    }

    /// The first day of the next month.
    pub(crate) fn turns_on(&self) -> LocalDate {
        let last = self.ledger.today().last_of_month();
        last.tomorrow().unwrap_or(last)
    }
}
