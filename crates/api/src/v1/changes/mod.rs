//! Changes: the workspace's journal.

mod feed;
pub(super) mod list;
pub(super) mod stream;
