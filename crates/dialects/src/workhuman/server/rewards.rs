//! The catalogue, and what is taken from it. Points and pieces leave in the transaction that makes the redemption, so neither
//! can be spent twice.

use serde_json::{Map, Value, json};
use tongshi_dialect::{About, Caller, Change, Deed, Movement, Pot, Query, Record, Workforce};
use tongshi_model::{
    Coded, Draft, Id, Instant, Kind, PointsKind, Redemption, RedemptionStatus, RewardItem, shanghai,
};

use super::{Outcome, Part, colleague, employee, given, holder, once, settle, stored};
use crate::workhuman::{
    map,
    wire::{
        self, Catalogue, Code, Detail, Fault, Listed, RedemptionDecide, RedemptionGet, RedemptionList,
        RewardCatalog, RewardRedeem,
    },
};

/// Pieces in one redemption.
const QUANTITY_MAX: u32 = 100;
const TRIES: usize = 3;

/// A page of the catalogue, with what is left of each reward.
pub(super) async fn catalog(caller: Caller, ask: RewardCatalog) -> Result<Catalogue, Fault> {
    let part = Part::read(ask.limit.as_deref(), ask.offset.as_deref())?;
    let workforce = caller.workforce()?;
    let mut query = part.of(Query::of(Kind::RewardItem, 0));
    if let Some(category) = given(&ask.category) {
        query = query.key("category", category);
    }
    if let Some(country) = given(&ask.country) {
        query = query.key("country", country.to_ascii_uppercase());
    }
    let total = workforce.count(&query).await?;
    let mut items: Vec<(Id, RewardItem)> = Vec::new();
    for record in workforce.list(&query).await? {
        items.push((record.id, record.read()?));
    }
    let limited: Vec<usize> = (0..items.len()).filter(|at| items[*at].1.stock.is_some()).collect();
    let pots: Vec<Pot> = limited.iter().filter_map(|at| stock(items[*at].0, &items[*at].1)).collect();
    if !pots.is_empty() {
        for (at, left) in limited.into_iter().zip(workforce.holdings(&pots).await?) {
            items[at].1.stock = Some(u32::try_from(left).unwrap_or(0));
        }
    }
    let items = items.iter().map(|(id, item)| map::show_reward(*id, item)).collect();
    Ok(Catalogue { items, total: Some(total), limit: Some(part.limit), offset: Some(part.offset) })
}

fn stock(item: Id, reward: &RewardItem) -> Option<Pot> {
    reward.stock.map(|pieces| Pot::Stock { item, pieces })
}

/// Takes a reward.
pub(super) async fn redeem(caller: Caller, ask: RewardRedeem) -> Result<wire::Redemption, Fault> {
    let holder = holder(&caller).await?;
    let workforce = caller.workforce()?;
    let own = holder.person.map(|id| id.to_string());
    let (Some(item), Some(employee)) = (given(&ask.item_id), given(&ask.employee_id).or(own.as_deref()))
    else {
        let missing =
            [("item_id", given(&ask.item_id)), ("employee_id", given(&ask.employee_id).or(own.as_deref()))];
        let missing = missing.into_iter().filter(|(_, value)| value.is_none());
        let details = missing
            .map(|(field, _)| Detail { field: field.to_owned(), problem: "is missing".to_owned() })
            .collect();
        return Err(Fault { details, ..Fault::new(Code::Fields, "a required field is missing") });
    };
    let quantity = match &ask.quantity {
        None => 1,
        Some(number) => number
            .as_u64()
            .and_then(|number| u32::try_from(number).ok())
            .filter(|number| (1..=QUANTITY_MAX).contains(number))
            .ok_or_else(|| Fault::field("quantity", format!("is a whole number from 1 to {QUANTITY_MAX}")))?,
    };
    let employee = colleague(workforce, "employee_id", employee).await?.id;
    holder.own(employee)?;
    let nothing = || Fault::nothing("reward");
    let item: Id = item.parse().map_err(|_| nothing())?;
    let record = workforce.get(Kind::RewardItem, item).await?;
    let record = record.filter(|record| !record.deleted).ok_or_else(nothing)?;
    let (item, reward) = (record.id, record.read::<RewardItem>()?);
    if !reward.available {
        return Err(Fault::new(Code::Stock, "the reward cannot be had now"));
    }
    let points = reward.points.checked_mul(quantity);
    let points = points.ok_or_else(|| Fault::field("quantity", "costs more points than can be counted"))?;
    let redemption = Redemption {
        employee,
        item,
        quantity,
        points,
        status: Coded::ours(RedemptionStatus::Requested),
        requested_at: Some(Instant::new(caller.now, shanghai())),
        delivered_at: None,
    };
    let mut moves =
        vec![movement(Pot::Person(employee), Pot::Spent, points, PointsKind::Redeem, About::Made(0))];
    if let Some(pot) = stock(item, &reward) {
        moves.push(movement(pot, Pot::HandedOut, quantity, PointsKind::Redeem, About::Made(0)));
    }
    let answer = map::show_redemption(item, &redemption);
    let deed = Deed {
        once: once(&ask.idempotency_key, &holder, &ask)?,
        made: vec![Draft::of(&redemption)?],
        moves,
        answer: Box::new(move |ids| {
            let mut answer = answer.clone();
            answer.id = ids.first().map(Id::to_string);
            json!(answer)
        }),
        ..Deed::default()
    };
    match settle(workforce, deed).await? {
        Outcome::Done(answer) | Outcome::Before(answer) => stored(answer),
        Outcome::Short(Pot::Stock { .. }) => Err(Fault::new(Code::Stock, "there are not so many left")),
        Outcome::Short(_) => Err(Fault::new(Code::Points, "there are not enough points")),
        Outcome::Stale => Err(changing()),
    }
}

