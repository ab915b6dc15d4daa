//! Somebody who signed in, as an account.

use tongshi_model::{Account, AccountStatus, AccountType, Coded, Kind, Personal, Space};

use super::filled;
use crate::dingtalk::wire::Profile;

/// The account of a profile. Whoever is no staff is from outside, and so is a visitor of the company.
pub(in crate::dingtalk) fn read_profile(
    space: Space,
    userid: String,
    is_staff: bool,
    profile: Profile,
) -> Account {
    let is_employee = is_staff && !profile.visitor;
    let kind = if is_employee { AccountType::Employee } else { AccountType::External };
    Account {
        employee: is_employee.then(|| space.id(Kind::Employee, &userid)),
        user_id: userid,
        login: None,
        union_id: filled(Some(profile.union_id)),
        third_party_id: None,
        name: filled(Some(profile.nick)).map(Personal::new),
        mobile: filled(profile.mobile).map(Personal::new),
        kind: Coded::ours(kind),
        status: Coded::ours(AccountStatus::Active),
    }
}
