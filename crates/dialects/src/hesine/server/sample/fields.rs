//! Fields read strictly, one by one: whatever is not as it should be is refused with its name and place.

use serde_json::{Map, Value};
use tongshi_model::{Currency, Id, Instant, LocalDate, Money, parse_date, shanghai};

use crate::hesine::wire::sample::Refused;

/// The longest text that is taken.
const TEXT_CHARS_MAX: usize = 500;

/// The most parts of a list that are taken.
const PARTS_MAX: usize = 200;

/// The fields of an object, and where it lies.
pub(super) struct Fields<'a> {
    place: String,
    fields: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// The fields of the request itself.
    pub(super) fn of(fields: &'a Map<String, Value>) -> Self {
        Self { place: String::new(), fields }
    }

    /// A field's name with its place.
    pub(super) fn name(&self, field: &str) -> String {
        format!("{}{field}", self.place)
    }

    /// Why a field is refused.
    pub(super) fn refuse(&self, field: &str, text: &str) -> Refused {
        let name = self.name(field);
        let text = format!("{name}: {text}");
        Refused::field(name, text)
    }

    fn given(&self, field: &str) -> Option<&'a Value> {
        self.fields.get(field).filter(|value| !value.is_null() && value.as_str() != Some(""))
    }

    /// A field that must be there.
    pub(super) fn must<T>(&self, field: &str, found: Option<T>) -> Result<T, Refused> {
        found.ok_or_else(|| self.refuse(field, "it is required"))
    }

    /// A text.
    pub(super) fn text(&self, field: &str) -> Result<Option<&'a str>, Refused> {
        let Some(value) = self.given(field) else { return Ok(None) };
        let text = value.as_str().ok_or_else(|| self.refuse(field, "it must be a string"))?;
        if text.chars().count() > TEXT_CHARS_MAX {
            return Err(self.refuse(field, "it has more than 500 characters"));
        }
        Ok(Some(text))
    }

    /// A text that must be there.
    pub(super) fn some_text(&self, field: &str) -> Result<&'a str, Refused> {
        self.must(field, self.text(field)?)
    }

    /// An object that must be there.
    pub(super) fn object(&self, field: &str) -> Result<Fields<'a>, Refused> {
        let value = self.must(field, self.given(field))?;
        let fields = value.as_object().ok_or_else(|| self.refuse(field, "it must be an object"))?;
        Ok(Fields { place: format!("{}{field}.", self.place), fields })
    }

    /// A list of objects; empty where it is not there.
    pub(super) fn objects(&self, field: &str) -> Result<Vec<Fields<'a>>, Refused> {
        let Some(value) = self.given(field) else { return Ok(Vec::new()) };
        let list = value.as_array().ok_or_else(|| self.refuse(field, "it must be a list"))?;
        if list.len() > PARTS_MAX {
            return Err(self.refuse(field, "it has more than 200 parts"));
        }
        let part = |(at, value): (usize, &'a Value)| {
            let place = format!("{}{field}[{at}].", self.place);
            match value.as_object() {
                Some(fields) => Ok(Fields { place, fields }),
                None => Err(self.refuse(field, "each part must be an object")),
            }
        };
        list.iter().enumerate().map(part).collect()
    }

    /// A day, `YYYY-MM-DD` and no other way.
    pub(super) fn date(&self, field: &'static str) -> Result<Option<LocalDate>, Refused> {
        let Some(text) = self.text(field)? else { return Ok(None) };
        let read = parse_date(field, text);
        read.map(Some).map_err(|_| self.refuse(field, "it must be a date such as 2026-04-01 (YYYY-MM-DD)"))
    }

    /// A time: `YYYY-MM-DD HH:MM:SS` in China, or RFC 3339 with its offset.
    pub(super) fn time(&self, field: &str) -> Result<Option<Instant>, Refused> {
        let Some(text) = self.text(field)? else { return Ok(None) };
        let long = text.len() >= 19 && text.is_ascii();
        let read = Instant::parse(text, shanghai()).ok().filter(|_| long);
        let read = read.ok_or_else(|| {
            self.refuse(field, "it must be a time such as 2026-04-01 09:30:00 or 2026-04-01T09:30:00+08:00")
        });
        read.map(Some)
    }

    /// One word of a closed set, written exactly so.
    pub(super) fn word<T: Copy>(&self, field: &str, words: &[(&str, T)]) -> Result<Option<T>, Refused> {
        let Some(text) = self.text(field)? else { return Ok(None) };
        let found = words.iter().find(|(word, _)| *word == text);
        let found = found.ok_or_else(|| {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.refuse(field, &format!("it must be one of {}", known.join(", ")))
        });
        found.map(|(_, value)| Some(*value))
    }

    /// An amount: a number or a text with at most two decimals.
    pub(super) fn amount(&self, field: &str, currency: Currency) -> Result<Option<Money>, Refused> {
        let text = match self.given(field) {
            None => return Ok(None),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            Some(_) => return Err(self.refuse(field, "it must be an amount")),
        };
        let read = Money::parse_hundredths(&text, currency);
        read.map(Some).map_err(|_| self.refuse(field, "it must be an amount with at most two decimals"))
    }

    /// A currency; renminbi where none is given.
    pub(super) fn currency(&self) -> Result<Currency, Refused> {
        let Some(text) = self.text("currency")? else { return Ok(Currency::CNY) };
        text.parse().map_err(|_| self.refuse("currency", "it must be three capital letters (ISO 4217)"))
    }

    /// Yes or no; no where nothing is given.
    pub(super) fn switch(&self, field: &str) -> Result<bool, Refused> {
        match self.given(field) {
            None => Ok(false),
            Some(Value::Bool(on)) => Ok(*on),
            Some(_) => Err(self.refuse(field, "it must be true or false")),
        }
    }

    /// The id of something.
    pub(super) fn id(&self, field: &str) -> Result<Option<Id>, Refused> {
        let Some(text) = self.text(field)? else { return Ok(None) };
        text.parse()
            .map(Some)
            .map_err(|_| self.refuse(field, "it must be an id as this interface gives them"))
    }

    /// A whole number within bounds, also as a text: a query has nothing else.
    pub(super) fn number(&self, field: &str, usual: u64, least: u64, most: u64) -> Result<u64, Refused> {
        let number = match self.given(field) {
            None => return Ok(usual),
            Some(Value::Number(number)) => number.as_u64(),
            Some(Value::String(text)) => text.parse().ok(),
            Some(_) => None,
        };
        let number = number.filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| self.refuse(field, &format!("it must be a number from {least} to {most}")))
    }
}
