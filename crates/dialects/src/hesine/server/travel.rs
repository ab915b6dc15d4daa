//! Orders that booking platforms push in, listed beside the trips of approved requests.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value, json};
use tongshi_dialect::{Caller, Order, Query, Record, Replacement, Workforce};
use tongshi_model::{Action, Booking, Draft, Id, Kind, SpendStatus, TravelRequest};

use super::{TRIES_MAX, busy, every, names, own_id, part};
use crate::hesine::{
    map::{self, Names},
    wire::{self, DataLink, Fault, Found, FoundOne, FoundPage, Listed, ORDER_KEYS, Valued},
};

/// Orders in one call; the vendor gives no figure.
const ORDERS_MAX: usize = 1000;

/// Takes orders in. The same order again replaces what it said before.
pub(super) async fn push(caller: Caller, ask: wire::OrderPush) -> Result<Valued<String>, Fault> {
    if ask.data.is_empty() || ask.data.len() > ORDERS_MAX {
        return Err(Fault::request(format!("data 为 1 到 {ORDERS_MAX} 个订单")));
    }
    let workforce = caller.workforce()?;
    let mut orders: BTreeMap<String, map::Pushed> = BTreeMap::new();
    for row in &ask.data {
        if let Some(lacking) = ORDER_KEYS.iter().find(|key| !row.contains_key(**key)) {
            return Err(Fault::request(format!("{lacking} 必填")));
        }
        let order = map::read_order_row(row, &own_id)?;
        orders.insert(order.booking.order_no.clone(), order);
    }
    attach(workforce, &mut orders).await?;
    for _ in 0..TRIES_MAX {
        let numbers: Vec<String> = orders.keys().cloned().collect();
        let known = workforce.find_many(Kind::Booking, "order_no", &numbers).await?;
        let known: HashMap<String, Record> = known.into_iter().collect();
        let (mut new, mut changed) = (Vec::new(), Vec::new());
        for (number, order) in &orders {
            match known.get(number) {
                Some(record) => changed.push(Replacement::of(record, Action::Update, &order.booking)?),
                None => new.push((format!("order/{number}"), Draft::of(&order.booking)?)),
            }
        }
        if changed.is_empty() || workforce.replace(changed).await? {
            if !new.is_empty() {
                workforce.save(new).await?;
            }
            return Ok(Valued { value: "ok".to_owned() });
        }
    }
    Err(busy())
}

