//! `name=value` on the command line: plain, from a file, from standard input, as JSON.

use std::{
    collections::BTreeMap,
    io::{self, BufRead as _},
};

use serde_json::{Map, Value};
use tongshi_model::{Secret, Timestamp};

use crate::exit::Failure;

/// Splits at the first equals sign.
pub(crate) fn split<'a>(option: &str, pair: &'a str) -> Result<(&'a str, &'a str), Failure> {
    pair.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(|| {
        // The text may be a secret without its name, so it is not quoted.
        Failure::usage(format!("{option} wants name=value")).mend(format!("write it as {option} name=value"))
    })
}

/// An instant, or how long ago: `2026-03-16T02:00:00Z`, `90s`, `15m`, `24h`, `7d`.
pub(crate) fn instant(option: &str, text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    let unit = |unit: char| match unit {
        's' => Some(1),
        'm' => Some(60),
        'h' => Some(3_600),
        'd' => Some(86_400),
        _ => None,
    };
    let ago = text.char_indices().last().and_then(|(at, last)| {
        let seconds = text[..at].parse::<u32>().ok()?;
        Timestamp::from_second(now.as_second() - i64::from(seconds) * unit(last)?).ok()
    });
    ago.or_else(|| text.parse().ok()).ok_or_else(|| {
        Failure::usage(format!("{option} is no instant"))
            .mend("write it as 2026-03-16T02:00:00Z, or how long ago: 15m, 24h, 7d")
    })
}

/// Credentials: `name=value`, `name=@file`, `name=-` for a line of standard input; over those of the environment.
pub(crate) fn credentials(
    pairs: &[String],
    environment: &BTreeMap<String, Secret>,
    known: impl Fn(&str) -> bool,
) -> Result<BTreeMap<String, Secret>, Failure> {
    // The environment may hold credentials for several vendors; only this one's are taken.
    let mut all: BTreeMap<String, Secret> = environment
        .iter()
        .filter(|(name, _)| known(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    for pair in pairs {
        let (name, value) = split("--set", pair)?;
        let value = match value.strip_prefix('@') {
            Some(path) => Secret::new(one_line(&std::fs::read_to_string(path).map_err(|error| {
                Failure::usage(format!("the file for {name} cannot be read: {error}"))
                    .mend(format!("give the path of a file that holds it: --set {name}=@FILE"))
            })?)),
            None if value == "-" => from_standard_input(name)?,
            None => Secret::new(value),
        };
        all.insert(name.to_owned(), value);
    }
    Ok(all)
}

fn from_standard_input(name: &str) -> Result<Secret, Failure> {
    let mut text = String::new();
    io::stdin().lock().read_line(&mut text)?;
    if text.is_empty() {
        return Err(Failure::usage(format!("standard input ended before {name} was read")).mend(format!(
            "send a line for each --set …=-: printf '%s\\n' \"$SECRET\" | tongshi … --set {name}=-"
        )));
    }
    Ok(Secret::new(one_line(&text)))
}

fn one_line(text: &str) -> String {
    text.trim_end_matches(['\r', '\n']).to_owned()
}

/// Fields and settings: `name=text`, or `name:=json` for anything that is no text.
pub(crate) fn fields(option: &str, pairs: &[String]) -> Result<Map<String, Value>, Failure> {
    let mut fields = Map::new();
    for pair in pairs {
        let (name, value) = split(option, pair)?;
        match name.strip_suffix(':') {
            Some(name) => {
                let value = serde_json::from_str(value).map_err(|error| {
                    Failure::usage(format!("{option} {name}:= is no JSON: {error}"))
                        .mend(format!("write text as {option} {name}=text"))
                })?;
                fields.insert(name.to_owned(), value);
            }
            None => drop(fields.insert(name.to_owned(), Value::String(value.to_owned()))),
        }
    }
    Ok(fields)
}

/// Settings: `name=json`; what is no JSON is taken as text.
pub(crate) fn settings(option: &str, pairs: &[String]) -> Result<Map<String, Value>, Failure> {
    let mut settings = Map::new();
    for pair in pairs {
        let (name, value) = split(option, pair)?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
        settings.insert(name.to_owned(), value);
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_text_unless_they_say_json() {
        let pairs = ["name=张三".to_owned(), "page:=1".to_owned(), "empty=".to_owned()];
        let fields = fields("--field", &pairs).unwrap();
        assert_eq!(Value::Object(fields).to_string(), r#"{"empty":"","name":"张三","page":1}"#);
        let settings = settings("--setting", &["a=true".to_owned(), "b=x=y".to_owned()]).unwrap();
        assert_eq!(Value::Object(settings).to_string(), r#"{"a":true,"b":"x=y"}"#);
    }

    #[test]
    fn a_pair_without_a_name_is_refused_and_not_quoted() {
        let failure = credentials(&["sk-demo".to_owned()], &BTreeMap::new(), |_| true).unwrap_err();
        assert!(!failure.what.contains("sk-demo"));
    }

    #[test]
    fn credentials_come_from_files_and_the_environment() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "sk-demo\n").unwrap();
        let environment = [("access_key", "ak"), ("other", "x")]
            .map(|(name, value)| (name.to_owned(), Secret::new(value)))
            .into();
        let pairs = [format!("secret_key=@{}", file.path().display())];
        let all = credentials(&pairs, &environment, |name| name != "other").unwrap();
        assert_eq!(all["secret_key"].expose(), "sk-demo");
        assert_eq!(all["access_key"].expose(), "ak");
        assert!(!all.contains_key("other"));
    }
}
