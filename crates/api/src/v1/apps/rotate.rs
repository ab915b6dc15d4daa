//! `POST /v1/apps/{id}/rotate`

use std::time::Duration;

use axum::extract::{Path, State};
use serde::Deserialize;
use tongshi_hub::Hub;

use super::{Keys, described, found};
use crate::{
    authentication::Admin,
    json::Json,
    parameters::{Nothing, Query},
    problem::Problem,
    v1::schemas,
};

/// How long the old keys stay good when nobody says.
const GRACE_SECONDS: u64 = 24 * 3600;

/// What is sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::v1) struct Sent {
    grace_seconds: Option<u64>,
}

/// Gives an app fresh keys, shown this once.
///
/// The old ones stay good for the grace, a day unless it is given; with 0 they end at once, and so do tokens that were
/// issued on them. Keys that were already ending end now: there are never more than two generations.
#[utoipa::path(
    post, path = "/v1/apps/{id}/rotate", operation_id = "rotate_app", tag = "apps",
    params(("id" = String, Path, description = "The app's id.")),
    request_body = described::Rotation,
    responses(
        (status = 200, description = "The app with its fresh keys.", body = described::AppKeys),
        (status = 404, description = "There is no such app.", body = schemas::Problem,
            content_type = "application/problem+json"),
    )
)]
pub(in crate::v1) async fn rotate_app(
    State(hub): State<Hub>,
    admin: Admin,
    Path(id): Path<String>,
    Query(Nothing): Query<Nothing>,
    Json(sent): Json<Sent>,
) -> Result<axum::Json<Keys>, Problem> {
    let app = found(&hub, &admin, &id).await?;
    let grace = Duration::from_secs(sent.grace_seconds.unwrap_or(GRACE_SECONDS));
    let keys = hub.rotate_app(admin.workspace(), &app.name, grace, &admin.actor()).await?;
    Ok(axum::Json(keys.into()))
}
