//! What an app changes through a face: the same as through our own API, without an answer to keep.

use serde_json::json;
use tongshi_dialect::Target;
use tongshi_model::{Action, Draft, Error, Id, Kind};
use tongshi_store::Workspace;

use super::{
    allowed,
    change::{By, find},
};
use crate::{Hub, Once};

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
}
