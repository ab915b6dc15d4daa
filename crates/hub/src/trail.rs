//! What is noted without a transaction of its own: reads of restricted fields, uses of credentials, calls of faces. It
//! waits in memory, together, for at most a second. What belongs to the audit trail is never let go: when there is no
//! room, whoever wants to read waits. Calls for the log of requests are let go, the successful ones first.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::sync::Notify;
use tongshi_dialect::Disclosed;
use tongshi_model::{Error, Id, Kind};
use tongshi_store::{NewAudit, NewRequest, Workspace, audit, requests, traces};

use crate::{Hub, meters, workforce::later};

/// What waits is written after this time at the latest.
const WRITE_EVERY: Duration = Duration::from_secs(1);
/// So much may wait for the audit trail: entries, and records that entries name.
const PENDING_MAX: usize = 10_000;
/// At this much what waits is written at once.
const PENDING_MANY: usize = 5_000;
/// So many calls may wait for the log of requests.
const REQUESTS_MAX: usize = 4_096;
/// Who waits longer for room is refused: what cannot be noted must not be read.
const ROOM_WAIT: Duration = Duration::from_secs(20);
/// Refusals of the same sort become one entry for this time.
const REFUSALS_SECONDS: i64 = 60;
/// An entry names so many records; of more it has the count and a digest.
const NAMED_MAX: usize = 100;
/// A write that another transaction got ahead of is tried so often.
const ATTEMPTS_MAX: u32 = 5;
/// Old requests are looked for this often.
const SWEEP_SECONDS: i64 = 60;

