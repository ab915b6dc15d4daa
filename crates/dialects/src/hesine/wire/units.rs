//! Departments and the company (§2.3).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tongshi_dialect::operation;

use super::{Dollar, Filter, Hesine, Listed, Paging, Shape, Valued};
use crate::hesine::auth::AccessToken;

/// A department.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Department {
    pub(crate) id: String,
    #[serde(deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) name: Option<String>,
    /// Empty at the top.
    #[serde(deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) parent_id: Option<String>,
    pub(crate) active: bool,
    #[serde(deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) code: Option<String>,
    pub(crate) form: Option<Map<String, Value>>,
    pub(crate) order: Option<i64>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) update_time: Option<String>,
    #[serde(deserialize_with = "tongshi_dialect::lenient::text")]
    pub(crate) create_time: Option<String>,
}

/// A list of departments.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct DepartmentList {
    #[serde(flatten)]
    pub(crate) paging: Paging,
    #[serde(flatten)]
    pub(crate) filter: Filter,
}

operation! {
    impl Operation for DepartmentList in Hesine {
        "department.list", Get "/api/openapi/v1/departments", Documented "§2.3";
        AccessToken => Listed<Department>, Shape::Query
    }
}

/// What is said of a department.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DepartmentFields {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parent_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) form: Option<Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) order: Option<i64>,
}

/// Adds a department.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct DepartmentCreate {
    #[serde(flatten)]
    pub(crate) fields: DepartmentFields,
}

operation! {
    impl Operation for DepartmentCreate in Hesine {
        "department.create", Post "/api/openapi/v1/departments", Documented "§2.3";
        AccessToken => Valued<Department>, Shape::Body(&[])
    }
}

/// Adds departments.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DepartmentCreateMany {
    #[serde(default)]
    pub(crate) department_list: Vec<DepartmentFields>,
}

operation! {
    impl Operation for DepartmentCreateMany in Hesine {
        "department.create_many", Post "/api/openapi/v1/departments/batch/create", Documented "§2.3";
        AccessToken => Listed<Department>, Shape::Body(&[])
    }
}

/// Changes a department.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DepartmentUpdate {
    pub(crate) department_id: Dollar,
    #[serde(flatten)]
    pub(crate) fields: DepartmentFields,
}

operation! {
    impl Operation for DepartmentUpdate in Hesine {
        "department.update", Put "/api/openapi/v1/departments/update/{departmentId}", Documented "§2.3";
        AccessToken => Valued<Department>, Shape::Body(&[]); REPEATABLE = true
    }
}

/// Switches a department off, with all below it, or on alone.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DepartmentSwitch {
    pub(crate) department_id: Dollar,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) active: Option<String>,
}

operation! {
    impl Operation for DepartmentSwitch in Hesine {
        "department.switch", Put "/api/openapi/v1/departments/disableOrEnableDepartment/{departmentId}",
        Documented "§2.3";
        AccessToken => Listed<Department>, Shape::Query; REPEATABLE = true
    }
}

/// One department that is switched on, by id or code.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DepartmentGet {
    pub(crate) id_or_code: Dollar,
    /// `id` or `code`: what the path names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) department_by: Option<String>,
}

operation! {
    impl Operation for DepartmentGet in Hesine {
        "department.get", Get "/api/openapi/v1/departments/{idOrCode}", Documented "§2.10";
        AccessToken => Valued<Department>, Shape::Query
    }
}

/// Departments of this name.
#[derive(Serialize, Deserialize)]
pub(crate) struct DepartmentByName {
    #[serde(default)]
    pub(crate) name: String,
}

operation! {
    impl Operation for DepartmentByName in Hesine {
        "department.by_name", Get "/api/openapi/v1/departments/getDepartmentByName", Documented "§2.10";
        AccessToken => Listed<Department>, Shape::Query
    }
}

/// The department at the end of these names, from the top down, with slashes between.
#[derive(Serialize, Deserialize)]
pub(crate) struct DepartmentByPath {
    #[serde(default)]
    pub(crate) path: String,
}

operation! {
    impl Operation for DepartmentByPath in Hesine {
        "department.by_path", Get "/api/openapi/v1/departments/getDepartmentByPath", Documented "§2.10";
        AccessToken => Valued<Department>, Shape::Query
    }
}

/// Departments of people from outside.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct DepartmentExternal {
    #[serde(flatten)]
    pub(crate) paging: Paging,
}

operation! {
    impl Operation for DepartmentExternal in Hesine {
        "department.external", Get "/api/openapi/v1/departments/external/department", Documented "§2.10";
        AccessToken => Listed<Department>, Shape::Query
    }
}

/// The company.
#[derive(Serialize, Deserialize)]
pub(crate) struct CorporationGet {}

/// The company's id and name.
#[derive(Serialize, Deserialize)]
pub(crate) struct Corporation {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: Option<String>,
}

operation! {
    impl Operation for CorporationGet in Hesine {
        "corporation.get", Get "/api/openapi/v1/corporations", Documented "§2.3";
        AccessToken => Valued<Corporation>, Shape::Query
    }
}
