//! `DELETE /v1/sessions/{id}`

use axum::extract::{Path, State};
use http::StatusCode;
use tongshi_hub::Hub;
use tongshi_model::{Error, Id};

use crate::{authentication::Admin, problem::Problem, v1::schemas};

/// Ends a session: its browser is signed out from the same moment on. For apps that administrate.
#[utoipa::path(
    delete, path = "/v1/sessions/{id}", operation_id = "revoke_session", tag = "sessions",
    params(("id" = String, Path, description = "The session's id.")),
    responses(
        (status = 204, description = "It has ended."),
        (status = 404, description = "There is no such session that is good.", body = schemas::Problem,
            content_type = "application/problem+json"),
    )
)]
pub(in crate::v1) async fn revoke_session(
    State(hub): State<Hub>,
    admin: Admin,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    // What cannot be an id is nobody's.
    let id: Id = id.parse().map_err(|_| Error::not_found("there is no such session that is good"))?;
    hub.revoke_session(admin.workspace(), id, admin.actor().name()).await?;
    Ok(StatusCode::NO_CONTENT)
}
