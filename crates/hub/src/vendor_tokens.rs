//! Vendors' access tokens: in memory for this process, in the database for all. In a process one task fetches and the
//! others wait at a gate; among processes a claim in the database decides, and a claim that came too late keeps nothing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use tongshi_dialect::{Fetch, Tokens};
use tongshi_model::{Error, Id, Secret, Timestamp};
use tongshi_store::{Connection, Workspace, vendor_tokens};

use crate::{Hub, meters, sync::holder, workforce::later};

/// A fetch is waited for this long before somebody else tries.
const LEASE_SECONDS: i64 = 60;

/// How often a process looks whether another has brought the token.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Which token: the connection, a mark of its account, the name.
type Which = (i64, [u8; 8], &'static str);

/// The tokens that this process knows, and the gates before those that it is fetching.
#[derive(Default)]
pub(crate) struct Shared {
    known: Mutex<HashMap<Which, (Secret, Timestamp)>>,
    gates: Mutex<HashMap<Which, Arc<tokio::sync::Mutex<()>>>>,
}

impl Shared {
    fn token(&self, which: Which, now: Timestamp) -> Option<Secret> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&which).filter(|(_, renew_at)| *renew_at > now).map(|(token, _)| token.clone())
    }

    fn keep(&self, which: Which, token: &Secret, renew_at: Timestamp) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(which, (token.clone(), renew_at));
    }

    fn forget(&self, which: Which, token: &Secret) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.get(&which).is_some_and(|(kept, _)| kept == token) {
            known.remove(&which);
        }
    }

    fn gate(&self, which: Which) -> Arc<tokio::sync::Mutex<()>> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(gates.entry(which).or_default())
    }
}

/// The tokens of one connection.
struct ConnectionTokens {
    hub: Hub,
    connection: i64,
    account: [u8; 8],
    place: String,
}

impl Hub {
    /// The access tokens that everything shares which calls through this connection.
    pub fn vendor_tokens(&self, workspace: &Workspace, connection: &Connection) -> Arc<dyn Tokens> {
        let mut account = [0; 8];
        account.copy_from_slice(&Sha256::digest(&connection.sealed)[..8]);
        let place = format!("token/{}/{}", workspace.id, connection.id);
        Arc::new(ConnectionTokens { hub: self.clone(), connection: connection.no, account, place })
    }
}

#[async_trait]
impl Tokens for ConnectionTokens {
    async fn get(&self, name: &'static str, fetch: Fetch<'_>) -> Result<Secret, Error> {
        let which = (self.connection, self.account, name);
        let shared = &self.hub.0.vendor_tokens;
        if let Some(token) = shared.token(which, self.now()) {
            return Ok(token);
        }
        let gate = shared.gate(which);
        let _first = gate.lock().await;
        if let Some(token) = shared.token(which, self.now()) {
            return Ok(token);
        }
        let claim = self.hub.new_id();
        let (token, renew_at) = match self.stored_or_claimed(name, claim).await? {
            Some(stored) => stored,
            None => self.fetched(name, claim, fetch).await?,
        };
        shared.keep(which, &token, renew_at);
        Ok(token)
    }

    async fn refused(&self, name: &'static str, token: &Secret) -> Result<(), Error> {
        self.hub.0.vendor_tokens.forget((self.connection, self.account, name), token);
        let mut session = self.hub.store().write().await?;
        vendor_tokens::end(&mut session, self.connection, name, &hash(token)).await?;
        session.commit().await
    }
}

impl ConnectionTokens {
    fn now(&self) -> Timestamp {
        self.hub.clock().now()
    }

    /// The token that is stored, or nothing when the fetching is ours. Waits while another process fetches.
    async fn stored_or_claimed(
        &self,
        name: &'static str,
        claim: Id,
    ) -> Result<Option<(Secret, Timestamp)>, Error> {
        let me = format!("{}#{}", holder::current(), self.hub.0.instance);
        loop {
            let mut session = self.hub.store().write().await?;
            let row = vendor_tokens::get(&mut session, self.connection, name).await?;
            let stored = row.as_ref().and_then(|row| Some((row.sealed.as_deref()?, row.renew_at?)));
            if let Some((sealed, renew_at)) = stored.filter(|(_, renew_at)| *renew_at > self.now()) {
                if let Ok(token) = self.unsealed(sealed) {
                    return Ok(Some((token, renew_at)));
                }
                // Sealed with a key that was retired since.
                vendor_tokens::forget(&mut session, self.connection).await?;
            }
            // In this hub the gate lets one through: a claim of our own is one whose task was given up.
            let ended = |holder: &&str| {
                *holder == me || holder.rsplit_once('#').is_some_and(|(process, _)| holder::is_dead(process))
            };
            let dead = row.as_ref().and_then(|row| row.holder.as_deref()).filter(ended);
            let until = later(self.now(), LEASE_SECONDS);
            let claimed =
                vendor_tokens::claim(&mut session, self.connection, name, &me, claim, until, dead).await?;
            session.commit().await?;
            if claimed {
                return Ok(None);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn fetched(
        &self,
        name: &'static str,
        claim: Id,
        fetch: Fetch<'_>,
    ) -> Result<(Secret, Timestamp), Error> {
        let outcome = fetch.await;
        let mut session = self.hub.store().write().await?;
        let fetched = match outcome {
            Ok(fetched) => fetched,
            Err(error) => {
                vendor_tokens::release(&mut session, self.connection, name, claim).await?;
                session.commit().await?;
                return Err(error);
            }
        };
        let sealed =
            self.hub.vault().seal(self.hub.randomness(), &self.place, fetched.token.expose().as_bytes())?;
        let renew_at = fetched.renew_at(self.now());
        let hash = hash(&fetched.token);
        let kept =
            vendor_tokens::put(&mut session, self.connection, name, claim, &sealed, &hash, renew_at).await?;
        session.commit().await?;
        if kept {
            metrics::counter!(meters::VENDOR_TOKENS).increment(1);
            return Ok((fetched.token, renew_at));
        }
        // It took so long that another process fetched a newer one, which may have voided ours.
        let mut session = self.hub.store().read().await?;
        let row = vendor_tokens::get(&mut session, self.connection, name).await?;
        let newer = row.and_then(|row| Some((row.sealed?, row.renew_at?)));
        let (sealed, renew_at) =
            newer.ok_or_else(|| Error::unavailable("the vendor's token is being fetched"))?;
        Ok((self.unsealed(&sealed)?, renew_at))
    }

    fn unsealed(&self, sealed: &[u8]) -> Result<Secret, Error> {
        let token = self.hub.vault().open(&self.place, sealed)?;
        String::from_utf8(token).map(Secret::new).map_err(|_| Error::internal("a token is not UTF-8"))
    }
}

fn hash(token: &Secret) -> Vec<u8> {
    Sha256::digest(token.expose().as_bytes()).to_vec()
}
