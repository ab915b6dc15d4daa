//! Reads what a vendor gives only for one thing at a time: a person's punches, shifts, leaves.
//!
//! Each answer is whole in itself, so the proof is that every known thing was asked about.

use std::collections::HashSet;

use tongshi_dialect::{Ask, Listing, PulledPunches, Reach, Row, Slice, Subject};
use tongshi_model::{Error, ErrorKind, Kind};
use tongshi_store::{Session, punches, sources};
use tracing::Instrument as _;

use super::{
    SharedConnector, diff, joined, kind_of,
    page::hashed,
    proof::{Counts, ListingProof},
    reap,
    run::{Context, Position},
    seen::Seen,
};
use crate::stored_punch::punch_row;

/// Things asked about between two checkpoints.
const BLOCK: u32 = 400;

/// Asks about each stored thing of a kind and says what that proves.
pub(super) async fn read(
    context: &mut Context<'_>,
    listing: &'static Listing,
    over: Kind,
    batch: u32,
) -> Result<ListingProof, Error> {
    let mut position = context.position(listing).unwrap_or_default();
    position.listing = listing.name.to_owned();
    let mut tally = Tally::default();
    if position.blocks > 0 {
        tally.recall(context, listing).await?;
    }
    loop {
        let mut session = context.hub.store().read().await?;
        let connection = context.place.connection;
        let subjects = sources::subjects(&mut session, connection, over, position.after, BLOCK).await?;
        if position.blocks == 0 {
            context.progress.total(sources::count_live(&mut session, connection, over).await?);
        }
        drop(session);
        let Some(last) = subjects.last() else { break };
        position.after = last.source;
        position.blocks += 1;
        position.subjects += subjects.len() as u64;
        if listing.by_key {
            position.nameless += subjects.iter().filter(|subject| subject.key1.is_none()).count() as u64;
        }
        let subjects: Vec<Subject> = subjects
            .into_iter()
            .map(|found| Subject {
                // Under its own id: what is read of it stays with it when it is linked to another, and apart again.
                record: context.place.space.id(over, &found.remote_id),
                remote_id: found.remote_id,
                key: found.key1,
            })
            .collect();
        let block = fetch(context, listing, &subjects, batch as usize).await?;
        position.lost += block.lost;
        tally.rows +=
            block.rows.len() as u64 + block.punches.iter().map(|of| of.punches.len() as u64).sum::<u64>();
        store(context, listing, block, &position, &mut tally).await?;
        context.progress.advance(subjects.len() as u64);
    }
    conclude(context, listing, &position, tally).await
}

/// What the blocks so far came to.
#[derive(Default)]
struct Tally {
    seen: Seen,
    rows: u64,
    rejected: HashSet<String>,
}

impl Tally {
    async fn recall(&mut self, context: &Context<'_>, listing: &Listing) -> Result<(), Error> {
        let mut session = context.hub.store().read().await?;
        for row in tongshi_store::runs::pages(&mut session, context.place.run, listing.name).await? {
            self.seen.insert_packed(&row.seen);
            self.rows += u64::try_from(row.rows).unwrap_or(0);
        }
        Ok(())
    }
}

/// What a block of things brought.
#[derive(Default)]
struct Block {
    rows: Vec<Row>,
    punches: Vec<PulledPunches>,
    broken: Vec<String>,
    /// Things that the vendor no longer knows.
    lost: u64,
}

/// Asks about a block, several calls at a time.
async fn fetch(
    context: &Context<'_>,
    listing: &'static Listing,
    subjects: &[Subject],
    batch: usize,
) -> Result<Block, Error> {
    let mut slices: Vec<Slice> = Vec::with_capacity(subjects.len());
    for subjects in subjects.chunks(batch.max(1)) {
        let ask = Ask { reach: context.reach(), window: context.window(listing), subjects };
        slices.extend(context.connector.plan(listing, &ask));
    }
    let mut block = Block::default();
    let mut slices = slices.into_iter();
    let mut calls = std::collections::VecDeque::new();
    loop {
        while calls.len() < context.hub.settings().calls_in_flight_max.max(1)
            && let Some(slice) = slices.next()
        {
            calls.push_back(tokio::spawn(
                whole_slice(context.connector.clone(), listing, slice).in_current_span(),
            ));
        }
        let Some(call) = calls.pop_front() else { break };
        match joined(call).await {
            Ok(part) => {
                block.rows.extend(part.rows);
                block.punches.extend(part.punches);
                block.broken.extend(part.broken);
            }
            Err(error) if *error.kind() == ErrorKind::NotFound => block.lost += 1,
            Err(error) => {
                calls.into_iter().for_each(|call| call.abort());
                return Err(error);
            }
        }
    }
    Ok(block)
}

