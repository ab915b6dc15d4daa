//! Whose account it is, and whether they may come in.

use tongshi_model::{Account, AccountStatus, AccountType, Employee, EmploymentStatus, Error, Id, Kind};
use tongshi_store::{RecordRow, Session, Workspace, records};

use super::NotSignedIn;

/// Somebody who may come in.
pub(super) struct Known {
    pub(super) account: Id,
    pub(super) name: String,
    pub(super) employee: Option<Id>,
    pub(super) rule: &'static str,
}

/// Who an account record speaks for. Only employees come in, and none who has left; an account that no employee was
/// found for speaks for itself.
pub(super) async fn known(
    session: &mut Session,
    workspace: &Workspace,
    account: Id,
) -> Result<Result<Known, NotSignedIn>, Error> {
    let row = records::get(session, workspace, account).await?;
    // Erased people's accounts are not taken in.
    let Some(row) = row.filter(|row| row.kind == Kind::Account && row.deleted.is_none()) else {
        return Ok(Err(NotSignedIn::Account));
    };
    let account: Account = read(&row)?;
    if account.status.value != AccountStatus::Active || account.kind.value != AccountType::Employee {
        return Ok(Err(NotSignedIn::Account));
    }
    let (employee, rule) = employee_of(session, workspace, &account).await?;
    if let Some(employee) = &employee
        && !is_employed(employee)?
    {
        return Ok(Err(NotSignedIn::Account));
    }
    let name = account.name.as_ref().map_or_else(String::new, |name| name.expose().clone());
    Ok(Ok(Known { account: row.id, name, employee: employee.map(|row| row.id), rule }))
}

/// Whether the record is of somebody who works here.
pub(super) fn is_employed(row: &RecordRow) -> Result<bool, Error> {
    if row.deleted.is_some() {
        return Ok(false);
    }
    Ok(read::<Employee>(row)?.status != Some(EmploymentStatus::Ended))
}

/// Whether an account's record still lets its user in.
pub(super) fn is_open(row: &RecordRow) -> Result<bool, Error> {
    Ok(row.deleted.is_none() && read::<Account>(row)?.status.value == AccountStatus::Active)
}

/// The name that an account's record has.
pub(super) fn name_of(row: &RecordRow) -> Result<String, Error> {
    Ok(read::<Account>(row)?.name.map_or_else(String::new, |name| name.expose().clone()))
}

/// The employee by the vendor's own id, by the number that the company gave, or by mobile number and name together; and
/// which it was. What fits two people fits nobody.
async fn employee_of(
    session: &mut Session,
    workspace: &Workspace,
    account: &Account,
) -> Result<(Option<RecordRow>, &'static str), Error> {
    if let Some(id) = account.employee
        && let Some(row) = records::get(session, workspace, id).await?
        && row.kind == Kind::Employee
    {
        return Ok((Some(row), "vendor_id"));
    }
    if let Some(number) = &account.third_party_id
        && let Some(row) = only(session, workspace, "employee_no", number).await?
    {
        return Ok((Some(row), "employee_no"));
    }
    if let (Some(mobile), Some(name)) = (&account.mobile, &account.name)
        && let Some(row) = only(session, workspace, "mobile", mobile.expose()).await?
        && read::<Employee>(&row)?.name == *name
    {
        return Ok((Some(row), "mobile"));
    }
    Ok((None, "none"))
}

async fn only(
    session: &mut Session,
    workspace: &Workspace,
    lookup: &str,
    value: &str,
) -> Result<Option<RecordRow>, Error> {
    let Some(at) = Kind::Employee.lookup(lookup).filter(|_| !value.is_empty()) else { return Ok(None) };
    let mut rows = records::by_key(session, workspace, Kind::Employee, at, value).await?;
    Ok(if rows.len() == 1 { rows.pop() } else { None })
}

fn read<T: serde::de::DeserializeOwned>(row: &RecordRow) -> Result<T, Error> {
    serde_json::from_str(&row.doc)
        .map_err(|error| Error::internal(format!("the record {} cannot be read", row.id)).caused_by(error))
}
