//! Leave: who is away, what kinds there are, and what is left of them (§5.3).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tongshi_dialect::{Caller, Query, Server};
use tongshi_model::{Id, Instant, Kind, LocalDate, TimelineEntry, TimelineKind, shanghai};

use super::{
    PEOPLE_MAX, Sheet, Span, entries, every, millis, operator, page, part, people, required, time, user,
    within,
};
use crate::dingtalk::{
    map::attendance::{bounds, days, hundredths, leave_code, leave_name, planned, show_leave, work_date},
    wire::{
        Code, DingTalk, Fault, Wrapped,
        attendance::{
            LeaveDuration, LeaveStatusList, LeaveStatuses, LeaveType, LeaveTypeList, Minutes, Quota,
            QuotaFailure, QuotaList, QuotaUpdate, Quotas,
        },
    },
};

/// Leaves: people, rows (the SDK takes a hundred, the page says twenty: §10), days.
const STATUS_PEOPLE_MAX: usize = 100;
const STATUS_ROWS_MAX: i64 = 100;
const STATUS_DAYS_MAX: i32 = 181;
/// Quotas: rows (the page says 50, the SDK 200: §10), and how many are set at a time.
const QUOTA_ROWS_MAX: i64 = 200;
const QUOTAS_MAX: usize = 200;
/// A day of leave in hours, where one is counted as the other.
const HOURS_PER_DAY: i64 = 8;
/// Where the workspace keeps what people have of a kind of leave.
const QUOTAS: &str = "dingtalk.leave_quotas";

/// Adds these operations.
pub(super) fn on(server: Server<DingTalk>) -> Server<DingTalk> {
    server
        .on::<LeaveStatusList, _, _>(status)
        .on::<LeaveDuration, _, _>(duration)
        .on::<LeaveTypeList, _, _>(types)
        .on::<QuotaList, _, _>(quotas)
        .on::<QuotaUpdate, _, _>(update)
}

fn is_leave(entry: &TimelineEntry) -> bool {
    entry.kind.value == TimelineKind::Leave
}

/// Who is on leave in a span of time, by the time at which each leave begins.
async fn status(caller: Caller, ask: LeaveStatusList) -> Result<Wrapped<LeaveStatuses>, Fault> {
    let (from, to) = (millis("start_time", ask.start_time)?, millis("end_time", ask.end_time)?);
    let span = Span::checked(from.date(), to.date(), STATUS_DAYS_MAX)?;
    let page = page(ask.offset, ("size", ask.size), STATUS_ROWS_MAX)?;
    let people = people(&caller, &ask.userid_list.0, STATUS_PEOPLE_MAX).await?;
    let names: BTreeMap<Id, String> = people.into_iter().map(|(userid, id)| (id, userid)).collect();
    let ids: Vec<Id> = names.keys().copied().collect();
    let mut rows = Vec::new();
    if !ids.is_empty() {
        for (_, entry) in entries(caller.workforce()?, &ids, span).await? {
            let (start, end) = bounds(&entry);
            let touches = start.timestamp() <= to.timestamp() && end.timestamp() >= from.timestamp();
            if let Some(userid) = names.get(&entry.employee).filter(|_| touches && is_leave(&entry)) {
                rows.push(show_leave(&entry, userid));
            }
        }
    }
    rows.sort_by(|one, other| (one.start_time, &one.userid).cmp(&(other.start_time, &other.userid)));
    let (leave_status, has_more) = part(rows, page);
    Ok(Wrapped::of(LeaveStatuses { has_more, leave_status }))
}

/// How many minutes of somebody's working hours lie in a span.
async fn duration(caller: Caller, ask: LeaveDuration) -> Result<Wrapped<Minutes>, Fault> {
    let (from, to) = (time("from_date", &ask.from_date)?, time("to_date", &ask.to_date)?);
    let span = Span::checked(from.date(), to.date(), 32)?;
    let (record, _) = user::found(&caller, required("userid", &ask.userid)?).await?;
    let sheet = Sheet::read(caller.workforce()?, &[record.id], span).await?;
    let mut seconds = 0;
    for day in days(span.from, span.to) {
        let slots = sheet.shifts.get(&(record.id, day)).map(planned).unwrap_or_default();
        for pair in slots.chunks_exact(2) {
            let begins = pair[0].at.timestamp().max(from.timestamp());
            let ends = pair[1].at.timestamp().min(to.timestamp());
            seconds += (ends.as_second() - begins.as_second()).max(0);
        }
    }
    Ok(Wrapped::of(Minutes { duration_in_minutes: Some(seconds / 60) }))
}

