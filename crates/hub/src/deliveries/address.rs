//! Where messages may go. An address comes from whoever holds a key, so it must not lead the hub to itself, to its
//! neighbours or to the cloud's metadata: what is not public is refused, as text and again after its name is resolved.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tongshi_dialect::Addresses;
use tongshi_model::Error;
use url::{Host, Url};

/// A longer address is no address.
const ADDRESS_BYTES_MAX: usize = 2048;

/// What the registries of special-use addresses (RFC 6890 and its updates) take out of IPv4, as network and length.
const SPECIAL_V4: &[([u8; 4], u8)] = &[
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 31, 196, 0], 24),
    ([192, 52, 193, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([192, 175, 48, 0], 24),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
    // Metadata and host services of clouds that stand at public addresses.
    ([168, 63, 129, 16], 32),
];

/// Names that lead inwards wherever they are resolved.
const INWARD_NAMES: &[&str] =
    &["localhost", "local", "internal", "intranet", "lan", "home.arpa", "localdomain", "corp", "home"];

/// Whether an address belongs to the public internet. Of IPv6 only global unicast does, and of what wraps an IPv4
/// address only what wraps a public one.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let bits = address.to_bits();
            !SPECIAL_V4.iter().any(|(network, length)| {
                let network = Ipv4Addr::from(*network).to_bits();
                (bits ^ network).checked_shr(32 - u32::from(*length)).unwrap_or(0) == 0
            })
        }
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let part = address.segments();
    let wrapped = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public(IpAddr::V4(Ipv4Addr::new(a, b, c, d)))
    };
    match part {
        // IPv4-mapped and NAT64 (RFC 6052) reach the IPv4 address in their last 32 bits.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => wrapped(high, low),
        // 6to4 carries it behind its prefix.
        [0x2002, high, low, ..] => wrapped(high, low),
        // Protocol assignments with Teredo and ORCHID, documentation, and the second documentation block.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // AS112 and the 6bone of old.
        [0x2620, 0x4f, 0x8000, ..] | [0x3ffe, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

/// Whether a message may go there: outwards, or into one of the networks that the operator permits.
pub fn may_go_to(address: IpAddr, permitted: &Addresses) -> bool {
    is_public(address) || permitted.hold(address)
}

/// An address taken apart.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// Scheme, host and port.
    pub(crate) origin: String,
    /// Host and port, as the header `host` says them.
    pub(crate) authority: String,
    pub(crate) path: String,
    pub(crate) query: String,
}

impl Target {
    /// Takes an address apart and refuses it where it leads inwards. The parser is the one that the transport uses, so
    /// that both read `0x7f.1` and `１２７。０。０。１` alike.
    pub(crate) fn parse(text: &str, ranges: &Addresses, plain_http: bool) -> Result<Self, Error> {
        let invalid = |text: &'static str| Error::invalid("url", text);
        if text.len() > ADDRESS_BYTES_MAX {
            return Err(invalid("the address is longer than 2048 bytes"));
        }
        let url = Url::parse(text)
            .map_err(|_| invalid("the address must be a URL such as https://app.example.com/hooks"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(invalid("the address must begin with https://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid("the address must not carry a user or password"));
        }
        if url.fragment().is_some() {
            return Err(invalid("the address must end before its #"));
        }
        let inwards = || {
            invalid(
                "the address leads to a private or reserved network; the operator can permit networks with \
                 webhook_private_ranges",
            )
        };
        let loopback = ranges.hold(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let permitted = match url.host() {
            Some(Host::Ipv4(address)) => permitted(address.into(), ranges).ok_or_else(inwards)?,
            Some(Host::Ipv6(address)) => permitted(address.into(), ranges).ok_or_else(inwards)?,
            Some(Host::Domain(name)) => {
                let name = name.trim_end_matches('.');
                let here = name == "localhost" || name.ends_with(".localhost");
                if is_inward(name) && !(here && loopback) {
                    return Err(inwards());
                }
                here && loopback
            }
            None => return Err(invalid("the address names no host")),
        };
        if url.scheme() == "http" && !permitted && !plain_http {
            return Err(invalid(
                "the address must begin with https://: over http:// people travel in the open",
            ));
        }
        let host = url.host_str().unwrap_or_default();
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Ok(Self {
            origin: url.origin().ascii_serialization(),
            authority,
            path: url.path().to_owned(),
            query: url.query().unwrap_or_default().to_owned(),
        })
    }
}

/// Whether the address was permitted although it is private; none when a message may not go there.
fn permitted(address: IpAddr, ranges: &Addresses) -> Option<bool> {
    let contained = ranges.hold(address);
    (contained || is_public(address)).then_some(contained)
}

/// Whether a name leads inwards: a special one, or one without a dot, which a resolver completes as it likes.
fn is_inward(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    !name.contains('.')
        || INWARD_NAMES.iter().any(|inward| {
            name == *inward || name.strip_suffix(inward).is_some_and(|rest| rest.ends_with('.'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &[&str] = &[
        "http://127.0.0.1/",
        "https://127.0.0.1:443/hook",
        "https://127.1/",
        "https://127.0.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://0x7f.1/",
        "https://017700000001/",
        "https://0177.0.0.1/",
        "https://0177.0.0x1/",
        "https://１２７.０.０.１/",
        "https://①②⑦.⓪.⓪.①/",
        "https://127。0。0。1/",
        "https://%31%32%37.0.0.1/",
        "https://0.0.0.0/",
        "https://0/",
        "https://10.1.2.3/",
        "https://100.64.0.1/",
        "https://172.16.0.1/",
        "https://172.31.255.255/",
        "https://192.168.0.1/",
        "https://192.0.0.192/",
        "https://169.254.169.254/latest/meta-data/",
        "https://2852039166/",
        "https://0xa9fea9fe/",
        "https://0251.0376.0251.0376/",
        "https://[::ffff:169.254.169.254]/",
        "https://100.100.100.200/latest/meta-data/",
        "https://168.63.129.16/",
        "https://198.18.0.1/",
        "https://224.0.0.1/",
        "https://255.255.255.255/",
        "https://[::1]/",
        "https://[::]/",
        "https://[::127.0.0.1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[64:ff9b::127.0.0.1]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://[64:ff9b:1::1]/",
        "https://[2002:7f00:1::]/",
        "https://[2002:a9fe:a9fe::1]/",
        "https://[2001:0:7f00:1::]/",
        "https://[fe80::1]/",
        "https://[fc00::1]/",
        "https://[fd00:ec2::254]/",
        "https://[fec0::1]/",
        "https://[ff02::1]/",
        "https://localhost/",
        "https://LOCALHOST./",
        "https://hooks.localhost/",
        "https://metadata.google.internal/",
        "https://metadata/",
        "https://printer.local/",
        "https://user:pw@example.com/",
        "https://127.0.0.1@example.com/",
        "https://example.com\\@127.0.0.1/",
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "https:///",
        "https://example.com/#x",
        "//example.com/",
        "",
    ];

    #[test]
    fn hostile_addresses_are_refused() {
        assert!(HOSTILE.len() >= 41);
        for text in HOSTILE {
            // The last resort of some spellings is a harmless host; what counts is that none leads inwards.
            if *text == "https://example.com\\@127.0.0.1/" {
                let target = Target::parse(text, &Addresses::default(), false).unwrap();
                assert_eq!(target.origin, "https://example.com");
                continue;
            }
            assert!(Target::parse(text, &Addresses::default(), false).is_err(), "{text}");
        }
    }

    #[test]
    fn public_addresses_are_taken_apart() {
        let target =
            Target::parse("https://app.example.com:8443/hooks/1?a=b", &Addresses::default(), false).unwrap();
        assert_eq!(target.origin, "https://app.example.com:8443");
        assert_eq!(target.authority, "app.example.com:8443");
        assert_eq!((target.path.as_str(), target.query.as_str()), ("/hooks/1", "a=b"));
        for good in ["https://例え.jp/", "https://8.8.8.8/", "https://[2606:4700::1111]/"] {
            assert!(Target::parse(good, &Addresses::default(), false).is_ok(), "{good}");
        }
        assert!(Target::parse("http://app.example.com/", &Addresses::default(), true).is_ok());
    }

    #[test]
    fn named_networks_are_permitted_and_no_others() {
        let ranges = Addresses::of(["127.0.0.0/8", "::1", "10.8.0.0/16"]).unwrap();
        for good in [
            "http://127.0.0.1:9/",
            "http://[::1]/",
            "http://localhost:1/",
            "http://10.8.3.4/",
            "https://0x7f.1/",
        ] {
            assert!(Target::parse(good, &ranges, false).is_ok(), "{good}");
        }
        for bad in ["http://10.9.0.1/", "http://169.254.169.254/", "http://[::2]/", "https://db.internal/"] {
            assert!(Target::parse(bad, &ranges, false).is_err(), "{bad}");
        }
    }
}
