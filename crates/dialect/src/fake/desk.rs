//! The apps of one workspace in memory, and wires that end in the same process.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use serde_json::Value;
use tongshi_model::{Clock, Error, Id, Secret};

use super::FakeWorkforce;
use crate::{
    Addresses, Attempt, Attempts, Desk, Face, Grant, Limiter, Message, Patience, Reply, Token, Transport,
    TransportError, Wait, Workforce,
};

/// The apps of one workspace in memory.
pub struct FakeDesk {
    workforce: Arc<FakeWorkforce>,
    clock: Arc<dyn Clock>,
    apps: Mutex<Vec<(&'static str, Arc<Grant>)>>,
    attempts: Attempts,
    limiter: Arc<Limiter>,
}

impl FakeDesk {
    /// A desk without apps.
    pub fn new(workforce: Arc<FakeWorkforce>, clock: Arc<dyn Clock>) -> Arc<Self> {
        let (attempts, limiter) = (Attempts::new(Patience::default()), Limiter::new(Arc::clone(&clock)));
        Arc::new(Self { workforce, clock, apps: Mutex::default(), attempts, limiter: Arc::new(limiter) })
    }

    /// Registers an app for a face.
    pub fn register(&self, face: &'static str, key_id: &str, secret: &str, settings: Value) {
        self.register_with(face, key_id, secret, settings, |_| {});
    }

    /// Registers an app for a face and changes what it may.
    pub fn register_with(
        &self,
        face: &'static str,
        key_id: &str,
        secret: &str,
        settings: Value,
        change: impl FnOnce(&mut Grant),
    ) {
        let mut grant = Grant {
            app: Id::of(&["app", key_id]),
            name: key_id.to_owned(),
            key_id: key_id.to_owned(),
            secret: Secret::new(secret),
            disabled: false,
            operations: None,
            settings,
            addresses: Addresses::default(),
            redirect_uris: Vec::new(),
            limiter: Arc::clone(&self.limiter),
            workforce: Arc::clone(&self.workforce) as Arc<dyn Workforce>,
        };
        change(&mut grant);
        self.apps().push((face, Arc::new(grant)));
    }

    fn apps(&self) -> MutexGuard<'_, Vec<(&'static str, Arc<Grant>)>> {
        self.apps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Desk for FakeDesk {
    /// An app here has one key, which stands for every kind of key.
    async fn by_key(
        &self,
        face: &'static str,
        _name: &'static str,
        key_id: &str,
    ) -> Result<Option<Arc<Grant>>, Error> {
        let apps = self.apps();
        let found = apps.iter().find(|(of, grant)| *of == face && grant.key_id == key_id);
        Ok(found.map(|(_, grant)| Arc::clone(grant)))
    }

    async fn by_token(&self, purpose: &'static str, token: &str) -> Result<Option<Arc<Grant>>, Error> {
        let now = self.clock.now();
        let known = self.workforce.token(purpose, token).await?;
        let over = |known: &Token| {
            known.used_at.is_some() || known.expires_at.is_some_and(|expires_at| expires_at <= now)
        };
        if known.as_ref().is_none_or(over) {
            return Ok(None);
        }
        Ok(self
            .apps()
            .first()
            .map(|(_, grant)| Arc::new(Grant { secret: Secret::new(token), ..Grant::clone(grant) })))
    }

    fn public_url(&self, face: &str) -> Option<String> {
        Some(format!("https://hub.example.com/d/{face}"))
    }

    fn may_try(&self, attempt: &Attempt<'_>) -> Result<(), Wait> {
        self.attempts.check(attempt, self.clock.now())
    }

    async fn failed(&self, attempt: &Attempt<'_>, _grant: Option<&Grant>) {
        self.attempts.failed(attempt, self.clock.now());
    }

    fn passed(&self, attempt: &Attempt<'_>) {
        self.attempts.passed(attempt, self.clock.now());
    }
}

/// A transport that ends at a face in the same process.
pub struct Loopback(pub Arc<dyn Face>);

#[async_trait]
impl Transport for Loopback {
    async fn send(&self, message: Message) -> Result<Reply, TransportError> {
        Ok(self.0.answer(message).await)
    }
}

/// A transport that answers by a function.
pub struct Scripted<F>(pub F);

#[async_trait]
impl<F: Fn(Message) -> Result<Reply, TransportError> + Send + Sync + 'static> Transport for Scripted<F> {
    async fn send(&self, message: Message) -> Result<Reply, TransportError> {
        (self.0)(message)
    }
}
