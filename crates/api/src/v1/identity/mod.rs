//! Identity: which records are one, and who must decide about it.

pub(super) mod conflicts;
pub(super) mod link;
pub(super) mod unlink;

use tongshi_hub::Hub;
use tongshi_model::{Action, Error, Id};

use crate::authentication::Caller;

/// Lets the caller go on if it may change this record. What it may not see is told like what is not there.
async fn may_change(hub: &Hub, caller: &Caller, id: Id) -> Result<(), Error> {
    let kind = hub.kind_of(caller.workspace(), id).await?;
    let kind = kind.filter(|kind| caller.scopes().sees(*kind));
    let kind = kind.ok_or_else(|| Error::not_found("there is no such record"))?;
    if caller.scopes().may(kind.name(), Action::Update) {
        return Ok(());
    }
    Err(Error::forbidden(format!("this key may not change any {kind}")))
}

/// The caller as the journal names it.
fn actor(caller: &Caller) -> String {
    format!("app:{}", caller.principal.app.name)
}
