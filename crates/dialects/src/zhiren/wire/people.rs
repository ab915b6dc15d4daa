//! Employees: rows A8–A12 and A19.

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;
use tongshi_dialect::operation;

use super::{Shape, Zhiren, lenient::texts};
use crate::zhiren::auth::Signature;

texts! {
    /// An employee: thirty fields, all of them always there, in the document's order; null when unknown (§6.24: the
    /// vendor's samples mix null, empty and absent).
    Employee {
        uuid, name, sex, email, mobile, empno, phone_number, id_number, address, bank_name, bank_card, photo,
        marriage, birthday, join_date, probation_end_date, avatar, leave_date, category, status, department_uuid,
        exmail, job_title, job_grade, nickname, dingtalk_id, wework_id, leader_uuid, virtual_leader_uuid,
        sub_company,
    }
}

/// Employees, all at once or a page of them.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Employees {
    /// All.
    All(Vec<Employee>),
    /// A page.
    Page(EmployeePage),
}

/// A page of employees. Its names are in camel case, unlike everything else.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EmployeePage {
    pub(crate) current_page: u64,
    pub(crate) page_size: u64,
    pub(crate) total_pages: u64,
    pub(crate) total_count: u64,
    pub(crate) employees: Vec<Employee>,
}

/// Which page is wanted. The document calls it a "JSON string" inside the JSON: both that and an object are read
/// (§6.17). The first page is 1.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Pagination {
    pub(crate) page: u32,
}

impl<'de> Deserialize<'de> for Pagination {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let page = match Value::deserialize(deserializer)? {
            Value::Object(fields) => fields.get("page").cloned(),
            Value::String(text) => {
                serde_json::from_str::<Value>(&text).ok().and_then(|value| value.get("page").cloned())
            }
            _ => None,
        };
        let page = page.and_then(|page| match page {
            Value::Number(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()),
            Value::String(text) => text.parse().ok(),
            _ => None,
        });
        let page = page.filter(|page| *page > 0);
        page.map(|page| Self { page })
            .ok_or_else(|| de::Error::custom("pagination must hold a page, counted from 1"))
    }
}

/// Employees by what they are.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct EmployeeList {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) join_date_start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) join_date_end: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) leave_date_start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) leave_date_end: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pagination: Option<Pagination>,
}

operation! {
    impl Operation for EmployeeList in Zhiren {
        "employee.list", Get "/api/v2/employees", Documented "§2 A8";
        Signature => Employees, Shape::Plain; KEPT = true
    }
}

/// One employee by uuid, number or mobile: three rows of the document share one path (§6.7).
#[derive(Serialize, Deserialize)]
pub(crate) struct EmployeeGet {
    pub(crate) key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
}

operation! {
    impl Operation for EmployeeGet in Zhiren {
        "employee.get", Get "/api/v2/employees/{key}", Documented "§2 A9 A10 A11";
        Signature => Employee, Shape::Plain; KEPT = true
    }
}

/// Whether somebody has come to work today. The answer follows from the time, so it is not kept.
#[derive(Serialize, Deserialize)]
pub(crate) struct EmployeeCheckAttendance {
    pub(crate) uuid: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
}

operation! {
    impl Operation for EmployeeCheckAttendance in Zhiren {
        "employee.check_attendance", Get "/api/v2/employees/{uuid}/check_attendance", Documented "§2 A12";
        Signature => Employee, Shape::Plain
    }
}

/// Tells an employee that a visitor comes. The form of `time` is free (§6.20).
#[derive(Serialize, Deserialize)]
pub(crate) struct EmployeeNotify {
    pub(crate) guid: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
    #[serde(default, deserialize_with = "super::lenient::text")]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "super::lenient::text")]
    pub(crate) time: Option<String>,
}

operation! {
    impl Operation for EmployeeNotify in Zhiren {
        "employee.notify", Post "/api/v2/employees/{guid}/notify", Documented "§2 A19";
        Signature => Employee, Shape::Plain
    }
}
