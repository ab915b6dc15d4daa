//! An endpoint, opened: what it may be told, how, with which secrets, over which transport.

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tongshi_dialect::{Events, Transport};
use tongshi_model::{Error, Id, Kind, Secret, Timestamp};
use tongshi_store::{App, Endpoint, Session, Workspace, apps};

use super::{address::Target, retry};
use crate::{
    Hub, Scopes,
    apps::{key_place, scopes_of},
    identity::Aliases,
};

/// The manner of those endpoints that are told in no vendor's.
pub(super) const STANDARD: &str = "standard";

/// How an endpoint is told.
#[derive(Clone, Copy)]
pub(super) enum Manner {
    /// By the Standard Webhooks specification.
    Standard,
    /// As a vendor does.
    Vendor(&'static dyn Events),
}

/// What is sealed of an endpoint.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Sealed {
    /// The newest first.
    pub(super) secrets: Vec<SealedSecret>,
    /// What a face said of it.
    #[serde(default)]
    pub(super) settings: Value,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct SealedSecret {
    pub(super) secret: String,
    /// When it signs no more; none for the present one.
    pub(super) until: Option<Timestamp>,
}

/// An endpoint that can be sent to.
pub(super) struct Route {
    pub(super) endpoint: Endpoint,
    /// The app, as the audit trail names it.
    pub(super) actor: String,
    pub(super) manner: Manner,
    pub(super) full: bool,
    pub(super) target: Target,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) settings: Value,
    pub(super) key: Option<(String, Secret)>,
    pub(super) scopes: Scopes,
    pub(super) aliases: Arc<Aliases>,
    filters: Vec<String>,
    secrets: Vec<(Secret, Option<Timestamp>)>,
}

impl Route {
    /// Whether the endpoint asked for what is called so.
    pub(super) fn wants(&self, topic: &str) -> bool {
        matches_any(&self.filters, topic)
    }

    /// The secrets that sign now.
    pub(super) fn secrets_at(&self, now: Timestamp) -> impl Iterator<Item = &Secret> {
        let signing = self.secrets.iter().filter(move |(_, until)| until.is_none_or(|until| until > now));
        signing.map(|(secret, _)| secret)
    }

    /// The waits between attempts.
    pub(super) fn delays(&self) -> &'static [Duration] {
        match self.manner {
            Manner::Standard => retry::DELAYS,
            Manner::Vendor(events) => events.delays().unwrap_or(retry::DELAYS),
        }
    }
}

/// Whether one of the filters names the topic.
pub(super) fn matches_any(filters: &[String], topic: &str) -> bool {
    filters.iter().any(|filter| match filter.strip_suffix('*') {
        Some(beginning) => topic.starts_with(beginning),
        None => filter == topic,
    })
}

impl Hub {
    /// Opens an endpoint of this app.
    pub(super) async fn route(
        &self,
        session: &mut Session,
        workspace: &Workspace,
        app: &App,
        endpoint: Endpoint,
    ) -> Result<Route, Error> {
        let sealed = self.unsealed(&endpoint)?;
        let manner = self.manner(&endpoint.manner)?;
        let settings = self.settings();
        let target =
            Target::parse(&endpoint.url, &settings.webhook_private_ranges, settings.webhook_plain_http)?;
        let filters = serde_json::from_value(endpoint.events.clone())
            .map_err(|error| Error::internal("an endpoint's events cannot be read").caused_by(error))?;
        let key = match manner {
            Manner::Standard => None,
            Manner::Vendor(_) => self.signing_key(session, workspace, app, &endpoint.manner).await?,
        };
        Ok(Route {
            manner,
            actor: format!("app:{}", app.name),
            full: endpoint.payload == "full",
            transport: self.0.parts.transports.open_outbound(&target.origin)?,
            target,
            settings: if sealed.settings.is_null() { app.settings.clone() } else { sealed.settings },
            key,
            scopes: scopes_of(app)?,
            aliases: self.aliases_in(session, workspace).await?,
            filters,
            secrets: sealed
                .secrets
                .into_iter()
                .map(|known| (Secret::new(known.secret), known.until))
                .collect(),
            endpoint,
        })
    }

