//! Settings with a form of their own: addresses, days by rule.

use std::collections::BTreeMap;

use tongshi_dialect::Addresses;

use super::Setting;

/// Addresses and ranges of addresses.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cidrs(pub(crate) Addresses);

impl Setting for Cidrs {
    const FORM: &'static str = "a list of addresses and ranges such as [\"10.0.0.0/8\", \"2001:db8::7\"]; in the environment with commas";

    fn parse(text: &str) -> Option<Self> {
        let texts = text.split(',').map(str::trim).filter(|text| !text.is_empty());
        Addresses::of(texts).ok().map(Self)
    }

    fn show(&self) -> String {
        self.0.to_string()
    }

    fn read(value: &toml::Value) -> Result<Self, String> {
        let list = match value {
            toml::Value::Array(items) => {
                let texts: Option<Vec<&str>> = items.iter().map(toml::Value::as_str).collect();
                texts.and_then(|texts| Addresses::of(texts).ok()).map(Self)
            }
            toml::Value::String(text) => Self::parse(text),
            toml::Value::Integer(_)
            | toml::Value::Boolean(_)
            | toml::Value::Float(_)
            | toml::Value::Datetime(_)
            | toml::Value::Table(_) => None,
        };
        list.ok_or_else(|| format!("must be {}", Self::FORM))
    }
}

/// Days by rule of retention.
#[derive(Clone, Debug, Default)]
pub(crate) struct Days(pub(crate) BTreeMap<String, u32>);

impl Setting for Days {
    const FORM: &'static str = "a table of rule = days; in the environment rule=days,…";

    fn parse(text: &str) -> Option<Self> {
        let pairs = text.split(',').filter(|pair| !pair.trim().is_empty()).map(|pair| {
            let (rule, days) = pair.split_once('=')?;
            let rule = tongshi_store::retention::rule(rule.trim()).ok()?;
            Some((rule.name.to_owned(), days.trim().parse().ok()?))
        });
        pairs.collect::<Option<_>>().map(Self)
    }

    fn show(&self) -> String {
        let pairs: Vec<String> = self.0.iter().map(|(rule, days)| format!("{rule}={days}")).collect();
        pairs.join(",")
    }

    fn read(value: &toml::Value) -> Result<Self, String> {
        let days = match value {
            toml::Value::Table(table) => {
                let pairs: Option<Vec<String>> =
                    table.iter().map(|(rule, days)| Some(format!("{rule}={}", days.as_integer()?))).collect();
                pairs.and_then(|pairs| Self::parse(&pairs.join(",")))
            }
            toml::Value::String(text) => Self::parse(text),
            toml::Value::Integer(_)
            | toml::Value::Boolean(_)
            | toml::Value::Float(_)
            | toml::Value::Datetime(_)
            | toml::Value::Array(_) => None,
        };
        days.ok_or_else(|| format!("must be {}", Self::FORM))
    }
}

/// The address of a place in the web, without a path.
#[derive(Clone, Debug, Default)]
pub(crate) struct WebAddress(pub(crate) Option<String>);

impl Setting for WebAddress {
    const FORM: &'static str = "an address such as https://hub.example.com, without a path";

    fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self(None));
        }
        let uri: http::Uri = text.parse().ok()?;
        let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
        let host = uri.authority().filter(|host| !host.as_str().contains('@'))?;
        let bare = uri.path() == "/" && uri.query().is_none();
        (is_web && bare).then(|| Self(Some(format!("{}://{host}", uri.scheme_str().unwrap_or("https")))))
    }

    fn show(&self) -> String {
        self.0.clone().unwrap_or_default()
    }
}