/// Reads all pages of a slice, mostly one.
async fn whole_slice(
    connector: SharedConnector,
    listing: &'static Listing,
    slice: Slice,
) -> Result<Block, Error> {
    let mut block = Block::default();
    let mut number = 1;
    loop {
        let page = connector.pull(listing, &slice, number, None).await?;
        let empty = page.rows.is_empty() && page.punches.is_empty();
        block.rows.extend(page.rows);
        block.punches.extend(page.punches);
        block.broken.extend(page.broken);
        number += 1;
        if empty || page.pages.is_none_or(|pages| number > pages) {
            return Ok(block);
        }
    }
}

async fn store(
    context: &mut Context<'_>,
    listing: &'static Listing,
    block: Block,
    position: &Position,
    tally: &mut Tally,
) -> Result<(), Error> {
    if let Some(broken) = block.broken.first() {
        return Err(Error::upstream(format!("{}: a row does not say what it is ({broken})", listing.name)));
    }
    if listing.kind.is_some() {
        return store_rows(context, listing, block, position, tally).await;
    }
    if context.is_dry() {
        return Ok(());
    }
    let mut session = context.hub.store().write().await?;
    let counts = store_punches(context, &mut session, block.punches).await?;
    let mut checkpoint = context.checkpoint_at(position.clone());
    checkpoint.add(&counts);
    context.keep(&mut session, &checkpoint).await?;
    session.commit().await?;
    context.advance(checkpoint);
    Ok(())
}

async fn store_rows(
    context: &mut Context<'_>,
    listing: &'static Listing,
    block: Block,
    position: &Position,
    tally: &mut Tally,
) -> Result<(), Error> {
    let mut rows = hashed(0, block.rows, None);
    rows.page = position.blocks;
    let (connector, kind) = (context.connector.clone(), kind_of(listing)?);
    let mut diff = diff::compare(&context.hub, connector, context.place.connection, kind, rows).await?;
    diff::pass_erased(&context.hub, &context.place, &mut diff).await?;
    tally.rejected.extend(diff.rejected_new.iter().cloned());
    if context.is_dry() {
        let (counts, differences, known) =
            diff::describe(&context.hub, &context.place, diff, context.room()).await?;
        known.into_iter().for_each(|id| tally.seen.insert(id));
        context.count(&counts);
        context.differ(differences);
        return Ok(());
    }
    let (checkpoint, pages) =
        joined(context.storing(listing.name.to_owned(), diff, position.clone())).await?;
    context.advance(checkpoint);
    pages.iter().for_each(|page| tally.seen.insert_packed(&page.seen));
    Ok(())
}

/// Stores a block's punches, and voids those that the vendor no longer has in the days asked for.
async fn store_punches(
    context: &Context<'_>,
    session: &mut Session,
    pulled: Vec<PulledPunches>,
) -> Result<Counts, Error> {
    let place = &context.place;
    let mut counts = Counts::default();
    let mut rows = Vec::new();
    for of in pulled {
        let keep: Vec<_> =
            of.punches.iter().map(|punch| (punch.at.timestamp().as_microsecond(), punch.direction)).collect();
        let (from, to) = (of.window.from, of.window.to);
        counts.punches_voided +=
            punches::void_others(session, &place.workspace, place.connection, of.employee, from, to, &keep)
                .await?;
        rows.extend(of.punches.into_iter().map(punch_row));
    }
    let rows = crate::erased::punches(session, &place.workspace, rows).await?;
    let new = punches::insert(session, &place.workspace, place.connection, Some(place.run), rows).await?;
    counts.punches_new = new.iter().filter(|new| **new).count() as u64;
    counts.punches_known = new.len() as u64 - counts.punches_new;
    Ok(counts)
}

async fn conclude(
    context: &mut Context<'_>,
    listing: &'static Listing,
    position: &Position,
    tally: Tally,
) -> Result<ListingProof, Error> {
    let mut proof = ListingProof::of(listing.name);
    proof.subjects = Some(position.subjects);
    proof.rows = tally.rows;
    proof.unique = if listing.kind.is_some() { tally.seen.len() } else { tally.rows };
    proof.pages = u64::try_from(position.blocks).unwrap_or(0);
    proof.passes = 1;
    proof.quarantined = tally.rejected.len() as u64;
    if position.nameless > 0 {
        let count = position.nameless;
        proof.because(format!("{count} have no number, and this vendor can be asked only by number"));
    }
    if position.lost > 0 {
        proof.doubt(format!("the vendor no longer knows {} of those asked about", position.lost));
    } else {
        proof.because(format!("each of {} was asked about and answered whole", position.subjects));
    }
    // Whatever lies in the days asked for and was not named is gone, also in an incremental run: the window is the
    // evidence's reach.
    if listing.kind.is_some() && (listing.windowed || context.reach() == Reach::Full) {
        reap::reap(context, listing, &tally.seen, &mut proof).await?;
    }
    Ok(proof)
}
