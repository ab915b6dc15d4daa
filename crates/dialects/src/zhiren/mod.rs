//! Zhiren (知人), a Chinese HR system: API v2, signed requests.
//!
//! Documents: the vendor's API page (its text is the project's seed), the page's public source, older editions of
//! both, and three programs of other people that talk to it. `specs/zhiren.md` has every fact with its weight; `§`
//! in this folder means its sections.
//!
//! Quirks: the business data is JSON inside one parameter, `payload`, even on GET. The signature may lie in a header
//! or in the query. Employee number, mobile and uuid share one path. Answers come in four shapes. One field name is
//! misspelt, and one success code is spelt with a zero. The OAuth addresses are documented nowhere: ours are ours.
//! A removed pair of addresses (2017) answers only apps that ask for it with the setting `zhiren_2017`.

mod auth;
mod client;
mod map;
mod server;
#[cfg(test)]
mod tests;
mod wire;

use tongshi_dialect::{Capability, CodeKind, Descriptor, FaceKey};
use tongshi_model::{Action, Kind};

/// This vendor, for the list.
pub(crate) static DESCRIPTOR: Descriptor = Descriptor {
    id: "zhiren",
    title: "知人 Zhiren",
    base_url: Some("https://zhiren.com"),
    second_base_url: None,
    capabilities: CAPABILITIES,
    writes_off: &[],
    metering: None,
    calls_per_second: None,
    credential: client::CREDENTIAL,
    face_keys: &[
        FaceKey { id: "access_key", secret: "secret_key", prefix: "ak" },
        FaceKey { id: "app_id", secret: "app_secret", prefix: "app" },
    ],
    codes: &[CodeKind {
        purpose: "zhiren.bind_code",
        about: "Moka binds its company to ours with it; the document gives no lifetime, a day is ours",
        lifetime_seconds: 24 * 60 * 60,
    }],
    operations: client::OPERATIONS,
    connect: client::connect,
    serve: server::serve,
    sign: client::sign,
    events: Some(&client::ZhirenEvents),
};

const CAPABILITIES: &[Capability] = &[
    Capability::Pull(Kind::LegalEntity),
    Capability::Pull(Kind::OrgUnit),
    Capability::Pull(Kind::Employee),
    Capability::Pull(Kind::ShiftAssignment),
    Capability::PullPunches,
    Capability::Pull(Kind::TimelineEntry),
    Capability::Pull(Kind::Approval),
    Capability::Pull(Kind::CandidateSource),
    Capability::Pull(Kind::Vacancy),
    Capability::Pull(Kind::Candidate),
    Capability::PushPunches,
    Capability::Push(Kind::SalaryItem, Action::Create),
    Capability::Push(Kind::SalaryItem, Action::Update),
    Capability::Push(Kind::Visit, Action::Create),
    Capability::Receive,
    Capability::Send,
];
