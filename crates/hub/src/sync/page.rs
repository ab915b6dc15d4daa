//! Fetches pages ahead of the one being stored, each in a task of its own, with its rows hashed.

use std::{collections::VecDeque, sync::Arc};

use sha2::{Digest as _, Sha256};
use tokio::task::JoinHandle;
use tongshi_dialect::{Listing, Page, Row, Slice};
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
}

impl HashedPage {
    pub(super) fn new(number: u32, page: Page) -> Self {
        let hashes: Vec<[u8; 16]> = page.rows.iter().map(|row| ingest::hash(row.raw.as_bytes())).collect();
        let mut digest = Sha256::new();
        hashes.iter().for_each(|hash| digest.update(hash));
        let keys_digest = keys_digest(&page.rows);
        Self { number, digest: half(digest), keys_digest, hashes, page }
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
}

impl Pages {
    pub(super) fn from(
        connector: SharedConnector,
        listing: &'static Listing,
        slice: &Slice,
        first: u32,
        ahead_max: usize,
    ) -> Self {
        let slice = Arc::new(slice.clone());
        Self { connector, listing, slice, ahead: VecDeque::new(), ahead_max, next: first, last: None }
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
            Some(_) if page.page.rows.is_empty() && page.page.broken.is_empty() => Some(page.number),
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
        self.ahead.push_back(tokio::spawn(async move {
            let page = connector.pull(listing, &slice, number).await?;
            Ok(HashedPage::new(number, page))
        }));
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.ahead.drain(..).for_each(|task| task.abort());
    }
}
