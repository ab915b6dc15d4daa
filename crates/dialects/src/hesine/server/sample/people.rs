//! Who is meant, and whose data the app may see: its level is a setting of the app (`data_level`), `self`, `department`
//! or `company`; the two lesser ones are those of the employee whom the setting `employee_id` names.

use std::collections::{BTreeMap, BTreeSet};

use tongshi_dialect::{Caller, Query, Workforce};
use tongshi_model::{Employee, Id, Kind, OrgUnit};

use super::fields::Fields;
use crate::hesine::{
    server::level::{COMPANY, level_of},
    wire::sample::Refused,
};

/// Units read at a time.
const PAGE: u32 = 1000;

/// Whose data an app may see.
pub(super) enum Reach {
    /// Everybody's.
    Company,
    /// Those of a department and of what lies below it.
    Department(BTreeSet<Id>),
    /// One person's.
    Person(Id),
}

impl Reach {
    /// The calling app's.
    pub(super) async fn of(caller: &Caller) -> Result<Self, Refused> {
        let level = caller.grant.as_deref().map_or("", level_of);
        if level == COMPANY {
            return Ok(Self::Company);
        }
        let workforce = caller.workforce()?;
        let named = caller.setting("employee_id").unwrap_or_default();
        let found = find(workforce, named).await?;
        // A setting that says something else must not open more than was meant.
        let closed = || Refused::new(403, "the app's data level names no employee");
        let (id, employee) = found.ok_or_else(closed)?;
        match (level, employee.org_unit) {
            ("self", _) => Ok(Self::Person(id)),
            ("department", Some(unit)) => Ok(Self::Department(below(workforce, unit).await?)),
            _ => Err(closed()),
        }
    }

    /// Refuses what is not this person's to be seen.
    pub(super) async fn admit(&self, caller: &Caller, person: Id) -> Result<(), Refused> {
        let inside = match self {
            Self::Company => true,
            Self::Person(own) => *own == person,
            Self::Department(units) => {
                let found = caller.workforce()?.get(Kind::Employee, person).await?;
                let unit =
                    found.map(|record| record.read::<Employee>()).transpose()?.and_then(|one| one.org_unit);
                unit.is_some_and(|unit| units.contains(&unit))
            }
        };
        if inside {
            Ok(())
        } else {
            Err(Refused::new(403, "the app's data level does not reach this person"))
        }
    }

    /// Narrows a list to what may be seen, by who stands in one field and which department in another.
    pub(super) fn narrow(&self, query: &mut Query, person: &'static str, unit: &'static str) {
        match self {
            Self::Company => {}
            Self::Person(own) => query.keys.push((person, own.to_string())),
            Self::Department(units) => {
                query.fields.push((unit, units.iter().map(Id::to_string).collect()));
            }
        }
    }
}

/// A unit and all below it.
async fn below(workforce: &dyn Workforce, top: Id) -> Result<BTreeSet<Id>, Refused> {
    let mut parents: Vec<(Id, Option<Id>)> = Vec::new();
    loop {
        let query = Query { offset: parents.len() as u64, ..Query::of(Kind::OrgUnit, PAGE) };
        let page = workforce.list(&query).await?;
        for record in &page {
            parents.push((record.id, record.read::<OrgUnit>()?.parent));
        }
        if page.len() < PAGE as usize {
            break;
        }
    }
    let mut units = BTreeSet::from([top]);
    loop {
        let inside = |(id, parent): &&(Id, Option<Id>)| {
            !units.contains(id) && parent.is_some_and(|parent| units.contains(&parent))
        };
        let more: Vec<Id> = parents.iter().filter(inside).map(|(id, _)| *id).collect();
        if more.is_empty() {
            return Ok(units);
        }
        units.extend(more);
    }
}

/// The employee whom a field names, by number or by the record's id.
pub(super) async fn named(
    caller: &Caller,
    fields: &Fields<'_>,
    field: &str,
) -> Result<Option<(Id, Employee)>, Refused> {
    let Some(text) = fields.text(field)? else { return Ok(None) };
    let found = find(caller.workforce()?, text).await?;
    found.map(Some).ok_or_else(|| fields.refuse(field, "there is no such employee"))
}

async fn find(workforce: &dyn Workforce, name: &str) -> Result<Option<(Id, Employee)>, Refused> {
    if name.is_empty() {
        return Ok(None);
    }
    let mut found = workforce.find(Kind::Employee, "employee_no", name).await?;
    if found.is_empty()
        && let Ok(id) = name.parse::<Id>()
    {
        found.extend(workforce.get(Kind::Employee, id).await?.filter(|record| !record.deleted));
    }
    // A number that two people have names nobody.
    let [record] = &found[..] else { return Ok(None) };
    Ok(Some((record.id, record.read()?)))
}

/// The numbers of these people, asked for at once.
pub(super) struct Names(BTreeMap<Id, String>);

impl Names {
    pub(super) async fn of(caller: &Caller, ids: impl IntoIterator<Item = Id>) -> Result<Self, Refused> {
        let ids: BTreeSet<Id> = ids.into_iter().collect();
        let ids: Vec<Id> = ids.into_iter().collect();
        let mut names = BTreeMap::new();
        for (id, record) in ids.iter().zip(caller.workforce()?.many(&ids).await?) {
            let employee = record.map(|record| record.read::<Employee>()).transpose()?;
            names.extend(employee.and_then(|employee| employee.employee_no).map(|number| (*id, number)));
        }
        Ok(Self(names))
    }

    /// A person's number; the record's id where there is none.
    pub(super) fn name(&self, id: Id) -> String {
        self.0.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }
}
