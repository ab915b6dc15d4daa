//! The one queue for everything that the hub must do at a vendor: who asked, how far it is, who decided.
//!
//! `queue` puts writes in beside the change that made them necessary, `worker` takes them to the vendors, `change` is
//! what apps may do to records, `routes` says which vendor is told of what.

mod change;
mod effect;
mod faced;
mod holders;
mod punched;
mod queue;
mod replace;
mod round;
mod routes;
mod worker;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};
use tongshi_dialect::Target;
use tongshi_model::{Action, Error, Id, Timestamp};
use tongshi_store::{Session, Workspace, WriteRow, WriteState, connections, writes};

pub(crate) use change::tell_of_changes;
pub use change::{Act, Applied, NewRecord, WrittenView};
pub use effect::{acts, has_effect_here};
pub(crate) use holders::own_of;
pub use punched::PunchWritten;
pub(crate) use punched::store_punches;
pub use queue::QueuedView;
pub(crate) use queue::{Asked, Deed, Routed, enqueue, natural_key, natural_key_of};
pub(crate) use routes::switched_off;
pub use routes::{NewRoute, PauseView, RouteView};

use crate::{AuditEntry, Hub, Scopes, audit, reads::limited};

/// A write as it is shown. The document that it carries is not.
#[derive(Clone, Debug, Serialize)]
pub struct WriteView {
    /// Its id.
    pub id: Id,
    /// How far it is.
    pub state: &'static str,
    /// Whether nothing more will happen by itself.
    #[serde(rename = "final")]
    pub is_final: bool,
    /// To what.
    pub target: Target,
    /// What is done.
    pub action: Action,
    /// To which record; of a punch the employee.
    pub record: Id,
    /// Where.
    pub connection: String,
    /// On whose behalf.
    pub actor: String,
    /// Who agreed, sent it again or took it back.
    pub decided_by: Option<String>,
    /// The request that it came with others in.
    pub bulk: Option<Id>,
    /// How often it was sent.
    pub attempts: i64,
    /// What the vendor calls the thing.
    pub remote_id: Option<String>,
    /// Why it is as it is.
    pub reason: Option<String>,
    /// When something happens next.
    pub next_at: Option<Timestamp>,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When its state last changed.
    pub changed_at: Timestamp,
}

/// A page of writes.
#[derive(Debug, Serialize)]
pub struct WritePage {
    /// The writes.
    pub data: Vec<WriteView>,
    /// Where the next page begins; none at the end.
    pub next: Option<String>,
}

/// Which writes to list.
#[derive(Clone, Debug, Default)]
pub struct WriteQuery {
    /// Only those in this state, by name.
    pub state: Option<String>,
    /// Only those at this connection.
    pub connection: Option<String>,
    /// Where the page before ended.
    pub after: Option<i64>,
    /// How many at most.
    pub limit: u32,
}

/// What somebody decides about a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Agrees, as the second person.
    Approve,
    /// Sends it again, from the first try.
    Retry,
    /// Takes it back, or notes that it was seen to by hand.
    Withdraw,
}

impl Hub {
    /// A name for a request of many items; its writes carry it.
    pub fn name_request(&self) -> Id {
        self.new_id()
    }

