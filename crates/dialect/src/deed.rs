//! What belongs together: records and points, written whole or not at all, and once however often it is asked for.

use serde_json::{Map, Value};
use tongshi_model::{Draft, Id, Kind, PointsKind};

/// A deed of an app.
pub struct Deed {
    /// The name under which the same asked again happens once.
    pub once: Option<OnceKey>,
    /// New records.
    pub made: Vec<Draft>,
    /// Records that change.
    pub changed: Vec<Change>,
    /// Points that move. What moves to or from a person becomes a points entry of theirs.
    pub moves: Vec<Movement>,
    /// What is answered, from the ids of the new records; whoever asks again gets the same.
    pub answer: Answer,
}

/// Makes the answer from the ids of the new records.
pub type Answer = Box<dyn Fn(&[Id]) -> Value + Send + Sync>;

impl Default for Deed {
    fn default() -> Self {
        Self {
            once: None,
            made: Vec::new(),
            changed: Vec::new(),
            moves: Vec::new(),
            answer: Box::new(|_| Value::Null),
        }
    }
}

/// An idempotency key, and what recognises the request that it came with.
#[derive(Clone)]
pub struct OnceKey {
    /// The key as it was sent.
    pub name: String,
    /// The request.
    pub request: Vec<u8>,
}

/// A change of a record that the workspace itself owns.
pub struct Change {
    /// The record.
    pub record: Id,
    /// Its kind.
    pub kind: Kind,
    /// The version that was looked at; if it has moved since, nothing happens.
    pub version: i64,
    /// The fields that take the place of the stored ones; null takes one away.
    pub fields: Map<String, Value>,
}

/// Points on their way from one pot to another.
#[derive(Clone, Debug)]
pub struct Movement {
    /// Where they go.
    pub from: Pot,
    /// Where they come.
    pub to: Pot,
    /// How many.
    pub amount: u32,
    /// Why.
    pub kind: PointsKind,
    /// The record behind it.
    pub about: About,
}

/// A record, known or about to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// The record with this id.
    Record(Id),
    /// The new record at this place of the deed.
    Made(usize),
}

/// Where points are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pot {
    /// With a person. Never less than none.
    Person(Id),
    /// What somebody may give away; what was given never exceeds the limit.
    Budget {
        /// Whose, and for which period.
        owner: Id,
        /// How many there are in all.
        limit: u32,
    },
    /// Pieces of a reward; those handed out never exceed what there was.
    Stock {
        /// The reward.
        item: Id,
        /// How many there were at first.
        pieces: u32,
    },
    /// Promised and not decided.
    Held,
    /// The company's, from which points come.
    Issued,
    /// Exchanged for rewards.
    Spent,
    /// Pieces with those who got them.
    HandedOut,
}

/// What became of a deed.
#[derive(Debug)]
pub enum Settled {
    /// It is done.
    Done {
        /// The new records.
        ids: Vec<Id>,
        /// The answer.
        answer: Value,
    },
    /// It was done before, under the same key; this was the answer.
    Before(Value),
    /// There is not enough in this pot; nothing happened.
    Short(Pot),
    /// A record has changed since it was looked at; nothing happened.
    Stale,
    /// The same is being done at this moment.
    InFlight,
    /// The key came with another request before.
    OtherRequest,
}
