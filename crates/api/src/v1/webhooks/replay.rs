//! `POST /v1/webhooks/{id}/replay`

use axum::{
    Json as Answer,
    extract::{Path, State},
};
use serde::Deserialize;
use tongshi_hub::{Hub, Replay, Replayed};
use tongshi_model::Error;
use utoipa::ToSchema;

use super::{owner, schemas, webhook_id};
use crate::{authentication::Caller, json::Json, problem::Problem, v1::schemas as shared};

/// What is to be sent again: messages by their ids, or the changes from one number up to another.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::v1) struct ReplayWebhook {
    /// Messages of the log.
    ids: Option<Vec<String>>,
    /// The first change.
    from_seq: Option<i64>,
    /// The last change.
    to_seq: Option<i64>,
}

/// Sends messages again, under the same ids and with new times; each record's go in order.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/replay", operation_id = "replay_webhook", tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id.")),
    request_body = ReplayWebhook,
    responses(
        (status = 200, description = "How many messages are sent again.", body = schemas::WebhookReplayed),
        (status = 404, description = "There is no such webhook or message.", body = shared::Problem,
            content_type = "application/problem+json"),
    )
)]
pub(in crate::v1) async fn replay_webhook(
    State(hub): State<Hub>,
    caller: Caller,
    Path(id): Path<String>,
    Json(wanted): Json<ReplayWebhook>,
) -> Result<Answer<Replayed>, Problem> {
    let replay = match (wanted.ids, wanted.from_seq, wanted.to_seq) {
        (Some(ids), None, None) => Replay::Ids(ids),
        (None, Some(from_seq), Some(to_seq)) => Replay::Changes { from_seq, to_seq },
        _ => return Err(Error::invalid("ids", "send either ids, or from_seq and to_seq").into()),
    };
    Ok(Answer(hub.replay_webhook(&owner(&caller), webhook_id(&id)?, replay).await?))
}
