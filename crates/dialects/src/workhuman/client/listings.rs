//! What is read: lists in pages, each row kept as the vendor wrote it.

use serde::Deserialize;
use serde_json::value::RawValue;
use tongshi_dialect::{Fingerprint, Listing, Over, Page, Row, fingerprint};
use tongshi_model::{Draft, Error, Kind, Space};

use super::{Connection, map, wire};

/// Rows asked for at a time: our own face's maximum.
const ROWS: u32 = 100;

/// How many of the listings the pages show; the rest are ours.
const SHOWN: usize = 3;

static LISTINGS: [Listing; 5] = [
    whole("employee", Kind::Employee),
    whole("reward_item", Kind::RewardItem),
    whole("recognition", Kind::Recognition),
    whole("redemption", Kind::Redemption),
    whole("points_entry", Kind::PointsEntry),
];

const fn whole(name: &'static str, kind: Kind) -> Listing {
    Listing { name, kind: Some(kind), over: Over::Whole, windowed: false, incremental: true, by_key: false }
}

/// What can be read, with our extensions or without.
pub(super) fn listings(extensions: bool) -> &'static [Listing] {
    if extensions { &LISTINGS } else { &LISTINGS[..SHOWN] }
}

/// A list, wrapped in either of the two ways.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, alias = "items")]
    data: Vec<&'a RawValue>,
    #[serde(default)]
    total: Option<u64>,
}

#[derive(Deserialize)]
struct Head {
    #[serde(default, deserialize_with = "tongshi_dialect::lenient::text")]
    id: Option<String>,
}

impl Connection {
    /// Reads one page of a listing, counted from 1.
    pub(super) async fn pull_page(
        &self,
        listing: &Listing,
        page: u32,
        known: Option<Fingerprint>,
    ) -> Result<Page, Error> {
        let limit = Some(ROWS.to_string());
        let offset = (page > 1).then(|| (u64::from(page - 1) * u64::from(ROWS)).to_string());
        let body = match listing.name {
            "employee" => self.ask(&wire::UserList { limit, offset, ..wire::UserList::default() }).await,
            "reward_item" => {
                self.ask(&wire::RewardCatalog { limit, offset, ..wire::RewardCatalog::default() }).await
            }
            "recognition" => {
                // The oldest first, so that what is new does not move the pages.
                let sort = Some("created_at".to_owned());
                self.ask(&wire::RecognitionList { limit, offset, sort, ..wire::RecognitionList::default() })
                    .await
            }
            "redemption" => {
                self.ask(&wire::RedemptionList { limit, offset, ..wire::RedemptionList::default() }).await
            }
            "points_entry" => {
                self.ask(&wire::PointsList { limit, offset, ..wire::PointsList::default() }).await
            }
            other => return Err(Error::internal(format!("there is no listing {other}"))),
        }?;
        let print = fingerprint(&body);
        if known == Some(print) {
            return Ok(Page::unchanged(print));
        }
        Ok(Page { fingerprint: Some(print), ..cut(&body)? })
    }
}

/// Cuts an answer into rows. Where the vendor gives no total, pages are read to the first empty one.
fn cut(body: &[u8]) -> Result<Page, Error> {
    let answer: Answer<'_> = serde_json::from_slice(body)
        .map_err(|error| Error::upstream("the answer holds no list").caused_by(error))?;
    let pages = answer
        .total
        .map_or(0, |total| u32::try_from(total.div_ceil(u64::from(ROWS))).unwrap_or(u32::MAX).max(1));
    let mut page = Page { total: answer.total, pages: Some(pages), ..Page::default() };
    for raw in answer.data {
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
    fn row<'a, T: Deserialize<'a>>(raw: &'a str) -> Result<T, Error> {
        serde_json::from_str(raw).map_err(|error| {
            let text = format!("the row breaks off or is of another form (column {})", error.column());
            Error::invalid("row", text)
        })
    }
    match kind {
        Kind::Employee => Draft::of(&map::read_user(space, row(raw)?)?),
        Kind::RewardItem => Draft::of(&map::read_reward(row(raw)?)?),
        Kind::Recognition => Draft::of(&map::read_recognition(space, row(raw)?)?),
        Kind::Redemption => Draft::of(&map::read_redemption(space, row(raw)?)?),
        Kind::PointsEntry => Draft::of(&map::read_entry(space, row(raw)?)?),
        other => Err(Error::internal(format!("Workhuman shows no {other}"))),
    }
}
