//! People signing in through a vendor: out to its page, back with a code, into a session. No vendor is known here (the
//! connector speaks to it) and no cookie (the surface carries what is handed out).
//!
//! Whoever lets people in by other means, or hands sessions on, needs [`Hub::signed_in`] and nothing else of this.

mod arrive;
mod depart;
mod link;
mod sessions;

use std::net::IpAddr;

use base64::Engine as _;
use sha2::{Digest as _, Sha256};
use tongshi_dialect::{Attempt, SignInFault};
use tongshi_model::{Error, ErrorKind, Id, Secret};
use tongshi_oauth::is_registrable;
use tongshi_store::{Connection, Workspace, connections, workspaces};

use crate::{AuditEntry, Hub, connections::Opened};

pub use arrive::{Arrived, NewSession, Question};
pub use depart::Departing;
pub use sessions::{SessionPage, SessionQuery, SessionView, SignedIn};

/// Under this name sign-ins are counted and limited.
const PLACE: &str = "login";

/// What attempts are kept as, and how long somebody may take at the vendor.
const ATTEMPT: &str = "sign_in";
const ATTEMPT_SECONDS: i64 = 900;

/// What waits for somebody's word that it is they who came.
const QUESTION: &str = "sign_in.question";
const QUESTION_SECONDS: i64 = 300;

/// Tokens of 256 bits, as [`Hub::token`] writes them.
const TOKEN_CHARS: usize = 43;

/// Why nobody is signed in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSignedIn {
    /// Nobody signs in there.
    #[error("nobody signs in through this connection")]
    NoConnection,
    /// The connection lacks something; for its administrator.
    #[error("the connection is not ready for sign-in: {0}")]
    NotReady(String),
    /// Somebody wanted to be led to an address that is not registered.
    #[error("the address to return to is not registered")]
    ReturnTo,
    /// Nobody was sent out with this state, or it was used, is over, or another browser has it.
    #[error("the sign-in was not begun in this browser, was used, or is over")]
    State,
    /// The person did not agree.
    #[error("the person or the vendor refused")]
    Denied,
    /// The vendor's code is not valid.
    #[error("the vendor does not take the code")]
    Code,
    /// What came back is not for us, or no return at all.
    #[error("the return is not one of this sign-in")]
    Return,
    /// Whoever it is may not sign in: no employee, somebody who has left, a closed account.
    #[error("the account may not sign in")]
    Account,
    /// The vendor cannot be asked for now.
    #[error("the vendor cannot be asked")]
    Vendor,
    /// Too much from there; after so many seconds again.
    #[error("too many attempts came from there")]
    Limited(u64),
    /// We failed.
    #[error("the hub failed")]
    Ours,
}

impl From<Error> for NotSignedIn {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound => Self::NoConnection,
            ErrorKind::Limited(wait) => Self::Limited(wait.map_or(1, |wait| wait.as_secs().max(1))),
            ErrorKind::Invalid(_) => Self::NotReady(error.public().to_owned()),
            ErrorKind::Upstream => Self::Vendor,
            ErrorKind::Conflict
            | ErrorKind::Unauthenticated
            | ErrorKind::Forbidden
            | ErrorKind::Unavailable
            | ErrorKind::Gone
            | ErrorKind::Internal => {
                tracing::error!(reason = %error, cause = %error.private(), "a sign-in failed");
                Self::Ours
            }
        }
    }
}

impl From<SignInFault> for NotSignedIn {
    fn from(fault: SignInFault) -> Self {
        match fault {
            SignInFault::Denied => Self::Denied,
            SignInFault::Malformed(_) | SignInFault::Foreign(_) => Self::Return,
            SignInFault::Code => Self::Code,
            SignInFault::Vendor(reason) => {
                tracing::warn!(reason, "a vendor could not be asked who signs in");
                Self::Vendor
            }
        }
    }
}

/// A connection through which people sign in.
struct Gate {
    workspace: Workspace,
    opened: Opened,
    redirect_uri: String,
}

