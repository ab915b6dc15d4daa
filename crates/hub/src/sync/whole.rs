//! Reads a list as a whole: page by page into the store, then again until two readings agree.

use std::collections::{HashMap, HashSet};

use tokio::task::JoinHandle;
use tongshi_dialect::{Ask, Listing, Reach, Row, Slice};
use tongshi_model::Error;

use super::{
    diff::{self, Diff, Rows, StoredPage},
    joined, kind_of,
    page::{HashedPage, Known, Pages},
    proof::ListingProof,
    reap,
    run::{Checkpoint, Context, Position},
    seen::Seen,
};

/// Reads all slices of a listing and says what that proves.
pub(super) async fn read(
    context: &mut Context<'_>,
    listing: &'static Listing,
) -> Result<ListingProof, Error> {
    let ask = Ask { reach: context.reach(), window: context.window(), subjects: &[] };
    let slices = context.connector.plan(listing, &ask);
    let mut proof = ListingProof::of(listing.name);
    let start = context.position(listing).unwrap_or_default();
    let mut seen = Seen::default();
    for (number, slice) in slices.iter().enumerate() {
        let mut reading = Reading::new(listing, number, slice);
        if number <= start.slice && start.pass > 0 {
            reading.recall(context).await?;
        }
        if number >= start.slice {
            let (pass, page) = if number == start.slice { (start.pass, start.page) } else { (0, 0) };
            reading.read(context, pass.max(1), page.max(1)).await?;
        }
        reading.judge(&mut proof);
        reading.marks.values().for_each(|mark| seen.insert_packed(&mark.seen));
    }
    if context.reach() == Reach::Full {
        reap::reap(context, listing, &seen, &mut proof).await?;
    }
    Ok(proof)
}

/// One slice being read.
struct Reading {
    listing: &'static Listing,
    number: usize,
    slice: Slice,
    key: String,
    /// What is known of each page, as of its last reading.
    marks: HashMap<i64, Mark>,
    /// New things that could not be taken in.
    rejected: HashSet<String>,
    /// For dry runs: the names of things, new ones have no source.
    names: HashSet<String>,
    passes: u32,
    settled: bool,
    repeated: Option<u32>,
    broken: Vec<String>,
    totals: HashSet<u64>,
}

/// A page as it was last read.
#[derive(Default)]
struct Mark {
    digest: Vec<u8>,
    keys_digest: Vec<u8>,
    seen: Vec<u8>,
    rows: u64,
    /// For the next reading; an interrupted run reads without.
    known: Option<Known>,
}

/// What a transaction on its way holds.
struct InFlight {
    names: HashSet<String>,
    rows: u64,
    task: JoinHandle<Result<(Checkpoint, Vec<StoredPage>), Error>>,
}

impl Reading {
    fn new(listing: &'static Listing, number: usize, slice: &Slice) -> Self {
        Self {
            listing,
            number,
            key: format!("{}/{}", listing.name, slice.label),
            slice: slice.clone(),
            marks: HashMap::new(),
            rejected: HashSet::new(),
            names: HashSet::new(),
            passes: 0,
            settled: false,
            repeated: None,
            broken: Vec::new(),
            totals: HashSet::new(),
        }
    }

    /// Takes up the pages that an interrupted run had stored.
    async fn recall(&mut self, context: &Context<'_>) -> Result<(), Error> {
        let mut session = context.hub.store().read().await?;
        for row in tongshi_store::runs::pages(&mut session, context.place.run, &self.key).await? {
            self.totals.extend(row.total.and_then(|total| u64::try_from(total).ok()));
            let rows = u64::try_from(row.rows).unwrap_or(0);
            let mark = Mark { digest: row.digest, keys_digest: row.keys_digest, seen: row.seen, rows, known: None };
            self.marks.insert(row.page, mark);
        }
        Ok(())
    }

