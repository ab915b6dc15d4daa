//! Loads generated data: the sandbox is a workspace whose sources nobody else owns.

use tongshi_model::{Draft, Error, Kind, Punch, Space};
use tongshi_store::{Evidence, Workspace, punches, sources};

use crate::{
    Hub,
    ingest::{self, Item, Origin},
    stored_punch::punch_row,
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
            let all_punches = crate::erased::punches(&mut session, workspace, all_punches).await?;
            punches::insert(&mut session, workspace, connection.no, None, all_punches).await?;
            session.commit().await?;
        }
        Ok(())
    }

    /// Takes things out again that were loaded under this source; names that are not there are passed over.
    pub async fn unload(
        &self,
        workspace: &Workspace,
        source: &str,
        kind: Kind,
        remote_ids: &[&str],
    ) -> Result<u64, Error> {
        let connection = self.local_connection(workspace, source).await?;
        let space = Space { workspace: workspace.id, connection: connection.id };
        let actor = format!("source:{source}");
        let now = self.clock().now();
        let origin = Origin { workspace, connection: connection.no, space, run: None, actor: &actor, now };
        let mut session = self.store().write().await?;
        let heads = sources::heads(&mut session, connection.no, kind, remote_ids).await?;
        let ids: Vec<i64> =
            heads.into_iter().flatten().filter(|head| !head.gone).map(|head| head.id).collect();
        let deleted = ingest::remove(&mut session, &origin, &ids, Evidence::Manual).await?;
        session.commit().await?;
        Ok(deleted)
    }
}
