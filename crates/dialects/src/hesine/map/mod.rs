//! Hesine's words and ours, both ways. Here ids, times and money; the nouns have a file each.

mod accounts;
mod bills;
mod countries;
mod doc;
mod forms;
mod lines;
mod logs;
mod orders;
mod papers;
mod people;
pub(super) mod sample;
mod show;
mod words;

use serde_json::{Map, Value, json};
use tongshi_model::{Currency, Error, Id, Instant, Kind, LocalDate, Money, Place, Timestamp, shanghai};

pub(super) use self::{
    accounts::*,
    bills::*,
    doc::*,
    forms::*,
    logs::{PAY_NODE, urgent_reason},
    orders::*,
    papers::*,
    people::*,
    show::*,
    words::*,
};

/// Names that the vendor generates for each company, and so are settings here (§18 of the ambiguities).
#[derive(Clone, Debug)]
pub(super) struct Names {
    /// The company's id.
    pub(super) corporation: String,
    /// The entity of trips, which stands in the names of their fields.
    pub(super) trip: String,
    /// The entity of orders.
    pub(super) order: String,
}

impl Names {
    /// The names among settings, or ours.
    pub(super) fn of(settings: &Value) -> Self {
        let text = |name: &str, usual: &str| settings[name].as_str().unwrap_or(usual).to_owned();
        Self {
            corporation: text("corporation_id", "tongshi"),
            trip: text("trip_entity", "tongshi0trip"),
            order: text("order_entity", "tongshi0order"),
        }
    }

    /// An id of a person or department as the vendor writes it: behind the company's.
    pub(super) fn id(&self, id: Id) -> String {
        format!("{}:{id}", self.corporation)
    }
}

/// Finds the record that a vendor's id means: at the face one of ours, in a connector the one that it becomes.
pub(super) type Resolve<'a> = &'a (dyn Fn(Kind, &str) -> Option<Id> + Send + Sync);

/// The id of ours in one of the face's.
pub(super) fn id_in(text: &str) -> Option<Id> {
    let last = text.rsplit(':').next()?;
    let written = last.len() == 32 && last.bytes().all(|byte| byte.is_ascii_hexdigit());
    if written { last.parse().ok() } else { None }
}

/// A text that says something.
pub(super) fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

/// The text of a field that may also come as a number.
pub(super) fn text_of(form: &Map<String, Value>, name: &str) -> Option<String> {
    match form.get(name)? {
        Value::String(text) => filled(Some(text.clone())),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A point in time, in milliseconds.
pub(super) fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// The beginning of a day in China, in milliseconds.
pub(super) fn day_millis(day: LocalDate) -> i64 {
    shanghai().to_timestamp(day.to_datetime(jiff::civil::Time::midnight())).map_or(0, millis)
}

/// A point in time from milliseconds, as a number or a text.
pub(super) fn read_instant(value: &Value) -> Option<Instant> {
    let millis = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())?;
    let at = Timestamp::from_millisecond(millis).ok().filter(|_| millis > 0)?;
    Some(Instant::new(at, shanghai()))
}

/// A day from milliseconds.
pub(super) fn read_day(value: &Value) -> Option<LocalDate> {
    read_instant(value).map(Instant::date)
}

/// A time as lists of people show it.
pub(super) fn wall(at: Timestamp) -> String {
    Instant::new(at, shanghai()).format("%Y-%m-%d %H:%M:%S")
}

/// A time of a filter.
pub(super) fn read_wall(field: &'static str, text: &str) -> Result<Timestamp, Error> {
    let read = Instant::parse(text, shanghai()).map(Instant::timestamp);
    read.map_err(|_| Error::invalid(field, format!("{field} 的格式为 yyyy-MM-dd HH:mm:ss")))
}

/// Money as the vendor writes it (§2.4).
pub(super) fn show_money(money: Money) -> Value {
    let currency = money.currency.code();
    let (unit, symbol, number) = match currency {
        "CNY" => ("元", "¥", "156"),
        "USD" => ("美元", "$", "840"),
        "EUR" => ("欧元", "€", "978"),
        "HKD" => ("港元", "HK$", "344"),
        "JPY" => ("日元", "¥", "392"),
        "GBP" => ("英镑", "£", "826"),
        other => (other, other, ""),
    };
    json!({
        "standard": money.to_string(), "standardUnit": unit, "standardScale": 2, "standardSymbol": symbol,
        "standardNumCode": number, "standardStrCode": currency,
    })
}

/// Money from the vendor's object, or from a bare number of yuan.
pub(super) fn read_money(field: &'static str, value: &Value) -> Result<Option<Money>, Error> {
    let invalid = || Error::invalid(field, format!("{field} 的金额不正确: 最多两位小数"));
    let digits = |value: &Value| match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let (amount, currency) = match value {
        Value::Null => return Ok(None),
        Value::Object(fields) => {
            let code = fields.get("standardStrCode").and_then(Value::as_str).unwrap_or("CNY");
            let standard = fields.get("standard").unwrap_or(&Value::Null);
            check_foreign(field, fields)?;
            (standard, code.parse::<Currency>().map_err(|_| invalid())?)
        }
        bare => (bare, Currency::CNY),
    };
    let Some(amount) = digits(amount) else {
        return if value.is_object() { Ok(None) } else { Err(invalid()) };
    };
    // Zeros behind the second decimal say nothing.
    let trimmed = match amount.split_once('.') {
        Some((_, fraction)) if fraction.len() > 2 => amount.trim_end_matches('0').trim_end_matches('.'),
        _ => &amount,
    };
    Money::parse_hundredths(trimmed, currency).map(Some).map_err(|_| invalid())
}

/// What is in yuan must be what is foreign times the rate (§2.4), to a fen.
fn check_foreign(field: &'static str, fields: &Map<String, Value>) -> Result<(), Error> {
    let number = |name: &str| match fields.get(name) {
        Some(Value::String(text)) => text.trim().parse::<f64>().ok(),
        Some(Value::Number(number)) => number.as_f64(),
        _ => None,
    };
    if let (Some(foreign), Some(rate), Some(standard)) =
        (number("foreign"), number("rate"), number("standard"))
        && (foreign * rate - standard).abs() > 0.01 + 1e-9
    {
        return Err(Error::invalid(field, format!("{field} 的本位币金额不等于外币金额乘以汇率")));
    }
    Ok(())
}

/// A place as the vendor writes it: JSON in a text (§2.4).
pub(super) fn show_place(place: &Place) -> String {
    json!([{ "key": place.code.clone().unwrap_or_default(), "label": place.name.expose() }]).to_string()
}

/// A place from JSON in a text, or from a bare name.
pub(super) fn read_place(value: &Value) -> Option<Place> {
    let text = value.as_str().filter(|text| !text.trim().is_empty())?;
    let read: Option<Value> = serde_json::from_str(text).ok();
    let first = read.as_ref().and_then(|read| read.get(0));
    let part = |name: &str| first?.get(name)?.as_str().filter(|part| !part.is_empty());
    match (part("label"), part("key")) {
        (None, None) if first.is_none() && !text.starts_with('[') => {
            Some(Place { name: text.to_owned().into(), code: None })
        }
        (None, None) => None,
        (label, key) => Some(Place {
            name: label.or(key).unwrap_or_default().to_owned().into(),
            code: key.map(str::to_owned),
        }),
    }
}