    /// Reads until a reading names the same things in the same places as the one before.
    async fn read(
        &mut self,
        context: &mut Context<'_>,
        first_pass: u32,
        first_page: u32,
    ) -> Result<(), Error> {
        let mut from = first_page;
        for pass in first_pass..=context.hub.settings().passes_max.max(2) {
            let (last, moved) = self.pass(context, pass, from).await?;
            self.passes = pass;
            // One page is one answer, which nothing can change while it is read. A reading that began in the middle
            // must be followed by one from the start.
            if (last == 1 && from == 1) || (pass > 1 && !moved && from == 1) || self.repeated.is_some() {
                self.settled = self.repeated.is_none();
                return Ok(());
            }
            if pass > 1 {
                context.progress.note(&format!("{} changed while it was read; reading it again", self.key));
            }
            from = 1;
        }
        Ok(())
    }

    /// Reads all pages once. Returns the last page's number and whether any page named other things than before.
    async fn pass(&mut self, context: &mut Context<'_>, pass: u32, from: u32) -> Result<(u32, bool), Error> {
        let ahead = context.hub.settings().calls_in_flight_max;
        let known = self.marks.iter().filter_map(|(page, mark)| Some((u32::try_from(*page).ok()?, mark.known?)));
        let connector = context.connector.clone();
        let mut pages = Pages::from(connector, self.listing, &self.slice, from, ahead, known.collect());
        self.totals.clear();
        self.broken.clear();
        let (mut waiting, mut in_flight) = (Batch::default(), None);
        let (mut moved, mut last, mut keys_before) = (false, from, None);
        while let Some(page) = pages.next().await? {
            last = page.number;
            self.totals.extend(page.page.total);
            self.broken.extend(page.page.broken.iter().cloned());
            if from == page.number
                && let Some(total) = page.page.total
            {
                context.progress.total(total);
            }
            if keys_before == Some(page.keys_digest) && !page.is_empty {
                self.repeated = Some(page.number);
                break;
            }
            keys_before = Some(page.keys_digest);
            let mark = self.marks.get(&i64::from(page.number));
            moved |= mark.is_none_or(|mark| mark.keys_digest != page.keys_digest);
            let same = mark.is_some_and(|mark| mark.digest == page.digest);
            if let Some(known) = page.to_know() {
                self.marks.entry(i64::from(page.number)).or_default().known = Some(known);
            }
            if same {
                continue;
            }
            waiting.take(page);
            if waiting.rows >= context.hub.settings().commit_rows {
                self.flush(context, pass, &mut waiting, &mut in_flight).await?;
            }
        }
        self.flush(context, pass, &mut waiting, &mut in_flight).await?;
        self.settle(context, &mut in_flight).await?;
        let count = self.marks.len();
        self.marks.retain(|page, _| *page <= i64::from(last));
        Ok((last, moved || self.marks.len() != count))
    }

    /// Compares a batch while the one before is being stored, and begins to store it.
    async fn flush(
        &mut self,
        context: &mut Context<'_>,
        pass: u32,
        waiting: &mut Batch,
        in_flight: &mut Option<InFlight>,
    ) -> Result<(), Error> {
        if waiting.pages.is_empty() {
            return Ok(());
        }
        let next_page = waiting.last + 1;
        let batch = std::mem::take(waiting).pages;
        // Something on both batches must be compared with what the first one stores.
        let shared = in_flight.as_ref().is_some_and(|stored| {
            batch.iter().flat_map(|page| &page.rows).any(|(row, _)| stored.names.contains(&row.remote_id))
        });
        if shared {
            self.settle(context, in_flight).await?;
        }
        let kind = kind_of(self.listing)?;
        for page in &batch {
            self.mark(page);
        }
        let connector = context.connector.clone();
        let diff = diff::compare(&context.hub, connector, context.place.connection, kind, batch).await?;
        self.settle(context, in_flight).await?;
        self.rejected.extend(diff.rejected_new.iter().cloned());
        if context.is_dry() {
            return self.describe(context, diff).await;
        }
        let position = Position {
            listing: self.listing.name.to_owned(),
            slice: self.number,
            pass,
            page: next_page,
            ..Position::default()
        };
        let (names, rows) = (diff.names(), diff.rows());
        *in_flight = Some(InFlight { names, rows, task: context.storing(self.key.clone(), diff, position) });
        Ok(())
    }

