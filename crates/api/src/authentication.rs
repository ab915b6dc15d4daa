//! Who calls `/v1`: the holder of a bearer key (RFC 6750).

use axum::extract::FromRequestParts;
use http::{header, request::Parts};
use tongshi_hub::{Hub, Principal, Scopes, Workspace};
use tongshi_model::{Error, Secret};

use crate::problem::Problem;

/// The calling app. A handler that takes it answers nobody else.
pub(crate) struct Caller {
    pub(crate) principal: Principal,
    key: Secret,
}

impl Caller {
    /// The key that was shown.
    pub(crate) fn key(&self) -> &Secret {
        &self.key
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
        Ok(Self { principal: hub.authenticate(key).await?, key: Secret::new(key) })
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
