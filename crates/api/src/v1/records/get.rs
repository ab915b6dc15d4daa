//! `GET /v1/{kinds}/{id}`

use axum::{
    Json,
    extract::{Path, State},
};
use serde::Serialize;
use tongshi_hub::{Hub, Lineage, RecordView};
use tongshi_model::{Error, Id, Kind};

use crate::{
    authentication::Caller,
    parameters::{Query, Switch, parameters},
    problem::Problem,
};

parameters! {
    /// How much of the record.
    GetRecord {
        /// Whether the sources are shown from which the record is made.
        lineage: Switch,
    }
}

/// A record, and where it comes from if that was asked for.
#[derive(Serialize)]
pub(super) struct Answer {
    #[serde(flatten)]
    record: RecordView,
    #[serde(skip_serializing_if = "Option::is_none")]
    lineage: Option<Vec<Lineage>>,
}

/// One record, deleted or not.
pub(super) async fn get(
    kind: Kind,
    State(hub): State<Hub>,
    caller: Caller,
    Path(id): Path<String>,
    Query(wanted): Query<GetRecord>,
) -> Result<Json<Answer>, Problem> {
    let nobody = || Error::not_found(format!("there is no such {kind}"));
    // What is no id, what is somebody else's and what the app may not see are told in the same words.
    let id: Id = id.parse().map_err(|_| nobody())?;
    if !caller.scopes().sees(kind) {
        return Err(nobody().into());
    }
    let record = hub.record(caller.workspace(), kind, id, caller.scopes()).await?;
    hub.note_records(caller.workspace(), &caller.actor(), "v1", [&record]).await?;
    let lineage = if wanted.lineage.0 {
        let lineage = hub.lineage(caller.workspace(), record.id, caller.scopes()).await?;
        hub.note_lineage(caller.workspace(), &caller.actor(), "v1", (kind, record.id), &lineage).await?;
        Some(lineage)
    } else {
        None
    };
    Ok(Json(Answer { record, lineage }))
}
