//! Ways for a client to reach something that answers in the same process.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{Face, Message, Reply, Transport, TransportError};

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
