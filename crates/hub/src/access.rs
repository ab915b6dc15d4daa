//! From where an app may call, where it sends browsers, how much it may call: what is decided of an app beside what it
//! may see and do.

use std::{net::IpAddr, num::NonZeroU32, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tongshi_dialect::{Addresses, Quota};
use tongshi_model::Error;
use tongshi_oauth::is_registrable;
use tongshi_store::App;

/// Redirect URIs of one app.
const REDIRECT_URIS_MAX: usize = 64;

/// The longest redirect URI.
const REDIRECT_URI_BYTES_MAX: usize = 2048;

/// What a minute may hold at most.
const REQUESTS_PER_MINUTE_MAX: u32 = 1_000_000;

/// What is decided of an app beside its scopes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Access {
    /// From where it may call; empty for everywhere.
    pub addresses: Addresses,
    /// Where a browser may be sent back to, each compared byte for byte.
    pub redirect_uris: Vec<String>,
    /// How much it may call.
    pub limits: AppLimits,
}

/// How much an app may call `/v1`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AppLimits {
    /// Requests in a minute; none for what the hub's configuration says, 0 for no limit.
    pub requests_per_minute: Option<u32>,
    /// Requests that may come at once; none for those of a minute.
    pub burst: Option<NonZeroU32>,
}

impl Access {
    /// Refuses what cannot be registered.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let refused = |text: String| Err(Error::invalid("redirect_uris", text));
        if self.redirect_uris.len() > REDIRECT_URIS_MAX {
            return refused(format!("an app has at most {REDIRECT_URIS_MAX} redirect URIs"));
        }
        let fits = |uri: &String| uri.len() <= REDIRECT_URI_BYTES_MAX && is_registrable(uri);
        if !self.redirect_uris.iter().all(fits) {
            return refused(
                "a redirect URI is a whole https address without user and fragment; http only to this machine \
                 (127.0.0.1, [::1] or localhost)"
                    .to_owned(),
            );
        }
        if self.limits.requests_per_minute.is_some_and(|requests| requests > REQUESTS_PER_MINUTE_MAX) {
            let text = format!("requests_per_minute is at most {REQUESTS_PER_MINUTE_MAX}");
            return Err(Error::invalid("requests_per_minute", text));
        }
        Ok(())
    }

    /// Whether the app may call from here. An address that is not known is none of a list.
    pub(crate) fn admits(&self, peer: Option<IpAddr>) -> bool {
        self.addresses.is_empty() || peer.is_some_and(|peer| self.addresses.hold(peer))
    }

    /// How much the app may call `/v1`, if that is limited.
    pub(crate) fn quota(&self, per_minute_default: u32) -> Option<Quota> {
        let calls = NonZeroU32::new(self.limits.requests_per_minute.unwrap_or(per_minute_default))?;
        let quota = Quota::new(calls, Duration::from_secs(60));
        Some(Quota { burst: self.limits.burst.unwrap_or(calls).min(calls), ..quota })
    }
}

/// What is stored with an app.
pub(crate) fn access_of(app: &App) -> Result<Access, Error> {
    serde_json::from_value(app.access.clone()).map_err(|error| {
        Error::internal(format!("the access of app {} cannot be read", app.id)).caused_by(error)
    })
}

/// Settings with changes: a value replaces, null takes out.
pub(crate) fn merged(settings: &Value, changes: serde_json::Map<String, Value>) -> Value {
    let mut merged = settings.as_object().cloned().unwrap_or_default();
    for (name, value) in changes {
        if value.is_null() {
            merged.remove(&name);
        } else {
            merged.insert(name, value);
        }
    }
    Value::Object(merged)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_safe_redirect_uris_are_registered() {
        let access = |uri: &str| Access { redirect_uris: vec![uri.to_owned()], ..Access::default() };
        for good in [
            "https://app.example.com/back?x=1",
            "http://127.0.0.1:8080/back",
            "http://[::1]/",
            "http://localhost/",
        ] {
            access(good).check().unwrap();
        }
        for bad in [
            "http://app.example.com/back",
            "http://127.0.0.1.example.com/",
            "https://u@h.example/",
            "app://x",
            "",
        ] {
            assert!(access(bad).check().is_err(), "{bad}");
        }
    }

    #[test]
    fn quotas_come_from_the_app_or_from_the_configuration() {
        let of = |limits: Value| serde_json::from_value::<Access>(json!({ "limits": limits })).unwrap();
        assert_eq!(of(json!({})).quota(0), None);
        assert_eq!(of(json!({})).quota(60).unwrap().calls.get(), 60);
        assert_eq!(of(json!({"requests_per_minute": 0})).quota(60), None);
        let quota = of(json!({"requests_per_minute": 30, "burst": 5})).quota(60).unwrap();
        assert_eq!((quota.calls.get(), quota.burst.get()), (30, 5));
    }

    #[test]
    fn settings_are_merged_and_taken_out() {
        let changes = json!({"a": 2, "b": null}).as_object().cloned().unwrap();
        assert_eq!(merged(&json!({"a": 1, "b": 1, "c": 1}), changes), json!({"a": 2, "c": 1}));
    }
}
