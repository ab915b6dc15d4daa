//! Pay subjects, and the token of the visitor product.

use serde_json::json;
use tongshi_dialect::Caller;
use tongshi_model::{Currency, Draft, Kind, Money, SalaryItem};

use super::{check_company, live, people::only};
use crate::zhiren::{
    map, wire,
    wire::{Fault, FaultCode},
};

/// The setting under which the visitor product's token is kept.
const VISITOR_TOKEN: &str = "zhiren.visitor_token";

/// Sets a pay subject. The document says that for one person and month the last value wins; the subject must be part
/// of the key too, or a person could have only one (§6.30).
pub(super) async fn set_salary(caller: Caller, ask: wire::SalarySet) -> Result<wire::Done, Fault> {
    let required = |field: &str, text: Option<String>| {
        map::filled(text).ok_or_else(|| Fault::object(format!("{field} is missing")))
    };
    let empno = required("empno", ask.empno)?;
    let subject = required("subject_name", ask.subject_name)?;
    let month = required("month", ask.month)?;
    if tongshi_model::parse_date("month", &format!("{month}-01")).is_err() {
        return Err(Fault::object("month must be a month such as 2017-09"));
    }
    let value = ask.value.ok_or_else(|| Fault::object("value is missing"))?;
    let amount = Money::parse_hundredths(&value.to_string(), Currency::CNY)?;
    let workforce = caller.workforce()?;
    let employee = only(workforce.find(Kind::Employee, "employee_no", &empno).await?)?.id;
    let name = format!("salary/{employee}/{month}/{subject}");
    let item = SalaryItem { employee, month, subject, amount: amount.into() };
    workforce.save(vec![(name, Draft::of(&item)?)]).await?;
    Ok(wire::Done { code: FaultCode::of(0), text: Some("ok".to_owned()) })
}

/// Keeps the visitor product's token and answers with the company (§6.20).
pub(super) async fn update_token(
    caller: Caller,
    ask: wire::CompanyTokenUpdate,
) -> Result<wire::Company, Fault> {
    check_company(&caller, ask.token.as_deref())?;
    let token = map::filled(ask.zhiren_visitor_token)
        .ok_or_else(|| Fault::object("zhiren_visitor_token is missing"))?;
    let workforce = caller.workforce()?;
    // The guid is the company's (§6.8), so the code is that for companies and not that for records.
    let company = live(workforce, Kind::Company, &ask.guid).await.map_err(|fault| match fault.code {
        FaultCode::NoRecord => Fault::new(FaultCode::NoCompany, "there is no such company"),
        _ => fault,
    })?;
    workforce.remember(VISITOR_TOKEN, &json!(token)).await?;
    Ok(map::show_company(company.id, company.read()?))
}
