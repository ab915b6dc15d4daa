//! A vendor's access token, fetched once for all who call: vendors throttle those who ask for tokens too often, and some
//! void the old token when they give a new one.

use std::{collections::HashMap, future::Future, pin::Pin, sync::Arc};

use async_trait::async_trait;
use tokio::sync::Mutex;
use tongshi_model::{Clock, Error, Secret, Timestamp};

/// The shortest life that a token is believed to have. A vendor that says less, or nothing sensible, would be asked
/// for a token before every call.
const SECONDS_MIN: i64 = 60;

/// A token is renewed this long before its end, so that it does not die on its way.
const MARGIN_SECONDS: i64 = 30;

/// A token that a vendor gave.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The token.
    pub token: Secret,
    /// For how long it is good.
    pub lifetime_seconds: i64,
}

impl Fetched {
    /// A token with the life that the vendor told, or its usual one; never less than a minute, never more than usual.
    pub fn new(token: impl Into<String>, told_seconds: Option<i64>, usual_seconds: i64) -> Self {
        let told = told_seconds.filter(|told| *told > 0).unwrap_or(usual_seconds);
        Self {
            token: Secret::new(token),
            lifetime_seconds: told.clamp(SECONDS_MIN, usual_seconds.max(SECONDS_MIN)),
        }
    }

    /// When it is to be renewed.
    pub fn renew_at(&self, now: Timestamp) -> Timestamp {
        let margin = MARGIN_SECONDS.min(self.lifetime_seconds / 2);
        let seconds = now.as_second().saturating_add(self.lifetime_seconds - margin);
        Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
    }
}

/// Gets a token from the vendor; run only when there is none.
pub type Fetch<'a> = Pin<Box<dyn Future<Output = Result<Fetched, Error>> + Send + 'a>>;

/// The tokens of one connection, shared by everything that calls through it, on every replica.
#[async_trait]
pub trait Tokens: Send + Sync + 'static {
    /// The token of this name. Of all who ask at once, one fetches and the others wait for it.
    async fn get(&self, name: &'static str, fetch: Fetch<'_>) -> Result<Secret, Error>;

    /// Notes that the vendor no longer takes this token; the next who asks fetches another.
    async fn refused(&self, name: &'static str, token: &Secret) -> Result<(), Error>;
}

/// Tokens kept in memory, for a connection that is only being tried and for tests.
pub struct MemoryTokens {
    clock: Arc<dyn Clock>,
    kept: Mutex<HashMap<&'static str, (Secret, Timestamp)>>,
}

impl MemoryTokens {
    /// No tokens yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, kept: Mutex::default() }
    }
}

#[async_trait]
impl Tokens for MemoryTokens {
    async fn get(&self, name: &'static str, fetch: Fetch<'_>) -> Result<Secret, Error> {
        // Held while fetching: that is what makes the others wait.
        let mut kept = self.kept.lock().await;
        if let Some((token, renew_at)) = kept.get(name)
            && *renew_at > self.clock.now()
        {
            return Ok(token.clone());
        }
        let fetched = fetch.await?;
        kept.insert(name, (fetched.token.clone(), fetched.renew_at(self.clock.now())));
        Ok(fetched.token)
    }

    async fn refused(&self, name: &'static str, token: &Secret) -> Result<(), Error> {
        let mut kept = self.kept.lock().await;
        if kept.get(name).is_some_and(|(known, _)| known == token) {
            kept.remove(name);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_believed_within_reason() {
        let life = |told| Fetched::new("t", told, 7200).lifetime_seconds;
        assert_eq!(life(Some(3600)), 3600);
        assert_eq!(life(None), 7200);
        assert_eq!(life(Some(0)), 7200);
        assert_eq!(life(Some(-5)), 7200);
        assert_eq!(life(Some(1)), SECONDS_MIN);
        assert_eq!(life(Some(1_000_000_000_000)), 7200);
    }
}
