//! Sign-in through Waiqin: the link way, which the hub begins, and the menu way, which begins at the vendor (§A2).

use async_trait::async_trait;
use serde_json::Value;
use tongshi_dialect::{CallError, Departure, Identity, Redemption, Return, Row, SignIn, SignInFault};
use tongshi_model::{Error, Secret};
use tongshi_oauth::{return_url, same_secret};

use super::{Connection, TOKEN};
use crate::waiqin::wire::{self, Code, Fault};

/// Where the live vendor asks people to sign in, whatever host its API has (§1 of the ambiguities).
const LIVE_PAGE: &str = "https://cloud.waiqin365.com";
/// The live vendor's domains.
const LIVE_DOMAINS: [&str; 2] = [".waiqin365.com", ".qince.com"];
/// The longest code, in bytes (§A2).
const CODE_BYTES_MAX: usize = 512;

#[async_trait]
impl SignIn for Connection {
    fn departure(&self, departure: &Departure<'_>) -> Result<String, Error> {
        let page = match self.settings["authorize_url"].as_str() {
            Some(url) => url.to_owned(),
            None => format!("{}/service/oauth/authorize", page_host(departure.base_url)),
        };
        Ok(return_url(
            &page,
            &[
                ("response_type", "code"),
                ("app_id", self.credential.require("app_id")?.expose()),
                ("redirect_uri", departure.redirect_uri),
                ("scope", "user"),
                ("state", departure.state),
                ("tenant_id", self.credential.require("tenant_id")?.expose()),
            ],
        ))
    }

    fn read_return(&self, pairs: &[(String, String)]) -> Return {
        let value = |name: &str| {
            pairs
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.as_str())
                .filter(|v| !v.is_empty())
        };
        let state = value("state").map(str::to_owned);
        // Older editions send the error here instead of to a page of the vendor's own (§10 of the ambiguities).
        let code = match (value("error"), value("code")) {
            (Some("access_denied"), _) => Err(SignInFault::Denied),
            (Some(error), _) => Err(SignInFault::Vendor(tongshi_model::masked(error))),
            (None, None) => Err(SignInFault::Malformed("code is missing")),
            (None, Some(code)) if code.len() > CODE_BYTES_MAX => {
                Err(SignInFault::Malformed("code is too long"))
            }
            (None, Some(code)) => ["app_id", "tenant_id"]
                .into_iter()
                .find(|name| value(name).is_some_and(|given| !self.is_ours(name, given)))
                .map_or_else(|| Ok(Secret::new(code)), |name| Err(SignInFault::Foreign(name))),
        };
        Return { state, code }
    }

    fn begins_there(&self, state: Option<&str>) -> bool {
        // Which state a menu sends is agreed with the vendor (§13 of the ambiguities); without one none is let in.
        let known = |text: &str| state.is_some_and(|state| same_secret(&Secret::new(text), state));
        match &self.settings["menu_state"] {
            Value::String(text) => known(text),
            Value::Array(all) => all.iter().filter_map(Value::as_str).any(known),
            _ => false,
        }
    }

    async fn redeem(&self, redemption: &Redemption<'_>) -> Result<Identity, SignInFault> {
        let ask = wire::UserInfo { code: Some(redemption.code.expose().to_owned()) };
        let token = self.app_token().await?;
        let mut answer = self.client.call_bytes(&ask, &token).await;
        if answer.as_ref().is_err_and(is_void) {
            // The vendor may void a token before its end (§A1); a code that came with it is not burnt (§8).
            self.tokens.refused(TOKEN, &token).await?;
            answer = self.client.call_bytes(&ask, &self.app_token().await?).await;
        }
        let body = match answer {
            Err(CallError::Fault { fault, .. }) if fault.code == Code::Grant => {
                return Err(SignInFault::Code);
            }
            answer => answer?,
        };
        let garbled = || SignInFault::Vendor("the user cannot be read".to_owned());
        let user: wire::User = serde_json::from_slice(&body).map_err(|_| garbled())?;
        if user.tenant_id.as_deref().is_some_and(|tenant| !self.is_ours("tenant_id", tenant)) {
            return Err(SignInFault::Foreign("tenant_id"));
        }
        let remote_id = user.id.filter(|id| !id.is_empty()).ok_or_else(garbled)?;
        let raw = String::from_utf8(body.to_vec()).map_err(|_| garbled())?;
        Ok(Identity { row: Row { remote_id, date: None, raw } })
    }
}

impl Connection {
    /// Whether this is the account's own value of that name.
    fn is_ours(&self, name: &str, given: &str) -> bool {
        self.credential.get(name).is_some_and(|ours| same_secret(ours, given))
    }
}

/// Whether the vendor no longer takes the application token. Its own numbers are not known (§6), so a text that speaks
/// of the token counts too.
fn is_void(error: &CallError<Fault>) -> bool {
    let CallError::Fault { fault, .. } = error else { return false };
    match fault.code {
        Code::Token | Code::OpenId => true,
        Code::Failed | Code::Other(_) => fault.text.to_ascii_lowercase().contains("token"),
        _ => false,
    }
}

/// Host of the sign-in page: the live vendor's own, or of whoever answers in its place.
fn page_host(base_url: &str) -> &str {
    let base = base_url.trim_end_matches('/');
    let host = base.strip_prefix("https://").unwrap_or_default();
    let host = host.split(['/', ':']).next().unwrap_or_default();
    if LIVE_DOMAINS.iter().any(|domain| host.ends_with(domain)) { LIVE_PAGE } else { base }
}
