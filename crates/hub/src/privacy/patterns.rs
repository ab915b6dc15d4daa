//! What a person is found by in texts, and how it is taken out of them.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tongshi_model::{Kind, Sensitivity};

use crate::erased::GONE;

/// Shorter texts are looked for only as whole values: a part of another word would often be somebody else.
const PART_CHARS_MIN: usize = 6;
/// Names of this many characters are seldom part of another word.
const NAME_CHARS_MIN: usize = 4;
/// Shorter texts name nobody.
const CHARS_MIN: usize = 2;

/// Something by which a person is found.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) text: String,
    /// Whether it is looked for as a whole value only.
    whole: bool,
}

impl Term {
    fn of(text: &str, part_chars_min: usize) -> Option<Self> {
        let chars = text.chars().count();
        (chars >= CHARS_MIN).then(|| Self { text: text.to_owned(), whole: chars < part_chars_min })
    }

    /// A value of this person alone, such as a number or an address.
    pub(super) fn value(text: &str) -> Option<Self> {
        Self::of(text, PART_CHARS_MIN)
    }

    /// A name.
    pub(super) fn name(text: &str) -> Option<Self> {
        Self::of(text, NAME_CHARS_MIN)
    }

    /// The ways in which it is written in a text that is stored.
    fn needles(&self) -> Vec<String> {
        let mut written = vec![self.text.clone()];
        let quoted = Value::String(self.text.clone()).to_string();
        written.push(quoted[1..quoted.len() - 1].to_owned());
        let escaped = |upper: bool| -> String {
            let mut units = [0; 2];
            let mut text = String::new();
            for c in self.text.chars() {
                if c.is_ascii() {
                    text.push(c);
                    continue;
                }
                for unit in c.encode_utf16(&mut units) {
                    text += &if upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") };
                }
            }
            text
        };
        written.extend([escaped(false), escaped(true)]);
        written.push(utf8_percent_encode(&self.text, NON_ALPHANUMERIC).to_string());
        let mut written: Vec<String> =
            if self.whole { written.iter().map(|text| format!("\"{text}\"")).collect() } else { written };
        written.sort_by_key(|text| std::cmp::Reverse(text.len()));
        written.dedup();
        written
    }
}

/// The numbers of somebody's papers. What else stands in them is many people's.
pub(super) fn numbers(papers: &Value) -> impl Iterator<Item = &str> {
    papers.as_array().into_iter().flatten().filter_map(|paper| paper["number"].as_str())
}

/// Everything by which a person is found.
#[derive(Clone, Default)]
pub(super) struct Terms(Vec<Term>);

impl Terms {
    pub(super) fn add(&mut self, term: Option<Term>) {
        if let Some(term) = term.filter(|term| !self.0.contains(term)) {
            self.0.push(term);
        }
    }

    /// Adds what a person's document says of nobody else.
    pub(super) fn add_document(&mut self, kind: Kind, doc: &str) {
        let Ok(Value::Object(fields)) = serde_json::from_str(doc) else { return };
        for (name, value) in &fields {
            let label = kind.sensitivity(name);
            match (name.as_str(), value) {
                ("name", Value::String(text)) => self.add(Term::name(text)),
                // A day of birth, a bank and a gender are many people's.
                ("birth_date" | "bank_name" | "birth_year", _) => {}
                (_, Value::String(text)) if label > Sensitivity::Public => self.add(Term::value(text)),
                ("accounts", Value::Object(accounts)) => {
                    accounts.values().filter_map(Value::as_str).for_each(|text| self.add(Term::value(text)));
                }
                ("identity_documents", papers) => {
                    numbers(papers).for_each(|text| self.add(Term::value(text)));
                }
                _ => {}
            }
        }
    }

    /// Lets go of what another person's document says of that person: it is not this one's alone.
    pub(super) fn forget_shared(&mut self, kind: Kind, doc: &str) -> usize {
        let Ok(Value::Object(fields)) = serde_json::from_str::<Value>(doc) else { return 0 };
        let before = self.0.len();
        let theirs = |term: &Term| {
            fields.iter().any(|(name, value)| match value {
                Value::String(text) if name == "name" => text.contains(&term.text),
                Value::String(text) if kind.sensitivity(name) > Sensitivity::Public => *text == term.text,
                papers if name == "identity_documents" => numbers(papers).any(|text| text == term.text),
                _ => false,
            })
        };
        self.0.retain(|term| !theirs(term));
        before - self.0.len()
    }

