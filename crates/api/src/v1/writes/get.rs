//! `GET /v1/writes/{id}`

use axum::{
    Json,
    extract::{Path, State},
};
use tongshi_hub::{Hub, WriteView};
use tongshi_model::{Error, Id};

use crate::{
    authentication::Caller,
    parameters::{Nothing, Query},
    problem::Problem,
    v1::schemas,
};

/// A write: how far it is, and why.
#[utoipa::path(
    get, path = "/v1/writes/{id}", operation_id = "get_write", tag = "writes",
    params(("id" = String, Path, description = "The write's id.")),
    responses(
        (status = 200, description = "The write.", body = schemas::Write),
        (status = 404, description = "There is no such write.", body = schemas::Problem,
            content_type = "application/problem+json"),
    )
)]
pub(in crate::v1) async fn get_write(
    State(hub): State<Hub>,
    caller: Caller,
    Path(id): Path<String>,
    Query(Nothing): Query<Nothing>,
) -> Result<Json<WriteView>, Problem> {
    // What cannot be an id is nobody's.
    let id: Id = id.parse().map_err(|_| Error::not_found("there is no such write"))?;
    Ok(Json(hub.write(caller.workspace(), id, caller.scopes()).await?))
}
