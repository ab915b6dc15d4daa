//! Ranges of addresses (RFC 4632): from where an app may call, which proxies are believed. One reading for all lists,
//! so that an IPv4 address written the IPv6 way fits the same ranges everywhere.

use std::{fmt, net::IpAddr};

use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use tongshi_model::Error;

/// How many ranges one list may hold: it is looked through for each call.
const RANGES_MAX: usize = 256;

/// The bits before the IPv4 address in one that is written the IPv6 way (RFC 4291 §2.5.5.2).
const MAPPED_BITS: u8 = 96;

/// A list of ranges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses(Vec<IpNet>);

impl Addresses {
    /// The list that these texts name, each an address or a range such as `10.0.0.0/8`.
    pub fn of<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Self, Error> {
        let ranges: Vec<IpNet> =
            texts.into_iter().map(|text| range(text.as_ref().trim())).collect::<Result<_, _>>()?;
        if ranges.len() > RANGES_MAX {
            return Err(refused(format!("a list has at most {RANGES_MAX} addresses")));
        }
        Ok(Self(ranges))
    }

    /// Whether nothing is listed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the address is in one of the ranges.
    pub fn hold(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|range| range.contains(&address))
    }

    /// The ranges.
    pub fn ranges(&self) -> &[IpNet] {
        &self.0
    }
}

impl fmt::Display for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, range) in self.0.iter().enumerate() {
            write!(f, "{}{range}", if place == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl Serialize for Addresses {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(ToString::to_string))
    }
}

impl<'de> Deserialize<'de> for Addresses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::of(Vec::<String>::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

fn refused(text: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::invalid("addresses", text)
}

fn range(text: &str) -> Result<IpNet, Error> {
    let alone = || text.parse::<IpAddr>().ok().map(IpNet::from);
    let range = text.parse::<IpNet>().ok().or_else(alone).ok_or_else(|| {
        refused("an address is written 192.0.2.7 or 2001:db8::7, a range 192.0.2.0/24 or 2001:db8::/32")
    })?;
    // A slip in the range would let in other addresses than the reader of the list thinks.
    if range.addr() != range.network() {
        return Err(refused(format!("a range begins with its first address: write {}", range.trunc())));
    }
    Ok(plain(range))
}

/// A range of IPv4 addresses that is written the IPv6 way, as IPv4.
fn plain(range: IpNet) -> IpNet {
    let IpNet::V6(wide) = range else { return range };
    let narrow = wide.addr().to_ipv4_mapped().filter(|_| wide.prefix_len() >= MAPPED_BITS);
    let narrow = narrow.and_then(|address| Ipv4Net::new(address, wide.prefix_len() - MAPPED_BITS).ok());
    narrow.map_or(range, IpNet::V4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(texts: &[&str], address: &str) -> bool {
        Addresses::of(texts).unwrap().hold(address.parse().unwrap())
    }

    #[test]
    fn an_address_fits_however_it_is_written() {
        assert!(holds(&["192.0.2.0/24"], "192.0.2.9"));
        assert!(holds(&["192.0.2.0/24"], "::ffff:192.0.2.9"));
        assert!(holds(&["::ffff:192.0.2.0/120"], "192.0.2.9"));
        assert!(holds(&["2001:db8::/32", "192.0.2.7"], "2001:db8:1::1"));
        assert!(holds(&["2001:db8::/32", "192.0.2.7"], "192.0.2.7"));
        assert!(!holds(&["2001:db8::/32", "192.0.2.7"], "192.0.2.8"));
        assert!(!holds(&["::/0"], "192.0.2.8"), "IPv6 is not IPv4");
        assert!(!holds(&[], "192.0.2.8"));
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in ["", "10.0.0.0/33", "10.0.0.1/8", "10.1", "host.example", "10.0.0.0/8,10.0.0.0/8"] {
            assert!(Addresses::of([text]).is_err(), "{text}");
        }
        assert!(Addresses::of(vec!["10.0.0.1"; RANGES_MAX + 1]).is_err());
        let list = Addresses::of(["10.0.0.0/8", "2001:db8::7"]).unwrap();
        let text = serde_json::to_string(&list).unwrap();
        assert_eq!(text, r#"["10.0.0.0/8","2001:db8::7/128"]"#);
        assert_eq!(serde_json::from_str::<Addresses>(&text).unwrap(), list);
        assert_eq!(list.to_string(), "10.0.0.0/8,2001:db8::7/128");
    }
}
