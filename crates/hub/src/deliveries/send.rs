//! One attempt: a message goes out once, and the answer is judged.

use std::time::Duration;

use http::StatusCode;
use tongshi_model::Error;
use tracing::Instrument as _;

use super::{
    message::Told,
    retry,
    route::{Manner, Route},
};
use crate::{Hub, meters, trace};

/// How long an attempt may take in all.
const ATTEMPT_SECONDS_MAX: u64 = 20;

/// How an attempt ended.
pub(super) enum Outcome {
    /// The receiver has it.
    Taken(u16),
    /// The vendor sends nothing for it.
    Nothing,
    /// The receiver wants nothing more, ever.
    Gone,
    /// It did not arrive, or was refused.
    Failed { status: Option<u16>, error: String, retry_after: Option<Duration> },
}

impl Hub {
    /// Sends a message once.
    pub(super) async fn attempt(&self, route: &Route, told: &Told) -> Outcome {
        let span = tracing::info_span!(
            target: trace::SPANS, parent: None, "delivery", otel.kind = "client", manner = route.endpoint.manner,
            topic = told.topic, attempt = told.attempts + 1, outcome = tracing::field::Empty,
        );
        trace::follow(&span, told.made);
        let outcome = self.sent(route, told).instrument(span.clone()).await;
        let word = match &outcome {
            Outcome::Taken(_) => "taken",
            Outcome::Gone => "gone",
            Outcome::Failed { .. } => "failed",
            Outcome::Nothing => return outcome,
        };
        span.record("outcome", word);
        let manner = route.endpoint.manner.clone();
        metrics::counter!(meters::DELIVERY_ATTEMPTS, "manner" => manner, "outcome" => word).increment(1);
        outcome
    }

    async fn sent(&self, route: &Route, told: &Told) -> Outcome {
        let now = self.clock().now();
        let message = match told.request(self, route, now) {
            None => return Outcome::Nothing,
            Some(Ok(message)) => message,
            Some(Err(error)) => return unsent(&error),
        };
        let limit = Duration::from_secs(ATTEMPT_SECONDS_MAX);
        let reply = match tokio::time::timeout(limit, route.transport.send(message)).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(error)) => return failed(None, error.text),
            Err(_) => return failed(None, format!("it did not answer within {ATTEMPT_SECONDS_MAX} s")),
        };
        let status = reply.status.as_u16();
        if reply.status == StatusCode::GONE {
            return Outcome::Gone;
        }
        let accepted = match route.manner {
            Manner::Standard if reply.status.is_success() => Ok(()),
            Manner::Standard => Err(format!("it answered {status}")),
            Manner::Vendor(events) => events.accepted(&told.ask(self, route, now), &reply),
        };
        match accepted {
            Ok(()) => Outcome::Taken(status),
            Err(error) => Outcome::Failed {
                status: Some(status),
                error,
                retry_after: retry::retry_after(&reply.headers, now),
            },
        }
    }
}

fn unsent(error: &Error) -> Outcome {
    tracing::warn!(reason = %error, cause = %error.private(), "a message could not be made");
    failed(None, error.public().to_owned())
}

fn failed(status: Option<u16>, error: String) -> Outcome {
    Outcome::Failed { status, error, retry_after: None }
}
