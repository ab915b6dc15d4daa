//! A run in progress: where it is, what it did, and how that is kept.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tongshi_dialect::{Listing, Reach, Window};
use tongshi_model::{Error, Id, LocalDate, Space, Timestamp};
use tongshi_store::{Run, Session, Workspace, readings, runs};
use tracing::Instrument as _;

use super::{
    Failure, Outcome, Progress, SharedConnector,
    diff::{self, Diff, StoredPage},
    proof::{Counts, DIFFERENCES_MAX, Difference, ListingProof},
};
use crate::{
    Hub,
    connections::Opened,
    identity::Holding,
    ingest::Origin,
    quota::{self, Ledger, Quota},
};

/// What a run must know to go on after its process died.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    window: Window,
    /// The days of listings that have their own.
    #[serde(default)]
    windows: BTreeMap<String, Window>,
    since: Option<LocalDate>,
    done: Vec<ListingProof>,
    counts: Counts,
    /// Where in which listing the run is.
    position: Option<Position>,
}

/// A place in a listing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Position {
    pub(super) listing: String,
    /// For whole lists: which slice, which pass, which page is next.
    pub(super) slice: usize,
    pub(super) pass: u32,
    pub(super) page: u32,
    /// For listings over other things: the last of these, the number of blocks, of subjects, of those that were gone.
    pub(super) after: i64,
    pub(super) blocks: i64,
    pub(super) subjects: u64,
    pub(super) lost: u64,
    /// Of the subjects, those that the vendor cannot be asked about, for want of a key.
    #[serde(default)]
    pub(super) nameless: u64,
}

impl Checkpoint {
    pub(super) fn new(window: Window, windows: BTreeMap<String, Window>, reach: Reach) -> Self {
        let since = match reach {
            Reach::Full => None,
            Reach::Since(day) => Some(day),
        };
        Self { window, windows, since, done: Vec::new(), counts: Counts::default(), position: None }
    }

    pub(super) fn add(&mut self, more: &Counts) {
        let counts = &mut self.counts;
        counts.created += more.created;
        counts.updated += more.updated;
        counts.restored += more.restored;
        counts.deleted += more.deleted;
        counts.unchanged += more.unchanged;
        counts.quarantined += more.quarantined;
        counts.erased += more.erased;
        counts.punches_new += more.punches_new;
        counts.punches_known += more.punches_known;
        counts.punches_voided += more.punches_voided;
    }
}

/// A run that is ours.
pub(super) struct Claimed {
    pub(super) run: Run,
    pub(super) holder: String,
    pub(super) resumed: bool,
}

/// Where rows go. Cheap to clone, so that one page is stored while the next is compared.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) workspace: Workspace,
    pub(super) connection: i64,
    pub(super) space: Space,
    pub(super) run: Id,
    pub(super) now: Timestamp,
    /// Whether anything of this connection may be in quarantine, so that the rest need not be looked for there.
    pub(super) quarantined: Arc<AtomicBool>,
    actor: String,
}

impl Place {
    pub(super) fn origin(&self) -> Origin<'_> {
        Origin {
            workspace: &self.workspace,
            connection: self.connection,
            space: self.space,
            run: Some(self.run),
            actor: &self.actor,
            now: self.now,
        }
    }
}

/// Whether a listing is read.
pub(super) enum Begin {
    /// It is.
    Now,
    /// Not this month, and why.
    Held(String),
}

/// A sync in progress.
pub(super) struct Context<'a> {
    pub(super) hub: Hub,
    pub(super) connector: SharedConnector,
    pub(super) progress: &'a dyn Progress,
    pub(super) confirm_shrink: bool,
    pub(super) place: Place,
    /// Where the vendor counts calls, and the run must stay within the plan.
    pub(super) quota: Option<Quota>,
    ledger: Option<Arc<Ledger>>,
    /// Set where a call was not made because the month's are used up.
    spent: Arc<AtomicBool>,
    name: String,
    /// None for a dry run.
    holder: Option<String>,
    resumed: bool,
    checkpoint: Checkpoint,
    differences: Vec<Difference>,
}

impl<'a> Context<'a> {
    pub(super) fn dry(
        hub: Hub,
        workspace: Workspace,
        opened: Opened,
        checkpoint: Checkpoint,
        progress: &'a dyn Progress,
    ) -> Self {
        let run = hub.new_id();
        Self::new(hub, workspace, opened, checkpoint, run, progress)
    }

