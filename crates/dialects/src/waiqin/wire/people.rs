//! Family B: people and organisation (§B2).

use serde::{Deserialize, Serialize};
use tongshi_dialect::{operation, texts};

use super::{Opened, Shape, Waiqin};
use crate::waiqin::auth::Digest;

/// The end of every address of family B: who asks, when, the proof, and the request's id. Until a message is signed
/// each is a dash.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Stamp {
    pub(crate) openid: String,
    pub(crate) timestamp: String,
    pub(crate) digest: String,
    pub(crate) msg_id: String,
}

impl Default for Stamp {
    fn default() -> Self {
        let dash = || "-".to_owned();
        Self { openid: dash(), timestamp: dash(), digest: dash(), msg_id: dash() }
    }
}

impl Stamp {
    /// A request with an id of its own.
    pub(crate) fn with_id(msg_id: String) -> Self {
        Self { msg_id, ..Self::default() }
    }
}

/// Employees; every condition is optional.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct EmployeeQuery {
    #[serde(flatten)]
    pub(crate) stamp: Stamp,
    #[serde(
        default,
        deserialize_with = "tongshi_dialect::lenient::text",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) emp_id: Option<String>,
    #[serde(
        default,
        deserialize_with = "tongshi_dialect::lenient::text",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) id: Option<String>,
    #[serde(
        default,
        deserialize_with = "tongshi_dialect::lenient::text",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) emp_code: Option<String>,
    #[serde(
        default,
        deserialize_with = "tongshi_dialect::lenient::text",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) emp_status: Option<String>,
    #[serde(
        default,
        deserialize_with = "tongshi_dialect::lenient::text",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) create_date: Option<String>,
    #[serde(
        default,
        deserialize_with = "tongshi_dialect::lenient::text",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) modify_date: Option<String>,
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

/// Organisation units.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct OrganizationQuery {
    #[serde(flatten)]
    pub(crate) stamp: Stamp,
    #[serde(
        default,
        deserialize_with = "tongshi_dialect::lenient::text",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) org_status: Option<String>,
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
