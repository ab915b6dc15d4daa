//! What a leaver is asked goes to somebody else, before the leaver is switched off (§2.3).

use std::collections::{BTreeMap, BTreeSet};

use tongshi_dialect::{Caller, Query, Workforce};
use tongshi_model::{Action, Approval, ApprovalResult, ApprovalStatus, Employee, Id, Kind, SpendStatus};

use super::{
    TRIES_MAX, busy,
    case::{Deed, Loaded},
    every, flows, now, people,
    queues::asked_of,
};
use crate::hesine::{
    map,
    wire::{self, Fault, HandedOver},
};

/// Each document goes over by itself, so that one that cannot does not keep the others. Who does it must be there; the
/// vendor's administrators are not told from others here, for the app's own rights say what it may do.
pub(super) async fn hand_over(caller: Caller, ask: wire::HandOver) -> Result<HandedOver, Fault> {
    for (name, said) in [
        ("unboundInvoice", ask.unbound_invoice),
        ("shareWaitingInvoice", ask.share_waiting_invoice),
        ("dataLinkFlag", ask.data_link_flag),
    ] {
        if said.is_none() {
            return Err(Fault::request(format!("{name} 必填")));
        }
    }
    let workforce = caller.workforce()?;
    let by = ask.by.as_deref();
    let operator = person(workforce, by, "员工不存在staffId", &ask.staff_id).await?;
    let origin = person(workforce, by, "离职员工不存在originApproverId", &ask.origin_approver_id).await?;
    let relay = person(workforce, by, "交接员工不存在relayApproverId", &ask.relay_approver_id).await?;
    if origin == relay {
        return Err(Fault::request("交接人不能是离职人本人"));
    }
    if !works(workforce, relay).await? {
        return Err(Fault::request("交接人已离职"));
    }
    let mut answer = HandedOver::default();
    for id in asked(workforce, origin).await? {
        let deed = || Deed::by(Some(operator), now(&caller));
        let flow = id.to_string();
        let change = flows::change(&caller, &flow, Action::Transfer, |loaded| {
            match loaded.case.hand_over(origin, relay, &deed()) {
                true => Ok(()),
                // Somebody has decided meanwhile.
                false => Err(Fault::request("待办已被处理")),
            }
        });
        answer.total_count += 1;
        match Box::pin(change).await {
            Ok(_) => answer.success_count += 1,
            Err(fault) => {
                answer.fail_count += 1;
                answer.errors.insert(number_of(&caller, id).await?, fault.text.into_owned());
            }
        }
    }
    if ask.unbound_invoice == Some(true) {
        answer.errors.extend(drop_drafts(&caller, origin).await?);
    }
    Ok(answer)
}

async fn person(
    workforce: &dyn Workforce,
    by: Option<&str>,
    missing: &'static str,
    key: &str,
) -> Result<Id, Fault> {
    let found = people::people(workforce, by, &[key.to_owned()]).await;
    match found.map(|mut found| found.pop()) {
        Ok(Some(record)) => Ok(record.id),
        Ok(None) => Err(Fault::request(missing)),
        Err(fault) if fault.text == people::MISSING => Err(Fault::request(missing)),
        Err(fault) => Err(fault),
    }
}

async fn works(workforce: &dyn Workforce, id: Id) -> Result<bool, Fault> {
    let record = workforce.get(Kind::Employee, id).await?;
    Ok(record
        .map(|record| record.read::<Employee>())
        .transpose()?
        .is_some_and(|person| map::is_active(&person)))
}

/// The documents that wait for somebody, or will when others have decided.
async fn asked(workforce: &dyn Workforce, person: Id) -> Result<BTreeSet<Id>, Fault> {
    let mut ids = BTreeSet::new();
    for kind in [Kind::TravelRequest, Kind::ExpenseClaim] {
        ids.extend(every(workforce, asked_of(kind, &[person], 1)).await?.into_iter().map(|record| record.id));
    }
    let running = Query::of(Kind::Approval, 1).key("status", ApprovalStatus::Running.name());
    let mut numbers = Vec::new();
    for record in every(workforce, running).await? {
        let approval: Approval = record.read()?;
        let open = |task: &&tongshi_model::ApprovalTask| task.result == ApprovalResult::None;
        if approval.tasks.iter().filter(open).any(|task| task.approvers.contains(&person)) {
            numbers.push(approval.number);
        }
    }
    for kind in [Kind::TravelRequest, Kind::ExpenseClaim] {
        for (_, record) in workforce.find_many(kind, "number", &numbers).await? {
            if super::case::doc_of(&record)?.state() == SpendStatus::Approving {
                ids.insert(record.id);
            }
        }
    }
    Ok(ids)
}

async fn number_of(caller: &Caller, id: Id) -> Result<String, Fault> {
    let found = flows::one(caller.workforce()?, &id.to_string()).await;
    Ok(found.map_or_else(|_| id.to_string(), |loaded| loaded.case.doc.number().to_owned()))
}

/// The leaver's drafts and refused documents go. What could not go is told by its number.
async fn drop_drafts(caller: &Caller, origin: Id) -> Result<BTreeMap<String, String>, Fault> {
    let workforce = caller.workforce()?;
    let mut errors = BTreeMap::new();
    for (kind, lookup) in [(Kind::TravelRequest, "applicant"), (Kind::ExpenseClaim, "claimant")] {
        let mut query = Query::of(kind, 1).key(lookup, origin.to_string());
        let states = [SpendStatus::Draft, SpendStatus::Rejected].map(|state| state.name().to_owned());
        query.fields.push(("status.value", states.to_vec()));
        for record in every(workforce, query).await? {
            if let Err(fault) = drop_draft(caller, record.id).await {
                errors.insert(number_of(caller, record.id).await?, fault.text.into_owned());
            }
        }
    }
    Ok(errors)
}

async fn drop_draft(caller: &Caller, id: Id) -> Result<(), Fault> {
    let workforce = caller.workforce()?;
    for _ in 0..TRIES_MAX {
        let Ok(loaded) = flows::one(workforce, &id.to_string()).await else { return Ok(()) };
        let idle =
            |loaded: &Loaded| matches!(loaded.case.doc.state(), SpendStatus::Draft | SpendStatus::Rejected);
        if !idle(&loaded) || workforce.replace(loaded.removed()).await? {
            return Ok(());
        }
    }
    Err(busy())
}
