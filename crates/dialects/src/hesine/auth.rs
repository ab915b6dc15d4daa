//! How a caller proves who it is: by a token, in the query (§2.2) or, at the mall, in a header (§2.6). Nothing is signed.

pub(crate) mod sample;

use tongshi_dialect::{AuthFault, AuthScheme, Explanation, KeySource, Message};
use tongshi_model::{Secret, Timestamp};

/// What access tokens are issued for.
pub(crate) const ACCESS: &str = "hesine.access_token";

/// What refresh tokens are issued for.
pub(crate) const REFRESH: &str = "hesine.refresh_token";

/// The access token, in the query.
pub(crate) struct AccessToken;

impl AuthScheme for AccessToken {
    type Key = Secret;
    const SOURCE: KeySource = KeySource::Token(ACCESS);

    fn sign(message: &mut Message, key: &Secret, _now: Timestamp) {
        message.add_query("accessToken", key.expose());
    }

    fn claim(message: &Message) -> Result<String, AuthFault> {
        let token = message.query_value("accessToken").map_err(|_| AuthFault::Malformed("accessToken"))?;
        let token = token.filter(|token| !token.is_empty()).ok_or(AuthFault::Missing("accessToken"))?;
        Ok(token.into_owned())
    }

    fn verify(_message: &Message, _key: &Secret, _now: Timestamp) -> Result<(), AuthFault> {
        // Whoever shows a token that is known and not over is its holder.
        Ok(())
    }

    fn key(_id: &str, secret: &Secret) -> Secret {
        secret.clone()
    }

    fn explain(_message: &Message) -> Explanation {
        Explanation { algorithm: "nothing is signed; the token lies in the query", ..Explanation::default() }
    }
}

/// The access token in the header `Authorization`, as the mall wants it.
pub(crate) struct MallToken;

impl AuthScheme for MallToken {
    type Key = Secret;
    const SOURCE: KeySource = KeySource::Token(ACCESS);

    fn sign(message: &mut Message, key: &Secret, now: Timestamp) {
        sample::Bearer::sign(message, key, now);
    }

    fn claim(message: &Message) -> Result<String, AuthFault> {
        sample::Bearer::claim(message)
    }

    fn verify(message: &Message, key: &Secret, now: Timestamp) -> Result<(), AuthFault> {
        sample::Bearer::verify(message, key, now)
    }

    fn key(id: &str, secret: &Secret) -> Secret {
        sample::Bearer::key(id, secret)
    }

    fn explain(message: &Message) -> Explanation {
        sample::Bearer::explain(message)
    }
}
