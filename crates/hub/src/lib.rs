//! What happens: connections are opened, read and folded into one record of the organisation; apps read and write it.
//!
//! Knows traits, not vendors (the list of dialects is handed in), and no HTTP server.

mod access;
mod apps;
mod attendance;
mod audit;
mod background;
mod backup;
mod connections;
mod deliveries;
mod desk;
mod erased;
mod events;
mod faces;
mod feed;
mod flow;
mod idempotency;
mod identity;
mod ingest;
mod issue;
mod issuing;
mod keys;
mod limits;
mod lineage;
pub mod meters;
mod pacer;
mod passthrough;
mod points;
mod principals;
mod privacy;
mod quota;
mod reads;
mod redact;
mod remembered;
mod report;
mod requests;
mod retention;
mod sandbox;
mod scopes;
mod seen;
mod sign_in;
mod stored_punch;
mod sync;
pub mod trace;
mod trail;
mod undo;
mod vault;
mod vendor_tokens;
mod verify;
mod workforce;
mod writes;

use std::sync::Arc;

use tongshi_dialect::{Attempts, Descriptor, Face, Limiter, Transport};
use tongshi_model::{Clock, Error, Id, Randomness};
use tongshi_store::{Store, workspaces};

pub use access::{Access, AppLimits};
pub use apps::{Actor, AppChange, AppKeyView, AppView, FaceKeys, NewApp, NewAppKeys};
pub use attendance::{AttendanceDay, AttendancePage, AttendanceQuery, PunchQuery, PunchView};
pub use audit::{AuditEntry, AuditPage, AuditProof, AuditQuery, AuditView};
pub use backup::{Restored, Tombstones, back_up, missing_keys, restore};
pub use connections::{ConnectionView, NewConnection};
pub use deliveries::{
    DeliveryPage, DeliveryView, NewWebhook, NewWebhookSecret, Replay, Replayed, WebhookChange, WebhookOwner,
    WebhookTest, WebhookView, is_public, may_go_to,
};
pub use feed::{FeedQuery, Follower};
pub use flow::{Accounts, Ask, FlowSettings, FlowView};
pub use idempotency::{ANSWERS_KEPT_SECONDS, Answer, Begun, IdempotencyKey, KEY_CHARS_MAX, Once};
pub use identity::{IdentityConflict, Linked, Matched, OwnerRule, Owners, Unlinked};
pub use keys::{KeyUse, Resealed};
pub use limits::{RequestLog, Settings};
pub use lineage::{Lineage, LinkedBy};
pub use pacer::{RealTime, Waiting};
pub use passthrough::OperationView;
pub use principals::Principal;
pub use privacy::{ErasedAgain, ErasedLog, ErasureView, Receipt, Searched};
pub use quota::{OperationUse, PlannedListing, QuotaView};
pub use reads::{ChangePage, ChangeView, Count, Quarantined, RecordPage, RecordQuery, RecordView};
pub use report::{Spend, TravelReport, Waits};
pub use requests::{Answered, RequestPage, RequestQuery, RequestView};
pub use retention::{Kept, Swept};
pub use sandbox::LoadItem;
pub use scopes::Scopes;
pub use sign_in::{
    Arrived, Departing, NewSession, NotSignedIn, Question, SessionPage, SessionQuery, SessionView, SignedIn,
};
pub use sync::{
    Counts, Difference, Failure, ListingProof, Mode, Outcome, Progress, RunView, Silent, SyncOptions,
};
pub use tongshi_store::{Workspace, points::Sums as PointsSums};
pub use undo::Undone;
pub use vault::{KeySource, Vault};
pub use verify::Verified;
pub use writes::{
    Act, Applied, Decision, NewRecord, NewRoute, PauseView, PunchWritten, QueuedView, RouteView, WritePage,
    WriteQuery, WriteView, WrittenView, acts, has_effect_here,
};

/// What a hub is made of.
pub struct Parts {
    /// Where everything is kept.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness for keys and tokens.
    pub randomness: Arc<dyn Randomness>,
    /// What encrypts credentials.
    pub vault: Vault,
    /// The vendors.
    pub dialects: &'static [&'static Descriptor],
    /// How vendors are reached.
    pub transports: Arc<dyn Transports>,
    /// How the hub waits for a vendor's pace.
    pub waits: Arc<dyn Waiting>,
    /// Limits and habits.
    pub settings: Settings,
}

/// Makes transports to vendors, and to where apps want to be told of changes.
#[async_trait::async_trait]
pub trait Transports: Send + Sync + 'static {
    /// A transport to this base address.
    fn open(&self, base_url: &str) -> Result<Arc<dyn Transport>, Error>;

    /// A transport to an address that an app gave: one that must not lead inwards, whatever its name stands for.
    fn open_outbound(&self, base_url: &str) -> Result<Arc<dyn Transport>, Error> {
        self.open(base_url)
    }

    /// Refuses an address that an app gives where its name stands for one that leads inwards.
    async fn check_outbound(&self, _base_url: &str) -> Result<(), Error> {
        Ok(())
    }
}

