//! Out: an attempt is kept, and the browser is sent to the vendor's page with its state.

use std::{net::IpAddr, num::NonZeroU32, time::Duration};

use serde_json::json;
use tongshi_dialect::{Departure, Quota};
use tongshi_model::{Error, Id, Secret};
use tongshi_store::tokens;

use super::{ATTEMPT, ATTEMPT_SECONDS, Gate, NotSignedIn, PLACE, browser_mark, is_token, verifier};
use crate::{
    Hub,
    workforce::{later, token_hash},
};

/// Sign-ins that may be begun from one address in a minute: a whole office comes from one in the morning.
const BEGUN_PER_MINUTE: NonZeroU32 = NonZeroU32::MIN.saturating_add(599);

/// The longest address to return to.
const RETURN_TO_BYTES_MAX: usize = 2048;

/// A browser on its way to the vendor.
#[derive(Debug)]
pub struct Departing {
    /// Where it is sent.
    pub location: String,
    /// What it keeps until it is back.
    pub browser: Secret,
    /// For how long.
    pub lifetime_seconds: i64,
    /// Whether it may travel over TLS only.
    pub secure: bool,
}

impl Hub {
    /// Begins a sign-in through a connection, named by its id or its name. `browser` is what the browser kept from an
    /// earlier attempt, so that several tabs have one; `return_to` is where the person wants to be in the end: a path
    /// here, or an address that an app of the workspace has registered.
    pub async fn begin_sign_in(
        &self,
        connection: &str,
        browser: Option<&str>,
        return_to: Option<&str>,
        peer: Option<IpAddr>,
    ) -> Result<Departing, NotSignedIn> {
        if let Some(peer) = peer {
            let quota = Quota::new(BEGUN_PER_MINUTE, Duration::from_secs(60));
            let place = Id::of(&[PLACE, &peer.to_string()]);
            let taken = self.0.limiter.take(place, PLACE, quota);
            taken.map_err(|wait| NotSignedIn::Limited(wait.seconds()))?;
        }
        let gate = self.gate(connection).await?;
        let return_to = return_to.unwrap_or("");
        if !return_to.is_empty() && !self.may_return_to(&gate, return_to).await? {
            return Err(NotSignedIn::ReturnTo);
        }
        let state = self.token();
        let browser = browser.filter(|kept| is_token(kept)).map_or_else(|| self.token(), str::to_owned);
        let departure = Departure {
            base_url: &gate.opened.connection.base_url,
            redirect_uri: &gate.redirect_uri,
            state: &state,
            verifier: &verifier(&browser, &state),
        };
        let sign_in = gate.opened.connector.sign_in().ok_or(NotSignedIn::NoConnection)?;
        let location = sign_in.departure(&departure)?;
        let payload = json!({
            "connection": gate.opened.connection.id, "browser": browser_mark(&browser), "return_to": return_to,
        });
        let end = Some(later(self.clock().now(), ATTEMPT_SECONDS));
        let mut session = self.store().write().await?;
        let hash = token_hash(&state);
        tokens::put(&mut session, &gate.workspace, ATTEMPT, &hash, None, None, &payload, end).await?;
        session.commit().await?;
        Ok(Departing {
            location,
            browser: Secret::new(browser),
            lifetime_seconds: ATTEMPT_SECONDS,
            secure: gate.secure(),
        })
    }

    /// Whether somebody who signed in may be led there.
    async fn may_return_to(&self, gate: &Gate, return_to: &str) -> Result<bool, Error> {
        if return_to.len() > RETURN_TO_BYTES_MAX {
            return Ok(false);
        }
        if is_own_path(return_to) {
            return Ok(true);
        }
        let apps = self.apps(&gate.workspace).await?;
        let mut registered =
            apps.iter().filter(|app| !app.disabled).flat_map(|app| &app.access.redirect_uris);
        Ok(registered.any(|uri| uri == return_to))
    }
}

/// Whether this is a path of our own: browsers take `//host` and `/\host` for another's.
fn is_own_path(text: &str) -> bool {
    let plain =
        text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'<' | b'>'));
    plain && text.starts_with('/') && !text.starts_with("//")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_our_own_are_paths() {
        for good in ["/", "/console", "/a/b?c=d#e", "/login"] {
            assert!(is_own_path(good), "{good}");
        }
        for bad in [
            "",
            "console",
            "//evil.example",
            "/\\evil.example",
            "/a\r\nx: y",
            "https://evil.example/",
            "/\t/x",
        ] {
            assert!(!is_own_path(bad), "{bad}");
        }
    }
}
