//! One endpoint, described once: client, face, docs, `tongshi call` and tests derive from it.

use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{AuthScheme, Dialect, FormFault, Message};

/// What stays readable in a path segment (RFC 3986 §2.3 unreserved).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// An endpoint. The value is the request; its fields lie in the path by name and otherwise where the dialect puts
/// them.
pub trait Operation: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Whose endpoint it is.
    type Dialect: Dialect;
    /// How the caller proves who it is.
    type Auth: AuthScheme;
    /// What a success carries.
    type Answer: Serialize + DeserializeOwned + Send + 'static;

    /// The name in logs, metrics and `tongshi call`: `employee.get`.
    const NAME: &'static str;
    /// The method.
    const METHOD: Verb;
    /// The path with fields in braces: `/api/v2/employees/{key}`.
    const PATH: &'static str;
    /// Where its facts come from.
    const CONTRACT: Contract;
    /// The rows of the vendor's specification that it answers.
    const SPEC: &'static str;
    /// The envelope.
    const SHAPE: <Self::Dialect as Dialect>::Shape;
    /// Whether the same call may be sent again when nobody knows if it arrived.
    const REPEATABLE: bool = matches!(Self::METHOD, Verb::Get);
    /// Whether the answer follows from the request and the records alone (not from the time, not from who asks
    /// beyond the app), so that it can be kept until a record changes.
    const KEPT: bool = false;
    /// Whether the vendor counts the call by the month ([`crate::Metering`]).
    const METERED: bool = false;
    /// Whether it sends punches in, which some vendors' connections may do only once somebody has switched it on.
    const PUNCHES: bool = false;
}

/// Says what an endpoint is, beside the type that holds its fields:
///
/// ```text
/// operation! {
///     impl Operation for EmployeeGet in Vendor {
///         "employee.get", Get "/employees/{key}", Documented "A9";
///         Signature => Employee, Shape::Plain; KEPT = true
///     }
/// }
/// ```
#[macro_export]
macro_rules! operation {
    (
        impl Operation for $operation:ident in $dialect:ty {
            $name:literal, $verb:ident $path:literal, $contract:ident $spec:literal;
            $auth:ty => $answer:ty, $shape:expr $(; $constant:ident = $value:expr)* $(;)?
        }
    ) => {
        impl $crate::Operation for $operation {
            type Dialect = $dialect;
            type Auth = $auth;
            type Answer = $answer;

            const NAME: &'static str = $name;
            const METHOD: $crate::Verb = $crate::Verb::$verb;
            const PATH: &'static str = $path;
            const CONTRACT: $crate::Contract = $crate::Contract::$contract;
            const SPEC: &'static str = $spec;
            const SHAPE: <$dialect as $crate::Dialect>::Shape = $shape;
            $(const $constant: bool = $value;)*
        }
    };
}

/// An HTTP method, usable in constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Reads.
    Get,
    /// Makes or does.
    Post,
    /// Replaces.
    Put,
    /// Changes.
    Patch,
    /// Removes.
    Delete,
}

impl Verb {
    /// The method's name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl From<Verb> for Method {
    fn from(verb: Verb) -> Self {
        match verb {
            Verb::Get => Self::GET,
            Verb::Post => Self::POST,
            Verb::Put => Self::PUT,
            Verb::Patch => Self::PATCH,
            Verb::Delete => Self::DELETE,
        }
    }
}

/// Where a dialect's facts come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Contract {
    /// The vendor publishes it.
    Documented,
    /// Vendor's own but withdrawn, or one weak source; or ours where the vendor leaves a gap.
    Uncertain,
    /// Only the given document shows it; never advertised as reaching the live vendor.
    Sample,
}

impl Contract {
    /// The label's name in data.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Uncertain => "uncertain",
            Self::Sample => "sample",
        }
    }
}

/// Lays an operation in a message, unsigned.
pub fn encode<O: Operation>(
    operation: &O,
    layout: <O::Dialect as Dialect>::Layout,
) -> Result<Message, FormFault> {
    encode_at(operation, layout, O::PATH)
}

/// The same under another path, where a connection's configuration says so.
pub(crate) fn encode_at<O: Operation>(
    operation: &O,
    layout: <O::Dialect as Dialect>::Layout,
    path: &str,
) -> Result<Message, FormFault> {
    let fields = match serde_json::to_value(operation) {
        Ok(Value::Object(fields)) => fields,
        Ok(Value::Null) => Map::new(),
        _ => return Err(FormFault::Malformed(format!("{} is no object", O::NAME))),
    };
    encode_fields::<O::Dialect>(fields, (O::METHOD, O::SHAPE), layout, path)
}

/// Lays the fields of an operation in a message, unsigned.
pub(crate) fn encode_fields<D: Dialect>(
    mut fields: Map<String, Value>,
    (method, shape): (Verb, D::Shape),
    layout: D::Layout,
    template: &str,
) -> Result<Message, FormFault> {
    let mut path = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        path.push_str(before);
        let value = match fields.remove(name) {
            Some(Value::String(text)) if !text.is_empty() => text,
            Some(Value::Number(number)) => number.to_string(),
            _ => return Err(FormFault::Field(format!("{name} is missing: it is part of the path"))),
        };
        path.extend(utf8_percent_encode(&value, SEGMENT));
        rest = after;
    }
    path.push_str(rest);
    let mut message = Message::new(method.into(), path);
    D::put(fields, shape, layout, &mut message);
    Ok(message)
}

/// Reads an operation out of a message; `captures` are the path's fields as sent, still percent-encoded.
pub fn decode<'a, O: Operation>(
    message: &Message,
    captures: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<O, FormFault> {
    let captures: Vec<_> = captures.into_iter().collect();
    decode_fields(fields_of::<O::Dialect>(message, O::SHAPE, &captures)?)
}

/// All fields of a message: those of the payload, and over them those of the path.
pub(crate) fn fields_of<D: Dialect>(
    message: &Message,
    shape: D::Shape,
    captures: &[(&str, &str)],
) -> Result<Map<String, Value>, FormFault> {
    let mut fields = D::take(message, shape)?;
    for (name, value) in captures {
        let text = percent_decode_str(value)
            .decode_utf8()
            .map_err(|_| FormFault::Malformed(format!("{name} in the path is not UTF-8")))?;
        if text.contains('\0') {
            return Err(FormFault::Malformed(format!("{name} in the path holds a NUL character")));
        }
        fields.insert((*name).to_owned(), Value::String(text.into_owned()));
    }
    Ok(fields)
}

/// Reads an operation from its fields.
pub(crate) fn decode_fields<O: Operation>(fields: Map<String, Value>) -> Result<O, FormFault> {
    serde_json::from_value(Value::Object(fields))
        .map_err(|error| FormFault::Field(tongshi_model::masked(&error.to_string())))
}
