//! A plain request and a plain answer. Bytes as they were received: signatures are checked over these.

use std::{borrow::Cow, net::IpAddr};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::{Map, Value};

use crate::FormFault;

/// A request, on its way out or as it came in.
#[derive(Clone)]
pub struct Message {
    /// The method.
    pub method: Method,
    /// Host and port, where a scheme signs them.
    pub authority: Option<String>,
    /// Where the face is mounted (`/d/zhiren`), empty when the vendor's paths start at the root. Not part of `path`.
    pub prefix: String,
    /// The vendor's path, percent-encoded as sent: `/api/v2/employees`.
    pub path: String,
    /// The query as sent, without the question mark.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// Who sent it, where that is known.
    pub peer: Option<IpAddr>,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Query, headers and body carry keys and people.
        write!(f, "Message({} {}, {} bytes)", self.method, self.path, self.body.len())
    }
}

impl Message {
    /// An empty request.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            authority: None,
            prefix: String::new(),
            path: path.into(),
            query: String::new(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            peer: None,
        }
    }

    /// The decoded pairs of the query, in order.
    pub fn query_pairs(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        form_urlencoded::parse(self.query.as_bytes())
    }

    /// The decoded pairs of a form body, none when the body is no form.
    pub fn form_pairs(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        form_urlencoded::parse(if self.is_form() { &self.body[..] } else { &[] })
    }

    /// The value of this name in the query. Given twice, or not UTF-8, it is refused: never "the first that works".
    pub fn query_value(&self, name: &str) -> Result<Option<Cow<'_, str>>, ParamFault> {
        value_of(self.query.as_bytes(), name)
    }

    /// The value of this name in a form body, as strictly; none when the body is no form.
    pub fn form_value(&self, name: &str) -> Result<Option<Cow<'_, str>>, ParamFault> {
        value_of(if self.is_form() { &self.body[..] } else { &[] }, name)
    }

    /// Whether the body is a form.
    pub fn is_form(&self) -> bool {
        self.content_type().is_some_and(|name| name == "application/x-www-form-urlencoded")
    }

    /// Adds a pair to the query.
    pub fn add_query(&mut self, name: &str, value: &str) {
        if !self.query.is_empty() {
            self.query.push('&');
        }
        self.query.extend(form_urlencoded::byte_serialize(name.as_bytes()));
        self.query.push('=');
        self.query.extend(form_urlencoded::byte_serialize(value.as_bytes()));
    }

    /// A header's text; one that is no visible ASCII counts as absent.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The media type of the body, in lower case and without parameters.
    pub fn content_type(&self) -> Option<String> {
        let value = self.header(header::CONTENT_TYPE.as_str())?;
        Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }
}

/// Why a parameter cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParamFault {
    /// Its name is there more than once.
    #[error("a parameter is given twice")]
    Twice,
    /// Its bytes are no UTF-8.
    #[error("a parameter is not UTF-8")]
    NotUtf8,
}

impl From<ParamFault> for FormFault {
    fn from(fault: ParamFault) -> Self {
        Self::Malformed(fault.to_string())
    }
}

/// All of `name=value&…`, decoded without replacing anything; a name given twice and NUL characters are refused.
pub fn strict_pairs(encoded: &[u8]) -> Result<Map<String, Value>, FormFault> {
    let mut fields = Map::new();
    for pair in encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        let name = utf8(decoded(&pair[..at]))?.into_owned();
        let value = utf8(decoded(pair.get(at + 1..).unwrap_or_default()))?.into_owned();
        if name.contains('\0') || value.contains('\0') {
            return Err(FormFault::Malformed("a NUL character cannot be stored".to_owned()));
        }
        if fields.insert(name, Value::String(value)).is_some() {
            return Err(ParamFault::Twice.into());
        }
    }
    Ok(fields)
}

/// The one value of a name among `name=value&…`, decoded without replacing anything.
fn value_of<'a>(encoded: &'a [u8], name: &str) -> Result<Option<Cow<'a, str>>, ParamFault> {
    let mut found = None;
    for pair in encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        if *decoded(&pair[..at]) != *name.as_bytes() {
            continue;
        }
        if found.is_some() {
            return Err(ParamFault::Twice);
        }
        found = Some(utf8(decoded(pair.get(at + 1..).unwrap_or_default()))?);
    }
    Ok(found)
}

fn utf8(bytes: Cow<'_, [u8]>) -> Result<Cow<'_, str>, ParamFault> {
    match bytes {
        Cow::Borrowed(bytes) => {
            std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| ParamFault::NotUtf8)
        }
        Cow::Owned(bytes) => String::from_utf8(bytes).map(Cow::Owned).map_err(|_| ParamFault::NotUtf8),
    }
}

/// Undoes the encoding of a form's name or value.
fn decoded(piece: &[u8]) -> Cow<'_, [u8]> {
    if !piece.contains(&b'+') {
        return percent_encoding::percent_decode(piece).into();
    }
    let spaced: Vec<u8> = piece.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    Cow::Owned(percent_encoding::percent_decode(&spaced).collect())
}

/// An answer.
#[derive(Clone)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reply({}, {} bytes)", self.status.as_u16(), self.body.len())
    }
}

impl Reply {
    /// An answer in JSON.
    pub fn json(status: StatusCode, body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::with_capacity(1);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        Self { status, headers, body: body.into() }
    }

    /// An answer without a body.
    pub fn empty(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// A redirect to this address.
    pub fn redirect(location: &str) -> Option<Self> {
        let mut reply = Self::empty(StatusCode::FOUND);
        reply.headers.insert(header::LOCATION, HeaderValue::from_str(location).ok()?);
        Some(reply)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_or_none() {
        let mut message = Message::new(Method::GET, "/");
        message.query = "a=1&b=%E5%BC%A0+x&&c&d=%ff&e=1&%65=2".to_owned();
        assert_eq!(message.query_value("a"), Ok(Some("1".into())));
        assert_eq!(message.query_value("b"), Ok(Some("张 x".into())));
        assert_eq!(message.query_value("c"), Ok(Some("".into())));
        assert_eq!(message.query_value("d"), Err(ParamFault::NotUtf8));
        assert_eq!(message.query_value("e"), Err(ParamFault::Twice));
        assert_eq!(message.query_value("f"), Ok(None));
        assert_eq!(message.form_value("a"), Ok(None));
        assert_eq!(strict_pairs(b"a=1&b=+").expect("two pairs").len(), 2);
        for refused in [&b"a=1&a=2"[..], b"a=%00", b"%ff=1", b"a=%c3%28"] {
            assert!(strict_pairs(refused).is_err());
        }
    }
}
