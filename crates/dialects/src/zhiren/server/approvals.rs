//! Approvals by the days on which they were asked for, and by number.

use std::collections::HashMap;

use tongshi_dialect::{Caller, Query, Workforce};
use tongshi_model::{Approval, ApprovalCategory, Employee, Id, Kind};

use super::{days, every};
use crate::zhiren::{map, wire, wire::Fault};

pub(super) async fn approvals(caller: Caller, ask: wire::ApprovalList) -> Result<Vec<wire::Approval>, Fault> {
    let (from, to) = days(&ask.start_date, &ask.end_date)?;
    let mut query = Query::of(Kind::Approval, 0);
    (query.date_from, query.date_to) = (Some(from), Some(to));
    if let Some(category) = map::filled(ask.category) {
        if map::CATEGORIES.known(&category).is_none() {
            return Err(Fault::parameter("category is none of the nineteen"));
        }
        let values = map::CATEGORIES.values(&category, ApprovalCategory::ALL);
        query.fields.push(("category.value", values.map(|value| value.name().to_owned()).collect()));
    }
    let status = map::filled(ask.status);
    if let Some(status) = &status {
        if map::known_status(status).is_none() {
            return Err(Fault::parameter("status must be waiting, passed or denied"));
        }
        let values = map::statuses_of(status).iter().map(|value| value.name().to_owned());
        query.fields.push(("status.value", values.collect()));
    }
    let workforce = caller.workforce()?;
    let records = every(workforce, query).await?;
    let approvals: Vec<Approval> =
        records.iter().map(tongshi_dialect::Record::read).collect::<Result<_, _>>()?;
    let mut shown = show(workforce, approvals).await?;
    // A status here is two things in the model, so the store can only narrow the choice down.
    shown.retain(|approval| status.is_none() || approval.status == status);
    Ok(shown)
}

pub(super) async fn approval(caller: Caller, ask: wire::ApprovalGet) -> Result<wire::Approval, Fault> {
    let workforce = caller.workforce()?;
    let mut found = workforce.find(Kind::Approval, "number", &ask.number_series).await?;
    let record = found.pop().ok_or_else(|| Fault::no_record("there is no such approval"))?;
    if !found.is_empty() {
        return Err(Fault::no_record("ambiguous: several approvals have this number"));
    }
    let shown = show(workforce, vec![record.read()?]).await?;
    shown.into_iter().next().ok_or_else(|| Fault::no_record("there is no such approval"))
}

/// Shows approvals; the names of applicants who are known only by their record are looked up all at once.
async fn show(workforce: &dyn Workforce, approvals: Vec<Approval>) -> Result<Vec<wire::Approval>, Fault> {
    let nameless = |approval: &Approval| approval.applicant.filter(|_| approval.applicant_name.is_none());
    let mut wanted: Vec<Id> = approvals.iter().filter_map(nameless).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let mut names = HashMap::with_capacity(wanted.len());
    for record in
        workforce.many(&wanted).await?.into_iter().flatten().filter(|record| record.kind == Kind::Employee)
    {
        names.insert(record.id, record.read::<Employee>()?.name.into_inner());
    }
    let shown = approvals.into_iter().map(|approval| {
        let name = nameless(&approval).and_then(|id| names.get(&id)).map(String::as_str);
        map::show_approval(approval, name)
    });
    Ok(shown.collect())
}
