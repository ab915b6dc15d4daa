//! The HTTP surface: the faces, the hub's own `/v1`, the vendors' events, health and metrics.
//!
//! A request meets the edge first, which hands it to a face or to the routes inside. Errors become problems
//! (RFC 9457) in one file, `problem`. Nothing here knows a vendor or a database.

mod authentication;
mod body;
mod client;
mod config;
mod cursor;
mod edge;
mod face;
mod health;
mod hooks;
mod idempotency;
mod json;
mod login;
mod meters;
mod observe;
mod parameters;
mod problem;
mod ratelimit;
mod request_id;
mod serve;
mod socket;
mod v1;

pub use config::{ApiConfig, Limits};
pub use edge::{face_router, router};
pub use serve::{serve, serve_face};
pub use v1::openapi;
