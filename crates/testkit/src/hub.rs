//! A hub with an invented company behind its faces and a connection that reads them.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};
use tongshi_dialect::Descriptor;
use tongshi_hub::{
    Actor, Hub, LoadItem, Mode, NewApp, NewConnection, Outcome, Parts, RecordQuery, RecordView, Scopes,
    Settings, Silent, SyncOptions, Vault, Workspace,
};
use tongshi_model::{Clock, Draft, FixedClock, Id, Kind, LocalDate, Secret, SeededRandomness, Timestamp};
use tongshi_sandbox::{Item, Plan};
use tongshi_store::{Location, Store};

use crate::{VirtualWaits, Wire};

/// What the hub that makes everything draws from.
const SEED: u64 = 7;
/// The vendor with the most to read.
const VENDOR: &str = "zhiren";

/// What a test starts with.
#[derive(Clone)]
pub struct Setup {
    /// People in the company behind the faces.
    pub employees: u32,
    /// Days of attendance.
    pub attendance_days: u32,
    /// Rows that a face gives on a page.
    pub page_size: u32,
    /// The hub's settings.
    pub settings: Settings,
    /// Vendors beside the real ones; nothing is connected to them.
    pub vendors: Vec<&'static Descriptor>,
    /// Whether the clock moves while the hub waits for a vendor's pace; else it stands until it is moved.
    pub time_passes: bool,
    /// Calls of one app to one operation in a second that the DingTalk face lets through; 0 for any number.
    pub dingtalk_calls_per_second: u32,
}

impl Default for Setup {
    fn default() -> Self {
        let settings = Settings {
            attempts_max: 3,
            retry_delay_ms: 0,
            commit_rows: 40,
            sync_every_seconds: 0,
            webhook_plain_http: true,
            ..Settings::default()
        };
        Self {
            employees: 120,
            attendance_days: 0,
            page_size: 20,
            settings,
            vendors: Vec::new(),
            time_passes: false,
            dingtalk_calls_per_second: 0,
        }
    }
}

/// A hub in a test.
#[derive(Clone)]
pub struct TestHub {
    /// The hub.
    pub hub: Hub,
    /// Its clock.
    pub clock: Arc<FixedClock>,
    /// The wire between its connectors and its faces.
    pub wire: Wire,
    waits: VirtualWaits,
    /// The workspace behind the faces.
    pub company: Workspace,
    /// The workspace into which the connection `zhiren` reads.
    pub main: Workspace,
    /// The hub's key, of which another hub over the same database is made.
    vault_key: Secret,
    dialects: &'static [&'static Descriptor],
    /// The keys of the app `tester` at the faces, by dialect and the vendor's own name.
    pub keys: BTreeMap<String, BTreeMap<String, Secret>>,
}

impl TestHub {
    /// A hub over this database, its company loaded, its app and connection made. Nothing is synced yet.
    pub async fn over(location: Location, setup: &Setup) -> Self {
        let mut made = Self::open(location, setup, SEED).await;
        made.load(setup.employees, setup.attendance_days).await;
        made.register(setup).await;
        made
    }

    /// Another process over the database of a hub that was made before, also after that one has ended. The seed is
    /// one that no other has.
    pub async fn replica(location: Location, setup: &Setup, seed: u64) -> Self {
        assert_ne!(seed, SEED, "two hubs of one seed make the same keys");
        Self::open(location, setup, seed).await
    }

    async fn open(location: Location, setup: &Setup, seed: u64) -> Self {
        let start: Timestamp = "2026-03-16T02:00:00Z".parse().expect("a timestamp");
        let clock = Arc::new(FixedClock::at(start));
        let randomness = Arc::new(SeededRandomness::new(seed));
        let store = Store::open(location, clock.clone()).await.expect("the database opens");
        store.migrate().await.expect("the migrations run");
        let wire = Wire::default();
        let waits = match setup.time_passes {
            true => VirtualWaits::moving(clock.clone()),
            false => VirtualWaits::default(),
        };
        let (vault, vault_key) = Vault::generate(&SeededRandomness::new(SEED)).expect("a key");
        let dialects = dialects(&setup.vendors);
        let hub = Hub::new(Parts {
            store,
            clock: clock.clone(),
            randomness,
            vault,
            dialects,
            transports: Arc::new(wire.clone()),
            waits: Arc::new(waits.clone()),
            settings: setup.settings.clone(),
        });
        hub.start().await.expect("the hub starts");
        let company = hub.workspace("sandbox").await.expect("a workspace");
        let main = hub.workspace("main").await.expect("a workspace");
        for (dialect, face) in hub.faces() {
            wire.lead(&format!("face:{dialect}"), Arc::clone(face));
        }
        Self { hub, clock, wire, waits, company, main, vault_key, dialects, keys: BTreeMap::new() }
    }

