//! Schedules, read and set (§5.4).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tongshi_dialect::{Caller, Server};
use tongshi_model::{Draft, Id, LocalDate, ShiftAssignment, shanghai};

use super::{
    DAYS_MAX, PEOPLE_MAX, Sheet, Span, corp, millis, missing, operator, page, part, people, required,
    roster::{Roster, roster},
    shifts, time, user, userids,
};
use crate::dingtalk::{
    map::attendance::{
        Planned, group_name, group_number, instant, midnight, plan_of, planned, shift_name, shift_number,
        show_slot, slot_of, source_word, time_text, within_half_year,
    },
    wire::{
        Code, DingTalk, Fault, Wrapped,
        attendance::{
            DayPlan, DayShifts, DaySlot, Plan, ScheduleByDay, ScheduleByUsers, ScheduleList, ScheduleResults,
            ScheduleSet, Schedules, ShiftsByDays, Slot, SlotResult, Success,
        },
    },
};

/// People in a question about shifts (the page says 10 or 20: §10).
const SHIFT_PEOPLE_MAX: usize = 20;
/// Slots on a page of the company's.
const PLANS_MAX: i64 = 200;
/// Slots asked for by their numbers, and days set, at a time.
const SLOTS_MAX: usize = 100;
const SET_MAX: usize = 200;
/// How far from today a day may be set.
const SET_DAYS_MAX: i32 = 180;
/// A shift's number that means rest, and one that means nothing at all.
const REST: i64 = 1;
const CLEARED: i64 = -2;

/// Adds these operations.
pub(super) fn on(server: Server<DingTalk>) -> Server<DingTalk> {
    server
        .on::<ScheduleByDay, _, _>(by_day)
        .on::<ScheduleByUsers, _, _>(by_users)
        .on::<ShiftsByDays, _, _>(by_days)
        .on::<ScheduleList, _, _>(list)
        .on::<ScheduleResults, _, _>(results)
        .on::<ScheduleSet, _, _>(set)
}

async fn by_day(caller: Caller, ask: ScheduleByDay) -> Result<Wrapped<Vec<DaySlot>>, Fault> {
    let corp_id = corp(&caller).await?;
    operator(&caller, "op_user_id", &ask.op_user_id).await?;
    let day = millis("date_time", ask.date_time)?.date();
    let userid = required("user_id", &ask.user_id)?;
    let (record, _) = user::found(&caller, userid).await?;
    let sheet = Sheet::read(caller.workforce()?, &[record.id], Span::of(day)).await?;
    let Some(shift) = sheet.shifts.get(&(record.id, day)) else { return Ok(Wrapped::of(Vec::new())) };
    let judged = sheet.judged(record.id, day);
    let show = |slot: &Planned| {
        let found =
            judged.iter().find(|judged| judged.slot.index == slot.index).and_then(|judged| judged.punch);
        let status = match found {
            Some(_) => "Checked",
            None if slot.at.timestamp() <= caller.now => "Timeout",
            None => "Init",
        };
        let text = Some(time_text(slot.at));
        DaySlot {
            id: Some(slot.number()),
            user_id: Some(userid.to_owned()),
            corp_id: corp_id.clone(),
            group_id: Some(group_number(group_name(shift))),
            class_id: Some(shift_number(shift)),
            class_name: Some(shift_name(shift)),
            work_date: Some(time_text(midnight(day))),
            check_type: Some(slot.duty.word().to_owned()),
            check_date_time: text.clone(),
            plan_check_time: text.clone(),
            base_check_time: text.clone(),
            real_plan_time: text,
            check_status: Some(status.to_owned()),
            is_rest: Some("N".to_owned()),
            approve_id: sheet.approved(record.id, slot.at).map(|(id, _)| id.to_string()),
            ..DaySlot::default()
        }
    };
    Ok(Wrapped::of(planned(shift).iter().map(show).collect()))
}

async fn by_users(caller: Caller, ask: ScheduleByUsers) -> Result<Wrapped<Vec<Slot>>, Fault> {
    operator(&caller, "op_user_id", &ask.op_user_id).await?;
    let span = window(&caller, ask.from_date_time, ask.to_date_time)?;
    let people = people(&caller, &ask.userids.0, PEOPLE_MAX).await?;
    let (names, ids) = named(&people);
    let all = if ids.is_empty() { Vec::new() } else { shifts(caller.workforce()?, Some(&ids), span).await? };
    let mut slots = Vec::with_capacity(all.len() * 2);
    for shift in &all {
        let Some(userid) = names.get(&shift.employee) else { continue };
        slots.extend(planned(shift).iter().map(|slot| show_slot(slot, shift, userid)));
    }
    Ok(Wrapped::of(slots))
}

