//! The whole hub in a test: fixed clock and seed, both databases, vendors that are our own faces, and a wire that
//! breaks on request.

mod databases;
mod hub;
mod wire;

pub use databases::on_each_database;
pub use hub::{Setup, TestHub};
pub use wire::{Effect, Wire};
