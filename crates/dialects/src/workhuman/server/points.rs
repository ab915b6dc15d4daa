//! Points: how many somebody has, and how they came and went.

use std::collections::HashMap;

use tongshi_dialect::{Caller, Pot, Query};
use tongshi_model::{Id, Kind, PointsEntry};

use super::{Part, employee, given, holder};
use crate::workhuman::{
    map,
    wire::{self, Balance, Fault, Listed, PointsBalance, PointsList},
};

/// A page of movements, oldest first; a person's own token shows their own.
pub(super) async fn entries(caller: Caller, ask: PointsList) -> Result<Listed<wire::PointsEntry>, Fault> {
    let part = Part::read(ask.limit.as_deref(), ask.offset.as_deref())?;
    let holder = holder(&caller).await?;
    let workforce = caller.workforce()?;
    let mut query = part.of(Query::of(Kind::PointsEntry, 0));
    let whose = match given(&ask.employee_id) {
        None => holder.person,
        Some(text) => Some(employee(workforce, text).await?.ok_or_else(|| Fault::nothing("employee"))?.id),
    };
    if let Some(whose) = whose {
        holder.own(whose)?;
        query = query.key("employee", whose.to_string());
    }
    let total = workforce.count(&query).await?;
    let mut entries: Vec<(Id, PointsEntry)> = Vec::new();
    for record in workforce.list(&query).await? {
        entries.push((record.id, record.read()?));
    }
    let mut sources: Vec<Id> = entries.iter().filter_map(|(_, entry)| entry.source).collect();
    sources.sort_unstable();
    sources.dedup();
    let found = workforce.many(&sources).await?;
    let kinds: HashMap<Id, Kind> =
        sources.iter().zip(found).filter_map(|(id, record)| Some((*id, record?.kind))).collect();
    let show = |(id, entry): &(Id, PointsEntry)| {
        map::show_entry(*id, entry, entry.source.and_then(|source| kinds.get(&source).copied()))
    };
    let data = entries.iter().map(show).collect();
    Ok(Listed { data, total: Some(total), limit: Some(part.limit), offset: Some(part.offset) })
}

/// How many points somebody has now.
pub(super) async fn balance(caller: Caller, ask: PointsBalance) -> Result<Balance, Fault> {
    let holder = holder(&caller).await?;
    let workforce = caller.workforce()?;
    let text = match (given(&ask.id), holder.person) {
        (Some("me"), Some(person)) => person.to_string(),
        (text, _) => text.unwrap_or_default().to_owned(),
    };
    let record = employee(workforce, &text).await?.ok_or_else(|| Fault::nothing("employee"))?;
    holder.own(record.id)?;
    let points = workforce.holdings(&[Pot::Person(record.id)]).await?;
    Ok(Balance { employee_id: Some(record.id.to_string()), points: points.first().copied().unwrap_or(0) })
}
