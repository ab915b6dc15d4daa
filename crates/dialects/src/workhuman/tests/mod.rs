//! Workhuman held to the suite that all dialects pass, and to what its pages show.

mod client;
mod oauth;
mod people;
mod recognition;
mod rewards;
mod stage;

use tongshi_dialect::{conformance, conformance::SampleKey};
use tongshi_model::Secret;

use super::{auth::Bearer, client::OPERATIONS, wire::*};

impl SampleKey for Bearer {
    fn sample() -> Option<(&'static str, Secret)> {
        Some(("at-demo", Secret::new("at-demo")))
    }

    fn stale_after_seconds() -> Option<i64> {
        None
    }
}

conformance! {
    Workhuman,
    fixtures: "src/workhuman/fixtures",
    listed: OPERATIONS,
    shapes: &[Shape::Token, Shape::Query, Shape::Json, Shape::Created],
    faults: Code::KNOWN
        .iter()
        .copied()
        .chain([Code::Other(418)])
        .map(|code| Fault {
            details: vec![Detail { field: "points".to_owned(), problem: "are \"odd\"".to_owned() }],
            ..Fault::new(code, "说明 \"quoted\" \\ text")
        })
        .collect(),
    operations: [
        TokenGet, Authorize, AuthorizeStep, UserMe, UserList, UserGet, UserFeed, RecognitionList, RecognitionGet,
        RecognitionCreate, RecognitionDecide, RewardCatalog, RewardRedeem, RedemptionList, RedemptionGet,
        RedemptionDecide, PointsList, PointsBalance, ProgrammeGet, ProgrammeSet,
    ],
}
