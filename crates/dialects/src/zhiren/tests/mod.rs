//! Zhiren held to the suite that all dialects pass, and to its own quirks.

mod auth;
mod client;
mod faults;
mod map;
mod oauth;
mod server;
mod stage;

use tongshi_dialect::{conformance, conformance::SampleKey};
use tongshi_model::Secret;

use super::{
    auth::{AccessToken, Signature, WINDOW_SECONDS},
    client::OPERATIONS,
    wire::*,
};

impl SampleKey for Signature {
    fn sample() -> Option<(&'static str, Secret)> {
        Some(("ak-demo", Secret::new("sk-demo")))
    }

    fn stale_after_seconds() -> Option<i64> {
        Some(WINDOW_SECONDS)
    }
}

impl SampleKey for AccessToken {
    fn sample() -> Option<(&'static str, Secret)> {
        Some(("at-demo", Secret::new("at-demo")))
    }

    fn stale_after_seconds() -> Option<i64> {
        None
    }
}

conformance! {
    Zhiren,
    fixtures: "src/zhiren/fixtures",
    listed: OPERATIONS,
    shapes: &[Shape::Plain, Shape::CodeText, Shape::Moka, Shape::Flat],
    faults: FaultCode::LISTED
        .iter()
        .copied()
        .chain([FaultCode::OURS, FaultCode::AWAY, FaultCode::LIMITED, FaultCode::UPSTREAM, FaultCode::Other(9999)])
        .map(|code| Fault::new(code, "说明 \"quoted\" \\ text"))
        .collect(),
    operations: [
        SubCompanyList, SubCompanyGet, SubCompanyEmployees, SubCompanyEmployee, SubCompanyDepartments,
        SubCompanyDepartment, DepartmentList, DepartmentGet, DepartmentEmployees, EmployeeList, EmployeeGet,
        EmployeeCheckAttendance, EmployeeNotify, PunchImport, ArrangementList, EmployeeTimelines,
        EmployeeAttendanceCheckings, SalarySet, CompanyTokenUpdate, ApprovalList, ApprovalGet, MokaCandidatePush,
        MokaBind, MokaUnbind, MokaBindCheck, CandidateList, CandidateGet, SourceList, SourceGet, VacancyList,
        VacancyGet, Authorize, SignIn, TokenRequest,
    ],
}