fn movement(from: Pot, to: Pot, amount: u32, kind: PointsKind, about: About) -> Movement {
    Movement { from, to, amount, kind, about }
}

/// A page of redemptions; a person's own token shows their own.
pub(super) async fn redemptions(
    caller: Caller,
    ask: RedemptionList,
) -> Result<Listed<wire::Redemption>, Fault> {
    let part = Part::read(ask.limit.as_deref(), ask.offset.as_deref())?;
    let holder = holder(&caller).await?;
    let workforce = caller.workforce()?;
    let mut query = part.of(Query::of(Kind::Redemption, 0));
    let whose = match given(&ask.employee_id) {
        None => holder.person,
        Some(text) => Some(employee(workforce, text).await?.ok_or_else(|| Fault::nothing("employee"))?.id),
    };
    if let Some(whose) = whose {
        holder.own(whose)?;
        query = query.key("employee", whose.to_string());
    }
    if let Some(status) = given(&ask.status) {
        query = query.key("status", status);
    }
    let total = workforce.count(&query).await?;
    let mut data = Vec::new();
    for record in workforce.list(&query).await? {
        data.push(map::show_redemption(record.id, &record.read()?));
    }
    Ok(Listed { data, total: Some(total), limit: Some(part.limit), offset: Some(part.offset) })
}

/// One redemption.
pub(super) async fn redemption(caller: Caller, ask: RedemptionGet) -> Result<wire::Redemption, Fault> {
    let record = found(caller.workforce()?, given(&ask.id).unwrap_or_default()).await?;
    let redemption: Redemption = record.read()?;
    if holder(&caller).await?.own(redemption.employee).is_err() {
        return Err(Fault::nothing("redemption"));
    }
    Ok(map::show_redemption(record.id, &redemption))
}

async fn found(workforce: &dyn Workforce, id: &str) -> Result<Record, Fault> {
    let nothing = || Fault::nothing("redemption");
    let id: Id = id.parse().map_err(|_| nothing())?;
    let record = workforce.get(Kind::Redemption, id).await?;
    record.filter(|record| !record.deleted).ok_or_else(nothing)
}

/// Hands it over, or calls it off and gives back what it cost.
pub(super) async fn decide(caller: Caller, ask: RedemptionDecide) -> Result<wire::Redemption, Fault> {
    holder(&caller).await?.service_only()?;
    let workforce = caller.workforce()?;
    let now = Instant::new(caller.now, shanghai());
    for _ in 0..TRIES {
        let record = found(workforce, &ask.id).await?;
        let redemption: Redemption = record.read()?;
        let item = workforce.get(Kind::RewardItem, redemption.item).await?;
        let reward = item.map(|record| record.read::<RewardItem>()).transpose()?;
        let deed = decision(&ask.decision, &record, &redemption, reward.as_ref(), now)?;
        if let Outcome::Done(_) = settle(workforce, deed).await? {
            let record = found(workforce, &ask.id).await?;
            return Ok(map::show_redemption(record.id, &record.read()?));
        }
    }
    Err(changing())
}

fn decision(
    decision: &str,
    record: &Record,
    redemption: &Redemption,
    reward: Option<&RewardItem>,
    now: Instant,
) -> Result<Deed, Fault> {
    use RedemptionStatus::{Cancelled, Delivered, Processing, Requested};
    let to = match (decision, redemption.status.value) {
        ("deliver", Requested | Processing) => Delivered,
        ("cancel", Requested | Processing) => Cancelled,
        ("deliver" | "cancel", status) => {
            let text = format!("a redemption that is {} cannot be taken on so", status.name());
            return Err(Fault::new(Code::State, text));
        }
        _ => return Err(Fault::nothing("decision; there are deliver and cancel")),
    };
    let mut fields = Map::new();
    fields.insert("status".to_owned(), json!(Coded::ours(to)));
    let mut moves = Vec::new();
    if to == Delivered {
        fields.insert("delivered_at".to_owned(), Value::from(now.to_string()));
    } else {
        let about = About::Record(record.id);
        let person = Pot::Person(redemption.employee);
        moves.push(movement(Pot::Spent, person, redemption.points, PointsKind::Reverse, about));
        if let Some(pot) = reward.and_then(|reward| stock(redemption.item, reward)) {
            moves.push(movement(Pot::HandedOut, pot, redemption.quantity, PointsKind::Reverse, about));
        }
    }
    let change = Change { record: record.id, kind: Kind::Redemption, version: record.version, fields };
    Ok(Deed { changed: vec![change], moves, ..Deed::default() })
}

fn changing() -> Fault {
    Fault::new(Code::Conflict, "the redemption is being changed at this moment; try again")
}
