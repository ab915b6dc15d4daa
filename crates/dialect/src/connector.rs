//! What the hub sees of a vendor: what can be read, how it is cut into calls, one call at a time.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use tongshi_model::{
    Action, Clock, Draft, Error, Id, Kind, LocalDate, Punch, Randomness, Secret, Space, Timestamp,
};

use crate::{
    Message, Pacer, PushError, Pushed, Reply, Rhythm, Scale, Seen, SignIn, Target, Tokens, Transport, Write,
};

/// The calling half of a dialect, for one connection.
#[async_trait]
pub trait Connector: Send + Sync + 'static {
    /// What can be read, in the order in which it should be: what others refer to comes first.
    fn listings(&self) -> &'static [Listing];

    /// Whether the vendor answers, and to whom.
    async fn check(&self) -> Result<Health, Error>;

    /// Cuts a listing into slices, each of which is read page by page. Pure.
    fn plan(&self, listing: &Listing, ask: &Ask<'_>) -> Vec<Slice>;

    /// Reads one page (counted from 1) of a slice. Where the answer is byte for byte the one with the `known`
    /// fingerprint, [`Page::unchanged`] is enough.
    async fn pull(
        &self,
        listing: &Listing,
        slice: &Slice,
        page: u32,
        known: Option<Fingerprint>,
    ) -> Result<Page, Error>;

    /// What a row says, in canonical words. Pure, and total but for rows that cannot be kept: those are quarantined
    /// with the error's public text, which must not quote the row.
    fn read(&self, kind: Kind, row: &Row) -> Result<Draft, Error>;

    /// Whether something that a listing no longer names is really gone.
    async fn exists(&self, kind: Kind, remote_id: &str) -> Result<Existence, Error>;

    /// How many writes of this sort go in one call.
    fn batch_max(&self, target: Target, action: Action) -> usize;

    /// Whether the same write sent twice has the effect of one, by the vendor's own word.
    fn repeatable(&self, target: Target, action: Action) -> bool;

    /// Does something at the vendor. All writes are of one sort; the answer has a row for each, in their order.
    async fn push(&self, writes: &[Write]) -> Result<Vec<Pushed>, PushError>;

    /// What the vendor shows of writes of one sort that it was sent; a row for each, in their order.
    async fn read_back(&self, writes: &[Write]) -> Result<Vec<Seen>, Error>;

    /// Calls any operation by name with fields as given; none when there is no such operation.
    async fn call(&self, operation: &str, fields: Map<String, Value>) -> Option<Result<Reply, Error>>;

    /// Checks and reads an event that the vendor sent; none when the vendor sends none.
    fn receive(&self, _message: &Message) -> Option<Result<Vec<Incoming>, Error>> {
        None
    }

    /// What a vendor wants to hear when its event is taken in, where an empty answer will not do.
    fn receipt(&self, _message: &Message, _now: Timestamp, _randomness: &dyn Randomness) -> Option<Reply> {
        None
    }

    /// How often a listing whose calls the vendor counts by the month is read; none where nobody counts them.
    fn rhythm(&self, _listing: &Listing) -> Option<Rhythm> {
        None
    }

    /// How many counted calls one reading of such a listing takes.
    fn metered_calls(&self, _listing: &Listing, _scale: &Scale) -> u64 {
        0
    }

    /// How people sign in through this connection; none when the vendor or the account has no sign-in.
    fn sign_in(&self) -> Option<&dyn SignIn> {
        None
    }
}

/// Something that can be read from a vendor.
#[derive(Debug)]
pub struct Listing {
    /// Its name in proofs and on the command line.
    pub name: &'static str,
    /// The kind that its rows become; none for punches.
    pub kind: Option<Kind>,
    /// Whether it is read as a whole or for each of something else.
    pub over: Over,
    /// Whether it is read for a window of days; then only what lies in the window can be found missing.
    pub windowed: bool,
    /// Whether the vendor can be asked for what is new; if not, an incremental run passes over it.
    pub incremental: bool,
    /// Whether the things it goes over are named by their first looked-up field (an employee's number) rather than by
    /// the vendor's id, so that those without one cannot be asked about.
    pub by_key: bool,
}

/// What a listing goes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Itself: pages of one list, proven by reading it twice.
    Whole,
    /// Each stored thing of a kind, some at a time; each answer is whole in itself.
    Each {
        /// The kind.
        kind: Kind,
        /// How many are planned at a time.
        batch: u32,
    },
}

/// How much to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Everything.
    Full,
    /// What is new since this day.
    Since(LocalDate),
}

/// Days, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// First day.
    pub from: LocalDate,
    /// Last day.
    pub to: LocalDate,
}

/// What a plan is made for.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// How much to read.
    pub reach: Reach,
    /// Which days, for windowed listings.
    pub window: Window,
    /// The things to go over, for [`Over::Each`].
    pub subjects: &'a [Subject],
}

/// A stored thing that a listing goes over.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The vendor's id.
    pub remote_id: String,
    /// The record.
    pub record: Id,
    /// The first looked-up field: an employee's number.
    pub key: Option<String>,
}

/// One series of pages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// Names it in proofs and checkpoints; free of personal data.
    pub label: String,
    /// What the connector needs to ask for it.
    pub params: Value,
}

/// Recognises an answer: the first half of SHA-256 over its bytes (FIPS 180-4).
pub type Fingerprint = [u8; 16];

/// The fingerprint of an answer.
pub fn fingerprint(body: &[u8]) -> Fingerprint {
    let mut first = [0; 16];
    first.copy_from_slice(&Sha256::digest(body)[..16]);
    first
}

