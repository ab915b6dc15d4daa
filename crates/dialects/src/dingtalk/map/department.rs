//! Departments, which have numbers here, and the root is 1.

use tongshi_model::{Error, Id, Kind, OrgUnit, Space};

use super::filled;
use crate::dingtalk::wire::Department;

/// The root's number.
pub(in crate::dingtalk) const ROOT: i64 = 1;

/// The number by which the face knows a unit: the first 48 bits of its id, so that it fits the numbers of JavaScript.
pub(in crate::dingtalk) fn number_of(id: Id) -> i64 {
    let first = id.as_bytes()[..6].iter().fold(0i64, |number, byte| number << 8 | i64::from(*byte));
    if first <= ROOT { first + 2 } else { first }
}

/// A department as it is read. The root is a unit like any other, without one above it.
pub(in crate::dingtalk) fn read_department(raw: Department, space: Space) -> Result<OrgUnit, Error> {
    let parent = raw.parent_id.filter(|parent| *parent >= ROOT && raw.dept_id != ROOT);
    let head = raw.dept_manager_userid_list.into_iter().find(|userid| !userid.is_empty());
    Ok(OrgUnit {
        name: raw.name,
        parent: parent.map(|parent| space.id(Kind::OrgUnit, &parent.to_string())),
        head: head.map(|userid| space.id(Kind::Employee, &userid)),
        code: filled(raw.code),
        order: raw.order,
    })
}
