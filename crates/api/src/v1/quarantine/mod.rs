//! Quarantine: rows of vendors that could not be taken in.

pub(super) mod list;
