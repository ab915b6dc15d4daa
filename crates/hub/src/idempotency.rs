//! Changes that happen once however often they are asked for: the first answer to a request with an Idempotency-Key is
//! stored in the transaction of its effect and given again (IETF draft-ietf-httpapi-idempotency-key-header).

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use sha2::{Digest as _, Sha256};
use tongshi_model::{Error, Id};
use tongshi_store::{Connection, Session, Workspace, idempotency};

use crate::{Hub, Principal, workforce::WRITTEN, workforce::later};

/// So long an answer is given again.
pub const ANSWERS_KEPT_SECONDS: i64 = 72 * 60 * 60;

/// The longest key.
pub const KEY_CHARS_MAX: usize = 255;

/// A key as an app sent it, and what recognises the request that it came with.
#[derive(Clone)]
pub struct IdempotencyKey {
    name: String,
    request: Vec<u8>,
}

impl IdempotencyKey {
    /// The key of a request that consists of these parts: method, path, body.
    pub fn new(name: &str, request: &[&[u8]]) -> Result<Self, Error> {
        let visible = name.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        if name.is_empty() || name.len() > KEY_CHARS_MAX || !visible {
            let text = format!("an Idempotency-Key has 1 to {KEY_CHARS_MAX} visible ASCII characters");
            return Err(Error::invalid("Idempotency-Key", text));
        }
        let mut sha = Sha256::new();
        for part in request {
            // Lengths keep the parts apart.
            sha.update((part.len() as u64).to_be_bytes());
            sha.update(part);
        }
        Ok(Self { name: name.to_owned(), request: sha.finalize().to_vec() })
    }
}

impl std::fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IdempotencyKey")
    }
}

/// An answer: a status as the surface counts them, and the body.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The body holds personal data.
        write!(f, "Answer({}, {} bytes)", self.status, self.body.len())
    }
}

/// Whether a request is new.
pub enum Begun {
    /// It was answered before.
    Before(Answer),
    /// It is new: its effect goes into this transaction.
    Now(Box<Once>),
    /// It is being answered at this moment.
    InFlight,
    /// The key came with another request before.
    OtherRequest,
}

/// A transaction for the effect of one request of an app, and for its answer.
pub struct Once {
    pub(crate) session: Session,
    pub(crate) workspace: Workspace,
    /// The connection that owns what apps write.
    pub(crate) apps: Connection,
    app: Id,
    key: Option<(IdempotencyKey, Flight)>,
}

impl Once {
    /// Stores the answer beside the effect and makes both permanent.
    pub async fn finish(mut self, answer: &Answer) -> Result<(), Error> {
        if let Some((key, _flight)) = &self.key {
            let kept = idempotency::Kept {
                request: key.request.clone(),
                status: answer.status,
                body: answer.body.clone(),
                created_at: self.session.now(),
            };
            idempotency::keep(&mut self.session, &self.workspace, self.app, &key.name, kept).await?;
        }
        self.session.commit().await
    }

    /// Makes the effect permanent where nobody asks for the answer again.
    pub(crate) async fn commit(self) -> Result<(), Error> {
        self.session.commit().await
    }
}

/// The keys whose requests this process is answering.
#[derive(Clone, Default)]
pub(crate) struct Flights(Arc<Mutex<HashSet<i64>>>);

/// One of them, until it is dropped.
struct Flight(Flights, i64);

impl Flights {
    fn board(&self, number: i64) -> Option<Flight> {
        let new = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(number);
        new.then(|| Flight(self.clone(), number))
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

impl Hub {
    /// Begins what an app asks for; with a key at most once.
    pub async fn begin(&self, principal: &Principal, key: Option<IdempotencyKey>) -> Result<Begun, Error> {
        self.begin_for(&principal.workspace, principal.app.id, key).await
    }

    /// The same for an app of a face.
    pub(crate) async fn begin_for(
        &self,
        workspace: &Workspace,
        app: Id,
        key: Option<IdempotencyKey>,
    ) -> Result<Begun, Error> {
        let workspace = workspace.clone();
        let mut flight = None;
        if let Some(key) = &key {
            // The flight is known before the transaction begins, so that twins do not queue for it.
            let Some(boarded) = self.0.flights.board(lock_number(&workspace, app, &key.name)) else {
                return Ok(Begun::InFlight);
            };
            flight = Some(boarded);
        }
        let apps = self.local_connection(&workspace, WRITTEN).await?;
        let mut session = self.store().write().await?;
        if let (Some(key), Some(flight)) = (&key, &flight) {
            if !idempotency::lock(&mut session, flight.1).await? {
                return Ok(Begun::InFlight);
            }
            let kept = idempotency::find(&mut session, &workspace, app, &key.name).await?;
            let valid =
                |kept: &idempotency::Kept| later(kept.created_at, ANSWERS_KEPT_SECONDS) > self.clock().now();
            if let Some(kept) = kept.filter(valid) {
                if kept.request != key.request {
                    return Ok(Begun::OtherRequest);
                }
                return Ok(Begun::Before(Answer { status: kept.status, body: kept.body }));
            }
        }
        Ok(Begun::Now(Box::new(Once { session, workspace, apps, app, key: key.zip(flight) })))
    }

    /// Removes answers that are no longer given again, and says how many.
    pub async fn sweep_answers(&self) -> Result<u64, Error> {
        let before = later(self.clock().now(), -ANSWERS_KEPT_SECONDS);
        let mut session = self.store().write().await?;
        let swept = idempotency::sweep(&mut session, before).await?;
        session.commit().await?;
        Ok(swept)
    }
}

/// The number under which replicas keep each other from answering one request twice.
fn lock_number(workspace: &Workspace, app: Id, name: &str) -> i64 {
    let id = Id::of(&["idempotency", &workspace.id.to_string(), &app.to_string(), name]);
    let mut first = [0; 8];
    first.copy_from_slice(&id.as_bytes()[8..]);
    i64::from_be_bytes(first)
}
