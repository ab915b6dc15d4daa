//! Waiqin's API answered from the records of the calling app's workspace. Errors become faults in `wire/fault.rs`, once.

mod field;
mod messages;
mod oauth;
mod pages;
mod people;

use std::sync::Arc;

use tongshi_dialect::{Attempt, AuthFault, Caller, Desk, Face, Query, Record, Server, Workforce};
use tongshi_model::{Clock, Id, Kind, OrgUnit};

use super::{
    map::Department,
    wire::{Code, Fault, Waiqin},
};

/// Lists are read from the store in pieces of this size.
const CHUNK: u32 = 1000;

/// A tree deeper than this is a circle.
const DEPTH_MAX: usize = 32;

/// Makes the answering half.
pub(super) fn serve(desk: Arc<dyn Desk>, clock: Arc<dyn Clock>) -> Arc<dyn Face> {
    let server = Server::<Waiqin>::new(desk, clock)
        .on(oauth::token)
        .on(oauth::authorize)
        .on(oauth::step)
        .on(oauth::menu)
        .on(oauth::app_authorize)
        .on(oauth::error_page)
        .on(oauth::userinfo)
        .on(oauth::get_user_info)
        .on(people::employees)
        .on(people::add)
        .on(people::modify)
        .on(people::organizations)
        .on(people::add_unit)
        .on(field::attendance)
        .on(field::tracks)
        .on(field::visits)
        .on(messages::push_one)
        .on(messages::failed);
    Arc::new(server.ready())
}

/// All live records of a query, read in pieces.
async fn every(workforce: &dyn Workforce, mut query: Query) -> Result<Vec<Record>, Fault> {
    query.limit = CHUNK;
    let mut records = Vec::new();
    loop {
        query.offset = records.len() as u64;
        let chunk = workforce.list(&query).await?;
        let last = chunk.len() < CHUNK as usize;
        records.extend(chunk);
        if last {
            return Ok(records);
        }
    }
}

/// The department with its path from the top.
async fn department(workforce: &dyn Workforce, unit: Option<Id>) -> Result<Option<Department>, Fault> {
    let Some(id) = unit else { return Ok(None) };
    let mut names = Vec::new();
    let mut next = Some(id);
    while let Some(at) = next.filter(|_| names.len() < DEPTH_MAX) {
        let Some(record) = workforce.get(Kind::OrgUnit, at).await? else { break };
        let unit: OrgUnit = record.read()?;
        next = unit.parent;
        names.push(unit.name);
    }
    let Some(name) = names.first().cloned() else { return Ok(None) };
    let path = names.iter().rev().map(|name| format!("/{name}")).collect();
    Ok(Some(Department { id, name, path }))
}

/// An attempt to show a secret or a code that belongs to this id, unless too many have failed.
fn attempt<'a>(caller: &Caller, place: &'static str, id: &'a str) -> Result<Attempt<'a>, Fault> {
    let attempt = Attempt { peer: caller.peer, place, id };
    caller.desk.may_try(&attempt).map_err(|wait| AuthFault::Blocked(wait.seconds()))?;
    Ok(attempt)
}

/// A field that must be there.
fn required<'a>(name: &'static str, value: Option<&'a str>) -> Result<&'a str, Fault> {
    value
        .filter(|value| !value.is_empty())
        .ok_or_else(|| Fault::new(Code::Request, format!("{name} is missing")))
}
