//! Programs registered in a workspace: made, changed, given fresh keys, switched off, removed. Each deed is noted in the
//! audit trail, and nobody can give away more than they hold.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::Serialize;
use serde_json::{Map, Value, json};
use tongshi_dialect::Descriptor;
use tongshi_model::{Error, Id, Secret, Timestamp};
use tongshi_store::{App, KeyRow, NewKey, Session, Workspace, apps};

use crate::{
    Access, AuditEntry, Hub, Principal, Scopes,
    access::{access_of, merged},
    audit, deliveries,
    principals::{V1, digest},
    workforce::later,
};

pub(crate) use crate::scopes::scopes_of;

/// The longest name.
const NAME_CHARS_MAX: usize = 64;

/// All settings of an app together.
const SETTINGS_BYTES_MAX: usize = 16 * 1024;

/// The longest time for which old keys stay good beside their successors.
const GRACE_SECONDS_MAX: u64 = 30 * 86_400;

/// Who changes something.
#[derive(Clone, Debug)]
pub struct Actor {
    name: String,
    holds: Option<Scopes>,
}

impl Actor {
    /// Somebody at the command line of the hub's own machine, who holds the database and so everything.
    pub fn cli() -> Self {
        Self { name: "cli".to_owned(), holds: None }
    }

    /// An app. It cannot give away more than it holds.
    pub fn app(principal: &Principal) -> Self {
        Self { name: format!("app:{}", principal.app.name), holds: Some(principal.scopes.clone()) }
    }

