//! `POST /v1/identity/link`

use axum::extract::State;
use serde::Deserialize;
use tongshi_hub::{Hub, Linked};
use tongshi_model::Id;
use utoipa::ToSchema;

use super::{actor, may_change};
use crate::{authentication::Caller, json::Json, problem::Problem, v1::schemas};

/// Two records that are one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::v1) struct LinkRecords {
    /// One record, by its id.
    #[schema(value_type = String)]
    record: Id,
    /// The other, of the same kind.
    #[schema(value_type = String)]
    other: Id,
}

/// Make one record of two. The older one's id stays; the other's means it from then on, until they are taken apart.
#[utoipa::path(
    post, path = "/v1/identity/link", operation_id = "link_records", tag = "identity",
    request_body = LinkRecords,
    responses(
        (status = 200, description = "They are one.", body = schemas::Linked),
        (status = 404, description = "There is no such record."),
        (status = 409, description = "They are one already, or one is deleted."),
    )
)]
pub(in crate::v1) async fn link_records(
    State(hub): State<Hub>,
    caller: Caller,
    Json(wanted): Json<LinkRecords>,
) -> Result<axum::Json<Linked>, Problem> {
    may_change(&hub, &caller, wanted.record).await?;
    may_change(&hub, &caller, wanted.other).await?;
    let linked = hub.link(caller.workspace(), wanted.record, wanted.other, &actor(&caller)).await?;
    Ok(axum::Json(linked))
}
