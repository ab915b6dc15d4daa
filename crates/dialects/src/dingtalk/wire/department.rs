//! Departments (§4.1). The root is number 1.

use serde::{Deserialize, Serialize};
use tongshi_dialect::operation;

use super::{DingTalk, Done, Shape, Wrapped, flag, int, texts};
use crate::dingtalk::auth::OldToken;

macro_rules! of_department {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Default, Serialize, Deserialize)]
        pub(crate) struct $name {
            #[serde(default, deserialize_with = "int", skip_serializing_if = "Option::is_none")]
            pub(crate) dept_id: Option<i64>,
            /// `zh_CN` or `en_US`; names have one language here.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub(crate) language: Option<String>,
        }
    };
}

of_department! {
    /// The departments just below one, the root's where none is named.
    DepartmentListSub
}
of_department! {
    /// The numbers of the departments just below one.
    DepartmentListSubId
}
of_department! {
    /// One department.
    DepartmentGet
}
of_department! {
    /// A department and all above it, itself first.
    DepartmentParents
}
of_department! {
    /// Takes a department away.
    DepartmentDelete
}

/// A department in a list.
#[derive(Serialize, Deserialize)]
pub(crate) struct SubDepartment {
    pub(crate) dept_id: i64,
    pub(crate) name: String,
    pub(crate) parent_id: i64,
    #[serde(default)]
    pub(crate) create_dept_group: bool,
    #[serde(default)]
    pub(crate) auto_add_user: bool,
}

operation! {
    impl Operation for DepartmentListSub in DingTalk {
        "department.listsub", Post "/topapi/v2/department/listsub", Documented "§4.1";
        OldToken => Wrapped<Vec<SubDepartment>>, Shape::TOPAPI; REPEATABLE = true; KEPT = true
    }
}

/// Numbers of departments.
#[derive(Serialize, Deserialize)]
pub(crate) struct DepartmentIds {
    pub(crate) dept_id_list: Vec<i64>,
}

operation! {
    impl Operation for DepartmentListSubId in DingTalk {
        "department.listsubid", Post "/topapi/v2/department/listsubid", Documented "§4.1";
        OldToken => Wrapped<DepartmentIds>, Shape::TOPAPI; REPEATABLE = true; KEPT = true
    }
}

/// A department on its own.
#[derive(Serialize, Deserialize)]
pub(crate) struct Department {
    pub(crate) dept_id: i64,
    pub(crate) name: String,
    /// The root has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parent_id: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source_identifier: Option<String>,
    #[serde(default)]
    pub(crate) create_dept_group: bool,
    #[serde(default)]
    pub(crate) auto_add_user: bool,
    #[serde(default)]
    pub(crate) from_union_org: bool,
    #[serde(default, deserialize_with = "int", skip_serializing_if = "Option::is_none")]
    pub(crate) order: Option<i64>,
    #[serde(default)]
    pub(crate) group_contain_sub_dept: bool,
    #[serde(default)]
    pub(crate) org_dept_owner: String,
    #[serde(default)]
    pub(crate) dept_manager_userid_list: Vec<String>,
    #[serde(default)]
    pub(crate) outer_dept: bool,
    #[serde(default)]
    pub(crate) outer_permit_depts: Vec<i64>,
    #[serde(default)]
    pub(crate) outer_permit_users: Vec<String>,
    #[serde(default)]
    pub(crate) hide_dept: bool,
    #[serde(default)]
    pub(crate) dept_permits: Vec<i64>,
    #[serde(default)]
    pub(crate) user_permits: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    #[serde(default, deserialize_with = "int", skip_serializing_if = "Option::is_none")]
    pub(crate) member_count: Option<i64>,
}

operation! {
    impl Operation for DepartmentGet in DingTalk {
        "department.get", Post "/topapi/v2/department/get", Documented "§4.1";
        OldToken => Wrapped<Department>, Shape::TOPAPI; REPEATABLE = true; KEPT = true
    }
}

/// A department and all above it.
#[derive(Serialize, Deserialize)]
pub(crate) struct ParentIds {
    pub(crate) parent_id_list: Vec<i64>,
}

operation! {
    impl Operation for DepartmentParents in DingTalk {
        "department.listparentbydept", Post "/topapi/v2/department/listparentbydept", Documented "§4.1";
        OldToken => Wrapped<ParentIds>, Shape::TOPAPI; REPEATABLE = true; KEPT = true
    }
}

