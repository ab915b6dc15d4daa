//! The change feed: the journal as one app may see it, page by page, and the waiting for what comes next.
//!
//! What an app may not see is passed over and `next` moves on all the same, so an app that sees little is not told
//! how much it does not see by how often it must ask.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tongshi_model::{Error, ErrorKind, Id, Kind, Sensitivity};
use tongshi_store::{Change, Changed, Op, Workspace, changes};

use crate::{
    ChangePage, ChangeView, Hub, Principal, Scopes,
    identity::Aliases,
    reads::{change_view, limited, may_see},
};

/// Entries of the journal that are looked through at a time for those that an app may see.
const WINDOW: i64 = 50_000;
/// Changes that are asked for at least, where some of them may be passed over.
const ASKED_MIN: u32 = 100;
/// How often that is done for one answer; then it is given as it is, and the app asks on from there.
const WINDOWS_MAX: u32 = 20;
/// Who is refused for want of a seat may hope for one after this time.
const SEAT_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// Which changes.
#[derive(Clone, Debug)]
pub struct FeedQuery {
    /// Only those behind this number.
    pub after: i64,
    /// Only those of records of these kinds; none for all that the app may see.
    pub kinds: Vec<Kind>,
    /// How many at most.
    pub limit: u32,
}

impl Hub {
    /// Reads a page of the journal. At its end, `next` is `last`.
    pub async fn feed(
        &self,
        workspace: &Workspace,
        query: &FeedQuery,
        scopes: &Scopes,
    ) -> Result<ChangePage, Error> {
        query.kinds.iter().try_for_each(|kind| may_see(scopes, *kind))?;
        let limit = limited(query.limit)? as usize;
        let mut session = self.store().read().await?;
        let last = changes::last_seq(&mut session, workspace).await?;
        if !(0..=last).contains(&query.after) {
            return Err(beyond(last));
        }
        let mut page = ChangePage { data: Vec::new(), next: query.after, last };
        let aliases = self.aliases_in(&mut session, workspace).await?;
        let Some(kinds) = shown(query, scopes) else { return Ok(ChangePage { next: last, ..page }) };
        // Where changes may be passed over one by one, a short page is not worth a question of its own.
        let asked = if sees_all(scopes) { query.limit } else { query.limit.max(ASKED_MIN) };
        for _ in 0..WINDOWS_MAX {
            if page.next >= last || page.data.len() >= limit {
                break;
            }
            let up_to = last.min(page.next.saturating_add(WINDOW));
            let rows = changes::between(&mut session, workspace, page.next, up_to, &kinds, asked).await?;
            let whole = rows.len() < asked as usize;
            let mut rows = rows.into_iter();
            while page.data.len() < limit
                && let Some(change) = rows.next()
            {
                page.next = change.seq;
                page.data.extend(seen(change, scopes, &aliases)?);
            }
            if whole && rows.len() == 0 {
                page.next = up_to;
            }
        }
        Ok(page)
    }

    /// Reads a page of the journal, of one kind or of all.
    pub async fn changes(
        &self,
        workspace: &Workspace,
        after: i64,
        kind: Option<Kind>,
        limit: u32,
        scopes: &Scopes,
    ) -> Result<ChangePage, Error> {
        let query = FeedQuery { after, kinds: kind.into_iter().collect(), limit };
        self.feed(workspace, &query, scopes).await
    }

    /// Begins to follow the journal, if the app has a seat left.
    pub fn follow_changes(&self, principal: &Principal, query: FeedQuery) -> Result<Follower, Error> {
        let seat = self.0.seats.take(principal.app.id, self.settings().followers_per_app_max)?;
        let workspace = principal.workspace.clone();
        let changed = self.store().changed(&workspace);
        Ok(Follower { hub: self.clone(), workspace, query, changed, _seat: seat })
    }
}

