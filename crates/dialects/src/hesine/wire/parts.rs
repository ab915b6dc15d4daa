//! What many calls share: envelopes, ids as they stand in paths, money, times.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tongshi_dialect::lenient::Text;

/// A single thing.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Valued<T> {
    pub(crate) value: T,
}

/// Several things, and how many there are in all.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Listed<T> {
    #[serde(
        default,
        deserialize_with = "tongshi_dialect::lenient::count",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) count: Option<u64>,
    pub(crate) items: Vec<T>,
}

impl<T> Listed<T> {
    /// Things without a number of all.
    pub(crate) fn of(items: Vec<T>) -> Self {
        Self { count: None, items }
    }
}

/// What the callback says.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) code: Text,
    #[serde(default)]
    pub(crate) message: Option<String>,
}

/// The envelope of the third edition.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Third<T> {
    pub(crate) code: Text,
    #[serde(default)]
    pub(crate) msg: Option<String>,
    #[serde(default = "none")]
    pub(crate) data: Option<T>,
}

fn none<T>() -> Option<T> {
    None
}

/// An id as it stands in a path: behind a literal `$`. One without it is taken too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dollar(pub(crate) String);

impl Serialize for Dollar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("${}", self.0))
    }
}

impl<'de> Deserialize<'de> for Dollar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(Self(text.strip_prefix('$').map(str::to_owned).unwrap_or(text)))
    }
}

/// Ids as they stand in a path: in literal brackets, with commas between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bracketed(pub(crate) Vec<String>);

impl Serialize for Bracketed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("[{}]", self.0.join(",")))
    }
}

impl<'de> Deserialize<'de> for Bracketed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let text = text.trim();
        let inner = text.strip_prefix('[').unwrap_or(text);
        let inner = inner.strip_suffix(']').unwrap_or(inner);
        let ids = inner.split(',').map(str::trim).filter(|id| !id.is_empty());
        Ok(Self(ids.map(str::to_owned).collect()))
    }
}

/// Declares an object whose fields are texts or nothing, in the vendor's way of writing names.
macro_rules! camel_texts {
    ($(#[$doc:meta])* $name:ident { $($field:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub(crate) struct $name {
            $(
                #[serde(
                    default,
                    deserialize_with = "tongshi_dialect::lenient::text",
                    skip_serializing_if = "Option::is_none"
                )]
                pub(crate) $field: Option<String>,
            )*
        }
    };
}
pub(crate) use camel_texts;

/// Which part of a list: an offset from 0, and at most 100 (§2.1).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Paging {
    #[serde(
        default,
        deserialize_with = "tongshi_dialect::lenient::count",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) start: Option<u64>,
    #[serde(
        default,
        deserialize_with = "tongshi_dialect::lenient::count",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) count: Option<u64>,
}
