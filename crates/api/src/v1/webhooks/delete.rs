//! `DELETE /v1/webhooks/{id}`

use axum::extract::{Path, State};
use http::StatusCode;
use tongshi_hub::Hub;

use super::{owner, webhook_id};
use crate::{authentication::Caller, problem::Problem, v1::schemas as shared};

/// Removes a webhook with all that waits for it.
#[utoipa::path(
    delete, path = "/v1/webhooks/{id}", operation_id = "delete_webhook", tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id.")),
    responses(
        (status = 204, description = "It is removed."),
        (status = 404, description = "There is no such webhook.", body = shared::Problem,
            content_type = "application/problem+json"),
    )
)]
pub(in crate::v1) async fn delete_webhook(
    State(hub): State<Hub>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    hub.remove_webhook(&owner(&caller), webhook_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