/// What waits, and who writes it.
#[derive(Default)]
pub(crate) struct Trail {
    pending: Mutex<Pending>,
    /// There is room again.
    room: Notify,
    /// There is much to be written.
    much: Notify,
    /// Whether a task is there that writes.
    working: AtomicBool,
    /// Whoever writes holds it.
    writing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Pending {
    size: usize,
    reads: HashMap<(i64, String, &'static str, Kind), Reading>,
    refusals: HashMap<(i64, String, &'static str, String), Refusals>,
    entries: Vec<(Workspace, NewAudit)>,
    used: HashMap<(i64, Id, &'static str), i64>,
    requests: VecDeque<NewRequest>,
    swept_at: i64,
}

/// What one app read of one kind.
struct Reading {
    workspace: Workspace,
    requests: u64,
    /// Lists that were read; a list that was read again is the same.
    lists: Vec<Arc<[Disclosed]>>,
    known: HashSet<usize>,
}

/// What one app was refused.
struct Refusals {
    workspace: Workspace,
    count: u64,
    noted_at: Option<i64>,
}

/// What is written together.
#[derive(Default)]
struct Group {
    entries: Vec<(Workspace, NewAudit)>,
    requests: Vec<NewRequest>,
    sweep: bool,
}

impl Trail {
    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a call for the log of requests; of too many, successful ones go first.
    fn keep(&self, request: NewRequest) {
        let mut pending = self.lock();
        if pending.requests.len() >= REQUESTS_MAX {
            let fine =
                pending.requests.iter().position(|request| request.status < 400 && request.reason.is_empty());
            pending.requests.remove(fine.unwrap_or(0));
            metrics::counter!(meters::REQUESTS_DROPPED).increment(1);
        }
        pending.requests.push_back(request);
    }
}

impl Hub {
    /// An app proved who it is. Noted once an hour for each app and surface.
    pub(crate) fn used(&self, workspace: &Workspace, app: Id, actor: &str, surface: &'static str) {
        let hour = self.clock().now().as_second().div_euclid(3600);
        let mut pending = self.0.trail.lock();
        if pending.used.insert((workspace.no, app, surface), hour) == Some(hour) {
            return;
        }
        let entry = NewAudit {
            actor: actor.to_owned(),
            action: "credential.use".to_owned(),
            target: surface.to_owned(),
            outcome: "done".to_owned(),
            detail: "{}".to_owned(),
        };
        pending.size += 1;
        pending.entries.push((workspace.clone(), entry));
        drop(pending);
        self.write_soon();
    }

    /// Somebody did not prove who they are, or may not do what they asked. The same again within a minute is counted.
    pub(crate) fn refused(&self, workspace: &Workspace, actor: &str, surface: &'static str, reason: &str) {
        let mut pending = self.0.trail.lock();
        let key = (workspace.no, actor.to_owned(), surface, reason.to_owned());
        let fresh = || Refusals { workspace: workspace.clone(), count: 0, noted_at: None };
        pending.refusals.entry(key).or_insert_with(fresh).count += 1;
        drop(pending);
        self.write_soon();
    }

    /// Somebody reads restricted fields of records. Waits where the trail has no room; an error means that they must
    /// not be read.
    pub(crate) async fn read_by(
        &self,
        workspace: &Workspace,
        actor: &str,
        surface: &'static str,
        seen: &Arc<[Disclosed]>,
    ) -> Result<(), Error> {
        self.room().await?;
        let mut pending = self.0.trail.lock();
        let kinds: HashSet<Kind> = seen.iter().map(|seen| seen.kind).collect();
        let mut more = 0;
        for kind in kinds {
            let key = (workspace.no, actor.to_owned(), surface, kind);
            let reading = pending.reads.entry(key).or_insert_with(|| Reading {
                workspace: workspace.clone(),
                requests: 0,
                lists: Vec::new(),
                known: HashSet::new(),
            });
            reading.requests += 1;
            if reading.known.insert(Arc::as_ptr(seen).cast::<u8>() as usize) {
                reading.lists.push(Arc::clone(seen));
                more += 1 + seen.iter().map(|seen| seen.ids.len()).sum::<usize>();
            }
        }
        pending.size += more;
        let much = pending.size >= PENDING_MANY;
        drop(pending);
        self.write_soon();
        if much {
            self.0.trail.much.notify_one();
        }
        Ok(())
    }

    /// Keeps a call for the log of requests, with where it came from and how it went. Costs a push.
    pub fn keep_request(&self, request: NewRequest) {
        if self.settings().request_log_days > 0 {
            self.0.trail.keep(request);
            self.write_soon();
        }
    }

    /// Writes what waits: call it before the process ends.
    pub async fn write_notes(&self) -> Result<(), Error> {
        self.write_pending(true).await
    }

    async fn room(&self) -> Result<(), Error> {
        let trail = &self.0.trail;
        let wait = async {
            loop {
                let room = trail.room.notified();
                if trail.lock().size < PENDING_MAX {
                    return;
                }
                trail.much.notify_one();
                room.await;
            }
        };
        let full = |_| {
            Error::unavailable("the audit trail cannot be written now, so nothing restricted can be read")
        };
        tokio::time::timeout(ROOM_WAIT, wait).await.map_err(full)
    }

    /// Sees to it that a task is there which writes what waits. It ends when nothing waits and holds no hub.
    fn write_soon(&self) {
        if self.0.trail.working.swap(true, Ordering::AcqRel) {
            return;
        }
        let hub = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            loop {
                let Some(inner) = hub.upgrade() else { return };
                let wait = async { tokio::time::timeout(WRITE_EVERY, inner.trail.much.notified()).await };
                let _ = wait.await;
                let hub = Hub(inner);
                if let Err(error) = hub.write_pending(false).await {
                    tracing::error!(reason = %error, cause = %error.private(), "the audit trail cannot be written; it is tried again");
                    continue;
                }
                let trail = &hub.0.trail;
                trail.working.store(false, Ordering::Release);
                // Somebody may have noted something just before and found a task that was there.
                if trail.lock().is_empty() || trail.working.swap(true, Ordering::AcqRel) {
                    return;
                }
            }
        });
    }

    async fn write_pending(&self, all: bool) -> Result<(), Error> {
        let trail = &self.0.trail;
        let _turn = trail.writing.lock().await;
        let now = self.clock().now().as_second();
        let group = trail.lock().take(now, all);
        if group.entries.is_empty() && group.requests.is_empty() {
            return Ok(());
        }
        let count = group.entries.len() as u64;
        let mut attempt = 1;
        loop {
            match self.write_group(&group).await {
                Ok(()) => break,
                Err(error) if error.retryable() && attempt < ATTEMPTS_MAX => attempt += 1,
                Err(error) => {
                    trail.lock().give_back(group);
                    return Err(error);
                }
            }
        }
        metrics::counter!(meters::AUDIT_ENTRIES).increment(count);
        trail.room.notify_waiters();
        Ok(())
    }

    async fn write_group(&self, group: &Group) -> Result<(), Error> {
        let mut session = self.store().write().await?;
        let mut rest: Vec<_> = group.entries.iter().collect();
        // In one order everywhere, so that two replicas never wait for each other.
        rest.sort_by_key(|(workspace, _)| workspace.no);
        for of_one in rest.chunk_by(|(one, _), (other, _)| one.no == other.no) {
            let entries = of_one.iter().map(|(_, entry)| entry.clone()).collect();
            audit::append(&mut session, &of_one[0].0, entries).await?;
        }
        requests::insert(&mut session, group.requests.clone()).await?;
        if group.sweep {
            let days = i64::from(self.settings().request_log_days.max(1));
            let before = later(self.clock().now(), -days * 86_400);
            requests::sweep(&mut session, before, self.settings().request_log_rows_max).await?;
            traces::sweep(&mut session, before).await?;
        }
        session.commit().await
    }

    /// How much waits to be written to the audit trail.
    pub(crate) fn notes_waiting(&self) -> usize {
        self.0.trail.lock().size
    }
}

impl Pending {
    fn is_empty(&self) -> bool {
        self.entries.is_empty()
            && self.reads.is_empty()
            && self.requests.is_empty()
            && self.refusals.values().all(|refusals| refusals.count == 0)
    }

    /// Takes what is due; all of it at the end.
    fn take(&mut self, now: i64, all: bool) -> Group {
        self.size = 0;
        let mut group = Group { entries: std::mem::take(&mut self.entries), ..Group::default() };
        group.requests = std::mem::take(&mut self.requests).into();
        for ((_, actor, surface, kind), reading) in self.reads.drain() {
            group.entries.push((reading.workspace.clone(), reading.entry(actor, surface, kind)));
        }
        for ((_, actor, surface, reason), refusals) in &mut self.refusals {
            let due = refusals.noted_at.is_none_or(|noted| now - noted >= REFUSALS_SECONDS);
            if refusals.count > 0 && (due || all) {
                group.entries.push((refusals.workspace.clone(), refusals.entry(actor, surface, reason)));
                (refusals.count, refusals.noted_at) = (0, Some(now));
            }
        }
        let lately = |noted: &Refusals| noted.noted_at.is_none_or(|noted| now - noted < REFUSALS_SECONDS);
        self.refusals.retain(|_, refusals| refusals.count > 0 || lately(refusals));
        self.used.retain(|_, hour| *hour == now.div_euclid(3600));
        group.sweep = !group.requests.is_empty() && now - self.swept_at >= SWEEP_SECONDS;
        if group.sweep {
            self.swept_at = now;
        }
        group
    }

    /// Puts back what could not be written.
    fn give_back(&mut self, group: Group) {
        self.size += group.entries.len();
        let later = std::mem::replace(&mut self.entries, group.entries);
        self.entries.extend(later);
        for request in
            group.requests.into_iter().rev().take(REQUESTS_MAX - self.requests.len().min(REQUESTS_MAX))
        {
            self.requests.push_front(request);
        }
    }
}

impl Reading {
    fn entry(&self, actor: String, surface: &'static str, kind: Kind) -> NewAudit {
        let of_kind = self.lists.iter().flat_map(|list| list.iter()).filter(|seen| seen.kind == kind);
        let mut ids: Vec<Id> = of_kind.flat_map(|seen| seen.ids.iter().copied()).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut digest = Sha256::new();
        ids.iter().for_each(|id| digest.update(id.as_bytes()));
        let mut detail = json!({"surface": surface, "requests": self.requests, "records": ids.len()});
        if ids.len() <= NAMED_MAX {
            detail["ids"] = json!(ids);
        } else {
            // Of the sorted ids: whoever has the list can show that it is the one.
            detail["sha256"] = json!(hex::encode(digest.finalize()));
        }
        NewAudit {
            actor,
            action: "record.read".to_owned(),
            target: kind.name().to_owned(),
            outcome: "done".to_owned(),
            detail: detail.to_string(),
        }
    }
}

impl Refusals {
    fn entry(&self, actor: &str, surface: &str, reason: &str) -> NewAudit {
        NewAudit {
            actor: actor.to_owned(),
            action: "credential.use".to_owned(),
            target: surface.to_owned(),
            outcome: "refused".to_owned(),
            detail: json!({"reason": reason, "times": self.count}).to_string(),
        }
    }
}

/// When something was answered, in the store's words.
pub(crate) fn micros(took: Duration) -> i64 {
    i64::try_from(took.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use tongshi_model::Timestamp;

    use super::*;

    fn request(status: u16) -> NewRequest {
        NewRequest {
            workspace: 0,
            at: Timestamp::UNIX_EPOCH,
            face: "zhiren".to_owned(),
            operation: String::new(),
            app: String::new(),
            address: String::new(),
            status,
            code: String::new(),
            took_us: 0,
            bytes_in: 0,
            bytes_out: 0,
            reason: String::new(),
            detail: "{}".to_owned(),
        }
    }

    #[test]
    fn when_there_is_no_room_successes_go_first() {
        let trail = Trail::default();
        trail.keep(request(200));
        (0..REQUESTS_MAX).for_each(|_| trail.keep(request(401)));
        let pending = trail.lock();
        assert_eq!(pending.requests.len(), REQUESTS_MAX);
        assert!(pending.requests.iter().all(|request| request.status == 401));
    }
}
