//! `GET /v1/connections/{id}/operations`

use axum::{
    Json,
    extract::{Path, State},
};
use tongshi_hub::{Hub, OperationView};
use tongshi_model::Error;

use crate::{
    authentication::Caller,
    parameters::{Nothing, Query},
    problem::Problem,
    v1::{Page, schemas},
};

/// The vendor's own operations that can be called through a connection, and whether this key may.
#[utoipa::path(
    get, path = "/v1/connections/{id}/operations", operation_id = "list_operations", tag = "connections",
    params(("id" = String, Path, description = "The connection's id.")),
    responses(
        (status = 200, description = "All operations.", body = schemas::OperationPage),
        (status = 404, description = "There is no such connection.", body = schemas::Problem,
            content_type = "application/problem+json"),
    )
)]
pub(in crate::v1) async fn list_operations(
    State(hub): State<Hub>,
    caller: Caller,
    Path(id): Path<String>,
    Query(Nothing): Query<Nothing>,
) -> Result<Json<Page<OperationView>>, Problem> {
    // What cannot be an id is nobody's.
    let id = id.parse().map_err(|_| Error::not_found("there is no such connection"))?;
    Ok(Json(Page::whole(hub.operations(&caller.principal, id).await?)))
}
