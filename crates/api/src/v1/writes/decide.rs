//! `POST /v1/writes/{id}/approve`, `…/retry` and `…/withdraw`. A decision holds once by nature: the second one finds
//! the write in another state.

use axum::{
    Json,
    extract::{Path, State},
};
use tongshi_hub::{Decision, Hub, WriteView};
use tongshi_model::{Error, Id};

use crate::{
    authentication::Caller,
    parameters::{Nothing, Query},
    problem::Problem,
    v1::schemas,
};

/// Agrees to a write that waits for a second person; not for who asked for it.
#[utoipa::path(
    post, path = "/v1/writes/{id}/approve", operation_id = "approve_write", tag = "writes",
    params(("id" = String, Path, description = "The write's id.")),
    responses(
        (status = 200, description = "It is queued.", body = schemas::Write),
        (status = 409, description = "It does not wait for anybody.", body = schemas::Problem,
            content_type = "application/problem+json"),
    )
)]
pub(in crate::v1) async fn approve_write(
    State(hub): State<Hub>,
    caller: Caller,
    Path(id): Path<String>,
    Query(Nothing): Query<Nothing>,
) -> Result<Json<WriteView>, Problem> {
    decide(&hub, &caller, &id, Decision::Approve).await
}

/// Sends a write again that was given up, refused, or is not what the vendor shows.
#[utoipa::path(
    post, path = "/v1/writes/{id}/retry", operation_id = "retry_write", tag = "writes",
    params(("id" = String, Path, description = "The write's id.")),
    responses(
        (status = 200, description = "It is queued.", body = schemas::Write),
        (status = 409, description = "It was not given up.", body = schemas::Problem,
            content_type = "application/problem+json"),
    )
)]
pub(in crate::v1) async fn retry_write(
    State(hub): State<Hub>,
    caller: Caller,
    Path(id): Path<String>,
    Query(Nothing): Query<Nothing>,
) -> Result<Json<WriteView>, Problem> {
    decide(&hub, &caller, &id, Decision::Retry).await
}

/// Takes a write back that was not sent, or notes that one that was given up was seen to by hand.
#[utoipa::path(
    post, path = "/v1/writes/{id}/withdraw", operation_id = "withdraw_write", tag = "writes",
    params(("id" = String, Path, description = "The write's id.")),
    responses(
        (status = 200, description = "It is withdrawn.", body = schemas::Write),
        (status = 409, description = "It is on its way or done.", body = schemas::Problem,
            content_type = "application/problem+json"),
    )
)]
pub(in crate::v1) async fn withdraw_write(
    State(hub): State<Hub>,
    caller: Caller,
    Path(id): Path<String>,
    Query(Nothing): Query<Nothing>,
) -> Result<Json<WriteView>, Problem> {
    decide(&hub, &caller, &id, Decision::Withdraw).await
}

async fn decide(
    hub: &Hub,
    caller: &Caller,
    id: &str,
    decision: Decision,
) -> Result<Json<WriteView>, Problem> {
    let id: Id = id.parse().map_err(|_| Error::not_found("there is no such write"))?;
    let actor = format!("app:{}", caller.principal.app.name);
    Ok(Json(hub.decide_write(caller.workspace(), id, decision, &actor, caller.scopes()).await?))
}
