//! The audit trail, for those who may see it.

pub(super) mod list;
