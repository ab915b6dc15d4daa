//! Every number that `/metrics` shows, in one list: what is counted is described by it, docs/METRICS.md is made from
//! it, and a test holds `/metrics` against it.

use tongshi_model::{Error, Timestamp};
use tongshi_store::{connections, gauges, workspaces};

use crate::{Hub, connections::LOCAL};

/// What sort of number it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Durations, counted by upper bounds.
    Histogram,
}

impl MetricKind {
    /// Prometheus' word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A number that `/metrics` shows.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What sort of number it is.
    pub kind: MetricKind,
    /// Its labels. Each has few values: routes, operations, names of connections; never what somebody sends.
    pub labels: &'static [&'static str],
    /// What it says.
    pub help: &'static str,
}

macro_rules! metrics {
    ($($constant:ident $name:literal $kind:ident [$($label:literal),*] $help:literal;)*) => {
        $(pub(crate) const $constant: &str = $name;)*

        /// Every number of the hub's own. Those of the process (`process_…`) are beside it.
        pub const METRICS: &[Metric] = &[$(Metric {
            name: $name, kind: MetricKind::$kind, labels: &[$($label),*], help: $help,
        }),*];
    };
}

/// Names that only other crates count by: they stand in the list so that the list is whole.
macro_rules! elsewhere {
    ($($constant:ident),*) => { const _: &[&str] = &[$($constant),*]; };
}

metrics! {
    HTTP_REQUESTS "tongshi_http_requests_total" Counter ["surface", "route", "status"]
        "Requests answered, by surface (v1, face, hooks, page, health, none), route and HTTP status.";
    HTTP_SECONDS "tongshi_http_request_seconds" Histogram ["surface", "route"]
        "How long answers took to begin.";
    RUNS "tongshi_sync_runs_total" Counter ["connection", "state"]
        "Runs that ended, by how: done, held, failed.";
    RUN_SECONDS "tongshi_sync_seconds" Histogram ["connection"]
        "How long runs took.";
    RUNS_RUNNING "tongshi_sync_runs_running" Gauge []
        "Runs in progress, over all hubs on this database.";
    PAGES "tongshi_sync_pages_total" Counter ["connection"]
        "Pages that runs read, second readings not counted.";
    ROWS "tongshi_sync_rows_total" Counter ["connection", "outcome"]
        "Rows that runs took in, by what became of them: created, updated, restored, deleted, unchanged, quarantined.";
    SYNC_AGE "tongshi_sync_last_complete_age_seconds" Gauge ["workspace", "connection"]
        "How long ago the last complete run of a connection ended; absent where there was none.";
    VENDOR_CALLS "tongshi_vendor_calls_total" Counter ["connection", "operation", "outcome"]
        "Calls sent to vendors, by outcome: ok, fault, hurried, used_up, garbled, unsent, lost.";
    VENDOR_SECONDS "tongshi_vendor_call_seconds" Histogram ["connection"]
        "How long calls to vendors took.";
    VENDOR_RETRIES "tongshi_vendor_retries_total" Counter ["connection", "operation"]
        "Calls to vendors that failed and were tried again.";
    QUOTA_CALLS "tongshi_quota_calls" Gauge ["workspace", "connection", "what"]
        "Calls that a connection's vendor counts by the month: limit, used by the plan (planned), by others (own), left to the plan, and needed by it until the month ends (needed).";
    JOBS_WAITING "tongshi_jobs_waiting" Gauge []
        "Jobs that are neither done nor given up.";
    JOBS_OLDEST "tongshi_jobs_oldest_due_age_seconds" Gauge []
        "Since when the oldest due job waits; 0 where none is due.";
    QUARANTINE "tongshi_quarantine_rows" Gauge []
        "Rows that could not be taken in.";
    DATABASE_BYTES "tongshi_db_size_bytes" Gauge []
        "How much room the data takes.";
    WRITER_WAIT "tongshi_db_writer_wait_seconds" Histogram []
        "How long transactions that write waited for their turn.";
    AUDIT_ENTRIES "tongshi_audit_entries_total" Counter []
        "Audit entries of reads and uses of credentials that were written; deeds note theirs themselves.";
    AUDIT_PENDING "tongshi_audit_pending" Gauge []
        "What waits to be written to the audit trail; above 10000 readers wait.";
    REQUESTS_DROPPED "tongshi_request_log_dropped_total" Counter []
        "Calls that the log of requests let go because too many came at once.";
    DELIVERIES_WAITING "tongshi_deliveries_waiting" Gauge []
        "Messages that wait to be sent to endpoints, over all workspaces.";
    DELIVERIES "tongshi_deliveries_total" Counter ["manner", "outcome"]
        "Messages settled, by manner (webhook, or a vendor's own form) and outcome: delivered, dead.";
    DELIVERY_ATTEMPTS "tongshi_delivery_attempts_total" Counter ["manner", "outcome"]
        "Attempts to deliver, by outcome: delivered, gone, failed.";
    DELIVERY_DELAY "tongshi_delivery_delay_seconds" Histogram ["manner"]
        "How long after a change its message arrived.";
    WRITES "tongshi_writes_total" Counter ["state"]
        "Writes to vendors that came into a state: queued, or one in which they end.";
    WRITES_WAITING "tongshi_writes_waiting" Gauge []
        "Writes to vendors that are not settled.";
    WRITE_TRIES "tongshi_write_tries_total" Counter ["outcome"]
        "Writes tried, by what came of it.";
    VENDOR_TOKENS "tongshi_vendor_tokens_fetched_total" Counter []
        "Tokens fetched from vendors, each for all hubs on this database.";
    CREDENTIALS_BLOCKED "tongshi_credentials_blocked_total" Counter ["place"]
        "Credentials not looked at because of too many wrong ones before.";
    CREDENTIALS_FAILED "tongshi_credentials_failed_total" Counter ["place"]
        "Credentials that were wrong.";
    CREDENTIAL_BLOCKS "tongshi_credential_blocks_total" Counter ["place", "whom"]
        "Blocks that began, by whom they shut out: a key, an address, or both together.";
    BUILD "tongshi_build_info" Gauge ["version"]
        "1, with the program's version.";
}
elsewhere!(HTTP_REQUESTS, HTTP_SECONDS, WRITER_WAIT);

