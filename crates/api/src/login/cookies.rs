//! What browsers keep for us: never for scripts, never for other sites' forms, and over TLS only where people come over
//! TLS. Then the name says so (`__Host-`, RFC 6265bis §4.1.3), so that no neighbouring host can put in one of its own.

use http::{HeaderMap, HeaderValue, header};
use tongshi_model::Secret;

/// Binds an attempt to the browser that began it.
pub(super) const BROWSER: &str = "tongshi_login";

/// The session.
pub(super) const SESSION: &str = "tongshi_session";

/// In front of names of cookies that only TLS carries.
const STRICT: &str = "__Host-";

/// Something for a browser to keep.
pub(super) struct Cookie<'a> {
    pub(super) name: &'static str,
    pub(super) value: &'a Secret,
    pub(super) seconds: i64,
    pub(super) secure: bool,
}

impl Cookie<'_> {
    pub(super) fn set(&self, headers: &mut HeaderMap) {
        put(headers, self.name, self.value.expose(), self.seconds, self.secure);
    }
}

/// What the browser keeps under this name. A name without the strict prefix counts only on this machine itself, the one
/// place where people may come without TLS.
pub(super) fn read(headers: &HeaderMap, name: &str) -> Option<String> {
    let find = |wanted: &str| {
        let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs =
            values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(known, _)| *known == wanted).map(|(_, value)| value.to_owned())
    };
    find(&format!("{STRICT}{name}")).or_else(|| if is_this_machine(headers) { find(name) } else { None })
}

/// Takes the session back.
pub(super) fn clear(headers: &mut HeaderMap) {
    put(headers, SESSION, "", 0, true);
    put(headers, SESSION, "", 0, false);
}

fn put(headers: &mut HeaderMap, name: &str, value: &str, seconds: i64, secure: bool) {
    let (prefix, secure) = if secure { (STRICT, "; Secure") } else { ("", "") };
    let text = format!("{prefix}{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    // Names and values are of our own making: letters, digits, '-' and '_'.
    if let Ok(text) = HeaderValue::from_str(&text) {
        headers.append(header::SET_COOKIE, text);
    }
}

fn is_this_machine(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|value| value.to_str().ok()) else { return false };
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    matches!(name.map_or(host, |(name, _)| name), "127.0.0.1" | "[::1]" | "localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(host: &'static str, cookie: &'static str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static(host));
        headers.insert(header::COOKIE, HeaderValue::from_static(cookie));
        read(&headers, SESSION)
    }

    #[test]
    fn a_cookie_that_a_neighbour_could_have_put_in_does_not_count() {
        assert_eq!(seen("hub.example.com", "a=b; __Host-tongshi_session=t"), Some("t".to_owned()));
        assert_eq!(seen("hub.example.com", "tongshi_session=t"), None);
        assert_eq!(seen("127.0.0.1.example.com", "tongshi_session=t"), None);
        for here in ["127.0.0.1:7070", "localhost", "[::1]:80", "[::1]"] {
            assert_eq!(seen(here, "tongshi_session=t"), Some("t".to_owned()), "{here}");
        }
        assert_eq!(seen("localhost", "xtongshi_session=t"), None);
    }

    #[test]
    fn what_is_set_is_for_no_script_and_for_no_other_site() {
        let mut headers = HeaderMap::new();
        let value = Secret::new("t");
        Cookie { name: SESSION, value: &value, seconds: 60, secure: true }.set(&mut headers);
        Cookie { name: SESSION, value: &value, seconds: 60, secure: false }.set(&mut headers);
        let set: Vec<_> =
            headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap()).collect();
        assert_eq!(
            set,
            [
                "__Host-tongshi_session=t; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure",
                "tongshi_session=t; Path=/; Max-Age=60; HttpOnly; SameSite=Lax",
            ]
        );
    }
}
