//! Vendors that answer on two hosts.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{Message, Reply, Transport, TransportError};

/// A way to both hosts: to the second for the paths that are its own, to the first for all others. Where there is no
/// second, the first is both.
pub fn two_hosts(
    first: Arc<dyn Transport>,
    second: Option<Arc<dyn Transport>>,
    is_seconds: fn(&str) -> bool,
) -> Arc<dyn Transport> {
    match second {
        Some(second) => Arc::new(Hosts { first, second, is_seconds }),
        None => first,
    }
}

struct Hosts {
    first: Arc<dyn Transport>,
    second: Arc<dyn Transport>,
    is_seconds: fn(&str) -> bool,
}

#[async_trait]
impl Transport for Hosts {
    async fn send(&self, message: Message) -> Result<Reply, TransportError> {
        let host = if (self.is_seconds)(&message.path) { &self.second } else { &self.first };
        host.send(message).await
    }
}
