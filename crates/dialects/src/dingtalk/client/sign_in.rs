//! Sign-in through DingTalk (§9): its page asks for consent, the code becomes a user's token, that tells a profile, and the
//! profile's unionid leads to the userid under which the company knows the person.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tongshi_dialect::{CallError, Departure, Identity, Redemption, Return, Row, SignIn, SignInFault};
use tongshi_model::{Account, Draft, Error, Secret, Space};
use tongshi_oauth::{return_url, same_secret};

use super::{Code, Connection, Fault, hosts::is_live};
use crate::dingtalk::{
    map,
    wire::{Me, Profile, UserAccessToken, UserByUnionId},
};

/// Where the live vendor asks people to sign in.
const LIVE_PAGE: &str = "https://login.dingtalk.com/oauth2/auth";
/// The longest code that is believed, in bytes: the vendor gives no figure.
const CODE_BYTES_MAX: usize = 512;

/// A row of ours round the vendor's: a profile has no userid.
#[derive(Serialize, Deserialize)]
struct Known {
    userid: String,
    /// 0 staff, 1 somebody from outside.
    contact_type: i64,
    profile: Box<RawValue>,
}

#[async_trait]
impl SignIn for Connection {
    fn departure(&self, departure: &Departure<'_>) -> Result<String, Error> {
        let base = departure.base_url.trim_end_matches('/');
        let page = match self.settings["authorize_url"].as_str() {
            Some(url) => url.to_owned(),
            None if is_live(base) => LIVE_PAGE.to_owned(),
            None => format!("{base}/oauth2/auth"),
        };
        // With the company asked for, the answer says in which one the person chose to be.
        let scope = if self.credential.get("corp_id").is_some() { "openid corpid" } else { "openid" };
        Ok(return_url(
            &page,
            &[
                ("redirect_uri", departure.redirect_uri),
                ("response_type", "code"),
                ("client_id", self.credential.require("app_key")?.expose()),
                ("scope", scope),
                ("prompt", "consent"),
                ("state", departure.state),
            ],
        ))
    }

    fn read_return(&self, pairs: &[(String, String)]) -> Return {
        let value = |name: &str| {
            let found = pairs.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
        };
        // One value under two names (§9).
        let code = match (value("error"), value("code"), value("authCode")) {
            (Some("access_denied"), ..) => Err(SignInFault::Denied),
            (Some(error), ..) => Err(SignInFault::Vendor(tongshi_model::masked(error))),
            (None, None, None) => Err(SignInFault::Malformed("code is missing")),
            (None, Some(code), Some(other)) if code != other => {
                Err(SignInFault::Malformed("code and authCode differ"))
            }
            (None, Some(code), _) | (None, None, Some(code)) if code.len() <= CODE_BYTES_MAX => {
                Ok(Secret::new(code))
            }
            _ => Err(SignInFault::Malformed("code is too long")),
        };
        Return { state: value("state").map(str::to_owned), code }
    }

    async fn redeem(&self, redemption: &Redemption<'_>) -> Result<Identity, SignInFault> {
        let text = |name| self.credential.require(name).map(|value| Some(value.expose().to_owned()));
        let ask = UserAccessToken {
            client_id: text("app_key")?,
            client_secret: text("app_secret")?,
            code: Some(redemption.code.expose().to_owned()),
            grant_type: Some("authorization_code".to_owned()),
            ..UserAccessToken::default()
        };
        let token = match self.client.call(&ask, &()).await {
            Err(error) if is_of_code(&error) => return Err(SignInFault::Code),
            answer => answer?,
        };
        let ours = self.credential.get("corp_id").filter(|id| !id.expose().is_empty());
        if let (Some(ours), Some(theirs)) = (ours, &token.corp_id)
            && !same_secret(ours, theirs)
        {
            return Err(SignInFault::Foreign("company"));
        }
        let garbled = || SignInFault::Vendor("the profile cannot be read".to_owned());
        let body = self.client.call_bytes(&Me {}, &Secret::new(token.access_token)).await?;
        let profile: Profile = serde_json::from_slice(&body).map_err(|_| garbled())?;
        let found = match self.ask(&UserByUnionId { unionid: Some(profile.union_id) }).await {
            // Whoever is not of the app's company has no userid there.
            Err(CallError::Fault { fault, .. }) if matches!(fault.code, Code::Nobody | Code::UserId) => {
                return Err(SignInFault::Foreign("company"));
            }
            answer => answer?.result,
        };
        let profile = String::from_utf8(body.to_vec()).ok().and_then(|raw| RawValue::from_string(raw).ok());
        let userid = Some(found.userid).filter(|userid| !userid.is_empty()).ok_or_else(garbled)?;
        let known = Known {
            userid: userid.clone(),
            contact_type: found.contact_type,
            profile: profile.ok_or_else(garbled)?,
        };
        let raw = serde_json::to_string(&known).map_err(|_| garbled())?;
        Ok(Identity { row: Row { remote_id: userid, date: None, raw } })
    }
}

/// Whether the vendor refuses the code: unknown, used, over, or another app's.
fn is_of_code(error: &CallError<Fault>) -> bool {
    matches!(error, CallError::Fault { fault, .. } if fault.code == Code::Spent)
}

/// The account of somebody who signed in.
pub(super) fn read_account(space: Space, raw: &str) -> Result<Draft, Error> {
    let broken = |error: serde_json::Error| {
        Error::invalid("row", format!("the row breaks off or is of another form (column {})", error.column()))
    };
    let known: Known = serde_json::from_str(raw).map_err(broken)?;
    let profile: Profile = serde_json::from_str(known.profile.get()).map_err(broken)?;
    let account: Account = map::read_profile(space, known.userid, known.contact_type == 0, profile);
    Draft::of(&account)
}
