//! Reads a list as a whole: page by page into the store, then again until two readings agree.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use tokio::{sync::Semaphore, task::JoinHandle};
use tongshi_dialect::{Ask, Listing, Reach, Slice};
use tongshi_model::Error;

use super::{
    diff::{self, Diff, StoredPage},
    joined, kind_of,
    page::{Known, Pages, Print, ReadPage, Reader, Recent},
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
    let ask = Ask { reach: context.reach(), window: context.window(listing), subjects: &[] };
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
    /// What the next reading is to know.
    known: Option<Known>,
    print: Option<Print>,
    seen: Vec<u8>,
}

/// What a transaction on its way holds.
struct InFlight {
    rows: u64,
    task: JoinHandle<Result<(Checkpoint, Vec<StoredPage>), Error>>,
}

/// What was read and is not stored yet.
struct Unstored {
    waiting: Option<Diff>,
    /// The page after the last one that waits.
    next_page: u32,
    in_flight: Option<InFlight>,
    recent: Recent,
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
            let print = Print { digest: first(&row.digest), keys_digest: first(&row.keys_digest), rows };
            let mark = Mark { known: Some(Known::stored(print)), print: Some(print), seen: row.seen };
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
        let reader = Arc::new(self.reader(context)?);
        let known =
            self.marks.iter().filter_map(|(page, mark)| Some((u32::try_from(*page).ok()?, mark.known?)));
        let mut pages = Pages::from(Arc::clone(&reader), from, known.collect());
        let commit_rows = context.hub.settings().commit_rows as u64;
        // A page is compared before what waits and what is being stored is there, and while some more are read.
        let recent = Recent::of(3 * commit_rows + 20_000);
        let mut unstored = Unstored { waiting: None, next_page: from, in_flight: None, recent };
        self.totals.clear();
        self.broken.clear();
        let (mut moved, mut last, mut keys_before) = (false, from, None);
        while let Some(mut page) = pages.next().await? {
            last = page.number;
            if keys_before == Some(page.print.keys_digest) && page.print.rows > 0 {
                self.repeated = Some(page.number);
                break;
            }
            keys_before = Some(page.print.keys_digest);
            let names: Vec<&[String]> = page.diff.iter().flat_map(Diff::names).collect();
            if names.iter().any(|names| unstored.recent.names_any(names)) {
                self.flush(context, pass, &mut unstored).await?;
                self.settle(context, &mut unstored).await?;
                page = reader.read(page.number, None).await?;
            }
            moved |= self.take(context, from, page, &mut unstored);
            if unstored.waiting.as_ref().is_some_and(|waiting| waiting.weight() >= commit_rows) {
                self.flush(context, pass, &mut unstored).await?;
            }
        }
        self.flush(context, pass, &mut unstored).await?;
        self.settle(context, &mut unstored).await?;
        let count = self.marks.len();
        self.marks.retain(|page, _| *page <= i64::from(last));
        Ok((last, moved || self.marks.len() != count))
    }

    fn reader(&self, context: &Context<'_>) -> Result<Reader, Error> {
        Ok(Reader {
            hub: context.hub.clone(),
            connector: context.connector.clone(),
            place: context.place.clone(),
            kind: kind_of(self.listing)?,
            listing: self.listing,
            slice: self.slice.clone(),
            calls: Semaphore::new(context.hub.settings().calls_in_flight_max.max(1)),
        })
    }

    /// Notes a page and lets what it brings wait. Returns whether it names other things than the reading before.
    fn take(&mut self, context: &Context<'_>, from: u32, page: ReadPage, unstored: &mut Unstored) -> bool {
        self.totals.extend(page.total);
        self.broken.extend(page.broken.iter().cloned());
        if let Some(total) = page.total.filter(|_| from == page.number) {
            context.progress.total(total);
        }
        let known = page.to_know();
        let mark = self.marks.entry(i64::from(page.number)).or_default();
        let moved = mark.print.is_none_or(|print| print.keys_digest != page.print.keys_digest);
        (mark.known, mark.print) = (Some(known), Some(page.print));
        let Some(diff) = page.diff else { return moved };
        unstored.recent.add(diff.stored_names());
        self.rejected.extend(diff.rejected_new.iter().cloned());
        unstored.next_page = page.number + 1;
        match &mut unstored.waiting {
            Some(waiting) => waiting.add(diff),
            None => unstored.waiting = Some(diff),
        }
        moved
    }

    /// Begins to store what waits, after what is being stored.
    async fn flush(
        &mut self,
        context: &mut Context<'_>,
        pass: u32,
        unstored: &mut Unstored,
    ) -> Result<(), Error> {
        let Some(diff) = unstored.waiting.take() else { return Ok(()) };
        if let Some(in_flight) = unstored.in_flight.take() {
            self.settled(context, in_flight).await?;
        }
        if context.is_dry() {
            return self.describe(context, diff).await;
        }
        let position = Position {
            listing: self.listing.name.to_owned(),
            slice: self.number,
            pass,
            page: unstored.next_page,
            ..Position::default()
        };
        let rows = diff.rows();
        let task = context.storing(self.key.clone(), diff, position);
        unstored.in_flight = Some(InFlight { rows, task });
        Ok(())
    }

    /// Waits until everything is stored.
    async fn settle(&mut self, context: &mut Context<'_>, unstored: &mut Unstored) -> Result<(), Error> {
        if let Some(in_flight) = unstored.in_flight.take() {
            self.settled(context, in_flight).await?;
        }
        unstored.recent.clear();
        Ok(())
    }

    async fn settled(&mut self, context: &mut Context<'_>, in_flight: InFlight) -> Result<(), Error> {
        let (checkpoint, pages) = joined(in_flight.task).await?;
        context.advance(checkpoint);
        context.progress.advance(in_flight.rows);
        for page in pages {
            self.marks.entry(page.page).or_default().seen = page.seen;
        }
        Ok(())
    }

    async fn describe(&mut self, context: &mut Context<'_>, diff: Diff) -> Result<(), Error> {
        self.names.extend(diff.names().flatten().cloned());
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
        let rows: u64 = self.marks.values().filter_map(|mark| mark.print).map(|print| print.rows).sum();
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

/// The first half of a digest, as it is compared.
fn first(digest: &[u8]) -> [u8; 16] {
    digest.try_into().unwrap_or_default()
}
