//! Who calls `/v1`: the holder of a bearer key (RFC 6750), from where it may, as often as it may; and who administrates.

use std::{net::IpAddr, time::Duration};

use axum::extract::FromRequestParts;
use http::{header, request::Parts};
use tongshi_hub::{Actor, Hub, Principal, Scopes, Workspace};
use tongshi_model::{Error, ErrorKind, Secret};

use crate::{client, observe::Who, problem::Problem, ratelimit};

/// The calling app. A handler that takes it answers nobody else.
pub(crate) struct Caller {
    pub(crate) principal: Principal,
    key: Secret,
    address: Option<IpAddr>,
}

impl Caller {
    /// The key that was shown.
    pub(crate) fn key(&self) -> &Secret {
        &self.key
    }

    /// Its name in the audit trail.
    pub(crate) fn actor(&self) -> String {
        self.principal.actor()
    }

    /// Asks again who the caller is and what it may see: a key can be withdrawn while its holder waits.
    pub(crate) async fn again(&mut self, hub: &Hub) -> Result<(), Error> {
        self.principal = hub.authenticate(self.key.expose(), self.address).await?;
        Ok(())
    }

    pub(crate) fn workspace(&self) -> &Workspace {
        &self.principal.workspace
    }

    pub(crate) fn scopes(&self) -> &Scopes {
        &self.principal.scopes
    }
}

impl FromRequestParts<Hub> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, hub: &Hub) -> Result<Self, Problem> {
        let key = bearer(parts)?;
        let address = client::address(&parts.extensions);
        let principal = hub.authenticate(key, address).await?;
        if let Some(who) = parts.extensions.get::<Who>() {
            who.is(principal.workspace.clone(), principal.app.name.clone());
        }
        if let Some(quota) = hub.quota(&principal) {
            let result = hub.spend(&principal, quota);
            ratelimit::note(&parts.extensions, quota, result);
            result.map_err(|wait| {
                let seconds = Duration::from_secs(wait.seconds());
                Error::new(
                    ErrorKind::Limited(Some(seconds)),
                    "the app's requests for this minute are used up",
                )
            })?;
        }
        Ok(Self { principal, key: Secret::new(key), address })
    }
}

/// The calling app, which may administrate. A handler that takes it answers no other.
pub(crate) struct Admin(Caller);

impl Admin {
    pub(crate) fn workspace(&self) -> &Workspace {
        self.0.workspace()
    }

    /// The app, as any caller.
    pub(crate) fn caller(&self) -> &Caller {
        &self.0
    }

    /// Who does it, for the audit trail, and what they may give away.
    pub(crate) fn actor(&self) -> Actor {
        Actor::app(&self.0.principal)
    }
}

impl FromRequestParts<Hub> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, hub: &Hub) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, hub).await?;
        if !caller.scopes().admin {
            return Err(Error::forbidden(
                "the app may not administrate; `tongshi app create --admin` makes one that may",
            )
            .into());
        }
        Ok(Self(caller))
    }
}

fn bearer(parts: &Parts) -> Result<&str, Error> {
    let missing = || Error::unauthenticated("send the app's key: Authorization: Bearer tsk_…");
    let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().and_then(|value| value.to_str().ok()).ok_or_else(missing)?;
    if values.next().is_some() {
        return Err(Error::unauthenticated("a request has one Authorization"));
    }
    let (scheme, key) = value.split_once(' ').ok_or_else(missing)?;
    let key = key.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || key.is_empty() {
        return Err(missing());
    }
    Ok(key)
}
