//! Reads pages ahead of the one being stored: each in a task of its own is fetched, hashed and compared with what is
//! stored.
//!
//! A page is compared while earlier ones wait to be stored. That is right as long as it names nothing that they name;
//! [`Recent`] tells, and such a page is read again after they have been stored.

use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasher as _, RandomState},
    sync::Arc,
};

use sha2::{Digest as _, Sha256};
use tokio::{sync::Semaphore, task::JoinHandle};
use tongshi_dialect::{Fingerprint, Listing, Page, Row, Slice};
use tongshi_model::{Error, Kind};
use tracing::Instrument as _;

use super::{
    SharedConnector,
    diff::{self, Diff, Rows},
    joined,
    run::Place,
};
use crate::{Hub, ingest};

/// Pages that may be ready before they are asked for, for each call that may be in flight.
const READY: usize = 2;

/// A page, compared with what is stored.
pub(super) struct ReadPage {
    pub(super) number: u32,
    /// How many rows there are by the vendor's count.
    pub(super) total: Option<u64>,
    /// How many pages there are by the vendor's count.
    pages: Option<u32>,
    pub(super) broken: Vec<String>,
    pub(super) print: Print,
    fingerprint: Option<Fingerprint>,
    /// What it brings; none when an earlier reading of this run has stored the same rows.
    pub(super) diff: Option<Diff>,
}

/// What recognises a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Print {
    /// Of all rows: an equal digest means an equal page.
    pub(super) digest: [u8; 16],
    /// Of the rows' names in order: an equal digest means that nobody came, went or moved.
    pub(super) keys_digest: [u8; 16],
    /// How many rows there are.
    pub(super) rows: u64,
}

/// What an earlier reading knows of a page.
#[derive(Clone, Copy)]
pub(super) struct Known {
    fingerprint: Option<Fingerprint>,
    print: Print,
    total: Option<u64>,
    pages: Option<u32>,
}

impl Known {
    /// What a run that was interrupted had stored of a page.
    pub(super) fn stored(print: Print) -> Self {
        Self { fingerprint: None, print, total: None, pages: None }
    }
}

impl ReadPage {
    /// What the next reading is to know of this page. One with broken rows is cut again, so that they are counted again.
    pub(super) fn to_know(&self) -> Known {
        let fingerprint = self.fingerprint.filter(|_| self.broken.is_empty());
        Known { fingerprint, print: self.print, total: self.total, pages: self.pages }
    }

    fn is_empty(&self) -> bool {
        self.print.rows == 0 && self.broken.is_empty()
    }
}

/// The pages of one slice in order, some of them ready before they are asked for.
pub(super) struct Pages {
    reader: Arc<Reader>,
    ahead: VecDeque<JoinHandle<Result<ReadPage, Error>>>,
    ahead_max: usize,
    /// The next page to ask for.
    next: u32,
    /// The last page there is, once a page said so.
    last: Option<u32>,
    known: HashMap<u32, Known>,
}

/// What the tasks share.
pub(super) struct Reader {
    pub(super) hub: Hub,
    pub(super) connector: SharedConnector,
    pub(super) place: Place,
    pub(super) kind: Kind,
    pub(super) listing: &'static Listing,
    pub(super) slice: Slice,
    pub(super) calls: Semaphore,
}

impl Pages {
    pub(super) fn from(reader: Arc<Reader>, first: u32, known: HashMap<u32, Known>) -> Self {
        let ahead_max = reader.calls.available_permits().max(1) * READY;
        Self { reader, ahead: VecDeque::new(), ahead_max, next: first, last: None, known }
    }

    /// The next page; none at the end. The first page is read alone, because it says how many there are.
    pub(super) async fn next(&mut self) -> Result<Option<ReadPage>, Error> {
        let width = if self.last.is_some() { self.ahead_max } else { 1 };
        while self.ahead.len() < width && self.last.is_none_or(|last| self.next <= last) {
            let (reader, number) = (Arc::clone(&self.reader), self.next);
            let known = self.known.remove(&number);
            self.next = self.next.saturating_add(1);
            let span = tracing::info_span!(target: crate::trace::SPANS, "page", number);
            let read = async move { reader.read(number, known).await };
            self.ahead.push_back(tokio::spawn(read.instrument(span)));
        }
        let Some(task) = self.ahead.pop_front() else { return Ok(None) };
        let page = joined(task).await?;
        self.last = match page.pages {
            // This is all, or there is nothing from here on.
            None => Some(page.number),
            Some(_) if page.is_empty() => Some(page.number),
            // A vendor that counts no pages and yet gives rows is read to the first empty page.
            Some(0) => Some(u32::MAX),
            Some(pages) => Some(pages),
        };
        if self.last == Some(page.number) {
            self.ahead.drain(..).for_each(|task| task.abort());
            self.next = u32::MAX;
        }
        Ok(Some(page))
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.ahead.drain(..).for_each(|task| task.abort());
    }
}

