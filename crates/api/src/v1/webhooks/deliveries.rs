//! `GET /v1/webhooks/{id}/deliveries`

use axum::{
    Json,
    extract::{Path, State},
};
use tongshi_hub::{DeliveryPage, Hub};

use super::{owner, schemas, webhook_id};
use crate::{
    authentication::Caller,
    parameters::{Limit, Query, parameters},
    problem::Problem,
    v1::schemas as shared,
};

parameters! {
    /// Which messages.
    ListWebhookDeliveries {
        /// Only those that are `waiting`, `delivered` or `dead`.
        state: Option<String>,
        /// The `next` of the answer before.
        after: Option<String>,
        /// How many at most.
        limit: Limit,
    }
}

/// What was sent to a webhook, what waits and what was given up, newest first.
///
/// What was delivered is kept for 7 days, what was given up for 30.
#[utoipa::path(
    get, path = "/v1/webhooks/{id}/deliveries", operation_id = "list_webhook_deliveries", tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id."), ListWebhookDeliveries),
    responses(
        (status = 200, description = "A page of messages.", body = schemas::WebhookDeliveryPage),
        (status = 404, description = "There is no such webhook.", body = shared::Problem,
            content_type = "application/problem+json"),
    )
)]
pub(in crate::v1) async fn list_webhook_deliveries(
    State(hub): State<Hub>,
    caller: Caller,
    Path(id): Path<String>,
    Query(wanted): Query<ListWebhookDeliveries>,
) -> Result<Json<DeliveryPage>, Problem> {
    let (state, after) = (wanted.state.as_deref(), wanted.after.as_deref());
    let id = webhook_id(&id)?;
    Ok(Json(hub.webhook_deliveries(&owner(&caller), id, state, after, wanted.limit.0).await?))
}
