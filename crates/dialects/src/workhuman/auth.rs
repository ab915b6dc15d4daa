//! How a caller proves who it is: by an access token in the header (§1). Both ends side by side.

use http::{HeaderValue, header};
use tongshi_dialect::{AuthFault, AuthScheme, Explanation, KeySource, Message};
use tongshi_model::{Secret, Timestamp};

/// What access tokens are issued for.
pub(crate) const ACCESS: &str = "workhuman.access";

/// `Authorization: Bearer {token}` (RFC 6750 §2.1).
pub(crate) struct Bearer;

impl AuthScheme for Bearer {
    type Key = Secret;
    const SOURCE: KeySource = KeySource::Token(ACCESS);

    fn sign(message: &mut Message, key: &Secret, _now: Timestamp) {
        // A token that is no header value proves nothing, and the vendor says so.
        if let Ok(mut value) = HeaderValue::from_str(&format!("Bearer {}", key.expose())) {
            value.set_sensitive(true);
            message.headers.insert(header::AUTHORIZATION, value);
        }
    }

    fn claim(message: &Message) -> Result<String, AuthFault> {
        let text =
            message.header(header::AUTHORIZATION.as_str()).ok_or(AuthFault::Missing("Authorization"))?;
        let (scheme, token) = text.split_once(' ').ok_or(AuthFault::Malformed("Authorization"))?;
        let token = token.trim();
        if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
            return Err(AuthFault::Malformed("Authorization"));
        }
        Ok(token.to_owned())
    }

    fn verify(_message: &Message, _key: &Secret, _now: Timestamp) -> Result<(), AuthFault> {
        // Whoever shows a token that is known and not over is its holder.
        Ok(())
    }

    fn key(_id: &str, secret: &Secret) -> Secret {
        secret.clone()
    }

    fn explain(_message: &Message) -> Explanation {
        Explanation {
            algorithm: "nothing is signed; the access token lies in the header Authorization",
            ..Explanation::default()
        }
    }
}
