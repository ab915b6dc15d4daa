//! Waiqin held to the suite that all dialects pass, and to its own quirks.

mod auth;
mod client;
mod events;
mod oauth;
mod open;
mod sign_in;
mod stage;
mod writes;

use tongshi_dialect::{conformance, conformance::SampleKey};
use tongshi_model::Secret;

use super::{
    auth::{AppToken, Digest, Signed, WINDOW_SECONDS},
    client::OPERATIONS,
    wire::*,
};

impl SampleKey for Digest {
    fn sample() -> Option<(&'static str, Secret)> {
        Some(("8437105621940127365", Secret::new("demo-appkey")))
    }

    fn stale_after_seconds() -> Option<i64> {
        Some(WINDOW_SECONDS)
    }

    fn signs_path() -> bool {
        false
    }
}

impl SampleKey for Signed {
    fn sample() -> Option<(&'static str, Secret)> {
        Some(("at-demo", Secret::new("at-demo")))
    }

    fn stale_after_seconds() -> Option<i64> {
        Some(WINDOW_SECONDS)
    }

    fn signs_path() -> bool {
        false
    }
}

impl SampleKey for AppToken {
    fn sample() -> Option<(&'static str, Secret)> {
        Some(("at-demo", Secret::new("at-demo")))
    }

    fn stale_after_seconds() -> Option<i64> {
        None
    }
}

conformance! {
    Waiqin,
    fixtures: "src/waiqin/fixtures",
    listed: OPERATIONS,
    shapes: &[Shape::Provider, Shape::Query, Shape::Open],
    faults: Code::GIVEN
        .iter()
        .copied()
        .chain([Code::Other(77)])
        .map(|code| Fault::new(code, "说明 \"quoted\" \\ text"))
        .collect(),
    operations: [
        TokenGet, Authorize, AuthorizeStep, MenuOpen, AppAuthorize, AuthorizeError, UserInfo, GetUserInfo,
        EmployeeQuery, EmployeeAdd, EmployeeModify, OrganizationQuery, OrganizationAdd, AttendanceQuery, TrackQuery,
        VisitQuery, PushOne, PushFailed,
    ],
}
