//! The program without OpenTelemetry: a configured collector is an error, not silence.

use tracing_subscriber::layer::Identity;

use crate::{config::Settings, exit::Failure};

/// Nothing is exported.
#[derive(Default)]
pub(crate) struct Telemetry;

impl Telemetry {
    /// There is nothing to be sent.
    pub(crate) fn on(_handle: tokio::runtime::Handle) {}

    /// There is nothing to be sent.
    pub(crate) fn end(self) {}
}

/// No layer.
pub(crate) fn layer(settings: &Settings) -> Result<(Option<Identity>, Telemetry), Failure> {
    if settings.otlp_endpoint.0.is_some() {
        return Err(Failure::usage("this program was built without traces")
            .mend("unset otlp_endpoint, or use a build with the feature otlp"));
    }
    Ok((None, Telemetry))
}
