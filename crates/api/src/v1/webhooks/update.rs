//! `PATCH /v1/webhooks/{id}`

use axum::{
    Json as Answer,
    extract::{Path, State},
};
use serde::Deserialize;
use tongshi_hub::{Hub, WebhookChange, WebhookView};
use utoipa::ToSchema;

use super::{Payload, owner, schemas, webhook_id};
use crate::{authentication::Caller, json::Json, problem::Problem, v1::schemas as shared};

/// What is to be different; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::v1) struct UpdateWebhook {
    /// Where messages go.
    url: Option<String>,
    /// Which events.
    events: Option<Vec<String>>,
    /// How much a message says.
    payload: Option<Payload>,
    /// What to call it.
    name: Option<String>,
    /// Whether it is on. Switched on again it goes on where it was.
    enabled: Option<bool>,
}

/// Changes a webhook.
#[utoipa::path(
    patch, path = "/v1/webhooks/{id}", operation_id = "update_webhook", tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id.")),
    request_body = UpdateWebhook,
    responses(
        (status = 200, description = "The webhook as it is now.", body = schemas::Webhook),
        (status = 404, description = "There is no such webhook.", body = shared::Problem,
            content_type = "application/problem+json"),
    )
)]
pub(in crate::v1) async fn update_webhook(
    State(hub): State<Hub>,
    caller: Caller,
    Path(id): Path<String>,
    Json(change): Json<UpdateWebhook>,
) -> Result<Answer<WebhookView>, Problem> {
    let change = WebhookChange {
        name: change.name,
        url: change.url,
        events: change.events,
        full: change.payload.map(Payload::is_full),
        enabled: change.enabled,
    };
    Ok(Answer(hub.change_webhook(&owner(&caller), webhook_id(&id)?, change).await?))
}
