//! How a caller proves who it is: by a token of the application in the query (old host) or in a header (new host), by a
//! user's token, or by one of two signatures over a time (§2, §3). Both ends of each scheme side by side.

pub(crate) mod seal;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderValue, header::AUTHORIZATION};
use sha2::Sha256;
use tongshi_dialect::{AuthFault, AuthScheme, Explanation, KeySource, Message};
use tongshi_model::{Secret, Timestamp};
use tongshi_oauth::same_secret;

/// What application tokens are issued for. One is good on both hosts (§2).
pub(crate) const APP_TOKEN: &str = "dingtalk.access_token";
/// What users' tokens are issued for.
pub(crate) const USER_TOKEN: &str = "dingtalk.user_token";
/// The header of the new host.
pub(crate) const TOKEN_HEADER: &str = "x-acs-dingtalk-access-token";

/// How far the time of `sns/getuserinfo_bycode` may be off (§3).
pub(crate) const SNS_WINDOW_SECONDS: i64 = 60;
/// The same for `/service/*`, where the vendor gives no figure: that of its robots (§3).
pub(crate) const SERVICE_WINDOW_SECONDS: i64 = 3600;

/// The application's token on the old host: in the query, or in a form (§1). The header of the new host is not looked at.
pub(crate) struct OldToken;

impl AuthScheme for OldToken {
    type Key = Secret;
    const SOURCE: KeySource = KeySource::Token(APP_TOKEN);

    fn sign(message: &mut Message, key: &Secret, _now: Timestamp) {
        message.add_query("access_token", key.expose());
    }

