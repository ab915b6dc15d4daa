//! `POST /v1/identity/unlink`

use axum::extract::State;
use serde::Deserialize;
use tongshi_hub::{Hub, Unlinked};
use tongshi_model::Id;
use utoipa::ToSchema;

use super::{actor, may_change};
use crate::{authentication::Caller, json::Json, problem::Problem, v1::schemas};

/// A source that does not belong to its record.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::v1) struct UnlinkSource {
    /// The record, by its id.
    #[schema(value_type = String)]
    record: Id,
    /// The connection's name.
    connection: String,
    /// The vendor's id, where the record has several sources of the connection.
    #[serde(default)]
    remote_id: Option<String>,
}

/// Take a connection's source out of a record. It is a record of its own again, and no rule links the two again.
#[utoipa::path(
    post, path = "/v1/identity/unlink", operation_id = "unlink_source", tag = "identity",
    request_body = UnlinkSource,
    responses(
        (status = 200, description = "They are two.", body = schemas::Unlinked),
        (status = 404, description = "There is no such record or source."),
        (status = 409, description = "The record has no other source."),
    )
)]
pub(in crate::v1) async fn unlink_source(
    State(hub): State<Hub>,
    caller: Caller,
    Json(wanted): Json<UnlinkSource>,
) -> Result<axum::Json<Unlinked>, Problem> {
    may_change(&hub, &caller, wanted.record).await?;
    let UnlinkSource { record, connection, remote_id } = wanted;
    let unlinked =
        hub.unlink(caller.workspace(), record, &connection, remote_id.as_deref(), &actor(&caller)).await?;
    Ok(axum::Json(unlinked))
}
