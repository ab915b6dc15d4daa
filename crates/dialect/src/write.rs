//! What the hub does at a vendor, in words that fit every vendor: a write, what the vendor said to it, and what the
//! vendor shows of it afterwards.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::Serialize;
use serde_json::Value;
use tongshi_model::{Action, Entity, Error, Id, Kind, Punch};

use crate::CallError;

/// What a write is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// A clock-in or clock-out.
    Punch,
    /// A record of this kind.
    Record(Kind),
}

impl Target {
    /// Its name in routes, scopes and tables: `punch`, or that of the kind.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Punch => "punch",
            Self::Record(kind) => kind.name(),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Target {
    type Err = Error;

    /// Takes a kind's name or plural, or `punch`.
    fn from_str(text: &str) -> Result<Self, Error> {
        if matches!(text, "punch" | "punches") {
            return Ok(Self::Punch);
        }
        let unknown = |_| Error::invalid("target", "a target is a kind of record, or punch");
        text.parse().map(Self::Record).map_err(unknown)
    }
}

impl Serialize for Target {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// One thing that the hub does at a vendor.
#[derive(Clone)]
pub struct Write {
    /// The same over all tries: the idempotency key where the vendor takes one.
    pub id: Id,
    /// What is done.
    pub action: Action,
    /// To what.
    pub body: WriteBody,
    /// The vendor's id of the thing, where it is known there.
    pub remote_id: Option<String>,
    /// What the body refers to, as this vendor knows it.
    pub named: BTreeMap<Id, Named>,
    /// What goes with it and is no field of the thing: a comment, a reason, which fields changed.
    pub fields: Value,
    /// On whose behalf.
    pub actor: String,
}

impl Write {
    /// What it is done to.
    pub fn target(&self) -> Target {
        match &self.body {
            WriteBody::Punch(_) => Target::Punch,
            WriteBody::Record { kind, .. } => Target::Record(*kind),
        }
    }

    /// The record's document as an entity.
    pub fn read<E: Entity>(&self) -> Result<E, Error> {
        match &self.body {
            WriteBody::Record { kind, doc } if *kind == E::KIND => {
                serde_json::from_str(doc).map_err(|error| {
                    Error::internal(format!("write {} cannot be read", self.id)).caused_by(error)
                })
            }
            _ => Err(Error::internal(format!("write {} is of no {}", self.id, E::KIND))),
        }
    }

    /// What the vendor calls something that the body refers to.
    pub fn remote(&self, id: Id) -> Option<&str> {
        self.named.get(&id)?.remote_id.as_deref()
    }

    /// The first looked-up field of something that the body refers to: an employee's number.
    pub fn key(&self, id: Id) -> Option<&str> {
        self.named.get(&id)?.key.as_deref()
    }
}

impl fmt::Debug for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The body holds personal data.
        write!(f, "Write({} {} {})", self.action, self.target(), self.id)
    }
}

/// What a write carries.
#[derive(Clone)]
pub enum WriteBody {
    /// A punch.
    Punch(Punch),
    /// A record as it is to be; for other actions than making and changing it, as it is.
    Record {
        /// Its kind.
        kind: Kind,
        /// Its canonical document.
        doc: String,
    },
}

/// Something that a body refers to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// What this vendor calls it, where it is known there.
    pub remote_id: Option<String>,
    /// Its first looked-up field: an employee's number.
    pub key: Option<String>,
}

/// What the vendor said to one write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It was taken.
    Taken {
        /// What the vendor calls the thing, where the answer says so.
        remote_id: Option<String>,
    },
    /// It was not, and will not be: a sentence for people, without personal data.
    Refused(String),
    /// The vendor answered, but not for this one.
    Unsure,
}

/// What the vendor shows of a write that it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It is there as it was sent.
    There {
        /// What the vendor calls the thing, where that is seen.
        remote_id: Option<String>,
    },
    /// Something is there and differs: which fields, without their values.
    Differs(String),
    /// It is not there.
    Absent,
    /// The vendor cannot be asked, or what it shows decides nothing.
    Unknown,
}

/// Why a push has no answer, and what is known of its effect.
#[derive(Debug)]
pub struct PushError {
    /// Why.
    pub error: Error,
    /// Whether it certainly had no effect, so that even what must not happen twice can be sent again.
    pub without_effect: bool,
}

impl PushError {
    /// Nothing happened at the vendor.
    pub fn without_effect(error: Error) -> Self {
        Self { error, without_effect: true }
    }

    /// Nobody knows whether something happened.
    pub fn unsure(error: Error) -> Self {
        Self { error, without_effect: false }
    }
}

impl<F: Into<Error> + fmt::Display> From<CallError<F>> for PushError {
    fn from(error: CallError<F>) -> Self {
        let without_effect = error.is_without_effect();
        Self { error: error.into(), without_effect }
    }
}

impl From<Error> for PushError {
    /// An error of ours, before anything was sent.
    fn from(error: Error) -> Self {
        Self::without_effect(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_have_names_that_parse() {
        for kind in Kind::ALL {
            let target = Target::Record(*kind);
            assert_eq!(target.name().parse::<Target>().unwrap(), target);
            assert_eq!(kind.plural().parse::<Target>().unwrap(), target);
        }
        assert_eq!("punches".parse::<Target>().unwrap(), Target::Punch);
        assert!("everything".parse::<Target>().is_err());
    }
}
