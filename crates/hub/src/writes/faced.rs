//! What an app does and takes away through a face: the same as through our own API, without an answer to keep.

use std::sync::Arc;

use tongshi_model::{Action, Error, Id, Kind};
use tongshi_store::{Workspace, apps};

use super::change::Act;
use crate::{Begun, Hub, Once, Principal};

impl Hub {
    /// Takes a record away for an app that calls through a face. What is a vendor's is taken away there only.
    pub(crate) async fn remove_for(
        &self,
        workspace: &Workspace,
        app_no: i64,
        kind: Kind,
        id: Id,
    ) -> Result<(), Error> {
        let (principal, mut once) = self.once_for(workspace, app_no).await?;
        self.delete_record(&mut once, &principal, kind, id, None).await?;
        once.commit().await
    }

    /// Does something to a record for such an app: approves it, calls it off.
    pub(crate) async fn act_for(
        &self,
        workspace: &Workspace,
        app_no: i64,
        (kind, id): (Kind, Id),
        action: Action,
        comment: Option<String>,
    ) -> Result<(), Error> {
        let (principal, mut once) = self.once_for(workspace, app_no).await?;
        let act = Act { comment, ..Act::default() };
        self.act_on_record(&mut once, &principal, kind, id, action, &act).await?;
        once.commit().await
    }

    /// The app, and the transaction for what it does.
    async fn once_for(&self, workspace: &Workspace, app_no: i64) -> Result<(Principal, Box<Once>), Error> {
        let found = apps::by_no(&mut self.store().read().await?, workspace, app_no).await?;
        let app = found.ok_or_else(|| Error::not_found("there is no such app"))?;
        let app = Arc::new(crate::apps::view(&app, Vec::new())?);
        let principal = Principal { scopes: app.scopes.clone(), app, workspace: workspace.clone() };
        match self.begin(&principal, None).await? {
            Begun::Now(once) => Ok((principal, once)),
            Begun::Before(_) | Begun::InFlight | Begun::OtherRequest => {
                Err(Error::internal("a change without a key was begun before"))
            }
        }
    }
}
