//! OAuth 2 as pure protocol: what can be decided without a socket, a store or a clock.
//!
//! The code flow's pieces that every vendor and our own sign-in share.

mod redirect;

pub use redirect::{is_redirect, is_registered, is_registrable, return_url, same_secret};
