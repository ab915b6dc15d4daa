//! From request to voucher: a request asks for an approval and gets its result, bookings find their leg, claims their
//! bookings, and what is paid goes into the books.
//!
//! The journal is the queue and each workspace's flow follows it with a cursor. A round looks at what has changed as it
//! is now, and its effects and the cursor are one transaction: killed anywhere, the next round does the same or nothing.
//! What a round does is a change like any other, so the next step follows from it in the next round.

mod books;
mod decisions;
mod edits;
mod matching;
mod round;
mod trips;

use serde::{Deserialize, Serialize};
use serde_json::json;
use tongshi_model::{Error, ErrorKind};
use tongshi_store::{Workspace, changes, flows, workspaces};

pub use books::Accounts;

use crate::{AuditEntry, Hub, audit};

/// The connection that owns what the flow makes.
pub(crate) const FLOW: &str = "flow";

/// Who does it, in the journal.
const ACTOR: &str = "flow";

/// How often a round is begun again that lost against another transaction.
const TRIES: u32 = 5;

/// How a workspace wants its trips to be followed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FlowSettings {
    /// When a request or a claim asks for an approval.
    pub ask: Ask,
    /// Whether it asks also where no route takes approvals, so that they are decided here.
    pub here: bool,
    /// Which accounts the books have.
    pub accounts: Accounts,
}

/// When a request or a claim that has no approval yet asks for one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// When it is handed in.
    #[default]
    Submitted,
    /// When whoever decides where it was made has agreed: the workspace's own people have the last word.
    Approved,
    /// Never.
    Never,
}

/// A flow as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FlowView {
    /// Up to which entry of the journal everything has been looked at.
    pub cursor: i64,
    /// How long the journal is.
    pub last: i64,
    /// How the workspace wants it.
    pub settings: FlowSettings,
}

impl Hub {
    /// Begins to follow the workspace's trips, from here on or from the journal's beginning; or changes how they are
    /// followed.
    pub async fn set_flow(
        &self,
        workspace: &Workspace,
        settings: &FlowSettings,
        from_start: bool,
        actor: &str,
    ) -> Result<FlowView, Error> {
        let text = serde_json::to_string(settings)
            .map_err(|error| Error::internal("a flow's settings do not serialise").caused_by(error))?;
        let mut session = self.store().write().await?;
        let last = changes::last_seq(&mut session, workspace).await?;
        let cursor = if from_start { 0 } else { last };
        flows::save(&mut session, workspace, flows::Flow { cursor, settings: text }).await?;
        let entry = AuditEntry::done(actor, "flow.save", &workspace.name).with(json!({"settings": settings}));
        audit::note(&mut session, workspace, entry).await?;
        let view = view(flows::get(&mut session, workspace).await?, last)?;
        session.commit().await?;
        view.ok_or_else(|| Error::internal("a flow was not stored"))
    }

    /// The workspace's flow, if it has one.
    pub async fn flow(&self, workspace: &Workspace) -> Result<Option<FlowView>, Error> {
        let mut session = self.store().read().await?;
        let last = changes::last_seq(&mut session, workspace).await?;
        view(flows::get(&mut session, workspace).await?, last)
    }

    /// Ends the flow. What it has done stays.
    pub async fn end_flow(&self, workspace: &Workspace, actor: &str) -> Result<bool, Error> {
        let mut session = self.store().write().await?;
        let was = flows::remove(&mut session, workspace).await?;
        if was {
            audit::note(&mut session, workspace, AuditEntry::done(actor, "flow.end", &workspace.name))
                .await?;
            session.commit().await?;
        }
        Ok(was)
    }

    /// Follows every workspace's flow until nothing is left to be done.
    pub async fn follow_flows(&self) -> Result<(), Error> {
        let numbers = flows::with_work(&mut self.store().read().await?).await?;
        for no in numbers {
            let found = workspaces::by_no(&mut self.store().read().await?, no).await?;
            let Some(workspace) = found else { continue };
            while self.flow_step(&workspace).await? {}
        }
        Ok(())
    }

    /// One round of a workspace's flow. False where there was nothing to look at.
    pub async fn flow_step(&self, workspace: &Workspace) -> Result<bool, Error> {
        let mut tries = 1;
        loop {
            match Box::pin(self.flow_round(workspace)).await {
                Err(error) if *error.kind() == ErrorKind::Unavailable && tries < TRIES => tries += 1,
                ended => return ended,
            }
        }
    }
}

fn view(flow: Option<flows::Flow>, last: i64) -> Result<Option<FlowView>, Error> {
    flow.map(|flow| Ok(FlowView { cursor: flow.cursor, last, settings: read(&flow.settings)? })).transpose()
}

fn read(settings: &str) -> Result<FlowSettings, Error> {
    serde_json::from_str(settings)
        .map_err(|error| Error::internal("a flow's settings cannot be read").caused_by(error))
}
