//! JSON that says one thing only: no key twice, no deep nesting, no NUL. What two parsers could read differently is
//! refused, because a signature over it would prove nothing.

use std::{borrow::Cow, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::FormFault;

/// How deep objects and arrays may lie in one another.
const DEPTH_MAX: u32 = 64;

/// Reads a JSON object. Duplicate keys at any depth, more than 64 levels, NUL characters, numbers out of range and
/// everything that is no object are refused.
pub fn strict_object(text: &str) -> Result<Map<String, Value>, FormFault> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Strict { depth: 0 }
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| FormFault::Malformed(malformed(&error)))?;
    match value {
        Value::Object(fields) => Ok(fields),
        _ => Err(FormFault::Malformed("the payload must be a JSON object".to_owned())),
    }
}

/// What is wrong and where, without quoting anything of the text.
fn malformed(error: &serde_json::Error) -> String {
    format!("the payload is not JSON as it should be: {error}")
}

struct Strict {
    depth: u32,
}

impl Strict {
    fn deeper<E: serde::de::Error>(&self) -> Result<Self, E> {
        if self.depth >= DEPTH_MAX {
            return Err(E::custom("nested too deeply"));
        }
        Ok(Self { depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        self.visit_string(text.to_owned())
    }

    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<Value, E> {
        if text.contains('\0') {
            return Err(E::custom("a NUL character cannot be stored"));
        }
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(self.deeper()?)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = entries.next_key::<Cow<'_, str>>()? {
            if name.contains('\0') {
                return Err(A::Error::custom("a NUL character cannot be stored"));
            }
            let value = entries.next_value_seed(self.deeper()?)?;
            if fields.insert(name.into_owned(), value).is_some() {
                return Err(A::Error::custom("a key is given twice"));
            }
        }
        Ok(Value::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_serde_json_reads() {
        let text = r#"{"a":[1,-2,3.5,true,null,"张三 😀"],"b":{"c":{}}}"#;
        let read = strict_object(text).expect("plain JSON");
        assert_eq!(Value::Object(read), serde_json::from_str::<Value>(text).expect("plain JSON"));
    }

    #[test]
    fn refuses_what_could_be_read_in_two_ways() {
        let deep = format!(r#"{{"a":{}1{}}}"#, "[".repeat(64), "]".repeat(64));
        let bottomless = "[".repeat(100_000);
        for text in [
            r#"{"code":1,"code":0}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            r#"{"a":"\u0000"}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"a":1e400}"#,
            r#"{"a":NaN}"#,
            r#"{"a":1} x"#,
            "\u{feff}{}",
            "[1]",
            "null",
            &deep,
            &bottomless,
        ] {
            let fault = strict_object(text).expect_err("refused");
            assert!(matches!(fault, FormFault::Malformed(_)));
        }
        let allowed = format!(r#"{{"a":{}1{}}}"#, "[".repeat(62), "]".repeat(62));
        assert!(strict_object(&allowed).is_ok());
    }
}
