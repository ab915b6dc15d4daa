//! `GET /v1/apps`

use axum::{Json, extract::State};
use tongshi_hub::{AppView, Hub};

use super::described;
use crate::{
    authentication::Admin,
    parameters::{Nothing, Query},
    problem::Problem,
    v1::Page,
};

/// The workspace's apps. Secrets are never shown; the values of settings are not either.
#[utoipa::path(
    get, path = "/v1/apps", operation_id = "list_apps", tag = "apps",
    responses((status = 200, description = "All apps.", body = described::AppPage))
)]
pub(in crate::v1) async fn list_apps(
    State(hub): State<Hub>,
    admin: Admin,
    Query(Nothing): Query<Nothing>,
) -> Result<Json<Page<AppView>>, Problem> {
    Ok(Json(Page::whole(hub.apps(admin.workspace()).await?)))
}
