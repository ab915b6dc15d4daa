//! `PATCH /v1/apps/{id}`

use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Map, Value};
use tongshi_dialect::Addresses;
use tongshi_hub::{Access, AppChange, AppLimits, Hub, Scopes};

use super::{Keys, described, found, shown};
use crate::{
    authentication::Admin,
    json::Json,
    parameters::{Nothing, Query},
    problem::Problem,
    v1::schemas,
};

/// What is sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::v1) struct Sent {
    faces: Option<Vec<String>>,
    scopes: Option<Scopes>,
    #[serde(default)]
    settings: Map<String, Value>,
    addresses: Option<Addresses>,
    redirect_uris: Option<Vec<String>>,
    limits: Option<AppLimits>,
}

/// Changes an app; what is left out stays.
///
/// Each list replaces the one before. A face that is new to the app gets keys, shown this once; the keys of one that is
/// left out of `faces` end. Neither the scopes before nor those after may exceed the caller's own.
#[utoipa::path(
    patch, path = "/v1/apps/{id}", operation_id = "change_app", tag = "apps",
    params(("id" = String, Path, description = "The app's id.")),
    request_body = described::AppChange,
    responses(
        (status = 200, description = "The app, and the keys for faces that are new.", body = described::AppKeys),
        (status = 404, description = "There is no such app.", body = schemas::Problem,
            content_type = "application/problem+json"),
    )
)]
pub(in crate::v1) async fn change_app(
    State(hub): State<Hub>,
    admin: Admin,
    Path(id): Path<String>,
    Query(Nothing): Query<Nothing>,
    Json(sent): Json<Sent>,
) -> Result<axum::Json<Keys>, Problem> {
    let app = found(&hub, &admin, &id).await?;
    let access =
        (sent.addresses.is_some() || sent.redirect_uris.is_some() || sent.limits.is_some()).then(|| {
            let before = app.access.clone();
            Access {
                addresses: sent.addresses.unwrap_or(before.addresses),
                redirect_uris: sent.redirect_uris.unwrap_or(before.redirect_uris),
                limits: sent.limits.unwrap_or(before.limits),
            }
        });
    let change = AppChange { faces: sent.faces, scopes: sent.scopes, settings: sent.settings, access };
    let (app, keys) = hub.update_app(admin.workspace(), &app.name, change, &admin.actor()).await?;
    Ok(axum::Json(Keys { app, api_key: None, faces: shown(keys) }))
}
