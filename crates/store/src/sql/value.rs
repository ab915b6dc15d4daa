//! The values that go into statements and come out of rows, the same for both databases.
//!
//! Text is moved, never copied, from a caller's row into a statement; a value that comes out of a row is moved out.

use std::{error::Error as StdError, vec};

use bytes::{BufMut, BytesMut};
use postgres_types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use rusqlite::types::{ToSqlOutput, ValueRef};
use serde_json::Value as Json;
use tongshi_model::{Error, Id, Kind, LocalDate, Result, Timestamp};

/// One value. It has no `Debug`: values are personal data and credentials.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// Builds the parameters of a statement.
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::sql::Value::from($value)),*] };
}
pub(crate) use params;

/// A JSON document as a value. An escaped NUL is refused here, because PostgreSQL could never read such a field.
pub(crate) fn json_text(text: String) -> Result<Value> {
    // `contains` is several times as fast as looking for the place, and there is nearly never one.
    if text.contains("\\u0000") && holds_escaped_nul(&text) {
        return Err(nul());
    }
    Ok(Value::Text(text))
}

/// A JSON value as a value.
pub(crate) fn json(value: &Json) -> Result<Value> {
    json_text(value.to_string())
}

fn holds_escaped_nul(text: &str) -> bool {
    text.match_indices("\\u0000").any(|(at, _)| {
        // After an odd number of backslashes this one is itself escaped and the text only looks like an escape.
        let before = text[..at].bytes().rev().take_while(|byte| *byte == b'\\').count();
        before % 2 == 0
    })
}

fn nul() -> Error {
    Error::invalid("text", "a text holds the character NUL, which cannot be stored")
}

/// Refuses texts that PostgreSQL cannot store, on both databases.
pub(crate) fn refuse_nul(values: &[Value]) -> Result<()> {
    for value in values {
        if let Value::Text(text) = value
            && text.as_bytes().contains(&0)
        {
            return Err(nul());
        }
    }
    Ok(())
}

const UNIX_EPOCH_DAYS: i64 = 719_468;

/// Days since 1970-01-01.
pub(crate) fn days(date: LocalDate) -> i64 {
    // The era method: years begin in March, so that the leap day is a year's last.
    let (month, day) = (i64::from(date.month()), i64::from(date.day()));
    let year = i64::from(date.year()) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - UNIX_EPOCH_DAYS
}

