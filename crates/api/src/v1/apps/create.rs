//! `POST /v1/apps`

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};
use tongshi_dialect::Addresses;
use tongshi_hub::{Access, AppLimits, Hub, NewApp, Scopes};

use super::{Keys, described};
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
    name: String,
    #[serde(default)]
    faces: Vec<String>,
    #[serde(default)]
    scopes: Scopes,
    #[serde(default)]
    settings: Map<String, Value>,
    #[serde(default)]
    addresses: Addresses,
    #[serde(default)]
    redirect_uris: Vec<String>,
    #[serde(default)]
    limits: AppLimits,
}

/// Registers an app. Its keys are shown this once.
///
/// The caller cannot give it scopes that it does not hold itself. A name that is taken is a conflict: rotate the keys of
/// the app that has it, or change it.
#[utoipa::path(
    post, path = "/v1/apps", operation_id = "create_app", tag = "apps",
    request_body = described::NewApp,
    responses(
        (status = 201, description = "The app with its keys.", body = described::AppKeys),
        (status = 409, description = "There is an app of this name.", body = schemas::Problem,
            content_type = "application/problem+json"),
    )
)]
pub(in crate::v1) async fn create_app(
    State(hub): State<Hub>,
    admin: Admin,
    Query(Nothing): Query<Nothing>,
    Json(sent): Json<Sent>,
) -> Result<(StatusCode, axum::Json<Keys>), Problem> {
    let Sent { name, faces, scopes, settings, addresses, redirect_uris, limits } = sent;
    let access = Access { addresses, redirect_uris, limits };
    let new = NewApp { name, faces, scopes, settings: Value::Object(settings), access };
    let keys = hub.create_app(admin.workspace(), new, &admin.actor()).await?;
    Ok((StatusCode::CREATED, axum::Json(keys.into())))
}
