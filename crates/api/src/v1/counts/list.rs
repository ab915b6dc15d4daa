//! `GET /v1/counts`

use axum::{Json, extract::State};
use tongshi_hub::{Count, Hub};

use crate::{
    authentication::Caller,
    parameters::{Nothing, Query},
    problem::Problem,
    v1::{Page, schemas},
};

/// How many records there are of each kind that the app may see, and how many punches.
#[utoipa::path(
    get, path = "/v1/counts", operation_id = "list_counts", tag = "workspace",
    responses((status = 200, description = "A row for each kind that there is.", body = schemas::CountPage))
)]
pub(in crate::v1) async fn list_counts(
    State(hub): State<Hub>,
    caller: Caller,
    Query(Nothing): Query<Nothing>,
) -> Result<Json<Page<Count>>, Problem> {
    let mut counts = hub.counts(caller.workspace()).await?;
    counts.retain(|count| caller.scopes().sees_name(&count.kind));
    Ok(Json(Page::whole(counts)))
}
