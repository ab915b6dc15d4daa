//! Syncs that can be trusted: everything is seen, or the run says what was not.
//!
//! A listing is read page by page and committed with its checkpoint; a list of several pages is read again until two
//! readings name the same things in the same places, which makes it a snapshot: whatever was listed between the two
//! readings was listed as seen. Only then may absence mean deletion, and then each missing thing is asked for by
//! name, and a shrink above a threshold waits for a person.

mod diff;
mod each;
pub(crate) mod holder;
mod page;
mod proof;
mod reap;
mod run;
mod seen;
mod view;
mod whole;

use std::sync::{Arc, atomic::Ordering};

use serde::{Deserialize, Serialize};
use tongshi_dialect::{Listing, Over, Reach, Window};
use tongshi_model::{Clock, Error, ErrorKind, Id, Kind, LocalDate};
use tongshi_store::{Claim, Workspace, quarantine, runs};
use tracing::Instrument as _;

use crate::{
    Hub,
    connections::Opened,
    identity::match_people,
    meters,
    quota::{Due, Purse},
    trace,
};
pub use proof::{Counts, Difference, ListingProof};
use run::{Begin, Checkpoint, Context};
pub(crate) use seen::Seen;
pub use view::RunView;

/// A full sync is due this long after the last complete one.
const FULL_EVERY_SECONDS: i64 = 24 * 60 * 60;

/// What a run over some listings is called.
const PARTIAL: &str = "partial";

/// What to sync.
#[derive(Clone, Debug, Default)]
pub struct SyncOptions {
    /// How much.
    pub mode: Mode,
    /// Only these listings; empty for all.
    pub only: Vec<String>,
    /// Show what would change, change nothing.
    pub dry_run: bool,
    /// A person has looked at the shrink and wants it.
    pub confirm_shrink: bool,
    /// How many days back what is read by days is read; none for the setting.
    pub window_days: Option<i32>,
    /// The hub does it by itself: what the vendor counts is read when the plan says so, and passed over otherwise.
    pub scheduled: bool,
    /// Counted calls may come out of the reserve: an administrator wants it now.
    pub use_reserve: bool,
}

/// How much to sync.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Full when a full one is due, else what is new.
    #[default]
    Auto,
    /// Everything; only this can find that something is gone.
    Full,
    /// What is new, as far as the vendor can be asked for that.
    Incremental,
}

impl Mode {
    fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Full => "full",
            Self::Incremental => "incremental",
        }
    }
}

/// How a sync went.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// The run; none for a dry run.
    pub run: Option<Id>,
    /// The connection.
    pub connection: String,
    /// `full`, `incremental`, or `partial` where only some listings were asked for.
    pub mode: String,
    /// `done`, `held` (a shrink waits for a person) or `failed`.
    pub state: String,
    /// Whether everything that was asked for was provably seen.
    pub complete: bool,
    /// Whether the run went on where an interrupted one had stopped.
    pub resumed: bool,
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// Why it is not complete, in a sentence.
    pub reason: Option<String>,
    /// Whose failure it was.
    pub failure: Option<Failure>,
    /// What it did.
    pub counts: Counts,
    /// What each listing proved.
    pub listings: Vec<ListingProof>,
    /// What a dry run would have changed, at most a thousand.
    pub differences: Vec<Difference>,
    /// How long it took.
    pub seconds: f64,
}

/// Whose failure ended a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The vendor refuses the account.
    Credentials,
    /// The vendor cannot be reached, or asks us to come back later.
    Unreachable,
    /// The vendor answers what it does not document.
    Vendor,
    /// The hub failed.
    Hub,
}

impl Failure {
    fn of(error: &Error) -> Self {
        match error.kind() {
            ErrorKind::Unauthenticated | ErrorKind::Forbidden => Self::Credentials,
            ErrorKind::Limited(_) | ErrorKind::Unavailable => Self::Unreachable,
            ErrorKind::Upstream | ErrorKind::NotFound | ErrorKind::Gone => Self::Vendor,
            ErrorKind::Conflict | ErrorKind::Invalid(_) | ErrorKind::Internal => Self::Hub,
        }
    }
}

/// Who watches a sync.
pub trait Progress: Send + Sync {
    /// The run begins, or goes on.
    fn run(&self, _id: Id, _resumed: bool) {}
    /// A listing begins.
    fn listing(&self, _name: &str) {}
    /// The vendor says how many rows there are.
    fn total(&self, _rows: u64) {}
    /// More rows are stored.
    fn advance(&self, _rows: u64) {}
    /// Something worth knowing.
    fn note(&self, _text: &str) {}
    /// A listing ends.
    fn finished(&self, _proof: &ListingProof) {}
}

/// Nobody watches.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Progress for Silent {}

