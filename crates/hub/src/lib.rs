//! What happens: connections are opened, read and folded into one record of the organisation; apps read and write it.
//!
//! Knows traits, not vendors (the list of dialects is handed in), and no HTTP server.

mod apps;
mod attendance;
mod background;
mod connections;
mod desk;
mod events;
mod ingest;
mod limits;
mod lineage;
mod pacer;
mod reads;
mod sandbox;
mod sync;
mod undo;
mod vault;
mod verify;
mod workforce;

use std::sync::Arc;

use tongshi_dialect::{Descriptor, Face, Transport};
use tongshi_model::{Clock, Error, Id, Randomness};
use tongshi_store::{Store, workspaces};

pub use apps::{AppView, NewApp, NewAppKeys, Principal, Scopes};
pub use attendance::{AttendanceDay, PunchQuery, PunchView};
pub use connections::{ConnectionView, NewConnection};
pub use limits::Settings;
pub use lineage::Lineage;
pub use reads::{ChangePage, ChangeView, Count, Quarantined, RecordPage, RecordQuery, RecordView};
pub use sandbox::LoadItem;
pub use sync::{
    Counts, Difference, Failure, ListingProof, Mode, Outcome, Progress, RunView, Silent, SyncOptions,
};
pub use tongshi_store::Workspace;
pub use undo::Undone;
pub use vault::Vault;
pub use verify::Verified;

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
    /// Limits and habits.
    pub settings: Settings,
}

/// Makes transports to vendors.
pub trait Transports: Send + Sync + 'static {
    /// A transport to this base address.
    fn open(&self, base_url: &str) -> Result<Arc<dyn Transport>, Error>;
}

/// The hub. Cheap to clone.
#[derive(Clone)]
pub struct Hub(Arc<Inner>);

struct Inner {
    parts: Parts,
    pacers: pacer::Pacers,
    faces: std::sync::OnceLock<Vec<(&'static str, Arc<dyn Face>)>>,
    desk: Arc<desk::HubDesk>,
    principals: moka::sync::Cache<String, (u64, Principal)>,
}

impl Hub {
    /// A hub over these parts.
    pub fn new(parts: Parts) -> Self {
        let pacers = pacer::Pacers::new(&parts.settings);
        let principals = moka::sync::Cache::new(1024);
        Self(Arc::new(Inner {
            pacers,
            faces: std::sync::OnceLock::new(),
            desk: Arc::new(desk::HubDesk::new()),
            principals,
            parts,
        }))
    }

    /// Checks that the key fits the database, or leaves its mark in a new one. Call it after the migrations.
    pub async fn start(&self) -> Result<(), Error> {
        self.0.parts.vault.fits(self.store()).await
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

    /// The vendors.
    pub fn dialects(&self) -> &'static [&'static Descriptor] {
        self.0.parts.dialects
    }

    /// The vendor with this short name.
    pub fn dialect(&self, id: &str) -> Result<&'static Descriptor, Error> {
        self.dialects().iter().find(|dialect| dialect.id == id).copied().ok_or_else(|| {
            let known: Vec<&str> = self.dialects().iter().map(|dialect| dialect.id).collect();
            Error::not_found(format!("there is no dialect '{id}'; there are: {}", known.join(", ")))
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