    pub(super) fn claimed(
        hub: Hub,
        workspace: Workspace,
        opened: Opened,
        fresh: Checkpoint,
        claimed: Claimed,
        progress: &'a dyn Progress,
    ) -> Result<Self, Error> {
        let checkpoint = match claimed.run.cursor {
            Some(cursor) => serde_json::from_value(cursor)
                .map_err(|error| Error::internal("a run's checkpoint cannot be read").caused_by(error))?,
            None => fresh,
        };
        progress.run(claimed.run.id, claimed.resumed);
        let mut context = Self::new(hub, workspace, opened, checkpoint, claimed.run.id, progress);
        context.holder = Some(claimed.holder);
        context.resumed = claimed.resumed;
        Ok(context)
    }

    fn new(
        hub: Hub,
        workspace: Workspace,
        opened: Opened,
        checkpoint: Checkpoint,
        run: Id,
        progress: &'a dyn Progress,
    ) -> Self {
        let name = opened.connection.name;
        let place = Place {
            workspace,
            connection: opened.connection.no,
            space: opened.space,
            run,
            now: hub.clock().now(),
            quarantined: Arc::new(AtomicBool::new(true)),
            actor: format!("sync:{name}"),
        };
        Self {
            hub,
            quota: None,
            ledger: opened.pacer.ledger().map(Arc::clone),
            spent: opened.refused,
            connector: opened.connector,
            progress,
            confirm_shrink: false,
            place,
            name,
            holder: None,
            resumed: false,
            checkpoint,
            differences: Vec::new(),
        }
    }

    pub(super) fn is_dry(&self) -> bool {
        self.holder.is_none()
    }

    pub(super) fn reach(&self) -> Reach {
        self.checkpoint.since.map_or(Reach::Full, Reach::Since)
    }

    /// The days that are read of a listing.
    pub(super) fn window(&self, listing: &Listing) -> Window {
        self.checkpoint.windows.get(listing.name).copied().unwrap_or(self.checkpoint.window)
    }

    /// Whether a listing may be read now, where its calls are counted; notes that it begins.
    pub(super) async fn begin(&mut self, listing: &Listing) -> Result<Begin, Error> {
        let window = self.window(listing);
        let Some(quota) = self.quota.as_ref().filter(|quota| quota.counts(listing)) else {
            return Ok(Begin::Now);
        };
        let left = quota.ledger.left().await?;
        if let Some(why) = quota.held(listing, quota::days(window), left) {
            return Ok(Begin::Held(why));
        }
        if !self.is_dry() {
            let mut session = self.hub.store().write().await?;
            readings::begin(&mut session, self.place.connection, listing.name).await?;
            session.commit().await?;
        }
        Ok(Begin::Now)
    }

    /// Whether a call was not made because the month's are used up.
    pub(super) fn is_spent(&self) -> bool {
        self.spent.load(Ordering::Relaxed)
    }

    /// Gives back counted calls that were taken and not made. Where that fails, they count as made.
    pub(super) async fn settle(&self) {
        let Some(ledger) = &self.ledger else { return };
        if let Err(error) = ledger.settle().await {
            tracing::warn!(reason = %error, cause = %error.private(), "counted calls were not given back");
        }
    }

    pub(super) fn is_done(&self, listing: &Listing) -> bool {
        self.checkpoint.done.iter().any(|proof| proof.listing == listing.name)
    }

    /// Where an interrupted run was in this listing.
    pub(super) fn position(&self, listing: &Listing) -> Option<Position> {
        self.checkpoint.position.clone().filter(|position| position.listing == listing.name)
    }

    /// The checkpoint that a transaction to come will carry.
    pub(super) fn checkpoint_at(&self, position: Position) -> Checkpoint {
        Checkpoint { position: Some(position), ..self.checkpoint.clone() }
    }

    /// The transaction with that checkpoint has been committed.
    pub(super) fn advance(&mut self, checkpoint: Checkpoint) {
        self.checkpoint = checkpoint;
    }

    /// Stores what pages bring, in a task of its own so that the next can be compared meanwhile.
    pub(super) fn storing(
        &self,
        listing: String,
        diff: Diff,
        position: Position,
    ) -> tokio::task::JoinHandle<Result<(Checkpoint, Vec<StoredPage>), Error>> {
        let (hub, place, holder) = (self.hub.clone(), self.place.clone(), self.holder.clone());
        let mut checkpoint = self.checkpoint_at(position);
        let span = tracing::info_span!(target: crate::trace::SPANS, "ingest commit", rows = diff.rows());
        let store = async move {
            let mut session = hub.store().write().await?;
            let stored = diff::store(&mut session, &place, &listing, diff, &mut checkpoint).await?;
            keep(&hub, &mut session, &place, holder.as_deref(), &checkpoint).await?;
            session.commit().await?;
            Ok((checkpoint, stored))
        };
        tokio::spawn(store.instrument(span))
    }

