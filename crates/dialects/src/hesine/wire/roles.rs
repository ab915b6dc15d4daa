//! Roles and who has them (§2.3).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tongshi_dialect::{lenient::Text, operation};

use super::{Dollar, Hesine, Listed, Shape, Valued};
use crate::hesine::auth::AccessToken;

/// Asks for all roles by group.
#[derive(Serialize, Deserialize)]
pub(crate) struct RoleGroupList {}

/// A group of roles.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RoleGroup {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) role_defs: Vec<RoleBrief>,
}

/// A role by name.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RoleBrief {
    pub(crate) id: String,
    pub(crate) name: String,
    /// `organization.RoleDef` for a plain role, `organization.Department` for one that is had by department.
    pub(crate) source_type: String,
}

operation! {
    impl Operation for RoleGroupList in Hesine {
        "role.groups", Get "/api/openapi/v1/roleDefGroups", Documented "§2.3";
        AccessToken => Listed<RoleGroup>, Shape::Query
    }
}

/// Makes a role.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RoleCreate {
    pub(crate) name: String,
    /// `普通角色` or `部门角色`.
    pub(crate) scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) role_group_id: Option<String>,
    /// `MANUAL` or `API`: who fills it at the vendor's own pages.
    pub(crate) source_channel: String,
}

/// A new role.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct RoleMade {
    pub(crate) id: String,
    pub(crate) name: String,
}

operation! {
    impl Operation for RoleCreate in Hesine {
        "role.create", Post "/api/openapi/v1/roledefs", Documented "§2.10";
        AccessToken => Valued<RoleMade>, Shape::Body(&[])
    }
}

/// One role with who has it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RoleGet {
    pub(crate) roledef_id: Dollar,
    /// How people are named: `id` by their whole ids, `sourceId` by those without the company's, `code`, `cellphone` or
    /// `email`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) staff_by: Option<String>,
    /// What stands in paths: `name`, `code` or `id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) path_type: Option<String>,
}

/// A role with who has it.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct RoleHeld {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) contents: Vec<RoleRow>,
}

/// Who has a role; where it is had by department, in which.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RoleRow {
    /// `name`, `code` or `id`: what stands in the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) path_type: Option<String>,
    /// From the top department down; ids in a request are the last one alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<Vec<Text>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) staffs: Option<Vec<Text>>,
    /// How the people are named. Only in an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) staffs_type: Option<String>,
}

operation! {
    impl Operation for RoleGet in Hesine {
        "role.get", Get "/api/openapi/v1/roledefs/{roledefId}", Documented "§2.10";
        AccessToken => Valued<RoleHeld>, Shape::Query
    }
}

/// Gives a role another name.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RoleRename {
    pub(crate) roledef_id: Dollar,
    #[serde(default)]
    pub(crate) name: String,
}

/// A role as a change of it shows it.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RoleShown {
    pub(crate) pipeline: i64,
    pub(crate) id: String,
    pub(crate) version: i64,
    pub(crate) active: bool,
    pub(crate) create_time: i64,
    pub(crate) update_time: i64,
    pub(crate) name: String,
    pub(crate) corporation_id: Option<String>,
    pub(crate) source_corporation_id: Option<String>,
    pub(crate) data_corporation_id: Option<String>,
    pub(crate) role_group_id: String,
    pub(crate) scope: RoleScope,
    pub(crate) locked: bool,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) source_type: String,
    pub(crate) source_name: String,
    pub(crate) purpose_type: String,
    pub(crate) purpose_type_value: Option<String>,
    pub(crate) purpose_name: String,
    pub(crate) source_channel: String,
    pub(crate) source_plat: Option<String>,
    pub(crate) source_id: Option<String>,
    pub(crate) suffix_name: Option<String>,
}

/// By what a role is had.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct RoleScope {
    pub(crate) name: String,
    pub(crate) properties: Map<String, Value>,
}

operation! {
    impl Operation for RoleRename in Hesine {
        "role.rename", Put "/api/openapi/v1/roledefs/{roledefId}", Documented "§2.10";
        AccessToken => Valued<RoleShown>, Shape::Query; REPEATABLE = true
    }
}

/// Says who has a role, whole.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RoleFill {
    pub(crate) roledef_id: Dollar,
    /// What people are named by: `id`, `sourceId`, `code`, `cellphone` or `email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) staff_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) contents: Option<Vec<RoleRow>>,
}

operation! {
    impl Operation for RoleFill in Hesine {
        "role.fill", Put "/api/openapi/v1.1/roledefs/{roledefId}/staffs", Documented "§2.3";
        AccessToken => (), Shape::Done(&["staffBy"]); REPEATABLE = true
    }
}

/// Takes a role from everybody.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RoleEmpty {
    pub(crate) roledef_id: Dollar,
}

operation! {
    impl Operation for RoleEmpty in Hesine {
        "role.empty", Delete "/api/openapi/v1.1/roledefs/{roledefId}/staffs", Documented "§2.10";
        AccessToken => (), Shape::Done(&[]); REPEATABLE = true
    }
}
