//! The kit: what all vendor protocols share. An endpoint is described once ([`Operation`]) and serves both sides.
//!
//! No vendor and no socket in here. A [`Client`] speaks over a [`Transport`] that somebody hands in; a [`Server`]
//! answers from a [`Desk`], which is how it finds the app that calls and that app's view of the organisation.

mod auth;
mod client;
#[cfg(feature = "conformance")]
pub mod conformance;
mod connector;
mod descriptor;
mod desk;
#[cfg(feature = "conformance")]
pub mod fake;
mod message;
mod operation;
mod protocol;
mod server;
mod strict;
mod workforce;

pub use auth::{
    AuthFault, AuthScheme, Explanation, KeySource, NoAuth, Signs, hmac_sha256_hex, verify_hmac_sha256_hex,
};
pub use client::{CallError, Client, Pacer, Promptly, Transport, TransportError};
pub use connector::{
    Ask, Connect, Connector, Credential, Existence, Fingerprint, Health, Incoming, Listing, Over, Page,
    PulledPunches, Reach, Receipt, Row, Slice, Subject, Window, Write, fingerprint,
};
pub use descriptor::{
    Capability, CodeKind, CredentialField, Descriptor, EventMaker, FaceKey, FaceMaker, OperationInfo,
};
pub use desk::{Desk, Face, Grant};
pub use message::{Message, ParamFault, Reply, strict_pairs};
pub use operation::{Contract, Operation, Verb, decode, encode};
pub use protocol::{Dialect, FormFault, Unread};
pub use server::{Caller, Server};
pub use strict::strict_object;
pub use workforce::{Announcement, Query, Record, Token, Workforce};
