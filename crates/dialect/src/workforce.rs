//! What a face sees of the hub: one organisation, in model words, as far as the calling app may see it.

use async_trait::async_trait;
use serde_json::{Map, Value};
use tongshi_model::{Action, Draft, Entity, Error, Id, Kind, LocalDate, Punch, Timestamp};

use crate::{Deed, EndpointDraft, FailedDelivery, Pot, RegisteredEndpoint, Settled};

/// One workspace, seen by one app. Restricted fields are absent from documents unless the app may see them.
#[async_trait]
pub trait Workforce: Send + Sync + 'static {
    /// A number that changes whenever a record, a punch or a setting changed.
    async fn epoch(&self) -> Result<u64, Error>;

    /// The record with this id, deleted ones included; an id that was merged away leads to the record it means.
    async fn get(&self, kind: Kind, id: Id) -> Result<Option<Record>, Error>;

    /// The records with these ids, in the same order.
    async fn many(&self, ids: &[Id]) -> Result<Vec<Option<Record>>, Error>;

    /// Live records whose looked-up field has this value, oldest first.
    async fn find(&self, kind: Kind, lookup: &'static str, value: &str) -> Result<Vec<Record>, Error>;

    /// Live records whose looked-up field has one of these values, each with the value that it was found by.
    async fn find_many(
        &self,
        kind: Kind,
        lookup: &'static str,
        values: &[String],
    ) -> Result<Vec<(String, Record)>, Error>;

    /// Live records in the query's order.
    async fn list(&self, query: &Query) -> Result<Vec<Record>, Error>;

    /// How many records the query has without its offset and limit.
    async fn count(&self, query: &Query) -> Result<u64, Error>;

    /// Stores what the app sent. The name says what each is within this app's dialect; the same name again replaces.
    async fn save(&self, items: Vec<(String, Draft)>) -> Result<Vec<Id>, Error>;

    /// Writes records and moves points, all of it or nothing.
    async fn settle(&self, deed: Deed) -> Result<Settled, Error>;

    /// How much can be taken out of each of these pots; of those without a bound, how much lies in them.
    async fn holdings(&self, pots: &[Pot]) -> Result<Vec<i64>, Error>;

    /// Takes a live record away, as [`Workforce::change`] changes it.
    async fn remove(&self, kind: Kind, id: Id) -> Result<(), Error>;

    /// Replaces records by what they are to be, all of them or none, in one transaction. False, and nothing has changed,
    /// where one of them is no longer at the version that was read: whoever decides on what a record says decides once.
    /// Fields that the app may not see stay as they are. What a vendor owns is told to that vendor only.
    async fn replace(&self, items: Vec<Replacement>) -> Result<bool, Error>;

    /// Changes a live record: each field that is given takes the place of the stored one, null takes it away. What is
    /// the workspace's own changes at once; what a vendor owns is told to that vendor, where a route leads there. The
    /// caller has seen to it that what the fields refer to is there.
    async fn change(&self, kind: Kind, id: Id, fields: Map<String, Value>) -> Result<(), Error>;

    /// What the app saved under this name, unless it is gone.
    async fn saved(&self, kind: Kind, name: &str) -> Result<Option<Record>, Error>;

    /// Does something to a live record beyond changing it: approves it, calls it off. As with a change, what a vendor
    /// owns is told to that vendor; a conflict says that the record is in no state for it.
    async fn act(&self, kind: Kind, id: Id, action: Action, comment: Option<String>) -> Result<(), Error>;

    /// Live punches of an employee on these days, by time.
    async fn punches(&self, employee: Id, from: LocalDate, to: LocalDate) -> Result<Vec<Punch>, Error>;

    /// Live punches of these people on these days, by time: one question for all of them.
    async fn punches_of(&self, employees: &[Id], from: LocalDate, to: LocalDate)
    -> Result<Vec<Punch>, Error>;

    /// Stores punches; true for each that is new, false for one that was there.
    async fn record_punches(&self, punches: Vec<Punch>) -> Result<Vec<bool>, Error>;

    /// Tells whoever listens that something happened which is no change of a record.
    async fn announce(&self, announcement: Announcement) -> Result<(), Error>;

    /// Registers an endpoint of the app in a vendor's manner, or gives the one of this name new contents.
    async fn save_endpoint(&self, endpoint: EndpointDraft) -> Result<(), Error>;

    /// The app's endpoints of this manner, oldest first.
    async fn endpoints(&self, manner: &'static str) -> Result<Vec<RegisteredEndpoint>, Error>;

    /// Removes an endpoint; false where the app has none of this name.
    async fn delete_endpoint(&self, manner: &'static str, name: &str) -> Result<bool, Error>;

    /// Sends what an endpoint would get for this topic to it, now and once, saved or not; the error says why it was
    /// not taken. Some vendors ask an address to prove itself before they register it.
    async fn try_endpoint(&self, endpoint: &EndpointDraft, topic: &str) -> Result<(), Error>;

    /// Messages to the app's endpoints of this manner that have failed, newest first.
    async fn failed_deliveries(&self, manner: &'static str, limit: u32)
    -> Result<Vec<FailedDelivery>, Error>;

    /// Makes a token for this purpose; whoever shows it gets `payload`. Only a hash is stored.
    async fn issue_token(
        &self,
        purpose: &'static str,
        payload: Value,
        lifetime_seconds: Option<i64>,
    ) -> Result<String, Error>;

    /// The token of this name for this purpose: the same one with a new end while it is valid, after that another. It is
    /// kept encrypted.
    async fn renew_token(
        &self,
        purpose: &'static str,
        name: &str,
        payload: Value,
        lifetime_seconds: i64,
    ) -> Result<String, Error>;

    /// The public half of the app's newest key of this name at a face.
    async fn key_id(&self, face: &'static str, name: &'static str) -> Result<Option<String>, Error>;

    /// Takes one of `limit` in a period, counted for the whole workspace; false where all are taken.
    async fn tally(&self, what: &str, period: &str, limit: u64) -> Result<bool, Error>;

    /// What a token stands for, also when it is used or expired.
    async fn token(&self, purpose: &'static str, token: &str) -> Result<Option<Token>, Error>;

    /// Uses a token up. Of many callers at most one gets it.
    async fn use_token(&self, purpose: &'static str, token: &str) -> Result<Option<Token>, Error>;

    /// A setting of the workspace.
    async fn recall(&self, name: &str) -> Result<Option<Value>, Error>;

    /// Sets a setting of the workspace.
    async fn remember(&self, name: &str, value: &Value) -> Result<(), Error>;

    /// Whether this person has agreed that this app may know who they are.
    async fn has_agreed(&self, person: Id, app: &str) -> Result<bool, Error> {
        Ok(self.recall(&agreement(person, app)).await?.is_some())
    }

    /// Notes that they have. It is the person's own act, so it needs no permission of the app's.
    async fn agree(&self, person: Id, app: &str) -> Result<(), Error>;

    /// Sets a setting of the workspace where it still says what was recalled; false, and nothing has changed, where
    /// somebody else was faster. None is a setting that was never set.
    async fn revise(&self, name: &str, before: Option<&Value>, value: &Value) -> Result<bool, Error>;

    /// What the hub knows this by. Faces do not look into it.
    fn inner(&self) -> Option<crate::Inner<'_>> {
        None
    }
}

/// The name of the setting that says that this person has agreed that this app may know who they are.
pub fn agreement(person: Id, app: &str) -> String {
    format!("agreed/{app}/{person}")
}

/// A record as it is to be.
#[derive(Clone)]
pub struct Replacement {
    /// Its id.
    pub id: Id,
    /// The version that was read.
    pub version: i64,
    /// What is done to it, for the vendors who are told.
    pub action: Action,
    /// What it is to be; none takes it away. One that was deleted comes back.
    pub draft: Option<Draft>,
}

impl Replacement {
    /// A record that was read becomes this.
    pub fn of<E: Entity>(record: &Record, action: Action, entity: &E) -> Result<Self, Error> {
        Ok(Self { id: record.id, version: record.version, action, draft: Some(Draft::of(entity)?) })
    }
}

/// A record as it is read.
#[derive(Clone)]
pub struct Record {
    /// Its id.
    pub id: Id,
    /// Its kind.
    pub kind: Kind,
    /// How often it was written.
    pub version: i64,
    /// The entity as JSON.
    pub doc: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last written.
    pub changed_at: Timestamp,
    /// Whether it is gone.
    pub deleted: bool,
}

impl Record {
    /// The entity.
    pub fn read<E: Entity>(&self) -> Result<E, Error> {
        if self.kind != E::KIND {
            return Err(Error::internal(format!("record {} is a {}, not a {}", self.id, self.kind, E::KIND)));
        }
        serde_json::from_str(&self.doc)
            .map_err(|error| Error::internal(format!("record {} cannot be read", self.id)).caused_by(error))
    }

    /// The entity's fields as they stand in the document.
    pub fn read_fields(&self) -> Result<Map<String, Value>, Error> {
        serde_json::from_str(&self.doc)
            .map_err(|error| Error::internal(format!("record {} cannot be read", self.id)).caused_by(error))
    }
}

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The document holds personal data.
        write!(f, "Record({} {} v{})", self.kind, self.id, self.version)
    }
}

/// Which records to list. All conditions must hold.
#[derive(Clone)]
pub struct Query {
    /// The kind.
    pub kind: Kind,
    /// Looked-up fields and their values.
    pub keys: Vec<(&'static str, String)>,
    /// Other fields (`status`, `phase.value`) and the values of which each must have one.
    pub fields: Vec<(&'static str, Vec<String>)>,
    /// Business date from this day on.
    pub date_from: Option<LocalDate>,
    /// Business date up to this day.
    pub date_to: Option<LocalDate>,
    /// Other dates: field, from, to; inclusive.
    pub field_dates: Vec<(&'static str, Option<LocalDate>, Option<LocalDate>)>,
    /// In which order.
    pub order: Order,
    /// How many to pass over.
    pub offset: u64,
    /// How many to give at most.
    pub limit: u32,
}

/// In which order records come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As they were first stored.
    #[default]
    Stored,
    /// By business date and then as stored; those without a date are left out.
    Dated,
    /// The same the other way round.
    Latest,
    /// By this looked-up field, the last first; those without it are left out.
    Last(&'static str),
}

impl std::fmt::Debug for Query {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The values may be numbers and names of people.
        write!(f, "Query({})", self.kind)
    }
}

impl Query {
    /// All live records of a kind, up to the limit.
    pub fn of(kind: Kind, limit: u32) -> Self {
        Self {
            kind,
            keys: Vec::new(),
            fields: Vec::new(),
            date_from: None,
            date_to: None,
            field_dates: Vec::new(),
            order: Order::default(),
            offset: 0,
            limit,
        }
    }

    /// Adds a looked-up field's value.
    #[must_use]
    pub fn key(mut self, lookup: &'static str, value: impl Into<String>) -> Self {
        self.keys.push((lookup, value.into()));
        self
    }
}

/// Something that happened and is no change of a record.
#[derive(Clone, Debug)]
pub struct Announcement {
    /// What: `visit.notified`.
    pub topic: &'static str,
    /// About which record.
    pub record: Id,
    /// The same happening twice has the same key.
    pub key: String,
}

/// What a token stands for.
#[derive(Clone, Debug)]
pub struct Token {
    /// What its maker put in.
    pub payload: Value,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When it was used up.
    pub used_at: Option<Timestamp>,
}
