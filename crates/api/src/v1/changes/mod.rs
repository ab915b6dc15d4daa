//! Changes: the workspace's journal.

pub(super) mod list;
