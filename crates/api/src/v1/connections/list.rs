//! `GET /v1/connections`

use axum::{Json, extract::State};
use tongshi_hub::{ConnectionView, Hub};

use crate::{
    authentication::Caller,
    parameters::{Nothing, Query},
    problem::Problem,
    v1::{Page, schemas},
};

/// The workspace's connections, each with its last run. Credentials are never shown.
#[utoipa::path(
    get, path = "/v1/connections", operation_id = "list_connections", tag = "connections",
    responses((status = 200, description = "All connections.", body = schemas::ConnectionPage))
)]
pub(in crate::v1) async fn list_connections(
    State(hub): State<Hub>,
    caller: Caller,
    Query(Nothing): Query<Nothing>,
) -> Result<Json<Page<ConnectionView>>, Problem> {
    Ok(Json(Page::whole(hub.connections(caller.workspace()).await?)))
}
