//! Trips as things of their own, the templates by which they are planned, and what costs can be borne by.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value, json};
use tongshi_dialect::{Caller, Query, Record, Workforce};
use tongshi_model::{Employee, ExpenseClaim, Id, Kind, TravelRequest};

use super::{every, names, part, people, travel};
use crate::hesine::{
    map::{self, Names},
    wire::{self, Centre, Centres, Component, Fault, Listed, TripTemplate, Valued},
};

/// Trips by sort, with people as the vendor shows them whole here.
pub(super) async fn search(
    caller: Caller,
    ask: wire::TripSearch,
) -> Result<Listed<Map<String, Value>>, Fault> {
    let (workforce, names) = (caller.workforce()?, names(&caller));
    let sort = match &*ask.object_id {
        "travel" => None,
        sort @ ("train" | "taxi" | "hotel" | "flight") => Some(sort),
        _ => return Err(Fault::request("暂不支持此扩展类型查询")),
    };
    let first = ask.index.unwrap_or(1);
    let count = ask.count.unwrap_or(super::COUNT_MAX);
    if first == 0 || !(1..=super::COUNT_MAX).contains(&count) {
        return Err(Fault::request("index 从 1 开始,count 为 1 到 100"));
    }
    let wanted = ask.ids.filter(|ids| !ids.is_empty());
    let fits = |trip: &Map<String, Value>| {
        let entity = trip.get("entityId").and_then(Value::as_str).unwrap_or_default();
        let id = trip.get("id").and_then(Value::as_str).unwrap_or_default();
        sort.is_none_or(|sort| entity.rsplit(':').next() == Some(sort))
            && wanted.as_ref().is_none_or(|ids| ids.iter().any(|wanted| wanted == id))
    };
    let trips = travel::trips(workforce, &names).await?.into_iter().map(|(_, trip)| trip.data_link);
    let trips: Vec<Map<String, Value>> = trips.filter(fits).collect();
    let total = trips.len() as u64;
    let skipped = usize::try_from(first - 1).unwrap_or(usize::MAX);
    let page = trips.into_iter().skip(skipped).take(usize::try_from(count).unwrap_or(usize::MAX)).collect();
    Ok(Listed { count: Some(total), items: with_people(workforce, &names, page).await? })
}

/// Puts people in the place of their ids: one question for all.
async fn with_people(
    workforce: &dyn Workforce,
    names: &Names,
    mut trips: Vec<Map<String, Value>>,
) -> Result<Vec<Map<String, Value>>, Fault> {
    let key = |name: &str| format!("E_{}_{name}", names.trip);
    let (owner, travellers) = (key("申请人"), key("出行人"));
    let ids = |value: &Value| -> Vec<Id> {
        let many = value.as_array().into_iter().flatten().filter_map(Value::as_str);
        value.as_str().into_iter().chain(many).filter_map(map::id_in).collect()
    };
    let named = trips.iter().flat_map(|trip| [trip.get(&owner), trip.get(&travellers)]).flatten();
    let wanted: Vec<Id> = named.flat_map(ids).collect::<BTreeSet<_>>().into_iter().collect();
    let mut shown: HashMap<Id, Value> = HashMap::new();
    for record in workforce.many(&wanted).await?.into_iter().flatten() {
        if record.kind == Kind::Employee {
            let staff = people::show(names, &record, &record.read::<Employee>()?);
            shown.insert(record.id, json!(staff));
        }
    }
    for trip in &mut trips {
        let whole = |value: &Value| ids(value).into_iter().filter_map(|id| shown.get(&id).cloned());
        let owner_shown = trip.get(&owner).and_then(|value| whole(value).next());
        let travellers_shown: Option<Vec<Value>> = trip.get(&travellers).map(|value| whole(value).collect());
        if let Some(person) = owner_shown {
            trip.insert("ownerId".to_owned(), person.clone());
            trip.insert(owner.clone(), person);
        }
        if let Some(people) = travellers_shown {
            trip.insert(travellers.clone(), people.into());
        }
        trip.insert("ledgers".to_owned(), json!([]));
        trip.insert("plans".to_owned(), json!([]));
    }
    Ok(trips)
}

/// How trips are planned, sort by sort: fields as forms take them here (§2.4).
pub(super) async fn templates(
    caller: Caller,
    _ask: wire::TripTemplates,
) -> Result<Listed<TripTemplate>, Fault> {
    caller.workforce()?;
    let names = names(&caller);
    let sorts = [
        ("taxi", "用车"),
        ("flight", "飞机"),
        ("meal", "餐补"),
        ("hotel", "酒店"),
        ("train", "火车"),
        ("common", "通用"),
    ];
    Ok(Listed::of(sorts.map(|(word, name)| template(&names, word, name)).to_vec()))
}

