//! How faces find the calling app. Grants are kept in memory as long as nothing in their workspace changed.

use std::sync::{Arc, OnceLock, Weak};

use async_trait::async_trait;
use moka::sync::Cache;
use tongshi_dialect::{Desk, Grant};
use tongshi_model::{Error, Id, Secret};
use tongshi_store::{App, Workspace, apps, tokens, workspaces};

use crate::{
    Hub, Inner,
    apps::{key_place, scopes_of},
    workforce::{HubWorkforce, token_hash},
};

/// Keys found may be remembered for this many apps.
const GRANTS_MAX: u64 = 4096;

/// The desk. It holds the hub weakly, because the hub's faces hold the desk.
pub(crate) struct HubDesk {
    hub: OnceLock<Weak<Inner>>,
    grants: Cache<(&'static str, String), (u64, Workspace, Arc<Grant>)>,
}

impl HubDesk {
    pub(crate) fn new() -> Self {
        Self { hub: OnceLock::new(), grants: Cache::new(GRANTS_MAX) }
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
        let scopes = scopes_of(app)?;
        Ok(Grant {
            app: app.id,
            name: app.name.clone(),
            key_id: key_id.to_owned(),
            secret,
            disabled: app.disabled,
            operations: scopes.operations.clone(),
            settings: app.settings.clone(),
            workforce: Arc::new(HubWorkforce::new(hub.clone(), workspace.clone(), app, scopes)),
        })
    }
}

#[async_trait]
impl Desk for HubDesk {
    async fn by_key(&self, face: &'static str, key_id: &str) -> Result<Option<Arc<Grant>>, Error> {
        let hub = self.hub()?;
        let question = (face, key_id.to_owned());
        if let Some((epoch, workspace, grant)) = self.grants.get(&question)
            && epoch == hub.store().epoch(&workspace).await?
        {
            return Ok(Some(grant));
        }
        let mut session = hub.store().read().await?;
        let Some((app, workspace, sealed)) = apps::by_key(&mut session, face, key_id).await? else {
            return Ok(None);
        };
        drop(session);
        let epoch = hub.store().epoch(&workspace).await?;
        let secret = hub.vault().open(&key_place(face, key_id), &sealed)?;
        let secret = String::from_utf8(secret).map_err(|_| Error::internal("a key is not UTF-8"))?;
        let grant = Arc::new(self.grant(&hub, &app, &workspace, key_id, Secret::new(secret))?);
        self.grants.insert(question, (epoch, workspace, Arc::clone(&grant)));
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
        let all = apps::all(&mut session, &workspace).await?;
        let Some(app) = all.into_iter().find(|candidate| candidate.no == app) else { return Ok(None) };
        drop(session);
        let key_id = Id::of(&["token", token]).to_string();
        Ok(Some(Arc::new(self.grant(&hub, &app, &workspace, &key_id, Secret::new(token))?)))
    }
}
