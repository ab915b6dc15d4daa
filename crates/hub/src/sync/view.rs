//! Runs as they are shown.

use std::collections::BTreeMap;

use serde::Serialize;
use tongshi_model::{Error, Id, Timestamp};
use tongshi_store::{Connection, Run, Workspace, connections, runs};

use super::proof::{Counts, ListingProof};
use crate::Hub;

/// A run as it is shown.
#[derive(Clone, Debug, Serialize)]
pub struct RunView {
    /// Its id.
    pub id: Id,
    /// Of which connection.
    pub connection: String,
    /// Of which vendor.
    pub dialect: String,
    /// `full`, `incremental`, `partial` or `undo`.
    pub mode: String,
    /// `running`, `done`, `held` or `failed`.
    pub state: String,
    /// Whether everything was provably seen; none while it runs.
    pub complete: Option<bool>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// What it did.
    pub counts: Option<Counts>,
    /// What its listings proved.
    pub listings: Option<Vec<ListingProof>>,
    /// Why it is not complete.
    pub reason: Option<String>,
    /// Whose failure ended it.
    pub failure: Option<super::Failure>,
    /// Whether it was undone.
    pub undone: bool,
}

impl Hub {
    /// Runs, newest first.
    pub async fn runs(
        &self,
        workspace: &Workspace,
        connection: Option<&str>,
        limit: u32,
    ) -> Result<Vec<RunView>, Error> {
        let number = match connection {
            Some(name) => Some(self.find_connection(workspace, name).await?.no),
            None => None,
        };
        let mut session = self.store().read().await?;
        let all = connections::all(&mut session, workspace).await?;
        let by_number: BTreeMap<i64, &Connection> = all.iter().map(|found| (found.no, found)).collect();
        let rows = runs::list(&mut session, workspace, number, limit).await?;
        rows.into_iter().map(|run| view(run, &by_number)).collect()
    }

    /// One run.
    pub async fn run(&self, workspace: &Workspace, id: Id) -> Result<RunView, Error> {
        let mut session = self.store().read().await?;
        let run = runs::get(&mut session, workspace, id).await?;
        let run = run.ok_or_else(|| Error::not_found("there is no such run"))?;
        let all = connections::all(&mut session, workspace).await?;
        view(run, &all.iter().map(|found| (found.no, found)).collect())
    }
}

fn view(run: Run, connections: &BTreeMap<i64, &Connection>) -> Result<RunView, Error> {
    let connection = connections.get(&run.connection);
    let unreadable = |error| Error::internal(format!("run {} cannot be read", run.id)).caused_by(error);
    let summary = run.summary.unwrap_or_default();
    let part = |name: &str| summary.get(name).cloned().unwrap_or_default();
    Ok(RunView {
        id: run.id,
        connection: connection.map(|found| found.name.clone()).unwrap_or_default(),
        dialect: connection.map(|found| found.dialect.clone()).unwrap_or_default(),
        mode: run.mode,
        state: run.state,
        complete: run.complete,
        started_at: run.started_at,
        ended_at: run.ended_at,
        counts: serde_json::from_value(part("counts")).map_err(unreadable)?,
        listings: run.proof.map(serde_json::from_value).transpose().map_err(unreadable)?,
        reason: part("reason").as_str().map(str::to_owned),
        failure: serde_json::from_value(part("failure")).map_err(unreadable)?,
        undone: run.undone_at.is_some(),
    })
}
