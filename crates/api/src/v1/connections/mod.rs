//! Connections: the workspace's accounts at vendors.

pub(super) mod list;
