//! The log of requests: what was refused, and why.

pub(super) mod list;
