//! `POST /v1/webhooks`

use axum::{Json as Answer, extract::State};
use http::StatusCode;
use serde::Deserialize;
use tongshi_hub::{Hub, NewWebhook};
use utoipa::ToSchema;

use super::{Payload, WithSecret, owner, schemas};
use crate::{authentication::Caller, json::Json, problem::Problem, v1::schemas as shared};

/// A webhook to be registered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::v1) struct CreateWebhook {
    /// Where messages go: an https address on the public internet.
    url: String,
    /// Which events: a kind and what happens to it, such as `employee.created` or `employee.*`; `*` for all.
    events: Vec<String>,
    /// How much a message says; `thin` unless it is said.
    payload: Option<Payload>,
    /// What to call it; by default the address's host.
    name: Option<String>,
}

/// Registers a webhook for the calling app.
///
/// Messages follow the Standard Webhooks specification. They tell of what changes from now on, as far as the app may see
/// it, each record's changes in order and each at least once. The secret is shown this once.
#[utoipa::path(
    post, path = "/v1/webhooks", operation_id = "create_webhook", tag = "webhooks",
    request_body = CreateWebhook,
    responses(
        (status = 201, description = "The webhook with its secret.", body = schemas::WebhookWithSecret),
        (status = 400, description = "The address or an event cannot be taken.", body = shared::Problem,
            content_type = "application/problem+json"),
    )
)]
pub(in crate::v1) async fn create_webhook(
    State(hub): State<Hub>,
    caller: Caller,
    Json(new): Json<CreateWebhook>,
) -> Result<(StatusCode, Answer<WithSecret>), Problem> {
    let full = new.payload.is_some_and(Payload::is_full);
    let new = NewWebhook { name: new.name, url: new.url, events: new.events, full };
    let made = hub.create_webhook(&owner(&caller), caller.principal.app.id, new).await?;
    Ok((StatusCode::CREATED, Answer(made.into())))
}
