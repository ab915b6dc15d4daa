//! Punches that apps send in: stored as ours, and queued for the vendors that are told of punches.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::json;
use tongshi_dialect::Target;
use tongshi_model::{Action, Direction, Error, Id, Instant, Kind, LocalDate, Punch, PunchSource};
use tongshi_store::{Connection, Session, Workspace, punches};

use super::{
    allowed,
    change::{actor, known, missing},
    queue::{Asked, QueuedView, Routed, enqueue_punches},
};
use crate::{AuditEntry, Hub, Principal, audit, erased, idempotency::Once, stored_punch::punch_row};

/// A punch and the writes that it made necessary.
#[derive(Debug, Serialize)]
pub struct PunchWritten {
    /// Who.
    pub employee: Id,
    /// When.
    pub at: Instant,
    /// Coming or going.
    pub direction: Direction,
    /// By what means.
    pub source: PunchSource,
    /// The working day.
    pub day: LocalDate,
    /// Whether it was not there before.
    pub new: bool,
    /// What vendors are told.
    pub writes: Vec<QueuedView>,
}

impl Hub {
    /// Stores punches, all that can be stored in one transaction.
    pub async fn add_punches(
        &self,
        once: &mut Once,
        principal: &Principal,
        items: Vec<Result<Punch, Error>>,
        bulk: Option<Id>,
    ) -> Result<Vec<Result<PunchWritten, Error>>, Error> {
        allowed(&principal.scopes, Target::Punch, Action::Create)?;
        let actor = actor(principal);
        let people: Vec<(String, Kind, Id)> = items
            .iter()
            .flatten()
            .map(|punch| ("employee".to_owned(), Kind::Employee, punch.employee))
            .collect();
        let unknown = missing(once, &people).await?;
        let items: Vec<Result<Punch, Error>> = items
            .into_iter()
            .map(|item| item.and_then(|punch| known(&unknown, "employee", punch.employee).map(|()| punch)))
            .collect();
        let good: Vec<Punch> = items.iter().flatten().cloned().collect();
        let asked = Asked { actor: &actor, fields: json!({}), bulk };
        let stored =
            store_punches(&mut once.session, self, &once.workspace, &once.apps, good.clone(), &asked).await?;
        if !good.is_empty() {
            let new = stored.iter().filter(|(new, _)| *new).count();
            let entry = AuditEntry::done(actor.as_str(), "punch.create", "")
                .with(json!({"count": good.len(), "new": new, "bulk": bulk}));
            audit::note(&mut once.session, &once.workspace, entry).await?;
        }
        let mut stored = stored.into_iter();
        let answers = items.into_iter().map(|item| {
            let punch = item?;
            let (new, writes) = stored.next().ok_or_else(|| Error::internal("a punch has no answer"))?;
            let (at, day) = (punch.at, punch.working_day());
            let Punch { employee, direction, source, .. } = punch;
            Ok(PunchWritten { employee, at, direction, source, day, new, writes })
        });
        Ok(answers.collect())
    }
}

/// Stores punches in a transaction that holds more, and queues what vendors must be told of those that are new.
pub(crate) async fn store_punches(
    session: &mut Session,
    hub: &Hub,
    workspace: &Workspace,
    connection: &Connection,
    all: Vec<Punch>,
    asked: &Asked<'_>,
) -> Result<Vec<(bool, Vec<QueuedView>)>, Error> {
    let rows: Vec<_> = all.iter().cloned().map(punch_row).collect();
    let rows = erased::punches(session, workspace, rows).await?;
    // Of somebody who was erased nothing is kept, and nobody is told.
    let kept: HashSet<Id> = rows.iter().map(|row| row.employee).collect();
    let mut stored = punches::insert(session, workspace, connection.no, None, rows).await?.into_iter();
    let new: Vec<bool> =
        all.iter().map(|punch| kept.contains(&punch.employee) && stored.next().unwrap_or(false)).collect();
    let routed = Routed::load(session, workspace).await?;
    if routed.is_empty() {
        return Ok(new.into_iter().map(|new| (new, Vec::new())).collect());
    }
    let fresh: Vec<Punch> =
        all.into_iter().zip(&new).filter(|(_, new)| **new).map(|(punch, _)| punch).collect();
    let mut queued = enqueue_punches(session, hub, workspace, &routed, &fresh, asked).await?.into_iter();
    let told = |new| (new, if new { queued.next().unwrap_or_default() } else { Vec::new() });
    Ok(new.into_iter().map(told).collect())
}
