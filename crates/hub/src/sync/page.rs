//! Fetches pages ahead of the one being stored, each in a task of its own, with its rows hashed.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use sha2::{Digest as _, Sha256};
use tokio::task::JoinHandle;
use tongshi_dialect::{Fingerprint, Listing, Page, Row, Slice};
use tongshi_model::Error;

use super::{SharedConnector, joined};
use crate::ingest;

/// A page with what recognises it and its rows.
pub(super) struct HashedPage {
    pub(super) number: u32,
    pub(super) page: Page,
    pub(super) hashes: Vec<[u8; 16]>,
    /// Of all rows: an equal digest means an equal page.
    pub(super) digest: [u8; 16],
    /// Of the rows' names in order: an equal digest means that nobody came, went or moved.
    pub(super) keys_digest: [u8; 16],
    /// Whether there is nothing on it.
    pub(super) is_empty: bool,
}

/// What an earlier reading knows of a page.
#[derive(Clone, Copy)]
pub(super) struct Known {
    pub(super) fingerprint: Fingerprint,
    pub(super) digest: [u8; 16],
    pub(super) keys_digest: [u8; 16],
    pub(super) total: Option<u64>,
    pub(super) pages: Option<u32>,
    pub(super) is_empty: bool,
}

impl HashedPage {
    /// The page as the earlier reading knows it: its answer is byte for byte the same.
    fn known(number: u32, mut page: Page, known: Known) -> Self {
        (page.total, page.pages) = (known.total, known.pages);
        let Known { digest, keys_digest, is_empty, .. } = known;
        Self { number, page, hashes: Vec::new(), digest, keys_digest, is_empty }
    }

    /// What the next reading is to know of this page.
    pub(super) fn to_know(&self) -> Option<Known> {
        // A page with broken rows is cut again, so that they are counted again.
        if !self.page.broken.is_empty() {
            return None;
        }
        Some(Known {
            fingerprint: self.page.fingerprint?,
            digest: self.digest,
            keys_digest: self.keys_digest,
            total: self.page.total,
            pages: self.page.pages,
            is_empty: self.is_empty,
        })
    }

    pub(super) fn new(number: u32, page: Page) -> Self {
        let hashes: Vec<[u8; 16]> = page.rows.iter().map(|row| ingest::hash(row.raw.as_bytes())).collect();
        let mut digest = Sha256::new();
        hashes.iter().for_each(|hash| digest.update(hash));
        let keys_digest = keys_digest(&page.rows);
        let is_empty = page.rows.is_empty() && page.broken.is_empty();
        Self { number, digest: half(digest), keys_digest, hashes, page, is_empty }
    }
}

fn keys_digest(rows: &[Row]) -> [u8; 16] {
    let mut digest = Sha256::new();
    for row in rows {
        digest.update((row.remote_id.len() as u64).to_be_bytes());
        digest.update(row.remote_id.as_bytes());
    }
    half(digest)
}

fn half(digest: Sha256) -> [u8; 16] {
    let mut first = [0; 16];
    first.copy_from_slice(&digest.finalize()[..16]);
    first
}

/// Pages of one slice in order, some fetched ahead.
pub(super) struct Pages {
    connector: SharedConnector,
    listing: &'static Listing,
    slice: Arc<Slice>,
    ahead: VecDeque<JoinHandle<Result<HashedPage, Error>>>,
    ahead_max: usize,
    /// The next page to ask for.
    next: u32,
    /// The last page there is, once a page said so.
    last: Option<u32>,
    /// What an earlier reading knows of the pages.
    known: HashMap<u32, Known>,
}

impl Pages {
    pub(super) fn from(
        connector: SharedConnector,
        listing: &'static Listing,
        slice: &Slice,
        first: u32,
        ahead_max: usize,
        known: HashMap<u32, Known>,
    ) -> Self {
        let slice = Arc::new(slice.clone());
        Self { connector, listing, slice, ahead: VecDeque::new(), ahead_max, next: first, last: None, known }
    }

    /// The next page; none at the end. The first page is fetched alone, because it says how many there are.
    pub(super) async fn next(&mut self) -> Result<Option<HashedPage>, Error> {
        let width = if self.last.is_some() { self.ahead_max.max(1) } else { 1 };
        while self.ahead.len() < width && self.last.is_none_or(|last| self.next <= last) {
            self.ask();
        }
        let Some(task) = self.ahead.pop_front() else { return Ok(None) };
        let page = joined(task).await?;
        self.last = match page.page.pages {
            // This is all, or there is nothing from here on.
            None => Some(page.number),
            Some(_) if page.is_empty => Some(page.number),
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

    fn ask(&mut self) {
        let (connector, listing, slice) =
            (Arc::clone(&self.connector), self.listing, Arc::clone(&self.slice));
        let number = self.next;
        self.next = self.next.saturating_add(1);
        let known = self.known.remove(&number);
        self.ahead.push_back(tokio::spawn(async move {
            let page = connector.pull(listing, &slice, number, known.map(|known| known.fingerprint)).await?;
            Ok(match known {
                Some(known) if page.unchanged => HashedPage::known(number, page, known),
                _ => HashedPage::new(number, page),
            })
        }));
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.ahead.drain(..).for_each(|task| task.abort());
    }
}