    /// Another hub over the same database and wire, as a second process or the next one would be.
    pub fn another(&self, seed: u64) -> Hub {
        Hub::new(Parts {
            store: self.hub.store().clone(),
            clock: self.clock.clone(),
            randomness: Arc::new(SeededRandomness::new(seed)),
            vault: Vault::from_hex(&self.vault_key).expect("a key"),
            dialects: self.dialects,
            transports: Arc::new(self.wire.clone()),
            waits: Arc::new(self.waits.clone()),
            settings: self.hub.settings().clone(),
        })
    }

    /// Loads the invented company, or more of it.
    pub async fn load(&self, employees: u32, attendance_days: u32) {
        let space = self.hub.local_space(&self.company, "sandbox").await.expect("a source");
        let mut plan = Plan::new(employees, 7, today());
        plan.attendance_days = attendance_days;
        let mut items = Vec::new();
        tongshi_sandbox::generate(&plan, space, &mut |batch| {
            items.extend(batch);
            Ok(())
        })
        .expect("the company is generated");
        let items = items.into_iter().map(|item| match item {
            Item::Record { remote_id, draft } => LoadItem::Record { remote_id, draft },
            Item::Punches(punches) => LoadItem::Punches(punches),
        });
        self.hub.load(&self.company, "sandbox", items.collect()).await.expect("the company is loaded");
    }

    async fn register(&mut self, setup: &Setup) {
        let faces: Vec<String> = tongshi_dialects::ALL.iter().map(|dialect| dialect.id.to_owned()).collect();
        let settings = json!({
            "company_token": "company-token", "callback_url": "http://127.0.0.1/callback", "sandbox": true,
            "zhiren_page_size": setup.page_size, "dingtalk_calls_per_second": setup.dingtalk_calls_per_second,
        });
        let name = "tester".to_owned();
        let app = NewApp { name, faces, scopes: Scopes::all(), settings, ..NewApp::default() };
        self.keys = self.hub.create_app(&self.company, app, &Actor::cli()).await.expect("an app").faces;
        for (dialect, keys) in self.keys.clone() {
            let known = self.hub.dialect(&dialect).expect("a dialect").credential;
            let known = |name: &String| known.iter().any(|field| field.name == name);
            let credential = keys.into_iter().filter(|(name, _)| known(name)).collect();
            let new = NewConnection {
                base_url: format!("face:{dialect}"),
                name: dialect.clone(),
                dialect,
                credential,
                settings: Value::Null,
            };
            self.hub.connect(&self.main, new).await.expect("a connection");
        }
    }

    /// The vendor whose connection tests read, where any will do.
    pub fn vendor(&self) -> &'static Descriptor {
        self.hub.dialect(VENDOR).expect("a dialect")
    }

    /// That vendor's connection.
    pub async fn connection(&self) -> Id {
        let all = self.hub.connections(&self.main).await.expect("connections are read");
        all.into_iter().find(|connection| connection.name == VENDOR).expect("it is connected").id
    }

    /// Syncs the connection of [`TestHub::vendor`] in full; only these listings, or all.
    pub async fn sync(&self, only: &[&str]) -> Outcome {
        self.sync_with(SyncOptions {
            mode: Mode::Full,
            only: only.iter().map(|name| (*name).to_owned()).collect(),
            ..SyncOptions::default()
        })
        .await
    }

    /// Syncs the connection of [`TestHub::vendor`].
    pub async fn sync_with(&self, options: SyncOptions) -> Outcome {
        self.hub.sync(&self.main, VENDOR, &options, &Silent).await.expect("the sync begins")
    }

    /// All live records of a kind.
    pub async fn records(&self, workspace: &Workspace, kind: Kind) -> Vec<RecordView> {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let query = RecordQuery {
                kind,
                filters: Vec::new(),
                date_from: None,
                date_to: None,
                deleted: false,
                after,
                limit: 1000,
            };
            let page = self.hub.records(workspace, &query, &Scopes::all()).await.expect("records are read");
            all.extend(page.data);
            match page.next {
                Some(next) => after = Some(next),
                None => return all,
            }
        }
    }

    /// Stores something in the company under its generated name, as if its HR had changed it.
    pub async fn put(&self, remote_id: &str, draft: Draft) {
        let item = LoadItem::Record { remote_id: remote_id.to_owned(), draft };
        self.hub.load(&self.company, "sandbox", vec![item]).await.expect("the company is changed");
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// The real vendors and these.
fn dialects(vendors: &[&'static Descriptor]) -> &'static [&'static Descriptor] {
    if vendors.is_empty() {
        return tongshi_dialects::ALL;
    }
    Box::leak(tongshi_dialects::ALL.iter().chain(vendors.iter()).copied().collect())
}

/// The day on which tests begin, on the company's calendar.
pub(crate) fn today() -> LocalDate {
    "2026-03-16".parse().expect("a date")
}
