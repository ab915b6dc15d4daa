//! Values as programs really send them: the official old SDK makes a text of every number and boolean, and of a list that
//! is no JSON array a text with commas (§1).

use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

/// Declares a request whose fields are texts that may come as numbers, each with its name on the wire. What is missing
/// is for the handler to say.
macro_rules! asks {
    ($(#[$meta:meta])* $name:ident { $($field:ident = $wire:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Default, serde::Serialize, serde::Deserialize)]
        pub(crate) struct $name {
            $(
                #[serde(
                    default, rename = $wire, deserialize_with = "tongshi_dialect::lenient::text",
                    skip_serializing_if = "Option::is_none"
                )]
                pub(crate) $field: Option<String>,
            )*
        }
    };
}
pub(crate) use asks;

/// A whole number that may come as a text; empty is none.
pub(crate) fn int<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let text = tongshi_dialect::lenient::text(deserializer)?;
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    text.trim().parse().map(Some).map_err(|_| de::Error::custom("a whole number is expected"))
}

/// A boolean that may come as a text; empty is none.
pub(crate) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    match Option::<Value>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(flag)),
        Some(Value::String(text)) => match text.trim() {
            "" => Ok(None),
            "true" | "1" => Ok(Some(true)),
            "false" | "0" => Ok(Some(false)),
            _ => Err(de::Error::custom("true or false is expected")),
        },
        Some(Value::Number(number)) if number.as_i64() == Some(0) => Ok(Some(false)),
        Some(Value::Number(number)) if number.as_i64() == Some(1) => Ok(Some(true)),
        Some(_) => Err(de::Error::custom("true or false is expected")),
    }
}

/// Texts: an array of texts or numbers, the same as JSON in a text (forms carry it so), or a text with commas.
pub(crate) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    let Some(value) = Option::<Value>::deserialize(deserializer)? else { return Ok(None) };
    let value = match value {
        Value::String(text) if text.trim_start().starts_with('[') => {
            serde_json::from_str(&text).map_err(|_| de::Error::custom("a list is expected"))?
        }
        value => value,
    };
    let plain = |value: Value| match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(de::Error::custom("a list of texts is expected")),
    };
    match value {
        Value::Array(values) => values.into_iter().map(plain).collect::<Result<_, _>>().map(Some),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) => Ok(Some(text.split(',').map(|part| part.trim().to_owned()).collect())),
        Value::Number(number) => Ok(Some(vec![number.to_string()])),
        _ => Err(de::Error::custom("a list is expected")),
    }
}

/// Objects: an array, or the same as JSON in a text.
pub(crate) fn objects<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: de::DeserializeOwned,
{
    let Some(value) = Option::<Value>::deserialize(deserializer)? else { return Ok(None) };
    let read = match value {
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        Value::String(text) => serde_json::from_str(&text),
        value => serde_json::from_value(value),
    };
    // The parser's words quote the value.
    read.map(Some).map_err(|_| de::Error::custom("an object or a list of objects is expected"))
}