/// Somebody who follows the journal. Holds a seat and no session of the database.
pub struct Follower {
    hub: Hub,
    workspace: Workspace,
    query: FeedQuery,
    changed: Changed,
    _seat: Seat,
}

impl Follower {
    /// What there is behind the last page, perhaps nothing. Dropped before it answers, it has not moved.
    pub async fn read(&mut self, scopes: &Scopes) -> Result<ChangePage, Error> {
        let page = self.hub.feed(&self.workspace, &self.query, scopes).await?;
        self.query.after = page.next;
        Ok(page)
    }

    /// Waits for a commit. There may be nothing in it for this app.
    pub async fn changed(&mut self) {
        self.changed.wait().await;
    }

    /// The number to ask on from.
    pub fn after(&self) -> i64 {
        self.query.after
    }
}

/// How many follow the journal at this process, by app.
#[derive(Default)]
pub(crate) struct Seats(Arc<Mutex<HashMap<Id, usize>>>);

/// One of them, given back when it is dropped.
struct Seat {
    app: Id,
    taken: Arc<Mutex<HashMap<Id, usize>>>,
}

impl Seats {
    fn take(&self, app: Id, seats_max: usize) -> Result<Seat, Error> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(app).or_default();
        if *count >= seats_max {
            return Err(Error::new(
                ErrorKind::Limited(Some(SEAT_AGAIN_AFTER)),
                format!("an app may wait for changes {seats_max} times at once; end one of them first"),
            ));
        }
        *count += 1;
        Ok(Seat { app, taken: Arc::clone(&self.0) })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.app) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.app);
            }
        }
    }
}

/// The kinds to look for, none for all; nothing at all where the app may see no kind.
fn shown(query: &FeedQuery, scopes: &Scopes) -> Option<Vec<Kind>> {
    match &scopes.kinds {
        _ if !query.kinds.is_empty() => Some(query.kinds.clone()),
        None => Some(Vec::new()),
        Some(kinds) if kinds.is_empty() => None,
        Some(kinds) => Some(kinds.clone()),
    }
}

/// The change as the app sees it; none where all that differs is what it may not see.
fn seen(change: Change, scopes: &Scopes, aliases: &Aliases) -> Result<Option<ChangeView>, Error> {
    let updated = change.op == Op::Updated;
    let view = change_view(change, scopes, aliases)?;
    let tells = scopes.sees(view.kind) && (sees_all(scopes) || !updated || !view.fields.is_empty());
    Ok(tells.then_some(view))
}

fn sees_all(scopes: &Scopes) -> bool {
    scopes.sensitivity >= Sensitivity::Restricted
}

fn beyond(last: i64) -> Error {
    Error::invalid(
        "after",
        format!(
            "the journal ends at {last}. If it was longer once, the hub was restored from a backup: read the records \
             anew and go on after {last}"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_counted_by_app_and_given_back() {
        let (seats, one, other) = (Seats::default(), Id::of(&["one"]), Id::of(&["other"]));
        let first = seats.take(one, 2).unwrap();
        let _second = seats.take(one, 2).unwrap();
        let refused = seats.take(one, 2).err().unwrap();
        assert!(matches!(refused.kind(), ErrorKind::Limited(Some(_))));
        let _others = seats.take(other, 2).unwrap();
        drop(first);
        drop(seats.take(one, 2).unwrap());
        assert_eq!(seats.0.lock().unwrap().len(), 2);
    }

    #[test]
    fn an_app_without_kinds_looks_for_nothing() {
        let query = FeedQuery { after: 0, kinds: Vec::new(), limit: 1 };
        let scopes = |kinds| Scopes { kinds, ..Scopes::default() };
        assert_eq!(shown(&query, &scopes(None)), Some(Vec::new()));
        assert_eq!(shown(&query, &scopes(Some(Vec::new()))), None);
        assert_eq!(shown(&query, &scopes(Some(vec![Kind::Visit]))), Some(vec![Kind::Visit]));
    }
}
