//! `POST /v1/{kinds}`

use axum::{extract::State, response::Response};
use serde_json::{Map, Value};
use tongshi_hub::Hub;
use tongshi_model::{Error, Kind};

use super::answers;
use crate::{
    authentication::Caller,
    idempotency::{Beginning, Idempotent, begin},
    parameters::{Nothing, Query},
    problem::Problem,
    v1::openapi::check,
};

/// Makes a record of the document in the body.
pub(super) async fn create(
    kind: Kind,
    State(hub): State<Hub>,
    caller: Caller,
    Query(Nothing): Query<Nothing>,
    Idempotent { body, key }: Idempotent<Map<String, Value>>,
) -> Result<Response, Problem> {
    let mut once = match begin(&hub, &caller, key).await? {
        Beginning::New(once) => once,
        Beginning::Given(answer) => return Ok(answer),
    };
    let items = vec![check::whole(kind, body)];
    let mut made = hub.create_records(&mut once, &caller.principal, kind, items, None).await?;
    let made = made.pop().ok_or_else(|| Error::internal("a record has no answer"))??;
    answers::answer(once, made).await
}
