//! Money: integer minor units and a currency.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Error;

/// An amount in the currency's minor unit (fen, cents).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// The amount in minor units.
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
}

/// A currency by its ISO 4217 code.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Renminbi yuan.
    pub const CNY: Self = Self(*b"CNY");

    /// The ISO 4217 code.
    pub fn code(&self) -> &str {
        // Always three capital letters; the other is the standard's own code for "no currency".
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }
}

impl Money {
    /// Reads a decimal number with at most two digits after the point, as JSON writes it.
    pub fn parse_hundredths(text: &str, currency: Currency) -> Result<Self, Error> {
        let invalid = || Error::invalid("value", "an amount is a number with at most two decimals");
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || fraction.len() > 2 {
            return Err(invalid());
        }
        let whole: i64 = whole.parse().map_err(|_| invalid())?;
        let fraction: i64 = format!("{fraction:0<2}").parse().map_err(|_| invalid())?;
        let minor =
            whole.checked_mul(100).and_then(|minor| minor.checked_add(fraction)).ok_or_else(invalid)?;
        Ok(Self { minor: sign * minor, currency })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.minor < 0 { "-" } else { "" };
        let minor = self.minor.unsigned_abs();
        write!(f, "{sign}{}.{:02}", minor / 100, minor % 100)
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.as_bytes() {
            [a, b, c] if [a, b, c].iter().all(|byte| byte.is_ascii_uppercase()) => Ok(Self([*a, *b, *c])),
            _ => Err(Error::invalid("currency", "a currency is three capital letters (ISO 4217)")),
        }
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hundredths_are_exact() {
        for (text, minor) in [
            ("1024.12", 102_412),
            ("0", 0),
            ("-0.5", -50),
            ("7", 700),
            ("90071992547409.91", 9_007_199_254_740_991),
        ] {
            assert_eq!(Money::parse_hundredths(text, Currency::CNY).unwrap().minor, minor);
        }
        for text in ["", ".5", "1e3", "1.005", "NaN", "--1", "99999999999999999999"] {
            assert!(Money::parse_hundredths(text, Currency::CNY).is_err(), "{text}");
        }
        assert_eq!(Money { minor: -50, currency: Currency::CNY }.to_string(), "-0.50");
    }
}
