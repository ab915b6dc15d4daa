//! Loads generated data: the sandbox is a workspace whose sources nobody else owns.

use tongshi_model::{Draft, Error, Punch, Space};
use tongshi_store::{Workspace, punches};

use crate::{
    Hub,
    ingest::{self, Item},
    workforce::punch_row,
};

/// Something to be loaded.
pub enum LoadItem {
    /// A record under its name within the source.
    Record {
        /// The name.
        remote_id: String,
        /// The record.
        draft: Draft,
    },
    /// Punches.
    Punches(Vec<Punch>),
}

impl Hub {
    /// Where the ids of a local source live; a generator needs it to refer to what it makes.
    pub async fn local_space(&self, workspace: &Workspace, source: &str) -> Result<Space, Error> {
        let connection = self.local_connection(workspace, source).await?;
        Ok(Space { workspace: workspace.id, connection: connection.id })
    }

    /// Loads a batch under this source. What is there already and unchanged costs a comparison.
    pub async fn load(&self, workspace: &Workspace, source: &str, items: Vec<LoadItem>) -> Result<(), Error> {
        let connection = self.local_connection(workspace, source).await?;
        let (mut records, mut all_punches) = (Vec::new(), Vec::new());
        for item in items {
            match item {
                LoadItem::Record { remote_id, draft } => records.push(Item::canonical(remote_id, draft)),
                LoadItem::Punches(punches) => all_punches.extend(punches.into_iter().map(punch_row)),
            }
        }
        if !records.is_empty() {
            ingest::write(self, workspace, &connection, records, &format!("source:{source}")).await?;
        }
        if !all_punches.is_empty() {
            let mut session = self.store().write().await?;
            punches::insert(&mut session, workspace, connection.no, None, all_punches).await?;
            session.commit().await?;
        }
        Ok(())
    }
}
