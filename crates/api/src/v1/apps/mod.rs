//! `/v1/apps`: programs registered in the workspace, for those who administrate. What the routes share is here.

pub(super) mod change;
pub(super) mod create;
pub(super) mod delete;
mod described;
pub(super) mod get;
pub(super) mod list;
pub(super) mod rotate;
pub(super) mod switch;

use std::collections::BTreeMap;

use serde::Serialize;
use tongshi_hub::{AppView, FaceKeys, Hub, NewAppKeys};
use tongshi_model::{Error, Id};

use crate::authentication::Admin;

/// Keys as they are shown, once.
#[derive(Serialize)]
pub(in crate::v1) struct Keys {
    app: AppView,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key: Option<String>,
    faces: BTreeMap<String, BTreeMap<String, String>>,
}

impl From<NewAppKeys> for Keys {
    fn from(keys: NewAppKeys) -> Self {
        Self { app: keys.app, api_key: Some(keys.api_key.expose().to_owned()), faces: shown(keys.faces) }
    }
}

fn shown(faces: FaceKeys) -> BTreeMap<String, BTreeMap<String, String>> {
    let show = |fields: BTreeMap<String, tongshi_model::Secret>| {
        fields.into_iter().map(|(name, value)| (name, value.expose().to_owned())).collect()
    };
    faces.into_iter().map(|(face, fields)| (face, show(fields))).collect()
}

/// The app with the id in the path. What is no id is nobody's.
async fn found(hub: &Hub, admin: &Admin, id: &str) -> Result<AppView, Error> {
    let id: Id = id.parse().map_err(|_| Error::not_found("there is no such app"))?;
    hub.app_by_id(admin.workspace(), id).await
}