impl Hub {
    /// Syncs a connection. Failures on the way are in the outcome; an error means that no run began.
    pub async fn sync(
        &self,
        workspace: &Workspace,
        name: &str,
        options: &SyncOptions,
        progress: &dyn Progress,
    ) -> Result<Outcome, Error> {
        let purse = if options.use_reserve { Purse::Own } else { Purse::Plan };
        let opened = self.open_for(workspace, name, purse).await?;
        if opened.connection.disabled {
            return Err(Error::forbidden(format!("the connection '{name}' is switched off")));
        }
        let listings = chosen(&opened, &options.only)?;
        let quota = Box::pin(self.quota_of(&opened, None)).await?;
        let due = match &quota {
            Some(quota) if options.scheduled => quota.due(listings, today(&**self.clock())),
            _ => Due { listings, ..Due::default() },
        };
        let begun = self.clock().now();
        let (mode, reach) = self.reach(workspace, &opened, options).await?;
        // A run over some listings is no evidence that all were seen, so it goes by another name.
        let kind_of_run = if options.only.is_empty() && !due.passed_over { mode.name() } else { PARTIAL };
        let window = self.window(mode, options);
        let fresh = Checkpoint::new(window, due.windows, reach);
        let dialect = opened.connection.dialect.clone();
        let mut context = if options.dry_run {
            Context::dry(self.clone(), workspace.clone(), opened, fresh, progress)
        } else {
            let claimed = self.claim(workspace, &opened, kind_of_run).await?;
            Context::claimed(self.clone(), workspace.clone(), opened, fresh, claimed, progress)?
        };
        context.confirm_shrink = options.confirm_shrink;
        context.quota = quota.filter(|_| !options.use_reserve);
        let mut session = self.store().read().await?;
        let rejected = quarantine::list(&mut session, workspace, Some(context.place.connection)).await?;
        drop(session);
        context.place.quarantined.store(!rejected.is_empty(), Ordering::Relaxed);
        let span = tracing::info_span!(
            target: trace::SPANS, "sync run", run = %context.place.run, dialect = %dialect, mode = kind_of_run,
        );
        trace::begin_run(&span, context.place.run);
        // Larger than what its callers should carry about.
        let result = Box::pin(read_all(&mut context, due.listings)).instrument(span).await;
        context.settle().await;
        let outcome = context.finish(kind_of_run, result, begun).await?;
        count(&outcome);
        Ok(outcome)
    }

    /// What is new since the last complete run, if there was one and nobody asked for everything.
    async fn reach(
        &self,
        workspace: &Workspace,
        opened: &Opened,
        options: &SyncOptions,
    ) -> Result<(Mode, Reach), Error> {
        if options.mode == Mode::Full {
            return Ok((Mode::Full, Reach::Full));
        }
        let number = opened.connection.no;
        let mut session = self.store().read().await?;
        let full = runs::last_complete(&mut session, workspace, number, Some("full")).await?;
        let latest = runs::last_complete(&mut session, workspace, number, Some("incremental")).await?;
        let last = match (&full, latest) {
            (Some(full), Some(latest)) if latest.started_at > full.started_at => Some(latest),
            _ => full.clone(),
        };
        // What happened between a backup and its restore is known only to the vendor.
        let restored = tongshi_store::backup::restored_at(&mut session).await?;
        let full = full.filter(|full| restored.is_none_or(|at| full.started_at > at));
        let unfinished = runs::list(&mut session, workspace, Some(number), 1).await?.pop();
        if options.mode == Mode::Auto
            && unfinished.is_some_and(|run| run.state == "running" && run.mode == "full")
        {
            return Ok((Mode::Full, Reach::Full));
        }
        let now = self.clock().now().as_second();
        match (full, last) {
            (Some(full), Some(last))
                if options.mode == Mode::Incremental
                    || now - full.started_at.as_second() < FULL_EVERY_SECONDS =>
            {
                // A day back, because the vendor's days and ours begin at different hours.
                let since = tongshi_model::Instant::new(last.started_at, tongshi_model::shanghai()).date();
                Ok((Mode::Incremental, Reach::Since(since.yesterday().unwrap_or(since))))
            }
            _ => Ok((Mode::Full, Reach::Full)),
        }
    }

    fn window(&self, mode: Mode, options: &SyncOptions) -> Window {
        let to = today(&**self.clock());
        let usual =
            if mode == Mode::Full { self.settings().window_days } else { self.settings().recent_days };
        let days = options.window_days.unwrap_or(usual).max(1);
        let from = to.checked_sub(jiff::Span::new().days(days - 1)).unwrap_or(to);
        Window { from, to }
    }

    /// Takes the connection for a run. One whose process has died is taken over at once, another after its lease.
    async fn claim(&self, workspace: &Workspace, opened: &Opened, mode: &str) -> Result<run::Claimed, Error> {
        let holder = holder::current();
        let number = opened.connection.no;
        for _ in 0..2 {
            let lease = self.lease();
            let mut session = self.store().write().await?;
            let claim =
                runs::claim(&mut session, workspace, number, self.new_id(), mode, &holder, lease).await?;
            match claim {
                Claim::New(run) => {
                    session.commit().await?;
                    return Ok(run::Claimed { run, holder, resumed: false });
                }
                Claim::Resumed(run) => {
                    session.commit().await?;
                    return Ok(run::Claimed { run, holder, resumed: true });
                }
                Claim::Busy { until, holder: theirs } => {
                    if !holder::is_dead(&theirs) {
                        let name = &opened.connection.name;
                        return Err(Error::conflict(format!(
                            "another run holds the connection '{name}'; it ends, or its lease does at {until}"
                        )));
                    }
                    runs::release(&mut session, workspace, number, &theirs).await?;
                    session.commit().await?;
                }
            }
        }
        Err(Error::conflict("another run took the connection just now"))
    }