    /// The name in the audit trail.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Refuses who would give away, or get hold of, more than they hold.
    pub fn may_grant(&self, scopes: &Scopes) -> Result<(), Error> {
        match &self.holds {
            Some(own) if !own.hold(scopes) => {
                Err(Error::forbidden("the app has scopes that the caller does not hold itself"))
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// An app to be registered.
#[derive(Debug, Default)]
pub struct NewApp {
    /// What people call it.
    pub name: String,
    /// The faces that it may call.
    pub faces: Vec<String>,
    /// What it may see and do.
    pub scopes: Scopes,
    /// Settings that faces read, such as a callback address.
    pub settings: Value,
    /// From where it may call, where it sends browsers, how much it may call.
    pub access: Access,
}

/// What is to be different about an app; what is none stays.
#[derive(Debug, Default)]
pub struct AppChange {
    /// All faces that it may call: fresh keys for those that are new, no keys for those that are left out.
    pub faces: Option<Vec<String>>,
    /// What it may see and do, all of it.
    pub scopes: Option<Scopes>,
    /// Settings: a value replaces, null takes out, others stay.
    pub settings: Map<String, Value>,
    /// From where it may call, where it sends browsers, how much it may call.
    pub access: Option<Access>,
}

/// The vendor's own names and values of the keys for each face.
pub type FaceKeys = BTreeMap<String, BTreeMap<String, Secret>>;

/// An app's new keys, shown once.
#[derive(Debug)]
pub struct NewAppKeys {
    /// The app.
    pub app: AppView,
    /// The bearer key for `/v1`.
    pub api_key: Secret,
    /// For each face the vendor's own names and values.
    pub faces: FaceKeys,
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
    /// The names of its settings. Their values may be tokens.
    pub settings: Vec<String>,
    /// From where it may call, where it sends browsers, how much it may call.
    #[serde(flatten)]
    pub access: Access,
    /// Its keys that are good.
    pub keys: Vec<AppKeyView>,
}

/// A key as it is shown.
#[derive(Clone, Debug, Serialize)]
pub struct AppKeyView {
    /// Where it is good: `v1` or a dialect.
    pub face: String,
    /// The vendor's name and value for its public half; a key for `/v1` has none.
    pub key: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends by itself; none while it is the newest.
    pub ends_at: Option<Timestamp>,
}

impl Principal {
    /// Its name in the journal and in the audit trail.
    pub fn actor(&self) -> String {
        format!("app:{}", self.app.name)
    }
}

impl Hub {
    /// Registers an app. A name that is taken is a conflict: the keys of the app that has it go on.
    pub async fn create_app(
        &self,
        workspace: &Workspace,
        new: NewApp,
        actor: &Actor,
    ) -> Result<NewAppKeys, Error> {
        let faces = self.known_faces(&new.faces)?;
        check_name(&new.name)?;
        new.scopes.check()?;
        new.access.check()?;
        let settings = checked_settings(merged(&new.settings, Map::new()))?;
        actor.may_grant(&new.scopes)?;
        let (scopes, access) = (json!(new.scopes), json!(new.access));
        let mut session = self.store().write().await?;
        if apps::find(&mut session, workspace, &new.name).await?.is_some() {
            return Err(taken(&new.name));
        }
        let app = apps::create(&mut session, workspace, &new.name, &scopes, &settings, &access).await?;
        let api_key = self.issue_api_key(&mut session, workspace, &app).await?;
        let keys = self.issue_face_keys(&mut session, workspace, &app, &faces).await?;
        deliveries::follow_setting(self, &mut session, workspace, &app, &faces).await?;
        let entry = AuditEntry::done(actor.name(), "app.create", &new.name)
            .with(json!({"scopes": scopes, "faces": new.faces, "access": access}));
        audit::note(&mut session, workspace, entry).await?;
        let app = view_now(&mut session, workspace, &app).await?;
        session.commit().await?;
        Ok(NewAppKeys { app, api_key, faces: keys })
    }

    /// Gives an app fresh keys everywhere. The ones that it has stay good for the grace, older ones end; without a grace
    /// all end at once, with what was issued on them.
    pub async fn rotate_app(
        &self,
        workspace: &Workspace,
        name: &str,
        grace: Duration,
        actor: &Actor,
    ) -> Result<NewAppKeys, Error> {
        if grace.as_secs() > GRACE_SECONDS_MAX {
            return Err(Error::invalid("grace", "old keys stay good for 30 days at most"));
        }
        let mut session = self.store().write().await?;
        let app = held(&mut session, workspace, name).await?;
        // Whoever gets the keys has what the app has.
        actor.may_grant(&scopes_of(&app)?)?;
        let seconds = i64::try_from(grace.as_secs()).unwrap_or(i64::MAX);
        let end = later(session.now(), seconds);
        let mut faces = BTreeSet::new();
        for key in good_keys(&mut session, workspace, &app).await? {
            if seconds == 0 || key.ends_at.is_some() {
                apps::revoke_key(&mut session, workspace, &key.face, &key.key_id).await?;
            } else {
                apps::end_key(&mut session, workspace, &key.face, &key.key_id, end).await?;
            }
            if key.face != V1 {
                faces.insert(key.face);
            }
        }
        if seconds == 0 {
            apps::end_tokens(&mut session, workspace, app.no).await?;
        }
        let faces = self.known_faces(&faces.into_iter().collect::<Vec<_>>())?;
        let api_key = self.issue_api_key(&mut session, workspace, &app).await?;
        let keys = self.issue_face_keys(&mut session, workspace, &app, &faces).await?;
        let entry =
            AuditEntry::done(actor.name(), "app.rotate", name).with(json!({ "grace_seconds": seconds }));
        audit::note(&mut session, workspace, entry).await?;
        let app = view_now(&mut session, workspace, &app).await?;
        session.commit().await?;
        Ok(NewAppKeys { app, api_key, faces: keys })
    }

    /// Changes an app, and gives the keys of the faces that are new to it.
    pub async fn update_app(
        &self,
        workspace: &Workspace,
        name: &str,
        change: AppChange,
        actor: &Actor,
    ) -> Result<(AppView, FaceKeys), Error> {
        let mut session = self.store().write().await?;
        let app = held(&mut session, workspace, name).await?;
        let before = scopes_of(&app)?;
        actor.may_grant(&before)?;
        let scopes = change.scopes.unwrap_or(before);
        scopes.check()?;
        actor.may_grant(&scopes)?;
        let access = change.access.map_or_else(|| access_of(&app), Ok)?;
        access.check()?;
        let touched: Vec<String> = change.settings.keys().cloned().collect();
        let settings = checked_settings(merged(&app.settings, change.settings))?;
        let (scopes, access) = (json!(scopes), json!(access));
        let app = apps::change(&mut session, workspace, app.no, &scopes, &settings, &access).await?;
        let mut keys = FaceKeys::new();
        let faces = change.faces.clone();
        if let Some(wanted) = change.faces {
            let wanted = self.known_faces(&wanted)?;
            let mut has = BTreeSet::new();
            for key in good_keys(&mut session, workspace, &app).await? {
                let stays = key.face == V1 || wanted.iter().any(|dialect| dialect.id == key.face);
                if !stays {
                    apps::revoke_key(&mut session, workspace, &key.face, &key.key_id).await?;
                }
                has.insert(key.face);
            }
            let new: Vec<_> = wanted.into_iter().filter(|dialect| !has.contains(dialect.id)).collect();
            keys = self.issue_face_keys(&mut session, workspace, &app, &new).await?;
        }
        let detail = json!({"scopes": scopes, "access": access, "faces": faces, "settings": touched});
        let entry = AuditEntry::done(actor.name(), "app.update", name).with(detail);
        audit::note(&mut session, workspace, entry).await?;
        let app = view_now(&mut session, workspace, &app).await?;
        session.commit().await?;
        Ok((app, keys))
    }

    /// Switches an app off or on.
    pub async fn disable_app(
        &self,
        workspace: &Workspace,
        name: &str,
        disabled: bool,
        actor: &Actor,
    ) -> Result<AppView, Error> {
        let mut session = self.store().write().await?;
        let app = held(&mut session, workspace, name).await?;
        // Anybody may lock out; only who holds as much may let in again.
        if !disabled {
            actor.may_grant(&scopes_of(&app)?)?;
        }
        apps::disable(&mut session, workspace, app.no, disabled).await?;
        let action = if disabled { "app.disable" } else { "app.enable" };
        audit::note(&mut session, workspace, AuditEntry::done(actor.name(), action, name)).await?;
        let app = view_now(&mut session, workspace, &App { disabled, ..app }).await?;
        session.commit().await?;
        Ok(app)
    }

    /// Removes an app, its keys and what was issued to it.
    pub async fn delete_app(&self, workspace: &Workspace, name: &str, actor: &Actor) -> Result<(), Error> {
        let mut session = self.store().write().await?;
        let app = held(&mut session, workspace, name).await?;
        apps::delete(&mut session, workspace, app.no).await?;
        audit::note(&mut session, workspace, AuditEntry::done(actor.name(), "app.delete", name)).await?;
        session.commit().await
    }

    /// The workspace's apps.
    pub async fn apps(&self, workspace: &Workspace) -> Result<Vec<AppView>, Error> {
        let mut session = self.store().read().await?;
        let all = apps::all(&mut session, workspace).await?;
        let mut keys = apps::all_keys(&mut session, workspace).await?;
        all.iter().map(|app| view(app, keys.remove(&app.no).unwrap_or_default())).collect()
    }

    /// The app of this name.
    pub async fn app(&self, workspace: &Workspace, name: &str) -> Result<AppView, Error> {
        let mut session = self.store().read().await?;
        let app = apps::find(&mut session, workspace, name).await?;
        let app = app.ok_or_else(|| Error::not_found(format!("there is no app '{name}'")))?;
        view_now(&mut session, workspace, &app).await
    }

    /// The app with this id.
    pub async fn app_by_id(&self, workspace: &Workspace, id: Id) -> Result<AppView, Error> {
        let found = self.apps(workspace).await?.into_iter().find(|app| app.id == id);
        found.ok_or_else(|| Error::not_found("there is no such app"))
    }

    fn known_faces(&self, ids: &[String]) -> Result<Vec<&'static Descriptor>, Error> {
        let mut faces: Vec<&'static Descriptor> = Vec::with_capacity(ids.len());
        for id in ids {
            let dialect =
                self.dialect(id).map_err(|error| Error::invalid("faces", error.public().to_owned()))?;
            if faces.iter().all(|known| known.id != dialect.id) {
                faces.push(dialect);
            }
        }
        Ok(faces)
    }

    async fn issue_api_key(
        &self,
        session: &mut Session,
        workspace: &Workspace,
        app: &App,
    ) -> Result<Secret, Error> {
        let api_key = Secret::new(format!("tsk_{}", self.token()));
        let key = NewKey { face: V1, name: "", key_id: &digest(api_key.expose()), sealed: &[] };
        apps::add_key(session, workspace, app.no, key).await?;
        Ok(api_key)
    }

    async fn issue_face_keys(
        &self,
        session: &mut Session,
        workspace: &Workspace,
        app: &App,
        faces: &[&'static Descriptor],
    ) -> Result<FaceKeys, Error> {
        let mut keys = FaceKeys::new();
        for dialect in faces {
            for key in dialect.face_keys {
                let id = format!("{}-{}", key.prefix, &self.new_id().to_string()[..20]);
                let secret = Secret::new(self.token());
                let place = key_place(dialect.id, &id);
                let sealed = self.vault().seal(self.randomness(), &place, secret.expose().as_bytes())?;
                let new = NewKey { face: dialect.id, name: key.id, key_id: &id, sealed: &sealed };
                apps::add_key(session, workspace, app.no, new).await?;
                let fields = keys.entry(dialect.id.to_owned()).or_default();
                fields.insert(key.id.to_owned(), Secret::new(id));
                fields.insert(key.secret.to_owned(), secret);
            }
        }
        Ok(keys)
    }
}

/// Where a face's key is sealed.
pub(crate) fn key_place(face: &str, key_id: &str) -> String {
    format!("app/{face}/{key_id}")
}

fn taken(name: &str) -> Error {
    Error::conflict(format!(
        "there is an app '{name}' already, and its keys go on; `tongshi app rotate` gives it fresh ones, \
         `tongshi app update` changes what it may"
    ))
}

async fn held(session: &mut Session, workspace: &Workspace, name: &str) -> Result<App, Error> {
    let app = apps::hold(session, workspace, name).await?;
    app.ok_or_else(|| Error::not_found(format!("there is no app '{name}'")))
}

async fn good_keys(session: &mut Session, workspace: &Workspace, app: &App) -> Result<Vec<KeyRow>, Error> {
    let mut keys = apps::keys(session, workspace, app.no).await?;
    keys.retain(|key| !key.revoked);
    Ok(keys)
}

fn check_name(name: &str) -> Result<(), Error> {
    let length = name.chars().count();
    let plain = name.trim() == name && !name.chars().any(char::is_control);
    if plain && (1..=NAME_CHARS_MAX).contains(&length) {
        return Ok(());
    }
    let text = format!("a name has 1 to {NAME_CHARS_MAX} characters, none of them a control character");
    Err(Error::invalid("name", text))
}

fn checked_settings(settings: Value) -> Result<Value, Error> {
    if settings.to_string().len() > SETTINGS_BYTES_MAX {
        let text = format!("the settings of an app have at most {SETTINGS_BYTES_MAX} bytes");
        return Err(Error::invalid("settings", text));
    }
    Ok(settings)
}

async fn view_now(session: &mut Session, workspace: &Workspace, app: &App) -> Result<AppView, Error> {
    view(app, apps::keys(session, workspace, app.no).await?)
}

pub(crate) fn view(app: &App, mut keys: Vec<KeyRow>) -> Result<AppView, Error> {
    keys.retain(|key| !key.revoked);
    let faces: BTreeSet<&str> = keys.iter().map(|key| &*key.face).filter(|face| *face != V1).collect();
    let faces = faces.into_iter().map(str::to_owned).collect();
    let show = |key: KeyRow| AppKeyView {
        key: (key.face != V1).then(|| format!("{}={}", key.name, key.key_id)),
        face: key.face,
        created_at: key.created_at,
        ends_at: key.ends_at,
    };
    Ok(AppView {
        id: app.id,
        name: app.name.clone(),
        scopes: scopes_of(app)?,
        disabled: app.disabled,
        created_at: app.created_at,
        faces,
        settings: app.settings.as_object().map(|all| all.keys().cloned().collect()).unwrap_or_default(),
        access: access_of(app)?,
        keys: keys.into_iter().map(show).collect(),
    })
}
