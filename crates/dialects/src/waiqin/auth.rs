//! How a caller proves who it is: by a token of the application (family A), by token and signature, or by a digest in the
//! path (family B). Both ends of each scheme side by side.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use tongshi_dialect::{AuthFault, AuthScheme, Explanation, KeySource, Message};
use tongshi_model::{Secret, Timestamp, shanghai};
use tongshi_oauth::same_secret;

/// What application tokens are issued for.
pub(crate) const APP_TOKEN: &str = "waiqin.app_token";

/// How far the sender's clock may be off, both ends included. The vendor gives no figure (§21 of the ambiguities).
pub(crate) const WINDOW_SECONDS: i64 = 600;

/// The application token, in the query (§A3).
pub(crate) struct AppToken;

impl AuthScheme for AppToken {
    type Key = Secret;
    const SOURCE: KeySource = KeySource::Token(APP_TOKEN);

    fn sign(message: &mut Message, key: &Secret, _now: Timestamp) {
        message.add_query("access_token", key.expose());
    }

    fn claim(message: &Message) -> Result<String, AuthFault> {
        let token = message.query_value("access_token").map_err(|_| AuthFault::Malformed("access_token"))?;
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

/// Token, time and nonce with a signature of 40 digits (§A4). Its algorithm was not to be seen: ours is the one that
/// comparable platforms use, SHA-1 over the sorted values, with the body among them.
pub(crate) struct Signed;

impl AuthScheme for Signed {
    type Key = Secret;
    const SOURCE: KeySource = KeySource::Token(APP_TOKEN);

    fn sign(message: &mut Message, key: &Secret, now: Timestamp) {
        let timestamp = now.as_millisecond().to_string();
        let nonce = hex::encode(&Sha256::digest([message.body.as_ref(), timestamp.as_bytes()].concat())[..8]);
        let signature = sorted_sha1(key, &timestamp, &nonce, &message.body);
        message.add_query("access_token", key.expose());
        message.add_query("msg_signature", &signature);
        message.add_query("timestamp", &timestamp);
        message.add_query("nonce", &nonce);
    }

    fn claim(message: &Message) -> Result<String, AuthFault> {
        let token = AppToken::claim(message)?;
        for name in ["msg_signature", "timestamp", "nonce"] {
            parameter(message, name)?;
        }
        Ok(token)
    }

    fn verify(message: &Message, key: &Secret, now: Timestamp) -> Result<(), AuthFault> {
        let timestamp = parameter(message, "timestamp")?;
        let plain =
            (1..=16).contains(&timestamp.len()) && timestamp.bytes().all(|byte| byte.is_ascii_digit());
        let sent: i64 = timestamp.parse().ok().filter(|_| plain).ok_or(AuthFault::Malformed("timestamp"))?;
        if sent.abs_diff(now.as_millisecond()) > 1000 * WINDOW_SECONDS.unsigned_abs() {
            return Err(AuthFault::Stale);
        }
        let nonce = parameter(message, "nonce")?;
        if nonce.len() > 128 {
            return Err(AuthFault::Malformed("nonce"));
        }
        let expected = Secret::new(sorted_sha1(key, &timestamp, &nonce, &message.body));
        let received = parameter(message, "msg_signature")?;
        if same_secret(&expected, &received) { Ok(()) } else { Err(AuthFault::Wrong("")) }
    }

    fn key(_id: &str, secret: &Secret) -> Secret {
        secret.clone()
    }

    fn explain(message: &Message) -> Explanation {
        let value = |name| parameter(message, name).unwrap_or_default();
        let body = String::from_utf8_lossy(&message.body).into_owned();
        Explanation {
            parts: vec![("timestamp", value("timestamp")), ("nonce", value("nonce")), ("body", body.clone())],
            string_to_sign: [value("timestamp"), value("nonce"), body].concat(),
            received: Some(value("msg_signature")).filter(|text| !text.is_empty()),
            algorithm: "SHA-1 over access_token, timestamp, nonce and body, sorted as texts, in hexadecimal",
        }
    }
}

fn sorted_sha1(token: &Secret, timestamp: &str, nonce: &str, body: &[u8]) -> String {
    let mut values = [token.expose().as_bytes(), timestamp.as_bytes(), nonce.as_bytes(), body];
    values.sort_unstable();
    let mut sha = Sha1::new();
    for value in values {
        sha.update(value);
    }
    hex::encode(sha.finalize())
}

fn parameter(message: &Message, name: &'static str) -> Result<String, AuthFault> {
    let value = message.query_value(name).map_err(|_| AuthFault::Malformed(name))?;
    Ok(value.filter(|value| !value.is_empty()).ok_or(AuthFault::Missing(name))?.into_owned())
}

/// The digest at the end of the path (§B1): MD5 over `body|appkey|timestamp`, or SHA-256 over
/// `data={body}&appkey={appkey}&nonce={msg_id}&timestamp={timestamp}`; its length tells which (§22 of the ambiguities).
/// Neither covers the path.
pub(crate) struct Digest;

/// A company's access to the OpenAPI.
#[derive(Clone)]
pub(crate) struct AccessKey {
    pub(crate) openid: String,
    pub(crate) appkey: Secret,
    pub(crate) algorithm: Algorithm,
}

/// Which digest the client makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// 32 digits; what every client seen uses.
    #[default]
    Md5,
    /// 64 digits.
    Sha256,
}

impl AuthScheme for Digest {
    type Key = AccessKey;
    const SOURCE: KeySource = KeySource::AppKey("openid");

