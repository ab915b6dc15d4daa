//! How a caller proves who it is: by a signature over five parts, or by an access token (recruitment only). Both
//! ends of each scheme side by side.

use http::HeaderValue;
use tongshi_dialect::{
    AuthFault, AuthScheme, Explanation, KeySource, Message, ParamFault, hmac_sha256_hex,
    verify_hmac_sha256_hex,
};
use tongshi_model::{Secret, Timestamp};
use tongshi_oauth::same_secret;

use super::wire::payload;

/// The header that may carry the signature.
pub(crate) const SIGNATURE_HEADER: &str = "x-zhiren-signature";

/// How far the sender's clock may be off, both ends included (§6.14).
pub(crate) const WINDOW_SECONDS: i64 = 300;

/// What access tokens are issued for.
pub(crate) const ACCESS_TOKEN: &str = "zhiren.access_token";

/// HMAC-SHA256 over METHOD + path + access_key + tonce + payload, nothing between them.
///
/// The parts have no separators, so a character could move across a boundary and the text would stay the same. What
/// holds them apart: the key is looked up exactly, the tonce must be a plain number, and the path is the one that was
/// requested.
pub(crate) struct Signature;

/// One company's keys for one product.
#[derive(Clone)]
pub(crate) struct SigningKey {
    pub(crate) access_key: String,
    pub(crate) secret_key: Secret,
}

impl AuthScheme for Signature {
    type Key = SigningKey;
    const SOURCE: KeySource = KeySource::AppKey("access_key");

    /// Signs into header and query at once: the document's prose names one, its samples the other, and a server that
    /// reads either finds it (§6.1).
    fn sign(message: &mut Message, key: &SigningKey, now: Timestamp) {
        let tonce = now.as_second().to_string();
        let signature = {
            let payload = payload(message).unwrap_or_default();
            let text = StringToSign {
                method: message.method.as_str(),
                path: &message.path,
                access_key: &key.access_key,
                tonce: &tonce,
                payload: &payload,
            };
            text.sign(&key.secret_key)
        };
        message.add_query("access_key", &key.access_key);
        message.add_query("tonce", &tonce);
        message.add_query("signature", &signature);
        if let Ok(value) = HeaderValue::from_str(&signature) {
            message.headers.insert(SIGNATURE_HEADER, value);
        }
    }

    /// The first half of the order of checks (§6.15): 1001, 1002, 1003. The server goes on with 1105, and `verify`
    /// with 1103 and 1101, so that nobody without a known key learns whether a signature was right.
    fn claim(message: &Message) -> Result<String, AuthFault> {
        let access_key = parameter(message, "access_key")?.ok_or(AuthFault::Missing("access_key"))?;
        let in_header = message.headers.get(SIGNATURE_HEADER).is_some_and(|value| !value.is_empty());
        if !in_header && parameter(message, "signature")?.is_none() {
            return Err(AuthFault::Missing("signature"));
        }
        parameter(message, "tonce")?.ok_or(AuthFault::Missing("tonce"))?;
        Ok(access_key)
    }

    fn verify(message: &Message, key: &SigningKey, now: Timestamp) -> Result<(), AuthFault> {
        let tonce = parameter(message, "tonce")?.ok_or(AuthFault::Missing("tonce"))?;
        let distance = seconds(&tonce).ok_or(AuthFault::Malformed("tonce"))?.abs_diff(now.as_second());
        // The same tonce again is no fault: the document asks for a time, not for a number used once (§6.14).
        if distance > WINDOW_SECONDS.unsigned_abs() {
            return Err(AuthFault::Stale);
        }
        let payload = payload(message).map_err(|fault| match fault {
            ParamFault::Twice => AuthFault::Wrong(": the payload is given twice"),
            ParamFault::NotUtf8 => AuthFault::Malformed("payload"),
        })?;
        let received = received(message)?;
        if key.secret_key.expose().is_empty() {
            return Err(AuthFault::Wrong(""));
        }
        let mut text = StringToSign {
            method: message.method.as_str(),
            path: &message.path,
            access_key: &key.access_key,
            tonce: &tonce,
            payload: &payload,
        };
        // The path is taken raw, as requested (§6.16). An app that was given our address as the vendor's may take
        // the path from the whole URL, so the place where the face is mounted may be in front of it.
        let mounted = format!("{}{}", message.prefix, message.path);
        for path in [&message.path, &mounted] {
            text.path = path;
            if text.verify(&key.secret_key, &received) {
                return Ok(());
            }
        }
        if payload.is_ascii() {
            return Err(AuthFault::Wrong(""));
        }
        // The document's Node sample encodes to UTF-8 and lets the hash encode once more.
        let doubled: String = payload.bytes().map(char::from).collect();
        text.payload = &doubled;
        let cause = [&message.path, &mounted].into_iter().any(|path| {
            text.path = path;
            text.verify(&key.secret_key, &received)
        });
        Err(AuthFault::Wrong(if cause {
            ": the payload seems to be UTF-8-encoded twice (old Node sample); sign its UTF-8 bytes once"
        } else {
            ""
        }))
    }

    fn key(id: &str, secret: &Secret) -> SigningKey {
        SigningKey { access_key: id.to_owned(), secret_key: secret.clone() }
    }

