//! Programs registered in a workspace: their keys for faces and for `/v1`, and what they may see.

use std::collections::BTreeMap;

use base64::Engine as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tongshi_model::{Error, Id, Kind, Secret, Sensitivity, Timestamp};
use tongshi_store::{App, Workspace, apps};

use crate::Hub;

/// The name under which keys for the hub's own API are stored beside those of the faces.
const V1: &str = "v1";

/// What an app may see and do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scopes {
    /// The most private fields that it may see.
    pub sensitivity: Sensitivity,
    /// Whether it may write.
    pub write: bool,
    /// The kinds that it may see; none for all.
    pub kinds: Option<Vec<Kind>>,
    /// The operations of faces that it may call, by name or prefix with `*`; none for all.
    pub operations: Option<Vec<String>>,
}

impl Default for Scopes {
    fn default() -> Self {
        Self { sensitivity: Sensitivity::Contact, write: false, kinds: None, operations: None }
    }
}

impl Scopes {
    /// Everything.
    pub fn all() -> Self {
        Self { sensitivity: Sensitivity::Restricted, write: true, kinds: None, operations: None }
    }

    /// Whether the app may see this kind at all.
    pub fn sees(&self, kind: Kind) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&kind))
    }
}

/// An app to be registered.
pub struct NewApp {
    /// What people call it.
    pub name: String,
    /// The faces that it may call.
    pub faces: Vec<String>,
    /// What it may see and do.
    pub scopes: Scopes,
    /// Settings that faces read, such as a callback address.
    pub settings: Value,
}

/// A new app's keys, shown once.
#[derive(Debug)]
pub struct NewAppKeys {
    /// The app.
    pub app: AppView,
    /// The bearer key for `/v1`.
    pub api_key: Secret,
    /// For each face the vendor's own names and values.
    pub faces: BTreeMap<String, BTreeMap<String, Secret>>,
}

/// An app as it is shown.
#[derive(Clone, Debug, Serialize)]
pub struct AppView {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// What it may see and do.
    pub scopes: Scopes,
    /// Whether it is switched off.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// The faces that it may call.
    pub faces: Vec<String>,
}

/// Who calls `/v1`.
#[derive(Clone, Debug)]
pub struct Principal {
    /// The app.
    pub app: AppView,
    /// Its workspace.
    pub workspace: Workspace,
    /// What it may see and do.
    pub scopes: Scopes,
}

impl Hub {
    /// Registers an app; under a name that is there already, it gets fresh keys and the old ones end.
    pub async fn create_app(&self, workspace: &Workspace, new: NewApp) -> Result<NewAppKeys, Error> {
        let faces: Vec<_> = new.faces.iter().map(|id| self.dialect(id)).collect::<Result<_, _>>()?;
        let scopes = json!(new.scopes);
        let mut session = self.store().write().await?;
        let app = apps::save(&mut session, workspace, &new.name, &scopes, &new.settings).await?;
        for old in apps::keys(&mut session, workspace, app.no).await? {
            if !old.revoked {
                apps::revoke_key(&mut session, workspace, &old.face, &old.key_id).await?;
            }
        }
        let api_key = Secret::new(format!("tsk_{}", self.token()));
        apps::add_key(&mut session, workspace, app.no, V1, &digest(&api_key), &[]).await?;
        let mut keys: BTreeMap<String, BTreeMap<String, Secret>> = BTreeMap::new();
        for dialect in faces {
            for key in dialect.face_keys {
                let id = format!("{}-{}", key.prefix, &self.new_id().to_string()[..20]);
                let secret = Secret::new(self.token());
                let place = key_place(dialect.id, &id);
                let sealed = self.vault().seal(self.randomness(), &place, secret.expose().as_bytes())?;
                apps::add_key(&mut session, workspace, app.no, dialect.id, &id, &sealed).await?;
                let fields = keys.entry(dialect.id.to_owned()).or_default();
                fields.insert(key.id.to_owned(), Secret::new(id));
                fields.insert(key.secret.to_owned(), secret);
            }
        }
        session.commit().await?;
        let app = app_view(&app, keys.keys().cloned().collect())?;
        Ok(NewAppKeys { app, api_key, faces: keys })
    }

    /// The workspace's apps.
    pub async fn apps(&self, workspace: &Workspace) -> Result<Vec<AppView>, Error> {
        let mut session = self.store().read().await?;
        let mut views = Vec::new();
        for app in apps::all(&mut session, workspace).await? {
            let keys = apps::keys(&mut session, workspace, app.no).await?;
            let mut faces: Vec<String> =
                keys.into_iter().filter(|key| !key.revoked && key.face != V1).map(|key| key.face).collect();
            faces.dedup();
            views.push(app_view(&app, faces)?);
        }
        Ok(views)
    }

    /// Switches an app off or on.
    pub async fn disable_app(&self, workspace: &Workspace, name: &str, disabled: bool) -> Result<(), Error> {
        let mut session = self.store().write().await?;
        let app = apps::find(&mut session, workspace, name)
            .await?
            .ok_or_else(|| Error::not_found(format!("there is no app '{name}'")))?;
        apps::disable(&mut session, workspace, app.no, disabled).await?;
        session.commit().await
    }

    /// Who holds this bearer key.
    pub async fn authenticate(&self, bearer: &str) -> Result<Principal, Error> {
        let digest = digest(&Secret::new(bearer));
        if let Some((epoch, principal)) = self.0.principals.get(&digest)
            && epoch == self.store().epoch(&principal.workspace).await?
        {
            return Ok(principal);
        }
        let mut session = self.store().read().await?;
        let found = apps::by_key(&mut session, V1, &digest).await?;
        drop(session);
        let (app, workspace, _) = found.ok_or_else(|| Error::unauthenticated("the API key is not known"))?;
        if app.disabled {
            return Err(Error::forbidden("the app is switched off"));
        }
        // Read before the app was, at the latest with the next epoch the answer is looked up again.
        let epoch = self.store().epoch(&workspace).await?;
        let view = app_view(&app, Vec::new())?;
        let principal = Principal { scopes: view.scopes.clone(), app: view, workspace };
        self.0.principals.insert(digest, (epoch, principal.clone()));
        Ok(principal)
    }

    /// A new random token of 256 bits.
    pub(crate) fn token(&self) -> String {
        let mut bytes = [0u8; 32];
        self.randomness().fill(&mut bytes);
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
    }
}

/// Where a face's key is sealed.
pub(crate) fn key_place(face: &str, key_id: &str) -> String {
    format!("app/{face}/{key_id}")
}

/// What is stored of a bearer key. It is random, so a plain hash keeps it safe and can be looked up.
fn digest(key: &Secret) -> String {
    hex::encode(Sha256::digest(key.expose().as_bytes()))
}

/// The scopes of a stored app.
pub(crate) fn scopes_of(app: &App) -> Result<Scopes, Error> {
    serde_json::from_value(app.scopes.clone()).map_err(|error| {
        Error::internal(format!("the scopes of app {} cannot be read", app.id)).caused_by(error)
    })
}

fn app_view(app: &App, faces: Vec<String>) -> Result<AppView, Error> {
    Ok(AppView {
        id: app.id,
        name: app.name.clone(),
        scopes: scopes_of(app)?,
        disabled: app.disabled,
        created_at: app.created_at,
        faces,
    })
}
