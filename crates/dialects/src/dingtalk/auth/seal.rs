//! Event callbacks sealed (§7): SHA-1 over sorted texts, AES-256-CBC with blocks of 32 bytes for the padding.

use aes::Aes256;
use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use cbc::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _, block_padding::NoPadding};
use sha1::{Digest as _, Sha1};
use tongshi_model::{Randomness, Secret};
use tongshi_oauth::same_secret;
use zeroize::Zeroizing;

/// The padding fills up to this, although a block has 16 bytes.
const PAD_BYTES: usize = 32;
/// Random bytes in front, and the length behind them.
const HEAD_BYTES: usize = 20;
/// An EncodingAESKey has so many characters.
pub(crate) const AES_KEY_CHARS: usize = 43;

/// The 43 characters stand for 32 bytes with a character missing, whose last bits may be anything.
const KEY_TEXT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What seals and opens the events of one registration.
pub(crate) struct Seal {
    token: Secret,
    key: Zeroizing<[u8; 32]>,
    owner: String,
}

/// Why an event cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The EncodingAESKey is none.
    Key,
    /// The signature does not fit.
    Signature,
    /// What is inside is not what it should be.
    Text,
    /// It is for somebody else.
    Owner,
}

/// A sealed text and what proves it.
#[derive(Debug)]
pub(crate) struct Sealed {
    pub(crate) signature: String,
    pub(crate) encrypt: String,
}

impl Seal {
    /// A seal of this token, EncodingAESKey and owner: the app's key, the suite's, or the company (§7).
    pub(crate) fn new(token: &Secret, aes_key: &Secret, owner: &str) -> Result<Self, Broken> {
        let aes_key = aes_key.expose();
        let plain =
            aes_key.len() == AES_KEY_CHARS && aes_key.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let bytes = if plain { KEY_TEXT.decode(aes_key).ok() } else { None };
        let bytes = Zeroizing::new(bytes.ok_or(Broken::Key)?);
        let mut key = Zeroizing::new([0; 32]);
        if bytes.len() != key.len() {
            return Err(Broken::Key);
        }
        key.copy_from_slice(&bytes);
        Ok(Self { token: token.clone(), key, owner: owner.to_owned() })
    }

    /// Seals a text for this time and nonce.
    pub(crate) fn close(
        &self,
        text: &str,
        timestamp: &str,
        nonce: &str,
        randomness: &dyn Randomness,
    ) -> Sealed {
        let mut plain = vec![0; HEAD_BYTES];
        randomness.fill(&mut plain[..16]);
        plain[16..].copy_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
        plain.extend_from_slice(text.as_bytes());
        plain.extend_from_slice(self.owner.as_bytes());
        let pad = PAD_BYTES - plain.len() % PAD_BYTES;
        plain.extend(std::iter::repeat_n(u8::try_from(pad).unwrap_or(0), pad));
        let cipher = cbc::Encryptor::<Aes256>::new(&(*self.key).into(), &self.vector().into());
        let encrypt = STANDARD.encode(cipher.encrypt_padded_vec::<NoPadding>(&plain));
        Sealed { signature: self.sign(timestamp, nonce, &encrypt), encrypt }
    }

    /// Opens a sealed text whose signature fits.
    pub(crate) fn open(
        &self,
        signature: &str,
        timestamp: &str,
        nonce: &str,
        encrypt: &str,
    ) -> Result<String, Broken> {
        if !same_secret(&Secret::new(self.sign(timestamp, nonce, encrypt)), signature) {
            return Err(Broken::Signature);
        }
        let sealed = STANDARD.decode(encrypt).map_err(|_| Broken::Text)?;
        if sealed.is_empty() || sealed.len() % 16 != 0 {
            return Err(Broken::Text);
        }
        let cipher = cbc::Decryptor::<Aes256>::new(&(*self.key).into(), &self.vector().into());
        let plain = cipher.decrypt_padded_vec::<NoPadding>(&sealed).map_err(|_| Broken::Text)?;
        let pad = usize::from(*plain.last().ok_or(Broken::Text)?);
        let padded = (1..=PAD_BYTES).contains(&pad)
            && plain.len() >= pad
            && plain[plain.len() - pad..].iter().all(|byte| usize::from(*byte) == pad);
        if !padded {
            return Err(Broken::Text);
        }
        let plain = &plain[..plain.len() - pad];
        let (head, rest) = plain.split_at_checked(HEAD_BYTES).ok_or(Broken::Text)?;
        let length = head[16..].iter().fold(0usize, |length, byte| length << 8 | usize::from(*byte));
        let (text, owner) = rest.split_at_checked(length).ok_or(Broken::Text)?;
        if owner != self.owner.as_bytes() {
            return Err(Broken::Owner);
        }
        String::from_utf8(text.to_vec()).map_err(|_| Broken::Text)
    }

    /// Lower-case hexadecimal SHA-1 of token, time, nonce and sealed text, sorted and one after another.
    fn sign(&self, timestamp: &str, nonce: &str, encrypt: &str) -> String {
        let mut parts = [self.token.expose(), timestamp, nonce, encrypt];
        parts.sort_unstable();
        hex::encode(Sha1::digest(parts.concat()))
    }

    /// The initial vector is the first half of the key.
    fn vector(&self) -> [u8; 16] {
        std::array::from_fn(|place| self.key[place])
    }
}
