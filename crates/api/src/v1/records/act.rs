//! `POST /v1/{kinds}/{id}/{action}`

use axum::{
    extract::{Path, State},
    response::Response,
};
use serde::Deserialize;
use tongshi_hub::{Act, Hub};
use tongshi_model::{Action, Id, Kind};

use super::answers;
use crate::{
    authentication::Caller,
    idempotency::{Beginning, Idempotent, begin},
    parameters::{Nothing, Query},
    problem::Problem,
};

/// What goes with an action.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sent {
    #[serde(default)]
    comment: Option<String>,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    to: Option<Id>,
}

/// Does something to a record: approves it, calls it off.
pub(super) async fn act(
    kind: Kind,
    action: Action,
    State(hub): State<Hub>,
    caller: Caller,
    Path(id): Path<String>,
    Query(Nothing): Query<Nothing>,
    Idempotent { body: Sent { comment, reason, to }, key }: Idempotent<Sent>,
) -> Result<Response, Problem> {
    let id = answers::id(&caller, kind, &id)?;
    let mut once = match begin(&hub, &caller, key).await? {
        Beginning::New(once) => once,
        Beginning::Given(answer) => return Ok(answer),
    };
    let act = Act { comment, reason, to };
    let applied = hub.act_on_record(&mut once, &caller.principal, kind, id, action, &act).await?;
    answers::answer(once, applied).await
}
