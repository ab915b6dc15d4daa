//! `GET /v1/webhooks/{id}`

use axum::{
    Json,
    extract::{Path, State},
};
use tongshi_hub::{Hub, WebhookView};

use super::{owner, schemas, webhook_id};
use crate::{
    authentication::Caller,
    parameters::{Nothing, Query},
    problem::Problem,
    v1::schemas as shared,
};

/// A webhook.
#[utoipa::path(
    get, path = "/v1/webhooks/{id}", operation_id = "get_webhook", tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id.")),
    responses(
        (status = 200, description = "The webhook.", body = schemas::Webhook),
        (status = 404, description = "There is no such webhook.", body = shared::Problem,
            content_type = "application/problem+json"),
    )
)]
pub(in crate::v1) async fn get_webhook(
    State(hub): State<Hub>,
    caller: Caller,
    Path(id): Path<String>,
    Query(Nothing): Query<Nothing>,
) -> Result<Json<WebhookView>, Problem> {
    Ok(Json(hub.webhook(&owner(&caller), webhook_id(&id)?).await?))
}
