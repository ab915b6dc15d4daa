//! `GET /v1/connections/{id}/quota`

use axum::{
    Json,
    extract::{Path, State},
};
use tongshi_hub::{Hub, QuotaView};
use tongshi_model::Error;

use crate::{
    authentication::Caller,
    parameters::{Nothing, Query},
    problem::Problem,
    v1::schemas,
};

/// The calls that the connection's vendor counts by the month: used, planned until its end, and kept from the plan.
#[utoipa::path(
    get, path = "/v1/connections/{id}/quota", operation_id = "get_quota", tag = "connections",
    params(("id" = String, Path, description = "The connection's id.")),
    responses(
        (status = 200, description = "The present month.", body = schemas::Quota),
        (status = 404, description = "There is no such connection, or its vendor counts no calls.",
            body = schemas::Problem, content_type = "application/problem+json"),
    )
)]
pub(in crate::v1) async fn get_quota(
    State(hub): State<Hub>,
    caller: Caller,
    Path(id): Path<String>,
    Query(Nothing): Query<Nothing>,
) -> Result<Json<QuotaView>, Problem> {
    // What cannot be an id is nobody's.
    let id = id.parse().map_err(|_| Error::not_found("there is no such connection"))?;
    let quota = hub.monthly_quota_by_id(caller.workspace(), id).await?;
    Ok(Json(quota.ok_or_else(|| Error::not_found("this connection's vendor counts no calls"))?))
}
