//! The people of a workspace as the rules of matching look at them: one entry for each live source, in words that can
//! be compared.

use std::collections::HashMap;

use serde::Deserialize;
use tongshi_model::{Error, Id, Kind, LocalDate};
use tongshi_store::{Part, Query, Session, Workspace, connections, records, shared};

use super::fold::Ownership;

/// Sources read together.
const STEP: u32 = 1000;

/// A person as one source shows them.
pub(super) struct Person {
    pub(super) connection: i64,
    /// The record that the source folds into.
    pub(super) record: Id,
    /// The id of the record that it would be by itself.
    pub(super) own: Id,
    pub(super) name: String,
    pub(super) number: Option<String>,
    pub(super) mobile: Option<String>,
    pub(super) emails: Vec<String>,
    /// Ids at other systems, each with the system's name.
    pub(super) accounts: Vec<String>,
    pub(super) unit: Option<String>,
    pub(super) legal: Option<String>,
    pub(super) hired: Option<LocalDate>,
    pub(super) left: Option<LocalDate>,
    /// Whether the employment is over.
    pub(super) ended: bool,
}

/// Of an employee's document what matching looks at. A field of another form is passed over.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Doc {
    name: String,
    employee_no: Option<String>,
    mobile: Option<String>,
    email: Option<String>,
    work_email: Option<String>,
    accounts: HashMap<String, String>,
    org_unit: Option<Id>,
    legal_entity: Option<Id>,
    legal_entity_name: Option<String>,
    hire_date: Option<LocalDate>,
    leave_date: Option<LocalDate>,
    status: Option<String>,
}

/// Everybody, connection by connection, oldest first.
pub(super) async fn all(
    session: &mut Session,
    workspace: &Workspace,
    owners: &Ownership,
) -> Result<Vec<Person>, Error> {
    let units = names(session, workspace, Kind::OrgUnit).await?;
    let entities = names(session, workspace, Kind::LegalEntity).await?;
    let mut people = Vec::new();
    for connection in connections::all(session, workspace).await? {
        let mut after = 0;
        loop {
            let parts = shared::said(session, connection.no, Kind::Employee, after, STEP).await?;
            let Some(last) = parts.last() else { break };
            after = last.id;
            for part in parts {
                people.extend(person(&part, owners, &units, &entities)?);
            }
        }
    }
    Ok(people)
}

fn person(
    part: &Part,
    owners: &Ownership,
    units: &HashMap<Id, String>,
    entities: &HashMap<Id, String>,
) -> Result<Option<Person>, Error> {
    if part.is_empty() {
        return Ok(None);
    }
    let own = owners.own_id(part.connection, part.kind, &part.remote_id)?;
    let doc: Doc = serde_json::from_str(part.doc.as_deref().unwrap_or("{}"))
        .map_err(|error| Error::internal("an employee cannot be read").caused_by(error))?;
    let named = doc.legal_entity_name.as_deref().map(plain).filter(|name| !name.is_empty());
    let emails = [doc.work_email, doc.email].into_iter().flatten();
    Ok(Some(Person {
        connection: part.connection,
        record: part.record,
        own,
        name: plain(&doc.name),
        number: doc.employee_no.as_deref().map(plain).filter(|number| !number.is_empty()),
        mobile: doc.mobile.as_deref().and_then(mobile),
        emails: emails.map(|email| plain(&email)).filter(|email| email.contains('@')).collect(),
        accounts: doc
            .accounts
            .iter()
            .filter(|(_, id)| !id.is_empty())
            .map(|(system, id)| format!("{system}/{id}"))
            .collect(),
        unit: doc.org_unit.and_then(|id| units.get(&id).cloned()),
        legal: named.or_else(|| doc.legal_entity.and_then(|id| entities.get(&id).cloned())),
        hired: doc.hire_date,
        left: doc.leave_date,
        ended: doc.status.as_deref() == Some("ended"),
    }))
}

/// The names of all records of a kind, ready to be compared: their ids differ from vendor to vendor.
async fn names(
    session: &mut Session,
    workspace: &Workspace,
    kind: Kind,
) -> Result<HashMap<Id, String>, Error> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Named {
        name: String,
    }
    let mut names = HashMap::new();
    // A linked unit's id still stands in the documents of its connection.
    let mut query = Query { limit: STEP, deleted: true, ..Query::of(kind) };
    loop {
        let rows = records::list(session, workspace, &query).await?;
        let Some(last) = rows.last() else { return Ok(names) };
        query.after = Some(last.ord);
        for row in rows {
            let named: Named = serde_json::from_str(&row.doc)
                .map_err(|error| Error::internal(format!("a {kind} cannot be read")).caused_by(error))?;
            names.insert(row.id, plain(&named.name));
        }
    }
}

/// Text without what people write in different ways: spaces, capitals, full-width letters.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| match u32::from(c) {
            wide @ 0xff01..=0xff5e => char::from_u32(wide - 0xfee0).unwrap_or(c),
            _ => c,
        })
        .flat_map(char::to_lowercase)
        .collect()
}

/// A mobile number without what only its notation adds. China's prefix goes, another country's stays.
pub(super) fn mobile(text: &str) -> Option<String> {
    let text = plain(text);
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let number = digits.strip_prefix("00").filter(|_| !text.starts_with('+')).unwrap_or(&digits);
    let number = match number.strip_prefix("86") {
        Some(rest) if rest.len() == 11 && rest.starts_with('1') => rest,
        _ => number,
    };
    (number.len() >= 5).then(|| number.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notations_of_one_number_are_equal() {
        let all =
            ["19900000001", "+86 199-0000-0001", "0086 19900000001", "86 199 0000 0001", "１９９00000001"];
        for text in all {
            assert_eq!(mobile(text).as_deref(), Some("19900000001"), "{text}");
        }
        assert_eq!(mobile("+1 202 555 0100").as_deref(), Some("12025550100"));
        assert_eq!(mobile("86").as_deref(), None);
        assert_eq!(plain(" Ｅ-００７ "), "e-007");
    }
}
