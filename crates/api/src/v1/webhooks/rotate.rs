//! `POST /v1/webhooks/{id}/rotate`

use axum::{
    Json,
    extract::{Path, State},
};
use tongshi_hub::Hub;

use super::{WithSecret, owner, schemas, webhook_id};
use crate::{authentication::Caller, problem::Problem, v1::schemas as shared};

/// Gives a webhook a new secret, shown this once.
///
/// For 24 hours messages carry two signatures, one by the new secret and one by the old.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/rotate", operation_id = "rotate_webhook", tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id.")),
    responses(
        (status = 200, description = "The webhook with its new secret.", body = schemas::WebhookWithSecret),
        (status = 404, description = "There is no such webhook.", body = shared::Problem,
            content_type = "application/problem+json"),
    )
)]
pub(in crate::v1) async fn rotate_webhook(
    State(hub): State<Hub>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<WithSecret>, Problem> {
    Ok(Json(hub.rotate_webhook(&owner(&caller), webhook_id(&id)?).await?.into()))
}
