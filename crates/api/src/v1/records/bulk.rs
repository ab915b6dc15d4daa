//! `POST /v1/{kinds}/bulk`

use axum::{extract::State, response::Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};
use tongshi_hub::{Applied, Hub};
use tongshi_model::{Error, Id, Kind};

use crate::{
    authentication::Caller,
    idempotency::{Beginning, Idempotent, begin, finish},
    parameters::{Nothing, Query},
    problem::Problem,
    v1::{
        bulk::{Answered, Rows},
        openapi::check,
    },
};

/// What is sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sent {
    items: Vec<Map<String, Value>>,
}

/// Makes many records: those that can be made together, each of the others with its reason.
pub(super) async fn create_many(
    kind: Kind,
    State(hub): State<Hub>,
    caller: Caller,
    Query(Nothing): Query<Nothing>,
    Idempotent { body, key }: Idempotent<Sent>,
) -> Result<Response, Problem> {
    let mut answered = Answered::for_items(&hub, body.items.len())?;
    let mut once = match begin(&hub, &caller, key).await? {
        Beginning::New(once) => once,
        Beginning::Given(answer) => return Ok(answer),
    };
    let items = body.items.into_iter().map(|item| check::whole(kind, item)).collect();
    let bulk: Option<Id> = Some(answered.bulk());
    for made in hub.create_records(&mut once, &caller.principal, kind, items, bulk).await? {
        match made {
            Ok(Applied::Created(view)) => answered.add(StatusCode::CREATED, view),
            Ok(Applied::Changed(view) | Applied::Queued(view)) => answered.add(StatusCode::OK, view),
            Ok(Applied::Stale(_)) => return Err(Error::internal("a new record has no version").into()),
            Err(error) => answered.refuse(error),
        }
    }
    let rows: Rows<_> = answered.done();
    finish(once, StatusCode::OK, &rows).await
}
