//! What is read from Waiqin: two lists that come whole, each row kept as the vendor wrote it.

use serde::Deserialize;
use serde_json::value::RawValue;
use tongshi_dialect::{Fingerprint, Listing, Over, Page, Row, fingerprint};
use tongshi_model::{Draft, Error, Kind, Space};

use super::map;

/// Units before people, who refer to them.
pub(super) const LISTINGS: &[Listing] =
    &[whole("org_unit", Kind::OrgUnit), whole("employee", Kind::Employee)];

const fn whole(name: &'static str, kind: Kind) -> Listing {
    Listing { name, kind: Some(kind), over: Over::Whole, windowed: false, incremental: true, by_key: false }
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    data: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct Head {
    #[serde(default, deserialize_with = "tongshi_dialect::lenient::text")]
    id: Option<String>,
}

/// Cuts an answer into rows, or notes that it is the one that the asker knows.
pub(super) fn page(body: &[u8], known: Option<Fingerprint>) -> Result<Page, Error> {
    // The request's id is echoed in front of the data and differs each time.
    let at = body.windows(8).position(|window| window == b",\"data\":").unwrap_or(0);
    let print = fingerprint(&body[at..]);
    if known == Some(print) {
        return Ok(Page::unchanged(print));
    }
    Ok(Page { fingerprint: Some(print), ..cut(body)? })
}

/// Cuts an answer into rows.
pub(super) fn cut(body: &[u8]) -> Result<Page, Error> {
    let answer: Answer<'_> = serde_json::from_slice(body)
        .map_err(|error| Error::upstream("the answer holds no list").caused_by(error))?;
    let mut page = Page::default();
    for raw in answer.data.unwrap_or_default() {
        let head: Option<Head> = serde_json::from_str(raw.get()).ok();
        match head.and_then(|head| head.id).filter(|id| !id.is_empty()) {
            Some(remote_id) => page.rows.push(Row { remote_id, date: None, raw: raw.get().to_owned() }),
            None => page.broken.push("a row has no id".to_owned()),
        }
    }
    Ok(page)
}

/// What a row says, in canonical words.
pub(super) fn read(space: Space, kind: Kind, raw: &str) -> Result<Draft, Error> {
    let broken = |error: serde_json::Error| {
        Error::invalid("row", format!("the row breaks off or is of another form (column {})", error.column()))
    };
    match kind {
        Kind::OrgUnit => Draft::of(&map::read_unit(space, serde_json::from_str(raw).map_err(broken)?)?),
        Kind::Employee => Draft::of(&map::read_employee(space, serde_json::from_str(raw).map_err(broken)?)?),
        // Nobody lists accounts: each is known from its user's sign-in (§A3).
        Kind::Account => Draft::of(&map::read_user(space, serde_json::from_str(raw).map_err(broken)?)?),
        other => Err(Error::internal(format!("Waiqin shows no {other}"))),
    }
}
