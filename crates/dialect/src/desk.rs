//! How a face finds out who calls, and what the hub mounts.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use tongshi_model::{Error, Id, Secret};

use crate::{Message, Reply, Workforce};

/// The apps of all workspaces, as a face asks for them.
#[async_trait]
pub trait Desk: Send + Sync + 'static {
    /// The app that holds this key for this face.
    async fn by_key(&self, face: &'static str, key_id: &str) -> Result<Option<Arc<Grant>>, Error>;

    /// The app for which this token was issued for this purpose, while it is valid.
    async fn by_token(&self, purpose: &'static str, token: &str) -> Result<Option<Arc<Grant>>, Error>;
}

/// A calling app and what it may see.
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
    /// The app's workspace as far as it may see it.
    pub workforce: Arc<dyn Workforce>,
}

impl Grant {
    /// Whether the app may call this operation.
    pub fn allows(&self, operation: &str) -> bool {
        let Some(allowed) = &self.operations else { return true };
        allowed.iter().any(|name| match name.strip_suffix('*') {
            Some(prefix) => operation.starts_with(prefix),
            None => name == operation,
        })
    }

    /// A text among the settings.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).and_then(Value::as_str)
    }
}

/// The served half of a dialect.
#[async_trait]
pub trait Face: Send + Sync + 'static {
    /// Answers as the vendor would.
    async fn answer(&self, message: Message) -> Reply;
}