/// The date that lies so many days after 1970-01-01.
pub(crate) fn date(days: i64) -> Result<LocalDate> {
    let days = days.saturating_add(UNIX_EPOCH_DAYS);
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let invalid = |_| Error::internal("a stored day is out of range");
    let (year, month) = (i16::try_from(year).map_err(invalid)?, i8::try_from(month).map_err(invalid)?);
    LocalDate::new(year, month, i8::try_from(day).map_err(invalid)?)
        .map_err(|error| Error::internal("a stored day is out of range").caused_by(error))
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Int(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Value::Int(value.into())
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Value::Int(value.into())
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Value::Int(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Int(value.into())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::Text(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::Text(value.to_owned())
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Value::Bytes(value)
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Value::Bytes(value.to_vec())
    }
}

impl From<[u8; 16]> for Value {
    fn from(value: [u8; 16]) -> Self {
        Value::Bytes(value.to_vec())
    }
}

impl From<Id> for Value {
    fn from(value: Id) -> Self {
        Value::Bytes(value.as_bytes().to_vec())
    }
}

impl From<Kind> for Value {
    fn from(value: Kind) -> Self {
        Value::Int(value.number().into())
    }
}

impl From<Timestamp> for Value {
    fn from(value: Timestamp) -> Self {
        Value::Int(value.as_microsecond())
    }
}

impl From<LocalDate> for Value {
    fn from(value: LocalDate) -> Self {
        Value::Int(days(value))
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(value) => ValueRef::Integer(*value),
            Value::Text(value) => ValueRef::Text(value.as_bytes()),
            Value::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

impl Value {
    /// A value out of SQLite. Reals are none of ours.
    pub(crate) fn from_sqlite(value: ValueRef<'_>) -> Result<Self> {
        Ok(match value {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(value) => Value::Int(value),
            ValueRef::Text(bytes) => Value::Text(
                String::from_utf8(bytes.to_vec())
                    .map_err(|_| Error::internal("a stored text is not UTF-8"))?,
            ),
            ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
            ValueRef::Real(_) => return Err(Error::internal("a column holds a real number")),
        })
    }
}

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match (self, ty) {
            (Value::Null, _) => return Ok(IsNull::Yes),
            (Value::Int(value), &Type::INT8) => out.put_i64(*value),
            (Value::Int(value), &Type::INT4) => out.put_i32(i32::try_from(*value)?),
            (Value::Int(value), &Type::INT2) => out.put_i16(i16::try_from(*value)?),
            (Value::Int(value), &Type::BOOL) => out.put_u8((*value != 0).into()),
            (
                Value::Text(value),
                &(Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN | Type::JSON),
            ) => out.put_slice(value.as_bytes()),
            (Value::Bytes(value), &Type::BYTEA) => out.put_slice(value),
            _ => return Err(format!("a parameter does not fit the type {ty}").into()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        // Which variants fit which type is decided in `to_sql`, where the variant is known.
        true
    }

    to_sql_checked!();
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The trait `ToSql` demands Debug; it must not show what may be personal.
        f.write_str("Value(…)")
    }
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(match *ty {
            Type::INT8 => Value::Int(i64::from_be_bytes(raw.try_into()?)),
            Type::INT4 => Value::Int(i32::from_be_bytes(raw.try_into()?).into()),
            Type::INT2 => Value::Int(i16::from_be_bytes(raw.try_into()?).into()),
            Type::BOOL => Value::Int(raw.first().is_some_and(|byte| *byte != 0).into()),
            Type::BYTEA => Value::Bytes(raw.to_vec()),
            _ => Value::Text(String::from_utf8(raw.to_vec())?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Value::Null)
    }

    fn accepts(ty: &Type) -> bool {
        matches!(
            *ty,
            Type::INT8
                | Type::INT4
                | Type::INT2
                | Type::BOOL
                | Type::BYTEA
                | Type::TEXT
                | Type::VARCHAR
                | Type::BPCHAR
                | Type::NAME
                | Type::JSON
        )
    }
}

/// A row, read from left to right; each getter takes the next column.
#[derive(Clone)]
pub(crate) struct Row(vec::IntoIter<Value>);

impl Row {
    pub(crate) fn new(values: Vec<Value>) -> Self {
        Self(values.into_iter())
    }

    /// The next column as it is.
    pub(crate) fn value(&mut self) -> Result<Value> {
        self.0.next().ok_or_else(|| Error::internal("a row has fewer columns than are read"))
    }

    pub(crate) fn opt_int(&mut self) -> Result<Option<i64>> {
        match self.value()? {
            Value::Int(value) => Ok(Some(value)),
            Value::Null => Ok(None),
            Value::Text(_) | Value::Bytes(_) => Err(unlike("an integer")),
        }
    }

    pub(crate) fn opt_text(&mut self) -> Result<Option<String>> {
        match self.value()? {
            Value::Text(value) => Ok(Some(value)),
            Value::Null => Ok(None),
            Value::Int(_) | Value::Bytes(_) => Err(unlike("a text")),
        }
    }

    pub(crate) fn opt_bytes(&mut self) -> Result<Option<Vec<u8>>> {
        match self.value()? {
            Value::Bytes(value) => Ok(Some(value)),
            Value::Null => Ok(None),
            Value::Int(_) | Value::Text(_) => Err(unlike("bytes")),
        }
    }

    pub(crate) fn opt_sixteen(&mut self) -> Result<Option<[u8; 16]>> {
        self.opt_bytes()?.map(|bytes| bytes.try_into().map_err(|_| unlike("sixteen bytes"))).transpose()
    }

    pub(crate) fn opt_id(&mut self) -> Result<Option<Id>> {
        Ok(self.opt_sixteen()?.map(Id::from_bytes))
    }

    pub(crate) fn opt_time(&mut self) -> Result<Option<Timestamp>> {
        self.opt_int()?
            .map(|value| Timestamp::from_microsecond(value).map_err(|_| unlike("an instant")))
            .transpose()
    }

    pub(crate) fn opt_date(&mut self) -> Result<Option<LocalDate>> {
        self.opt_int()?.map(date).transpose()
    }

    pub(crate) fn opt_json(&mut self) -> Result<Option<Json>> {
        self.opt_text()?.map(|text| serde_json::from_str(&text).map_err(|_| unlike("JSON"))).transpose()
    }

    pub(crate) fn int(&mut self) -> Result<i64> {
        self.opt_int()?.ok_or_else(|| unlike("an integer"))
    }

    /// A count: never negative.
    pub(crate) fn count(&mut self) -> Result<u64> {
        u64::try_from(self.int()?).map_err(|_| unlike("a count"))
    }

    /// A place in a list.
    pub(crate) fn place(&mut self) -> Result<usize> {
        usize::try_from(self.int()?).map_err(|_| unlike("a place"))
    }

    pub(crate) fn text(&mut self) -> Result<String> {
        self.opt_text()?.ok_or_else(|| unlike("a text"))
    }

    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>> {
        self.opt_bytes()?.ok_or_else(|| unlike("bytes"))
    }

    pub(crate) fn sixteen(&mut self) -> Result<[u8; 16]> {
        self.opt_sixteen()?.ok_or_else(|| unlike("sixteen bytes"))
    }

    pub(crate) fn id(&mut self) -> Result<Id> {
        self.opt_id()?.ok_or_else(|| unlike("an id"))
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp> {
        self.opt_time()?.ok_or_else(|| unlike("an instant"))
    }

    pub(crate) fn date(&mut self) -> Result<LocalDate> {
        self.opt_date()?.ok_or_else(|| unlike("a day"))
    }

    pub(crate) fn json(&mut self) -> Result<Json> {
        self.opt_json()?.ok_or_else(|| unlike("JSON"))
    }

    pub(crate) fn kind(&mut self) -> Result<Kind> {
        Kind::from_number(self.int()?).ok_or_else(|| unlike("a kind"))
    }

    /// Whether the next column is filled: the way in which `…_at` columns say that something happened.
    pub(crate) fn filled(&mut self) -> Result<bool> {
        Ok(self.value()? != Value::Null)
    }
}

fn unlike(what: &str) -> Error {
    Error::internal(format!("a stored value is not {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_each_others_inverse() {
        for (year, month, day, number) in [
            (1970, 1, 1, 0),
            (1969, 12, 31, -1),
            (2000, 2, 29, 11_016),
            (2026, 3, 1, 20_513),
            (1600, 1, 1, -135_140),
        ] {
            let calendar = LocalDate::new(year, month, day).unwrap();
            assert_eq!(days(calendar), number);
            assert_eq!(date(number).unwrap(), calendar);
        }
        for number in (-700_000..2_900_000).step_by(97) {
            assert_eq!(days(date(number).unwrap()), number);
        }
        assert!(date(i64::MAX).is_err());
    }

    #[test]
    fn only_real_escapes_of_nul_are_refused() {
        assert!(json_text(r#"{"name":"a\u0000b"}"#.to_owned()).is_err());
        assert!(json_text(r#"{"name":"a\\\u0000b"}"#.to_owned()).is_err());
        assert!(json_text(r#"{"name":"a\\u0000b"}"#.to_owned()).is_ok());
        assert!(json_text(r#"{"name":"u0000"}"#.to_owned()).is_ok());
    }
}
