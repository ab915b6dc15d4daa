//! Where a browser goes back to: exactly where the app said beforehand (RFC 9700 §2.1), with the answer in the query.

use subtle::ConstantTimeEq as _;
use tongshi_model::Secret;

/// Whether this can be a redirect URI at all: absolute, over HTTP, to a host, without user, fragment, spaces or
/// anything that browsers read in ways of their own.
pub fn is_redirect(uri: &str) -> bool {
    let rest = uri.strip_prefix("https://").or_else(|| uri.strip_prefix("http://"));
    let Some(rest) = rest else { return false };
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let plain =
        uri.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'#' | b'\\' | b'"' | b'<' | b'>'));
    plain && !host.is_empty() && !host.starts_with(':') && !host.contains('@')
}

/// Whether this may be registered: https, or http to the caller's own machine (RFC 8252 §7.3).
pub fn is_registrable(uri: &str) -> bool {
    let Some(rest) = uri.strip_prefix("http://") else { return is_redirect(uri) };
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let name = name.map_or(host, |(name, _)| name);
    is_redirect(uri) && matches!(name, "127.0.0.1" | "[::1]" | "localhost")
}

/// Whether the given redirect URI is the registered one, byte for byte.
pub fn is_registered(registered: &str, given: &str) -> bool {
    is_redirect(registered) && registered == given
}

/// The address to which the browser is sent: the redirect URI with these pairs added to its query.
pub fn return_url(redirect_uri: &str, pairs: &[(&str, &str)]) -> String {
    let mut url = redirect_uri.to_owned();
    let mut separator = if url.contains('?') { '&' } else { '?' };
    for (name, value) in pairs {
        url.push(separator);
        url.extend(form_urlencoded::byte_serialize(name.as_bytes()));
        url.push('=');
        url.extend(form_urlencoded::byte_serialize(value.as_bytes()));
        separator = '&';
    }
    url
}

/// Compares a secret in a time that does not depend on where it differs. An empty secret is never right.
pub fn same_secret(expected: &Secret, given: &str) -> bool {
    !expected.expose().is_empty() && bool::from(expected.expose().as_bytes().ct_eq(given.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTERED: &str = "https://app.example.com/back?from=hub";

    #[test]
    fn only_the_registered_address_fits() {
        assert!(is_registered(REGISTERED, REGISTERED));
        for given in [
            "https://app.example.com/back",
            "https://app.example.com/back?from=hub&x=1",
            "https://app.example.com/back?from=hub#x",
            "https://app.example.com/back/?from=hub",
            "https://APP.example.com/back?from=hub",
            "http://app.example.com/back?from=hub",
            "https://app.example.com@evil.example/back?from=hub",
            "https://app.example.com.evil.example/back?from=hub",
            "//app.example.com/back?from=hub",
            "",
        ] {
            assert!(!is_registered(REGISTERED, given), "{given}");
        }
    }

    #[test]
    fn an_address_that_browsers_could_misread_is_never_registered() {
        for uri in [
            "",
            "javascript:alert(1)",
            "app.example.com",
            "https://",
            "https:///path",
            "https://:80/",
            "https://user@host/",
            "https://host/#fragment",
            "https://host\\@evil.example/",
            "https://host/a b",
            "https://host/\r\nSet-Cookie: a=b",
            "https://例子.example/",
        ] {
            assert!(!is_redirect(uri), "{uri}");
            assert!(!is_registered(uri, uri), "{uri}");
        }
        assert!(is_redirect("http://127.0.0.1:8080/callback"));
    }

    #[test]
    fn plain_http_stays_on_the_machine() {
        for uri in ["https://h.example/", "http://127.0.0.1/cb", "http://[::1]:80/cb", "http://localhost?x"] {
            assert!(is_registrable(uri), "{uri}");
        }
        for uri in
            ["http://h.example/", "http://127.0.0.1.h.example/", "http://localhost.h.example:80/", "ftp://h/"]
        {
            assert!(!is_registrable(uri), "{uri}");
        }
    }

    #[test]
    fn the_answer_is_added_to_the_query() {
        let url = return_url(REGISTERED, &[("response_code", "a b&c"), ("state", "状态")]);
        assert_eq!(url, format!("{REGISTERED}&response_code=a+b%26c&state=%E7%8A%B6%E6%80%81"));
        assert_eq!(return_url("https://host/", &[("code", "1")]), "https://host/?code=1");
    }

    #[test]
    fn secrets_are_compared_whole() {
        let secret = Secret::new("s-1");
        assert!(same_secret(&secret, "s-1"));
        assert!(!same_secret(&secret, "s-12") && !same_secret(&secret, "s-2") && !same_secret(&secret, ""));
        assert!(!same_secret(&Secret::new(""), ""));
    }
}
