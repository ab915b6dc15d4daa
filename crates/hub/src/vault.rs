//! Encrypts credentials at rest: XChaCha20-Poly1305 with a random nonce, bound to where the value is stored.
//!
//! A vault has one key or, while keys change, several: the first seals, each opens what it has sealed. A sealed value
//! begins with the id of its key; values from before keys had ids are still opened.

use std::sync::{Arc, PoisonError, RwLock};

use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use sha2::{Digest as _, Sha256};
use tongshi_model::{Error, Randomness, Secret};
use tongshi_store::{Session, Store, meta};

const NONCE_BYTES: usize = 24;
const ID_BYTES: usize = 8;
/// How a value begins that names its key.
const NAMED: &[u8; 4] = b"tsk1";
pub(crate) const MARK: &str = "vault.mark";
const MARK_TEXT: &str = "tongshi";

/// Where keys come from. It is asked again before something is sealed and when a value names a key that is not at
/// hand, so that a process learns of new keys while it runs.
pub trait KeySource: Send + Sync + 'static {
    /// The keys as 64 hexadecimal digits each, the newest first.
    fn keys(&self) -> Result<Vec<Secret>, Error>;
}

/// The keys with which credentials are sealed.
pub struct Vault {
    keys: RwLock<Arc<Vec<Key>>>,
    source: Option<Box<dyn KeySource>>,
}

struct Key {
    id: [u8; ID_BYTES],
    cipher: XChaCha20Poly1305,
}

impl Key {
    fn new(digits: &Secret) -> Result<Self, Error> {
        let mut bytes = zeroize::Zeroizing::new([0u8; 32]);
        hex::decode_to_slice(digits.expose().trim(), bytes.as_mut_slice())
            .map_err(|_| Error::invalid("key", "the encryption key is 64 hexadecimal digits"))?;
        let mut id = [0; ID_BYTES];
        // The key is random, so a digest of it says nothing about it.
        let digest = Sha256::new().chain_update(b"tongshi key id").chain_update(bytes.as_slice()).finalize();
        id.copy_from_slice(&digest[..ID_BYTES]);
        Ok(Self { id, cipher: XChaCha20Poly1305::new(&(*bytes).into()) })
    }

    fn open(&self, place: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().ok()?;
        self.cipher.decrypt(&XNonce::from(nonce), Payload { msg: sealed, aad: place.as_bytes() }).ok()
    }
}

impl Vault {
    /// The key from 64 hexadecimal digits.
    pub fn from_hex(key: &Secret) -> Result<Self, Error> {
        Ok(Self { keys: RwLock::new(Arc::new(vec![Key::new(key)?])), source: None })
    }

    /// The keys of a source.
    pub fn from_source(source: impl KeySource) -> Result<Self, Error> {
        let keys = keys_of(&source)?;
        Ok(Self { keys: RwLock::new(Arc::new(keys)), source: Some(Box::new(source)) })
    }

    /// A new key, and its digits to be kept.
    pub fn generate(randomness: &dyn Randomness) -> Result<(Self, Secret), Error> {
        let mut bytes = zeroize::Zeroizing::new([0u8; 32]);
        randomness.fill(bytes.as_mut_slice());
        let digits = Secret::new(hex::encode(bytes.as_slice()));
        Ok((Self::from_hex(&digits)?, digits))
    }

    /// The ids of the keys, the one that seals first.
    pub fn key_ids(&self) -> Vec<String> {
        self.keys().iter().map(|key| hex::encode(key.id)).collect()
    }

