//! `POST /v1/apps/{id}/disable` and `/enable`

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

/// Locks an app out, everywhere and at once.
#[utoipa::path(
    post, path = "/v1/apps/{id}/disable", operation_id = "disable_app", tag = "apps",
    params(("id" = String, Path, description = "The app's id.")),
    responses(
        (status = 200, description = "The app.", body = described::App),
        (status = 404, description = "There is no such app.", body = schemas::Problem,
            content_type = "application/problem+json"),
    )
)]
pub(in crate::v1) async fn disable_app(
    State(hub): State<Hub>,
    admin: Admin,
    Path(id): Path<String>,
    Query(Nothing): Query<Nothing>,
) -> Result<Json<AppView>, Problem> {
    switched(&hub, &admin, &id, true).await
}

/// Lets an app in again, with the keys that it had.
#[utoipa::path(
    post, path = "/v1/apps/{id}/enable", operation_id = "enable_app", tag = "apps",
    params(("id" = String, Path, description = "The app's id.")),
    responses(
        (status = 200, description = "The app.", body = described::App),
        (status = 404, description = "There is no such app.", body = schemas::Problem,
            content_type = "application/problem+json"),
    )
)]
pub(in crate::v1) async fn enable_app(
    State(hub): State<Hub>,
    admin: Admin,
    Path(id): Path<String>,
    Query(Nothing): Query<Nothing>,
) -> Result<Json<AppView>, Problem> {
    switched(&hub, &admin, &id, false).await
}

async fn switched(hub: &Hub, admin: &Admin, id: &str, off: bool) -> Result<Json<AppView>, Problem> {
    let app = found(hub, admin, id).await?;
    Ok(Json(hub.disable_app(admin.workspace(), &app.name, off, &admin.actor()).await?))
}