    fn claim(message: &Message) -> Result<String, AuthFault> {
        let malformed = |_| AuthFault::Malformed("access_token");
        let in_query = message.query_value("access_token").map_err(malformed)?;
        let token = match in_query.filter(|token| !token.is_empty()) {
            Some(token) => Some(token),
            None => message.form_value("access_token").map_err(malformed)?,
        };
        let token = token.filter(|token| !token.is_empty()).ok_or(AuthFault::Missing("access_token"))?;
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

/// The application's token on the new host: in the header, nowhere else (§1).
pub(crate) struct NewToken;

impl AuthScheme for NewToken {
    type Key = Secret;
    const SOURCE: KeySource = KeySource::Token(APP_TOKEN);

    fn sign(message: &mut Message, key: &Secret, _now: Timestamp) {
        put_header(message, key);
    }

    fn claim(message: &Message) -> Result<String, AuthFault> {
        in_header(message)
    }

    fn verify(_message: &Message, _key: &Secret, _now: Timestamp) -> Result<(), AuthFault> {
        Ok(())
    }

    fn key(_id: &str, secret: &Secret) -> Secret {
        secret.clone()
    }

    fn explain(_message: &Message) -> Explanation {
        Explanation { algorithm: "nothing is signed; the token lies in a header", ..Explanation::default() }
    }
}

/// A user's token, in the same header (§9).
pub(crate) struct UserToken;

impl AuthScheme for UserToken {
    type Key = Secret;
    const SOURCE: KeySource = KeySource::Token(USER_TOKEN);

    fn sign(message: &mut Message, key: &Secret, _now: Timestamp) {
        put_header(message, key);
    }

    fn claim(message: &Message) -> Result<String, AuthFault> {
        in_header(message)
    }

    fn verify(_message: &Message, _key: &Secret, _now: Timestamp) -> Result<(), AuthFault> {
        Ok(())
    }

    fn key(_id: &str, secret: &Secret) -> Secret {
        secret.clone()
    }

    fn explain(_message: &Message) -> Explanation {
        Explanation {
            algorithm: "nothing is signed; the user's token lies in a header",
            ..Explanation::default()
        }
    }
}

fn put_header(message: &mut Message, key: &Secret) {
    if let Ok(value) = HeaderValue::from_str(key.expose()) {
        message.headers.insert(TOKEN_HEADER, value);
    }
}

fn in_header(message: &Message) -> Result<String, AuthFault> {
    let token = message.header(TOKEN_HEADER).filter(|token| !token.is_empty());
    token.map(str::to_owned).ok_or(AuthFault::Missing("access_token"))
}

/// HMAC-SHA256 in standard Base64 with padding, over parts one after another (§3).
pub(crate) fn signature(secret: &Secret, parts: &[&str]) -> String {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104 §2)")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("any length is a key");
    for part in parts {
        mac.update(part.as_bytes());
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

/// The key of a signing scheme.
#[derive(Clone)]
pub(crate) struct SigningKey {
    pub(crate) id: String,
    pub(crate) secret: Secret,
}

/// `accessKey`, `timestamp`, `signature` in the query; signed is the time alone (§3: two pages disagree, the SDK decides).
pub(crate) struct Sns;

impl AuthScheme for Sns {
    type Key = SigningKey;
    const SOURCE: KeySource = KeySource::AppKey("app_key");

    fn sign(message: &mut Message, key: &SigningKey, now: Timestamp) {
        let timestamp = now.as_millisecond().to_string();
        let signature = signature(&key.secret, &[&timestamp]);
        message.add_query("accessKey", &key.id);
        message.add_query("timestamp", &timestamp);
        message.add_query("signature", &signature);
    }

    fn claim(message: &Message) -> Result<String, AuthFault> {
        let id = parameter(message, "accessKey")?;
        for name in ["timestamp", "signature"] {
            parameter(message, name)?;
        }
        Ok(id)
    }

    fn verify(message: &Message, key: &SigningKey, now: Timestamp) -> Result<(), AuthFault> {
        let timestamp = fresh(message, now, SNS_WINDOW_SECONDS)?;
        fits(message, key, &[&timestamp], ": HMAC-SHA256 over the timestamp, in Base64")
    }

    fn key(id: &str, secret: &Secret) -> SigningKey {
        SigningKey { id: id.to_owned(), secret: secret.clone() }
    }

    fn explain(message: &Message) -> Explanation {
        let timestamp = parameter(message, "timestamp").unwrap_or_default();
        Explanation {
            parts: vec![("timestamp", timestamp.clone())],
            string_to_sign: timestamp,
            received: parameter(message, "signature").ok(),
            algorithm: "HMAC-SHA256 with the appSecret over the timestamp, in Base64",
        }
    }
}

/// The same with `suiteTicket`; signed are time and ticket with a line break between them (§3).
pub(crate) struct Service;

impl AuthScheme for Service {
    type Key = SigningKey;
    const SOURCE: KeySource = KeySource::AppKey("suite_key");

    fn sign(message: &mut Message, key: &SigningKey, now: Timestamp) {
        let timestamp = now.as_millisecond().to_string();
        let signature = signature(&key.secret, &[&timestamp, "\n", &ticket(message)]);
        message.add_query("accessKey", &key.id);
        message.add_query("timestamp", &timestamp);
        message.add_query("signature", &signature);
    }

    fn claim(message: &Message) -> Result<String, AuthFault> {
        Sns::claim(message)
    }

    fn verify(message: &Message, key: &SigningKey, now: Timestamp) -> Result<(), AuthFault> {
        let timestamp = fresh(message, now, SERVICE_WINDOW_SECONDS)?;
        let hint = ": HMAC-SHA256 over timestamp, line break and suiteTicket, in Base64";
        fits(message, key, &[&timestamp, "\n", &ticket(message)], hint)
    }

    fn key(id: &str, secret: &Secret) -> SigningKey {
        Sns::key(id, secret)
    }

    fn explain(message: &Message) -> Explanation {
        let timestamp = parameter(message, "timestamp").unwrap_or_default();
        let ticket = ticket(message);
        Explanation {
            string_to_sign: format!("{timestamp}\n{ticket}"),
            parts: vec![("timestamp", timestamp), ("suiteTicket", ticket)],
            received: parameter(message, "signature").ok(),
            algorithm: "HMAC-SHA256 with the suiteSecret over timestamp, line break and suiteTicket, in Base64",
        }
    }
}

/// What the vendor pushed to the suite last, a field of the request; one that cannot be read is none.
fn ticket(message: &Message) -> String {
    message.query_value("suiteTicket").ok().flatten().unwrap_or_default().into_owned()
}

/// How far the time of the given document's clock-in may be off; the document gives no figure, so it is the vendor's
/// shortest.
pub(crate) const SEED_WINDOW_SECONDS: i64 = 60;

/// Where the given document sends its clock-in.
const SEED_HOST: &str = "https://oapi.dingtalk.com";

/// The given document's header (§3.1): `Authorization: myAppKey=…,timestamp=…,signature=…`, the signature over secret, full
/// address and time. The vendor documents no such scheme. It leaves the body unsigned; so that a signature stands for one
/// clock-in, the time in the body must be the one that is signed, as it is in the document.
pub(crate) struct Seed;

impl AuthScheme for Seed {
    type Key = SigningKey;
    const SOURCE: KeySource = KeySource::AppKey("app_key");

    fn sign(message: &mut Message, key: &SigningKey, now: Timestamp) {
        // The time in the body is signed, where there is one.
        let timestamp = seed_time(message).unwrap_or_else(|| now.as_millisecond().to_string());
        let signature = seed_signature(&key.secret, &format!("{SEED_HOST}{}", message.path), &timestamp);
        let header = format!("myAppKey={},timestamp={timestamp},signature={signature}", key.id);
        if let Ok(value) = HeaderValue::from_str(&header) {
            message.headers.insert(AUTHORIZATION, value);
        }
    }

    fn claim(message: &Message) -> Result<String, AuthFault> {
        let id = seed_part(message, "myAppKey")?;
        for name in ["timestamp", "signature"] {
            seed_part(message, name)?;
        }
        Ok(id)
    }

    fn verify(message: &Message, key: &SigningKey, now: Timestamp) -> Result<(), AuthFault> {
        let timestamp = near(seed_part(message, "timestamp")?, now, SEED_WINDOW_SECONDS)?;
        let received = seed_part(message, "signature")?;
        let fits = |address: &String| {
            let expected = Secret::new(seed_signature(&key.secret, address, &timestamp));
            !key.secret.expose().is_empty() && same_secret(&expected, &received)
        };
        if !seed_addresses(message).iter().any(fits) {
            return Err(AuthFault::Wrong(
                ": HMAC-SHA256 over secret, full address and timestamp, in URL-safe Base64",
            ));
        }
        if seed_time(message).is_some_and(|time| time != timestamp) {
            return Err(AuthFault::Wrong(": the time in the body is not the one that is signed"));
        }
        Ok(())
    }

    fn key(id: &str, secret: &Secret) -> SigningKey {
        Sns::key(id, secret)
    }

    fn explain(message: &Message) -> Explanation {
        let timestamp = seed_part(message, "timestamp").unwrap_or_default();
        let address = format!("{SEED_HOST}{}", message.path);
        Explanation {
            string_to_sign: format!("(app secret){address}{timestamp}"),
            parts: vec![("address", address), ("timestamp", timestamp)],
            received: seed_part(message, "signature").ok(),
            algorithm: "HMAC-SHA256 with the appSecret over appSecret, full address and timestamp, in URL-safe Base64",
        }
    }
}

fn seed_signature(secret: &Secret, address: &str, timestamp: &str) -> String {
    // The alphabet that is safe in addresses (RFC 4648 §5), padding kept.
    signature(secret, &[secret.expose(), address, timestamp]).replace('+', "-").replace('/', "_")
}

/// The addresses under which a clock-in may have been signed: the vendor's, and this hub's as the caller named it.
fn seed_addresses(message: &Message) -> Vec<String> {
    let mut addresses = vec![format!("{SEED_HOST}{}", message.path)];
    if let Some(authority) = &message.authority {
        for scheme in ["https", "http"] {
            addresses.push(format!("{scheme}://{authority}{}{}", message.prefix, message.path));
        }
    }
    addresses
}

/// A part of the header.
fn seed_part(message: &Message, name: &'static str) -> Result<String, AuthFault> {
    let header = message.header(AUTHORIZATION.as_str()).ok_or(AuthFault::Missing("Authorization"))?;
    let mut found =
        header.split(',').filter_map(|part| part.trim().split_once('=')).filter(|(known, _)| *known == name);
    match (found.next(), found.next()) {
        (Some((_, value)), None) if !value.is_empty() => Ok(value.to_owned()),
        (Some(_), Some(_)) => Err(AuthFault::Malformed("Authorization")),
        _ => Err(AuthFault::Missing(name)),
    }
}

/// The time in the body, a text or a number.
fn seed_time(message: &Message) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Timed {
        #[serde(default, deserialize_with = "tongshi_dialect::lenient::text")]
        time: Option<String>,
    }
    serde_json::from_slice::<Timed>(&message.body).ok()?.time
}

/// The time that was signed, if it is a number and near.
fn fresh(message: &Message, now: Timestamp, window_seconds: i64) -> Result<String, AuthFault> {
    near(parameter(message, "timestamp")?, now, window_seconds)
}

/// A time in milliseconds, if it is a number and near.
fn near(timestamp: String, now: Timestamp, window_seconds: i64) -> Result<String, AuthFault> {
    let plain = (1..=16).contains(&timestamp.len()) && timestamp.bytes().all(|byte| byte.is_ascii_digit());
    let sent: i64 = timestamp.parse().ok().filter(|_| plain).ok_or(AuthFault::Malformed("timestamp"))?;
    if sent.abs_diff(now.as_millisecond()) > 1000 * window_seconds.unsigned_abs() {
        return Err(AuthFault::Stale);
    }
    Ok(timestamp)
}

fn fits(message: &Message, key: &SigningKey, parts: &[&str], hint: &'static str) -> Result<(), AuthFault> {
    let expected = Secret::new(signature(&key.secret, parts));
    let received = parameter(message, "signature")?;
    let fits = !key.secret.expose().is_empty() && same_secret(&expected, &received);
    if fits { Ok(()) } else { Err(AuthFault::Wrong(hint)) }
}

fn parameter(message: &Message, name: &'static str) -> Result<String, AuthFault> {
    let value = message.query_value(name).map_err(|_| AuthFault::Malformed(name))?;
    Ok(value.filter(|value| !value.is_empty()).ok_or(AuthFault::Missing(name))?.into_owned())
}
