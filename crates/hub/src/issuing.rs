//! Tokens, issued in groups: whoever comes while a commit is on its way shares the next one. Each token is a durable row
//! and an entry in the audit trail before anybody gets it; what many share is the one wait for the disk.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use tokio::sync::oneshot;
use tongshi_model::{Error, ErrorKind};
use tongshi_store::{Workspace, tokens, tokens::NewToken};

use crate::{AuditEntry, Hub, audit};

/// Tokens that are committed together.
const GROUP_MAX: usize = 512;

/// Tokens that wait, and the turn of whoever commits.
#[derive(Default)]
pub(crate) struct Issuing {
    waiting: Mutex<Vec<Waiting>>,
    turn: tokio::sync::Mutex<()>,
}

/// A token that waits to be kept.
struct Waiting {
    workspace: Workspace,
    token: NewToken,
    actor: String,
    kept: oneshot::Sender<Result<(), ErrorKind>>,
}

impl Issuing {
    fn add(&self, waiting: Waiting) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(waiting);
    }

    /// The next group, oldest first.
    fn group(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let count = waiting.len().min(GROUP_MAX);
        waiting.drain(..count).collect()
    }
}

impl Hub {
    /// Keeps a token; when this comes back without an error, it is on disk.
    pub(crate) async fn keep_token(
        &self,
        workspace: &Workspace,
        token: NewToken,
        actor: &str,
    ) -> Result<(), Error> {
        let (kept, mut told) = oneshot::channel();
        let waiting = Waiting { workspace: workspace.clone(), token, actor: actor.to_owned(), kept };
        self.0.issuing.add(waiting);
        let turn = tokio::select! {
            biased;
            kept = &mut told => return answer(kept),
            turn = self.0.issuing.turn.lock() => turn,
        };
        // Whoever has the turn commits for all who wait. A task of its own, since whoever asked may hang up meanwhile.
        while told.is_empty() && !told.is_terminated() {
            let group = self.0.issuing.group();
            if group.is_empty() {
                break;
            }
            let hub = self.clone();
            tokio::spawn(async move { hub.keep_group(group).await })
                .await
                .map_err(|error| Error::internal("tokens could not be kept").caused_by(error))?;
        }
        drop(turn);
        answer(told.await)
    }

    async fn keep_group(&self, group: Vec<Waiting>) {
        let kept = self.kept(&group).await;
        let outcome = match &kept {
            Ok(()) => Ok(()),
            Err(error) => {
                tracing::error!(reason = %error, cause = %error.private(), tokens = group.len(), "tokens were not kept");
                Err(error.kind().clone())
            }
        };
        for waiting in group {
            // Whoever has hung up needs no answer.
            let _ = waiting.kept.send(outcome.clone());
        }
    }

    async fn kept(&self, group: &[Waiting]) -> Result<(), Error> {
        let mut session = self.store().write().await?;
        tokens::put_many(&mut session, group.iter().map(|waiting| &waiting.token)).await?;
        let mut notes: BTreeMap<i64, (&Workspace, Vec<AuditEntry>)> = BTreeMap::new();
        for waiting in group {
            let entry = AuditEntry::done(&waiting.actor, "token.issue", &waiting.token.purpose);
            let of = notes.entry(waiting.workspace.no).or_insert_with(|| (&waiting.workspace, Vec::new()));
            of.1.push(entry);
        }
        // In the order of the workspaces' numbers, so that two replicas never wait for each other.
        for (workspace, entries) in notes.into_values() {
            audit::note_all(&mut session, workspace, entries).await?;
        }
        session.commit().await
    }
}

fn answer(kept: Result<Result<(), ErrorKind>, oneshot::error::RecvError>) -> Result<(), Error> {
    match kept {
        Ok(Ok(())) => Ok(()),
        Ok(Err(kind)) => Err(Error::new(kind, "the token could not be kept")),
        Err(_) => Err(Error::unavailable("the token could not be kept")),
    }
}