    pub(crate) fn lease(&self) -> tongshi_model::Timestamp {
        crate::workforce::later(self.clock().now(), self.settings().lease_seconds)
    }
}

/// The listings that were asked for, in the vendor's order.
fn chosen(opened: &Opened, only: &[String]) -> Result<Vec<&'static Listing>, Error> {
    let all = opened.connector.listings();
    for name in only {
        if !all.iter().any(|listing| listing.name == name) {
            let known: Vec<&str> = all.iter().map(|listing| listing.name).collect();
            let text = format!("this connection has no listing '{name}'; it has: {}", known.join(", "));
            return Err(Error::invalid("only", text));
        }
    }
    Ok(all.iter().filter(|listing| only.is_empty() || only.iter().any(|name| name == listing.name)).collect())
}

/// Reads one listing after another; those that an interrupted run had finished are passed over.
async fn read_all(context: &mut Context<'_>, listings: Vec<&'static Listing>) -> Result<(), Error> {
    for listing in listings {
        if context.is_done(listing) {
            continue;
        }
        if context.reach() != Reach::Full && !listing.incremental {
            continue;
        }
        context.progress.listing(listing.name);
        let span = tracing::info_span!(target: trace::SPANS, "listing", listing = listing.name);
        let proof = match context.begin(listing).await? {
            Begin::Held(why) => held(listing, why),
            Begin::Now => match read(context, listing).instrument(span).await {
                // What was read of it stays, and the next reading begins anew.
                Err(error) if context.is_spent() => held(listing, error.public().to_owned()),
                proof => proof?,
            },
        };
        context.progress.finished(&proof);
        if listing.kind == Some(Kind::Employee) && !context.is_dry() {
            // Rare, and larger than a page's work.
            Box::pin(recognise(context)).await;
        }
        context.done(proof).await?;
    }
    Ok(())
}

async fn read(context: &mut Context<'_>, listing: &'static Listing) -> Result<ListingProof, Error> {
    match listing.over {
        Over::Whole => whole::read(context, listing).await,
        Over::Each { kind, batch } => each::read(context, listing, kind, batch).await,
    }
}

/// A listing that was not read, or not to its end, because the month's counted calls do not suffice.
fn held(listing: &Listing, why: String) -> ListingProof {
    let mut proof = ListingProof::of(listing.name);
    proof.doubt(why);
    proof
}

/// Links people who are known from elsewhere. What was read is kept when that fails, and the next run tries again.
async fn recognise(context: &mut Context<'_>) {
    let (hub, place) = (context.hub.clone(), context.place.clone());
    let origin = place.origin();
    match match_people(&hub, &place.workspace, (origin.run, origin.actor), context, false).await {
        Ok(matched) if matched.linked > 0 => {
            context
                .progress
                .note(&format!("{} people are known from elsewhere and were linked", matched.linked));
        }
        Ok(_) => {}
        Err(error) => {
            tracing::warn!(reason = %error, cause = %error.private(), "people were not matched; the next run does it");
        }
    }
}

/// Today on the calendars of the vendors' country.
pub(crate) fn today(clock: &dyn Clock) -> LocalDate {
    tongshi_model::Instant::new(clock.now(), tongshi_model::shanghai()).date()
}

/// The kind of a listing's rows; only listings of punches have none.
fn kind_of(listing: &Listing) -> Result<Kind, Error> {
    listing.kind.ok_or_else(|| Error::internal(format!("listing {} has rows but no kind", listing.name)))
}

fn count(outcome: &Outcome) {
    let name = || metrics::SharedString::from(outcome.connection.clone());
    let state = outcome.state.clone();
    metrics::counter!(meters::RUNS, "connection" => name(), "state" => state).increment(1);
    metrics::histogram!(meters::RUN_SECONDS, "connection" => name()).record(outcome.seconds);
    let pages = outcome.listings.iter().map(|listing| listing.pages).sum();
    metrics::counter!(meters::PAGES, "connection" => name()).increment(pages);
    let counts = &outcome.counts;
    for (what, rows) in [
        ("created", counts.created),
        ("updated", counts.updated),
        ("restored", counts.restored),
        ("deleted", counts.deleted),
        ("unchanged", counts.unchanged),
        ("quarantined", counts.quarantined),
    ] {
        metrics::counter!(meters::ROWS, "connection" => name(), "outcome" => what).increment(rows);
    }
}

/// A task's result; a task that panicked is our own failure.
async fn joined<T>(task: tokio::task::JoinHandle<Result<T, Error>>) -> Result<T, Error> {
    task.await.map_err(|error| Error::internal("a task of the sync ended early").caused_by(error))?
}

type SharedConnector = Arc<dyn tongshi_dialect::Connector>;
