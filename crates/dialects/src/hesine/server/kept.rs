//! Lists that the vendor keeps beside people and documents, and for which the record has no kind: they lie among the
//! workspace's settings. Each is changed only where nobody was faster, so that two programs lose nothing of each other's.

use serde::{Deserialize as _, Serialize, de::DeserializeOwned};
use serde_json::Value;
use tongshi_dialect::Workforce;
use tongshi_model::Error;

use super::{TRIES_MAX, busy};
use crate::hesine::wire::Fault;

/// Entries that one list may have: each reading reads all of them.
const ENTRIES_MAX: usize = 5_000;

/// The list of this name; empty where there is none yet.
pub(super) async fn list<T: DeserializeOwned>(
    workforce: &dyn Workforce,
    name: &str,
) -> Result<Vec<T>, Fault> {
    entries(workforce.recall(name).await?.as_ref(), name)
}

fn entries<T: DeserializeOwned>(kept: Option<&Value>, name: &str) -> Result<Vec<T>, Fault> {
    let Some(kept) = kept else { return Ok(Vec::new()) };
    let read = Vec::deserialize(kept);
    Ok(read.map_err(|error| Error::internal(format!("the setting {name} cannot be read")).caused_by(error))?)
}

/// Changes the list of this name, once for all who change it at the same time: the deed is done again over what
/// somebody else has changed meanwhile.
pub(super) async fn change<T: Serialize + DeserializeOwned, R>(
    workforce: &dyn Workforce,
    name: &str,
    deed: impl Fn(&mut Vec<T>) -> Result<R, Fault>,
) -> Result<R, Fault> {
    for _ in 0..TRIES_MAX {
        let before = workforce.recall(name).await?;
        let mut list = entries(before.as_ref(), name)?;
        let done = deed(&mut list)?;
        if list.len() > ENTRIES_MAX {
            return Err(Fault::precondition(format!("最多 {ENTRIES_MAX} 条")));
        }
        let after = serde_json::to_value(&list).map_err(|error| {
            Error::internal(format!("the setting {name} does not serialise")).caused_by(error)
        })?;
        if workforce.revise(name, before.as_ref(), &after).await? {
            return Ok(done);
        }
    }
    Err(busy())
}
