//! `PATCH /v1/{kinds}/{id}`

use axum::{
    extract::{Path, State},
    response::Response,
};
use http::HeaderMap;
use serde_json::{Map, Value};
use tongshi_hub::Hub;
use tongshi_model::Kind;

use super::answers;
use crate::{
    authentication::Caller,
    idempotency::{Beginning, Idempotent, begin},
    parameters::{Nothing, Query},
    problem::Problem,
    v1::openapi::check,
};

/// Changes a record: each field in the body takes the place of the stored one, null takes it away.
pub(super) async fn update(
    kind: Kind,
    State(hub): State<Hub>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Query(Nothing): Query<Nothing>,
    Idempotent { body, key }: Idempotent<Map<String, Value>>,
) -> Result<Response, Problem> {
    let (id, expected) = (answers::id(&caller, kind, &id)?, answers::expected(&headers)?);
    let mut once = match begin(&hub, &caller, key).await? {
        Beginning::New(once) => once,
        Beginning::Given(answer) => return Ok(answer),
    };
    let patch = check::part(kind, body)?;
    let applied = hub.update_record(&mut once, &caller.principal, kind, id, expected, patch).await?;
    answers::answer(once, applied).await
}
