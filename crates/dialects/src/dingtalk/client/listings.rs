//! What is read from DingTalk.

use tongshi_dialect::{Listing, Over};
use tongshi_model::Kind;

use super::attendance::{LEAVE_PEOPLE, PEOPLE};

const UNITS: Listing = whole("department", Kind::OrgUnit);
const USERS: Listing = whole("user", Kind::Employee);
const PUNCHES: Listing = each("punch", None, PEOPLE);
const LEAVES: Listing = each("leave", Some(Kind::TimelineEntry), LEAVE_PEOPLE);
const SHIFTS: Listing = each("shift", Some(Kind::ShiftAssignment), PEOPLE);
const APPROVALS: Listing = Listing { windowed: true, ..whole("approval", Kind::Approval) };

/// Units before people, who refer to them.
static DIRECTORY: &[Listing] = &[UNITS, USERS];
static DIRECTORY_APPROVALS: &[Listing] = &[UNITS, USERS, APPROVALS];
static ATTENDANCE: &[Listing] = &[UNITS, USERS, PUNCHES, LEAVES];
static ATTENDANCE_APPROVALS: &[Listing] = &[UNITS, USERS, PUNCHES, LEAVES, APPROVALS];
static OPERATED: &[Listing] = &[UNITS, USERS, PUNCHES, LEAVES, SHIFTS];
static ALL: &[Listing] = &[UNITS, USERS, PUNCHES, LEAVES, SHIFTS, APPROVALS];

/// What can be read: attendance unless it is switched off, shifts only in somebody's name, approvals only of forms that are
/// named.
pub(super) fn listings(attendance: bool, operator: bool, forms: bool) -> &'static [Listing] {
    match (attendance, operator, forms) {
        (false, _, false) => DIRECTORY,
        (false, _, true) => DIRECTORY_APPROVALS,
        (true, false, false) => ATTENDANCE,
        (true, false, true) => ATTENDANCE_APPROVALS,
        (true, true, false) => OPERATED,
        (true, true, true) => ALL,
    }
}

const fn whole(name: &'static str, kind: Kind) -> Listing {
    Listing { name, kind: Some(kind), over: Over::Whole, windowed: false, incremental: true, by_key: false }
}

/// For some people at a time in a window of days; asking for the last days is asking for what is new.
const fn each(name: &'static str, kind: Option<Kind>, batch: u32) -> Listing {
    let over = Over::Each { kind: Kind::Employee, batch };
    Listing { name, kind, over, windowed: true, incremental: true, by_key: false }
}
