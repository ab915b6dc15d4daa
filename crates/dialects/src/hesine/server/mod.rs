//! Hesine's API answered from the records of the calling app's workspace. Here the list of answers and what several
//! areas share; errors become faults in `wire/fault.rs`, once.

mod accounts;
mod approvals;
mod banks;
mod case;
mod copies;
mod delegates;
mod flows;
mod handover;
mod hiring;
mod kept;
mod level;
mod links;
mod lists;
mod mall;
mod memory;
mod messages;
mod money;
mod pages;
mod papers;
mod payees;
mod payers;
mod people;
mod profiles;
mod queues;
mod requisitions;
mod roles;
mod sample;
mod suppliers;
mod tokens;
mod travel;
mod trips;
mod units;

use std::sync::Arc;

use tongshi_dialect::{Caller, Desk, Face, Query, Record, Server, Workforce};
use tongshi_model::{Clock, Id, Instant, Kind, shanghai};

use self::memory::Memory;
use super::{
    map::{self, Names},
    wire::{Fault, Hesine, Paging},
};

/// Lists are read from the store in pieces of this size.
const CHUNK: u32 = 1000;

/// The largest page (§2.1).
const COUNT_MAX: u64 = 100;

/// Who decides on the same thing at the same time is asked again so often.
const TRIES_MAX: u32 = 32;

/// Makes the answering half.
pub(super) fn serve(desk: Arc<dyn Desk>, clock: Arc<dyn Clock>) -> Arc<dyn Face> {
    let memory = Arc::new(Memory::default());
    let (made, decided, asked) = (Arc::clone(&memory), Arc::clone(&memory), memory);
    let server = Server::<Hesine>::new(Arc::clone(&desk), Arc::clone(&clock)).behind(Arc::new(level::Whole));
    let server = documents(decisions(people(access(server))))
        .on(move |caller, ask| flows::create(caller, ask, Arc::clone(&made)))
        .on(move |caller, ask| approvals::decide(caller, ask, Arc::clone(&decided)))
        .on(move |caller, ask| approvals::result(caller, ask, Arc::clone(&asked)));
    sample::beside(Arc::new(server.ready()), desk, clock)
}

/// Tokens and links.
fn access(server: Server<Hesine>) -> Server<Hesine> {
    server
        .on(tokens::access_token)
        .on(tokens::refresh)
        .on(tokens::refresh_for)
        .on(tokens::app_access_token)
        .on(tokens::third_access_token)
        .on(tokens::realm_token)
        .on(links::location)
        .on(links::make)
        .on(links::open)
        .on(links::act)
}

/// People, departments, roles, and what a leaver leaves.
fn people(server: Server<Hesine>) -> Server<Hesine> {
    server
        .on(people::list)
        .on(people::find)
        .on(hiring::create)
        .on(hiring::create_many)
        .on(people::update)
        .on(people::update_many)
        .on(accounts::switch)
        .on(accounts::authorise)
        .on(accounts::authorised)
        .on(profiles::code)
        .on(profiles::custom)
        .on(profiles::properties)
        .on(papers::list)
        .on(papers::save)
        .on(handover::hand_over)
        .on(roles::groups)
        .on(roles::create)
        .on(roles::get)
        .on(roles::rename)
        .on(roles::fill)
        .on(roles::empty)
        .on(units::list)
        .on(units::create)
        .on(units::create_many)
        .on(units::update)
        .on(units::switch)
        .on(units::get)
        .on(units::by_name)
        .on(units::by_path)
        .on(units::external)
        .on(units::corporation)
        .on(lists::backlog)
}

/// What waits for decisions, and who decides for whom.
fn decisions(server: Server<Hesine>) -> Server<Hesine> {
    server
        .on(queues::waiting)
        .on(queues::all)
        .on(queues::decided)
        .on(queues::paid)
        .on(queues::hang_up)
        .on(queues::tasks)
        .on(copies::get)
        .on(delegates::create)
        .on(delegates::update)
        .on(delegates::list)
        .on(delegates::of)
        .on(delegates::delete)
        .on(approvals::callback)
}

/// Documents, trips, orders, money and messages.
fn documents(server: Server<Hesine>) -> Server<Hesine> {
    server
        .on(flows::update)
        .on(flows::submit)
        .on(flows::plan)
        .on(flows::act)
        .on(flows::comment)
        .on(lists::get)
        .on(lists::by_code)
        .on(lists::by_outer_code)
        .on(lists::list)
        .on(lists::states)
        .on(requisitions::list)
        .on(requisitions::get)
        .on(requisitions::close)
        .on(requisitions::share)
        .on(travel::push)
        .on(travel::search)
        .on(travel::by_ids)
        .on(travel::by_codes)
        .on(trips::search)
        .on(trips::templates)
        .on(trips::centre_config)
        .on(trips::centres)
        .on(money::results)
        .on(money::flows)
        .on(money::vouchers)
        .on(payees::list)
        .on(payees::create)
        .on(payees::create_many)
        .on(payees::update)
        .on(payees::switch)
        .on(payers::search)
        .on(payers::list)
        .on(payers::create)
        .on(payers::update)
        .on(payers::switch)
        .on(banks::branches)
        .on(mall::list)
        .on(mall::get)
        .on(mall::ticket)
        .on(suppliers::list)
        .on(suppliers::create)
        .on(suppliers::write)
        .on(suppliers::flows)
        .on(messages::save)
        .on(messages::logs)
}

/// The names that the vendor generates, as the app's settings have them.
fn names(caller: &Caller) -> Names {
    caller
        .grant
        .as_deref()
        .map_or_else(|| Names::of(&serde_json::Value::Null), |grant| Names::of(&grant.settings))
}

/// At the face an id in a message is a record's.
fn own_id(_kind: Kind, text: &str) -> Option<Id> {
    map::id_in(text)
}

/// Now, on the vendor's clock.
fn now(caller: &Caller) -> Instant {
    Instant::new(caller.now, shanghai())
}

/// The part of a list that is asked for.
fn part(paging: &Paging) -> Result<(u64, u32), Fault> {
    let count = paging.count.filter(|count| (1..=COUNT_MAX).contains(count));
    let count = count.ok_or_else(|| Fault::request("count(查询数据条数)为 1 到 100"))?;
    Ok((paging.start.unwrap_or(0), u32::try_from(count).unwrap_or(1)))
}

/// The live record of this kind that a text names.
async fn live(workforce: &dyn Workforce, kind: Kind, text: &str) -> Result<Option<Record>, Fault> {
    let Some(id) = map::id_in(text) else { return Ok(None) };
    Ok(workforce.get(kind, id).await?.filter(|record| !record.deleted))
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

/// What many ask for at the same time could not be decided in so many tries.
fn busy() -> Fault {
    Fault::new(503, "单据正在被其他请求处理,请稍后重试")
}
