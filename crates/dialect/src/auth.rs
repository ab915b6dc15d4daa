//! Proof of who sent a message, from both ends, side by side.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tongshi_model::{Error, Secret, Timestamp};

use crate::Message;

/// A way to prove who sent a message. Pure: finding the key is the server's business, between claim and verify.
pub trait AuthScheme: Send + Sync + 'static {
    /// What both ends hold.
    type Key: Clone + Send + Sync + 'static;

    /// Where the server looks the claimed key up.
    const SOURCE: KeySource;

    /// Proves, as the client. Messages are signed last, when nothing in them changes any more.
    fn sign(message: &mut Message, key: &Self::Key, now: Timestamp);

    /// Who the message says it is from; missing parts are found here.
    fn claim(message: &Message) -> Result<String, AuthFault>;

    /// Checks the proof over the bytes received, in constant time.
    fn verify(message: &Message, key: &Self::Key, now: Timestamp) -> Result<(), AuthFault>;

    /// The key of an app, from the claimed id and the stored secret.
    fn key(id: &str, secret: &Secret) -> Self::Key;

    /// What is signed, step by step, without the secret: for `tongshi sign` and for the log of a refusal.
    fn explain(message: &Message) -> Explanation;
}

/// Something that holds the calling side's key for a scheme: a connector, which may have to fetch a token first.
#[async_trait::async_trait]
pub trait Signs<A: AuthScheme>: Send + Sync {
    /// The key.
    async fn key(&self) -> Result<A::Key, Error>;
}

/// Where a claimed key is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// Nowhere: the operation is open.
    Open,
    /// Among the keys of the apps that may use the face; those under this name of the vendor's for the public half.
    AppKey(&'static str),
    /// Among the tokens issued for this purpose.
    Token(&'static str),
}

/// How a signature comes about, for people.
#[derive(Clone, Debug, Default)]
pub struct Explanation {
    /// Name and value of each part, in the order in which they are signed.
    pub parts: Vec<(&'static str, String)>,
    /// The text that is signed.
    pub string_to_sign: String,
    /// What the message carries as its signature, if it carries one.
    pub received: Option<String>,
    /// How text and secret make the signature.
    pub algorithm: &'static str,
}

/// Why a proof is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthFault {
    /// A part is not there.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A part is not what it should be.
    #[error("{0} is malformed")]
    Malformed(&'static str),
    /// Nobody has this key.
    #[error("the key is not known")]
    Unknown,
    /// The key is known and switched off.
    #[error("the key is disabled")]
    Disabled,
    /// The message is too old, or from the future.
    #[error("the time is outside the window")]
    Stale,
    /// The proof does not fit the message; the text may say what is often the cause.
    #[error("the signature is wrong{0}")]
    Wrong(&'static str),
    /// The app may not call this.
    #[error("the app may not call this operation")]
    Forbidden,
    /// The app may not call from where it calls.
    #[error("the app may not call from this address")]
    Address,
    /// Too many proofs from there were wrong; this one was not looked at.
    #[error("too many wrong keys or signatures came from there; try again in {0} seconds")]
    Blocked(u64),
}

/// The scheme of operations that anybody may call.
#[derive(Clone, Copy, Debug)]
pub struct NoAuth;

impl AuthScheme for NoAuth {
    type Key = ();
    const SOURCE: KeySource = KeySource::Open;

    fn sign(_message: &mut Message, _key: &(), _now: Timestamp) {}

    fn claim(_message: &Message) -> Result<String, AuthFault> {
        Ok(String::new())
    }

    fn verify(_message: &Message, _key: &(), _now: Timestamp) -> Result<(), AuthFault> {
        Ok(())
    }

    fn key(_id: &str, _secret: &Secret) -> Self::Key {}

    fn explain(_message: &Message) -> Explanation {
        Explanation { algorithm: "nothing is signed", ..Explanation::default() }
    }
}

/// HMAC-SHA256 over the parts one after another, in lower-case hexadecimal (RFC 2104, FIPS 180-4).
pub fn hmac_sha256_hex(secret: &Secret, parts: &[&[u8]]) -> String {
    hex::encode(mac(secret, parts).finalize().into_bytes())
}

/// Checks a signature made by [`hmac_sha256_hex`] in constant time. Upper-case digits are refused: vendors document
/// lower case.
pub fn verify_hmac_sha256_hex(secret: &Secret, parts: &[&[u8]], signature: &str) -> bool {
    let mut expected = [0u8; 32];
    let lower = !signature.bytes().any(|byte| byte.is_ascii_uppercase());
    lower
        && hex::decode_to_slice(signature, &mut expected).is_ok()
        && mac(secret, parts).verify_slice(&expected).is_ok()
}

fn mac(secret: &Secret, parts: &[&[u8]]) -> Hmac<Sha256> {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104 §2)")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("any length is a key");
    for part in parts {
        mac.update(part);
    }
    mac
}
