//! `GET /v1/quarantine`

use axum::{Json, extract::State};
use tongshi_hub::{Hub, Quarantined};

use crate::{
    authentication::Caller,
    parameters::{Nothing, Query},
    problem::Problem,
    v1::{Page, schemas},
};

/// Rows of vendors that could not be taken in, with the reason.
#[utoipa::path(
    get, path = "/v1/quarantine", operation_id = "list_quarantine", tag = "runs",
    responses((status = 200, description = "All such rows.", body = schemas::QuarantinePage))
)]
pub(in crate::v1) async fn list_quarantine(
    State(hub): State<Hub>,
    caller: Caller,
    Query(Nothing): Query<Nothing>,
) -> Result<Json<Page<Quarantined>>, Problem> {
    let mut rows = hub.quarantine(caller.workspace()).await?;
    rows.retain(|row| caller.scopes().sees(row.kind));
    Ok(Json(Page::whole(rows)))
}
