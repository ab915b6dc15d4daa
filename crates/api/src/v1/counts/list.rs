//! `GET /v1/counts`

use axum::{Json, extract::State};
use tongshi_hub::{Count, Hub};

use crate::{
    authentication::Caller,
    parameters::{Query, parameters},
    problem::Problem,
    v1::{Page, schemas},
};

parameters! {
    /// The list takes no parameters.
    ListCounts {}
}

/// How many records there are of each kind, and how many punches.
#[utoipa::path(
    get, path = "/v1/counts", operation_id = "list_counts", tag = "workspace",
    params(ListCounts),
    responses((status = 200, description = "A row for each kind that there is.", body = schemas::CountPage))
)]
pub(in crate::v1) async fn list_counts(
    State(hub): State<Hub>,
    caller: Caller,
    Query(ListCounts {}): Query<ListCounts>,
) -> Result<Json<Page<Count>>, Problem> {
    Ok(Json(Page::whole(hub.counts(caller.workspace()).await?)))
}
