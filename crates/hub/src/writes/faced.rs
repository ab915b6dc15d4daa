//! What an app changes through a face: the same as through our own API, without an answer to keep.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use tongshi_dialect::Target;
use tongshi_model::{Action, Draft, Error, Id, Kind};
use tongshi_store::{Workspace, apps};

use super::{
    allowed,
    change::{Act, By, NewRecord, find},
};
use crate::{Hub, Once, Principal};

impl Hub {
    /// Puts a document in the place of a record's, or takes the record away. What is a vendor's is changed there only.
    pub(crate) async fn change_by_face(
        &self,
        workspace: &Workspace,
        by: &By<'_>,
        (kind, id): (Kind, Id),
        draft: Option<Draft>,
    ) -> Result<(), Error> {
        let action = if draft.is_some() { Action::Update } else { Action::Delete };
        allowed(by.scopes, Target::Record(kind), action)?;
        let mut once = Once::unkept(self, workspace).await?;
        let found = find(&mut once, by.scopes, kind, id).await?;
        self.put(&mut once, by, found, action, draft, json!({})).await?;
        once.commit().await
    }

    /// Does something to a record: approves it, calls it off.
    pub(crate) async fn act_by_face(
        &self,
        workspace: &Workspace,
        by: &By<'_>,
        which: (Kind, Id),
        action: Action,
        comment: Option<String>,
    ) -> Result<(), Error> {
        let mut once = Once::unkept(self, workspace).await?;
        let act = Act { comment, ..Act::default() };
        self.act_by(&mut once, by, which, action, &act).await?;
        once.commit().await
    }

    /// Changes a record for an app that calls through a face, whose words the face has looked at.
    pub(crate) async fn change_for(
        &self,
        workspace: &Workspace,
        app_no: i64,
        kind: Kind,
        id: Id,
        fields: Map<String, Value>,
    ) -> Result<(), Error> {
        let found = apps::by_no(&mut self.store().read().await?, workspace, app_no).await?;
        let app = found.ok_or_else(|| Error::not_found("there is no such app"))?;
        let app = Arc::new(crate::apps::view(&app, Vec::new())?);
        let principal = Principal { scopes: app.scopes.clone(), app, workspace: workspace.clone() };
        let mut once = Once::unkept(self, workspace).await?;
        let patch = NewRecord { fields, refers: Vec::new() };
        self.update_record(&mut once, &principal, kind, id, None, patch).await?;
        once.commit().await
    }
}
