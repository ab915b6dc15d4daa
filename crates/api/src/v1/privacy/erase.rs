//! `POST /v1/privacy/erase`

use axum::extract::State;
use serde::Deserialize;
use tongshi_hub::{Hub, Receipt};
use tongshi_model::{Action, Error};
use utoipa::ToSchema;

use super::{may_see_everything, schemas};
use crate::{
    authentication::Caller,
    json::Json,
    parameters::{Nothing, Query},
    problem::Problem,
};

/// Whom to erase.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::v1) struct Erase {
    /// A record's id, an employee number, a mobile number or a mail address.
    person: String,
    /// Why, without personal data: a ticket's number.
    reason: String,
    /// Only say what would go.
    #[serde(default)]
    dry_run: bool,
}

/// Erases a person from everything that the hub holds, and keeps them out.
///
/// The vendors named in the receipt hold the person still; the hub erases nothing there, and passes their rows over.
#[utoipa::path(
    post, path = "/v1/privacy/erase", operation_id = "erase_person", tag = "privacy",
    request_body = Erase,
    responses((status = 200, description = "The receipt.", body = schemas::Receipt))
)]
pub(in crate::v1) async fn erase_person(
    State(hub): State<Hub>,
    caller: Caller,
    Query(Nothing): Query<Nothing>,
    Json(wanted): Json<Erase>,
) -> Result<axum::Json<Receipt>, Problem> {
    may_see_everything(&caller)?;
    if !caller.scopes().may("privacy", Action::Delete) {
        return Err(
            Error::forbidden("this key may not erase: it needs write and the action privacy:delete").into()
        );
    }
    let actor = format!("app:{}", caller.principal.app.name);
    let Erase { person, reason, dry_run } = wanted;
    let erasing = hub.erase_person(caller.workspace(), &person, &reason, &actor, dry_run);
    Ok(axum::Json(Box::pin(erasing).await?))
}
