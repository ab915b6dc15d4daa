//! `GET /v1/webhooks`

use axum::{Json, extract::State};
use tongshi_hub::{Hub, WebhookView};

use super::{owner, schemas};
use crate::{
    authentication::Caller,
    parameters::{Nothing, Query},
    problem::Problem,
    v1::Page,
};

/// The calling app's webhooks, oldest first.
#[utoipa::path(
    get, path = "/v1/webhooks", operation_id = "list_webhooks", tag = "webhooks",
    responses((status = 200, description = "The webhooks.", body = schemas::WebhookPage))
)]
pub(in crate::v1) async fn list_webhooks(
    State(hub): State<Hub>,
    caller: Caller,
    Query(Nothing): Query<Nothing>,
) -> Result<Json<Page<WebhookView>>, Problem> {
    Ok(Json(Page::whole(hub.webhooks(&owner(&caller)).await?)))
}