    /// Lists writes, oldest first.
    pub async fn writes(
        &self,
        workspace: &Workspace,
        query: &WriteQuery,
        scopes: &Scopes,
    ) -> Result<WritePage, Error> {
        let limit = limited(query.limit)?;
        let state = query.state.as_deref().map(state_named).transpose()?;
        let mut session = self.store().read().await?;
        let names = connection_names(&mut session, workspace).await?;
        let connection = match &query.connection {
            Some(name) => Some(number_of(&names, name)?),
            None => None,
        };
        let after = query.after.unwrap_or(0);
        let mut rows = writes::list(&mut session, workspace, state, connection, after, limit + 1).await?;
        drop(session);
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| more).map(|row| row.no.to_string());
        let seen = rows.into_iter().filter(|row| row.kind.is_none_or(|kind| scopes.sees(kind)));
        Ok(WritePage { data: seen.map(|row| view(row, &names)).collect::<Result<_, _>>()?, next })
    }

    /// One write.
    pub async fn write(&self, workspace: &Workspace, id: Id, scopes: &Scopes) -> Result<WriteView, Error> {
        let mut session = self.store().read().await?;
        let row = visible_write(&mut session, workspace, id, scopes).await?;
        let names = connection_names(&mut session, workspace).await?;
        view(row, &names)
    }

    /// How many writes there are in each state.
    pub async fn write_counts(&self, workspace: &Workspace) -> Result<Vec<(&'static str, u64)>, Error> {
        let mut session = self.store().read().await?;
        let counts = writes::counts(&mut session, workspace).await?;
        Ok(counts.into_iter().map(|(state, count)| (state.name(), count)).collect())
    }

    /// Decides about a write. Who asked for it cannot be the second person.
    pub async fn decide_write(
        &self,
        workspace: &Workspace,
        id: Id,
        decision: Decision,
        actor: &str,
        scopes: &Scopes,
    ) -> Result<WriteView, Error> {
        let mut session = self.store().write().await?;
        let row = visible_write(&mut session, workspace, id, scopes).await?;
        let action: Action = row.action.parse()?;
        allowed(scopes, target_of(&row), action)?;
        let (from, to, deed): (&[WriteState], WriteState, &'static str) = match decision {
            Decision::Approve => (&[WriteState::Awaiting], WriteState::Queued, "write.approve"),
            Decision::Retry => (
                &[WriteState::Dead, WriteState::Rejected, WriteState::Mismatched],
                WriteState::Queued,
                "write.retry",
            ),
            Decision::Withdraw => (
                &[WriteState::Awaiting, WriteState::Queued, WriteState::Dead, WriteState::Rejected],
                WriteState::Withdrawn,
                "write.withdraw",
            ),
        };
        if !from.contains(&row.state) {
            let names: Vec<&str> = from.iter().map(|state| state.name()).collect();
            let text = format!(
                "the write is {}; this can be done to one that is {}",
                row.state.name(),
                names.join(" or ")
            );
            return Err(Error::conflict(text));
        }
        if decision == Decision::Approve && row.actor == actor {
            return Err(Error::forbidden("who asked for a write cannot be the second person who agrees"));
        }
        writes::decide(&mut session, workspace, id, from, to, actor).await?;
        let entry = AuditEntry::done(actor, deed, id.to_string())
            .with(json!({"was": row.state.name(), "target": target_of(&row).name(), "action": row.action}));
        audit::note(&mut session, workspace, entry).await?;
        let row = visible_write(&mut session, workspace, id, scopes).await?;
        let names = connection_names(&mut session, workspace).await?;
        session.commit().await?;
        view(row, &names)
    }
}

/// Refuses what the scopes do not allow, and names the scope that would.
pub(crate) fn allowed(scopes: &Scopes, target: Target, action: Action) -> Result<(), Error> {
    let sees = match target {
        Target::Punch => true,
        Target::Record(kind) => scopes.sees(kind),
    };
    if sees && scopes.may(target.name(), action) {
        return Ok(());
    }
    let why = if scopes.write { "" } else { " and the right to write" };
    Err(Error::forbidden(format!(
        "this key may not {action} {target}; it would need the scope {target}:{action}{why}"
    )))
}

fn target_of(row: &WriteRow) -> Target {
    row.kind.map_or(Target::Punch, Target::Record)
}

async fn visible_write(
    session: &mut Session,
    workspace: &Workspace,
    id: Id,
    scopes: &Scopes,
) -> Result<WriteRow, Error> {
    let row = writes::get(session, workspace, id).await?;
    row.filter(|row| row.kind.is_none_or(|kind| scopes.sees(kind)))
        .ok_or_else(|| Error::not_found("there is no such write"))
}

async fn connection_names(
    session: &mut Session,
    workspace: &Workspace,
) -> Result<BTreeMap<i64, String>, Error> {
    let all = connections::all(session, workspace).await?;
    Ok(all.into_iter().map(|found| (found.no, found.name)).collect())
}

fn number_of(names: &BTreeMap<i64, String>, name: &str) -> Result<i64, Error> {
    let found = names.iter().find(|(_, known)| *known == name).map(|(no, _)| *no);
    found.ok_or_else(|| Error::invalid("connection", "there is no connection of this name"))
}

fn state_named(name: &str) -> Result<WriteState, Error> {
    let known = || WriteState::ALL.iter().map(|state| state.name()).collect::<Vec<_>>().join(", ");
    let found = WriteState::ALL.iter().copied().find(|state| state.name() == name);
    found.ok_or_else(|| Error::invalid("state", format!("state is one of: {}", known())))
}

fn view(row: WriteRow, names: &BTreeMap<i64, String>) -> Result<WriteView, Error> {
    Ok(WriteView {
        id: row.id,
        state: row.state.name(),
        is_final: !row.open,
        target: target_of(&row),
        action: row.action.parse()?,
        record: row.record,
        connection: names.get(&row.connection).cloned().unwrap_or_default(),
        actor: row.actor,
        decided_by: row.decided_by,
        bulk: row.bulk,
        attempts: row.attempts,
        remote_id: row.remote_id,
        reason: row.reason,
        next_at: row.next_at,
        created_at: row.created_at,
        changed_at: row.changed_at,
    })
}

/// JSON that we made ourselves and stored.
fn stored_json(text: &str) -> Result<Value, Error> {
    serde_json::from_str(text)
        .map_err(|error| Error::internal("a stored write cannot be read").caused_by(error))
}
