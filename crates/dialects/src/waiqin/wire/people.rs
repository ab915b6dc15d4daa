//! Family B: people and organisation (§B2).

use serde::{Deserialize, Serialize};
use tongshi_dialect::{operation, texts};

use super::{Opened, Shape, Waiqin, asks};
use crate::waiqin::auth::Digest;

asks! {
    /// Employees; every condition is optional.
    EmployeeQuery { emp_id, id, emp_code, emp_status, create_date, modify_date }
}

texts! {
    /// An employee. `emp_is_org_learder` is spelt so on the wire.
    EmployeeRow {
        id, emp_id, emp_code, emp_name, emp_sex, emp_mobile, emp_tel, emp_idcard, emp_birthday, emp_email, emp_qq,
        emp_weixin, emp_addr, emp_org_id, emp_org_code, waiqin365_dept_id, emp_is_org_learder, emp_parent_id,
        parent_code, waiqin365_parent_id, emp_imsi_binding, emp_position, emp_job, emp_status,
    }
}

operation! {
    impl Operation for EmployeeQuery in Waiqin {
        "employee.query", Post "/api/employee/v2/queryEmployee/{openid}/{timestamp}/{digest}/{msg_id}",
        Documented "§B2";
        Digest => Opened<Vec<EmployeeRow>>, Shape::Open; REPEATABLE = true
    }
}

/// A new employee: the fields of a row.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct EmployeeAdd {
    #[serde(flatten)]
    pub(crate) stamp: super::Stamp,
    #[serde(flatten)]
    pub(crate) row: EmployeeRow,
}

/// What has become of an employee. The field `id` names them; what is not there stays as it is.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct EmployeeModify {
    #[serde(flatten)]
    pub(crate) stamp: super::Stamp,
    #[serde(flatten)]
    pub(crate) row: EmployeeRow,
}

texts! {
    /// Whom a write was about. What the vendor answers was not to be seen (§B2): both ids are ours.
    EmployeeNamed { id, emp_id }
}

operation! {
    impl Operation for EmployeeAdd in Waiqin {
        "employee.add", Post "/api/employee/v2/addEmployee/{openid}/{timestamp}/{digest}/{msg_id}",
        Uncertain "§B2: the answer is ours";
        Digest => Opened<EmployeeNamed>, Shape::Open
    }
}

operation! {
    impl Operation for EmployeeModify in Waiqin {
        "employee.modify", Post "/api/employee/v2/modifyEmployee/{openid}/{timestamp}/{digest}/{msg_id}",
        Uncertain "§B2: the answer is ours";
        // The same values twice are the same values.
        Digest => Opened<EmployeeNamed>, Shape::Open; REPEATABLE = true
    }
}

asks! {
    /// Organisation units.
    OrganizationQuery { org_status }
}

texts! {
    /// An organisation unit.
    OrganizationRow { id, org_id, org_code, org_name, org_parent_id, waiqin365_parent_id, org_sequence, org_status }
}

operation! {
    impl Operation for OrganizationQuery in Waiqin {
        "organization.query", Post "/api/organization/v1/queryOrganization/{openid}/{timestamp}/{digest}/{msg_id}",
        Documented "§B2";
        Digest => Opened<Vec<OrganizationRow>>, Shape::Open; REPEATABLE = true
    }
}

asks! {
    /// A new organisation unit; an empty `org_parent_id` is the top.
    OrganizationAdd { org_id, org_name, org_parent_id, org_sequence }
}

texts! {
    /// Which unit was made.
    OrganizationNamed { id, org_id }
}

operation! {
    impl Operation for OrganizationAdd in Waiqin {
        "organization.add", Post "/api/organization/v1/addOrganization/{openid}/{timestamp}/{digest}/{msg_id}",
        Uncertain "§B2: the answer is ours";
        Digest => Opened<OrganizationNamed>, Shape::Open
    }
}
