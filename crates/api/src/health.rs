//! Whether the process is up, whether it can work, and what it has counted. Open to anybody who reaches the listener:
//! none of it says anything about an organisation.

use axum::{Json, extract::State, response::IntoResponse};
use http::header;
use serde::Serialize;
use tongshi_hub::Hub;
use tongshi_model::Error;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{meters, problem::Problem};

/// The routes of this file.
pub(crate) fn routes() -> OpenApiRouter<Hub> {
    OpenApiRouter::default().routes(routes!(healthz)).routes(routes!(readyz)).routes(routes!(metrics))
}

/// A state in one word.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`.
    status: &'static str,
    /// The version of the program.
    version: &'static str,
}

impl Health {
    const OK: Self = Self { status: "ok", version: env!("CARGO_PKG_VERSION") };
}

/// The process is up.
#[utoipa::path(
    get, path = "/healthz", operation_id = "healthz", tag = "operation",
    responses((status = 200, description = "The process is up.", body = Health))
)]
async fn healthz() -> Json<Health> {
    Json(Health::OK)
}

/// The database answers, its migrations are done, and it takes writes.
#[utoipa::path(
    get, path = "/readyz", operation_id = "readyz", tag = "operation",
    responses((status = 200, description = "Requests can be answered.", body = Health))
)]
async fn readyz(State(hub): State<Hub>) -> Result<Json<Health>, Problem> {
    let away = |error: Error| Error::unavailable("the database does not answer").because(error.private());
    hub.store().check().await.map_err(away)?;
    if !hub.store().pending().await.map_err(away)?.is_empty() {
        return Err(Error::unavailable("migrations have not run").into());
    }
    let full = |error: Error| Error::unavailable("the database takes no writes").because(error.private());
    hub.store().writable().await.map_err(full)?;
    Ok(Json(Health::OK))
}

/// What the process has counted, in Prometheus' text.
#[utoipa::path(
    get, path = "/metrics", operation_id = "metrics", tag = "operation",
    responses((status = 200, description = "Counters and histograms.", body = String, content_type = "text/plain"))
)]
async fn metrics(State(hub): State<Hub>) -> impl IntoResponse {
    // A database that is away must not hide what the process itself has counted.
    if let Err(error) = hub.measure().await {
        tracing::warn!(reason = %error, cause = %error.private(), "what the database knows is not in /metrics");
    }
    meters::process().collect();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], meters::recorder().render())
}
