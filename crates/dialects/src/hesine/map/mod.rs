//! Hesine's words and ours, both ways.

pub(super) mod sample;
