//! What is counted of requests, for `/metrics` in Prometheus' text. The hub counts its own work by the same recorder.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use http::StatusCode;
use metrics::{Counter, Histogram, SharedString};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tongshi_hub::meters::{METRICS, MetricKind};

const REQUESTS: &str = "tongshi_http_requests_total";
const SECONDS: &str = "tongshi_http_request_seconds";

/// Upper bounds of the histogram's buckets: a face answers within a millisecond, a vendor called meanwhile in seconds.
const BUCKETS_SECONDS: &[f64] =
    &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// The process has one recorder; whoever comes first installs it.
static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// The recorder's reading side. Installs the recorder on first use.
pub(crate) fn recorder() -> &'static PrometheusHandle {
    RECORDER.get_or_init(|| {
        let builder = PrometheusBuilder::new();
        // The list of buckets is not empty, which is all that could be wrong with it.
        let builder = builder.set_buckets(BUCKETS_SECONDS).unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("somebody else records this process's metrics; /metrics stays empty");
        }
        for metric in METRICS {
            match metric.kind {
                MetricKind::Counter => metrics::describe_counter!(metric.name, metric.help),
                MetricKind::Gauge => metrics::describe_gauge!(metric.name, metric.help),
                MetricKind::Histogram => metrics::describe_histogram!(metric.name, metric.help),
            }
        }
        process().describe();
        handle
    })
}

/// The process's own numbers: processor time, memory, open files.
pub(crate) fn process() -> &'static metrics_process::Collector {
    static PROCESS: OnceLock<metrics_process::Collector> = OnceLock::new();
    PROCESS.get_or_init(metrics_process::Collector::default)
}

/// Counts a request of the hub's own routes.
pub(crate) fn count(surface: &'static str, route: &str, status: StatusCode, took: Duration) {
    let route = SharedString::from(route.to_owned());
    let status = SharedString::from(status.as_str().to_owned());
    metrics::counter!(REQUESTS, "surface" => surface, "route" => route.clone(), "status" => status)
        .increment(1);
    metrics::histogram!(SECONDS, "surface" => surface, "route" => route).record(took);
}

/// The meters of one face, looked up once and not for each request.
#[derive(Clone)]
pub(crate) struct FaceMeters(Arc<Found>);

struct Found {
    route: String,
    seconds: Histogram,
    /// One place for each status from 100 to 999.
    statuses: Box<[OnceLock<Counter>]>,
}

impl FaceMeters {
    /// The meters of the face that is mounted here.
    pub(crate) fn new(route: String) -> Self {
        recorder();
        let seconds = metrics::histogram!(SECONDS, "surface" => "face", "route" => route.clone());
        Self(Arc::new(Found { route, seconds, statuses: (100..1000).map(|_| OnceLock::new()).collect() }))
    }

    /// Counts a request.
    pub(crate) fn count(&self, status: StatusCode, took: Duration) {
        self.0.seconds.record(took);
        let Some(place) = self.0.statuses.get(usize::from(status.as_u16() - 100)) else { return };
        let counter = place.get_or_init(|| {
            let status = SharedString::from(status.as_str().to_owned());
            metrics::counter!(REQUESTS, "surface" => "face", "route" => self.0.route.clone(), "status" => status)
        });
        counter.increment(1);
    }
}