/// What kinds of leave there are: those that occur in the last year, and leave as such.
pub(super) async fn kinds(caller: &Caller) -> Result<BTreeSet<String>, Fault> {
    let today = shanghai().to_datetime(caller.now).date();
    let from = today.checked_sub(jiff::Span::new().days(365)).unwrap_or(today);
    let to = today.checked_add(jiff::Span::new().days(180)).unwrap_or(today);
    let query = within(Query::of(Kind::TimelineEntry, 0), Span { from, to });
    let query = query.key("kind", TimelineKind::Leave.name());
    let mut names = BTreeSet::from(["请假".to_owned()]);
    for record in every(caller.workforce()?, query).await? {
        names.insert(leave_name(&record.read()?).to_owned());
    }
    Ok(names)
}

async fn types(caller: Caller, ask: LeaveTypeList) -> Result<Wrapped<Vec<LeaveType>>, Fault> {
    operator(&caller, "op_userid", &ask.op_userid).await?;
    let show = |name: String| LeaveType {
        leave_code: Some(leave_code(&name)),
        leave_name: Some(name),
        leave_view_unit: Some("day".to_owned()),
        biz_type: Some("general_leave".to_owned()),
        natural_day_leave: Some(false),
        hours_in_per_day: Some(HOURS_PER_DAY * 100),
        source: Some("inner".to_owned()),
        ..LeaveType::default()
    };
    Ok(Wrapped::of(kinds(&caller).await?.into_iter().map(show).collect()))
}

/// What somebody was given of a kind of leave, as the workspace keeps it: by person, code and cycle.
#[derive(Clone, Serialize, Deserialize)]
struct Given {
    start_time: Option<i64>,
    end_time: Option<i64>,
    per_day: Option<i64>,
    per_hour: Option<i64>,
}

type AllGiven = BTreeMap<String, Given>;

fn given_key(employee: Id, code: &str, cycle: &str) -> String {
    format!("{employee}/{code}/{cycle}")
}

async fn given(caller: &Caller) -> Result<AllGiven, Fault> {
    let kept = caller.workforce()?.recall(QUOTAS).await?;
    Ok(kept.and_then(|kept| serde_json::from_value(kept).ok()).unwrap_or_default())
}

/// What people have and have used. Without a quota there is no row: leave that is not given is not limited.
async fn quotas(caller: Caller, ask: QuotaList) -> Result<Wrapped<Quotas>, Fault> {
    let code = required("leave_code", &ask.leave_code)?;
    operator(&caller, "op_userid", &ask.op_userid).await?;
    let page = page(ask.offset, ("size", ask.size), QUOTA_ROWS_MAX)?;
    let people = people(&caller, &ask.userids.0, PEOPLE_MAX).await?;
    let all = given(&caller).await?;
    let mut rows: Vec<(Id, Quota)> = Vec::new();
    for (userid, employee) in &people {
        let prefix = given_key(*employee, code, "");
        for (key, given) in all.range(prefix.clone()..).take_while(|(key, _)| key.starts_with(&prefix)) {
            let quota = Quota {
                userid: Some(userid.clone()),
                leave_code: Some(code.to_owned()),
                quota_id: Some(leave_code(key)),
                quota_cycle: Some(key[prefix.len()..].to_owned()),
                start_time: given.start_time,
                end_time: given.end_time,
                quota_num_per_day: given.per_day,
                quota_num_per_hour: given.per_hour,
                ..Quota::default()
            };
            rows.push((*employee, quota));
        }
    }
    let (mut rows, has_more) = part(rows, page);
    let mut ids: Vec<Id> = rows.iter().map(|(id, _)| *id).collect();
    ids.dedup();
    if let (false, Some(span)) = (ids.is_empty(), year(&rows)) {
        let used = entries(caller.workforce()?, &ids, span).await?;
        for (employee, quota) in &mut rows {
            let of_quota = |entry: &TimelineEntry| {
                let at = work_date(entry.date);
                entry.employee == *employee
                    && is_leave(entry)
                    && leave_code(leave_name(entry)) == code
                    && quota.start_time.is_none_or(|start| start <= at)
                    && quota.end_time.is_none_or(|end| at <= end)
            };
            let hours: i64 =
                used.iter().filter(|(_, entry)| of_quota(entry)).map(|(_, entry)| hours_of(entry)).sum();
            quota.used_num_per_day = quota.quota_num_per_day.map(|_| hours / HOURS_PER_DAY);
            quota.used_num_per_hour = quota.quota_num_per_hour.map(|_| hours);
        }
    }
    let leave_quotas = rows.into_iter().map(|(_, quota)| quota).collect();
    Ok(Wrapped::of(Quotas { has_more, leave_quotas }))
}

