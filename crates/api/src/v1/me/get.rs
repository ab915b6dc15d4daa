//! `GET /v1/me`

use axum::Json;
use serde::Serialize;
use tongshi_hub::Scopes;
use tongshi_model::Id;

use crate::{
    authentication::Caller,
    parameters::{Nothing, Query},
    problem::Problem,
    v1::schemas,
};

/// Who calls.
#[derive(Serialize)]
pub(in crate::v1) struct Me {
    app: Named,
    workspace: Named,
    scopes: Scopes,
}

#[derive(Serialize)]
struct Named {
    id: Id,
    name: String,
}

/// The app that the key belongs to, its workspace, and what it may see.
#[utoipa::path(
    get, path = "/v1/me", operation_id = "get_me", tag = "workspace",
    responses((status = 200, description = "The app.", body = schemas::Me))
)]
pub(in crate::v1) async fn get_me(
    caller: Caller,
    Query(Nothing): Query<Nothing>,
) -> Result<Json<Me>, Problem> {
    let (app, workspace) = (caller.principal.app, caller.principal.workspace);
    Ok(Json(Me {
        app: Named { id: app.id, name: app.name.clone() },
        workspace: Named { id: workspace.id, name: workspace.name },
        scopes: caller.principal.scopes,
    }))
}
