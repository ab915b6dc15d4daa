//! What `serve` does besides answering: scheduled syncs, vendors' events in and out, writes to vendors, trips followed.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tongshi_model::Error;
use tongshi_store::workspaces;

use crate::{Failure, Hub, Outcome, Silent, SyncOptions};

/// How often the hub looks for something to do.
const TICK: Duration = Duration::from_millis(500);

/// How often it asks whether the hourly round of retention is due.
const RETENTION_TICK: Duration = Duration::from_secs(60);

/// A connection whose account is refused is left alone this long, lest the vendor locks it.
const REFUSED_SECONDS: i64 = 60 * 60;

/// How often answers that are no longer given again are removed.
const SWEEP_SECONDS: i64 = 60 * 60;

impl Hub {
    /// Works until it is stopped. A sync that is stopped goes on from its checkpoint at the next start.
    pub async fn run_background(&self, stop: CancellationToken) {
        let events = async {
            let mut ticks = ticks();
            loop {
                ticks.tick().await;
                complain("events", self.take_all_events_in().await);
            }
        };
        let deliveries = Box::pin(self.run_deliveries());
        let syncs = async {
            let mut ticks = ticks();
            loop {
                ticks.tick().await;
                complain("syncs", self.sync_due().await);
            }
        };
        let writes = Box::pin(async {
            let mut ticks = ticks();
            let mut swept = i64::MIN;
            loop {
                ticks.tick().await;
                complain("writes", self.push_writes().await.map(drop));
                let now = self.clock().now().as_second();
                if swept.saturating_add(SWEEP_SECONDS) <= now {
                    swept = now;
                    complain("answers", self.sweep_answers().await.map(drop));
                }
            }
        });
        let flows = Box::pin(async {
            let mut ticks = ticks();
            let mut commits = self.store().commits();
            loop {
                // A commit here wakes it; what other processes commit is found by looking.
                tokio::select! {
                    _ = ticks.tick() => {}
                    Ok(()) = commits.changed() => {}
                }
                complain("flows", self.follow_flows().await);
            }
        });
        let retention = async {
            let mut minutes = tokio::time::interval(RETENTION_TICK);
            loop {
                minutes.tick().await;
                complain("retention", Box::pin(self.sweep_due()).await.map(drop));
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = writes => {}
            () = flows => {}
            () = retention => {}
            () = events => {}
            () = deliveries => {}
            () = syncs => {}
        }
    }

    /// One round of events: takes in what vendors have told, and tells apps what has changed.
    pub async fn pass_events_on(&self) -> Result<(), Error> {
        self.take_all_events_in().await?;
        self.deliver().await
    }

    async fn take_all_events_in(&self) -> Result<(), Error> {
        let holder = format!("background/{}", self.new_id());
        while self.take_events_in(&holder).await? {}
        Ok(())
    }

    /// One round of the schedule: syncs each connection that is due.
    pub async fn sync_due(&self) -> Result<(), Error> {
        let every = i64::try_from(self.settings().sync_every_seconds).unwrap_or(i64::MAX);
        if every == 0 {
            return Ok(());
        }
        let mut session = self.store().read().await?;
        let all = workspaces::all(&mut session).await?;
        drop(session);
        let now = self.clock().now().as_second();
        for workspace in all {
            for connection in self.connections(&workspace).await? {
                let last = connection.last_run.as_ref();
                let ended = last.map(|run| run.ended_at.unwrap_or(run.started_at).as_second());
                let refused = last.is_some_and(|run| run.failure == Some(Failure::Credentials));
                let pause = if refused { REFUSED_SECONDS.max(every) } else { every };
                // A connection that was never synced waits for its first sync by a person.
                let due = ended.is_some_and(|ended| now - ended >= pause);
                let held = last.is_some_and(|run| run.state == "held");
                if due && !held && !connection.disabled {
                    self.sync_one(&workspace, &connection.name).await;
                }
            }
        }
        Ok(())
    }

    async fn sync_one(&self, workspace: &crate::Workspace, name: &str) {
        let options = SyncOptions { scheduled: true, ..SyncOptions::default() };
        match self.sync(workspace, name, &options, &Silent).await {
            Ok(outcome) => {
                let Outcome { state, complete, reason, .. } = outcome;
                tracing::info!(connection = name, state, complete, reason, "a scheduled sync ended");
            }
            Err(error) => {
                tracing::info!(connection = name, reason = %error, "a scheduled sync did not begin");
            }
        }
    }
}

fn ticks() -> tokio::time::Interval {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    ticks
}

fn complain(what: &str, worked: Result<(), Error>) {
    if let Err(error) = worked {
        tracing::warn!(what, reason = %error, cause = %error.private(), "background work failed; it is tried again");
    }
}
