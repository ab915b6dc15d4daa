//! The calling app itself.

pub(super) mod get;
