//! Following the journal for a caller, who may be shut out or let see less at any moment.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tongshi_hub::{ChangePage, FeedQuery, Follower, Hub};
use tongshi_model::Error;

use crate::{authentication::Caller, problem::Problem};

/// A commit wakes whoever waits. What comes with time alone, such as the end of a key, is seen after this time.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(10);

/// A caller who follows the journal.
pub(super) struct Feed {
    hub: Hub,
    caller: Caller,
    follower: Follower,
    last: i64,
    stop: CancellationToken,
}

impl Feed {
    /// Begins where the query says, if the app has a seat left.
    pub(super) fn new(
        hub: Hub,
        caller: Caller,
        query: FeedQuery,
        stop: CancellationToken,
    ) -> Result<Self, Error> {
        let last = query.after;
        let follower = hub.follow_changes(&caller.principal, query)?;
        Ok(Self { hub, caller, follower, last, stop })
    }

    /// Looks once. The page may be empty.
    pub(super) async fn look(&mut self) -> Result<ChangePage, Problem> {
        self.caller.again(&self.hub).await?;
        let page = self.follower.read(self.caller.scopes()).await?;
        self.last = page.last;
        let (workspace, actor) = (self.caller.workspace(), self.caller.actor());
        self.hub.note_changes(workspace, &actor, "v1", &page.data).await?;
        Ok(page)
    }

    /// The next page that moves on: with changes or, where all were passed over, without. None when the hub stops.
    /// Dropped before it answers, it has not moved.
    pub(super) async fn next(&mut self) -> Result<Option<ChangePage>, Problem> {
        loop {
            if self.stop.is_cancelled() {
                return Ok(None);
            }
            let before = self.follower.after();
            let page = self.look().await?;
            if page.next != before {
                return Ok(Some(page));
            }
            tokio::select! {
                () = self.stop.cancelled() => {}
                () = self.follower.changed() => {}
                () = tokio::time::sleep(LOOK_AGAIN_AFTER) => {}
            }
        }
    }

    /// The next page with changes; an empty one when the hub stops.
    pub(super) async fn something(&mut self) -> Result<ChangePage, Problem> {
        while let Some(page) = self.next().await? {
            if !page.data.is_empty() {
                return Ok(page);
            }
        }
        Ok(self.nothing())
    }

    /// An empty page for those who have waited in vain.
    pub(super) fn nothing(&self) -> ChangePage {
        ChangePage { data: Vec::new(), next: self.follower.after(), last: self.last }
    }
}