    /// Writes a checkpoint into a transaction.
    pub(super) async fn keep(&self, session: &mut Session, checkpoint: &Checkpoint) -> Result<(), Error> {
        keep(&self.hub, session, &self.place, self.holder.as_deref(), checkpoint).await
    }

    /// Adds to what was done, outside of a page.
    pub(super) fn count(&mut self, counts: &Counts) {
        self.checkpoint.add(counts);
    }

    pub(super) fn differ(&mut self, differences: Vec<Difference>) {
        let room = self.room();
        self.differences.extend(differences.into_iter().take(room));
    }

    /// How many more differences a dry run lists.
    pub(super) fn room(&self) -> usize {
        DIFFERENCES_MAX - self.differences.len().min(DIFFERENCES_MAX)
    }

    /// A listing has ended; a run that is interrupted from here on does not read it again.
    pub(super) async fn done(&mut self, proof: ListingProof) -> Result<(), Error> {
        self.checkpoint.done.push(proof);
        self.checkpoint.position = None;
        if self.is_dry() {
            return Ok(());
        }
        let read = self.checkpoint.done.last().filter(|proof| proof.complete).map(|proof| &proof.listing);
        let mut session = self.hub.store().write().await?;
        if let (Some(quota), Some(name)) = (&self.quota, read)
            && let Some(listing) = self.connector.listings().iter().find(|known| known.name == name)
            && quota.counts(listing)
        {
            let wide = quota.is_wide(listing, self.window(listing));
            readings::done(&mut session, self.place.connection, name, wide).await?;
        }
        self.keep(&mut session, &self.checkpoint).await?;
        session.commit().await
    }

    /// Ends the run and says how it went.
    pub(super) async fn finish(
        self,
        mode: &str,
        result: Result<(), Error>,
        begun: Timestamp,
    ) -> Result<Outcome, Error> {
        let held: u64 = self.checkpoint.done.iter().map(|proof| proof.held).sum();
        let complete = result.is_ok() && self.checkpoint.done.iter().all(|proof| proof.complete);
        let state = match &result {
            Err(_) => "failed",
            Ok(()) if held > 0 => "held",
            Ok(()) => "done",
        };
        let doubt = || {
            self.checkpoint
                .done
                .iter()
                .find(|proof| !proof.complete)
                .and_then(|proof| Some(format!("{}: {}", proof.listing, proof.why.last()?)))
        };
        let reason = match &result {
            Err(error) => Some(error.public().to_owned()),
            Ok(()) if held > 0 => {
                Some(format!("{held} would be deleted; look at them and run again with --confirm-shrink"))
            }
            Ok(()) => doubt(),
        };
        let failure = result.as_ref().err().map(Failure::of);
        if let Err(error) = &result {
            tracing::warn!(connection = %self.name, run = %self.place.run, reason = %error, cause = %error.private(), "a sync failed");
        }
        if let Some(holder) = &self.holder {
            let summary = json!({"counts": self.checkpoint.counts, "reason": reason, "failure": failure});
            let proof = json!(self.checkpoint.done);
            let mut session = self.hub.store().write().await?;
            runs::finish(
                &mut session,
                &self.place.workspace,
                self.place.run,
                holder,
                state,
                complete,
                &summary,
                &proof,
            )
            .await?;
            session.commit().await?;
        }
        let took = self.hub.clock().now().as_microsecond() - begun.as_microsecond();
        Ok(Outcome {
            run: self.holder.is_some().then_some(self.place.run),
            connection: self.name,
            mode: mode.to_owned(),
            state: state.to_owned(),
            complete,
            resumed: self.resumed,
            dry_run: self.holder.is_none(),
            reason,
            failure,
            counts: self.checkpoint.counts,
            listings: self.checkpoint.done,
            differences: self.differences,
            seconds: took as f64 / 1e6,
        })
    }
}

#[async_trait]
impl Holding for Context<'_> {
    async fn hold(&mut self, session: &mut Session) -> Result<(), Error> {
        self.keep(session, &self.checkpoint).await
    }
}

async fn keep(
    hub: &Hub,
    session: &mut Session,
    place: &Place,
    holder: Option<&str>,
    checkpoint: &Checkpoint,
) -> Result<(), Error> {
    let Some(holder) = holder else { return Ok(()) };
    let cursor = json!(checkpoint);
    runs::checkpoint(session, &place.workspace, place.run, holder, &cursor, hub.lease()).await
}
