//! Who calls `/v1`: the app behind a bearer key, as long as the key is good and comes from where it may.

use std::{net::IpAddr, sync::Arc, time::Duration};

use base64::Engine as _;
use sha2::{Digest as _, Sha256};
use tongshi_dialect::{Attempt, Grant, Quota, Standing, Wait};
use tongshi_model::{Error, ErrorKind, Timestamp};
use tongshi_store::{Workspace, apps};

use crate::{Access, AppView, AuditEntry, Hub, Scopes, apps::view, audit, meters};

/// The name under which keys for the hub's own API are stored beside those of the faces.
pub(crate) const V1: &str = "v1";

/// Who calls `/v1`.
#[derive(Clone, Debug)]
pub struct Principal {
    /// The app.
    pub app: Arc<AppView>,
    /// Its workspace.
    pub workspace: Workspace,
    /// What it may see and do.
    pub scopes: Scopes,
}

impl Principal {
    fn access(&self) -> &Access {
        &self.app.access
    }
}

/// A principal, as long as its workspace does not change and its key has not ended.
#[derive(Clone)]
pub(crate) struct Kept {
    epoch: u64,
    ends_at: Option<Timestamp>,
    principal: Principal,
}

impl Hub {
    /// Who holds this bearer key and calls from this address; none for a call within the process.
    pub async fn authenticate(&self, bearer: &str, peer: Option<IpAddr>) -> Result<Principal, Error> {
        let digest = digest(bearer);
        let attempt = Attempt { peer, place: V1, id: &digest };
        self.may_try(&attempt)?;
        let now = self.clock().now();
        if let Some(kept) = self.0.principals.get(&digest)
            && kept.ends_at.is_none_or(|end| end > now)
            && kept.epoch == self.store().epoch(&kept.principal.workspace).await?
        {
            self.0.attempts.passed(&attempt, now);
            let principal = admitted(kept.principal, peer)?;
            self.used(&principal.workspace, principal.app.id, &principal.actor(), V1);
            return Ok(principal);
        }
        let mut session = self.store().read().await?;
        let found = apps::by_key(&mut session, V1, &digest).await?;
        drop(session);
        let Some((app, workspace, key)) = found else {
            self.count_failure(&attempt, None).await;
            self.refused(&Workspace::nobodys(), "unknown", V1, "the key is not known");
            return Err(Error::unauthenticated("the API key is not known"));
        };
        self.0.attempts.passed(&attempt, now);
        if app.disabled {
            self.refused(&workspace, &format!("app:{}", app.name), V1, "the app is switched off");
            return Err(Error::forbidden("the app is switched off"));
        }
        // Read before the app was, at the latest with the next epoch the answer is looked up again.
        let epoch = self.store().epoch(&workspace).await?;
        let view = Arc::new(view(&app, Vec::new())?);
        let principal = Principal { scopes: view.scopes.clone(), app: view, workspace };
        let kept = Kept { epoch, ends_at: key.ends_at, principal: principal.clone() };
        self.0.principals.insert(digest, kept);
        admitted(principal, peer)
    }

    /// How much the app may call `/v1`, if that is limited.
    pub fn quota(&self, principal: &Principal) -> Option<Quota> {
        principal.access().quota(self.settings().app_requests_per_minute)
    }

    /// Takes one call to `/v1` out of the app's quota.
    pub fn spend(&self, principal: &Principal, quota: Quota) -> Result<Standing, Wait> {
        self.0.limiter.take(principal.app.id, V1, quota)
    }

    /// Refuses who has shown too many wrong credentials.
    pub fn may_try(&self, attempt: &Attempt<'_>) -> Result<(), Error> {
        self.listens(attempt).map_err(|wait| {
            let seconds = Duration::from_secs(wait.seconds());
            let text = "too many wrong keys came from there; this one was not looked at";
            Error::new(ErrorKind::Limited(Some(seconds)), text)
        })
    }

    /// Whether somebody may try to prove who they are.
    pub(crate) fn listens(&self, attempt: &Attempt<'_>) -> Result<(), Wait> {
        let open = self.0.attempts.check(attempt, self.clock().now());
        if open.is_err() {
            metrics::counter!(meters::CREDENTIALS_BLOCKED, "place" => attempt.place).increment(1);
        }
        open
    }

    /// Notes that a credential was right.
    pub(crate) fn passed(&self, attempt: &Attempt<'_>) {
        self.0.attempts.passed(attempt, self.clock().now());
    }

    /// Counts a wrong credential. That a block begins is logged and, where an app was named, noted in its workspace;
    /// each lasts twice as long as the one before, so there are few of them.
    pub(crate) async fn count_failure(&self, attempt: &Attempt<'_>, named: Option<(&Grant, &Workspace)>) {
        metrics::counter!(meters::CREDENTIALS_FAILED, "place" => attempt.place).increment(1);
        let Some(block) = self.0.attempts.failed(attempt, self.clock().now()) else { return };
        let (place, seconds) = (attempt.place, block.wait.seconds());
        let address = attempt.peer.map(|peer| peer.to_string()).unwrap_or_default();
        metrics::counter!(meters::CREDENTIAL_BLOCKS, "place" => place, "whom" => block.whom).increment(1);
        tracing::warn!(
            place,
            whom = block.whom,
            seconds,
            address,
            "too many wrong credentials; not listened to"
        );
        let Some((grant, workspace)) = named else { return };
        let detail = serde_json::json!({
            "place": place, "whom": block.whom, "seconds": seconds, "address": address, "key": grant.key_id,
        });
        let actor = format!("address:{address}");
        let entry = AuditEntry::refused(actor, "credential.block", &grant.name).with(detail);
        if let Err(error) = self.note_alone(workspace, entry).await {
            tracing::error!(reason = %error, cause = %error.private(), "a block could not be noted");
        }
    }

    async fn note_alone(&self, workspace: &Workspace, entry: AuditEntry) -> Result<(), Error> {
        let mut session = self.store().write().await?;
        audit::note(&mut session, workspace, entry).await?;
        session.commit().await
    }

    /// A new random token of 256 bits.
    pub(crate) fn token(&self) -> String {
        let mut bytes = [0u8; 32];
        self.randomness().fill(&mut bytes);
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
    }
}

/// What is stored of a bearer key. It is random, so a plain hash keeps it safe and can be looked up: which hash is found
/// tells nothing about how much of a guess was right.
pub(crate) fn digest(key: &str) -> String {
    hex::encode(Sha256::digest(key.as_bytes()))
}

/// Asked last, so that only who holds the key learns that there is a list of addresses.
fn admitted(principal: Principal, peer: Option<IpAddr>) -> Result<Principal, Error> {
    if principal.access().admits(peer) {
        return Ok(principal);
    }
    Err(Error::forbidden("the app may not call from this address"))
}