/// Where somebody stands: each department with all above it.
#[derive(Serialize, Deserialize)]
pub(crate) struct UserParents {
    #[serde(default, deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) userid: Option<String>,
}

/// The ways from a person's departments to the root.
#[derive(Serialize, Deserialize)]
pub(crate) struct ParentLists {
    pub(crate) parent_list: Vec<ParentList>,
}

/// One of the ways.
#[derive(Serialize, Deserialize)]
pub(crate) struct ParentList {
    pub(crate) parent_dept_id_list: Vec<i64>,
}

operation! {
    impl Operation for UserParents in DingTalk {
        "department.listparentbyuser", Post "/topapi/v2/department/listparentbyuser", Documented "§4.1";
        OldToken => Wrapped<ParentLists>, Shape::TOPAPI; REPEATABLE = true; KEPT = true
    }
}

/// What a department is to be. Of the fields that only arrange the vendor's own app, none is kept.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct DepartmentCreate {
    #[serde(
        default,
        deserialize_with = "tongshi_dialect::lenient::text",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "int", skip_serializing_if = "Option::is_none")]
    pub(crate) parent_id: Option<i64>,
    #[serde(default, deserialize_with = "int", skip_serializing_if = "Option::is_none")]
    pub(crate) order: Option<i64>,
    #[serde(
        default,
        deserialize_with = "tongshi_dialect::lenient::text",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) code: Option<String>,
    #[serde(default, deserialize_with = "flag", skip_serializing_if = "Option::is_none")]
    pub(crate) hide_dept: Option<bool>,
}

/// The number of a new department.
#[derive(Serialize, Deserialize)]
pub(crate) struct DepartmentMade {
    pub(crate) dept_id: i64,
}

operation! {
    impl Operation for DepartmentCreate in DingTalk {
        "department.create", Post "/topapi/v2/department/create", Documented "§4.1";
        OldToken => Wrapped<DepartmentMade>, Shape::TOPAPI
    }
}

/// What is to change of a department.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct DepartmentUpdate {
    #[serde(default, deserialize_with = "int", skip_serializing_if = "Option::is_none")]
    pub(crate) dept_id: Option<i64>,
    #[serde(
        default,
        deserialize_with = "tongshi_dialect::lenient::text",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "int", skip_serializing_if = "Option::is_none")]
    pub(crate) parent_id: Option<i64>,
    #[serde(default, deserialize_with = "int", skip_serializing_if = "Option::is_none")]
    pub(crate) order: Option<i64>,
    #[serde(
        default,
        deserialize_with = "tongshi_dialect::lenient::text",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) code: Option<String>,
    #[serde(default, deserialize_with = "texts", skip_serializing_if = "Option::is_none")]
    pub(crate) dept_manager_userid_list: Option<Vec<String>>,
    /// Fields that are emptied where they are not given.
    #[serde(default, deserialize_with = "texts", skip_serializing_if = "Option::is_none")]
    pub(crate) force_update_fields: Option<Vec<String>>,
}

operation! {
    impl Operation for DepartmentUpdate in DingTalk {
        "department.update", Post "/topapi/v2/department/update", Documented "§4.1";
        OldToken => Done, Shape::TOPAPI
    }
}

operation! {
    impl Operation for DepartmentDelete in DingTalk {
        "department.delete", Post "/topapi/v2/department/delete", Documented "§4.1";
        OldToken => Done, Shape::TOPAPI
    }
}

/// What of the contacts the app may see.
#[derive(Serialize, Deserialize)]
pub(crate) struct AuthScopes {}

/// People, departments and fields.
#[derive(Serialize, Deserialize)]
pub(crate) struct AuthScopesAnswer {
    pub(crate) auth_user_field: Vec<String>,
    pub(crate) auth_org_scopes: OrgScopes,
}

/// People and departments.
#[derive(Serialize, Deserialize)]
pub(crate) struct OrgScopes {
    pub(crate) authed_user: Vec<String>,
    pub(crate) authed_dept: Vec<i64>,
}

operation! {
    impl Operation for AuthScopes in DingTalk {
        "auth.scopes", Get "/auth/scopes", Documented "§4.1";
        OldToken => AuthScopesAnswer, Shape::PLAIN; KEPT = true
    }
}
