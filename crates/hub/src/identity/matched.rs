//! Matching as it is run: after a listing of people that brought something, and when somebody asks for it.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::json;
use tongshi_model::{Error, Id, Kind};
use tongshi_store::{
    Session, Workspace, changes, connections,
    identity::{self, Conflict},
    meta, shared,
};

use super::{
    Folding, Ownership,
    folding::Basis,
    matching::{self, Plan, Rule},
    people,
};
use crate::{AuditEntry, Hub, audit};

/// Pairs linked in one transaction.
const STEP: usize = 500;

/// What a matching did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Matched {
    /// Pairs that were linked.
    pub linked: u64,
    /// Pairs that wait for a person.
    pub conflicts: u64,
    /// Records that were folded again and differ now.
    pub refolded: u64,
}

/// What goes into each transaction beside the links: who holds a run says so again.
#[async_trait::async_trait]
pub(crate) trait Holding: Send {
    /// Says so.
    async fn hold(&mut self, session: &mut Session) -> Result<(), Error>;
}

/// Nobody holds anything.
struct Free;

#[async_trait::async_trait]
impl Holding for Free {
    async fn hold(&mut self, _session: &mut Session) -> Result<(), Error> {
        Ok(())
    }
}

impl Hub {
    /// Matches everybody anew, and folds every record with several sources again.
    pub async fn rematch(&self, workspace: &Workspace, actor: &str) -> Result<Matched, Error> {
        let refolded = self.refold_all(workspace, actor).await?;
        let mut matched = match_people(self, workspace, (None, actor), &mut Free, true).await?;
        matched.refolded = refolded;
        let mut session = self.store().write().await?;
        let entry = AuditEntry::done(actor, "identity.rematch", "").with(json!(matched));
        audit::note(&mut session, workspace, entry).await?;
        session.commit().await?;
        Ok(matched)
    }
}

/// Links people whom a rule recognises, and notes whom it does not dare to. Unless everybody is to be looked at anew,
/// nothing is done where no employee changed since the last time.
pub(crate) async fn match_people(
    hub: &Hub,
    workspace: &Workspace,
    (run, actor): (Option<Id>, &str),
    holding: &mut dyn Holding,
    anew: bool,
) -> Result<Matched, Error> {
    let mut session = hub.store().read().await?;
    // One vendor's own ids keep its people apart better than any rule.
    if connections::all(&mut session, workspace).await?.len() < 2 {
        return Ok(Matched::default());
    }
    let mark = mark(workspace);
    let since: i64 = match meta::get(&mut session, &mark).await? {
        Some(text) if !anew => text.parse().unwrap_or(0),
        _ => 0,
    };
    let seen = changes::last_seq(&mut session, workspace).await?;
    if !anew && !changes::any_after(&mut session, workspace, since, Kind::Employee).await? {
        return Ok(Matched::default());
    }
    let owners = Ownership::load(&mut session, workspace).await?;
    let everybody = people::all(&mut session, workspace, &owners).await?;
    let apart = identity::apart(&mut session, workspace).await?;
    drop(session);
    let confidence_min = i64::from(hub.settings().identity_confidence_percent);
    // Looking at everybody takes a while, and other tasks have a turn meanwhile.
    let work = move || matching::plan(&everybody, &apart, confidence_min);
    let plan = tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::internal("matching ended early").caused_by(error))?;
    carry_out(hub, workspace, (run, actor), holding, plan, seen).await
}

async fn carry_out(
    hub: &Hub,
    workspace: &Workspace,
    (run, actor): (Option<Id>, &str),
    holding: &mut dyn Holding,
    plan: Plan,
    seen: i64,
) -> Result<Matched, Error> {
    let mut matched = Matched::default();
    let mut meanings: HashMap<Id, Id> = HashMap::new();
    let mut noted = 0;
    for some in plan.links.chunks(STEP) {
        let mut session = hub.store().write().await?;
        let now = hub.clock().now();
        shared::lock(&mut session, workspace).await?;
        let owners = Ownership::load(&mut session, workspace).await?;
        let mut folding = Folding::new(workspace, owners, actor, run, now);
        let linked = link_some(&mut session, &mut folding, some, &mut meanings).await?;
        noted += folding.changes() as i64;
        folding.write(&mut session).await?;
        let entry = AuditEntry::done(actor, "identity.match", "").with(json!({"linked": linked}));
        audit::note(&mut session, workspace, entry).await?;
        holding.hold(&mut session).await?;
        session.commit().await?;
        hub.forget_aliases(workspace);
        matched.linked += linked;
    }
    let mut session = hub.store().write().await?;
    let at = hub.clock().now();
    let conflicts = plan.conflicts.into_iter().map(|(one, other, reason, confidence)| {
        let one = follow(&meanings, one);
        Conflict { one, other, reason: reason.name().to_owned(), confidence, at }
    });
    let conflicts: Vec<Conflict> = conflicts.filter(|conflict| conflict.one != conflict.other).collect();
    matched.conflicts = conflicts.len() as u64;
    identity::replace_conflicts(&mut session, workspace, conflicts).await?;
    // What nobody else has added to the journal meanwhile need not be looked at again.
    let last = changes::last_seq(&mut session, workspace).await?;
    let seen = if last - seen == noted { last } else { seen };
    meta::set(&mut session, &mark(workspace), &seen.to_string()).await?;
    holding.hold(&mut session).await?;
    session.commit().await?;
    Ok(matched)
}

/// Links pairs of which both are still there.
async fn link_some(
    session: &mut Session,
    folding: &mut Folding<'_>,
    pairs: &[(Id, Id, Rule)],
    meanings: &mut HashMap<Id, Id>,
) -> Result<u64, Error> {
    let ids = pairs.iter().flat_map(|(one, other, _)| [*one, *other]);
    let ids: Vec<Id> = ids.map(|id| follow(meanings, id)).collect();
    folding.load(session, &ids).await?;
    let mut linked = 0;
    for (one, other, rule) in pairs {
        let (one, other) = (follow(meanings, *one), follow(meanings, *other));
        let lives = |id| folding.row(id).is_some_and(|row| row.deleted.is_none());
        if one == other || !lives(one) || !lives(other) {
            continue;
        }
        let basis = Basis { method: rule.name(), confidence: rule.confidence() };
        let stays = folding.link(one, other, basis)?;
        meanings.insert(if stays == one { other } else { one }, stays);
        linked += 1;
    }
    Ok(linked)
}

fn follow(meanings: &HashMap<Id, Id>, mut id: Id) -> Id {
    while let Some(next) = meanings.get(&id) {
        id = *next;
    }
    id
}

/// Up to where in the journal people were matched.
fn mark(workspace: &Workspace) -> String {
    format!("identity/{}/matched", workspace.id)
}
