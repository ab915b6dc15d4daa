//! The sample contract answered from the records of the calling app's workspace. Errors become faults in `wire/fault.rs`, once.

mod oauth;
mod pages;
mod people;
mod points;
mod programme;
mod recognition;
mod rewards;

use std::{collections::HashMap, sync::Arc};

use serde_json::Value;
use tongshi_dialect::{Caller, Deed, Desk, Face, OnceKey, Query, Record, Server, Settled, Workforce};
use tongshi_model::{Clock, Employee, EmploymentStatus, Id, Kind};

use super::{
    auth::ACCESS,
    wire::{Code, Fault, Workhuman},
};

/// Rows on a page where nobody says, and at most; the pages show 10 and say nothing (§5.13).
const ROWS: u32 = 20;
const ROWS_MAX: u32 = 100;

/// Makes the answering half.
pub(super) fn serve(desk: Arc<dyn Desk>, clock: Arc<dyn Clock>) -> Arc<dyn Face> {
    let server = Server::<Workhuman>::new(desk, clock)
        .on(oauth::token)
        .on(oauth::authorize)
        .on(oauth::step)
        .on(people::me)
        .on(people::list)
        .on(people::get)
        .on(people::feed)
        .on(recognition::list)
        .on(recognition::get)
        .on(recognition::create)
        .on(recognition::decide)
        .on(rewards::catalog)
        .on(rewards::redeem)
        .on(rewards::redemptions)
        .on(rewards::redemption)
        .on(rewards::decide)
        .on(points::entries)
        .on(points::balance)
        .on(programme::get)
        .on(programme::set);
    Arc::new(server.ready())
}

/// For whom the caller's token was issued.
struct Holder {
    client_id: String,
    tenant_id: Option<String>,
    /// The person, where it is a person's token; a client's own stands for its service account.
    person: Option<Id>,
}

impl Holder {
    /// Refuses people: what follows is the administrator's affair.
    fn service_only(&self) -> Result<(), Fault> {
        match self.person {
            None => Ok(()),
            Some(_) => Err(Fault::new(Code::Forbidden, "a person's own token may not do this")),
        }
    }

    /// Refuses people who ask for somebody else's.
    fn own(&self, employee: Id) -> Result<(), Fault> {
        match self.person {
            Some(person) if person != employee => {
                Err(Fault::new(Code::Forbidden, "a person's own token is for their own affairs"))
            }
            _ => Ok(()),
        }
    }
}

async fn holder(caller: &Caller) -> Result<Holder, Fault> {
    let void = || Fault::new(Code::Unauthorized, "the access token is not valid; get another one");
    let grant = caller.grant.as_deref().ok_or_else(void)?;
    let token = grant.workforce.token(ACCESS, grant.secret.expose()).await?.ok_or_else(void)?;
    let text = |name: &str| token.payload[name].as_str().map(str::to_owned);
    let person = text("person").map(|id| id.parse()).transpose().map_err(|_| void())?;
    Ok(Holder { client_id: text("client_id").unwrap_or_default(), tenant_id: text("tenant_id"), person })
}

/// Which part of a list.
#[derive(Clone, Copy)]
struct Part {
    limit: u32,
    offset: u64,
}

impl Part {
    fn read(limit: Option<&str>, offset: Option<&str>) -> Result<Self, Fault> {
        let limit = match limit.filter(|text| !text.is_empty()) {
            None => ROWS,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=ROWS_MAX).contains(limit))
                .ok_or_else(|| Fault::field("limit", format!("is a number from 1 to {ROWS_MAX}")))?,
        };
        let offset = match offset.filter(|text| !text.is_empty()) {
            None => 0,
            // What a database counts with is signed.
            Some(text) => text
                .parse()
                .ok()
                .filter(|offset| *offset <= u64::from(u32::MAX))
                .ok_or_else(|| Fault::field("offset", "is a number of rows to pass over"))?,
        };
        Ok(Self { limit, offset })
    }

    fn of(self, query: Query) -> Query {
        Query { limit: self.limit, offset: self.offset, ..query }
    }
}

/// What a request says under a name, where it says anything.
fn given(value: &Option<String>) -> Option<&str> {
    value.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

/// The employee with this id or number, whether they still work here or not.
async fn employee(workforce: &dyn Workforce, text: &str) -> Result<Option<Record>, Fault> {
    if let Ok(id) = text.parse::<Id>() {
        let record = workforce.get(Kind::Employee, id).await?;
        if let Some(record) = record.filter(|record| !record.deleted) {
            return Ok(Some(record));
        }
    }
    let mut found = workforce.find(Kind::Employee, "employee_no", text).await?;
    // A number that two people have names nobody.
    Ok(found.pop().filter(|_| found.is_empty()))
}

/// Somebody who works here, or the fault that the pages give for an unknown recipient (§2).
async fn colleague(workforce: &dyn Workforce, field: &str, text: &str) -> Result<Record, Fault> {
    let nobody = || Fault {
        details: Fault::field(field, "names nobody who works here").details,
        ..Fault::nothing("employee")
    };
    let record = employee(workforce, text).await?.ok_or_else(nobody)?;
    let ended = record.read::<Employee>()?.status == Some(EmploymentStatus::Ended);
    if ended { Err(nobody()) } else { Ok(record) }
}

/// The names of these people, for a whole page at once.
async fn names(workforce: &dyn Workforce, mut ids: Vec<Id>) -> Result<HashMap<Id, String>, Fault> {
    ids.sort_unstable();
    ids.dedup();
    let mut names = HashMap::with_capacity(ids.len());
    for (id, record) in ids.iter().zip(workforce.many(&ids).await?) {
        if let Some(record) = record.filter(|record| record.kind == Kind::Employee) {
            names.insert(*id, record.read::<Employee>()?.name.into_inner());
        }
    }
    Ok(names)
}

/// The key of a request that is to happen once, with what recognises the request.
fn once(
    name: &Option<String>,
    who: &Holder,
    request: &impl serde::Serialize,
) -> Result<Option<OnceKey>, Fault> {
    let Some(name) = name else { return Ok(None) };
    let body = serde_json::to_vec(request)
        .map_err(|_| Fault::new(Code::Ours, "the request cannot be recognised"))?;
    // Two people who use one client have keys of their own.
    let person = who.person.map_or_else(String::new, |id| id.to_string());
    Ok(Some(OnceKey { name: name.clone(), request: [person.as_bytes(), b"\n", &body].concat() }))
}

/// What became of a deed, where pots and versions are no affair of the caller's.
enum Outcome {
    Done(Value),
    Before(Value),
    Short(tongshi_dialect::Pot),
    Stale,
}

async fn settle(workforce: &dyn Workforce, deed: Deed) -> Result<Outcome, Fault> {
    Ok(match workforce.settle(deed).await? {
        Settled::Done { answer, .. } => Outcome::Done(answer),
        Settled::Before(answer) => Outcome::Before(answer),
        Settled::Short(pot) => Outcome::Short(pot),
        Settled::Stale => Outcome::Stale,
        Settled::InFlight => {
            return Err(Fault::new(Code::Conflict, "a request with this idempotency key is being answered"));
        }
        Settled::OtherRequest => {
            return Err(Fault::new(Code::Reused, "this idempotency key came with another request before"));
        }
    })
}

/// An answer as it was stored.
fn stored<T: serde::de::DeserializeOwned>(answer: Value) -> Result<T, Fault> {
    serde_json::from_value(answer).map_err(|_| Fault::new(Code::Ours, "a stored answer cannot be read"))
}
