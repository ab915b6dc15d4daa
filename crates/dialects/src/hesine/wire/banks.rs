//! Branches of banks (§2.7).

use serde::{Deserialize, Serialize};
use tongshi_dialect::operation;

use super::{Hesine, Shape};
use crate::hesine::auth::AccessToken;

/// Asks for a file with all branches.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct BranchesGet {}

/// Where the file lies for an hour, in no envelope; or why there is none now.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct BranchesFile {
    /// `A200` where there is a file, `A201` to `A204` where there is none yet.
    pub(crate) code: String,
    pub(crate) msg: Option<String>,
    pub(crate) url: Option<String>,
}

operation! {
    impl Operation for BranchesGet in Hesine {
        "bank.branches", Post "/api/openapi/v1/banks/getAllBranch", Documented "§2.7";
        AccessToken => BranchesFile, Shape::Body(&[]); REPEATABLE = true
    }
}
