//! The kit: what all vendor protocols share. An endpoint is described once ([`Operation`]) and serves both sides.
//!
//! No vendor and no socket in here. A [`Client`] speaks over a [`Transport`] that somebody hands in; a [`Server`]
//! answers from a [`Desk`], which is how it finds the app that calls and that app's view of the organisation.

mod addresses;
mod attempts;
/// The target of spans that become parts of traces, apart from those of the log.
pub const SPANS: &str = "tongshi::trace";

mod auth;
mod client;
#[cfg(feature = "conformance")]
pub mod conformance;
mod connector;
mod deed;
mod descriptor;
mod desk;
mod events;
#[cfg(feature = "conformance")]
pub mod fake;
mod hosts;
pub mod lenient;
mod message;
mod metering;
mod operation;
mod page;
mod protocol;
mod quota;
mod seen;
mod server;
mod sign_in;
mod strict;
mod token_cache;
mod workforce;
mod write;

pub use addresses::Addresses;
pub use attempts::{Attempt, Attempts, Block, Patience};
pub use auth::{
    AuthFault, AuthScheme, Explanation, KeySource, NoAuth, Signs, hmac_sha256_hex, verify_hmac_sha256_hex,
};
pub use client::{CallError, Client, Pacer, Promptly, Transport, TransportError};
pub use connector::{
    Ask, Connect, Connector, Credential, Existence, Finding, Fingerprint, Health, Incoming, Listing,
    NothingStored, Over, Page, PulledPunches, Reach, Row, Slice, State, Stored, Subject, Window, fingerprint,
};
pub use deed::{About, Answer, Change, Deed, Movement, OnceKey, Pot, Settled};
pub use descriptor::{
    Capability, CodeKind, CredentialField, Descriptor, FaceKey, FaceMaker, OperationInfo, SecondHost,
};
pub use desk::{Called, Desk, Face, Grant, Inner, Refusal, allowed_operation};
pub use events::{EndpointDraft, EventAsk, Events, FailedDelivery, RegisteredEndpoint};
pub use hosts::two_hosts;
pub use message::{Message, ParamFault, Reply, strict_pairs};
pub use metering::{Metering, Rhythm, Scale};
pub use operation::{Contract, Operation, Verb, decode, encode};
pub use page::{Cookie, Language, Screen, escape, hidden, html_reply, page, page_in, refusal};
pub use protocol::{Dialect, FormFault, Unread};
pub use quota::{Limiter, Quota, Standing, Wait};
pub use seen::{Disclosed, gather};
pub use server::{Caller, Gate, Server};
pub use sign_in::{Departure, Identity, Redemption, Return, SignIn, SignInFault};
pub use strict::strict_object;
pub use token_cache::{Fetch, Fetched, MemoryTokens, Tokens};
pub use workforce::{Announcement, Order, Query, Record, Replacement, Token, Workforce, agreement};
pub use write::{Named, PushError, Pushed, Seen, Target, Write, WriteBody};
