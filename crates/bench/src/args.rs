//! Command lines of the benchmark's programs: words, `--name value` options and `--name` switches. An unknown name is an error.

use std::{collections::BTreeMap, str::FromStr};

use anyhow::{Context as _, Result, bail};

/// A parsed command line.
#[derive(Debug, Default)]
pub struct Args {
    /// The words that are not options, in order.
    pub words: Vec<String>,
    options: BTreeMap<String, String>,
}

impl Args {
    /// Reads the process's own command line; `options` take a value, `switches` do not.
    pub fn of_process(options: &[&str], switches: &[&str]) -> Result<Self> {
        Self::parse(std::env::args().skip(1), options, switches)
    }

    /// Reads a command line; `options` take a value, `switches` do not.
    pub fn parse(
        words: impl IntoIterator<Item = String>,
        options: &[&str],
        switches: &[&str],
    ) -> Result<Self> {
        let mut parsed = Self::default();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let Some(name) = word.strip_prefix("--") else {
                parsed.words.push(word);
                continue;
            };
            let (name, inline) = match name.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (name, None),
            };
            let value = if switches.contains(&name) {
                String::new()
            } else if options.contains(&name) {
                inline.or_else(|| words.next()).with_context(|| format!("--{name} needs a value"))?
            } else {
                bail!("unknown option --{name}; known: {}", known(options, switches));
            };
            parsed.options.insert(name.to_owned(), value);
        }
        Ok(parsed)
    }

    /// Whether the switch or option was given.
    pub fn has(&self, name: &str) -> bool {
        self.options.contains_key(name)
    }

    /// An option's text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str)
    }

    /// An option that must be given.
    pub fn required(&self, name: &str) -> Result<&str> {
        self.text(name).with_context(|| format!("--{name} is missing"))
    }

    /// An option's value, or the default when it is not given.
    pub fn value<T>(&self, name: &str, default: T) -> Result<T>
    where
        T: FromStr,
        T::Err: std::error::Error + Send + Sync + 'static,
    {
        match self.text(name) {
            Some(text) => text.parse().with_context(|| format!("--{name} {text} is not understood")),
            None => Ok(default),
        }
    }
}

fn known(options: &[&str], switches: &[&str]) -> String {
    let names: Vec<String> = options.iter().chain(switches).map(|name| format!("--{name}")).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Args> {
        Args::parse(words.iter().map(|word| (*word).to_owned()), &["rounds"], &["strict"])
    }

    #[test]
    fn words_options_and_switches_are_told_apart() {
        let args = parse(&["sync", "--rounds", "5", "--strict"]).unwrap();
        assert_eq!(args.words, ["sync"]);
        assert_eq!(args.value("rounds", 3).unwrap(), 5);
        assert!(args.has("strict"));
        assert_eq!(parse(&["--rounds=7"]).unwrap().value("rounds", 3).unwrap(), 7);
        assert_eq!(parse(&[]).unwrap().value("rounds", 3).unwrap(), 3);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        assert!(parse(&["--round", "5"]).is_err());
        assert!(parse(&["--rounds"]).is_err());
        assert!(parse(&["--rounds", "many"]).unwrap().value("rounds", 3).is_err());
    }
}
