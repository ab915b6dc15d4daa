//! The programme of a workspace: levels, values, visibility, budget. The pages say that these are configurable and not how
//! (§5.2); the address is ours.

use serde::{Deserialize, Serialize};
use tongshi_dialect::operation;

use super::{Shape, Workhuman};
use crate::workhuman::auth::Bearer;

/// What a workspace recognises, and with how many points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Programme {
    /// The award levels, least first.
    pub(crate) levels: Vec<Level>,
    /// The company's values.
    pub(crate) values: Vec<String>,
    /// Who may see a recognition; the first is usual.
    pub(crate) visibilities: Vec<String>,
    /// What each nominator may give away; without it as much as they like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) budget: Option<Budget>,
    /// When an approved recognition is delivered.
    #[serde(default)]
    pub(crate) delivery: Delivery,
}

/// An award level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Level {
    pub(crate) name: String,
    pub(crate) points: u32,
    /// Whether somebody must approve.
    #[serde(default)]
    pub(crate) approval: bool,
}

/// What may be given away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Budget {
    pub(crate) points: u32,
    pub(crate) period: Period,
}

/// When a budget begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Period {
    Month,
    Quarter,
    Year,
}

/// When an approved recognition is delivered (§5.14).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Delivery {
    /// At once.
    #[default]
    OnApproval,
    /// When somebody says so.
    ByHand,
}

/// Asks for the programme.
#[derive(Serialize, Deserialize)]
pub(crate) struct ProgrammeGet {}

operation! {
    impl Operation for ProgrammeGet in Workhuman {
        "programme.get", Get "/api/v1/programme", Uncertain "ours";
        Bearer => Programme, Shape::Query
    }
}

/// Sets the programme.
#[derive(Serialize, Deserialize)]
pub(crate) struct ProgrammeSet {
    #[serde(flatten)]
    pub(crate) programme: serde_json::Map<String, serde_json::Value>,
}

operation! {
    impl Operation for ProgrammeSet in Workhuman {
        "programme.set", Put "/api/v1/programme", Uncertain "ours";
        Bearer => Programme, Shape::Json; REPEATABLE = true
    }
}
