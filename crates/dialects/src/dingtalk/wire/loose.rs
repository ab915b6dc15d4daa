//! Fields as programs really send them: the official SDK turns every scalar into a text, forms carry lists as JSON in a
//! text, and several lists are texts with commas (§1).

use serde::{Deserialize as _, Deserializer, de};
use serde_json::Value;

/// A value that is read leniently and left out where it is nothing.
pub(crate) trait Loose: Sized + Default {
    /// Reads it; the error says what is expected.
    fn read(value: Value) -> Result<Self, &'static str>;

    /// Whether it is nothing.
    fn is_nothing(&self) -> bool;
}

/// Reads any field.
pub(crate) fn take<'de, D: Deserializer<'de>, T: Loose>(deserializer: D) -> Result<T, D::Error> {
    let value = Value::deserialize(deserializer)?;
    if value.is_null() {
        return Ok(T::default());
    }
    T::read(value).map_err(de::Error::custom)
}

/// Whether a field is left out.
pub(crate) fn nothing<T: Loose>(value: &T) -> bool {
    value.is_nothing()
}

macro_rules! optional {
    ($($type:ty),*) => { $(
        impl Loose for Option<$type> {
            fn read(value: Value) -> Result<Self, &'static str> {
                match &value {
                    // A number that is not given comes as an empty text.
                    Value::String(text) if text.trim().is_empty() => Ok(None),
                    _ => <$type as Scalar>::scalar(value).map(Some),
                }
            }

            fn is_nothing(&self) -> bool {
                self.is_none()
            }
        }
    )* };
}

trait Scalar: Sized {
    fn scalar(value: Value) -> Result<Self, &'static str>;
}

impl Scalar for i64 {
    fn scalar(value: Value) -> Result<Self, &'static str> {
        let read = match &value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        read.ok_or("a whole number is expected")
    }
}

impl Scalar for f64 {
    fn scalar(value: Value) -> Result<Self, &'static str> {
        let read = match &value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        };
        read.ok_or("a number is expected")
    }
}

impl Scalar for bool {
    fn scalar(value: Value) -> Result<Self, &'static str> {
        match &value {
            Value::Bool(flag) => Ok(*flag),
            Value::String(text) if text == "true" => Ok(true),
            Value::String(text) if text == "false" => Ok(false),
            _ => Err("true or false is expected"),
        }
    }
}

optional!(i64, f64, bool);

impl Loose for Option<String> {
    fn read(value: Value) -> Result<Self, &'static str> {
        text(value).map(Some)
    }

    fn is_nothing(&self) -> bool {
        self.is_none()
    }
}

fn text(value: Value) -> Result<String, &'static str> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => Err("a text is expected"),
    }
}

/// A list of texts: an array, an array in a text, or a text with commas.
impl Loose for Vec<String> {
    fn read(value: Value) -> Result<Self, &'static str> {
        let read = match value {
            Value::Array(items) => items.into_iter().map(text).collect::<Result<Self, _>>()?,
            Value::String(list) if list.trim_start().starts_with('[') => {
                let items: Vec<Value> = serde_json::from_str(&list).map_err(|_| "a list is expected")?;
                items.into_iter().map(text).collect::<Result<Self, _>>()?
            }
            Value::String(list) => list.split(',').map(|item| item.trim().to_owned()).collect(),
            Value::Number(number) => vec![number.to_string()],
            Value::Null | Value::Bool(_) | Value::Object(_) => return Err("a list is expected"),
        };
        Ok(read.into_iter().filter(|item| !item.is_empty()).collect())
    }

    fn is_nothing(&self) -> bool {
        self.is_empty()
    }
}

/// A list that lies on the wire as one text with commas (`userids`, `column_id_list`).
#[derive(Clone, Default)]
pub(crate) struct Commas(pub(crate) Vec<String>);

impl serde::Serialize for Commas {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.join(","))
    }
}

impl Loose for Commas {
    fn read(value: Value) -> Result<Self, &'static str> {
        Vec::<String>::read(value).map(Self)
    }

    fn is_nothing(&self) -> bool {
        self.0.is_empty()
    }
}

/// Makes an object readable as a field, alone and in lists, also where it comes as JSON in a text.
macro_rules! nested {
    ($($type:ty),* $(,)?) => { $(
        impl $crate::dingtalk::wire::loose::Loose for Option<$type> {
            fn read(value: serde_json::Value) -> Result<Self, &'static str> {
                $crate::dingtalk::wire::loose::unpacked(value).map(Some)
            }

            fn is_nothing(&self) -> bool {
                self.is_none()
            }
        }

        impl $crate::dingtalk::wire::loose::Loose for Vec<$type> {
            fn read(value: serde_json::Value) -> Result<Self, &'static str> {
                $crate::dingtalk::wire::loose::unpacked(value)
            }

            fn is_nothing(&self) -> bool {
                self.is_empty()
            }
        }
    )* };
}
pub(crate) use nested;

/// An object or a list, or one as JSON in a text.
pub(crate) fn unpacked<T: de::DeserializeOwned>(value: Value) -> Result<T, &'static str> {
    const EXPECTED: &str = "an object or a list of objects is expected";
    match value {
        Value::String(json) => serde_json::from_str(&json).map_err(|_| EXPECTED),
        value => serde_json::from_value(value).map_err(|_| EXPECTED),
    }
}

/// Declares an object whose fields are all read with [`take`] and left out where they are nothing.
macro_rules! fields {
    ($(#[$meta:meta])* $name:ident { $($(#[$about:meta])* $field:ident: $type:ty),* $(,)? }) => {
        #[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
        #[serde(default)]
        $(#[$meta])*
        pub(crate) struct $name {
            $(
                $(#[$about])*
                #[serde(
                    deserialize_with = "crate::dingtalk::wire::loose::take",
                    skip_serializing_if = "crate::dingtalk::wire::loose::nothing"
                )]
                pub(crate) $field: $type,
            )*
        }
    };
}
pub(crate) use fields;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fields! {
        Sample { cursor: Option<i64>, flag: Option<bool>, userids: Vec<String>, name: Option<String> }
    }

    #[test]
    fn texts_stand_for_numbers_flags_and_lists() {
        let read = |value: Value| serde_json::from_value::<Sample>(value).unwrap();
        for list in [json!(["a", "b"]), json!("a,b"), json!("[\"a\",\"b\"]"), json!("a, b,")] {
            let sample = read(json!({"cursor": "7", "flag": "false", "userids": list, "name": 5}));
            assert_eq!((sample.cursor, sample.flag), (Some(7), Some(false)));
            assert_eq!(sample.userids, ["a", "b"]);
            assert_eq!(sample.name.as_deref(), Some("5"));
        }
        assert_eq!(serde_json::to_value(read(json!({"cursor": "", "userids": null}))).unwrap(), json!({}));
        for wrong in
            [json!({"cursor": "x"}), json!({"flag": "yes"}), json!({"name": {}}), json!({"userids": {}})]
        {
            assert!(serde_json::from_value::<Sample>(wrong).is_err());
        }
    }
}
