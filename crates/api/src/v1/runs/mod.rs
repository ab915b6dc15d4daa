//! Runs: syncs, with what they proved.

pub(super) mod get;
pub(super) mod list;
