//! `GET /v1/connections`

use axum::{Json, extract::State};
use tongshi_hub::{ConnectionView, Hub};

use crate::{
    authentication::Caller,
    parameters::{Query, parameters},
    problem::Problem,
    v1::{Page, schemas},
};

parameters! {
    /// The list takes no parameters.
    ListConnections {}
}

/// The workspace's connections, each with its last run. Credentials are never shown.
#[utoipa::path(
    get, path = "/v1/connections", operation_id = "list_connections", tag = "connections",
    params(ListConnections),
    responses((status = 200, description = "All connections.", body = schemas::ConnectionPage))
)]
pub(in crate::v1) async fn list_connections(
    State(hub): State<Hub>,
    caller: Caller,
    Query(ListConnections {}): Query<ListConnections>,
) -> Result<Json<Page<ConnectionView>>, Problem> {
    Ok(Json(Page::whole(hub.connections(caller.workspace()).await?)))
}
