//! Reading what vendors and their apps really send: numbers as strings, strings as numbers, null for nothing.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Number;

/// Declares an object whose fields are texts or null: read leniently, always written, in this order. It has no
/// `Debug`: nearly all of it is personal.
#[macro_export]
macro_rules! texts {
    ($(#[$meta:meta])* $name:ident { $($field:ident),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
        pub(crate) struct $name {
            $(
                #[serde(default, deserialize_with = "tongshi_dialect::lenient::text")]
                pub(crate) $field: Option<String>,
            )*
        }
    };
}
pub use crate::texts;

/// A text that may come as a number, or not at all.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    deserializer.deserialize_any(Visitor)
}

/// A text that may come as a number, but must come.
#[derive(Clone, Serialize)]
#[serde(transparent)]
pub struct Text(
    /// The text.
    pub String,
);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer)?.map(Self).ok_or_else(|| de::Error::custom("a text is missing"))
    }
}

/// A number that may come as a text. It keeps its digits.
pub fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Number>, D::Error> {
    let Some(digits) = text(deserializer)?.filter(|digits| !digits.is_empty()) else { return Ok(None) };
    digits.parse().map(Some).map_err(|_| de::Error::custom("a number is expected"))
}

/// A whole number that may come as a text, and is none when it makes no sense.
pub fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    struct Any(Option<u64>);
    impl<'de> Deserialize<'de> for Any {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let value = serde_json::Value::deserialize(deserializer)?;
            Ok(Self(value.as_u64().or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()))))
        }
    }
    Any::deserialize(deserializer).map(|any| any.0)
}

struct Visitor;

impl<'de> de::Visitor<'de> for Visitor {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Some(text))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(number.to_string()))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
        let number = Number::from_f64(number).ok_or_else(|| E::custom("a finite number is expected"))?;
        Ok(Some(number.to_string()))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}
