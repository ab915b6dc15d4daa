//! Answers cut into rows, each kept as the vendor wrote it, and rows read into the model.

use serde::Deserialize;
use serde_json::value::RawValue;
use tongshi_dialect::Row;
use tongshi_model::{Draft, Error, Kind, Space};

use super::{approval, attendance, map, sign_in};

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    result: &'a RawValue,
}

#[derive(Deserialize)]
struct Listed<'a> {
    #[serde(borrow)]
    list: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Head {
    #[serde(default, deserialize_with = "tongshi_dialect::lenient::text")]
    userid: Option<String>,
    #[serde(default, deserialize_with = "tongshi_dialect::lenient::text")]
    dept_id: Option<String>,
}

fn unread(error: &serde_json::Error) -> Error {
    // The parser's own words quote what it found.
    Error::upstream(format!("the answer is not as documented at column {}", error.column()))
}

/// The one thing that an answer holds.
pub(super) fn one(kind: Kind, body: &[u8]) -> Result<Row, Error> {
    let answer: Answer<'_> = serde_json::from_slice(body).map_err(|error| unread(&error))?;
    row(kind, answer.result)
}

/// The people of a page.
pub(super) fn members(body: &[u8]) -> Result<Vec<Row>, Error> {
    let answer: Answer<'_> = serde_json::from_slice(body).map_err(|error| unread(&error))?;
    let listed: Listed<'_> = serde_json::from_str(answer.result.get()).map_err(|error| unread(&error))?;
    listed.list.into_iter().map(|raw| row(Kind::Employee, raw)).collect()
}

fn row(kind: Kind, raw: &RawValue) -> Result<Row, Error> {
    let head: Head = serde_json::from_str(raw.get()).map_err(|error| unread(&error))?;
    let id = if kind == Kind::Employee { head.userid } else { head.dept_id };
    let remote_id = id.filter(|id| !id.is_empty()).ok_or_else(|| Error::upstream("something has no id"))?;
    Ok(Row { remote_id, date: None, raw: raw.get().to_owned() })
}

/// What a row says, in canonical words.
pub(super) fn read(space: Space, kind: Kind, raw: &str) -> Result<Draft, Error> {
    let broken = |error: serde_json::Error| {
        Error::invalid("row", format!("the row breaks off or is of another form (column {})", error.column()))
    };
    match kind {
        Kind::OrgUnit => Draft::of(&map::read_department(serde_json::from_str(raw).map_err(broken)?, space)?),
        Kind::Employee => Draft::of(&map::read_user(serde_json::from_str(raw).map_err(broken)?, space)?),
        Kind::ShiftAssignment => attendance::read_shift(space, raw),
        Kind::TimelineEntry => attendance::read_leave_row(space, raw),
        Kind::Approval => approval::read_row(space, raw),
        Kind::Account => sign_in::read_account(space, raw),
        other => Err(Error::internal(format!("DingTalk shows no {other}"))),
    }
}
