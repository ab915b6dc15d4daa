//! Proof that whoever redeems a code is who asked for it (RFC 7636), by SHA-256 alone: the plain method proves nothing to
//! somebody who saw the first request.

use base64::Engine as _;
use sha2::{Digest as _, Sha256};
use tongshi_model::Secret;

use crate::same_secret;

/// Whether this can be a challenge: 43 letters of base64url (RFC 7636 §4.2).
pub fn is_challenge(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// The challenge that belongs to a verifier.
pub fn challenge_of(verifier: &str) -> String {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// Whether the verifier is the one that the challenge was made of; a malformed one is not (RFC 7636 §4.1).
pub fn verifies(challenge: &str, verifier: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    (43..=128).contains(&verifier.len())
        && verifier.bytes().all(plain)
        && same_secret(&Secret::new(challenge), &challenge_of(verifier))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636, appendix B.
    #[test]
    fn the_vector_of_the_standard() {
        let (verifier, challenge) =
            ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert_eq!(challenge_of(verifier), challenge);
        assert!(is_challenge(challenge) && verifies(challenge, verifier));
        assert!(!verifies(challenge, challenge) && !verifies(challenge, "") && !verifies("", verifier));
        assert!(!verifies(&challenge_of("short"), "short"));
        assert!(!is_challenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"));
    }
}
