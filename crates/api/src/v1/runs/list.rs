//! `GET /v1/runs`

use axum::{Json, extract::State};
use tongshi_hub::{Hub, RunView};

use crate::{
    authentication::Caller,
    parameters::{Limit, Query, parameters},
    problem::Problem,
    v1::{Page, schemas},
};

parameters! {
    /// Which runs.
    ListRuns {
        /// Only those of this connection, by its name.
        connection: Option<String>,
        /// How many at most.
        limit: Limit,
    }
}

/// The newest runs, newest first.
#[utoipa::path(
    get, path = "/v1/runs", operation_id = "list_runs", tag = "runs",
    params(ListRuns),
    responses((status = 200, description = "The runs.", body = schemas::RunPage))
)]
pub(in crate::v1) async fn list_runs(
    State(hub): State<Hub>,
    caller: Caller,
    Query(wanted): Query<ListRuns>,
) -> Result<Json<Page<RunView>>, Problem> {
    let runs = hub.runs(caller.workspace(), wanted.connection.as_deref(), wanted.limit.0).await?;
    Ok(Json(Page::whole(runs)))
}
