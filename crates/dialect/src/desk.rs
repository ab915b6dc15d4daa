//! How a face finds out who calls, and what the hub mounts.

use std::{any::Any, net::IpAddr, sync::Arc, time::Duration};

use async_trait::async_trait;
use serde_json::Value;
use tongshi_model::{Error, Id, Secret};

use crate::{
    Addresses, Attempt, AuthFault, Disclosed, Explanation, Limiter, Message, Quota, Reply, Standing, Wait,
    Workforce,
};

/// The apps of all workspaces, as a face asks for them.
#[async_trait]
pub trait Desk: Send + Sync + 'static {
    /// The app that holds this key for this face. `name` is the vendor's name for the public half, so that what one
    /// pair is for cannot be done with another.
    async fn by_key(
        &self,
        face: &'static str,
        name: &'static str,
        key_id: &str,
    ) -> Result<Option<Arc<Grant>>, Error>;

    /// The app for which this token was issued for this purpose, while it is valid.
    async fn by_token(&self, purpose: &'static str, token: &str) -> Result<Option<Arc<Grant>>, Error>;

    /// Where this face is reached from outside, as the installation is configured; never what a caller says of it.
    fn public_url(&self, _face: &str) -> Option<String> {
        None
    }

    /// Whether somebody may try to prove who they are. After too many failures they may not, for a while: what they
    /// show is then not looked at.
    fn may_try(&self, attempt: &Attempt<'_>) -> Result<(), Wait>;

    /// Counts a proof that was wrong; `grant` is the app that was named, if there is one.
    async fn failed(&self, attempt: &Attempt<'_>, grant: Option<&Grant>);

    /// Notes that a proof was right.
    fn passed(&self, attempt: &Attempt<'_>);

    /// A call was answered, and the answer has not left yet: for the audit trail and the log of requests. An error
    /// means that the answer must not leave.
    async fn called(&self, _call: Called<'_>) -> Result<(), Error> {
        Ok(())
    }
}

/// What a face did with a call.
pub struct Called<'a> {
    /// The face.
    pub face: &'static str,
    /// The operation and its path; none where the face has none for this path.
    pub operation: Option<(&'static str, &'static str)>,
    /// The call.
    pub message: &'a Message,
    /// The app, where it is known; it need not have proven itself.
    pub grant: Option<&'a Arc<Grant>>,
    /// The answer.
    pub reply: &'a Reply,
    /// Why there is none but a fault.
    pub fault: Option<&'a Refusal>,
    /// Records with restricted fields from which the answer was made. The same answer given again has the same list.
    pub seen: Option<&'a Arc<[Disclosed]>>,
    /// How long it took.
    pub took: Duration,
}

/// Why a call got a fault.
#[derive(Debug, Default)]
pub struct Refusal {
    /// The vendor's code for it.
    pub code: Option<String>,
    /// The fault's text.
    pub text: String,
    /// What was wrong with the proof, where that was it.
    pub proof: Option<AuthFault>,
    /// How the face computed what is signed, where a signature is wrong.
    pub explained: Option<Explanation>,
}

/// What the hub knows a grant's workforce by. Faces do not look into it.
pub type Inner<'a> = &'a (dyn Any + Send + Sync);

/// Whether a list of names, or of prefixes with `*`, allows an operation.
pub fn allowed_operation(allowed: &[String], operation: &str) -> bool {
    allowed.iter().any(|name| match name.strip_suffix('*') {
        Some(prefix) => operation.starts_with(prefix),
        None => name == operation,
    })
}

/// A calling app and what it may see.
#[derive(Clone)]
pub struct Grant {
    /// The app.
    pub app: Id,
    /// Its name.
    pub name: String,
    /// The id of the key that was shown.
    pub key_id: String,
    /// The secret that belongs to it; for a token the token itself.
    pub secret: Secret,
    /// Whether somebody switched the app off.
    pub disabled: bool,
    /// Operations it may call, by name or by prefix with `*`; none means all of the face.
    pub operations: Option<Vec<String>>,
    /// The app's settings, such as its callback address.
    pub settings: Value,
    /// From where it may call; empty for everywhere.
    pub addresses: Addresses,
    /// Where a browser may be sent back to, each exactly as registered.
    pub redirect_uris: Vec<String>,
    /// What counts its calls.
    pub limiter: Arc<Limiter>,
    /// The app's workspace as far as it may see it.
    pub workforce: Arc<dyn Workforce>,
}

impl Grant {
    /// Whether the app may call this operation.
    pub fn allows(&self, operation: &str) -> bool {
        self.operations.as_ref().is_none_or(|allowed| allowed_operation(allowed, operation))
    }

    /// Whether the app may call from this address. One that is not known is none of a list.
    pub fn admits(&self, peer: Option<IpAddr>) -> bool {
        self.addresses.is_empty() || peer.is_some_and(|peer| self.addresses.hold(peer))
    }

    /// A text among the settings.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).and_then(Value::as_str)
    }

    /// Where a browser may be sent back to: what was registered, and the setting `callback_url`.
    pub fn redirect_uris(&self) -> impl Iterator<Item = &str> {
        self.redirect_uris.iter().map(String::as_str).chain(self.setting("callback_url"))
    }

    /// Takes one call out of what the app may do of this: an interface that a vendor limits.
    pub fn within(&self, what: &'static str, quota: Quota) -> Result<Standing, Wait> {
        self.limiter.take(self.app, what, quota)
    }
}

/// The served half of a dialect.
#[async_trait]
pub trait Face: Send + Sync + 'static {
    /// Answers as the vendor would.
    async fn answer(&self, message: Message) -> Reply;

    /// Whether the vendor packs its answers for those who take them packed.
    fn packs(&self) -> bool {
        false
    }
}
