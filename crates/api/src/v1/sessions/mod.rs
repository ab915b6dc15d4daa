//! Who is signed in: for apps that administrate.

pub(super) mod list;
pub(super) mod revoke;
