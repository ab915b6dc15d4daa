//! OAuth 2 as pure protocol: what can be decided without a socket, a store or a clock.
//!
//! The code flow's pieces that every vendor and our own sign-in share.

mod pkce;
mod redirect;

pub use pkce::{challenge_of, is_challenge, verifies};
pub use redirect::{is_redirect, is_registered, is_registrable, return_url, same_secret};
