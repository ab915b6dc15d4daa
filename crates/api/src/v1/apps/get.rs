//! `GET /v1/apps/{id}`

use axum::{
    Json,
    extract::{Path, State},
};
use tongshi_hub::{AppView, Hub};

use super::{described, found};
use crate::{
    authentication::Admin,
    parameters::{Nothing, Query},
    problem::Problem,
    v1::schemas,
};

/// An app.
#[utoipa::path(
    get, path = "/v1/apps/{id}", operation_id = "get_app", tag = "apps",
    params(("id" = String, Path, description = "The app's id.")),
    responses(
        (status = 200, description = "The app.", body = described::App),
        (status = 404, description = "There is no such app.", body = schemas::Problem,
            content_type = "application/problem+json"),
    )
)]
pub(in crate::v1) async fn get_app(
    State(hub): State<Hub>,
    admin: Admin,
    Path(id): Path<String>,
    Query(Nothing): Query<Nothing>,
) -> Result<Json<AppView>, Problem> {
    Ok(Json(found(&hub, &admin, &id).await?))
}