    fn explain(message: &Message) -> Explanation {
        let value = |name| parameter(message, name).ok().flatten().unwrap_or_default();
        let (access_key, tonce) = (value("access_key"), value("tonce"));
        let payload = payload(message).unwrap_or_default();
        let text = StringToSign {
            method: message.method.as_str(),
            path: &message.path,
            access_key: &access_key,
            tonce: &tonce,
            payload: &payload,
        };
        let received = match (header(message), value("signature")) {
            (Ok(Some(header)), query) if !query.is_empty() && query != header => {
                Some(format!("{header} in the header, {query} in the query"))
            }
            (Ok(Some(header)), _) => Some(header.to_owned()),
            (_, query) => Some(query).filter(|query| !query.is_empty()),
        };
        Explanation {
            parts: text.parts().map(|(name, part)| (name, part.to_owned())).to_vec(),
            string_to_sign: text.parts().map(|(_, part)| part).concat(),
            received,
            algorithm: "HMAC-SHA256 with the secret_key, in lower-case hexadecimal",
        }
    }
}

/// The five parts.
struct StringToSign<'a> {
    method: &'a str,
    path: &'a str,
    access_key: &'a str,
    tonce: &'a str,
    payload: &'a str,
}

impl StringToSign<'_> {
    fn parts(&self) -> [(&'static str, &str); 5] {
        [
            ("method", self.method),
            ("path", self.path),
            ("access_key", self.access_key),
            ("tonce", self.tonce),
            ("payload", self.payload),
        ]
    }

    fn sign(&self, secret: &Secret) -> String {
        hmac_sha256_hex(secret, &self.parts().map(|(_, part)| part.as_bytes()))
    }

    fn verify(&self, secret: &Secret, signature: &str) -> bool {
        verify_hmac_sha256_hex(secret, &self.parts().map(|(_, part)| part.as_bytes()), signature)
    }
}

/// A parameter of the query that is there and not empty. One that is there twice proves nothing.
fn parameter(message: &Message, name: &'static str) -> Result<Option<String>, AuthFault> {
    match message.query_value(name) {
        Ok(value) => Ok(value.filter(|value| !value.is_empty()).map(std::borrow::Cow::into_owned)),
        Err(ParamFault::Twice) => Err(AuthFault::Wrong(": a parameter is given twice")),
        Err(ParamFault::NotUtf8) => Err(AuthFault::Malformed(name)),
    }
}

/// The one signature header, if there is one.
fn header(message: &Message) -> Result<Option<&str>, AuthFault> {
    let mut values = message.headers.get_all(SIGNATURE_HEADER).iter();
    let first = values.next().filter(|value| !value.is_empty());
    if values.next().is_some() {
        return Err(AuthFault::Wrong(": the header is given twice"));
    }
    first.map(|value| value.to_str().map_err(|_| AuthFault::Malformed("signature"))).transpose()
}

/// The signature from header or query; where both carry one they must agree (§6.1).
fn received(message: &Message) -> Result<String, AuthFault> {
    match (header(message)?.map(str::to_owned), parameter(message, "signature")?) {
        (Some(header), Some(query)) if header != query => {
            Err(AuthFault::Wrong(": header and query carry different signatures"))
        }
        (Some(signature), _) | (None, Some(signature)) => Ok(signature),
        (None, None) => Err(AuthFault::Missing("signature")),
    }
}

/// The whole seconds of a tonce: ASCII digits, and after a point more of them, which a known client sends (§6.14).
/// No sign, no exponent, no digits of other scripts.
fn seconds(tonce: &str) -> Option<i64> {
    let (whole, fraction) =
        tonce.split_once('.').map_or((tonce, None), |(whole, fraction)| (whole, Some(fraction)));
    let digits =
        |text: &str| !text.is_empty() && text.len() <= 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(whole) && fraction.is_none_or(digits)).then(|| whole.parse().ok()).flatten()
}

/// An access token as a parameter, in the query or in a form.
pub(crate) struct AccessToken;

impl AuthScheme for AccessToken {
    type Key = Secret;
    const SOURCE: KeySource = KeySource::Token(ACCESS_TOKEN);

    fn sign(message: &mut Message, key: &Secret, _now: Timestamp) {
        message.add_query("access_token", key.expose());
    }

    fn claim(message: &Message) -> Result<String, AuthFault> {
        let twice = |_| AuthFault::Wrong(": access_token is given twice or is no text");
        let in_query = message.query_value("access_token").map_err(twice)?.filter(|token| !token.is_empty());
        let in_form = message.form_value("access_token").map_err(twice)?.filter(|token| !token.is_empty());
        match (in_query, in_form) {
            (Some(query), Some(form)) if query != form => {
                Err(AuthFault::Wrong(": two access tokens are given"))
            }
            (Some(token), _) | (None, Some(token)) => Ok(token.into_owned()),
            (None, None) => Err(AuthFault::Missing("access_token")),
        }
    }

    fn verify(message: &Message, key: &Secret, _now: Timestamp) -> Result<(), AuthFault> {
        if same_secret(key, &Self::claim(message)?) { Ok(()) } else { Err(AuthFault::Unknown) }
    }

    fn key(_id: &str, secret: &Secret) -> Secret {
        secret.clone()
    }

    fn explain(message: &Message) -> Explanation {
        let received =
            Self::claim(message).ok().map(|token| format!("a token of {} characters", token.len()));
        Explanation {
            received,
            algorithm: "nothing is signed; the access token itself is sent",
            ..Explanation::default()
        }
    }
}
