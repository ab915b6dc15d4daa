//! DingTalk's API answered from the records of the calling app's workspace. Errors become faults in `wire/fault.rs`, once.

mod approval;
mod attendance;
mod callback;
mod clock;
mod department;
mod gate;
mod login;
mod pages;
mod token;
mod tree;
mod user;
mod user_writes;

use std::sync::Arc;

use serde_json::{Map, Value};
use tongshi_dialect::{Attempt, Caller, Desk, Dialect as _, Face, Grant, Query, Record, Server, Workforce};
use tongshi_model::{Clock, Entity};

use self::{gate::Limits, tree::Trees};
use super::wire::{Code, DingTalk, Fault};

/// Lists are read from the store in pieces of this size.
const CHUNK: u32 = 1000;

/// Makes the answering half.
pub(super) fn serve(desk: Arc<dyn Desk>, clock: Arc<dyn Clock>) -> Arc<dyn Face> {
    let trees = Arc::new(Trees::default());
    let server = Server::<DingTalk>::new(desk, clock).behind(Arc::new(Limits::default()));
    let server = token::on(server);
    let server = department::on(server, &trees);
    let server = user::on(server, &trees);
    let server = login::on(server);
    let server = callback::on(server);
    let server = attendance::on(server);
    let server = approval::on(server);
    let server = clock::on(server);
    Arc::new(server.ready())
}

/// An attempt to show a secret that belongs to this id, unless too many have failed.
fn attempt<'a>(caller: &Caller, id: &'a str) -> Result<Attempt<'a>, Fault> {
    let attempt = Attempt { peer: caller.peer, place: "dingtalk.secret", id };
    let blocked = |_| Fault::new(Code::AllFast, "too many wrong secrets came from there");
    caller.desk.may_try(&attempt).map_err(blocked)?;
    Ok(attempt)
}

/// The company of the calling app: its setting, or the id of its key for it.
async fn company(grant: &Grant) -> Result<Option<String>, Fault> {
    if let Some(corp_id) = grant.setting("corp_id") {
        return Ok(Some(corp_id.to_owned()));
    }
    Ok(grant.workforce.key_id(DingTalk::ID, "corp_id").await?)
}

/// The fields in which a record is to differ, null for one that goes. What the app may not see is in neither, and stays.
fn changed<E: Entity>(before: &E, after: &E) -> Result<Map<String, Value>, Fault> {
    let fields = |entity: &E| match serde_json::to_value(entity) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err(Fault::new(Code::Busy, "the record does not serialise")),
    };
    let (before, after) = (fields(before)?, fields(after)?);
    let gone =
        before.keys().filter(|name| !after.contains_key(*name)).map(|name| (name.clone(), Value::Null));
    let new = after.iter().filter(|(name, value)| before.get(*name) != Some(*value));
    Ok(gone.chain(new.map(|(name, value)| (name.clone(), value.clone()))).collect())
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

/// A field that must be there.
fn required<'a>(name: &'static str, value: &'a Option<String>) -> Result<&'a str, Fault> {
    let value = value.as_deref().filter(|value| !value.is_empty());
    value.ok_or_else(|| Fault::parameter(format!("缺少参数 {name}: it is missing")))
}
