//! Punches: facts, many and immutable.

pub(super) mod create;
pub(super) mod list;
