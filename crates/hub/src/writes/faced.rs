//! What an app takes away through a face: the same as through our own API, without an answer to keep.

use std::sync::Arc;

use tongshi_model::{Error, Id, Kind};
use tongshi_store::{Workspace, apps};

use crate::{Begun, Hub, Principal};

impl Hub {
    /// Takes a record away for an app that calls through a face. What is a vendor's is taken away there only.
    pub(crate) async fn remove_for(
        &self,
        workspace: &Workspace,
        app_no: i64,
        kind: Kind,
        id: Id,
    ) -> Result<(), Error> {
        let found = apps::by_no(&mut self.store().read().await?, workspace, app_no).await?;
        let app = found.ok_or_else(|| Error::not_found("there is no such app"))?;
        let app = Arc::new(crate::apps::view(&app, Vec::new())?);
        let principal = Principal { scopes: app.scopes.clone(), app, workspace: workspace.clone() };
        let Begun::Now(mut once) = self.begin(&principal, None).await? else {
            return Err(Error::internal("a removal without a key was begun before"));
        };
        self.delete_record(&mut once, &principal, kind, id, None).await?;
        once.commit().await
    }
}
