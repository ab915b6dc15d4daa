//! Counts: how many records there are.

pub(super) mod list;
