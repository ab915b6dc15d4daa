//! The HTTP surface over a whole hub: in process where the route matters, over a socket where bytes do.
#![expect(clippy::unwrap_used, reason = "what a test's helper cannot do is the test's failure")]

mod apps;
mod authentication;
mod contract;
mod feed;
mod hostile;
mod identity;
mod login;
mod pages;
mod passthrough;
mod records;
mod reports;
mod schema;
mod served;
mod sockets;
mod surface;
mod watched;
mod webhooks;
mod writing;
