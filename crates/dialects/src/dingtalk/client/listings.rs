//! What is read from DingTalk.

use tongshi_dialect::{Listing, Over};
use tongshi_model::Kind;

/// Units before people, who refer to them.
pub(super) const LISTINGS: &[Listing] = &[whole("department", Kind::OrgUnit), whole("user", Kind::Employee)];

const fn whole(name: &'static str, kind: Kind) -> Listing {
    Listing { name, kind: Some(kind), over: Over::Whole, windowed: false, incremental: true, by_key: false }
}