/// Finds the requests that orders serve: one question for all.
async fn attach(workforce: &dyn Workforce, orders: &mut BTreeMap<String, map::Pushed>) -> Result<(), Fault> {
    let mut numbers: Vec<String> = orders.values().filter_map(|order| order.request_no.clone()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    if numbers.is_empty() {
        return Ok(());
    }
    let found = workforce.find_many(Kind::TravelRequest, "number", &numbers).await?;
    let found: HashMap<String, Id> = found.into_iter().map(|(number, record)| (number, record.id)).collect();
    for order in orders.values_mut() {
        let named = order.request_no.as_ref().and_then(|number| found.get(number).copied());
        order.booking.request = named.or(order.booking.request);
    }
    Ok(())
}

pub(super) async fn search(caller: Caller, ask: wire::OrderSearch) -> Result<Found, Fault> {
    let names = names(&caller);
    if ask.paging.count.is_some_and(|count| count > super::COUNT_MAX) {
        return Err(Fault::request("单次查询总数不得大于100"));
    }
    let (start, count) = part(&ask.paging)?;
    let time = |field, text: &Option<String>| {
        map::filled(text.clone()).map(|text| map::read_wall(field, &text)).transpose()
    };
    let (from, to) = (time("startDate", &ask.start_date)?, time("endDate", &ask.end_date)?);
    let within = |record: &Record| {
        from.is_none_or(|from| record.created_at >= from) && to.is_none_or(|to| record.created_at < to)
    };
    let workforce = caller.workforce()?;
    if ask.entity_id == names.trip {
        let trips = trips(workforce, &names).await?;
        let mut trips: Vec<FoundOne> =
            trips.into_iter().filter(|(record, _)| within(record)).map(|(_, trip)| trip).collect();
        let key = format!("E_{}_code", names.trip);
        let code = |trip: &FoundOne| trip.data_link[&key].as_str().map(str::to_owned);
        trips.sort_by_cached_key(|trip| std::cmp::Reverse(code(trip)));
        let total = trips.len() as u64;
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let data = trips.into_iter().skip(start).take(count as usize).collect();
        return Ok(Found { items: FoundPage { total, data } });
    }
    if ask.entity_id != names.order {
        return Err(Fault::request("业务对象模板不存在"));
    }
    // By number, the last first (the vendor's own rule).
    let mut query = Query { order: Order::Last("order_no"), ..Query::of(Kind::Booking, count) };
    let (total, page) = if from.is_none() && to.is_none() {
        query.offset = start;
        (workforce.count(&query).await?, workforce.list(&query).await?)
    } else {
        let all: Vec<Record> = every(workforce, query).await?.into_iter().filter(within).collect();
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        (all.len() as u64, all.into_iter().skip(start).take(count as usize).collect())
    };
    let orders = with_numbers(workforce, page).await?;
    let data = orders.iter().map(|order| map::show_order(&names, &order.0, &order.1, order.2.as_deref()));
    Ok(Found { items: FoundPage { total, data: data.collect() } })
}

/// Orders with the numbers of their requests: one question for all.
async fn with_numbers(
    workforce: &dyn Workforce,
    records: Vec<Record>,
) -> Result<Vec<(Record, Booking, Option<String>)>, Fault> {
    let mut orders = Vec::with_capacity(records.len());
    for record in records {
        let booking: Booking = record.read()?;
        orders.push((record, booking, None));
    }
    let wanted: Vec<Id> = orders.iter().filter_map(|(_, booking, _)| booking.request).collect();
    let found = workforce.many(&wanted).await?;
    let found: HashMap<Id, Option<Record>> = wanted.into_iter().zip(found).collect();
    for (_, booking, number) in &mut orders {
        let request = booking.request.and_then(|request| found.get(&request)).and_then(Option::as_ref);
        let request = request.filter(|request| request.kind == Kind::TravelRequest);
        *number = request.map(Record::read::<TravelRequest>).transpose()?.map(|request| request.number);
    }
    Ok(orders)
}

/// The trips of all approved requests.
pub(super) async fn trips(
    workforce: &dyn Workforce,
    names: &Names,
) -> Result<Vec<(Record, FoundOne)>, Fault> {
    let mut query = Query::of(Kind::TravelRequest, 1);
    let approved = [SpendStatus::Approved, SpendStatus::Paid, SpendStatus::Archived];
    query.fields.push(("status.value", approved.map(|state| state.name().to_owned()).to_vec()));
    let records = every(workforce, query).await?;
    let booked = booked(workforce, &records).await?;
    let mut trips = Vec::new();
    for record in records {
        let request: TravelRequest = record.read()?;
        let travellers: Vec<String> = request.travellers.iter().map(|id| names.id(*id)).collect();
        for leg in &request.legs {
            let mut data_link = map::trip_fields(names, leg, &travellers);
            let mut put = |name: &str, value: Value| {
                data_link.insert(format!("E_{}_{name}", names.trip), value);
            };
            let owner = names.id(request.applicant);
            put("code", format!("{}-{}", request.number, leg.id).into());
            put("申请单编码", request.number.clone().into());
            put("申请单标题", request.title.clone().unwrap_or_default().into());
            put("申请人", owner.clone().into());
            put("原始单据", record.id.to_string().into());
            if let Some(budget) = request.budget {
                put("申请单预算金额", map::show_money(budget));
            }
            // What the vendor calls the other states is documented nowhere.
            if !booked.contains(&(record.id, leg.id.clone())) {
                put("订购状态", "待订购".into());
            }
            let further = json!({
                "id": map::trip_id(record.id, leg), "useCount": 0, "totalCount": 1, "ownerId": owner,
                "visibility": map::show_visibility(), "active": true,
                "createTime": map::millis(record.created_at), "updateTime": map::millis(record.changed_at),
                "entityId": format!("{}:{}", names.trip, map::kind_word(&leg.kind)),
            });
            if let Value::Object(further) = further {
                data_link.extend(further);
            }
            trips.push((record.clone(), FoundOne { data_link, ..FoundOne::default() }));
        }
    }
    Ok(trips)
}

/// The legs of these requests for which there are orders: one question for all.
async fn booked(workforce: &dyn Workforce, requests: &[Record]) -> Result<HashSet<(Id, String)>, Fault> {
    let ids: Vec<String> = requests.iter().map(|record| record.id.to_string()).collect();
    let mut booked = HashSet::new();
    for (_, record) in workforce.find_many(Kind::Booking, "request", &ids).await? {
        let booking: Booking = record.read()?;
        booked.extend(booking.request.zip(booking.leg));
    }
    Ok(booked)
}

pub(super) async fn by_ids(caller: Caller, ask: wire::OrderByIds) -> Result<Listed<DataLink>, Fault> {
    let (workforce, names) = (caller.workforce()?, names(&caller));
    if ask.ids.is_empty() || ask.ids.len() > ORDERS_MAX {
        return Err(Fault::request("ids 不能为空"));
    }
    let wanted: Vec<Id> = ask.ids.iter().filter_map(|id| map::id_in(id)).collect();
    let found = workforce.many(&wanted).await?.into_iter().flatten();
    let mut items =
        links(workforce, &names, found.filter(|found| found.kind == Kind::Booking).collect()).await?;
    // A trip's id is its request's with its own behind it.
    let of_trips: Vec<&String> = ask.ids.iter().filter(|id| id.contains('-')).collect();
    if !of_trips.is_empty() {
        let trips = trips(workforce, &names).await?.into_iter().map(|(_, trip)| trip.data_link);
        items.extend(
            trips.filter(|trip| of_trips.iter().any(|id| trip["id"] == id.as_str())).map(trip_link(&names)),
        );
    }
    Ok(Listed::of(items))
}

pub(super) async fn by_codes(caller: Caller, ask: wire::OrderByCodes) -> Result<Listed<DataLink>, Fault> {
    let (workforce, names) = (caller.workforce()?, names(&caller));
    let missing = || Fault::request("查询的数据不存在");
    if ask.codes.is_empty() || ask.codes.len() > ORDERS_MAX {
        return Err(missing());
    }
    // Either entity where none is named, or one of their sorts (`entity:sort`).
    let of = |entity: &str| {
        let asked = &*ask.entity_id;
        asked.is_empty() || asked.split(':').next() == Some(entity)
    };
    let mut items = Vec::new();
    if of(&names.order) {
        let found = workforce.find_many(Kind::Booking, "order_no", &ask.codes).await?;
        items = links(workforce, &names, found.into_iter().map(|(_, record)| record).collect()).await?;
    }
    if of(&names.trip) && items.len() < ask.codes.len() {
        let key = format!("E_{}_code", names.trip);
        let trips = trips(workforce, &names).await?.into_iter().map(|(_, trip)| trip.data_link);
        let named = trips.filter(|trip| ask.codes.iter().any(|code| trip[&key] == code.as_str()));
        items.extend(named.map(trip_link(&names)));
    }
    items.retain(|item| !ask.entity_id.contains(':') || item.entity_id == ask.entity_id);
    if items.is_empty() { Err(missing()) } else { Ok(Listed::of(items)) }
}

async fn links(
    workforce: &dyn Workforce,
    names: &Names,
    records: Vec<Record>,
) -> Result<Vec<DataLink>, Fault> {
    let live = records.into_iter().filter(|record| !record.deleted).collect();
    let orders = with_numbers(workforce, live).await?;
    let links =
        orders.iter().map(|order| map::show_order_link(names, &order.0, &order.1, order.2.as_deref()));
    Ok(links.collect())
}

/// A trip as it is shown alone.
fn trip_link(names: &Names) -> impl Fn(Map<String, Value>) -> DataLink {
    let names = names.clone();
    move |trip| {
        let text = |name: &str| trip.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let number = |name: &str| trip.get(name).and_then(Value::as_i64).unwrap_or_default();
        let (id, owner) = (text("id"), text("ownerId"));
        let name = text(&format!("E_{}_name", names.trip));
        let code = text(&format!("E_{}_code", names.trip));
        let (created, updated) = (number("createTime"), number("updateTime"));
        let (entity_id, source) = (text("entityId"), text(&format!("E_{}_原始单据", names.trip)));
        let form = trip.into_iter().filter(|(name, _)| name.starts_with("E_")).collect();
        let mut link = map::data_link(&names, name, form);
        if let Some(visibility) = &mut link.visibility {
            visibility.staffs = Some(vec![owner.clone()]);
        }
        DataLink {
            version: 1,
            id,
            create_time: created,
            update_time: updated,
            code,
            entity_id,
            source: "FLOW".to_owned(),
            operator_id: Some(owner.clone()),
            owner_id: Some(owner),
            source_id: Some(source),
            ..link
        }
    }
}
