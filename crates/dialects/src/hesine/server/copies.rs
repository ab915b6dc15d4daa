//! Who gets a copy of a document: the list is the approval's, and comes from the system that decides.

use tongshi_dialect::{Caller, Query, Workforce};
use tongshi_model::{Approval, Id, Instant, Kind};

use super::{every, flows, names};
use crate::hesine::{
    map,
    wire::{self, CarbonCopy, Fault, Valued},
};

pub(super) async fn get(caller: Caller, ask: wire::CarbonCopyGet) -> Result<Valued<CarbonCopy>, Fault> {
    let names = names(&caller);
    let missing = || Fault::request("单据抄送消息不存在");
    let receiver = map::id_in(&ask.receiver_id).ok_or_else(missing)?;
    let loaded = flows::one(caller.workforce()?, &ask.flow_id).await.map_err(|_| missing())?;
    let approval = loaded.case.approval.as_ref();
    let approval = approval.filter(|approval| approval.copies.contains(&receiver)).ok_or_else(missing)?;
    let at = approval.submitted_at.map_or(loaded.record.created_at, Instant::timestamp);
    let flow_id = loaded.record.id.to_string();
    Ok(Valued {
        value: CarbonCopy {
            id: Id::of(&["hesine.copy", &flow_id, &receiver.to_string()]).to_string(),
            version: 1,
            active: true,
            create_time: map::millis(at),
            update_time: map::millis(at),
            corporation_id: Some(names.corporation.clone()),
            receiver_id: names.id(receiver),
            sender_id: None,
            flow_id,
            // Nobody reads it here, so nobody has read it.
            state: "UNREAD".to_owned(),
            kind: loaded.case.doc.form_type().to_owned(),
        },
    })
}

/// How many documents somebody got a copy of.
pub(super) async fn unread(workforce: &dyn Workforce, person: Id) -> Result<u64, Fault> {
    let mut unread = 0;
    for category in ["business_travel", "expense"] {
        for record in every(workforce, Query::of(Kind::Approval, 1).key("category", category)).await? {
            unread += u64::from(record.read::<Approval>()?.copies.contains(&person));
        }
    }
    Ok(unread)
}
