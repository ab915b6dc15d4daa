//! Waiqin (勤策, once 外勤365), field staff: sign-in for web apps, people, attendance and tracks.
//!
//! Documents: the vendor's OAuth page (its text is the project's seed), the first lines of a dozen of its other pages,
//! and programs of other people that talk to it. `specs/waiqin.md` has every fact with its weight; `§` in this folder
//! means its sections.
//!
//! Quirks: two families with two envelopes. Family A calls itself OAuth and is none (JSON, no grant type, a code that is
//! redeemed with an application's token). Family B signs body and time, not the path, and puts JSON into a text. Sizes
//! are bytes; several names are misspelt.

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
    id: "waiqin",
    title: "勤策 Waiqin",
    base_url: Some("https://openapi.waiqin365.com"),
    second_base_url: None,
    capabilities: CAPABILITIES,
    writes_off: &[],
    metering: None,
    calls_per_second: None,
    credential: client::CREDENTIAL,
    face_keys: &[
        FaceKey { id: "app_id", secret: "app_secret", prefix: "wq" },
        FaceKey { id: "openid", secret: "appkey", prefix: "op" },
        FaceKey { id: "pushid", secret: "pushsecret", prefix: "pu" },
    ],
    codes: &[],
    operations: client::OPERATIONS,
    connect: client::connect,
    serve: server::serve,
    sign: client::sign,
    events: Some(&client::WaiqinEvents),
};

const CAPABILITIES: &[Capability] = &[
    Capability::Pull(Kind::OrgUnit),
    Capability::Pull(Kind::Employee),
    Capability::PullPunches,
    Capability::Pull(Kind::TimelineEntry),
    Capability::Push(Kind::OrgUnit, Action::Create),
    Capability::Push(Kind::Employee, Action::Create),
    Capability::Push(Kind::Employee, Action::Update),
    Capability::Push(Kind::Notice, Action::Create),
    Capability::SignIn,
    Capability::Receive,
    Capability::Send,
];