fn template(names: &Names, word: &str, name: &str) -> TripTemplate {
    let field = |field: &str, kind: &str| Component {
        field: format!("E_{}_{field}", names.trip),
        kind: kind.to_owned(),
        multiple: (kind == "city").then_some(true),
        ..Component::default()
    };
    let moves = matches!(word, "flight" | "train");
    let of_sort: &[(&str, &str)] = if moves {
        &[("出发地", "city"), ("目的地", "city"), ("行程日期", "long")]
    } else {
        &[("住宿地", "city"), ("入住日期", "long"), ("离店日期", "long")]
    };
    let mut fields = vec![field("name", "String")];
    fields.extend(of_sort.iter().map(|(name, kind)| field(name, kind)));
    let fixed = |field: &str, value: Value| Component {
        field: field.to_owned(),
        kind: "String".to_owned(),
        default_value: Some(json!({ "type": "fixed", "value": value })),
        ..Component::default()
    };
    let entity = format!("{}:{word}", names.trip);
    TripTemplate {
        corporation_id: Some(names.corporation.clone()),
        version: "2.0".to_owned(),
        name: name.to_owned(),
        active: true,
        components: vec![
            fixed("dataLinkId", Value::Null),
            fixed("dataLinkTemplateId", entity.clone().into()),
            Component {
                field: "dataLinkForm".to_owned(),
                kind: "components".to_owned(),
                components: fields,
                ..Component::default()
            },
        ],
        entity_id: entity,
    }
}

/// By what costs are borne: by a cost object that some document names, by a trip.
pub(super) async fn centre_config(
    caller: Caller,
    _ask: wire::CentreConfig,
) -> Result<Valued<Centres>, Fault> {
    let (workforce, names) = (caller.workforce()?, names(&caller));
    let has_dimension = !cost_objects(workforce).await?.is_empty();
    let has_business_object = !travel::trips(workforce, &names).await?.is_empty();
    Ok(Valued { value: Centres { has_dimension, has_business_object } })
}

pub(super) async fn centres(caller: Caller, ask: wire::CentreList) -> Result<Listed<Centre>, Fault> {
    let (workforce, names) = (caller.workforce()?, names(&caller));
    let (start, count) = part(&ask.paging)?;
    let all: Vec<Centre> = match &*ask.kind {
        "dimension" => {
            let centre = |name: String| Centre { id: name.clone(), code: name.clone(), name };
            cost_objects(workforce).await?.into_iter().map(centre).collect()
        }
        "businessObject" => {
            let trips = travel::trips(workforce, &names).await?;
            trips.into_iter().map(|(_, trip)| centre_of(&names, &trip.data_link)).collect()
        }
        _ => return Err(Fault::request("type 为 businessObject 或 dimension")),
    };
    let word = map::filled(ask.keywords);
    let fits = |centre: &Centre| {
        word.as_ref().is_none_or(|word| centre.name.contains(&**word) || centre.code.contains(&**word))
    };
    let found: Vec<Centre> = all.into_iter().filter(fits).collect();
    let total = found.len() as u64;
    let start = usize::try_from(start).unwrap_or(usize::MAX);
    Ok(Listed { count: Some(total), items: found.into_iter().skip(start).take(count as usize).collect() })
}

fn centre_of(names: &Names, trip: &Map<String, Value>) -> Centre {
    let text = |name: &str| trip.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let key = |name: &str| format!("E_{}_{name}", names.trip);
    Centre { id: text("id"), name: text(&key("name")), code: text(&key("code")) }
}

/// The cost objects that requests and claims name.
async fn cost_objects(workforce: &dyn Workforce) -> Result<BTreeSet<String>, Fault> {
    let unseen = |_| Fault::new(403, "没有查看单据的权限");
    let read = |record: Record| -> Result<Vec<String>, Fault> {
        Ok(match record.kind {
            Kind::TravelRequest => record.read::<TravelRequest>().map_err(unseen)?.cost_objects,
            _ => {
                let lines = record.read::<ExpenseClaim>().map_err(unseen)?.lines;
                lines.into_iter().flat_map(|line| line.allocations).map(|share| share.cost_object).collect()
            }
        })
    };
    let mut objects = BTreeSet::new();
    for kind in [Kind::TravelRequest, Kind::ExpenseClaim] {
        for record in every(workforce, Query::of(kind, 1)).await? {
            objects.extend(read(record)?);
        }
    }
    Ok(objects)
}