    /// Waits for what is being stored.
    async fn settle(
        &mut self,
        context: &mut Context<'_>,
        in_flight: &mut Option<InFlight>,
    ) -> Result<(), Error> {
        let Some(stored) = in_flight.take() else { return Ok(()) };
        let (checkpoint, pages) = joined(stored.task).await?;
        context.advance(checkpoint);
        context.progress.advance(stored.rows);
        for page in pages {
            self.marks.entry(page.page).or_default().seen = page.seen;
        }
        Ok(())
    }

    async fn describe(&mut self, context: &mut Context<'_>, diff: Diff) -> Result<(), Error> {
        self.names.extend(diff.names());
        let rows = diff.rows();
        let (counts, differences, known) =
            diff::describe(&context.hub, &context.place, diff, context.room()).await?;
        context.count(&counts);
        context.differ(differences);
        context.progress.advance(rows);
        // Which page it was on does not matter to a dry run.
        let all = self.marks.entry(1).or_default();
        let mut seen: Vec<i64> = super::seen::unpack(&all.seen).collect();
        seen.extend(known);
        all.seen = super::seen::pack(seen);
        Ok(())
    }

    fn mark(&mut self, page: &Rows) {
        let mark = self.marks.entry(page.page).or_default();
        mark.digest = page.digest.to_vec();
        mark.keys_digest = page.keys_digest.to_vec();
        mark.rows = page.rows.len() as u64;
    }

    /// Says whether this slice was seen whole.
    fn judge(&self, proof: &mut ListingProof) {
        let mut seen = Seen::default();
        self.marks.values().for_each(|mark| seen.insert_packed(&mark.seen));
        let unique = if self.names.is_empty() {
            seen.len() + self.rejected.len() as u64
        } else {
            self.names.len() as u64
        };
        let total = if self.totals.len() == 1 { self.totals.iter().next().copied() } else { None };
        let rows: u64 = self.marks.values().map(|mark| mark.rows).sum();
        proof.pages += self.marks.len() as u64;
        proof.rows += rows;
        proof.unique += unique;
        proof.passes = proof.passes.max(self.passes);
        proof.quarantined += self.rejected.len() as u64;
        proof.vendor_total = match (proof.vendor_total, total) {
            (Some(sum), Some(total)) => Some(sum + total),
            (sum, total) => sum.or(total),
        };
        let label = &self.slice.label;
        if let Some(page) = self.repeated {
            return proof.doubt(format!("{label}: page {page} repeats the page before it"));
        }
        if let Some(broken) = self.broken.first() {
            let count = self.broken.len();
            return proof.doubt(format!("{label}: {count} rows do not say what they are ({broken})"));
        }
        if !self.settled {
            return proof
                .doubt(format!("{label}: the list kept changing while it was read {} times", self.passes));
        }
        if self.totals.len() > 1 {
            return proof.doubt(format!("{label}: the vendor's own total changes from page to page"));
        }
        match total {
            Some(total) if total != unique => {
                proof.doubt(format!("{label}: the vendor counts {total}, its pages name {unique}"));
            }
            Some(total) => {
                proof.because(format!("{label}: {unique} named, as many as the vendor counts ({total})"));
            }
            None if self.passes > 1 => proof.because(format!("{label}: {unique} named, twice the same")),
            None => proof.because(format!("{label}: {unique} named in one whole answer")),
        }
    }
}

/// Pages to be stored together.
#[derive(Default)]
struct Batch {
    pages: Vec<Rows>,
    rows: usize,
    last: u32,
}

impl Batch {
    fn take(&mut self, page: HashedPage) {
        self.rows += page.page.rows.len();
        self.last = page.number;
        let rows: Vec<(Row, [u8; 16])> = page.page.rows.into_iter().zip(page.hashes).collect();
        self.pages.push(Rows {
            page: i64::from(page.number),
            total: page.page.total,
            digest: page.digest,
            keys_digest: page.keys_digest,
            rows,
        });
    }
}
