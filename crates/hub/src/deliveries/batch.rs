//! What one round sends to one endpoint: attempts that are due, and the next entries of the journal. A lane is what must
//! arrive in order, the messages of one record; lanes go side by side.

use std::collections::{HashMap, HashSet};

use tongshi_model::{Error, Id, Timestamp};
use tongshi_store::{
    Delivery, DeliveryState, Endpoint, Session, Workspace, apps, changes, deliveries, endpoints, workspaces,
};

use super::{message::Told, route::Route};
use crate::{Hub, sync::holder};

/// Messages in flight to one endpoint.
pub(super) const WINDOW: usize = 32;

/// Entries of the journal that one round takes over.
const ENTRIES: u32 = 256;

/// The same while nothing arrives there.
const ENTRIES_FAILING: u32 = 8;

/// Messages of one endpoint that wait for another attempt. With more the journal is not read on: the backlog stays
/// there, where it costs nothing.
pub(super) const WAITING_MAX: u64 = 10_000;

/// How long an endpoint stays with a silent holder.
pub(super) const LEASE_SECONDS: i64 = 60;

/// A message in a round.
pub(super) struct Item {
    pub(super) told: Told,
    /// Whether it stands in the table already.
    pub(super) waited: bool,
}

/// What a round sends.
pub(super) struct Batch {
    pub(super) workspace: Workspace,
    pub(super) route: Route,
    /// When the round began.
    pub(super) now: Timestamp,
    pub(super) lanes: Vec<Vec<Item>>,
    /// What goes behind messages that wait already.
    pub(super) behind: Vec<Told>,
    /// What cannot be told any more.
    pub(super) lost: Vec<Delivery>,
    /// Up to which change everything is taken over when the round ends.
    pub(super) cursor: i64,
    /// Whether there is more than this round takes.
    pub(super) more: bool,
}

impl Batch {
    /// Whether there is nothing to do and nothing to note.
    pub(super) fn is_empty(&self) -> bool {
        self.lanes.is_empty()
            && self.behind.is_empty()
            && self.lost.is_empty()
            && self.cursor == self.route.endpoint.cursor
    }
}

impl Hub {
    /// Takes the endpoint and collects what goes there now; none where it is in other hands, off or gone.
    pub(super) async fn batch(&self, no: i64, holder: &str) -> Result<Option<Batch>, Error> {
        if !self.claimed(no, holder).await? {
            return Ok(None);
        }
        let mut session = self.store().read().await?;
        let Some(endpoint) = endpoints::by_no(&mut session, no).await? else { return Ok(None) };
        let workspace = workspaces::by_no(&mut session, endpoint.workspace).await?;
        let Some(workspace) = workspace.filter(|_| endpoint.disabled_at.is_none()) else { return Ok(None) };
        let all = apps::all(&mut session, &workspace).await?;
        let Some(app) = all.into_iter().find(|app| app.no == endpoint.app && !app.disabled) else {
            return Ok(None);
        };
        match self.route(&mut session, &workspace, &app, endpoint).await {
            Ok(route) => self.collect(&mut session, workspace, route).await.map(Some),
            Err(error) if error.retryable() => Err(error),
            Err(error) => {
                drop(session);
                self.switch_off(&workspace, no, error.public()).await?;
                Err(error)
            }
        }
    }

    /// Whether the endpoint is ours to send to.
    async fn claimed(&self, no: i64, holder: &str) -> Result<bool, Error> {
        let mut session = self.store().read().await?;
        let Some(endpoint) = endpoints::by_no(&mut session, no).await? else { return Ok(false) };
        drop(session);
        let now = self.clock().now();
        if endpoint.holder.as_deref() == Some(holder)
            && endpoint.lease_until.is_some_and(|end| end.as_second() - now.as_second() > LEASE_SECONDS / 2)
        {
            return Ok(true);
        }
        let ended = |other: &&str| other.split_once('#').is_some_and(|(process, _)| holder::is_dead(process));
        let dead = endpoint.holder.as_deref().filter(ended);
        let mut session = self.store().write().await?;
        let claimed = endpoints::claim(&mut session, no, holder, dead, self.delivery_lease()).await?;
        session.commit().await?;
        Ok(claimed)
    }

