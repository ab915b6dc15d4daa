//! Waiting without waiting: tests lose no time, and where they want it the clock moves as if time had passed.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tongshi_hub::Waiting;
use tongshi_model::FixedClock;

/// Waits that are over at once.
#[derive(Clone, Debug, Default)]
pub struct VirtualWaits(Option<Arc<FixedClock>>);

impl VirtualWaits {
    /// Each wait moves this clock.
    pub fn moving(clock: Arc<FixedClock>) -> Self {
        Self(Some(clock))
    }
}

#[async_trait]
impl Waiting for VirtualWaits {
    async fn wait(&self, time: Duration) {
        if let Some(clock) = &self.0 {
            clock.advance(time);
        }
        tokio::task::yield_now().await;
    }
}
