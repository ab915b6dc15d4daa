//! From where a request comes. What a proxy says of it (`X-Forwarded-For`, or `Forwarded`, RFC 7239) is believed only
//! of proxies that are trusted by configuration, read from the right, where the nearest wrote. Host and protocol are
//! never taken from anybody's word.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use http::{Extensions, HeaderMap, HeaderName, header};
use tongshi_dialect::Addresses;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Hops that are read. A longer way is cut: what lies behind is somebody's invention.
const HOPS_MAX: usize = 32;

/// What was found out behind trusted proxies.
#[derive(Clone, Copy)]
struct Client(IpAddr);

/// Finds out, once for each request, who stands behind trusted proxies. Without any there is nothing to do.
pub(crate) fn find(request: &mut Request, trusted: &Addresses) {
    if trusted.is_empty() {
        return;
    }
    let Some(peer) = peer(request.extensions()) else { return };
    if trusted.hold(peer) {
        let client = behind(request.headers(), peer, trusted);
        request.extensions_mut().insert(Client(client));
    }
}

/// From where the request comes; IPv4 in the IPv6 way of writing is IPv4. None for a call within the process.
pub(crate) fn address(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<Client>().map(|client| client.0).or_else(|| peer(extensions))
}

fn peer(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip().to_canonical())
}

/// The client behind a trusted proxy. A proxy writes one of the two headers and hands the other on as it came, so where
/// both are there and differ, one is the client's invention, and nobody can say which: then it is the proxy itself.
fn behind(headers: &HeaderMap, proxy: IpAddr, trusted: &Addresses) -> IpAddr {
    let walk = |name: HeaderName, read: fn(&str) -> Option<IpAddr>| {
        headers.contains_key(&name).then(|| nearest(headers, &name, read, proxy, trusted))
    };
    match (walk(X_FORWARDED_FOR, node), walk(header::FORWARDED, forwarded)) {
        (Some(one), Some(other)) => {
            if one == other {
                one
            } else {
                proxy
            }
        }
        (Some(client), None) | (None, Some(client)) => client,
        (None, None) => proxy,
    }
}

/// The first from the right that is no trusted proxy. What cannot be read ends the way at the proxy that wrote it.
fn nearest(
    headers: &HeaderMap,
    name: &HeaderName,
    read: fn(&str) -> Option<IpAddr>,
    proxy: IpAddr,
    trusted: &Addresses,
) -> IpAddr {
    let mut nearest = proxy;
    let values: Vec<&str> =
        headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default()).collect();
    let hops = values.iter().rev().flat_map(|value| value.rsplit(','));
    for hop in hops.take(HOPS_MAX) {
        let Some(address) = read(hop.trim()) else { return nearest };
        nearest = address;
        if !trusted.hold(address) {
            return nearest;
        }
    }
    nearest
}

/// The address in an element of `Forwarded`: `for=192.0.2.60;proto=http`, `for="[2001:db8::1]:4711"`.
fn forwarded(element: &str) -> Option<IpAddr> {
    let mut pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.eq_ignore_ascii_case("for"))?;
    node(value.trim_matches('"'))
}

/// An address with or without a port. `unknown` and invented names are none.
fn node(text: &str) -> Option<IpAddr> {
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    text.parse().ok().or_else(bracketed).or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn client(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let trusted = Addresses::of(["10.0.0.0/8", "2001:db8:ffff::/48"]).unwrap();
        let mut request = Request::new(axum::body::Body::empty());
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 4711)));
        for (name, value) in headers {
            request.headers_mut().append(*name, HeaderValue::from_str(value).unwrap());
        }
        find(&mut request, &trusted);
        address(request.extensions()).unwrap().to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let spoofed = [("x-forwarded-for", "198.51.100.1"), ("forwarded", "for=198.51.100.1")];
        assert_eq!(client("192.0.2.1", &spoofed), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &[("x-forwarded-for", "198.51.100.1")]), "198.51.100.1");
        assert_eq!(client("::ffff:10.0.0.1", &[("x-forwarded-for", "::ffff:198.51.100.1")]), "198.51.100.1");
        assert_eq!(client("2001:db8:ffff::1", &[("x-forwarded-for", "2001:db8::7")]), "2001:db8::7");
    }

    #[test]
    fn the_way_is_read_from_the_right_over_trusted_proxies() {
        let way = |value| client("10.0.0.1", &[("x-forwarded-for", value)]);
        assert_eq!(way("203.0.113.9, 198.51.100.1, 10.0.0.2"), "198.51.100.1");
        assert_eq!(way("10.0.0.3, 10.0.0.2"), "10.0.0.3");
        assert_eq!(way("198.51.100.1:4711"), "198.51.100.1");
        assert_eq!(way("[2001:db8::7]:4711"), "2001:db8::7");
        assert_eq!(way("198.51.100.1, unknown"), "10.0.0.1", "nobody knows who stands before the proxy");
        assert_eq!(way("198.51.100.1, junk, 10.0.0.2"), "10.0.0.2");
        assert_eq!(way(""), "10.0.0.1");
        let two = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "198.51.100.1")];
        assert_eq!(client("10.0.0.1", &two), "198.51.100.1");
    }

    #[test]
    fn both_headers_are_read_and_must_agree() {
        let way = |value| client("10.0.0.1", &[("forwarded", value)]);
        assert_eq!(
            way("for=203.0.113.9, For=\"198.51.100.1:80\";proto=https;host=evil.example"),
            "198.51.100.1"
        );
        assert_eq!(way("proto=http;for=\"[2001:db8::7]\""), "2001:db8::7");
        assert_eq!(way("for=_hidden"), "10.0.0.1");
        let both = |one, other| client("10.0.0.1", &[("x-forwarded-for", one), ("forwarded", other)]);
        assert_eq!(both("198.51.100.1", "for=198.51.100.1"), "198.51.100.1");
        assert_eq!(both("198.51.100.1", "for=203.0.113.9"), "10.0.0.1", "one of the two is invented");
    }
}
