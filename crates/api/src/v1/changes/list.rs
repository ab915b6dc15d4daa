//! `GET /v1/changes`

use axum::{Json, extract::State};
use tongshi_hub::{ChangePage, Hub};
use tongshi_model::Kind;

use crate::{
    authentication::Caller,
    parameters::{Limit, Query, parameters},
    problem::Problem,
    v1::schemas,
};

parameters! {
    /// Which changes.
    ListChanges {
        /// Only those after this sequence number: the `next` of the answer before, 0 for the beginning.
        after: Option<i64>,
        /// Only those of this kind.
        kind: Option<Kind>,
        /// How many at most.
        limit: Limit,
    }
}

/// What happened to records, oldest first.
///
/// `next` is there on the last page, too: ask again with it for what happens later.
#[utoipa::path(
    get, path = "/v1/changes", operation_id = "list_changes", tag = "changes",
    params(ListChanges),
    responses((status = 200, description = "A page of the journal.", body = schemas::ChangePage))
)]
pub(in crate::v1) async fn list_changes(
    State(hub): State<Hub>,
    caller: Caller,
    Query(wanted): Query<ListChanges>,
) -> Result<Json<ChangePage>, Problem> {
    let after = wanted.after.unwrap_or(0);
    let page = hub.changes(caller.workspace(), after, wanted.kind, wanted.limit.0, caller.scopes()).await?;
    Ok(Json(page))
}