    /// Encrypts for one place; what is sealed for one cannot be opened as another.
    pub(crate) fn seal(
        &self,
        randomness: &dyn Randomness,
        place: &str,
        plain: &[u8],
    ) -> Result<Vec<u8>, Error> {
        // A key that was retired since must not seal anything any more.
        self.refresh()?;
        let keys = self.keys();
        let key = keys.first().ok_or_else(|| Error::internal("the vault has no key"))?;
        let mut nonce = [0u8; NONCE_BYTES];
        randomness.fill(&mut nonce);
        let payload = Payload { msg: plain, aad: place.as_bytes() };
        let sealed = key
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| Error::internal("a credential could not be encrypted"))?;
        Ok([NAMED.as_slice(), &key.id, &nonce, &sealed].concat())
    }

    /// Decrypts what was sealed for this place.
    pub(crate) fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        if let Some((_, plain)) = self.find(place, sealed) {
            return Ok(plain);
        }
        // Another process may have changed the key since it was read here.
        self.refresh()?;
        self.find(place, sealed).map(|(_, plain)| plain).ok_or_else(|| {
            Error::internal("a credential could not be decrypted: the key is not the one that sealed it")
        })
    }

    /// Whether the key that seals now has sealed this value.
    pub(crate) fn is_newest(&self, place: &str, sealed: &[u8]) -> bool {
        let newest = self.keys().first().map(|key| key.id);
        match named(sealed) {
            Some((id, _)) => Some(id) == newest && self.find(place, sealed).is_some(),
            None => false,
        }
    }

    /// The id of the key that sealed this value, as far as it can be told.
    pub(crate) fn key_of(&self, place: &str, sealed: &[u8]) -> Option<String> {
        let opened = self.find(place, sealed).map(|(id, _)| id);
        opened.or_else(|| named(sealed).map(|(id, _)| id)).map(hex::encode)
    }

    /// Whether one of the keys sealed what the database holds; none where it holds nothing yet.
    pub(crate) async fn opens(&self, session: &mut Session) -> Result<Option<bool>, Error> {
        let Some(mark) = meta::get(session, MARK).await? else { return Ok(None) };
        let sealed = hex::decode(mark).unwrap_or_default();
        Ok(Some(self.open(MARK, &sealed).is_ok()))
    }

    /// Seals the mark by which a database knows its key.
    pub(crate) async fn mark(&self, session: &mut Session, randomness: &dyn Randomness) -> Result<(), Error> {
        let sealed = self.seal(randomness, MARK, MARK_TEXT.as_bytes())?;
        meta::set(session, MARK, &hex::encode(sealed)).await
    }

    /// Whether this key sealed what the database holds; a new database takes the key's mark.
    pub(crate) async fn fits(&self, store: &Store, randomness: &dyn Randomness) -> Result<(), Error> {
        let mut session = store.read().await?;
        match self.opens(&mut session).await? {
            Some(true) => return Ok(()),
            Some(false) => {
                return Err(Error::conflict(
                    "the encryption key is not the one that this database was made with; give back master.key or \
                     TONGSHI_KEY as it was",
                ));
            }
            None => drop(session),
        }
        let mut session = store.write().await?;
        self.mark(&mut session, randomness).await?;
        session.commit().await
    }

    fn keys(&self) -> Arc<Vec<Key>> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Asks the source again.
    pub(crate) fn refresh(&self) -> Result<(), Error> {
        let Some(source) = &self.source else { return Ok(()) };
        let keys = Arc::new(keys_of(&**source)?);
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }

    fn find(&self, place: &str, sealed: &[u8]) -> Option<([u8; ID_BYTES], Vec<u8>)> {
        let keys = self.keys();
        let by_name = named(sealed).and_then(|(id, rest)| {
            let key = keys.iter().find(|key| key.id == id)?;
            Some((id, key.open(place, rest)?))
        });
        // One value in four thousand million from before keys had ids begins like one that names its key.
        by_name.or_else(|| keys.iter().find_map(|key| Some((key.id, key.open(place, sealed)?))))
    }
}

fn keys_of(source: &dyn KeySource) -> Result<Vec<Key>, Error> {
    let keys: Vec<Key> = source.keys()?.iter().map(Key::new).collect::<Result<_, _>>()?;
    if keys.is_empty() {
        return Err(Error::invalid("key", "there is no encryption key"));
    }
    Ok(keys)
}

/// The id of the key that a value names, and the value without it.
fn named(sealed: &[u8]) -> Option<([u8; ID_BYTES], &[u8])> {
    let (id, rest) = sealed.strip_prefix(NAMED)?.split_at_checked(ID_BYTES)?;
    Some((id.try_into().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

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
        // As it was sealed before keys had ids.
        let unnamed = &sealed[NAMED.len() + ID_BYTES..];
        assert_eq!(vault.open("connection/a", unnamed).unwrap(), b"sk-demo");
        assert!(!vault.is_newest("connection/a", unnamed) && vault.is_newest("connection/a", &sealed));
        assert_eq!(vault.key_of("connection/a", unnamed), vault.key_of("connection/a", &sealed));
    }

    struct Shelf(Arc<Mutex<Vec<Secret>>>);

    impl KeySource for Shelf {
        fn keys(&self) -> Result<Vec<Secret>, Error> {
            Ok(self.0.lock().unwrap().clone())
        }
    }

    #[test]
    fn a_running_vault_learns_of_new_keys_and_forgets_retired_ones() {
        let randomness = SeededRandomness::new(2);
        let (_, old) = Vault::generate(&randomness).unwrap();
        let (_, new) = Vault::generate(&randomness).unwrap();
        let shelf = Arc::new(Mutex::new(vec![old.clone()]));
        let serving = Vault::from_source(Shelf(shelf.clone())).unwrap();
        let before = serving.seal(&randomness, "p", b"one").unwrap();
        *shelf.lock().unwrap() = vec![new.clone(), old];
        let elsewhere = Vault::from_source(Shelf(shelf.clone())).unwrap();
        let after = elsewhere.seal(&randomness, "p", b"two").unwrap();
        assert_eq!(serving.open("p", &after).unwrap(), b"two");
        assert_eq!(elsewhere.open("p", &before).unwrap(), b"one");
        assert!(serving.is_newest("p", &serving.seal(&randomness, "p", b"three").unwrap()));
        *shelf.lock().unwrap() = vec![new];
        assert!(serving.is_newest("p", &serving.seal(&randomness, "p", b"four").unwrap()));
        assert!(serving.open("p", &before).is_err(), "its key is retired");
        assert_eq!(serving.open("p", &after).unwrap(), b"two");
        shelf.lock().unwrap().clear();
        assert!(serving.seal(&randomness, "p", b"five").is_err(), "nothing is sealed without a key");
    }
}
