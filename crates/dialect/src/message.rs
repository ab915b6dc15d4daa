//! A plain request and a plain answer. Bytes as they were received: signatures are checked over these.

use std::{borrow::Cow, net::IpAddr};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

/// A request, on its way out or as it came in.
#[derive(Clone, Debug)]
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
        let form = self.content_type().is_some_and(|name| name == "application/x-www-form-urlencoded");
        form_urlencoded::parse(if form { &self.body[..] } else { &[] })
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

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
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
