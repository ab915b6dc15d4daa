//! People (§2.3).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tongshi_dialect::{lenient::Text, operation};

use super::{Bracketed, Dollar, Hesine, Listed, Paging, Shape, Valued, camel_texts};
use crate::hesine::auth::AccessToken;

/// A person.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Staff {
    pub(crate) id: String,
    #[serde(deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) name: Option<String>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) nick_name: Option<String>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) code: Option<String>,
    pub(crate) departments: Vec<String>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) default_department: Option<String>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) cellphone: Option<String>,
    /// False for who has left.
    pub(crate) active: bool,
    #[serde(deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) user_id: Option<String>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) email: Option<String>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) show_email: Option<String>,
    pub(crate) external: bool,
    pub(crate) auth_state: Option<bool>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) global_roaming: Option<String>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) note: Option<String>,
    pub(crate) staff_custom_form: Option<Map<String, Value>>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) update_time: Option<String>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) create_time: Option<String>,
}

camel_texts! {
    /// Which people or departments.
    Filter { active, external, start_date, end_date, order_by, order_by_type }
}

/// A list of people.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct StaffList {
    #[serde(flatten)]
    pub(crate) paging: Paging,
    #[serde(flatten)]
    pub(crate) filter: Filter,
}

operation! {
    impl Operation for StaffList in Hesine {
        "staff.list", Get "/api/openapi/v1.1/staffs", Documented "§2.3";
        AccessToken => Listed<Staff>, Shape::Query
    }
}

/// Looks people up.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StaffFind {
    #[serde(default, rename = "type")]
    pub(crate) by: String,
    #[serde(default)]
    pub(crate) condition_ids: Vec<Text>,
}

/// A person with the roles that they have: only this call shows them.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct StaffFound {
    #[serde(flatten)]
    pub(crate) staff: Staff,
    pub(crate) roles: Vec<StaffRole>,
}

/// A role of somebody's; one that is had by department says in which.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct StaffRole {
    pub(crate) role_def_id: String,
    /// `departmentId` for a role by department; empty for a plain one.
    pub(crate) properties: Map<String, Value>,
}

operation! {
    impl Operation for StaffFind in Hesine {
        "staff.find", Post "/api/openapi/v1/staffs/getStaffIds", Documented "§2.3";
        AccessToken => Listed<StaffFound>, Shape::Body(&[]); REPEATABLE = true
    }
}

/// What is said of a person.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StaffFields {
    /// Only in a batch of changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) nick_name: Option<String>,
    #[serde(
        default,
        deserialize_with = "tongshi_dialect::lenient::text",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) code: Option<String>,
    #[serde(
        default,
        deserialize_with = "tongshi_dialect::lenient::text",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) cellphone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) default_department: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) departments: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) external: Option<bool>,
    /// Spelt so on the wire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) userid: Option<String>,
    /// Whether somebody with the number of one who has left is somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) use_new_account: Option<bool>,
    /// True means that no mail is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) use_send_email: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) modify_account_phone: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) modify_account_email: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) staff_custom_form: Option<Map<String, Value>>,
}

/// Adds a person.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct StaffCreate {
    #[serde(flatten)]
    pub(crate) fields: StaffFields,
}

operation! {
    impl Operation for StaffCreate in Hesine {
        "staff.create", Post "/api/openapi/v1.1/staffs", Documented "§2.3";
        AccessToken => Valued<Staff>, Shape::Body(&[])
    }
}

/// Adds people.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StaffCreateMany {
    #[serde(default)]
    pub(crate) staff_list: Vec<StaffFields>,
}

operation! {
    impl Operation for StaffCreateMany in Hesine {
        "staff.create_many", Post "/api/openapi/v1.1/staffs/batch/create", Documented "§2.3";
        AccessToken => Listed<Staff>, Shape::Body(&[])
    }
}

/// Changes a person.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StaffUpdate {
    pub(crate) staff_id: Dollar,
    /// Whether the path names an id or a code.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<String>,
    #[serde(flatten)]
    pub(crate) fields: StaffFields,
}

operation! {
    impl Operation for StaffUpdate in Hesine {
        "staff.update", Put "/api/openapi/v1.1/staffs/update/{staffId}", Documented "§2.3";
        AccessToken => Valued<Staff>, Shape::Body(&["type"]); REPEATABLE = true
    }
}

/// Changes people.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StaffUpdateMany {
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<String>,
    #[serde(default)]
    pub(crate) staff_list: Vec<StaffFields>,
}

operation! {
    impl Operation for StaffUpdateMany in Hesine {
        "staff.update_many", Put "/api/openapi/v1.1/staffs/batch/update", Documented "§2.3";
        AccessToken => Listed<Staff>, Shape::Body(&["type"]); REPEATABLE = true
    }
}

/// Switches people off or on. Off means that they have left.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StaffSwitch {
    pub(crate) ids: Bracketed,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) active: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) do_check: Option<String>,
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<String>,
}

operation! {
    impl Operation for StaffSwitch in Hesine {
        "staff.switch", Put "/api/openapi/v1.1/staffs/disableOrEnableStaff/{ids}", Documented "§2.3";
        AccessToken => Listed<Staff>, Shape::Query; REPEATABLE = true
    }
}

/// Switches people's accounts on or off.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StaffAuthorise {
    /// By what people are named: `id`, `code` or `cellphone`.
    #[serde(default, rename = "type")]
    pub(crate) by: String,
    #[serde(default)]
    pub(crate) add_staff: Vec<Text>,
    #[serde(default)]
    pub(crate) del_staff: Vec<Text>,
}

operation! {
    impl Operation for StaffAuthorise in Hesine {
        "staff.authorise", Post "/api/openapi/v1/charge/powers/authStaff", Documented "§2.3";
        AccessToken => Valued<bool>, Shape::Body(&[]); REPEATABLE = true
    }
}

/// How much waits for somebody.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StaffBacklog {
    /// By what: `id`, `code` or `cellphone`.
    #[serde(rename = "type")]
    pub(crate) by: Dollar,
    #[serde(default)]
    pub(crate) staff_param: String,
}

/// The numbers, in one object under a name for several.
#[derive(Serialize, Deserialize)]
pub(crate) struct Backlog {
    pub(crate) items: BacklogCounts,
}

/// How much waits.
#[derive(Serialize, Deserialize)]
pub(crate) struct BacklogCounts {
    pub(crate) count: u64,
    #[serde(rename = "type")]
    pub(crate) by_type: BacklogTypes,
}

/// How much waits, by sort. `peceving` is spelt so on the wire.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct BacklogTypes {
    pub(crate) print: u64,
    pub(crate) paying: u64,
    pub(crate) carbon_copy: u64,
    pub(crate) sending: u64,
    pub(crate) peceving: u64,
    pub(crate) approving: u64,
}

operation! {
    impl Operation for StaffBacklog in Hesine {
        "staff.backlog", Get "/api/openapi/v1.1/staffs/getBacklogCount/{type}", Documented "§2.5";
        AccessToken => Backlog, Shape::Query
    }
}
