//! Workhuman (once Globoforce), recognition and rewards, by a contract that only one given document shows.
//!
//! Workhuman publishes no API. The document (version v20260423) is a page of a third party's collection of skills, and its
//! author has withdrawn it since; what this folder speaks is that page, its sister pages, and what is ours where they are
//! silent. Nothing here is known to reach the live vendor: address and paths of the connector are configuration. Operations of
//! the pages are labelled `sample`, ours `uncertain`. `specs/workhuman.md` has every fact with its weight; `§` in this
//! folder means its sections.
//!
//! Quirks: `displayName` alone is camelCase (§5.16). The list of recognitions is wrapped in `data`, the catalogue in `items`,
//! a single thing in nothing. A wrong grant type is `invalid_grant` (§5.5).

mod auth;
mod client;
mod map;
mod server;
#[cfg(test)]
mod tests;
mod wire;

use tongshi_dialect::{Capability, Descriptor, FaceKey};
use tongshi_model::{Action, Kind};

/// This vendor, for the list.
pub(crate) static DESCRIPTOR: Descriptor = Descriptor {
    id: "workhuman",
    title: "Workhuman (sample contract)",
    // The page's own host is not given: it never answered as the page says (§1).
    base_url: None,
    second_base_url: None,
    capabilities: CAPABILITIES,
    writes_off: &[],
    metering: None,
    calls_per_second: None,
    credential: client::CREDENTIAL,
    face_keys: &[FaceKey { id: "client_id", secret: "client_secret", prefix: "wh" }],
    codes: &[],
    operations: client::OPERATIONS,
    connect: client::connect,
    serve: server::serve,
    sign: client::sign,
    events: None,
};

const CAPABILITIES: &[Capability] = &[
    Capability::Pull(Kind::Employee),
    Capability::Pull(Kind::RewardItem),
    Capability::Pull(Kind::Recognition),
    Capability::Pull(Kind::Redemption),
    Capability::Pull(Kind::PointsEntry),
    Capability::Push(Kind::Employee, Action::Create),
    Capability::Push(Kind::Employee, Action::Update),
    Capability::Push(Kind::Employee, Action::Delete),
    Capability::Push(Kind::Recognition, Action::Create),
    Capability::Push(Kind::Recognition, Action::Approve),
    Capability::Push(Kind::Recognition, Action::Reject),
    Capability::Push(Kind::Recognition, Action::Revoke),
    Capability::Push(Kind::Redemption, Action::Create),
    Capability::Push(Kind::Redemption, Action::Deliver),
    Capability::Push(Kind::Redemption, Action::Cancel),
];
