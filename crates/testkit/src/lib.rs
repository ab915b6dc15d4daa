//! The whole hub in a test: fixed clock and seed, both databases, vendors that are our own faces, and a wire that
//! breaks on request.

mod databases;
mod hub;
mod ledger;
mod month;
mod waits;
mod wire;

pub use databases::{on_each_database, on_each_location};
pub use hub::{Setup, TestHub};
pub use ledger::{LEDGER, LEDGER_ADDRESS, Ledger};
pub use month::{MonthReport, live_through_a_month};
pub use tongshi_store::Location;
pub use waits::VirtualWaits;
pub use wire::{Effect, Wire};
