//! The hub as a whole, on each database, over our own faces and a wire that breaks.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod any_to_any;
mod apps;
mod audit;
mod backups;
mod calls;
mod chain;
mod changes;
mod deliveries;
mod dingtalk;
mod events;
mod faults;
mod flow;
mod hesine;
mod identity;
mod issuing;
mod keys;
mod loops;
mod points;
mod privacy;
mod quota;
mod resume;
mod retention;
mod safety;
mod tokens;
mod waiqin;
mod writes;