async fn by_days(caller: Caller, ask: ShiftsByDays) -> Result<Wrapped<Vec<DayShifts>>, Fault> {
    let corp_id = corp(&caller).await?;
    operator(&caller, "op_user_id", &ask.op_user_id).await?;
    let span = window(&caller, ask.from_date_time, ask.to_date_time)?;
    let people = people(&caller, &ask.userids.0, SHIFT_PEOPLE_MAX).await?;
    let (names, ids) = named(&people);
    let all = if ids.is_empty() { Vec::new() } else { shifts(caller.workforce()?, Some(&ids), span).await? };
    let show = |shift: &ShiftAssignment| {
        Some(DayShifts {
            userid: Some((*names.get(&shift.employee)?).to_owned()),
            work_date: Some(time_text(midnight(shift.date))),
            group_id: Some(group_number(group_name(shift))),
            corp_id: corp_id.clone(),
            shift_ids: vec![shift_number(shift).to_string()],
            shift_names: vec![shift_name(shift)],
            shift_versions: vec!["1".to_owned()],
        })
    };
    Ok(Wrapped::of(all.iter().filter_map(show).collect()))
}

fn named(people: &[(String, Id)]) -> (HashMap<Id, &str>, Vec<Id>) {
    (
        people.iter().map(|(userid, id)| (*id, userid.as_str())).collect(),
        people.iter().map(|(_, id)| *id).collect(),
    )
}

fn window(caller: &Caller, from: Option<i64>, to: Option<i64>) -> Result<Span, Fault> {
    let (from, to) = (millis("from_date_time", from)?, millis("to_date_time", to)?);
    if !within_half_year(from.timestamp(), caller.now) {
        return Err(Fault::new(
            Code::Value,
            "只能查询180天内的数据: the window begins more than 180 days ago",
        ));
    }
    Span::checked(from.date(), to.date(), DAYS_MAX)
}

/// The whole company's slots of a day, by person.
async fn list(caller: Caller, ask: ScheduleList) -> Result<Wrapped<Schedules>, Fault> {
    let day = time("workDate", &ask.work_date)?.date();
    let page = page(ask.offset, ("size", Some(ask.size.unwrap_or(PLANS_MAX))), PLANS_MAX)?;
    let workforce = caller.workforce()?;
    let all = shifts(workforce, None, Span::of(day)).await?;
    let slots = all.iter().flat_map(|shift| planned(shift).into_iter().map(move |slot| (slot, shift)));
    let (slots, has_more) = part(slots.collect(), page);
    let ids: Vec<Id> =
        slots.iter().map(|(slot, _)| slot.employee).collect::<BTreeSet<_>>().into_iter().collect();
    let names = userids(workforce, &ids).await?;
    let show = |(slot, shift): (Planned, &ShiftAssignment)| {
        Some(Plan {
            plan_id: Some(slot.number()),
            userid: Some(names.get(&slot.employee)?.clone()),
            check_type: Some(slot.duty.word().to_owned()),
            class_id: Some(shift_number(shift)),
            plan_check_time: Some(time_text(slot.at)),
            group_id: Some(group_number(group_name(shift))),
            ..Plan::default()
        })
    };
    Ok(Wrapped::of(Schedules { has_more, schedules: slots.into_iter().filter_map(show).collect() }))
}

