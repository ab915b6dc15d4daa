//! The ids of a form's approvals (§6).

use tongshi_dialect::{Caller, Server};
use tongshi_model::{Approval, Id, Instant};

use super::{Host, category_of, code_of, every, form, of_form};
use crate::dingtalk::{
    map::{self, approval::status_word},
    wire::{
        DingTalk, Fault,
        approval::{ApprovalList, IdPage, Listed, OldIdPage, OldList, OldListed},
    },
};

/// The bounds of a question (§6).
const PAGE_MAX: i64 = 20;
const PEOPLE_MAX: usize = 10;
const WINDOW_DAYS_MAX: i64 = 120;
const BACK_DAYS_MAX: i64 = 365;
const IDS_MAX: usize = 10_000;
const DAY_SECONDS: i64 = 24 * 60 * 60;

/// Adds these operations.
pub(super) fn on(server: Server<DingTalk>) -> Server<DingTalk> {
    server.on::<ApprovalList, _, _>(list).on::<OldList, _, _>(list_old)
}

/// A question of either host.
struct Asked<'a> {
    code: &'a Option<String>,
    start: Option<i64>,
    end: Option<i64>,
    cursor: Option<i64>,
    size: Option<i64>,
    userids: &'a [String],
    statuses: &'a [String],
}

async fn list(caller: Caller, ask: ApprovalList) -> Result<Listed, Fault> {
    let asked = Asked {
        code: &ask.process_code,
        start: ask.start_time,
        end: ask.end_time,
        cursor: Some(
            ask.next_token.ok_or_else(|| Host::New.invalid("nextToken is missing; it begins with 0"))?,
        ),
        size: Some(
            ask.max_results.ok_or_else(|| Host::New.fault("invalidMaxResults", "maxResults is missing"))?,
        ),
        userids: &ask.user_ids,
        statuses: &ask.statuses,
    };
    let (list, next) = ids(&caller, Host::New, asked).await?;
    let page = IdPage { list, next_token: next.map(|next| next.to_string()) };
    Ok(Listed { result: Some(page), success: Some(true) })
}

async fn list_old(caller: Caller, ask: OldList) -> Result<OldListed, Fault> {
    let asked = Asked {
        code: &ask.process_code,
        start: ask.start_time,
        end: ask.end_time,
        cursor: ask.cursor,
        size: ask.size,
        userids: &ask.userid_list.0,
        statuses: &[],
    };
    let (list, next_cursor) = ids(&caller, Host::Old, asked).await?;
    Ok(OldListed { result: Some(OldIdPage { list, next_cursor }) })
}

/// A page of ids, the oldest approval first, and where the next one begins.
async fn ids(caller: &Caller, host: Host, asked: Asked<'_>) -> Result<(Vec<String>, Option<i64>), Fault> {
    let code = host.required("processCode", asked.code)?;
    let start = asked.start.and_then(map::attendance::instant);
    let start = start.ok_or_else(|| host.invalid("startTime is a time in milliseconds"))?;
    let end = match asked.end {
        Some(end) => map::attendance::instant(end)
            .ok_or_else(|| host.fault("invalidEndTime", "endTime is a time in milliseconds"))?,
        None => Instant::new(caller.now, start.offset()),
    };
    let seconds = end.timestamp().as_second() - start.timestamp().as_second();
    if !(0..=WINDOW_DAYS_MAX * DAY_SECONDS).contains(&seconds) {
        return Err(host.fault("invalidEndTime", format!("the window has at most {WINDOW_DAYS_MAX} days")));
    }
    if caller.now.as_second() - start.timestamp().as_second() > BACK_DAYS_MAX * DAY_SECONDS {
        return Err(host.invalid(format!("startTime is at most {BACK_DAYS_MAX} days ago")));
    }
    let size = asked.size.unwrap_or(PAGE_MAX);
    let size = usize::try_from(size).ok().filter(|_| (1..=PAGE_MAX).contains(&size));
    let size =
        size.ok_or_else(|| host.fault("invalidMaxResults", format!("a page has 1 to {PAGE_MAX} ids")))?;
    let offset =
        usize::try_from(asked.cursor.unwrap_or(0)).map_err(|_| host.invalid("a page begins with 0"))?;
    if asked.userids.len() > PEOPLE_MAX {
        return Err(host.fault("invalidUserIds", format!("userIds holds at most {PEOPLE_MAX} people")));
    }
    let known = ["NEW", "RUNNING", "TERMINATED", "COMPLETED", "CANCELED"];
    if asked.statuses.iter().any(|status| !known.contains(&status.as_str())) {
        return Err(host.invalid("statuses holds NEW, RUNNING, TERMINATED, COMPLETED and CANCELED"));
    }
    form(caller, host, &code).await?;
    let mut applicants: Vec<Id> = Vec::new();
    for userid in asked.userids {
        if let Ok((record, _)) = super::user::found(caller, userid).await {
            applicants.push(record.id);
        }
    }
    let mut query = of_form(&code, 0);
    (query.date_from, query.date_to) = (Some(start.date()), Some(end.date()));
    let mut found: Vec<(Instant, Id)> = Vec::new();
    for record in every(caller.workforce()?, query).await? {
        let approval: Approval = record.read()?;
        let Some(at) = approval.submitted_at else { continue };
        let own = category_of(&code).is_none() || code_of(&approval) == code;
        let fits = own
            && (start.timestamp()..=end.timestamp()).contains(&at.timestamp())
            && (asked.userids.is_empty() || approval.applicant.is_some_and(|id| applicants.contains(&id)))
            && (asked.statuses.is_empty()
                || asked.statuses.iter().any(|word| word == status_word(approval.status.value)));
        if fits {
            found.push((at, record.id));
        }
    }
    found.sort_unstable();
    found.truncate(IDS_MAX);
    let next = offset.saturating_add(size);
    let next = if next < found.len() { i64::try_from(next).ok() } else { None };
    Ok((found.iter().skip(offset).take(size).map(|(_, id)| id.to_string()).collect(), next))
}