    /// The manner of this name.
    pub(super) fn manner(&self, name: &str) -> Result<Manner, Error> {
        if name == STANDARD {
            return Ok(Manner::Standard);
        }
        let dialect = self.dialect(name)?;
        dialect
            .events
            .map(Manner::Vendor)
            .ok_or_else(|| Error::invalid("manner", format!("{name} tells nobody of changes")))
    }

    /// Opens what is sealed of an endpoint.
    pub(super) fn unsealed(&self, endpoint: &Endpoint) -> Result<Sealed, Error> {
        let plain =
            zeroize::Zeroizing::new(self.vault().open(&place(&endpoint.id.to_string()), &endpoint.sealed)?);
        serde_json::from_slice(&plain)
            .map_err(|error| Error::internal("what is sealed of an endpoint cannot be read").caused_by(error))
    }

    /// Seals what is secret of an endpoint.
    pub(super) fn sealed(&self, id: Id, sealed: &Sealed) -> Result<Vec<u8>, Error> {
        let plain = serde_json::to_vec(sealed)
            .map_err(|error| Error::internal("an endpoint's secrets").caused_by(error))?;
        self.vault().seal(self.randomness(), &place(&id.to_string()), &zeroize::Zeroizing::new(plain))
    }

    /// The newest key that the app holds at a face, of the kind that signs there.
    async fn signing_key(
        &self,
        session: &mut Session,
        workspace: &Workspace,
        app: &App,
        face: &str,
    ) -> Result<Option<(String, Secret)>, Error> {
        let dialect = self.dialect(face)?;
        let named = dialect.events.and_then(Events::signs_with);
        let kind = match named {
            Some(name) => dialect.face_keys.iter().find(|key| key.id == name),
            None => dialect.face_keys.first(),
        };
        let Some(prefix) = kind.map(|key| key.prefix) else { return Ok(None) };
        let mut keys = apps::keys(session, workspace, app.no).await?.into_iter();
        let newest = keys.rfind(|key| key.face == face && !key.revoked && key.key_id.starts_with(prefix));
        let Some(key) = newest else { return Ok(None) };
        let secret = self.vault().open(&key_place(face, &key.key_id), &key.sealed)?;
        let secret = String::from_utf8(secret).map_err(|_| Error::internal("a key is not UTF-8"))?;
        Ok(Some((key.key_id, Secret::new(secret))))
    }
}

/// Where an endpoint's secrets are sealed.
pub(crate) fn place(id: &str) -> String {
    format!("endpoint/{id}")
}

/// Whether a filter can match anything: a kind and what happens to it, or one of the topics that faces announce.
pub(super) fn is_filter(filter: &str, topics: &[&str]) -> bool {
    const OPS: &[&str] = &["created", "updated", "deleted", "restored", "*"];
    if filter == "*" || topics.contains(&filter) {
        return true;
    }
    let Some((noun, verb)) = filter.split_once('.') else { return false };
    let kind = Kind::ALL.iter().any(|kind| kind.name() == noun);
    (kind && OPS.contains(&verb))
        || (verb == "*" && topics.iter().any(|topic| topic.starts_with(&filter[..=noun.len()])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_match_what_they_name() {
        let filters = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert!(matches_any(&filters(&["*"]), "employee.created"));
        assert!(matches_any(&filters(&["employee.*"]), "employee.created"));
        assert!(!matches_any(&filters(&["employee.*"]), "employees.created"));
        assert!(!matches_any(&filters(&["employee.created"]), "employee.updated"));
        assert!(!matches_any(&[], "employee.updated"));
        for good in ["*", "employee.*", "org_unit.deleted", "visit.notified"] {
            assert!(is_filter(good, &["visit.notified"]), "{good}");
        }
        for bad in
            ["", "employee", "employe.*", "employee.", "employee.fired", "*.created", "emp*", "punch.new"]
        {
            assert!(!is_filter(bad, &["visit.notified"]), "{bad}");
        }
    }
}