/// The length of an entry in hundredths of hours.
fn hours_of(entry: &TimelineEntry) -> i64 {
    match hundredths(entry) {
        (number, "percent_day") => number * HOURS_PER_DAY,
        (number, _) => number,
    }
}

/// The days that the quotas of a page cover.
fn year(rows: &[(Id, Quota)]) -> Option<Span> {
    let day = |millis: Option<i64>| crate::dingtalk::map::attendance::instant(millis?).map(Instant::date);
    let from = rows.iter().filter_map(|(_, quota)| day(quota.start_time)).min()?;
    let to = rows.iter().filter_map(|(_, quota)| day(quota.end_time)).max().unwrap_or(LocalDate::MAX);
    Some(Span { from, to })
}

/// Sets what people have; only failures are answered.
async fn update(caller: Caller, ask: QuotaUpdate) -> Result<Wrapped<Vec<QuotaFailure>>, Fault> {
    operator(&caller, "op_userid", &ask.op_userid).await?;
    if ask.leave_quotas.is_empty() || ask.leave_quotas.len() > QUOTAS_MAX {
        return Err(Fault::parameter(format!("leave_quotas holds 1 to {QUOTAS_MAX} quotas")));
    }
    let mut userids: Vec<String> = ask.leave_quotas.iter().filter_map(|quota| quota.userid.clone()).collect();
    userids.sort_unstable();
    userids.dedup();
    let known: BTreeMap<String, Id> = people(&caller, &userids, QUOTAS_MAX).await?.into_iter().collect();
    let codes: BTreeSet<String> = kinds(&caller).await?.iter().map(|name| leave_code(name)).collect();
    let mut all = given(&caller).await?;
    let mut failures = Vec::new();
    for quota in ask.leave_quotas {
        match set(&mut all, &quota, &known, &codes) {
            Ok(()) => {}
            Err(why) => failures.push(QuotaFailure { quota: Some(quota), reason: Some(why.to_owned()) }),
        }
    }
    let kept = serde_json::to_value(&all)
        .map_err(|_| Fault::new(Code::Busy, "the quotas cannot be written down"))?;
    caller.workforce()?.remember(QUOTAS, &kept).await?;
    Ok(Wrapped::of(failures))
}

fn set(
    all: &mut AllGiven,
    quota: &Quota,
    known: &BTreeMap<String, Id>,
    codes: &BTreeSet<String>,
) -> Result<(), &'static str> {
    let employee =
        quota.userid.as_ref().and_then(|userid| known.get(userid)).ok_or("用户不存在: no such user")?;
    let code = quota
        .leave_code
        .as_ref()
        .filter(|code| codes.contains(*code))
        .ok_or("假期类型不存在: no such leave")?;
    let amounts = [quota.quota_num_per_day, quota.quota_num_per_hour];
    if amounts.iter().flatten().any(|amount| *amount < 0) || amounts == [None, None] {
        return Err("余额不合法: a quota is 0 or more, in days or in hours");
    }
    if let (Some(start), Some(end)) = (quota.start_time, quota.end_time)
        && end < start
    {
        return Err("有效期不合法: it ends before it begins");
    }
    let given = Given {
        start_time: quota.start_time,
        end_time: quota.end_time,
        per_day: quota.quota_num_per_day,
        per_hour: quota.quota_num_per_hour,
    };
    all.insert(given_key(*employee, code, quota.quota_cycle.as_deref().unwrap_or_default()), given);
    Ok(())
}
