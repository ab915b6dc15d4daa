//! How a caller of the sample contract proves who it is (§1): by three headers, or by a token that OAuth 2.0 gives.
//!
//! The given document names the headers and not how they are made; the making is ours (§3, 2 and 4 of the ambiguities):
//! HMAC-SHA256 with the App Secret over six lines, in lower-case hexadecimal:
//!
//! ```text
//! METHOD \n path \n query \n App-Key \n Timestamp \n SHA-256 of the body in lower-case hexadecimal
//! ```

use http::{HeaderName, HeaderValue};
use sha2::{Digest as _, Sha256};
use tongshi_dialect::{
    AuthFault, AuthScheme, Explanation, KeySource, Message, hmac_sha256_hex, verify_hmac_sha256_hex,
};
use tongshi_model::{Secret, Timestamp};

/// How far the sender's clock may be off, both ends included (§3, 4).
pub(crate) const WINDOW_SECONDS: i64 = 300;

/// What access tokens of the sample contract are issued for.
pub(crate) const BEARER: &str = "hesine.sample.access";

/// What its refresh tokens are issued for.
pub(crate) const RENEWAL: &str = "hesine.sample.refresh";

const APP_KEY: &str = "app-key";
const SIGNATURE: &str = "signature";
const TIMESTAMP: &str = "timestamp";

/// The three headers.
pub(crate) struct Headers;

/// An app's pair.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) app_key: String,
    pub(crate) app_secret: Secret,
}

impl AuthScheme for Headers {
    type Key = Pair;
    const SOURCE: KeySource = KeySource::AppKey("app_key");

    fn sign(message: &mut Message, key: &Pair, now: Timestamp) {
        let timestamp = now.as_second().to_string();
        let text = string_to_sign(message, &message.path, &key.app_key, &timestamp);
        let signature = hmac_sha256_hex(&key.app_secret, &[text.as_bytes()]);
        for (name, value) in [(APP_KEY, &key.app_key), (TIMESTAMP, &timestamp), (SIGNATURE, &signature)] {
            if let Ok(value) = HeaderValue::from_str(value) {
                message.headers.insert(HeaderName::from_static(name), value);
            }
        }
    }

    fn claim(message: &Message) -> Result<String, AuthFault> {
        let app_key = one(message, APP_KEY, "App-Key")?;
        one(message, TIMESTAMP, "Timestamp")?;
        one(message, SIGNATURE, "Signature")?;
        Ok(app_key.to_owned())
    }

    fn verify(message: &Message, key: &Pair, now: Timestamp) -> Result<(), AuthFault> {
        let timestamp = one(message, TIMESTAMP, "Timestamp")?;
        let plain = timestamp.len() <= 11 && timestamp.bytes().all(|byte| byte.is_ascii_digit());
        let sent: i64 = timestamp.parse().ok().filter(|_| plain).ok_or(AuthFault::Malformed("Timestamp"))?;
        if sent.abs_diff(now.as_second()) > WINDOW_SECONDS.unsigned_abs() {
            return Err(AuthFault::Stale);
        }
        let signature = one(message, SIGNATURE, "Signature")?;
        if key.app_secret.expose().is_empty() {
            return Err(AuthFault::Wrong(""));
        }
        // Whoever was given our address as the vendor's may take the path from the whole URL.
        let mounted = format!("{}{}", message.prefix, message.path);
        let fits = [&message.path, &mounted].into_iter().any(|path| {
            let text = string_to_sign(message, path, &key.app_key, timestamp);
            verify_hmac_sha256_hex(&key.app_secret, &[text.as_bytes()], signature)
        });
        if fits { Ok(()) } else { Err(AuthFault::Wrong("; docs/HESINE.md shows how it is made")) }
    }

    fn key(id: &str, secret: &Secret) -> Pair {
        Pair { app_key: id.to_owned(), app_secret: secret.clone() }
    }

    fn explain(message: &Message) -> Explanation {
        let app_key = message.header(APP_KEY).unwrap_or_default().to_owned();
        let timestamp = message.header(TIMESTAMP).unwrap_or_default().to_owned();
        Explanation {
            string_to_sign: string_to_sign(message, &message.path, &app_key, &timestamp),
            parts: vec![
                ("method", message.method.to_string()),
                ("path", message.path.clone()),
                ("query", message.query.clone()),
                ("app_key", app_key),
                ("timestamp", timestamp),
                ("body_sha256", hex::encode(Sha256::digest(&message.body))),
            ],
            received: message.header(SIGNATURE).map(str::to_owned),
            algorithm: "HMAC-SHA256 with the App Secret, in lower-case hexadecimal; the lines with a line feed between them",
        }
    }
}

fn string_to_sign(message: &Message, path: &str, app_key: &str, timestamp: &str) -> String {
    let body = hex::encode(Sha256::digest(&message.body));
    [message.method.as_str(), path, &message.query, app_key, timestamp, &body].join("\n")
}

/// The one value of a header. Given twice it is refused: never "the first that works".
fn one<'a>(message: &'a Message, name: &str, shown: &'static str) -> Result<&'a str, AuthFault> {
    let mut values = message.headers.get_all(name).iter();
    let value = values.next().ok_or(AuthFault::Missing(shown))?;
    let value = value.to_str().ok().filter(|_| values.next().is_none());
    let value = value.ok_or(AuthFault::Malformed(shown))?;
    if value.is_empty() { Err(AuthFault::Missing(shown)) } else { Ok(value) }
}

/// A token in the header `Authorization` (RFC 6750 §2.1), as the document's questions and answers have it.
pub(crate) struct Bearer;

impl AuthScheme for Bearer {
    type Key = Secret;
    const SOURCE: KeySource = KeySource::Token(BEARER);

    fn sign(message: &mut Message, key: &Secret, _now: Timestamp) {
        if let Ok(mut value) = HeaderValue::from_str(&format!("Bearer {}", key.expose())) {
            value.set_sensitive(true);
            message.headers.insert(http::header::AUTHORIZATION, value);
        }
    }

    fn claim(message: &Message) -> Result<String, AuthFault> {
        let value = one(message, "authorization", "Authorization")?;
        let token = value.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let token = token.map(|(_, token)| token.trim()).filter(|token| !token.is_empty());
        token.map(str::to_owned).ok_or(AuthFault::Malformed("Authorization"))
    }

    fn verify(_message: &Message, _key: &Secret, _now: Timestamp) -> Result<(), AuthFault> {
        // Whoever shows a token that is known and not over is its holder.
        Ok(())
    }

    fn key(_id: &str, secret: &Secret) -> Secret {
        secret.clone()
    }

    fn explain(_message: &Message) -> Explanation {
        Explanation { algorithm: "nothing is signed; the token lies in a header", ..Explanation::default() }
    }
}

/// Whether a message comes with a token rather than with a signature.
pub(crate) fn comes_with_token(message: &Message) -> bool {
    message.headers.contains_key(http::header::AUTHORIZATION)
}
