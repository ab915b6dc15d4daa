//! DingTalk (钉钉): contacts, sign-in, events, attendance and approvals, on two hosts with two generations of an API.
//!
//! Documents: the vendor's open platform as mirrored in public, its SDKs, and probes of others. `specs/dingtalk.md` has
//! every fact with its source; `§` in this folder means its sections.
//!
//! Quirks: one token is good on both hosts and is renewed while it is valid. A bad token has three different answers. The
//! official SDK sends numbers and booleans as texts. Nobody lists all people: one walks the departments. Attendance and
//! approvals are counted by the month, contacts are not.

mod auth;
mod client;
mod map;
mod server;
#[cfg(test)]
mod tests;
mod wire;

use tongshi_dialect::{Capability, Descriptor, FaceKey, Metering, Target};
use tongshi_model::{Action, Kind, shanghai};

/// This vendor, for the list.
pub(crate) static DESCRIPTOR: Descriptor = Descriptor {
    id: "dingtalk",
    title: "钉钉 DingTalk",
    base_url: Some(client::OLD_HOST),
    second_base_url: Some(client::new_host),
    capabilities: CAPABILITIES,
    // Public tooling round this API is mostly forgery; ours is switched on by somebody, for one connection.
    writes_off: &[Target::Punch],
    // The standard edition, since 2025-11-19 (§8.3); a paid package is the setting `quota`.
    metering: Some(Metering { calls_per_month: 5_000, zone: shanghai }),
    calls_per_second: Some(20),
    credential: client::CREDENTIAL,
    face_keys: &[
        FaceKey { id: "app_key", secret: "app_secret", prefix: "ding" },
        FaceKey { id: "suite_key", secret: "suite_secret", prefix: "suite" },
        FaceKey { id: "corp_id", secret: "sso_secret", prefix: "corp" },
    ],
    codes: &[],
    operations: client::OPERATIONS,
    connect: client::connect,
    serve: server::serve,
    sign: client::sign,
    events: Some(&client::DingTalkEvents),
};

const CAPABILITIES: &[Capability] = &[
    Capability::Pull(Kind::OrgUnit),
    Capability::Pull(Kind::Employee),
    Capability::PullPunches,
    Capability::Pull(Kind::TimelineEntry),
    Capability::Pull(Kind::ShiftAssignment),
    Capability::Pull(Kind::Approval),
    Capability::PushPunches,
    Capability::Push(Kind::TimelineEntry, Action::Create),
    Capability::Push(Kind::TimelineEntry, Action::Update),
    Capability::Push(Kind::TimelineEntry, Action::Delete),
    Capability::Push(Kind::Approval, Action::Create),
    Capability::Push(Kind::Approval, Action::Approve),
    Capability::Push(Kind::Approval, Action::Reject),
    Capability::Push(Kind::Approval, Action::Withdraw),
    Capability::Push(Kind::Approval, Action::Cancel),
    Capability::Push(Kind::Approval, Action::Comment),
    Capability::Receive,
    Capability::Send,
    Capability::SignIn,
];