impl Gate {
    fn name(&self) -> &str {
        &self.opened.connection.name
    }

    /// Whether browsers come here over TLS, so that what they keep may travel over TLS only.
    fn secure(&self) -> bool {
        self.redirect_uri.starts_with("https://")
    }
}

impl Hub {
    /// The connection with this id, or the only one of all workspaces with this name.
    async fn gate(&self, connection: &str) -> Result<Gate, NotSignedIn> {
        let (workspace, found) = self.named(connection).await?.ok_or(NotSignedIn::NoConnection)?;
        let redirect_uri = self.unseal(&workspace, &found)?;
        let redirect_uri = redirect_uri.get("redirect_uri").map(|uri| uri.expose().to_owned());
        let opened = self.open_connection(&workspace, found)?;
        if opened.connector.sign_in().is_none() {
            return Err(NotSignedIn::NoConnection);
        }
        // Host and scheme are nobody's word: where people come back to is part of the account.
        let redirect_uri = redirect_uri.filter(|uri| is_registrable(uri)).ok_or_else(|| {
            NotSignedIn::NotReady(
                "its redirect_uri must be an https address, or http to this machine".to_owned(),
            )
        })?;
        Ok(Gate { workspace, opened, redirect_uri })
    }

    async fn named(&self, connection: &str) -> Result<Option<(Workspace, Connection)>, Error> {
        let id: Option<Id> = connection.parse().ok();
        let mut session = self.store().read().await?;
        let mut found = None;
        for workspace in workspaces::all(&mut session).await? {
            for known in connections::all(&mut session, &workspace).await? {
                if known.disabled || (known.name != connection && Some(known.id) != id) {
                    continue;
                }
                if found.is_some() {
                    // Two workspaces have the name, so that only an id says which is meant.
                    return Ok(None);
                }
                found = Some((workspace.clone(), known));
            }
        }
        Ok(found)
    }

    /// Refuses who has shown too much that was wrong.
    fn may_sign_in(&self, gate: &Gate, peer: Option<IpAddr>) -> Result<(), NotSignedIn> {
        let id = gate.opened.connection.id.to_string();
        let open = self.listens(&Attempt { peer, place: PLACE, id: &id });
        open.map_err(|wait| NotSignedIn::Limited(wait.seconds()))
    }

    /// Notes a return that nobody was sent out for. Anybody can send those, so they are counted and not listed.
    async fn astray(&self, gate: &Gate, peer: Option<IpAddr>) -> NotSignedIn {
        self.guessed(gate, peer).await;
        self.refused(&gate.workspace, "unknown", PLACE, &NotSignedIn::State.to_string());
        NotSignedIn::State
    }

    async fn guessed(&self, gate: &Gate, peer: Option<IpAddr>) {
        let id = gate.opened.connection.id.to_string();
        self.count_failure(&Attempt { peer, place: PLACE, id: &id }, None).await;
    }

    fn right(&self, gate: &Gate, peer: Option<IpAddr>) {
        let id = gate.opened.connection.id.to_string();
        self.passed(&Attempt { peer, place: PLACE, id: &id });
    }
}

/// Of a sign-in that came to nothing.
fn refusal(gate: &Gate, way: &str, why: &NotSignedIn, peer: Option<IpAddr>) -> AuditEntry {
    let detail = serde_json::json!({ "way": way, "reason": why.to_string(), "address": peer });
    AuditEntry::refused("unknown", "sign_in", gate.name()).with(detail)
}

/// What is stored of a secret that a browser keeps.
fn browser_mark(browser: &str) -> String {
    hex::encode(Sha256::digest(browser.as_bytes()))
}

/// Whether this could be a token of ours. What is none is never looked for.
fn is_token(text: &str) -> bool {
    text.len() == TOKEN_CHARS
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// The secret of PKCE, which the browser carries without knowing: nothing of it is stored here.
fn verifier(browser: &str, state: &str) -> Secret {
    let digest =
        Sha256::new().chain_update(b"tongshi pkce\0").chain_update(browser).chain_update(state).finalize();
    Secret::new(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest))
}