/// The hub. Cheap to clone.
#[derive(Clone)]
pub struct Hub(Arc<Inner>);

struct Inner {
    parts: Parts,
    pacers: pacer::Pacers,
    faces: std::sync::OnceLock<Vec<(&'static str, Arc<dyn Face>)>>,
    desk: Arc<desk::HubDesk>,
    vendor_tokens: vendor_tokens::Shared,
    /// Tells this hub from another in the same process.
    instance: Id,
    aliases: moka::sync::Cache<i64, identity::Kept>,
    flights: idempotency::Flights,
    principals: moka::sync::Cache<String, principals::Kept>,
    attempts: Attempts,
    limiter: Arc<Limiter>,
    issuing: issuing::Issuing,
    trail: trail::Trail,
    seats: feed::Seats,
    delivering: deliveries::Delivering,
    /// Where programs on this machine reach the hub, once it listens.
    listens_at: std::sync::OnceLock<String>,
}

impl Hub {
    /// A hub over these parts.
    pub fn new(parts: Parts) -> Self {
        let pacers = pacer::Pacers::new(&parts.settings, Arc::clone(&parts.clock), Arc::clone(&parts.waits));
        let principals = moka::sync::Cache::new(1024);
        let instance = Id::random(&*parts.randomness);
        Self(Arc::new(Inner {
            pacers,
            faces: std::sync::OnceLock::new(),
            desk: Arc::new(desk::HubDesk::new()),
            principals,
            vendor_tokens: vendor_tokens::Shared::default(),
            instance,
            aliases: moka::sync::Cache::new(1024),
            flights: idempotency::Flights::default(),
            attempts: Attempts::new(parts.settings.patience()),
            limiter: Arc::new(Limiter::new(Arc::clone(&parts.clock))),
            issuing: issuing::Issuing::default(),
            trail: trail::Trail::default(),
            seats: feed::Seats::default(),
            delivering: deliveries::Delivering::default(),
            listens_at: std::sync::OnceLock::new(),
            parts,
        }))
    }

    /// Checks that the key fits the database, or leaves its mark in a new one. Call it after the migrations.
    pub async fn start(&self) -> Result<(), Error> {
        backup::finished(self.store()).await?;
        self.0.parts.vault.fits(self.store(), self.randomness()).await
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.0.parts.store
    }

    /// The clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.parts.clock
    }

    /// Limits and habits.
    pub fn settings(&self) -> &Settings {
        &self.0.parts.settings
    }

    /// Where the hub is reached from outside: as it is configured, else where it listens; none while it does neither.
    pub fn public_url(&self) -> Option<&str> {
        self.settings().public_url.as_deref().or(self.0.listens_at.get().map(String::as_str))
    }

    /// Says where the hub listens. Only the first word counts.
    pub fn listens_at(&self, url: String) {
        let _ = self.0.listens_at.set(url);
    }

    /// The vendors.
    pub fn dialects(&self) -> &'static [&'static Descriptor] {
        self.0.parts.dialects
    }

    /// The vendor with this short name.
    pub fn dialect(&self, id: &str) -> Result<&'static Descriptor, Error> {
        self.dialects().iter().find(|dialect| dialect.id == id).copied().ok_or_else(|| {
            let known: Vec<&str> = self.dialects().iter().map(|dialect| dialect.id).collect();
            Error::not_found(format!(
                "there is no dialect '{}'; there are: {}",
                tongshi_model::masked(id),
                known.join(", ")
            ))
        })
    }

    /// The workspace with this name, made if it is absent.
    pub async fn workspace(&self, name: &str) -> Result<Workspace, Error> {
        let mut session = self.store().read().await?;
        if let Some(workspace) = workspaces::find(&mut session, name).await? {
            return Ok(workspace);
        }
        drop(session);
        let mut session = self.store().write().await?;
        let workspace = workspaces::ensure(&mut session, name).await?;
        session.commit().await?;
        Ok(workspace)
    }

    /// The served half of each dialect.
    pub fn faces(&self) -> &[(&'static str, Arc<dyn Face>)] {
        self.0.faces.get_or_init(|| {
            self.0.desk.attach(&self.0);
            self.dialects()
                .iter()
                .map(|dialect| (dialect.id, (dialect.serve)(self.0.desk.clone(), Arc::clone(self.clock()))))
                .collect()
        })
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.0.parts.vault
    }

    pub(crate) fn randomness(&self) -> &dyn Randomness {
        &*self.0.parts.randomness
    }

    pub(crate) fn new_id(&self) -> Id {
        Id::random(self.randomness())
    }
}