impl Reader {
    /// Fetches a page and compares it, unless its answer or its rows are those that are known.
    pub(super) async fn read(&self, number: u32, known: Option<Known>) -> Result<ReadPage, Error> {
        let permit = self.calls.acquire().await.map_err(|error| Error::internal("calls").caused_by(error))?;
        let fingerprint = known.and_then(|known| known.fingerprint);
        let mut page = self.connector.pull(self.listing, &self.slice, number, fingerprint).await?;
        drop(permit);
        if let Some(known) = known.filter(|_| page.unchanged) {
            let Known { print, total, pages, .. } = known;
            return Ok(ReadPage {
                number,
                total,
                pages,
                broken: page.broken,
                print,
                fingerprint,
                diff: None,
            });
        }
        let rows = hashed(number, std::mem::take(&mut page.rows), page.total);
        let print = rows.print;
        let same = known.is_some_and(|known| known.print == print);
        let diff = if same { None } else { Some(self.compare(rows).await?) };
        let Page { total, pages, broken, fingerprint, .. } = page;
        Ok(ReadPage { number, total, pages, broken, print, fingerprint, diff })
    }

    async fn compare(&self, rows: Rows) -> Result<Diff, Error> {
        let Self { hub, place, kind, .. } = self;
        let mut diff = diff::compare(hub, self.connector.clone(), place.connection, *kind, rows).await?;
        diff::pass_erased(hub, place, &mut diff).await?;
        Ok(diff)
    }
}

/// Rows with what recognises each and all of them.
pub(super) fn hashed(number: u32, rows: Vec<Row>, total: Option<u64>) -> Rows {
    let hashes: Vec<[u8; 16]> = rows.iter().map(|row| ingest::hash(row.raw.as_bytes())).collect();
    let (mut digest, mut keys) = (Sha256::new(), Sha256::new());
    for (row, hash) in rows.iter().zip(&hashes) {
        digest.update(hash);
        keys.update((row.remote_id.len() as u64).to_be_bytes());
        keys.update(row.remote_id.as_bytes());
    }
    let print = Print { digest: half(digest), keys_digest: half(keys), rows: rows.len() as u64 };
    Rows { page: i64::from(number), total, print, rows: rows.into_iter().zip(hashes).collect() }
}

fn half(digest: Sha256) -> [u8; 16] {
    let mut first = [0; 16];
    first.copy_from_slice(&digest.finalize()[..16]);
    first
}

/// The names of things, new or different, that may not have been stored yet when a page was compared.
pub(super) struct Recent {
    hasher: RandomState,
    /// The hash of a name, and how many had gone by. An accidental hit costs a page read twice, no more.
    names: HashMap<u64, u64>,
    gone_by: u64,
    window: u64,
}

impl Recent {
    /// Remembers this many at least.
    pub(super) fn of(window: u64) -> Self {
        Self { hasher: RandomState::new(), names: HashMap::new(), gone_by: 0, window }
    }

    /// Whether any of these was named lately.
    pub(super) fn names_any(&self, names: &[String]) -> bool {
        names.iter().any(|name| {
            let when = self.names.get(&self.hasher.hash_one(name.as_str()));
            when.is_some_and(|when| self.gone_by - when <= self.window)
        })
    }

    /// These go by.
    pub(super) fn add<'a>(&mut self, names: impl Iterator<Item = &'a str>) {
        for name in names {
            self.gone_by += 1;
            self.names.insert(self.hasher.hash_one(name), self.gone_by);
        }
        if self.names.len() as u64 > 2 * self.window {
            let (gone_by, window) = (self.gone_by, self.window);
            self.names.retain(|_, when| gone_by - *when <= window);
        }
    }

    /// Everything has been stored.
    pub(super) fn clear(&mut self) {
        self.names.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_lately_and_forgets() {
        let name = |number: u32| vec![number.to_string()];
        let mut recent = Recent::of(10);
        (0..100).for_each(|number| recent.add(name(number).iter().map(String::as_str)));
        assert!(recent.names_any(&name(95)) && !recent.names_any(&name(3)) && !recent.names_any(&name(100)));
        assert!(recent.names.len() <= 21);
        recent.clear();
        assert!(!recent.names_any(&name(99)));
    }
}
