//! Lets go of what is older than the workspace keeps it: hourly in `serve`, and by `tongshi retention run`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;
use tongshi_model::{Error, Timestamp};
use tongshi_store::{
    Workspace, meta,
    retention::{self, Rule},
    workspaces,
};

use crate::{AuditEntry, Hub, audit};

/// Rows that go in one transaction.
const BATCH: u32 = 1000;
/// Batches of one rule in one round: the rest goes in the next one, and others can write meanwhile.
const BATCHES_MAX: u32 = 200;
/// How often `serve` makes a round.
const EVERY_SECONDS: i64 = 60 * 60;
/// When the last round was, kept in the database so that of several replicas one makes it.
const LAST: &str = "retention.last";
const DAY_SECONDS: i64 = 24 * 60 * 60;

/// A rule as it stands for a workspace.
#[derive(Clone, Debug, Serialize)]
pub struct Kept {
    /// The rule.
    pub rule: &'static str,
    /// What goes.
    pub about: &'static str,
    /// Days that it is kept; 0 for ever.
    pub days: u32,
    /// Who says so: `default`, `configuration` or `workspace`.
    pub from: &'static str,
    /// How many rows are due now.
    pub due: u64,
}

/// What a round let go, by rule.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Swept {
    /// Rows by rule; rules that let nothing go are left out.
    pub rows: BTreeMap<&'static str, u64>,
    /// Whether there is more to go in the next round.
    pub more: bool,
}

impl Hub {
    /// Every rule as it stands for this workspace, and how much is due.
    pub async fn retention(&self, workspace: &Workspace) -> Result<Vec<Kept>, Error> {
        let mut session = self.store().read().await?;
        let mut kept = Vec::new();
        for rule in retention::ALL {
            let own = meta::get(&mut session, &name(workspace, rule)).await?;
            let (days, from) = self.days(rule, own.as_deref());
            let due = match self.before(days) {
                Some(before) => retention::count(&mut session, workspace, rule, before).await?,
                None => 0,
            };
            kept.push(Kept { rule: rule.name, about: rule.about, days, from, due });
        }
        Ok(kept)
    }

    /// Keeps something for so many days in this workspace (0 for ever), or with none as the configuration says.
    pub async fn keep_for(
        &self,
        workspace: &Workspace,
        rule: &str,
        days: Option<u32>,
        actor: &str,
    ) -> Result<(), Error> {
        let rule = retention::rule(rule)?;
        let mut session = self.store().write().await?;
        let value = days.map_or_else(String::new, |days| days.to_string());
        meta::set(&mut session, &name(workspace, rule), &value).await?;
        let entry = AuditEntry::done(actor, "retention.set", rule.name).with(json!({"days": days}));
        audit::note(&mut session, workspace, entry).await?;
        session.commit().await
    }

    /// Lets go of what is due in this workspace.
    pub async fn sweep(&self, workspace: &Workspace, actor: &str) -> Result<Swept, Error> {
        let mut swept = Swept::default();
        for kept in self.retention(workspace).await?.into_iter().filter(|kept| kept.due > 0) {
            let (rule, Some(before)) = (retention::rule(kept.rule)?, self.before(kept.days)) else {
                continue;
            };
            let mut gone = 0;
            for batch in 0.. {
                if batch == BATCHES_MAX {
                    swept.more = true;
                    break;
                }
                let mut session = self.store().write().await?;
                let count = retention::sweep(&mut session, workspace, rule, before, BATCH).await?;
                session.commit().await?;
                gone += count;
                if count < u64::from(BATCH) {
                    break;
                }
            }
            if gone > 0 {
                swept.rows.insert(rule.name, gone);
            }
        }
        if !swept.rows.is_empty() {
            let mut session = self.store().write().await?;
            let entry = AuditEntry::done(actor, "retention.sweep", "").with(json!(swept));
            audit::note(&mut session, workspace, entry).await?;
            session.commit().await?;
        }
        Ok(swept)
    }

    /// The hourly round over all workspaces, by whichever replica comes first. Returns whether it was due.
    pub async fn sweep_due(&self) -> Result<bool, Error> {
        let now = self.clock().now().as_second();
        let mut session = self.store().read().await?;
        let last = meta::get(&mut session, LAST).await?.and_then(|text| text.parse::<i64>().ok());
        let all = workspaces::all(&mut session).await?;
        drop(session);
        // A clock that was set back must not keep the round from coming.
        if last.is_some_and(|last| (0..EVERY_SECONDS).contains(&(now - last))) {
            return Ok(false);
        }
        let mut session = self.store().write().await?;
        meta::set(&mut session, LAST, &now.to_string()).await?;
        session.commit().await?;
        for workspace in all {
            self.sweep(&workspace, "retention").await?;
        }
        self.compact_if_due().await?;
        Ok(true)
    }

    fn days(&self, rule: &Rule, own: Option<&str>) -> (u32, &'static str) {
        if let Some(days) = own.and_then(|text| text.parse().ok()) {
            return (days, "workspace");
        }
        match self.settings().retention_days.get(rule.name) {
            Some(days) => (*days, "configuration"),
            None => (rule.days, "default"),
        }
    }

    /// The instant before which things go; none where they are kept for ever.
    fn before(&self, days: u32) -> Option<Timestamp> {
        let now = self.clock().now().as_second();
        (days > 0)
            .then(|| Timestamp::from_second(now - i64::from(days) * DAY_SECONDS).unwrap_or(Timestamp::MIN))
    }
}

fn name(workspace: &Workspace, rule: &Rule) -> String {
    format!("retention/{}/{}", workspace.id, rule.name)
}
