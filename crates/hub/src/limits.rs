//! Limits and habits of the hub, each with its unit in its name.

use serde::{Deserialize, Serialize};

/// Limits and habits. The defaults suit a vendor that documents no limits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Calls a second to one connection, over all operations.
    pub calls_per_second_max: u32,
    /// Calls in flight to one connection.
    pub calls_in_flight_max: usize,
    /// How often a call is tried.
    pub attempts_max: u32,
    /// The wait before the second try; doubled for each further one, with jitter.
    pub retry_delay_ms: u64,
    /// The longest wait before another try; also the longest `Retry-After` that is obeyed within a run.
    pub retry_delay_ms_max: u64,
    /// How many days back a full sync reads what is read by days.
    pub window_days: i32,
    /// How many days back an incremental sync reads what is read by days.
    pub recent_days: i32,
    /// A run that finds more than this share missing waits for a person.
    pub shrink_percent_max: u32,
    /// Fewer missing than this are never held.
    pub shrink_rows_min: u64,
    /// How often a list that changes while it is read is read again.
    pub passes_max: u32,
    /// How long a silent run keeps its connection to itself, where nobody can see that its process has died.
    pub lease_seconds: i64,
    /// How often `serve` syncs each connection; 0 for never.
    pub sync_every_seconds: u64,
    /// Rows committed together.
    pub commit_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            calls_per_second_max: 1000,
            calls_in_flight_max: 4,
            attempts_max: 5,
            retry_delay_ms: 500,
            retry_delay_ms_max: 30_000,
            window_days: 31,
            recent_days: 7,
            shrink_percent_max: 10,
            shrink_rows_min: 5,
            passes_max: 4,
            lease_seconds: 300,
            sync_every_seconds: 300,
            commit_rows: 4000,
        }
    }
}
