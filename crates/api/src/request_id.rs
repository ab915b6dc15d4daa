//! The name of a request, by which an answer, a problem and a line of the log are found together.

use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, HeaderName};
use tongshi_model::Timestamp;

/// The header that carries it, both ways.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Longer names are replaced.
const BYTES_MAX: usize = 64;

/// Gives names. They need be unique, not secret: the start of the process and a number.
#[derive(Debug)]
pub(crate) struct RequestIds {
    start: i64,
    next: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new(start: Timestamp) -> Self {
        Self { start: start.as_millisecond(), next: AtomicU64::new(1) }
    }

    /// The caller's name for the request where it is harmless, else a new one.
    pub(crate) fn of(&self, headers: &HeaderMap) -> String {
        match headers.get(HEADER).and_then(|value| value.to_str().ok()).filter(|name| is_harmless(name)) {
            Some(name) => name.to_owned(),
            None => format!("{:x}-{:x}", self.start, self.next.fetch_add(1, Ordering::Relaxed)),
        }
    }
}

/// Letters, digits and three marks: nothing that could break a line of the log or a page.
fn is_harmless(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !name.is_empty() && name.len() <= BYTES_MAX && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_harmless_names_are_taken_over() {
        let ids = RequestIds::new(Timestamp::UNIX_EPOCH);
        let of = |name: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(HEADER, HeaderValue::from_str(name).unwrap());
            ids.of(&headers)
        };
        assert_eq!(of("trace_7.a-1"), "trace_7.a-1");
        assert_eq!(of("a b"), "0-1");
        assert_eq!(of("<script>"), "0-2");
        assert_eq!(of(&"x".repeat(65)), "0-3");
        assert_eq!(ids.of(&HeaderMap::new()), "0-4");
    }
}
