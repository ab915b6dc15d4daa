//! Connections: the workspace's accounts at vendors.

pub(super) mod call;
pub(super) mod list;
pub(super) mod operations;
pub(super) mod quota;
