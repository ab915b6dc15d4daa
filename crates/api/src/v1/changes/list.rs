//! `GET /v1/changes`

use std::time::Duration;

use axum::{Extension, Json, extract::State};
use tongshi_hub::{ChangePage, FeedQuery, Hub};

use super::feed::Feed;
use crate::{
    authentication::Caller,
    parameters::{Kinds, Limit, Query, UpTo, parameters},
    problem::Problem,
    serve::Stopping,
    v1::schemas,
};

/// Longer than this, something between the caller and the hub would cut the connection.
const WAIT_SECONDS_MAX: u32 = 60;

parameters! {
    /// Which changes.
    ListChanges {
        /// Only those after this sequence number: the `next` of the answer before, 0 for the beginning.
        after: Option<i64>,
        /// Only those of these kinds, separated by commas.
        kind: Option<Kinds>,
        /// So many seconds the answer may wait for something to come, where there is nothing yet.
        wait: Option<UpTo<WAIT_SECONDS_MAX>>,
        /// How many at most.
        limit: Limit,
    }
}

/// What happened to records, oldest first.
///
/// `next` is there on the last page, too: ask again with it for what happens later. When it is `last`, there is no
/// more for now. What the key may not see is passed over, also changes of fields that it may not see alone.
#[utoipa::path(
    get, path = "/v1/changes", operation_id = "list_changes", tag = "changes",
    params(ListChanges),
    responses((status = 200, description = "A page of the journal.", body = schemas::ChangePage))
)]
pub(in crate::v1) async fn list_changes(
    State(hub): State<Hub>,
    caller: Caller,
    Query(wanted): Query<ListChanges>,
    stopping: Option<Extension<Stopping>>,
) -> Result<Json<ChangePage>, Problem> {
    let kinds = wanted.kind.unwrap_or_default().0;
    let query = FeedQuery { after: wanted.after.unwrap_or(0), kinds, limit: wanted.limit.0 };
    let page = hub.feed(caller.workspace(), &query, caller.scopes()).await?;
    let wait = Duration::from_secs(wanted.wait.map_or(0, |UpTo(seconds)| seconds.into()));
    if !page.data.is_empty() || wait.is_zero() {
        hub.note_changes(caller.workspace(), &caller.actor(), "v1", &page.data).await?;
        return Ok(Json(page));
    }
    let query = FeedQuery { after: page.next, ..query };
    let mut feed = Feed::new(hub, caller, query, Stopping::token(stopping))?;
    let awaited = tokio::time::timeout(wait, feed.something()).await;
    Ok(Json(match awaited {
        Ok(page) => page?,
        Err(_) => feed.nothing(),
    }))
}
