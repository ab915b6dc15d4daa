//! `DELETE /v1/{kinds}/{id}`

use axum::{
    extract::{Path, State},
    response::Response,
};
use http::HeaderMap;
use serde::Deserialize;
use tongshi_hub::Hub;
use tongshi_model::Kind;

use super::answers;
use crate::{
    authentication::Caller,
    idempotency::{Beginning, Idempotent, begin},
    parameters::{Nothing, Query},
    problem::Problem,
};

/// Nothing is sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Empty {}

/// Takes a record away.
pub(super) async fn delete(
    kind: Kind,
    State(hub): State<Hub>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Query(Nothing): Query<Nothing>,
    Idempotent { body: Empty {}, key }: Idempotent<Empty>,
) -> Result<Response, Problem> {
    let (id, expected) = (answers::id(&caller, kind, &id)?, answers::expected(&headers)?);
    let mut once = match begin(&hub, &caller, key).await? {
        Beginning::New(once) => once,
        Beginning::Given(answer) => return Ok(answer),
    };
    let applied = hub.delete_record(&mut once, &caller.principal, kind, id, expected).await?;
    answers::answer(once, applied).await
}