/// One page.
#[derive(Debug, Default)]
pub struct Page {
    /// Of the answer that it was cut from; none where it is not worth the reading.
    pub fingerprint: Option<Fingerprint>,
    /// Whether it is the page that the asker knows; then nothing else is filled in.
    pub unchanged: bool,
    /// The rows.
    pub rows: Vec<Row>,
    /// Punches, for listings of those.
    pub punches: Vec<PulledPunches>,
    /// How many rows the vendor says there are in all.
    pub total: Option<u64>,
    /// How many pages the vendor says there are; none means that this is all.
    pub pages: Option<u32>,
    /// Rows that could not even be cut out of the page: what is wrong, without quoting them.
    pub broken: Vec<String>,
}

impl Page {
    /// The page that the asker knows.
    pub fn unchanged(fingerprint: Fingerprint) -> Self {
        Self { fingerprint: Some(fingerprint), unchanged: true, ..Self::default() }
    }
}

/// One thing as the vendor shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    /// The vendor's id, or a name made of what identifies it.
    pub remote_id: String,
    /// The day it belongs to, for windowed listings.
    pub date: Option<LocalDate>,
    /// The vendor's JSON, as received; with a wrapping of ours where the vendor's alone does not say whose it is.
    pub raw: String,
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Row({} bytes)", self.raw.len())
    }
}

/// All punches that a vendor has for somebody in some days.
#[derive(Clone, Debug)]
pub struct PulledPunches {
    /// Who.
    pub employee: Id,
    /// Which days were asked for.
    pub window: Window,
    /// The punches.
    pub punches: Vec<Punch>,
}

/// Whether something is there.
#[derive(Debug)]
pub enum Existence {
    /// It is, and looks like this.
    Present(Row),
    /// The vendor says that it is not.
    Absent,
    /// The vendor cannot be asked.
    Unknown,
}

/// The vendor answered and took the account.
#[derive(Clone, Debug, Serialize)]
pub struct Health {
    /// What it answered, for people.
    pub text: String,
    /// What else came out: which interfaces the account may use, its quota.
    pub findings: Vec<Finding>,
}

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Good,
    /// Wrong, and something can be done.
    Bad,
    /// It cannot be told, or is for a person to judge.
    Unknown,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub subject: String,
    /// How it stands.
    pub state: State,
    /// What was found.
    pub text: String,
    /// How to mend it, and where.
    pub mend: Option<String>,
    /// What the vendor calls it.
    pub vendor_name: Option<String>,
}

impl Finding {
    /// It is as it should be.
    pub fn good(subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self { subject: subject.into(), state: State::Good, text: text.into(), mend: None, vendor_name: None }
    }

    /// It is wrong, and this is how to mend it.
    pub fn bad(subject: impl Into<String>, text: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { state: State::Bad, mend: Some(mend.into()), ..Self::good(subject, text) }
    }

    /// It cannot be told.
    pub fn unknown(subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self { state: State::Unknown, ..Self::good(subject, text) }
    }

    /// The same under the vendor's own name.
    #[must_use]
    pub fn named(self, vendor_name: impl Into<String>) -> Self {
        Self { vendor_name: Some(vendor_name.into()), ..self }
    }
}

/// What a vendor's event says.
#[derive(Debug)]
pub enum Incoming {
    /// This is how it looks now.
    Row(Kind, Row),
    /// It is gone.
    Gone(Kind, String),
    /// It is new or has changed, and the event does not say how it looks: the vendor is asked.
    Changed(Kind, String),
}

/// What a connector is made of.
pub struct Connect {
    /// The account.
    pub credential: Credential,
    /// Where its ids live.
    pub space: Space,
    /// Settings of the connection.
    pub settings: Value,
    /// How messages travel.
    pub transport: Arc<dyn Transport>,
    /// How fast.
    pub pacer: Arc<dyn Pacer>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The access tokens that all who call through this connection share.
    pub tokens: Arc<dyn Tokens>,
    /// What was read through this connection before.
    pub stored: Arc<dyn Stored>,
    /// How messages travel to the vendor's second host ([`Descriptor::second_base_url`]); none where it is the first.
    ///
    /// [`Descriptor::second_base_url`]: crate::Descriptor::second_base_url
    pub second_transport: Option<Arc<dyn Transport>>,
}

/// What was read through a connection before, for a vendor that should not be asked twice about what no longer changes.
#[async_trait]
pub trait Stored: Send + Sync + 'static {
    /// The vendor's text of each of these things ([`Row::raw`]), in their order; none for what is not known or is gone.
    async fn raw(&self, kind: Kind, remote_ids: &[String]) -> Result<Vec<Option<String>>, Error>;
}

/// Nothing was.
#[derive(Clone, Copy, Debug)]
pub struct NothingStored;

#[async_trait]
impl Stored for NothingStored {
    async fn raw(&self, _kind: Kind, remote_ids: &[String]) -> Result<Vec<Option<String>>, Error> {
        Ok(vec![None; remote_ids.len()])
    }
}

/// An account's credentials by the vendor's own names.
#[derive(Clone, Debug, Default)]
pub struct Credential(BTreeMap<String, Secret>);

impl Credential {
    /// Credentials by name.
    pub fn new(values: BTreeMap<String, Secret>) -> Self {
        Self(values)
    }

    /// The value with this name.
    pub fn get(&self, name: &str) -> Option<&Secret> {
        self.0.get(name)
    }

    /// The value with this name, or an error that names it.
    pub fn require(&self, name: &'static str) -> Result<&Secret, Error> {
        let value = self.0.get(name).filter(|value| !value.expose().is_empty());
        value.ok_or_else(|| {
            Error::invalid(name, format!("the credential {name} is missing; give it with --set {name}=…"))
        })
    }

    /// All names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}
