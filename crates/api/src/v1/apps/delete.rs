//! `DELETE /v1/apps/{id}`

use axum::extract::{Path, State};
use http::StatusCode;
use tongshi_hub::Hub;

use super::found;
use crate::{
    authentication::Admin,
    parameters::{Nothing, Query},
    problem::Problem,
    v1::schemas,
};

/// Removes an app, its keys and what was issued to it.
#[utoipa::path(
    delete, path = "/v1/apps/{id}", operation_id = "delete_app", tag = "apps",
    params(("id" = String, Path, description = "The app's id.")),
    responses(
        (status = 204, description = "It is gone."),
        (status = 404, description = "There is no such app.", body = schemas::Problem,
            content_type = "application/problem+json"),
    )
)]
pub(in crate::v1) async fn delete_app(
    State(hub): State<Hub>,
    admin: Admin,
    Path(id): Path<String>,
    Query(Nothing): Query<Nothing>,
) -> Result<StatusCode, Problem> {
    let app = found(&hub, &admin, &id).await?;
    hub.delete_app(admin.workspace(), &app.name, &admin.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}