impl Hub {
    /// Brings those numbers up to date that are not counted as they happen: a few questions to the database.
    pub async fn measure(&self) -> Result<(), Error> {
        let found = gauges::read(&mut self.store().read().await?, LOCAL).await?;
        let now = self.clock().now();
        metrics::gauge!(RUNS_RUNNING).set(found.runs_running as f64);
        metrics::gauge!(JOBS_WAITING).set(found.jobs_waiting as f64);
        metrics::gauge!(JOBS_OLDEST).set(found.oldest_due.map_or(0.0, |since| seconds(since, now)));
        metrics::gauge!(QUARANTINE).set(found.quarantined as f64);
        for (workspace, connection, at) in found.synced {
            let Some(at) = at else { continue };
            metrics::gauge!(SYNC_AGE, "workspace" => workspace, "connection" => connection)
                .set(seconds(at, now));
        }
        self.measure_quotas().await?;
        metrics::gauge!(DATABASE_BYTES).set(self.store().size_bytes().await? as f64);
        metrics::gauge!(AUDIT_PENDING).set(self.notes_waiting() as f64);
        metrics::gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        Ok(())
    }
}

impl Hub {
    async fn measure_quotas(&self) -> Result<(), Error> {
        let all = workspaces::all(&mut self.store().read().await?).await?;
        for workspace in all {
            let found = connections::all(&mut self.store().read().await?, &workspace).await?;
            for connection in found.into_iter().filter(|found| found.dialect != LOCAL && !found.disabled) {
                // A connection that cannot be opened says so elsewhere.
                let Ok(Some(view)) = self.monthly_quota(&workspace, &connection.name, None).await else {
                    continue;
                };
                for (what, calls) in [
                    ("limit", view.calls),
                    ("planned", view.used_planned),
                    ("own", view.used_own),
                    ("left", view.left),
                    ("needed", view.planned_rest),
                ] {
                    let (workspace, name) = (workspace.name.clone(), connection.name.clone());
                    metrics::gauge!(QUOTA_CALLS, "workspace" => workspace, "connection" => name, "what" => what)
                        .set(calls as f64);
                }
            }
        }
        Ok(())
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    (to.as_microsecond() - from.as_microsecond()) as f64 / 1e6
}
