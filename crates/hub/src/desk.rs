//! How faces find the calling app. Grants are kept in memory as long as nothing in their workspace changed and their
//! key has not ended.

use std::sync::{Arc, OnceLock, Weak};

use async_trait::async_trait;
use moka::sync::Cache;
use tongshi_dialect::{Attempt, Called, Desk, Grant, Wait};
use tongshi_model::{Error, Id, Secret, Timestamp};
use tongshi_store::{App, KeyRow, Workspace, apps, tokens, workspaces};

use crate::{
    Hub, Inner,
    access::access_of,
    apps::{key_place, scopes_of},
    workforce::{HubWorkforce, token_hash},
};

/// Keys found may be remembered for this many apps.
const GRANTS_MAX: u64 = 4096;

/// The desk. It holds the hub weakly, because the hub's faces hold the desk.
pub(crate) struct HubDesk {
    hub: OnceLock<Weak<Inner>>,
    grants: Cache<(&'static str, String), Kept>,
    /// In which workspace an app lives that was granted something.
    homes: Cache<Id, Workspace>,
}

/// A grant, as long as its workspace does not change and its key has not ended.
#[derive(Clone)]
struct Kept {
    epoch: u64,
    ends_at: Option<Timestamp>,
    name: &'static str,
    workspace: Workspace,
    grant: Arc<Grant>,
}

impl HubDesk {
    pub(crate) fn new() -> Self {
        Self { hub: OnceLock::new(), grants: Cache::new(GRANTS_MAX), homes: Cache::new(GRANTS_MAX) }
    }

    pub(crate) fn attach(&self, hub: &Arc<Inner>) {
        // Attaching twice attaches the same hub.
        let _ = self.hub.set(Arc::downgrade(hub));
    }

    fn hub(&self) -> Result<Hub, Error> {
        let inner = self.hub.get().and_then(Weak::upgrade);
        inner.map(Hub).ok_or_else(|| Error::unavailable("the hub is stopping"))
    }

    fn grant(
        &self,
        hub: &Hub,
        app: &App,
        workspace: &Workspace,
        key_id: &str,
        secret: Secret,
    ) -> Result<Grant, Error> {
        let (scopes, access) = (scopes_of(app)?, access_of(app)?);
        self.homes.insert(app.id, workspace.clone());
        Ok(Grant {
            app: app.id,
            name: app.name.clone(),
            key_id: key_id.to_owned(),
            secret,
            disabled: app.disabled,
            operations: scopes.operations.clone(),
            settings: app.settings.clone(),
            addresses: access.addresses,
            redirect_uris: access.redirect_uris,
            limiter: Arc::clone(&hub.0.limiter),
            workforce: Arc::new(HubWorkforce::new(hub.clone(), workspace.clone(), app, scopes)),
        })
    }
}

/// Whether this is a key of this name. Those made before names were kept are known by how their ids begin.
fn is_named(hub: &Hub, key: &KeyRow, name: &str) -> bool {
    if !key.name.is_empty() {
        return key.name == name;
    }
    let keys = hub.dialect(&key.face).map(|dialect| dialect.face_keys).unwrap_or_default();
    let begins = |prefix| key.key_id.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('-'));
    keys.iter().any(|known| known.id == name && begins(known.prefix))
}

#[async_trait]
impl Desk for HubDesk {
    async fn by_key(
        &self,
        face: &'static str,
        name: &'static str,
        key_id: &str,
    ) -> Result<Option<Arc<Grant>>, Error> {
        let hub = self.hub()?;
        let question = (face, key_id.to_owned());
        if let Some(kept) = self.grants.get(&question)
            && kept.ends_at.is_none_or(|end| end > hub.clock().now())
            && kept.epoch == hub.store().epoch(&kept.workspace).await?
        {
            return Ok((kept.name == name).then_some(kept.grant));
        }
        let mut session = hub.store().read().await?;
        let found = apps::by_key(&mut session, face, key_id).await?;
        drop(session);
        let Some((app, workspace, key)) = found.filter(|(_, _, key)| is_named(&hub, key, name)) else {
            return Ok(None);
        };
        let epoch = hub.store().epoch(&workspace).await?;
        let secret = hub.vault().open(&key_place(face, key_id), &key.sealed)?;
        let secret = String::from_utf8(secret).map_err(|_| Error::internal("a key is not UTF-8"))?;
        let grant = Arc::new(self.grant(&hub, &app, &workspace, key_id, Secret::new(secret))?);
        let kept = Kept { epoch, ends_at: key.ends_at, name, workspace, grant: Arc::clone(&grant) };
        self.grants.insert(question, kept);
        Ok(Some(grant))
    }

    async fn by_token(&self, purpose: &'static str, token: &str) -> Result<Option<Arc<Grant>>, Error> {
        let hub = self.hub()?;
        let mut session = hub.store().read().await?;
        let Some(found) = tokens::peek(&mut session, purpose, &token_hash(token)).await? else {
            return Ok(None);
        };
        let expired = found.expires_at.is_some_and(|end| end <= hub.clock().now());
        let (Some(app), false, None) = (found.app, expired, found.used_at) else { return Ok(None) };
        let workspace = workspaces::by_no(&mut session, found.workspace)
            .await?
            .ok_or_else(|| Error::internal("a token names no workspace"))?;
        let Some(app) = apps::by_no(&mut session, &workspace, app).await? else { return Ok(None) };
        drop(session);
        let key_id = Id::of(&["token", token]).to_string();
        Ok(Some(Arc::new(self.grant(&hub, &app, &workspace, &key_id, Secret::new(token))?)))
    }

    fn public_url(&self, face: &str) -> Option<String> {
        let hub = self.hub().ok()?;
        let address = hub.public_url()?;
        Some(format!("{}/d/{face}", address.trim_end_matches('/')))
    }

    fn may_try(&self, attempt: &Attempt<'_>) -> Result<(), Wait> {
        let Ok(hub) = self.hub() else { return Ok(()) };
        hub.listens(attempt)
    }

    async fn failed(&self, attempt: &Attempt<'_>, grant: Option<&Grant>) {
        let Ok(hub) = self.hub() else { return };
        let workspace = grant.and_then(|grant| self.homes.get(&grant.app));
        hub.count_failure(attempt, grant.zip(workspace.as_ref())).await;
    }

    fn passed(&self, attempt: &Attempt<'_>) {
        if let Ok(hub) = self.hub() {
            hub.passed(attempt);
        }
    }

    async fn called(&self, call: Called<'_>) -> Result<(), Error> {
        let hub = self.hub()?;
        let inner = call.grant.and_then(|grant| grant.workforce.inner());
        let workforce = inner.and_then(|inner| inner.downcast_ref::<HubWorkforce>());
        let nobodys = Workspace::nobodys();
        let workspace = workforce.map_or(&nobodys, HubWorkforce::workspace);
        let proof = call.fault.and_then(|fault| fault.proof.as_ref());
        match (call.grant, workforce, proof) {
            (_, workforce, Some(proof)) => {
                let actor = workforce.map_or("unknown", HubWorkforce::actor);
                hub.refused(workspace, actor, call.face, &proof.to_string());
            }
            (Some(grant), Some(workforce), None) => {
                hub.used(workspace, grant.app, workforce.actor(), call.face);
            }
            (_, _, None) => {}
        }
        if let (Some(workforce), Some(seen)) = (workforce, call.seen) {
            hub.read_by(workspace, workforce.actor(), call.face, seen).await?;
        }
        hub.keep_call(workspace, &call);
        Ok(())
    }
}
