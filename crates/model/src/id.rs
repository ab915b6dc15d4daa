//! Identifiers: 16 bytes, printed as 32 lower-case hexadecimal digits.
//!
//! A record's id is computed from the first source that made it ([`Space::id`]), so a reference to something that
//! has not been read yet already has its final value, and a sync that was killed and resumed gives the same ids as
//! one that was not.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::{Error, Kind, Randomness};

/// A globally unique identifier in the layout of a UUID version 8 (RFC 9562 §5.8).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id([u8; 16]);

impl Id {
    /// The id that a text names, such as a workspace's or a connection's: equal parts give an equal id.
    pub fn of(parts: &[&str]) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            // The length goes in front so that ("a", "bc") and ("ab", "c") stay apart.
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hasher.finalize()[..16]);
        Self::from_bytes(bytes)
    }

    /// An id that nobody else has.
    pub fn random(randomness: &dyn Randomness) -> Self {
        let mut bytes = [0; 16];
        randomness.fill(&mut bytes);
        Self::from_bytes(bytes)
    }

    /// Sixteen bytes as stored; version and variant bits are set here.
    pub fn from_bytes(mut bytes: [u8; 16]) -> Self {
        bytes[6] = (bytes[6] & 0x0f) | 0x80;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        Self(bytes)
    }

    /// The bytes as stored.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0u8; 32];
        hex::encode_to_slice(self.0, &mut text).map_err(|_| fmt::Error)?;
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Id {
    type Err = Error;

    /// Takes 32 hexadecimal digits, with or without the four hyphens of a UUID.
    fn from_str(text: &str) -> Result<Self, Error> {
        let invalid = || Error::invalid("id", "an id is 32 hexadecimal digits");
        let mut digits = [0u8; 32];
        let mut count = 0;
        for byte in text.bytes().filter(|byte| *byte != b'-') {
            *digits.get_mut(count).ok_or_else(invalid)? = byte;
            count += 1;
        }
        let mut bytes = [0; 16];
        hex::decode_to_slice(&digits[..count], &mut bytes).map_err(|_| invalid())?;
        Ok(Self(bytes))
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = [0u8; 32];
        hex::encode_to_slice(self.0, &mut text).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(std::str::from_utf8(&text).map_err(serde::ser::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Id;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("32 hexadecimal digits")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Id, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

/// Where a vendor's own identifiers are unique: one connection of one workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// The workspace that owns the data.
    pub workspace: Id,
    /// The connection through which the identifiers are read.
    pub connection: Id,
}

impl Space {
    /// The id of the record that this vendor's thing makes when it is the first to name it, and the id by which
    /// other things of the same connection refer to it.
    pub fn id(&self, kind: Kind, remote_id: &str) -> Id {
        let mut hasher = Sha256::new();
        hasher.update(self.workspace.0);
        hasher.update(self.connection.0);
        hasher.update([kind.number()]);
        hasher.update(remote_id.as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hasher.finalize()[..16]);
        Id::from_bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_and_parses() {
        let id = Id::of(&["workspace", "main"]);
        assert_eq!(id.to_string().len(), 32);
        assert_eq!(id.to_string().parse::<Id>().unwrap(), id);
        let hyphened = format!("{}-{}", &id.to_string()[..8], &id.to_string()[8..]);
        assert_eq!(hyphened.parse::<Id>().unwrap(), id);
        assert!("12".parse::<Id>().is_err());
        assert!("g".repeat(32).parse::<Id>().is_err());
        assert!("0".repeat(33).parse::<Id>().is_err());
    }

    #[test]
    fn parts_keep_their_boundaries() {
        assert_ne!(Id::of(&["a", "bc"]), Id::of(&["ab", "c"]));
    }

    #[test]
    fn spaces_keep_equal_remote_ids_apart() {
        let workspace = Id::of(&["w"]);
        let one = Space { workspace, connection: Id::of(&["1"]) };
        let two = Space { workspace, connection: Id::of(&["2"]) };
        assert_ne!(one.id(Kind::Employee, "7"), two.id(Kind::Employee, "7"));
        assert_ne!(one.id(Kind::Employee, "7"), one.id(Kind::OrgUnit, "7"));
    }
}