    async fn collect(
        &self,
        session: &mut Session,
        workspace: Workspace,
        route: Route,
    ) -> Result<Batch, Error> {
        let now = self.clock().now();
        let no = route.endpoint.no;
        let waiting = deliveries::waiting(session, no).await?;
        let due = deliveries::due(session, no, WINDOW as u32).await?;
        let limit = entries(&route.endpoint, waiting, now);
        let page = match limit {
            0 => Vec::new(),
            limit => changes::after(session, &workspace, route.endpoint.cursor, None, limit).await?,
        };
        let cursor = page.last().map_or(route.endpoint.cursor, |change| change.seq);
        let more = due.len() == WINDOW || (limit > 0 && page.len() == limit as usize);
        let seqs: Vec<i64> = due.iter().map(|row| row.seq).collect();
        let found = changes::at(session, &workspace, &seqs).await?;
        let (mut lanes, mut lost) = (Vec::new(), Vec::new());
        for (row, change) in due.into_iter().zip(found) {
            match Told::of_row(&route, row, change)? {
                Ok(mut told) => {
                    told.trace(session, &workspace).await?;
                    lanes.push(vec![Item { told, waited: true }]);
                }
                Err((row, why)) => lost.push(given_up(row, why, now)),
            }
        }
        let mut fresh = Vec::with_capacity(page.len());
        for change in page {
            let Some(mut told) = Told::of_change(&route, change, now)? else { continue };
            told.trace(session, &workspace).await?;
            fresh.push(told);
        }
        let mut blocked = HashSet::new();
        if waiting > 0 {
            let records: HashSet<Id> = fresh.iter().filter_map(|told| told.record).collect();
            let records: Vec<Id> = records.into_iter().collect();
            blocked = deliveries::blocked(session, no, &records).await?;
        }
        let (ready, behind) = fresh
            .into_iter()
            .partition::<Vec<Told>, _>(|told| told.record.is_none_or(|record| !blocked.contains(&record)));
        lanes.extend(by_record(ready));
        Ok(Batch { workspace, route, now, lanes, behind, lost, cursor, more })
    }

    /// When a lease taken now ends.
    pub(super) fn delivery_lease(&self) -> Timestamp {
        crate::workforce::later(self.clock().now(), LEASE_SECONDS)
    }
}

/// How many entries of the journal a round takes over.
fn entries(endpoint: &Endpoint, waiting: u64, now: Timestamp) -> u32 {
    if endpoint.rest_until.is_some_and(|until| until > now) {
        return 0;
    }
    let room = u32::try_from(WAITING_MAX.saturating_sub(waiting)).unwrap_or(0);
    let usual = if endpoint.failing_since.is_some() { ENTRIES_FAILING } else { ENTRIES };
    usual.min(room)
}

/// Messages in lanes, each in order, the lanes in the order of their first.
fn by_record(messages: Vec<Told>) -> Vec<Vec<Item>> {
    let mut lanes: Vec<Vec<Item>> = Vec::new();
    let mut places: HashMap<Id, usize> = HashMap::new();
    for told in messages {
        let item = |told| Item { told, waited: false };
        let Some(record) = told.record else {
            lanes.push(vec![item(told)]);
            continue;
        };
        match places.get(&record).and_then(|place| lanes.get_mut(*place)) {
            Some(lane) => lane.push(item(told)),
            None => {
                places.insert(record, lanes.len());
                lanes.push(vec![item(told)]);
            }
        }
    }
    lanes
}

fn given_up(row: Delivery, why: &str, now: Timestamp) -> Delivery {
    Delivery {
        state: DeliveryState::Dead,
        next_at: None,
        error: Some(why.to_owned()),
        changed_at: now,
        ..row
    }
}
