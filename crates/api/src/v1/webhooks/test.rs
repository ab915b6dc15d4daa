//! `POST /v1/webhooks/{id}/test`

use axum::{
    Json,
    extract::{Path, State},
};
use tongshi_hub::{Hub, WebhookTest};

use super::{owner, schemas, webhook_id};
use crate::{authentication::Caller, problem::Problem, v1::schemas as shared};

/// Sends a message of the type `webhook.test` now, once, and answers what came back.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/test", operation_id = "test_webhook", tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id.")),
    responses(
        (status = 200, description = "What came back.", body = schemas::WebhookTest),
        (status = 404, description = "There is no such webhook.", body = shared::Problem,
            content_type = "application/problem+json"),
    )
)]
pub(in crate::v1) async fn test_webhook(
    State(hub): State<Hub>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<WebhookTest>, Problem> {
    Ok(Json(hub.test_webhook(&owner(&caller), webhook_id(&id)?).await?))
}
