//! The hub as a whole, on each database, over our own faces and a wire that breaks.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod changes;
mod events;
mod faults;
mod loops;
mod resume;
mod safety;
