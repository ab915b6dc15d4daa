//! What the answer about a vendor's counted calls looks like.

use utoipa::ToSchema;

/// The calls that a connection's vendor counts by the month.
#[derive(ToSchema)]
pub(crate) struct Quota {
    /// The connection's id.
    id: String,
    /// Its name.
    connection: String,
    /// Its vendor.
    dialect: String,
    /// The month where the vendor is: `2026-03`.
    month: String,
    /// The first day of the next one.
    #[schema(format = "date")]
    turns_on: String,
    /// Counted calls that the vendor lets through in the month.
    calls: u64,
    /// The share of them that planned readings may use, in percent.
    share_percent: u64,
    /// Calls that planned readings never touch.
    reserve: u64,
    /// What planned readings may use of the month.
    budget: u64,
    /// Calls made by planned readings.
    used_planned: u64,
    /// Calls made by writes, decisions, questions by name and administrators.
    used_own: u64,
    /// What planned readings may still use.
    left: u64,
    /// People for whom is planned.
    people: u64,
    /// What planned readings take until the month ends.
    planned_rest: u64,
    /// What a whole month of them takes.
    forecast_month: u64,
    /// The first day of this month whose readings are not paid for any more.
    #[schema(format = "date", required)]
    short_on: Option<String>,
    /// The listings whose calls are counted.
    listings: Vec<PlannedListing>,
    /// What each operation has used.
    operations: Vec<OperationUse>,
}

/// A listing whose calls are counted.
#[derive(ToSchema)]
struct PlannedListing {
    /// Its name.
    listing: String,
    /// Days from one reading to the next.
    every_days: u32,
    /// Days that a reading covers.
    window_days: u32,
    /// Calls that a reading takes.
    calls: u64,
    /// Calls that a wide reading takes.
    wide_calls: u64,
    /// Calls that all its readings take until the month ends.
    planned_rest: u64,
    /// For which day it was last read.
    #[schema(format = "date", required)]
    last: Option<String>,
    /// For which day it is read next.
    #[schema(format = "date")]
    next: String,
    /// Why it is not read although its turn has come.
    #[schema(required)]
    held: Option<String>,
}

/// What an operation has used in the month.
#[derive(ToSchema)]
struct OperationUse {
    /// Its name.
    operation: String,
    /// By planned readings.
    planned: u64,
    /// By others.
    own: u64,
}
