//! How a vendor tells apps what has happened: what it sends, what it takes for an answer, and when it tries again.

use std::{fmt, time::Duration};

use serde_json::Value;
use tongshi_model::{Randomness, Secret, Timestamp};

use crate::{Message, Record, Reply};

/// A vendor's manner of telling apps.
pub trait Events: Send + Sync + 'static {
    /// The message that the vendor would send; none where it would send none.
    fn make(&self, ask: &EventAsk<'_>) -> Option<Result<Message, tongshi_model::Error>>;

    /// Whether the answer says that it was taken, or why not. The reason must quote nothing of the answer.
    fn accepted(&self, _ask: &EventAsk<'_>, reply: &Reply) -> Result<(), String> {
        if reply.status.is_success() { Ok(()) } else { Err(format!("it answered {}", reply.status.as_u16())) }
    }

    /// The vendor's own waits between attempts, after the last of which it gives up; none for the hub's.
    fn delays(&self) -> Option<&'static [Duration]> {
        None
    }

    /// Which of the app's keys at the face signs, by the vendor's name for its public half; none for the first kind.
    fn signs_with(&self) -> Option<&'static str> {
        None
    }

    /// What its face announces beside changes of records: `visit.notified`.
    fn topics(&self) -> &'static [&'static str] {
        &[]
    }
}

/// What an event is made of. The same event is made anew for each attempt.
pub struct EventAsk<'a> {
    /// What happened: `created` (also of what came back), `updated`, `deleted`, or what was announced.
    pub topic: &'a str,
    /// About which record, as the app may see it. A deleted one is given as it last was.
    pub record: Option<&'a Record>,
    /// The record before an update, as the app may see it.
    pub before: Option<&'a Record>,
    /// Where it goes, as the app gave it.
    pub address: &'a str,
    /// What the app said of the endpoint beside its address, its secrets too; the app's own settings where the endpoint
    /// follows one of those.
    pub settings: &'a Value,
    /// The id and the secret of the app's key of the kind that signs here, if it has one.
    pub key: Option<(&'a str, &'a Secret)>,
    /// The message's id, the same at every attempt.
    pub id: &'a str,
    /// The time of this attempt.
    pub now: Timestamp,
    /// Randomness for nonces.
    pub randomness: &'a dyn Randomness,
}

impl fmt::Debug for EventAsk<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Address, settings and key are secrets.
        write!(f, "EventAsk({} {})", self.id, self.topic)
    }
}

/// An endpoint that an app registers at a vendor's face.
#[derive(Clone)]
pub struct EndpointDraft {
    /// The vendor in whose manner it is told.
    pub manner: &'static str,
    /// Which of the app's endpoints of this manner; saved again under its name, it replaces.
    pub name: String,
    /// Where messages go.
    pub url: String,
    /// What else the vendor wants to know: tags, token, keys. Kept encrypted.
    pub settings: Value,
}

/// An endpoint as its face sees it.
#[derive(Clone)]
pub struct RegisteredEndpoint {
    /// Its name among the app's endpoints of this manner.
    pub name: String,
    /// Where messages go.
    pub url: String,
    /// What else the app said.
    pub settings: Value,
    /// Whether it is on.
    pub enabled: bool,
}

impl fmt::Debug for EndpointDraft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EndpointDraft({} {})", self.manner, self.name)
    }
}

impl fmt::Debug for RegisteredEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RegisteredEndpoint({}, enabled: {})", self.name, self.enabled)
    }
}

/// A message that was given up, or has failed and is tried again.
#[derive(Clone, Debug, PartialEq)]
pub struct FailedDelivery {
    /// The endpoint's name.
    pub endpoint: String,
    /// The message's id.
    pub id: String,
    /// What happened: `employee.updated`.
    pub topic: String,
    /// About which record.
    pub record: Option<tongshi_model::Id>,
    /// When it was first to be sent.
    pub at: Timestamp,
    /// How often it was sent.
    pub attempts: u32,
    /// Whether it is tried no more.
    pub given_up: bool,
    /// Why it failed.
    pub error: Option<String>,
}
