//! Deletes what a listing no longer names, with evidence, and not too much of it.

use std::sync::Arc;

use tongshi_dialect::{Existence, Listing, Over, Row};
use tongshi_model::{Error, Kind};
use tongshi_store::{Evidence, sources};
use tracing::Instrument as _;

use super::{
    diff, joined, kind_of,
    page::hashed,
    proof::{Counts, Difference, ListingProof},
    run::{Context, Position},
    seen::Seen,
};
use crate::ingest;

/// Sources looked at together.
const STEP: u32 = 10_000;

/// Missing things that are asked for by name; beyond, the scan itself is the evidence.
const CONFIRM_MAX: usize = 500;

/// Finds what was not seen and takes it out.
pub(super) async fn reap(
    context: &mut Context<'_>,
    listing: &'static Listing,
    seen: &Seen,
    proof: &mut ListingProof,
) -> Result<(), Error> {
    let kind = kind_of(listing)?;
    let (missing, live) = missing(context, listing, kind, seen).await?;
    proof.missing = missing.len() as u64;
    if missing.is_empty() {
        return Ok(());
    }
    if !proof.complete {
        proof
            .why
            .push(format!("{} that are known were not named; none is deleted on a doubt", missing.len()));
        return Ok(());
    }
    if too_many(context, missing.len() as u64, live, seen.len()) {
        proof.held = missing.len() as u64;
        proof.doubt(format!(
            "{} of {live} that are known were not named: that many wait for a person",
            missing.len()
        ));
        return Ok(());
    }
    let gone =
        if listing.over == Over::Whole { confirm(context, kind, missing, proof).await? } else { missing };
    proof.deleted = gone.len() as u64;
    if context.is_dry() {
        return describe(context, kind, &gone).await;
    }
    for ids in gone.chunks(1000) {
        let mut session = context.hub.store().write().await?;
        let evidence = Evidence::AbsentInCompleteScan;
        let deleted = ingest::remove(&mut session, &context.place.origin(), ids, evidence).await?;
        context.count(&Counts { deleted, ..Counts::default() });
        let position =
            Position { listing: listing.name.to_owned(), ..context.position(listing).unwrap_or_default() };
        let checkpoint = context.checkpoint_at(position);
        context.keep(&mut session, &checkpoint).await?;
        session.commit().await?;
    }
    Ok(())
}

/// Live sources that were not seen, and how many live ones there are, within the window where there is one.
async fn missing(
    context: &Context<'_>,
    listing: &Listing,
    kind: Kind,
    seen: &Seen,
) -> Result<(Vec<i64>, u64), Error> {
    let window = listing.windowed.then(|| context.window(listing));
    let (from, to) = (window.map(|window| window.from), window.map(|window| window.to));
    let mut session = context.hub.store().read().await?;
    let (mut missing, mut live, mut after) = (Vec::new(), 0, 0);
    loop {
        let ids =
            sources::live_ids(&mut session, context.place.connection, kind, from, to, after, STEP).await?;
        let Some(last) = ids.last() else { return Ok((missing, live)) };
        after = *last;
        live += ids.len() as u64;
        missing.extend(ids.into_iter().filter(|id| !seen.contains(*id)));
    }
}

/// A vendor that suddenly names nobody, or far fewer, has more often lost a permission than its people.
fn too_many(context: &Context<'_>, missing: u64, live: u64, seen: u64) -> bool {
    let settings = context.hub.settings();
    if context.confirm_shrink {
        return false;
    }
    let share = missing.saturating_mul(100) > live.saturating_mul(u64::from(settings.shrink_percent_max));
    (share && missing >= settings.shrink_rows_min) || (seen == 0 && live > 1)
}

/// Asks the vendor for each missing thing by name. What is there after all is stored, and the listing is in doubt.
async fn confirm(
    context: &mut Context<'_>,
    kind: Kind,
    missing: Vec<i64>,
    proof: &mut ListingProof,
) -> Result<Vec<i64>, Error> {
    let mut session = context.hub.store().read().await?;
    let asked = &missing[..missing.len().min(CONFIRM_MAX)];
    let rows = sources::raw_of(&mut session, &context.place.workspace, asked).await?;
    drop(session);
    let mut gone: Vec<i64> = missing[asked.len()..].to_vec();
    let mut present: Vec<Row> = Vec::new();
    for some in rows.chunks(context.hub.settings().calls_in_flight_max.max(1)) {
        let calls: Vec<_> = some
            .iter()
            .flatten()
            .map(|source| {
                let (connector, id) = (Arc::clone(&context.connector), source.remote_id.clone());
                (source.id, tokio::spawn(async move { connector.exists(kind, &id).await }.in_current_span()))
            })
            .collect();
        for (id, call) in calls {
            match joined(call).await? {
                Existence::Absent | Existence::Unknown => gone.push(id),
                Existence::Present(row) => present.push(row),
            }
        }
    }
    if !present.is_empty() {
        proof.doubt(format!(
            "{} were not named and yet the vendor has them when asked by name",
            present.len()
        ));
        take_in(context, kind, present).await?;
    }
    Ok(gone)
}

/// Stores things that were found outside of a page.
async fn take_in(context: &mut Context<'_>, kind: Kind, rows: Vec<Row>) -> Result<(), Error> {
    let connector = context.connector.clone();
    let rows = hashed(0, rows, None);
    let diff = diff::compare(&context.hub, connector, context.place.connection, kind, rows).await?;
    if context.is_dry() {
        return Ok(());
    }
    let key = format!("{kind}/by name");
    let position = Position { listing: String::new(), ..Position::default() };
    let (checkpoint, _) = joined(context.storing(key, diff, position)).await?;
    context.advance(checkpoint);
    Ok(())
}

async fn describe(context: &mut Context<'_>, kind: Kind, gone: &[i64]) -> Result<(), Error> {
    let mut session = context.hub.store().read().await?;
    let some = &gone[..gone.len().min(context.room())];
    let rows = sources::raw_of(&mut session, &context.place.workspace, some).await?;
    let differences = rows.into_iter().flatten().map(|row| Difference {
        op: "deleted",
        kind,
        remote_id: row.remote_id,
        record: row.record,
        fields: Vec::new(),
    });
    context.differ(differences.collect());
    context.count(&Counts { deleted: gone.len() as u64, ..Counts::default() });
    Ok(())
}
