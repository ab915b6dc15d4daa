//! Punches: facts, many and immutable.

pub(super) mod list;
