//! Hesine's words and ours, both ways.