    /// Whether this is one of the names.
    pub(super) fn holds(&self, text: &str) -> bool {
        self.0.iter().any(|term| term.text == text)
    }

    /// Every way in which anything of it is written.
    pub(super) fn needles(&self) -> Vec<String> {
        let mut needles: Vec<String> = self.0.iter().flat_map(Term::needles).collect();
        // Of a longer text and a part of it the longer one must go first.
        needles.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        needles.dedup();
        needles
    }

    /// The text without what is found; JSON stays JSON.
    pub(super) fn scrub(&self, text: &str) -> String {
        let mut left = text.to_owned();
        for needle in self.needles() {
            let whole = needle.starts_with('"');
            left = left.replace(&needle, &if whole { format!("\"{GONE}\"") } else { GONE.to_owned() });
        }
        let json = |text: &str| serde_json::from_str::<Value>(text);
        match json(text) {
            // A number of a telephone may be a number of JSON, too.
            Ok(mut value) if json(&left).is_err() => {
                self.scrub_value(&mut value);
                value.to_string()
            }
            _ => left,
        }
    }

    fn scrub_value(&self, value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.scrub_value(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.scrub_value(field)),
            Value::String(_) | Value::Number(_) => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let found = |term: &Term| {
                    if term.whole { text == term.text } else { text.contains(&term.text) }
                };
                if self.0.iter().any(found) {
                    *value = GONE.into();
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_goes_and_json_stays_json() {
        let mut terms = Terms::default();
        terms.add_document(
            Kind::Employee,
            r#"{"name":"林守拙甲","mobile":"19900000001","birth_date":"1990-01-01","employee_no":"E7"}"#,
        );
        for text in [
            r#"{"m":19900000001,"n":"林守拙甲"}"#,
            r#"{"m":"+86 19900000001","n":"\u6797\u5b88\u62d9\u7532 and others"}"#,
            "https://example.com/?m=19900000001&n=%E6%9E%97%E5%AE%88%E6%8B%99%E7%94%B2",
        ] {
            let left = terms.scrub(text);
            for gone in ["19900000001", "林守拙甲", "\\u6797", "%E6%9E%97"] {
                assert!(!left.contains(gone), "{left}");
            }
            assert!(!text.starts_with('{') || serde_json::from_str::<Value>(&left).is_ok(), "{left}");
        }
        assert_eq!(terms.scrub("1990-01-01 E7"), "1990-01-01 E7", "many people's");
    }

    #[test]
    fn numbers_of_papers_are_found_and_countries_are_not() {
        let doc = r#"{"identity_documents":[{"number":"E00000001","nationality":"US","last_name":"LIN"}]}"#;
        let mut terms = Terms::default();
        terms.add_document(Kind::Employee, doc);
        assert_eq!(
            terms.scrub(r#"{"a":"E00000001","b":"US","c":"LIN"}"#),
            r#"{"a":"[erased]","b":"US","c":"LIN"}"#
        );
        assert_eq!(terms.forget_shared(Kind::Employee, doc), 1);
    }

    #[test]
    fn what_somebody_else_has_too_is_left() {
        let mut terms = Terms::default();
        terms.add_document(
            Kind::Employee,
            r#"{"name":"林一","mobile":"19900000001","address":"1 Shared Street"}"#,
        );
        assert_eq!(
            terms.forget_shared(Kind::Employee, r#"{"name":"林一一","address":"1 Shared Street"}"#),
            2
        );
        assert!(terms.holds("19900000001") && !terms.holds("林一"));
        let mut short = Terms::default();
        short.add(Term::name("林一"));
        assert_eq!(short.scrub(r#"{"a":"林一","b":"林一路"}"#), r#"{"a":"[erased]","b":"林一路"}"#);
    }
}
