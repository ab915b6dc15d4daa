//! Encrypts credentials at rest: XChaCha20-Poly1305 with a random nonce, bound to where the value is stored.

use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use tongshi_model::{Error, Randomness, Secret};
use tongshi_store::{Store, meta};

const NONCE_BYTES: usize = 24;
const MARK: &str = "vault.mark";
const MARK_TEXT: &str = "tongshi";

/// The key with which credentials are sealed.
pub struct Vault(XChaCha20Poly1305);

impl Vault {
    /// The key from 64 hexadecimal digits.
    pub fn from_hex(key: &Secret) -> Result<Self, Error> {
        let mut bytes = [0u8; 32];
        hex::decode_to_slice(key.expose().trim(), &mut bytes)
            .map_err(|_| Error::invalid("key", "the encryption key is 64 hexadecimal digits"))?;
        Ok(Self(XChaCha20Poly1305::new(&bytes.into())))
    }

    /// A new key, and its digits to be kept.
    pub fn generate(randomness: &dyn Randomness) -> Result<(Self, Secret), Error> {
        let mut bytes = [0u8; 32];
        randomness.fill(&mut bytes);
        let digits = Secret::new(hex::encode(bytes));
        Ok((Self::from_hex(&digits)?, digits))
    }

    /// Encrypts for one place; what is sealed for one cannot be opened as another.
    pub(crate) fn seal(
        &self,
        randomness: &dyn Randomness,
        place: &str,
        plain: &[u8],
    ) -> Result<Vec<u8>, Error> {
        let mut nonce = [0u8; NONCE_BYTES];
        randomness.fill(&mut nonce);
        let payload = Payload { msg: plain, aad: place.as_bytes() };
        let sealed = self
            .0
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| Error::internal("a credential could not be encrypted"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Decrypts what was sealed for this place.
    pub(crate) fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let broken =
            || Error::internal("a credential could not be decrypted: the key is not the one that sealed it");
        let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES).ok_or_else(broken)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| broken())?;
        let payload = Payload { msg: sealed, aad: place.as_bytes() };
        self.0.decrypt(&XNonce::from(nonce), payload).map_err(|_| broken())
    }

    /// Whether this key sealed what the database holds; a new database takes the key's mark.
    pub(crate) async fn fits(&self, store: &Store) -> Result<(), Error> {
        let mut session = store.read().await?;
        if let Some(mark) = meta::get(&mut session, MARK).await? {
            let sealed = hex::decode(mark).unwrap_or_default();
            return self.open(MARK, &sealed).map(drop).map_err(|_| {
                Error::conflict(
                    "the encryption key is not the one that this database was made with; give back master.key or \
                     TONGSHI_KEY as it was",
                )
            });
        }
        drop(session);
        let sealed = self.seal(&tongshi_model::SystemRandomness, MARK, MARK_TEXT.as_bytes())?;
        let mut session = store.write().await?;
        meta::set(&mut session, MARK, &hex::encode(sealed)).await?;
        session.commit().await
    }
}

#[cfg(test)]
mod tests {
    use tongshi_model::SeededRandomness;

    use super::*;

    #[test]
    fn opens_only_with_its_key_at_its_place() {
        let randomness = SeededRandomness::new(1);
        let (vault, digits) = Vault::generate(&randomness).unwrap();
        let sealed = vault.seal(&randomness, "connection/a", b"sk-demo").unwrap();
        assert!(!sealed.windows(7).any(|window| window == b"sk-demo"));
        assert_eq!(Vault::from_hex(&digits).unwrap().open("connection/a", &sealed).unwrap(), b"sk-demo");
        assert!(vault.open("connection/b", &sealed).is_err());
        let (other, _) = Vault::generate(&randomness).unwrap();
        assert!(other.open("connection/a", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(vault.open("connection/a", &changed).is_err());
        }
        assert!(vault.open("connection/a", b"short").is_err());
    }
}
