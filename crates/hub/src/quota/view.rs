//! The counted calls of a connection as they are shown.

use serde::Serialize;
use tongshi_model::{Id, LocalDate};

use super::{Quota, plan};
use crate::connections::Opened;

/// The counted calls of a connection in the present month.
#[derive(Clone, Debug, Serialize)]
pub struct QuotaView {
    /// The connection's id.
    pub id: Id,
    /// Its name.
    pub connection: String,
    /// Its vendor.
    pub dialect: String,
    /// The month where the vendor is: `2026-03`.
    pub month: String,
    /// The first day of the next one.
    pub turns_on: LocalDate,
    /// Counted calls that the vendor lets through in the month.
    pub calls: u64,
    /// The share of them that planned readings may use, in percent.
    pub share_percent: u64,
    /// Calls that planned readings never touch, whatever their share.
    pub reserve: u64,
    /// What planned readings may use of the month.
    pub budget: u64,
    /// Calls made by planned readings. Those taken in advance by a process that died count, too.
    pub used_planned: u64,
    /// Calls made by writes, decisions, questions by name and administrators.
    pub used_own: u64,
    /// What planned readings may still use.
    pub left: u64,
    /// People for whom is planned.
    pub people: u64,
    /// What planned readings take until the month ends.
    pub planned_rest: u64,
    /// What a whole month of them takes.
    pub forecast_month: u64,
    /// The first day of this month whose readings are not paid for any more; none where the month suffices.
    pub short_on: Option<LocalDate>,
    /// The listings whose calls are counted.
    pub listings: Vec<PlannedListing>,
    /// What each operation has used.
    pub operations: Vec<OperationUse>,
}

/// A listing whose calls are counted.
#[derive(Clone, Debug, Serialize)]
pub struct PlannedListing {
    /// Its name.
    pub listing: String,
    /// Days from one reading to the next; more than usual where the month would not suffice.
    pub every_days: u32,
    /// Days that a reading covers.
    pub window_days: u32,
    /// Calls that a reading takes.
    pub calls: u64,
    /// Calls that a wide reading takes.
    pub wide_calls: u64,
    /// Calls that all its readings take until the month ends.
    pub planned_rest: u64,
    /// For which day it was last read.
    pub last: Option<LocalDate>,
    /// For which day it is read next.
    pub next: LocalDate,
    /// Why it is not read although its turn has come.
    pub held: Option<String>,
}

/// What an operation has used in the month.
#[derive(Clone, Debug, Serialize)]
pub struct OperationUse {
    /// Its name.
    pub operation: String,
    /// By planned readings.
    pub planned: u64,
    /// By others.
    pub own: u64,
}

impl QuotaView {
    /// Whether the month suffices for what is planned.
    pub fn suffices(&self) -> bool {
        self.short_on.is_none() && self.listings.iter().all(|listing| listing.held.is_none())
    }
}

pub(super) fn view(opened: &Opened, quota: &Quota) -> QuotaView {
    let limits = quota.ledger.limits();
    let mark = limits.mark(quota.now);
    let forecast_month = plan::forecast(&quota.counted, quota.people, mark.first_of_month());
    let planned = quota.plan.listings.iter().zip(&quota.counted).map(|(turns, of)| {
        let listing = opened.connector.listings().iter().find(|listing| listing.name == of.listing);
        let due = turns.next == mark;
        PlannedListing {
            listing: turns.listing.to_owned(),
            every_days: turns.every_days,
            window_days: turns.window_days,
            calls: turns.calls,
            wide_calls: turns.wide_calls,
            planned_rest: turns.rest,
            last: of.last,
            next: turns.next,
            held: listing
                .filter(|_| due)
                .and_then(|listing| quota.held(listing, turns.window_days, quota.left)),
        }
    });
    QuotaView {
        id: opened.connection.id,
        connection: opened.connection.name.clone(),
        dialect: opened.connection.dialect.clone(),
        month: quota.ledger.month(),
        turns_on: quota.turns_on(),
        calls: limits.calls,
        share_percent: limits.share_percent,
        reserve: limits.reserve,
        budget: limits.budget(),
        used_planned: quota.used.iter().map(|used| used.plan).sum(),
        used_own: quota.used.iter().map(|used| used.own).sum(),
        left: quota.left,
        people: quota.people,
        planned_rest: quota.plan.rest,
        forecast_month,
        short_on: quota.plan.short_on,
        listings: planned.collect(),
        operations: quota
            .used
            .iter()
            .map(|used| OperationUse { operation: used.operation.clone(), planned: used.plan, own: used.own })
            .collect(),
    }
}
