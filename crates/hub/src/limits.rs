//! Limits and habits of the hub, each with its unit in its name.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};
use tongshi_dialect::{Addresses, Patience};

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
    /// How sure a rule must be that two people are one before it links them; above 100 none ever does.
    pub identity_confidence_percent: u32,
    /// How often a write is sent to its vendor.
    pub write_attempts_max: u32,
    /// The wait before a write is tried again; doubled for each further time, with jitter.
    pub write_delay_seconds: i64,
    /// How long a vendor that did not answer is given to finish what it may have begun, before it is asked.
    pub write_unsure_seconds: i64,
    /// Proxies whose word for the client's address is taken.
    pub trusted_proxies: Addresses,
    /// Requests to `/v1` that an app may make in a minute unless it has a limit of its own; 0 for no limit.
    pub app_requests_per_minute: u32,
    /// Wrong credentials after which one key from one address is not listened to for a while.
    pub credential_failures_max: u32,
    /// For how long, the first time; each further failure doubles it.
    pub credential_block_seconds: u64,
    /// For how long at most.
    pub credential_block_seconds_max: u64,
    /// Which calls of faces, vendors' events and `/v1` the log of requests keeps.
    pub request_log: RequestLog,
    /// How many days it keeps them; 0 keeps none.
    pub request_log_days: u32,
    /// How many it keeps at most.
    pub request_log_rows_max: u64,
    /// How often one app may wait for changes at once, by long poll or stream, at one process.
    pub followers_per_app_max: usize,
    /// Private networks to which webhooks may be sent, as `10.8.0.0/16,127.0.0.0/8`.
    pub webhook_private_ranges: Addresses,
    /// Whether webhooks may be sent over `http://` to public addresses.
    pub webhook_plain_http: bool,
    /// Days that things are kept, by rule; those that are not named have the rule's own. 0 for ever.
    pub retention_days: BTreeMap<String, u32>,
    /// How long somebody who signed in stays signed in.
    pub session_hours: u32,
    /// Where the hub is reached from outside, without a path behind it; none where nobody has said.
    pub public_url: Option<String>,
    /// Where `erased.log` lies; none where nothing is kept beside the database.
    pub data_directory: Option<PathBuf>,
}

impl Settings {
    /// When wrong credentials have consequences.
    pub(crate) fn patience(&self) -> Patience {
        Patience {
            failures_max: self.credential_failures_max,
            block: Duration::from_secs(self.credential_block_seconds),
            block_max: Duration::from_secs(self.credential_block_seconds_max),
        }
    }
}

/// Which calls the log of requests keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestLog {
    /// None.
    Off,
    /// Refusals and failures.
    Refusals,
    /// Every call.
    All,
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
            identity_confidence_percent: 90,
            write_attempts_max: 10,
            write_delay_seconds: 2,
            write_unsure_seconds: 60,
            trusted_proxies: Addresses::default(),
            app_requests_per_minute: 0,
            credential_failures_max: 10,
            credential_block_seconds: 30,
            credential_block_seconds_max: 3600,
            request_log: RequestLog::Refusals,
            request_log_days: 7,
            request_log_rows_max: 100_000,
            followers_per_app_max: 32,
            webhook_private_ranges: Addresses::default(),
            webhook_plain_http: false,
            retention_days: BTreeMap::new(),
            session_hours: 12,
            public_url: None,
            data_directory: None,
        }
    }
}
