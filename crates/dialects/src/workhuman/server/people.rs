//! Who is there, and the feed that keeps them in step.

use std::collections::HashMap;

use serde_json::{Map, Value};
use tongshi_dialect::{Caller, Change, Deed, Query, Record, Workforce};
use tongshi_model::{Draft, Employee, Id, Kind, OrgUnit};

use super::{Outcome, Part, employee, given, holder, settle};
use crate::workhuman::{
    map,
    wire::{Code, Fault, FeedAnswer, FeedResult, Listed, User, UserFeed, UserGet, UserList, UserMe},
};

/// People in one feed.
const FEED_MAX: usize = 100;
/// How often a feed looks again when somebody changed the same people meanwhile.
const TRIES: usize = 3;

/// The person of a person's token, else the service account under the client's name (§5.6).
pub(super) async fn me(caller: Caller, _ask: UserMe) -> Result<User, Fault> {
    let holder = holder(&caller).await?;
    let Some(person) = holder.person else {
        return Ok(User {
            id: Some(holder.client_id),
            display_name: caller.grant.as_ref().map(|grant| grant.name.clone()),
            kind: Some("service_account".to_owned()),
            status: Some("active".to_owned()),
            tenant_id: holder.tenant_id,
            ..User::default()
        });
    };
    let workforce = caller.workforce()?;
    let gone = || Fault::new(Code::Unauthorized, "the person of this token is not here any more");
    let record =
        workforce.get(Kind::Employee, person).await?.filter(|record| !record.deleted).ok_or_else(gone)?;
    let mut user = shown(workforce, vec![record]).await?.pop().ok_or_else(gone)?;
    user.tenant_id = holder.tenant_id;
    Ok(user)
}

/// A page of people.
pub(super) async fn list(caller: Caller, ask: UserList) -> Result<Listed<User>, Fault> {
    let part = Part::read(ask.limit.as_deref(), ask.offset.as_deref())?;
    let workforce = caller.workforce()?;
    let mut query = part.of(Query::of(Kind::Employee, 0));
    if let Some(number) = given(&ask.employee_number) {
        query = query.key("employee_no", number);
    }
    match given(&ask.status) {
        None => {}
        Some("active") => {
            query.fields.push(("status", ["active", "on_leave", "suspended"].map(str::to_owned).to_vec()));
        }
        Some("inactive") => query.fields.push(("status", ["ended", "pre_hire"].map(str::to_owned).to_vec())),
        Some(_) => return Err(Fault::field("status", "is active or inactive")),
    }
    let total = workforce.count(&query).await?;
    let data = shown(workforce, workforce.list(&query).await?).await?;
    Ok(Listed { data, total: Some(total), limit: Some(part.limit), offset: Some(part.offset) })
}

/// One person.
pub(super) async fn get(caller: Caller, ask: UserGet) -> Result<User, Fault> {
    let workforce = caller.workforce()?;
    let record = employee(workforce, given(&ask.id).unwrap_or_default()).await?;
    let record = record.ok_or_else(|| Fault::nothing("employee"))?;
    shown(workforce, vec![record]).await?.pop().ok_or_else(|| Fault::nothing("employee"))
}

/// People as the contract shows them, with the names of their departments, which are read for all at once.
async fn shown(workforce: &dyn Workforce, records: Vec<Record>) -> Result<Vec<User>, Fault> {
    let people: Vec<(Id, Employee)> =
        records.into_iter().map(|record| Ok((record.id, record.read()?))).collect::<Result<_, Fault>>()?;
    let mut units: Vec<Id> = people.iter().filter_map(|(_, person)| person.org_unit).collect();
    units.sort_unstable();
    units.dedup();
    let mut names = HashMap::with_capacity(units.len());
    for (id, record) in units.iter().zip(workforce.many(&units).await?) {
        if let Some(record) = record.filter(|record| record.kind == Kind::OrgUnit) {
            names.insert(*id, record.read::<OrgUnit>()?.name);
        }
    }
    let show = |(id, person): (Id, Employee)| {
        let department = person.org_unit.and_then(|unit| names.get(&unit).cloned());
        map::show_user(id, &person, department)
    };
    Ok(people.into_iter().map(show).collect())
}

