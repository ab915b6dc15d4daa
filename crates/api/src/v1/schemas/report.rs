//! What reports look like.

use utoipa::ToSchema;

/// What travel costs.
#[derive(ToSchema)]
pub(crate) struct TravelReport {
    /// The first day that was asked for.
    #[schema(format = "date", required)]
    from: Option<String>,
    /// The last.
    #[schema(format = "date", required)]
    to: Option<String>,
    /// What was spent, by month, department, sort and currency, in that order.
    spend: Vec<Spend>,
    /// What was spent in all, by currency.
    totals: Vec<Spend>,
    /// Requests for trips that begin in these days.
    requests: u64,
    /// Those that go beyond what the policy allows.
    requests_over_policy: u64,
    /// How long decided requests waited.
    waits: Waits,
}

/// What was spent.
#[derive(ToSchema)]
struct Spend {
    /// The month, `YYYY-MM`; not in a total.
    #[schema(nullable = false)]
    month: Option<String>,
    /// The department, by the record's id.
    #[schema(nullable = false)]
    department: Option<String>,
    /// Its name.
    #[schema(nullable = false)]
    department_name: Option<String>,
    /// What was booked, or `claimed` for costs that no booking shows; not in a total.
    #[schema(nullable = false)]
    kind: Option<String>,
    /// The currency.
    currency: String,
    /// How much, in the currency's minor unit.
    minor: i64,
    /// How much of it goes beyond what the policy allows.
    over_policy_minor: i64,
    /// The same as a share, from 0 to 1.
    over_policy_share: f64,
    /// How many bookings and lines.
    count: u64,
}

/// How long decided requests waited, in hours.
#[derive(ToSchema)]
struct Waits {
    /// How many were decided.
    decided: u64,
    /// On average.
    mean_hours: f64,
    /// Half of them waited no longer.
    p50_hours: f64,
    /// Nine of ten waited no longer.
    p90_hours: f64,
}
