//! Shifts and attendance groups (§5.4). The record has neither; both are told from who is on which shift under which rule
//! in the weeks around today.

use std::collections::{BTreeMap, BTreeSet};

use tongshi_dialect::{Caller, Server};
use tongshi_model::{Id, LocalDate, ShiftAssignment, shanghai};

use super::{Span, corp, missing, operator, page, part, required, shifts, user, userids};
use crate::dingtalk::{
    map::attendance::{group_name, group_number, planned, shift_name, shift_number, show_shift},
    wire::{
        Code, DingTalk, Fault, Wrapped,
        attendance::{
            Class, ClassSection, ClassTime, Cursored, Group, GroupGet, GroupList, GroupMembers, GroupNames,
            GroupOfUser, GroupSummary, Groups, Named, Shift, ShiftGet, ShiftList, UserGroup,
        },
    },
};

/// The days around today that are looked at.
const DAYS_AROUND: i64 = 14;
/// Things on a page that has no size of its own.
const CURSOR_PAGE: usize = 200;
/// Groups on a page.
const GROUPS_MAX: i64 = 10;

/// Adds these operations.
pub(super) fn on(server: Server<DingTalk>) -> Server<DingTalk> {
    server
        .on::<ShiftList, _, _>(shift_list)
        .on::<ShiftGet, _, _>(shift_get)
        .on::<GroupList, _, _>(group_list)
        .on::<GroupNames, _, _>(group_names)
        .on::<GroupGet, _, _>(group_get)
        .on::<GroupMembers, _, _>(group_members)
        .on::<GroupOfUser, _, _>(group_of_user)
}

/// All shifts and groups by number.
pub(super) struct Roster {
    pub(super) shifts: BTreeMap<i64, ShiftAssignment>,
    pub(super) groups: BTreeMap<i64, Rule>,
}

/// A group.
pub(super) struct Rule {
    pub(super) name: String,
    members: BTreeSet<Id>,
    /// The numbers of its shifts.
    shifts: BTreeSet<i64>,
    /// On which days of the week, Sunday first, somebody of it works, and the shift then.
    week: [Option<i64>; 7],
}

/// Reads them. Somebody is in the group of their last shift.
pub(super) async fn roster(caller: &Caller) -> Result<Roster, Fault> {
    let today = shanghai().to_datetime(caller.now).date();
    let days = jiff::Span::new().days(DAYS_AROUND);
    let around =
        Span { from: today.checked_sub(days).unwrap_or(today), to: today.checked_add(days).unwrap_or(today) };
    let mut roster = Roster { shifts: BTreeMap::new(), groups: BTreeMap::new() };
    let mut last: BTreeMap<Id, (LocalDate, i64)> = BTreeMap::new();
    for shift in shifts(caller.workforce()?, None, around).await? {
        let (group, number) = (group_number(group_name(&shift)), shift_number(&shift));
        let name = || Rule {
            name: group_name(&shift).to_owned(),
            members: BTreeSet::new(),
            shifts: BTreeSet::new(),
            week: [None; 7],
        };
        let rule = roster.groups.entry(group).or_insert_with(name);
        rule.shifts.insert(number);
        let weekday = usize::try_from(shift.date.weekday().to_sunday_zero_offset()).unwrap_or(0);
        rule.week[weekday % 7] = Some(number);
        let place = last.entry(shift.employee).or_insert((shift.date, group));
        if place.0 <= shift.date {
            *place = (shift.date, group);
        }
        roster.shifts.entry(number).or_insert(shift);
    }
    for (employee, (_, group)) in last {
        if let Some(rule) = roster.groups.get_mut(&group) {
            rule.members.insert(employee);
        }
    }
    Ok(roster)
}

fn cursored<T>(all: Vec<T>, cursor: Option<i64>) -> Result<Wrapped<Cursored<T>>, Fault> {
    let start = usize::try_from(cursor.unwrap_or(0)).map_err(|_| Fault::parameter("cursor begins with 0"))?;
    let (result, has_more) = part(all, (start, CURSOR_PAGE));
    let cursor = i64::try_from(start.saturating_add(CURSOR_PAGE)).ok().filter(|_| has_more);
    Ok(Wrapped::of(Cursored { cursor, has_more, result }))
}

async fn shift_list(caller: Caller, ask: ShiftList) -> Result<Wrapped<Cursored<Named>>, Fault> {
    operator(&caller, "op_user_id", &ask.op_user_id).await?;
    let roster = roster(&caller).await?;
    let show = |(number, shift): (&i64, &ShiftAssignment)| Named {
        id: Some(*number),
        name: Some(shift_name(shift)),
    };
    cursored(roster.shifts.iter().map(show).collect(), ask.cursor)
}