/// Takes people in as the HR system has them. What a row does not name stays as it is; a row that cannot be taken is
/// answered in its place and stops no other.
pub(super) async fn feed(caller: Caller, ask: UserFeed) -> Result<FeedAnswer, Fault> {
    holder(&caller).await?.service_only()?;
    if !(1..=FEED_MAX).contains(&ask.users.len()) {
        return Err(Fault::field("users", format!("has 1 to {FEED_MAX} people")));
    }
    let workforce = caller.workforce()?;
    for _ in 0..TRIES {
        let (deed, results) = plan(workforce, &ask.users).await?;
        match settle(workforce, deed).await? {
            Outcome::Done(made) | Outcome::Before(made) => {
                return Ok(FeedAnswer { results: placed(results, &made) });
            }
            Outcome::Short(_) | Outcome::Stale => {}
        }
    }
    Err(Fault::new(Code::Conflict, "the same people are being changed at this moment; try again"))
}

/// What a feed does, and what each row is answered; the ids of new people are filled in afterwards.
async fn plan(workforce: &dyn Workforce, users: &[User]) -> Result<(Deed, Vec<FeedResult>), Fault> {
    let numbers: Vec<String> =
        users.iter().filter_map(|user| given(&user.employee_number).map(str::to_owned)).collect();
    let mut known: HashMap<String, Vec<Record>> = HashMap::new();
    for (number, record) in workforce.find_many(Kind::Employee, "employee_no", &numbers).await? {
        known.entry(number).or_default().push(record);
    }
    let mut deed =
        Deed { answer: Box::new(|ids| ids.iter().map(Id::to_string).collect()), ..Deed::default() };
    let mut results = Vec::with_capacity(users.len());
    let mut seen = std::collections::HashSet::new();
    for user in users {
        let refused =
            |why: &str| FeedResult { id: None, result: "refused".to_owned(), reason: Some(why.to_owned()) };
        let Some(number) = given(&user.employee_number) else {
            results.push(refused("employee_number is missing"));
            continue;
        };
        if !seen.insert(number.to_owned()) {
            results.push(refused("the same employee_number is there before"));
            continue;
        }
        results.push(match known.get(number).map_or(&[][..], Vec::as_slice) {
            [] => match map::fed_employee(user) {
                Ok(employee) => {
                    deed.made.push(Draft::of(&employee)?);
                    FeedResult { id: None, result: "created".to_owned(), reason: None }
                }
                Err(why) => refused(&why),
            },
            [record] => match map::fed_fields(user) {
                Ok(fields) => {
                    let id = Some(record.id.to_string());
                    let fields = differing(record, fields)?;
                    let result = if fields.is_empty() { "unchanged" } else { "updated" };
                    if !fields.is_empty() {
                        let (record, version) = (record.id, record.version);
                        deed.changed.push(Change { record, kind: Kind::Employee, version, fields });
                    }
                    FeedResult { id, result: result.to_owned(), reason: None }
                }
                Err(why) => refused(&why),
            },
            _ => refused("more than one person has this employee_number"),
        });
    }
    Ok((deed, results))
}

/// The fields that the record does not say already.
fn differing(record: &Record, mut fields: Map<String, Value>) -> Result<Map<String, Value>, Fault> {
    let doc = record.read_fields()?;
    fields.retain(|name, value| doc.get(name).unwrap_or(&Value::Null) != value);
    Ok(fields)
}

/// Gives those who are new their ids.
fn placed(mut results: Vec<FeedResult>, made: &Value) -> Vec<FeedResult> {
    let mut ids = made.as_array().into_iter().flatten().filter_map(Value::as_str);
    for result in results.iter_mut().filter(|result| result.result == "created") {
        result.id = ids.next().map(str::to_owned);
    }
    results
}
