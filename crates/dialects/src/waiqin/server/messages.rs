//! Family B: messages to people's apps, and pushes that did not arrive.

use tongshi_dialect::{Caller, Dialect as _};
use tongshi_model::{Draft, Employee, EmploymentStatus, Id, Instant, Kind, Notice, shanghai};

use super::required;
use crate::waiqin::{
    client::data_type,
    map::filled,
    wire::{self, Code, FailedPush, Fault, Opened, Waiqin},
};

/// Receivers of one message, of each sort (§B3).
const RECEIVERS_MAX: usize = 200;
/// So much of a message is shown; the rest is cut (§B3).
const CONTENT_CHARS_MAX: usize = 128;
/// The longest address that a message may lead to.
const URL_BYTES_MAX: usize = 2048;
/// Pushes that are named at once, at most and usually.
const FAILED_MAX: u32 = 1000;

/// Sends a message: a notice for each receiver, which routes may take further.
pub(super) async fn push_one(caller: Caller, ask: wire::PushOne) -> Result<Opened<()>, Fault> {
    let msg_id = ask.stamp.msg_id.clone();
    sent(&caller, ask).await.map_err(|fault| fault.of(&msg_id))?;
    Ok(Opened { msg_id, data: () })
}

async fn sent(caller: &Caller, ask: wire::PushOne) -> Result<(), Fault> {
    let refused = |text: String| Fault::new(Code::Request, text);
    let workforce = caller.workforce()?;
    let content = required("content", ask.content.as_deref())?;
    if ask.user_id.is_empty() && ask.linkman_id.is_empty() {
        return Err(refused("user_id or linkman_id is missing".to_owned()));
    }
    if ask.user_id.len() > RECEIVERS_MAX || ask.linkman_id.len() > RECEIVERS_MAX {
        return Err(refused(format!("a message has at most {RECEIVERS_MAX} receivers of a sort")));
    }
    if !ask.linkman_id.is_empty() {
        return Err(Fault::new(
            Code::NoRecord,
            "linkman_id names contacts of customers, of whom there are none",
        ));
    }
    let send_at = filled(ask.send_time.clone())
        .map(|text| Instant::parse(&text, shanghai()))
        .transpose()
        .map_err(|_| refused("send_time is like 2000-01-01 08:00:00".to_owned()))?;
    let url = filled(ask.url.clone());
    if url.as_deref().is_some_and(|url| url.len() > URL_BYTES_MAX || url.chars().any(char::is_control)) {
        return Err(refused(format!("url is an address of at most {URL_BYTES_MAX} bytes")));
    }
    let nobody = || Fault::new(Code::NoRecord, "user_id names somebody who is not here");
    let ids: Result<Vec<Id>, _> = ask.user_id.iter().map(|id| id.0.parse()).collect();
    let mut ids = ids.map_err(|_| nobody())?;
    ids.sort_unstable();
    ids.dedup();
    let text: String = content.chars().take(CONTENT_CHARS_MAX).collect();
    let mut notices = Vec::with_capacity(ids.len());
    for (id, record) in ids.iter().zip(workforce.many(&ids).await?) {
        let record = record.filter(|record| record.kind == Kind::Employee && !record.deleted);
        let employee: Employee = record.ok_or_else(nobody)?.read()?;
        if employee.status == Some(EmploymentStatus::Ended) {
            return Err(nobody());
        }
        let notice = Notice { employee: *id, text: text.clone().into(), url: url.clone(), send_at };
        // The same call twice, its time and id included, is one message.
        let stamp = &ask.stamp;
        let parts = ["notice", &stamp.openid, &stamp.timestamp, &stamp.msg_id, &text, &id.to_string()];
        notices.push((format!("waiqin.notice/{}", Id::of(&parts)), Draft::of(&notice)?));
    }
    workforce.save(notices).await?;
    Ok(())
}

/// Pushes to the app that have failed, newest first.
pub(super) async fn failed(caller: Caller, ask: wire::PushFailed) -> Result<Opened<Vec<FailedPush>>, Fault> {
    let msg_id = ask.stamp.msg_id.clone();
    let data = not_taken(&caller, &ask).await.map_err(|fault| fault.of(&msg_id))?;
    Ok(Opened { msg_id, data })
}

async fn not_taken(caller: &Caller, ask: &wire::PushFailed) -> Result<Vec<FailedPush>, Fault> {
    let rows = match ask.rows.as_ref().map(|rows| rows.0.parse::<u32>()) {
        None => FAILED_MAX,
        Some(Ok(rows)) if (1..=FAILED_MAX).contains(&rows) => rows,
        Some(_) => return Err(Fault::new(Code::Request, format!("rows is between 1 and {FAILED_MAX}"))),
    };
    let failed = caller.workforce()?.failed_deliveries(Waiqin::ID, rows).await?;
    let shown = failed.into_iter().filter_map(|one| {
        let kind: Kind = one.topic.split('.').next().unwrap_or_default().parse().ok()?;
        Some(FailedPush {
            msg_id: one.id,
            data_type: data_type(kind).to_owned(),
            data_id: one.record?.to_string(),
            timestamp: one.at.as_millisecond().to_string(),
            attempts: one.attempts,
        })
    });
    Ok(shown.collect())
}
