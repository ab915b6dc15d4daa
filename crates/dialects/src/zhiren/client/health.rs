//! Whether an account works, and which interfaces it may use: one cheap question to each family of them. Asked for a
//! thing that nobody has, a permitted interface says that there is no record (1102), one that is not says 3001.

use tongshi_dialect::{CallError, Finding, Health, Operation, Signs};
use tongshi_model::Error;

use super::{Connection, rows, wire};
use crate::zhiren::wire::{Fault, FaultCode, Zhiren};

/// Nobody's uuid, number or series.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";
/// A day before anybody used this: nothing lies in it.
const DAY: &str = "2010-01-01";

/// Asks each family once.
pub(super) async fn check(connection: &Connection) -> Result<Health, Error> {
    let mut findings = Vec::new();
    let mut text = "Zhiren answers".to_owned();
    // The first answer decides about the account as a whole.
    match connection.ask(&wire::SubCompanyList {}).await {
        Ok(body) => {
            let found = rows::cut(&body, rows::by_uuid)?.rows.len();
            text = format!("Zhiren answers; it shows {found} sub-companies");
            findings.push(Finding::good("companies", "permitted").named(name::<wire::SubCompanyList>()));
        }
        Err(CallError::Fault { fault, .. }) if fault.code == FaultCode::Forbidden => {
            findings.push(refused::<wire::SubCompanyList>("companies", &fault));
        }
        Err(error) => return Err(error.into()),
    }
    let day = || (DAY.to_owned(), DAY.to_owned());
    let employee = wire::EmployeeGet { key: NOBODY.to_owned(), token: connection.company_token() };
    let department = wire::DepartmentGet { uuid: NOBODY.to_owned() };
    let (start_date, end_date) = day();
    let arrangements = wire::ArrangementList { empnoes: Vec::new(), start_date, end_date };
    let (start_date, end_date) = day();
    let checkings = wire::EmployeeAttendanceCheckings { guid: NOBODY.to_owned(), start_date, end_date };
    let (start_date, end_date) = day();
    let category = "leave".to_owned();
    let timelines = wire::EmployeeTimelines { guid: NOBODY.to_owned(), start_date, end_date, category };
    let approval = wire::ApprovalGet { number_series: NOBODY.to_owned() };
    findings.push(ask(connection, "departments", &department).await);
    findings.push(ask(connection, "people", &employee).await);
    findings.push(ask(connection, "shifts", &arrangements).await);
    findings.push(ask(connection, "attendance", &checkings).await);
    findings.push(ask(connection, "leave", &timelines).await);
    findings.push(ask(connection, "approvals", &approval).await);
    if connection.credential.get("access_token").is_some_and(|token| !token.expose().is_empty()) {
        findings.push(ask(connection, "recruitment", &wire::SourceList {}).await);
    } else {
        findings.push(
            Finding::unknown("recruitment", "not read: the account has no access_token")
                .named(name::<wire::SourceList>()),
        );
    }
    findings.push(Finding::unknown("quota", "Zhiren documents no limit of calls and tells none"));
    Ok(Health { text, findings })
}

async fn ask<O>(connection: &Connection, subject: &str, operation: &O) -> Finding
where
    O: Operation<Dialect = Zhiren>,
    Connection: Signs<O::Auth>,
{
    match connection.ask(operation).await {
        Ok(_) => Finding::good(subject, "permitted").named(name::<O>()),
        Err(CallError::Fault { fault, .. }) => match fault.code {
            FaultCode::Forbidden => refused::<O>(subject, &fault),
            // Whoever looks for the thing or at the fields has let us in.
            FaultCode::NoRecord | FaultCode::Parameter | FaultCode::Object | FaultCode::IdentityItem => {
                Finding::good(subject, "permitted").named(name::<O>())
            }
            _ => Finding::unknown(subject, Error::from(fault).public().to_owned()).named(name::<O>()),
        },
        Err(error) => Finding::unknown(subject, Error::from(error).public().to_owned()).named(name::<O>()),
    }
}

/// The vendor's own words for what is missing, and who gives it.
fn refused<O: Operation>(subject: &str, fault: &Fault) -> Finding {
    let mend = format!(
        "ask Zhiren, who gave the access_key, to permit the interface {} for the product of this access_key; \
         until then what it gives is left as it is",
        name::<O>()
    );
    Finding::bad(subject, format!("not permitted: Zhiren answers {} (没有权限访问该 API)", fault.code), mend)
        .named(name::<O>())
}

/// An interface as the vendor's document heads it.
fn name<O: Operation>() -> String {
    format!("{} {}", O::METHOD.name(), O::PATH)
}
