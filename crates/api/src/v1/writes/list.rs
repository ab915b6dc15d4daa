//! `GET /v1/writes`

use axum::{Json, extract::State};
use tongshi_hub::{Hub, WriteQuery, WriteView};

use crate::{
    authentication::Caller,
    cursor,
    parameters::{Limit, Query, parameters},
    problem::Problem,
    v1::{Page, schemas},
};

parameters! {
    /// Which writes.
    ListWrites {
        /// Only those in this state, such as `queued` or `dead`.
        state: Option<String>,
        /// Only those at this connection, by its name.
        connection: Option<String>,
        /// The `next` of the page before.
        after: Option<String>,
        /// How many at most.
        limit: Limit,
    }
}

const LIST: &str = "writes";

/// What the hub does at vendors, oldest first.
#[utoipa::path(
    get, path = "/v1/writes", operation_id = "list_writes", tag = "writes",
    params(ListWrites),
    responses((status = 200, description = "A page of writes.", body = schemas::WritePage))
)]
pub(in crate::v1) async fn list_writes(
    State(hub): State<Hub>,
    caller: Caller,
    Query(wanted): Query<ListWrites>,
) -> Result<Json<Page<WriteView>>, Problem> {
    let after = cursor::position(&caller, LIST, wanted.after.as_deref())?;
    let query =
        WriteQuery { state: wanted.state, connection: wanted.connection, after, limit: wanted.limit.0 };
    let page = hub.writes(caller.workspace(), &query, caller.scopes()).await?;
    Ok(Json(Page::cut(page.data, &caller, LIST, page.next)))
}