    fn sign(message: &mut Message, key: &AccessKey, now: Timestamp) {
        let timestamp = shanghai().to_datetime(now).strftime("%Y%m%d%H%M%S").to_string();
        let Some(stamp) = Stamped::of(&message.path) else { return };
        // A request without an id of its own is named by what it says and when.
        let msg_id = match stamp.msg_id {
            "-" => hex::encode(&Sha256::digest([timestamp.as_bytes(), &message.body].concat())[..16]),
            given => given.to_owned(),
        };
        let digest = digest(key.algorithm, &message.body, &key.appkey, &timestamp, &msg_id);
        message.path = format!("{}/{}/{timestamp}/{digest}/{msg_id}", stamp.operation, key.openid);
    }

    fn claim(message: &Message) -> Result<String, AuthFault> {
        let stamp = Stamped::of(&message.path).ok_or(AuthFault::Malformed("path"))?;
        for (name, value) in
            [("openid", stamp.openid), ("timestamp", stamp.timestamp), ("digest", stamp.digest)]
        {
            if matches!(value, "" | "-") {
                return Err(AuthFault::Missing(name));
            }
        }
        Ok(stamp.openid.to_owned())
    }

    fn verify(message: &Message, key: &AccessKey, now: Timestamp) -> Result<(), AuthFault> {
        let stamp = Stamped::of(&message.path).ok_or(AuthFault::Malformed("path"))?;
        let sent = stamp.sent_at().ok_or(AuthFault::Malformed("timestamp"))?;
        if sent.as_second().abs_diff(now.as_second()) > WINDOW_SECONDS.unsigned_abs() {
            return Err(AuthFault::Stale);
        }
        let algorithm = match stamp.digest.len() {
            32 => Algorithm::Md5,
            64 => Algorithm::Sha256,
            _ => return Err(AuthFault::Malformed("digest")),
        };
        let expected = digest(algorithm, &message.body, &key.appkey, stamp.timestamp, stamp.msg_id);
        let fits = !key.appkey.expose().is_empty() && same_secret(&Secret::new(expected), stamp.digest);
        if fits {
            Ok(())
        } else {
            Err(AuthFault::Wrong(
                ": MD5 over body|appkey|timestamp, or SHA-256, over the bytes that were sent",
            ))
        }
    }

    fn key(id: &str, secret: &Secret) -> AccessKey {
        AccessKey { openid: id.to_owned(), appkey: secret.clone(), algorithm: Algorithm::default() }
    }

    fn explain(message: &Message) -> Explanation {
        let Some(stamp) = Stamped::of(&message.path) else { return Explanation::default() };
        let body = String::from_utf8_lossy(&message.body).into_owned();
        let (timestamp, msg_id) = (stamp.timestamp, stamp.msg_id);
        let received = Some(stamp.digest.to_owned()).filter(|digest| digest != "-");
        let mut parts = vec![("body", body.clone()), ("timestamp", timestamp.to_owned())];
        if stamp.digest.len() != 64 {
            let algorithm =
                "MD5 over body, appkey and timestamp with | between them, in lower-case hexadecimal";
            let string_to_sign = format!("{body}|(appkey)|{timestamp}");
            return Explanation { parts, string_to_sign, received, algorithm };
        }
        parts.push(("nonce", msg_id.to_owned()));
        Explanation {
            parts,
            string_to_sign: format!("data={body}&appkey=(appkey)&nonce={msg_id}&timestamp={timestamp}"),
            received,
            algorithm: "SHA-256 over body, appkey, the request's id and timestamp, in lower-case hexadecimal",
        }
    }
}

/// A path of family B, taken apart from its end.
struct Stamped<'a> {
    operation: &'a str,
    openid: &'a str,
    timestamp: &'a str,
    digest: &'a str,
    msg_id: &'a str,
}

impl<'a> Stamped<'a> {
    fn of(path: &'a str) -> Option<Self> {
        let mut parts = path.rsplitn(5, '/');
        let (msg_id, digest) = (parts.next()?, parts.next()?);
        let (timestamp, openid) = (parts.next()?, parts.next()?);
        Some(Self { operation: parts.next()?, openid, timestamp, digest, msg_id })
    }

    /// The sender's clock, on the vendor's calendar.
    fn sent_at(&self) -> Option<Timestamp> {
        let plain = self.timestamp.len() == 14 && self.timestamp.bytes().all(|byte| byte.is_ascii_digit());
        if !plain {
            return None;
        }
        let local = jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", self.timestamp).ok()?;
        shanghai().to_timestamp(local).ok()
    }
}

/// The digest of a push (§B4): keyed by the push secret over data and time, after the manner of the OpenAPI's; the
/// vendor's own formula was not to be seen.
pub(crate) fn push_digest(data: &[u8], pushsecret: &Secret, timestamp: &str) -> String {
    digest(Algorithm::Md5, data, pushsecret, timestamp, "")
}

fn digest(algorithm: Algorithm, body: &[u8], appkey: &Secret, timestamp: &str, msg_id: &str) -> String {
    let appkey = appkey.expose().as_bytes();
    match algorithm {
        Algorithm::Md5 => {
            let mut md5 = Md5::new();
            for part in [body, b"|", appkey, b"|", timestamp.as_bytes()] {
                md5.update(part);
            }
            hex::encode(md5.finalize())
        }
        Algorithm::Sha256 => {
            let mut sha = Sha256::new();
            let parts = [
                b"data=".as_slice(),
                body,
                b"&appkey=",
                appkey,
                b"&nonce=",
                msg_id.as_bytes(),
                b"&timestamp=",
                timestamp.as_bytes(),
            ];
            for part in parts {
                sha.update(part);
            }
            hex::encode(sha.finalize())
        }
    }
}
