//! A person's rights: a copy of everything, and erasure.

pub(super) mod erase;
pub(super) mod export;
mod schemas;

use tongshi_model::{Error, Sensitivity};

use crate::authentication::Caller;

/// A copy holds every kind with every field, so only an app that may see all of it gets one.
fn may_see_everything(caller: &Caller) -> Result<(), Error> {
    let scopes = caller.scopes();
    if scopes.sensitivity >= Sensitivity::Restricted && scopes.kinds.is_none() {
        return Ok(());
    }
    Err(Error::forbidden(
        "this key may not see everything about a person: it needs every kind and restricted fields",
    ))
}
