//! `GET /v1/identity/conflicts`

use axum::{Json, extract::State};
use tongshi_hub::{Hub, IdentityConflict};

use crate::{
    authentication::Caller,
    parameters::{Nothing, Query},
    problem::Problem,
    v1::{Page, schemas},
};

/// Pairs of records that may be one and that a person must decide about, surest first.
#[utoipa::path(
    get, path = "/v1/identity/conflicts", operation_id = "list_identity_conflicts", tag = "identity",
    responses((status = 200, description = "All such pairs.", body = schemas::IdentityConflictPage))
)]
pub(in crate::v1) async fn list_identity_conflicts(
    State(hub): State<Hub>,
    caller: Caller,
    Query(Nothing): Query<Nothing>,
) -> Result<Json<Page<IdentityConflict>>, Problem> {
    let found = hub.identity_conflicts(caller.workspace()).await?;
    let seen = found.into_iter().filter(|conflict| caller.scopes().sees(conflict.kind));
    Ok(Json(Page::whole(seen.collect())))
}