async fn shift_get(caller: Caller, ask: ShiftGet) -> Result<Wrapped<Shift>, Fault> {
    operator(&caller, "op_user_id", &ask.op_user_id).await?;
    let number = ask.shift_id.ok_or_else(|| missing("shift_id"))?;
    let roster = roster(&caller).await?;
    let shift = roster.shifts.get(&number);
    let shift = shift.ok_or_else(|| Fault::new(Code::Value, "班次不存在: there is no such shift"))?;
    Ok(Wrapped::of(show_shift(shift, corp(&caller).await?.as_deref())))
}

/// A group whose week is the same for all is fixed; another takes turns.
fn sort(rule: &Rule) -> &'static str {
    if rule.shifts.len() > 1 { "TURN" } else { "FIXED" }
}

fn classes(rule: &Rule, roster: &Roster) -> Vec<Class> {
    let show = |number: &i64| {
        let shift = roster.shifts.get(number)?;
        let time = |slot: &crate::dingtalk::map::attendance::Planned| ClassTime {
            check_time: Some(slot.at.format("1970-01-01 %H:%M:%S")),
            check_type: Some(slot.duty.word().to_owned()),
            across: Some(i64::from(slot.at.date() > slot.day)),
        };
        let sections = planned(shift)
            .chunks(2)
            .map(|pair| ClassSection { times: pair.iter().map(time).collect() })
            .collect();
        Some(Class { class_id: Some(*number), class_name: Some(shift_name(shift)), sections })
    };
    rule.shifts.iter().filter_map(show).collect()
}

async fn group_list(caller: Caller, ask: GroupList) -> Result<Wrapped<Groups>, Fault> {
    let page = page(ask.offset, ("size", Some(ask.size.unwrap_or(GROUPS_MAX))), GROUPS_MAX)?;
    let roster = roster(&caller).await?;
    let show = |(number, rule): (&i64, &Rule)| Group {
        group_id: Some(*number),
        group_name: Some(rule.name.clone()),
        r#type: Some(sort(rule).to_owned()),
        is_default: Some(false),
        member_count: i64::try_from(rule.members.len()).ok(),
        default_class_id: rule.shifts.first().copied(),
        work_day_list: rule.week.iter().map(|shift| shift.unwrap_or(0).to_string()).collect(),
        classes_list: classes(rule, &roster).into_iter().filter_map(|class| class.class_name).collect(),
        selected_class: classes(rule, &roster),
        ..Group::default()
    };
    let (groups, has_more) = part(roster.groups.iter().map(show).collect(), page);
    Ok(Wrapped::of(Groups { has_more, groups }))
}

async fn group_names(caller: Caller, ask: GroupNames) -> Result<Wrapped<Cursored<Named>>, Fault> {
    operator(&caller, "op_user_id", &ask.op_user_id).await?;
    let roster = roster(&caller).await?;
    let show = |(number, rule): (&i64, &Rule)| Named { id: Some(*number), name: Some(rule.name.clone()) };
    cursored(roster.groups.iter().map(show).collect(), ask.cursor)
}

async fn group_get(caller: Caller, ask: GroupGet) -> Result<Wrapped<GroupSummary>, Fault> {
    operator(&caller, "op_user_id", &ask.op_user_id).await?;
    let roster = roster(&caller).await?;
    let (number, rule) = group(&roster, ask.group_id)?;
    Ok(Wrapped::of(GroupSummary {
        id: Some(number),
        name: Some(rule.name.clone()),
        r#type: Some(sort(rule).to_owned()),
        member_count: i64::try_from(rule.members.len()).ok(),
    }))
}

fn group(roster: &Roster, number: Option<i64>) -> Result<(i64, &Rule), Fault> {
    let number = number.ok_or_else(|| missing("group_id"))?;
    let rule = roster.groups.get(&number);
    rule.map(|rule| (number, rule))
        .ok_or_else(|| Fault::new(Code::Value, "考勤组不存在: there is no such group"))
}

async fn group_members(caller: Caller, ask: GroupMembers) -> Result<Wrapped<Cursored<String>>, Fault> {
    operator(&caller, "op_user_id", &ask.op_user_id).await?;
    let roster = roster(&caller).await?;
    let (_, rule) = group(&roster, ask.group_id)?;
    let members: Vec<Id> = rule.members.iter().copied().collect();
    let names = userids(caller.workforce()?, &members).await?;
    cursored(members.iter().filter_map(|id| names.get(id).cloned()).collect(), ask.cursor)
}

/// Who is in no group gets an answer without one.
async fn group_of_user(caller: Caller, ask: GroupOfUser) -> Result<Wrapped<UserGroup>, Fault> {
    let (record, _) = user::found(&caller, required("userid", &ask.userid)?).await?;
    let roster = roster(&caller).await?;
    let found = roster.groups.iter().find(|(_, rule)| rule.members.contains(&record.id));
    Ok(Wrapped::of(found.map_or_else(UserGroup::default, |(number, rule)| UserGroup {
        group_id: Some(*number),
        name: Some(rule.name.clone()),
        r#type: Some(sort(rule).to_owned()),
        classes: classes(rule, &roster),
    })))
}
