//! Zhiren's signature, written a second time on purpose: the load generator must not share code with the face it measures.

use anyhow::{Context as _, Result};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// An app's pair of keys.
#[derive(Clone)]
pub struct Keys {
    /// Names the app.
    pub access_key: String,
    /// Signs for it.
    pub secret_key: String,
}

/// The path and query of a signed GET. `prefix` stands before the path on the wire and is not signed.
pub fn target(keys: &Keys, prefix: &str, path: &str, payload: &str, tonce: u64) -> Result<String> {
    let signature = signature(keys, "GET", path, payload, tonce)?;
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("access_key", &keys.access_key);
    query.append_pair("tonce", &tonce.to_string());
    query.append_pair("signature", &signature);
    if !payload.is_empty() {
        query.append_pair("payload", payload);
    }
    Ok(format!("{prefix}{path}?{}", query.finish()))
}

/// The lower-case hex HMAC-SHA256 of METHOD + path + access_key + tonce + payload.
pub fn signature(keys: &Keys, method: &str, path: &str, payload: &str, tonce: u64) -> Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(keys.secret_key.as_bytes()).context("the secret key")?;
    for part in [method, path, &keys.access_key, &tonce.to_string(), payload] {
        mac.update(part.as_bytes());
    }
    Ok(hex::encode(mac.finalize().into_bytes()))
}

/// The second that signatures made now carry.
#[expect(clippy::disallowed_methods, reason = "a signature is only good for the time of this machine")]
pub fn tonce_now() -> Result<u64> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Ok(since.context("the clock stands before 1970")?.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_the_specification_hold() {
        let keys = Keys { access_key: "ak-demo".into(), secret_key: "sk-demo".into() };
        let tonce = 1_500_000_000;
        let departments = signature(&keys, "GET", "/api/v2/departments", "", tonce).unwrap();
        assert_eq!(departments, "e95824fcedde01556c14589c003ee838c1b11d5f6275ec3ff5d99593a198d942");
        let payload = r#"{"token":"t-1","name":"张三","pagination":{"page":1}}"#;
        let employees = signature(&keys, "GET", "/api/v2/employees", payload, tonce).unwrap();
        assert_eq!(employees, "475e13528725413324675a5bb17ce0a0d85bf3f3fb6af2b45137345c806383e2");
    }
}
