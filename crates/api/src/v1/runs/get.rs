//! `GET /v1/runs/{id}`

use axum::{
    Json,
    extract::{Path, State},
};
use tongshi_hub::{Hub, RunView};
use tongshi_model::{Error, Id};

use crate::{
    authentication::Caller,
    parameters::{Nothing, Query},
    problem::Problem,
    v1::schemas,
};

/// A run with the proof of each listing.
#[utoipa::path(
    get, path = "/v1/runs/{id}", operation_id = "get_run", tag = "runs",
    params(("id" = String, Path, description = "The run's id.")),
    responses(
        (status = 200, description = "The run.", body = schemas::Run),
        (status = 404, description = "There is no such run.", body = schemas::Problem,
            content_type = "application/problem+json"),
    )
)]
pub(in crate::v1) async fn get_run(
    State(hub): State<Hub>,
    caller: Caller,
    Path(id): Path<String>,
    Query(Nothing): Query<Nothing>,
) -> Result<Json<RunView>, Problem> {
    // What cannot be an id is nobody's.
    let id: Id = id.parse().map_err(|_| Error::not_found("there is no such run"))?;
    Ok(Json(hub.run(caller.workspace(), id).await?))
}
