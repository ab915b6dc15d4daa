//! Waking those who wait for a commit: at once where this process commits, within a poll where another one does.
//! Nobody who waits holds a session.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::watch;
use tongshi_model::Result;

use crate::{Driver, Store, Workspace, workspaces};

/// How often a PostgreSQL server is asked what other processes have committed, once for all who wait. `NOTIFY` would
/// be told sooner, but every transaction that notifies waits for all others that do.
const POLL: Duration = Duration::from_millis(200);

/// Waits for commits in a workspace that a face or /v1 could show.
pub struct Changed(watch::Receiver<u64>);

impl Changed {
    /// Returns when something was committed since the last return, or since [`Store::changed`]. It may return for
    /// nothing: look again, and wait again. May be dropped and called again without missing anything.
    pub async fn wait(&mut self) {
        if self.0.changed().await.is_err() {
            // The store is gone, and nothing will be committed any more.
            std::future::pending::<()>().await;
        }
    }
}

impl Store {
    /// To be asked for before looking: what is committed after this call ends the wait.
    pub fn changed(&self, workspace: &Workspace) -> Changed {
        let (changed, must_poll) =
            self.bells.listen(workspace.no, matches!(*self.driver, Driver::Postgres(_)));
        if must_poll {
            let store = self.clone();
            tokio::spawn(async move { store.poll().await });
        }
        changed
    }

    /// Looks at the epochs of the workspaces that somebody waits for, until nobody does.
    async fn poll(&self) {
        let mut ticks = tokio::time::interval(POLL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let awaited = self.bells.awaited();
            if awaited.is_empty() {
                return;
            }
            // A database that is away tells nothing new; what it has to tell then is found at a later poll.
            if let Ok(epochs) = self.epochs(&awaited).await {
                self.bells.compare(&awaited, &epochs);
            }
        }
    }

    async fn epochs(&self, numbers: &[i64]) -> Result<Vec<u64>> {
        workspaces::epochs(&mut self.read().await?, numbers).await
    }
}

/// What is rung when something was committed, one for each workspace that somebody waits for.
#[derive(Default)]
pub(crate) struct Bells(Mutex<Tower>);

#[derive(Default)]
struct Tower {
    bells: HashMap<i64, Bell>,
    polling: bool,
}

struct Bell {
    sender: watch::Sender<u64>,
    /// The epoch that the last poll saw.
    epoch: Option<u64>,
}

impl Bells {
    /// Rings for these workspaces.
    pub(crate) fn ring(&self, workspaces: &[i64]) {
        if workspaces.is_empty() {
            return;
        }
        let tower = self.tower();
        workspaces.iter().filter_map(|no| tower.bells.get(no)).for_each(Bell::ring);
    }

    /// Rings for all: another process committed, and nobody knows where.
    pub(crate) fn ring_all(&self) {
        self.tower().bells.values().for_each(Bell::ring);
    }

    /// Begins to listen; says whether the caller must begin to poll.
    fn listen(&self, workspace: i64, by_polling: bool) -> (Changed, bool) {
        let mut tower = self.tower();
        let bell = tower
            .bells
            .entry(workspace)
            .or_insert_with(|| Bell { sender: watch::Sender::new(0), epoch: None });
        let changed = Changed(bell.sender.subscribe());
        let must_poll = by_polling && !tower.polling;
        tower.polling |= by_polling;
        (changed, must_poll)
    }

    /// The workspaces that somebody waits for; when there are none, polling has ended.
    fn awaited(&self) -> Vec<i64> {
        let mut tower = self.tower();
        tower.bells.retain(|_, bell| bell.sender.receiver_count() > 0);
        tower.polling = !tower.bells.is_empty();
        tower.bells.keys().copied().collect()
    }

    /// Rings where the epoch is not what it was. What was committed between the listening and the first poll is not
    /// known to be old, so the first poll rings, too.
    fn compare(&self, workspaces: &[i64], epochs: &[u64]) {
        let mut tower = self.tower();
        for (no, epoch) in workspaces.iter().zip(epochs) {
            let Some(bell) = tower.bells.get_mut(no) else { continue };
            if bell.epoch.replace(*epoch) != Some(*epoch) {
                bell.ring();
            }
        }
    }

    fn tower(&self) -> MutexGuard<'_, Tower> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bell {
    fn ring(&self) {
        self.sender.send_modify(|rung| *rung = rung.wrapping_add(1));
    }
}