/// What became of slots. A number tells its day, so each day is asked for once.
async fn results(caller: Caller, ask: ScheduleResults) -> Result<Wrapped<Vec<SlotResult>>, Fault> {
    let corp_id = corp(&caller).await?;
    operator(&caller, "op_user_id", &ask.op_user_id).await?;
    let wanted = &ask.schedule_ids.0;
    if wanted.is_empty() || wanted.len() > SLOTS_MAX {
        return Err(Fault::parameter(format!("schedule_ids holds 1 to {SLOTS_MAX} ids")));
    }
    let mut of_day: BTreeMap<LocalDate, BTreeSet<(i64, usize)>> = BTreeMap::new();
    for id in wanted {
        let number: i64 = id.parse().map_err(|_| Fault::parameter("schedule_ids holds numbers"))?;
        if let Some((day, person, index)) = slot_of(number) {
            of_day.entry(day).or_default().insert((person, index));
        }
    }
    let workforce = caller.workforce()?;
    let mut rows = Vec::new();
    for (day, slots) in of_day {
        let asked =
            |shift: &ShiftAssignment| slots.iter().any(|(person, _)| *person == plan_of(shift.employee));
        let all = shifts(workforce, None, Span::of(day)).await?;
        let ids: Vec<Id> = all.iter().filter(|shift| asked(shift)).map(|shift| shift.employee).collect();
        let sheet = Sheet::read(workforce, &ids, Span::of(day)).await?;
        let names = userids(workforce, &ids).await?;
        for employee in ids {
            let judged = sheet.judged(employee, day);
            let of_slot = |slot: &Planned| slots.contains(&(plan_of(employee), slot.index));
            for judged in judged.iter().filter(|judged| of_slot(&judged.slot)) {
                rows.push(SlotResult {
                    id: Some(judged.slot.number()),
                    plan_id: Some(judged.slot.number()),
                    userid: names.get(&employee).cloned(),
                    corp_id: corp_id.clone(),
                    group_id: sheet.group(employee, day),
                    work_date: Some(time_text(midnight(day))),
                    check_type: Some(judged.slot.duty.word().to_owned()),
                    plan_check_time: Some(time_text(judged.slot.at)),
                    user_check_time: judged.punch.map(|punch| time_text(punch.at)),
                    time_result: Some(judged.time_result().to_owned()),
                    location_result: Some(judged.location_result().to_owned()),
                    source_type: judged.punch.map(|punch| source_word(punch.source).to_owned()),
                    is_legal: Some("N".to_owned()),
                });
            }
        }
    }
    Ok(Wrapped::of(rows))
}

/// Puts people on shifts. What stands there already gives way, whoever put it there.
async fn set(caller: Caller, ask: ScheduleSet) -> Result<Success, Fault> {
    operator(&caller, "op_user_id", &ask.op_user_id).await?;
    if ask.schedules.is_empty() || ask.schedules.len() > SET_MAX {
        return Err(Fault::parameter(format!("schedules holds 1 to {SET_MAX} days")));
    }
    let roster = roster(&caller).await?;
    let group = ask.group_id.ok_or_else(|| missing("group_id"))?;
    let group = roster.groups.get(&group).map(|group| group.name.clone());
    let group = group.ok_or_else(|| Fault::new(Code::Value, "考勤组不存在: there is no such group"))?;
    let wanted: Vec<String> = ask.schedules.iter().filter_map(|plan| plan.userid.clone()).collect();
    let known: HashMap<String, Id> = people(&caller, &wanted, SET_MAX).await?.into_iter().collect();
    let mut items = Vec::with_capacity(ask.schedules.len());
    for plan in &ask.schedules {
        let shift = placed(&caller, plan, &known, &roster, &group)?;
        items.push((format!("dingtalk/schedule/{}/{}", shift.employee, shift.date), Draft::of(&shift)?));
    }
    caller.workforce()?.save(items).await?;
    Ok(Success { success: Some(true) })
}

/// One person's day as it is to be. A day of rest, like one that was cleared, has neither shift nor hours.
fn placed(
    caller: &Caller,
    plan: &DayPlan,
    known: &HashMap<String, Id>,
    roster: &Roster,
    group: &str,
) -> Result<ShiftAssignment, Fault> {
    let employee = known.get(required("userid", &plan.userid)?).copied();
    let employee =
        employee.ok_or_else(|| Fault::new(Code::UserId, "无效的USERID: there is nobody with this userid"))?;
    let date = plan.work_date.and_then(instant).ok_or_else(|| missing("work_date"))?.date();
    let today = shanghai().to_datetime(caller.now).date();
    if today.until(date).map_or(i32::MAX, |span| span.get_days()).abs() > SET_DAYS_MAX {
        return Err(Fault::parameter(format!("work_date is at most {SET_DAYS_MAX} days from today")));
    }
    let number = plan.shift_id.ok_or_else(|| missing("shift_id"))?;
    if number == CLEARED || (number == REST && plan.is_rest == Some(true)) {
        return Ok(ShiftAssignment {
            employee,
            date,
            shift: None,
            rule: Some(group.to_owned()),
            time_range: None,
        });
    }
    let shift = roster.shifts.get(&number);
    let shift = shift.ok_or_else(|| Fault::new(Code::Value, "班次不存在: there is no such shift"))?;
    Ok(ShiftAssignment {
        employee,
        date,
        shift: shift.shift.clone(),
        rule: Some(group.to_owned()),
        time_range: shift.time_range.clone(),
    })
}
