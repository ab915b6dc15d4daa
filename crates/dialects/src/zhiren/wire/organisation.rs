//! Sub-companies and departments: rows A1–A7, B22 and B23.

use serde::{Deserialize, Deserializer, Serialize};
use tongshi_dialect::operation;

use super::{Employee, Employees, Pagination, Shape, Zhiren, lenient::texts};
use crate::zhiren::auth::Signature;

texts! {
    /// A registered company (分公司).
    SubCompany { uuid, company_uuid, name, short_name, registered_address, boss }
}

/// A department. `sub_company` was removed on 2017-06-06 and is written only where an app asks for that time.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Department {
    #[serde(deserialize_with = "super::lenient::text")]
    pub(crate) name: Option<String>,
    #[serde(deserialize_with = "super::lenient::text")]
    pub(crate) uuid: Option<String>,
    #[serde(deserialize_with = "super::lenient::text")]
    pub(crate) superior_uuid: Option<String>,
    #[serde(deserialize_with = "super::lenient::text")]
    pub(crate) charger_uuid: Option<String>,
    #[serde(deserialize_with = "super::lenient::text", skip_serializing_if = "Option::is_none")]
    pub(crate) sub_company: Option<String>,
}

/// One object where the document writes "array" although it fetches one (§6.9): written as the object, read as
/// either.
#[derive(Clone, Serialize)]
#[serde(transparent)]
pub(crate) struct Single<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Single<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either<T> {
            Array([T; 1]),
            Object(T),
        }
        let (Either::Array([item]) | Either::Object(item)) = Either::deserialize(deserializer)?;
        Ok(Self(item))
    }
}

/// All sub-companies.
#[derive(Serialize, Deserialize)]
pub(crate) struct SubCompanyList {}

operation! {
    impl Operation for SubCompanyList in Zhiren {
        "sub_company.list", Get "/api/v2/sub_companies", Documented "§2 A1";
        Signature => Vec<SubCompany>, Shape::Plain; KEPT = true
    }
}

/// One sub-company.
#[derive(Serialize, Deserialize)]
pub(crate) struct SubCompanyGet {
    pub(crate) sub_company_uuid: String,
}

operation! {
    impl Operation for SubCompanyGet in Zhiren {
        "sub_company.get", Get "/api/v2/sub_companies/{sub_company_uuid}", Documented "§2 A2";
        Signature => SubCompany, Shape::Plain; KEPT = true
    }
}

/// The employees of a sub-company.
#[derive(Serialize, Deserialize)]
pub(crate) struct SubCompanyEmployees {
    pub(crate) sub_company_uuid: String,
}

operation! {
    impl Operation for SubCompanyEmployees in Zhiren {
        "sub_company.employees", Get "/api/v2/sub_companies/{sub_company_uuid}/employees", Documented "§2 A3";
        Signature => Vec<Employee>, Shape::Plain; KEPT = true
    }
}

/// One employee of a sub-company.
#[derive(Serialize, Deserialize)]
pub(crate) struct SubCompanyEmployee {
    pub(crate) sub_company_uuid: String,
    pub(crate) uuid: String,
}

operation! {
    impl Operation for SubCompanyEmployee in Zhiren {
        "sub_company.employee", Get "/api/v2/sub_companies/{sub_company_uuid}/employees/{uuid}",
        Documented "§2 A4";
        Signature => Single<Employee>, Shape::Plain; KEPT = true
    }
}

/// The departments of a sub-company, as it was until 2017-06-06.
#[derive(Serialize, Deserialize)]
pub(crate) struct SubCompanyDepartments {
    pub(crate) sub_company_uuid: String,
}

operation! {
    impl Operation for SubCompanyDepartments in Zhiren {
        "sub_company.departments", Get "/api/v2/sub_companies/{sub_company_uuid}/departments", Uncertain "§2 B22";
        Signature => Vec<Department>, Shape::Plain
    }
}

/// One department of a sub-company, as it was until 2017-06-06.
#[derive(Serialize, Deserialize)]
pub(crate) struct SubCompanyDepartment {
    pub(crate) sub_company_uuid: String,
    pub(crate) uuid: String,
}

operation! {
    impl Operation for SubCompanyDepartment in Zhiren {
        "sub_company.department", Get "/api/v2/sub_companies/{sub_company_uuid}/departments/{uuid}",
        Uncertain "§2 B23";
        Signature => Single<Department>, Shape::Plain
    }
}

/// All departments.
#[derive(Serialize, Deserialize)]
pub(crate) struct DepartmentList {}

operation! {
    impl Operation for DepartmentList in Zhiren {
        "department.list", Get "/api/v2/departments", Documented "§2 A5";
        Signature => Vec<Department>, Shape::Plain; KEPT = true
    }
}

/// One department.
#[derive(Serialize, Deserialize)]
pub(crate) struct DepartmentGet {
    pub(crate) uuid: String,
}

operation! {
    impl Operation for DepartmentGet in Zhiren {
        "department.get", Get "/api/v2/departments/{uuid}", Documented "§2 A6";
        Signature => Department, Shape::Plain; KEPT = true
    }
}

/// The employees of a department.
#[derive(Serialize, Deserialize)]
pub(crate) struct DepartmentEmployees {
    pub(crate) uuid: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pagination: Option<Pagination>,
}

operation! {
    impl Operation for DepartmentEmployees in Zhiren {
        "department.employees", Get "/api/v2/departments/{uuid}/employees", Documented "§2 A7";
        Signature => Employees, Shape::Plain; KEPT = true
    }
}
