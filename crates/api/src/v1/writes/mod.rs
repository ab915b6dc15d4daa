//! What the hub does at vendors, and who decides about it.

pub(super) mod decide;
pub(super) mod get;
pub(super) mod list;
