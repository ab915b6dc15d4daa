//! `GET /v1/requests`

use axum::{Json, extract::State};
use tongshi_hub::{Hub, RequestPage, RequestQuery};
use tongshi_model::{Error, Timestamp};

use crate::{
    authentication::Admin,
    parameters::{Limit, Query, parameters},
    problem::Problem,
    v1::schemas,
};

parameters! {
    /// Which requests.
    ListRequests {
        /// Only those before this number: the `next` of the answer before.
        before: Option<i64>,
        /// Only those of this face, or `v1` or `hooks`.
        face: Option<String>,
        /// Only those of this app.
        app: Option<String>,
        /// Only those with this HTTP status.
        status: Option<i64>,
        /// Only those from this instant on.
        since: Option<Timestamp>,
        /// How many at most.
        limit: Limit,
    }
}

/// What faces, events' addresses and `/v1` refused and why, newest first.
///
/// What was sent is redacted. Which calls are kept, and for how long, is configured. For apps that administrate.
#[utoipa::path(
    get, path = "/v1/requests", operation_id = "list_requests", tag = "operation",
    params(ListRequests),
    responses((status = 200, description = "A page of the log of requests.", body = schemas::RequestPage))
)]
pub(in crate::v1) async fn list_requests(
    State(hub): State<Hub>,
    admin: Admin,
    Query(wanted): Query<ListRequests>,
) -> Result<Json<RequestPage>, Problem> {
    let status = wanted.status.map(u16::try_from).transpose();
    let query = RequestQuery {
        before: wanted.before,
        face: wanted.face,
        app: wanted.app,
        status: status.map_err(|_| Error::invalid("status", "status is an HTTP status"))?,
        since: wanted.since,
        nobodys: false,
    };
    Ok(Json(hub.requests(admin.workspace(), &query, wanted.limit.0).await?))
}
