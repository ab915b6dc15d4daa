//! What faces need beside records: tokens that stay the same while they are renewed, and counts of calls.

use serde_json::Value;
use tongshi_model::Error;
use tongshi_store::{Workspace, meta, tallies, tokens};

use crate::{
    AuditEntry, Hub, audit,
    workforce::{later, token_hash},
};

/// Which token, and whose.
pub(crate) struct Renewed<'a> {
    pub(crate) purpose: &'static str,
    pub(crate) name: &'a str,
    pub(crate) app: i64,
    pub(crate) actor: &'a str,
}

impl Hub {
    /// The token of this name with a new end while it is valid, after that another.
    pub(crate) async fn renew_token(
        &self,
        workspace: &Workspace,
        which: Renewed<'_>,
        payload: &Value,
        lifetime_seconds: i64,
    ) -> Result<String, Error> {
        let (purpose, now) = (which.purpose, self.clock().now());
        let place = format!("workspace/{}/token/{purpose}/{}", workspace.id, which.name);
        let end = later(now, lifetime_seconds);
        // Two who ask at once get the same: a writer sees what the one before it stored.
        let mut session = self.store().write().await?;
        let kept = meta::get(&mut session, &place).await?.and_then(|sealed| hex::decode(sealed).ok());
        // What a retired key has sealed is made anew.
        let known = kept.and_then(|sealed| self.vault().open(&place, &sealed).ok());
        if let Some(token) = known.and_then(|token| String::from_utf8(token).ok()) {
            let hash = token_hash(&token);
            let found = tokens::peek(&mut session, purpose, &hash).await?;
            let live = found.is_some_and(|found| {
                found.workspace == workspace.no
                    && found.app == Some(which.app)
                    && found.expires_at.is_none_or(|end| end > now)
            });
            if live && tokens::extend(&mut session, purpose, &hash, end).await? {
                session.commit().await?;
                return Ok(token);
            }
        }
        let token = self.token();
        let sealed = self.vault().seal(self.randomness(), &place, token.as_bytes())?;
        let hash = token_hash(&token);
        tokens::put(&mut session, workspace, purpose, &hash, Some(which.app), None, payload, Some(end))
            .await?;
        meta::set(&mut session, &place, &hex::encode(sealed)).await?;
        audit::note(&mut session, workspace, AuditEntry::done(which.actor, "token.issue", purpose)).await?;
        session.commit().await?;
        Ok(token)
    }

    /// Takes one of `limit` in a period.
    pub(crate) async fn tally(
        &self,
        workspace: &Workspace,
        what: &str,
        period: &str,
        limit: u64,
    ) -> Result<bool, Error> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut session = self.store().write().await?;
        let taken = tallies::take(&mut session, workspace, what, period, limit).await?;
        session.commit().await?;
        Ok(taken)
    }
}
